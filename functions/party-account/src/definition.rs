//! What the `partyAccount` resource is.

use function::{Definition, account, schemas};

/// The resource.
pub const PARTY_ACCOUNT: Definition = Definition {
    name: "partyAccount",
    class: &schemas::class::PARTY_ACCOUNT,
    class_aliases: &[],
    is_stamped: true,
    immutable_in_v4: account::IMMUTABLE_IN_V4,
    indexes: account::PARTY_ACCOUNT_INDEXES,
    references: account::PARTY_ACCOUNT_REFERENCES,
    referrers: account::REFERRERS,
};
