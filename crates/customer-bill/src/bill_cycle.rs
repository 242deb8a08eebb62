//! Runs of billing cycles. The standard only shows them: to create them is an extension.

use schemas::class;
use tmf630::Definition;
use tmf630::model::index::Index;
use tmf630::model::operation::{Operation, Operations};

use crate::api::{self, CUSTOMER_BILL_MANAGEMENT};

/// A run of a billing cycle.
pub static BILL_CYCLE: Definition = Definition {
    api: &CUSTOMER_BILL_MANAGEMENT,
    resource: &api::BILL_CYCLE,
    class: &class::BILL_CYCLE,
    class_aliases: &[],
    takes_own_classes: true,
    operations: Operations::of(&[Operation::List, Operation::Create, Operation::Retrieve]),
    stamp: None,
    immutable_in_v4: &[],
    own_indexes: &[Index::time("billingDate"), Index::text("BillCycleSpecification.id")],
    rules: &[],
    behaviour: None,
    variables: &[],
};
