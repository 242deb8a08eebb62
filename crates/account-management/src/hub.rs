//! Subscriptions to events.

use schemas::class;
use tmf630::Definition;
use tmf630::events::hub::{Hub, INDEXES, OPERATIONS};
use tmf630::model::event::Events;

use crate::ALL;
use crate::api::{self, ACCOUNT_MANAGEMENT};

/// A subscription to the events of the API.
pub static HUB: Definition = Definition {
    api: &ACCOUNT_MANAGEMENT,
    resource: &api::HUB,
    class: &class::HUB,
    operations: OPERATIONS,
    immutable_in_v4: &[],
    own_indexes: INDEXES,
    rules: &[],
    behaviour: Some(&Hub { api: &ACCOUNT_MANAGEMENT, resource: &api::HUB, definitions: &ALL }),
    events: Events::NONE,
    variables: &[],
};
