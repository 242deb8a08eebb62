//! What bills are structured by: their formats, media and cycles.

use schemas::class;
use tmf630::Definition;
use tmf630::model::event::Events;
use tmf630::model::index::Index;
use tmf630::model::operation::Operations;

use crate::api::{self, ACCOUNT_MANAGEMENT};

/// How bills are laid out.
pub static BILL_FORMAT: Definition = Definition {
    api: &ACCOUNT_MANAGEMENT,
    resource: &api::BILL_FORMAT,
    class: &class::BILL_FORMAT,
    operations: Operations::ALL,
    immutable_in_v4: &[],
    own_indexes: &[Index::text("name")],
    rules: &[],
    behaviour: None,
    events: Events { v4: &[], ..Events::ALL },
    variables: &[],
};

/// How bills are delivered.
pub static BILL_PRESENTATION_MEDIA: Definition = Definition {
    resource: &api::BILL_PRESENTATION_MEDIA,
    class: &class::BILL_PRESENTATION_MEDIA,
    ..BILL_FORMAT
};

/// When bills are made.
pub static BILLING_CYCLE_SPECIFICATION: Definition = Definition {
    resource: &api::BILLING_CYCLE_SPECIFICATION,
    class: &class::BILLING_CYCLE_SPECIFICATION,
    ..BILL_FORMAT
};
