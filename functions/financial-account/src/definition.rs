//! What the `financialAccount` resource is.

use function::{Definition, account, schemas};

/// The resource.
pub const FINANCIAL_ACCOUNT: Definition = Definition {
    name: "financialAccount",
    class: &schemas::class::FINANCIAL_ACCOUNT,
    class_aliases: &[],
    is_stamped: true,
    immutable_in_v4: &[],
    indexes: account::ACCOUNT_INDEXES,
    references: account::ACCOUNT_REFERENCES,
    referrers: account::FINANCIAL_ACCOUNT_REFERRERS,
};
