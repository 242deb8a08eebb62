//! What the `billFormat` resource is.

use function::{Definition, account, schemas};

/// The resource.
pub const BILL_FORMAT: Definition = Definition {
    name: "billFormat",
    class: &schemas::class::BILL_FORMAT,
    class_aliases: &[],
    is_stamped: false,
    immutable_in_v4: &[],
    indexes: account::NAMED_INDEXES,
    references: &[],
    referrers: account::BILL_FORMAT_REFERRERS,
};
