//! Bill items. The standard only shows them: that they can be created and changed is an extension.

use schemas::class;
use tmf630::Definition;
use tmf630::model::index::Index;
use tmf630::model::operation::Operations;

use crate::api::{self, CUSTOMER_BILL_MANAGEMENT};

/// What is charged or credited.
pub static APPLIED_CUSTOMER_BILLING_RATE: Definition = Definition {
    api: &CUSTOMER_BILL_MANAGEMENT,
    resource: &api::APPLIED_CUSTOMER_BILLING_RATE,
    class: &class::APPLIED_CUSTOMER_BILLING_RATE,
    class_aliases: &[],
    takes_own_classes: true,
    operations: Operations::ALL,
    stamp: None,
    immutable_in_v4: &[],
    own_indexes: &[
        Index::text("billingAccount.id"),
        Index::text("bill.id"),
        Index::text("product.id"),
        Index::boolean("isBilled"),
        Index::time("date"),
        Index::text("appliedBillingRateType"),
        Index::texts("@parties.id"),
    ],
    rules: &[],
    behaviour: None,
    variables: &[],
};
