//! Requests to make a bill now.

use schemas::class;
use tmf630::Definition;
use tmf630::model::index::Index;
use tmf630::model::operation::{Operation, Operations};

use crate::api::{self, CUSTOMER_BILL_MANAGEMENT};

/// A request to make a bill.
pub static CUSTOMER_BILL_ON_DEMAND: Definition = Definition {
    api: &CUSTOMER_BILL_MANAGEMENT,
    resource: &api::CUSTOMER_BILL_ON_DEMAND,
    class: &class::CUSTOMER_BILL_ON_DEMAND,
    class_aliases: &[],
    takes_own_classes: true,
    operations: Operations::of(&[Operation::List, Operation::Create, Operation::Retrieve]),
    stamp: Some("lastUpdate"),
    immutable_in_v4: &[],
    own_indexes: &[
        Index::text("billingAccount.id"),
        Index::text("state"),
        Index::texts("@parties.id"),
    ],
    rules: &[],
    behaviour: None,
    variables: &[],
};
