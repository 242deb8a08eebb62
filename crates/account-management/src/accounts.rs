//! The four kinds of accounts.

use schemas::class;
use tmf630::Definition;
use tmf630::model::event::EventKind::{AttributeValueChange, StateChange};
use tmf630::model::event::Events;
use tmf630::model::index::Index;
use tmf630::model::operation::Operations;
use tmf630::model::rule::Rule;

use crate::api::{self, ACCOUNT_MANAGEMENT};
use crate::balances::Balances;
use crate::hierarchy::{BELOW, Hierarchy};
use crate::life_cycle::{LifeCycle, STATE_TRANSITIONS};

const INDEXES: &[Index] = &[
    Index::text("name"),
    Index::text("state"),
    Index::text("accountType"),
    Index::time("lastUpdate"),
    Index::texts("relatedParty.partyOrPartyRole.id"),
    BELOW,
];

const RULES: &[&dyn Rule] = &[&LifeCycle, &Hierarchy];

/// An account that a party holds.
pub static PARTY_ACCOUNT: Definition = Definition {
    api: &ACCOUNT_MANAGEMENT,
    resource: &api::PARTY_ACCOUNT,
    class: &class::PARTY_ACCOUNT,
    operations: Operations::ALL,
    immutable_in_v4: &["accountBalance"],
    own_indexes: INDEXES,
    rules: RULES,
    behaviour: None,
    events: Events { v4: &[AttributeValueChange, StateChange], ..Events::ALL },
    variables: &[STATE_TRANSITIONS],
};

/// An account that bills are issued for.
pub static BILLING_ACCOUNT: Definition = Definition {
    resource: &api::BILLING_ACCOUNT,
    class: &class::BILLING_ACCOUNT,
    behaviour: Some(&Balances { kind: api::BILLING_ACCOUNT.name }),
    ..PARTY_ACCOUNT
};

/// An account that is settled with, such as that of a partner.
pub static SETTLEMENT_ACCOUNT: Definition = Definition {
    resource: &api::SETTLEMENT_ACCOUNT,
    class: &class::SETTLEMENT_ACCOUNT,
    ..PARTY_ACCOUNT
};

/// An account in the ledger.
pub static FINANCIAL_ACCOUNT: Definition = Definition {
    resource: &api::FINANCIAL_ACCOUNT,
    class: &class::FINANCIAL_ACCOUNT,
    immutable_in_v4: &[],
    behaviour: Some(&Balances { kind: api::FINANCIAL_ACCOUNT.name }),
    events: Events::ALL,
    ..PARTY_ACCOUNT
};
