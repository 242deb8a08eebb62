//! What the `billingAccount` resource is.

use function::{Definition, account, schemas};

/// The resource.
pub const BILLING_ACCOUNT: Definition = Definition {
    name: "billingAccount",
    class: &schemas::class::BILLING_ACCOUNT,
    class_aliases: &[],
    is_stamped: true,
    immutable_in_v4: account::IMMUTABLE_IN_V4,
    indexes: account::PARTY_ACCOUNT_INDEXES,
    references: account::PARTY_ACCOUNT_REFERENCES,
    referrers: account::REFERRERS,
};
