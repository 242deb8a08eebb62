//! What the `billPresentationMedia` resource is.

use function::{Definition, account, schemas};

/// The resource.
pub const BILL_PRESENTATION_MEDIA: Definition = Definition {
    name: "billPresentationMedia",
    class: &schemas::class::BILL_PRESENTATION_MEDIA,
    class_aliases: &[],
    is_stamped: false,
    immutable_in_v4: &[],
    indexes: account::NAMED_INDEXES,
    references: &[],
    referrers: account::BILL_PRESENTATION_MEDIA_REFERRERS,
};
