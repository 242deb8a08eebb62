//! The classes of resources, each as both versions of the API have it.

use std::fmt;

use serde_json::{Map, Value};

use crate::accept::{Stamp, Terms};
use crate::convert::{self, Shape};
use crate::{Schema, v4, v5};

/// A class of resources in both versions.
#[derive(Clone, Copy)]
pub struct Class {
    /// What a document of v4 must satisfy.
    pub v4: Schema,
    /// What a document of v5 must satisfy.
    pub v5: Schema,
    /// What clients may leave to the server, and how they may call the class.
    pub terms: Terms,
    shape: &'static Shape,
}

/// An account that a party holds.
pub static PARTY_ACCOUNT: Class = Class {
    v4: v4::PARTY_ACCOUNT,
    v5: v5::PARTY_ACCOUNT,
    terms: OF_ACCOUNTS,
    shape: &convert::PARTY_ACCOUNT,
};

/// An account that bills are issued for.
pub static BILLING_ACCOUNT: Class = Class {
    v4: v4::BILLING_ACCOUNT,
    v5: v5::BILLING_ACCOUNT,
    terms: OF_ACCOUNTS,
    shape: &convert::PARTY_ACCOUNT,
};

/// An account that is settled with.
pub static SETTLEMENT_ACCOUNT: Class = Class {
    v4: v4::SETTLEMENT_ACCOUNT,
    v5: v5::SETTLEMENT_ACCOUNT,
    terms: OF_ACCOUNTS,
    shape: &convert::PARTY_ACCOUNT,
};

/// An account in the ledger.
pub static FINANCIAL_ACCOUNT: Class = Class {
    v4: v4::FINANCIAL_ACCOUNT,
    v5: v5::FINANCIAL_ACCOUNT,
    terms: OF_ACCOUNTS,
    shape: &convert::FINANCIAL_ACCOUNT,
};

/// How bills are laid out.
pub static BILL_FORMAT: Class = Class {
    v4: v4::BILL_FORMAT,
    v5: v5::BILL_FORMAT,
    terms: Terms::PLAIN,
    shape: &convert::BILL_FORMAT,
};

/// How bills are delivered.
pub static BILL_PRESENTATION_MEDIA: Class = Class {
    v4: v4::BILL_PRESENTATION_MEDIA,
    v5: v5::BILL_PRESENTATION_MEDIA,
    terms: Terms::PLAIN,
    shape: &convert::BILL_PRESENTATION_MEDIA,
};

/// When bills are made.
pub static BILLING_CYCLE_SPECIFICATION: Class = Class {
    v4: v4::BILLING_CYCLE_SPECIFICATION,
    v5: v5::BILLING_CYCLE_SPECIFICATION,
    terms: OF_CYCLE_SPECIFICATIONS,
    shape: &convert::BILLING_CYCLE_SPECIFICATION,
};

/// A bill item.
pub static APPLIED_CUSTOMER_BILLING_RATE: Class = Class {
    v4: v4::APPLIED_CUSTOMER_BILLING_RATE,
    v5: v5::APPLIED_CUSTOMER_BILLING_RATE,
    terms: OF_BILLING,
    shape: &convert::APPLIED_CUSTOMER_BILLING_RATE,
};

/// A bill.
pub static CUSTOMER_BILL: Class = Class {
    v4: v4::CUSTOMER_BILL,
    v5: v5::CUSTOMER_BILL,
    terms: OF_BILLS,
    shape: &convert::CUSTOMER_BILL,
};

/// A request to make a bill.
pub static CUSTOMER_BILL_ON_DEMAND: Class = Class {
    v4: v4::CUSTOMER_BILL_ON_DEMAND,
    v5: v5::CUSTOMER_BILL_ON_DEMAND,
    terms: OF_REQUESTS,
    shape: &convert::CUSTOMER_BILL_ON_DEMAND,
};

/// A run of a billing cycle. Version 4 has none: it would look the same there.
pub static BILL_CYCLE: Class =
    Class { v4: v5::BILL_CYCLE, v5: v5::BILL_CYCLE, terms: OF_RUNS, shape: &convert::BILL_CYCLE };

/// A subscription to events.
pub static HUB: Class =
    Class { v4: v4::EVENT_SUBSCRIPTION, v5: v5::HUB, terms: OF_HUBS, shape: &convert::HUB };

/// The classes of the Account Management API.
pub static ACCOUNT_MANAGEMENT: [&Class; 8] = [
    &PARTY_ACCOUNT,
    &BILLING_ACCOUNT,
    &SETTLEMENT_ACCOUNT,
    &FINANCIAL_ACCOUNT,
    &BILL_FORMAT,
    &BILL_PRESENTATION_MEDIA,
    &BILLING_CYCLE_SPECIFICATION,
    &HUB,
];

/// The classes of the Customer Bill Management API.
pub static CUSTOMER_BILL_MANAGEMENT: [&Class; 5] =
    [&APPLIED_CUSTOMER_BILLING_RATE, &CUSTOMER_BILL, &CUSTOMER_BILL_ON_DEMAND, &BILL_CYCLE, &HUB];

const OF_ACCOUNTS: Terms =
    Terms { stamp: Some(Stamp { v5: "lastUpdate", v4: "lastModified" }), ..Terms::PLAIN };

/// As the official examples have it.
const OF_CYCLE_SPECIFICATIONS: Terms =
    Terms { aliases: &["BillCycleSpecification"], ..Terms::PLAIN };

const OF_BILLING: Terms = Terms { takes_own_classes: true, ..Terms::PLAIN };

const OF_BILLS: Terms =
    Terms { stamp: Some(Stamp { v5: "lastUpdate", v4: "lastUpdate" }), ..OF_BILLING };

/// What comes of a request is the server's to say.
const OF_REQUESTS: Terms =
    Terms { set_by_server: &["state", "customerBill", "stateReason", "preview"], ..OF_BILLS };

const OF_RUNS: Terms = Terms { set_by_server: &["run"], ..OF_BILLING };

const OF_HUBS: Terms = Terms {
    aliases: &["EventSubscription"],
    set_by_server: &["version", "secret", "delivery"],
    ..Terms::PLAIN
};

/// How often what v4 cannot show is looked for: hiding one thing can bring up another.
const MAX_ROUNDS: usize = 4;

impl fmt::Debug for Class {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Class {
    /// The same class on other terms.
    pub const fn on(&self, terms: Terms) -> Self {
        Self { terms, ..*self }
    }

    /// The name of the class: in v5, and but for [`HUB`] in v4 too.
    pub fn name(&self) -> &'static str {
        self.v5.type_name()
    }

    /// Whether v4 has it: [`BILL_CYCLE`] would look the same there, but is not served.
    pub fn is_in_v4(&self) -> bool {
        self.name() != BILL_CYCLE.name()
    }

    /// The standard classes that the class extends, nearest first, the same in both versions.
    pub fn extends(&self) -> &'static [&'static str] {
        self.v5.attributes.extends
    }

    /// Names the class of every part of a document of v5 that leaves it out where the standard
    /// requires it: the one that [`Class::to_v5`] would give. What is said is not changed, and the
    /// resource itself is not given one, unless that is where the versions differ ([`HUB`]).
    ///
    /// A class can follow from which attributes are there, so nulls are to be dropped before
    /// ([`Schema::drop_nulls`]); and it decides what is valid, so this goes before that check.
    pub fn complete(&self, document: &mut Map<String, Value>) {
        convert::complete(self.shape, document);
    }

    /// What a client of v4 sees of a document of v5: a valid document of v4, if the other one is valid.
    pub fn to_v4(&self, mut document: Map<String, Value>) -> Map<String, Value> {
        convert::to_v4(self.shape, &mut document);
        let mut shown = Value::Object(document);
        for _ in 0..MAX_ROUNDS {
            if self.v4.is_valid(&shown) {
                break;
            }
            // Extensions of v5 whose names mean something else in v4.
            let faults = self.v4.validate(&shown).err().unwrap_or_default();
            faults.iter().for_each(|fault| hide(&mut shown, &fault.pointer, fault.missing));
        }
        match shown {
            Value::Object(shown) => shown,
            _ => Map::new(),
        }
    }

    /// What a document of v4 is in v5: a valid one, if the other one is valid, no extension of it has
    /// a name that means something else in v5, and what only v5 requires is there.
    pub fn to_v5(&self, mut document: Map<String, Value>) -> Map<String, Value> {
        convert::to_v5(self.shape, &mut document);
        document
    }

    /// The document of v5 that comes of `document` when a client of v4 changed what it saw to
    /// `changed`. What v4 does not show is kept, and what was filled in for it is not.
    pub fn restore(
        &self,
        document: &Map<String, Value>,
        changed: Map<String, Value>,
    ) -> Map<String, Value> {
        let seen = self.to_v5(self.to_v4(document.clone()));
        convert::restore(document, &seen, self.to_v5(changed))
    }
}

/// Leaves out the attribute at `pointer`; where it is missing, or an element, what should have it.
fn hide(document: &mut Value, pointer: &str, missing: bool) {
    let mut pointer = pointer;
    let mut up = missing;
    while let Some((parent, name)) = pointer.rsplit_once('/') {
        let name = name.replace("~1", "/").replace("~0", "~");
        match document.pointer_mut(parent) {
            // A resource without it could not be shown at all.
            Some(Value::Object(_)) if parent.is_empty() && up => return,
            Some(Value::Object(object)) if !up => {
                object.remove(&name);
                return;
            }
            _ => up = false,
        }
        pointer = parent;
    }
}
