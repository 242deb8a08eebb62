//! The APIs and what they are, in words.

use account_management::ACCOUNT_MANAGEMENT;
use customer_bill_management::CUSTOMER_BILL_MANAGEMENT;
use tmf630::model::api::Api;
use tmf630::{Definition, Version};

use crate::resources::Resource;

/// An API, with what its documents say of it.
pub struct Described {
    pub api: &'static Api,
    definitions: &'static [&'static Definition],
    /// What it is for.
    pub purpose: &'static str,
    /// What who acts for parties can see and do.
    pub sight: &'static str,
}

/// All of them.
pub const APIS: &[Described] = &[
    Described {
        api: &ACCOUNT_MANAGEMENT,
        definitions: &account_management::ALL,
        purpose: "Billing, settlement, party and financial accounts, with the formats, media and cycles of their bills.",
        sight: "Who acts for parties sees the accounts that name one of them, and changes those, as if there were no others; with tmf666:assign they can give them away.",
    },
    Described {
        api: &CUSTOMER_BILL_MANAGEMENT,
        definitions: &customer_bill_management::ALL,
        purpose: "Bill items, the bills that are made of them, on demand and in cycles, and what is paid of them. \
            That items, bills and cycles can be created, and items changed and deleted, is an extension of the standard.",
        sight: "Who acts for parties sees the bills that name one of them, and the items of their accounts, as if there were no others.",
    },
];

impl Described {
    /// The resources that the version has.
    pub fn resources(&self, version: Version) -> impl Iterator<Item = Resource> {
        let all = self.definitions.iter().map(|definition| Resource { definition });
        all.filter(move |resource| resource.definition.resource.versions.contains(&version))
    }

    /// Whether one can subscribe to its events.
    pub fn has_subscriptions(&self) -> bool {
        self.api.resource("hub").is_some()
    }
}
