//! Bills. The standard has no POST: to create them is an extension.

use schemas::class;
use tmf630::Definition;
use tmf630::model::index::Index;
use tmf630::model::operation::{Operation, Operations};

use crate::api::{self, CUSTOMER_BILL_MANAGEMENT};

/// A bill for an account and a period.
pub static CUSTOMER_BILL: Definition = Definition {
    api: &CUSTOMER_BILL_MANAGEMENT,
    resource: &api::CUSTOMER_BILL,
    class: &class::CUSTOMER_BILL,
    class_aliases: &[],
    takes_own_classes: true,
    operations: Operations::of(&[
        Operation::List,
        Operation::Create,
        Operation::Retrieve,
        Operation::Update,
    ]),
    stamp: Some("lastUpdate"),
    immutable_in_v4: &[],
    own_indexes: &[
        Index::text("billingAccount.id"),
        Index::text("state"),
        Index::text("billNo"),
        Index::time("billDate"),
        Index::text("category"),
        Index::text("runType"),
        Index::time("lastUpdate"),
        Index::time("paymentDueDate"),
        Index::texts("relatedParty.partyOrPartyRole.id"),
        Index::text("billCycle.id"),
        Index::text("financialAccount.id"),
    ],
    rules: &[],
    behaviour: None,
    variables: &[],
};
