//! The API: its versions, and the words for its resources.

use account_management::api::BILLING_ACCOUNT;
use tmf630::Version;
use tmf630::events::hub::VISIBILITY;
use tmf630::model::api::{Api, ApiVersion, Resource};
use tmf630::model::event::EventKind;
use tmf630::model::variable::Variable;
use tmf630::model::visibility::{NamedParties, Visibility};

/// The Customer Bill Management API.
pub static CUSTOMER_BILL_MANAGEMENT: Api = Api {
    number: "TMF678",
    title: "Customer Bill Management",
    base: "/tmf-api/customerBillManagement",
    alias: Some(&BILL_BASE_ALIAS),
    versions: &[
        ApiVersion { version: Version::V5, release: "5.0.0", renames: &[], filled_in: &[] },
        ApiVersion {
            version: Version::V4,
            release: "4.0.0",
            renames: RENAMES_OF_V4,
            filled_in: &[("relatedParty.id", "unknown")],
        },
    ],
    resources: &[
        APPLIED_CUSTOMER_BILLING_RATE,
        CUSTOMER_BILL,
        CUSTOMER_BILL_ON_DEMAND,
        BILL_CYCLE,
        HUB,
    ],
    relations: &[],
    others: &[&BILLING_ACCOUNT],
};

/// Under which other base path the API is served.
pub static BILL_BASE_ALIAS: Variable = Variable {
    name: "bill_base_alias",
    default: "",
    choices: &[],
    description: "Another name for customerBillManagement in paths, such as customerBill. Empty: none.",
    is_secret: false,
};

/// What v4 calls otherwise.
const RENAMES_OF_V4: &[(&str, &str)] = &[
    ("appliedBillingRateType", "type"),
    ("relatedParty.partyOrPartyRole.id", "relatedParty.id"),
    ("relatedParty.partyOrPartyRole.href", "relatedParty.href"),
    ("relatedParty.partyOrPartyRole.name", "relatedParty.name"),
    ("relatedParty.partyOrPartyRole.@referredType", "relatedParty.@referredType"),
];

/// A bill is its parties'.
const OF_ITS_PARTIES: Visibility = Visibility::Parties(NamedParties {
    list: "relatedParty",
    id: "partyOrPartyRole.id",
    role: "role",
});

/// What names no parties itself is those' whose account it is for.
const OF_ITS_ACCOUNTS_PARTIES: Visibility =
    Visibility::ServerNamed(NamedParties { list: "$server.parties", id: "id", role: "role" });

pub(crate) const APPLIED_CUSTOMER_BILLING_RATE: Resource = Resource {
    name: "appliedCustomerBillingRate",
    class: "AppliedCustomerBillingRate",
    extends: &["Entity", "Extensible"],
    one: "a bill item",
    many: "bill items",
    description: "Bill items: what is charged or credited, before and after it is on a bill. The standard only shows them: to write them is an extension.",
    visibility: OF_ITS_ACCOUNTS_PARTIES,
    versions: Version::ALL,
    stored_as: None,
};

pub(crate) const CUSTOMER_BILL: Resource = Resource {
    name: "customerBill",
    class: "CustomerBill",
    extends: &["Entity", "Extensible"],
    one: "a bill",
    many: "bills",
    description: "Bills for an account and a period. To import those made elsewhere is an extension of the standard.",
    visibility: OF_ITS_PARTIES,
    versions: Version::ALL,
    stored_as: None,
};

pub(crate) const CUSTOMER_BILL_ON_DEMAND: Resource = Resource {
    name: "customerBillOnDemand",
    class: "CustomerBillOnDemand",
    extends: &["Entity", "Extensible"],
    one: "a request for a bill",
    many: "requests for bills",
    description: "Requests to make a bill now.",
    visibility: OF_ITS_ACCOUNTS_PARTIES,
    versions: Version::ALL,
    stored_as: None,
};

pub(crate) const BILL_CYCLE: Resource = Resource {
    name: "billCycle",
    class: "BillCycle",
    extends: &["Entity", "Extensible"],
    one: "a billing cycle",
    many: "billing cycles",
    description: "Runs of billing cycles: when their bills are made, and when their steps are due. To start one is an extension of the standard.",
    visibility: Visibility::Shared,
    versions: &[Version::V5],
    stored_as: None,
};

/// What bills and requests for them have events for: what the standard knows.
pub(crate) const BILL_EVENTS: &[EventKind] = &[EventKind::Create, EventKind::StateChange];

/// What bill items have events for, which is an extension of the standard.
pub(crate) const ITEM_EVENTS: &[EventKind] =
    &[EventKind::Create, EventKind::AttributeValueChange, EventKind::Delete];

/// A subscription to the events of the API.
pub(crate) const HUB: Resource = Resource {
    name: "hub",
    class: "Hub",
    extends: &["Entity", "Extensible"],
    one: "a subscription",
    many: "subscriptions",
    description: "Subscriptions to events. To look at them, and at what became of their events, is an extension of the standard.",
    visibility: VISIBILITY,
    versions: Version::ALL,
    stored_as: Some("events/TMF678/hub"),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ALL;

    #[test]
    fn resources_are_what_their_definitions_say() {
        assert_eq!(ALL.len(), CUSTOMER_BILL_MANAGEMENT.resources.len());
        for (definition, resource) in ALL.iter().zip(CUSTOMER_BILL_MANAGEMENT.resources) {
            assert_eq!(definition.resource, resource);
            assert_eq!(definition.class.name(), resource.class);
            assert_eq!(definition.class.extends(), resource.extends);
        }
    }

    #[test]
    fn what_has_two_names_is_an_attribute_of_both_versions() {
        for (v5, v4) in RENAMES_OF_V4 {
            let class = match *v4 {
                "type" => crate::APPLIED_CUSTOMER_BILLING_RATE.class,
                _ => crate::CUSTOMER_BILL.class,
            };
            assert!(class.v5.kind_of(v5).is_some(), "{v5}");
            assert_eq!(class.v5.kind_of(v5), class.v4.kind_of(v4), "{v4}");
        }
    }

    #[test]
    fn indexes_are_of_attributes_and_their_kinds() {
        for definition in ALL {
            for index in definition
                .indexes()
                .filter(|index| index.values.is_none() && !index.path.starts_with('$'))
            {
                let kind = definition.class.v5.kind_of(index.path);
                assert_eq!(kind, Some(index.kind), "{} {}", definition.name(), index.path);
            }
        }
    }
}
