//! What the `billingCycleSpecification` resource is.

use function::{Definition, account, schemas};

/// The resource.
pub const BILLING_CYCLE_SPECIFICATION: Definition = Definition {
    name: "billingCycleSpecification",
    class: &schemas::class::BILLING_CYCLE_SPECIFICATION,
    class_aliases: &["BillCycleSpecification"],
    is_stamped: false,
    immutable_in_v4: &[],
    indexes: account::NAMED_INDEXES,
    references: &[],
    referrers: account::BILLING_CYCLE_SPECIFICATION_REFERRERS,
};
