//! The API: its versions, the words for its resources, and what refers to what.

use tmf630::Version;
use tmf630::events::hub::VISIBILITY;
use tmf630::model::api::{Api, ApiVersion, Resource};
use tmf630::model::relation::Relation;
use tmf630::model::visibility::{NamedParties, Visibility};

/// The Account Management API.
pub static ACCOUNT_MANAGEMENT: Api = Api {
    number: "TMF666",
    title: "Account Management",
    base: "/tmf-api/accountManagement",
    alias: None,
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
        PARTY_ACCOUNT,
        BILLING_ACCOUNT,
        SETTLEMENT_ACCOUNT,
        FINANCIAL_ACCOUNT,
        BILL_FORMAT,
        BILL_PRESENTATION_MEDIA,
        BILLING_CYCLE_SPECIFICATION,
        HUB,
    ],
    relations: RELATIONS,
    others: &[],
};

/// What v4 calls otherwise.
const RENAMES_OF_V4: &[(&str, &str)] = &[
    ("lastUpdate", "lastModified"),
    ("relatedParty.partyOrPartyRole.id", "relatedParty.id"),
    ("relatedParty.partyOrPartyRole.href", "relatedParty.href"),
    ("relatedParty.partyOrPartyRole.name", "relatedParty.name"),
    ("relatedParty.partyOrPartyRole.@referredType", "relatedParty.@referredType"),
    ("contact.relatedParty.partyOrPartyRole.id", "contact.relatedParty.id"),
    ("contact.relatedParty.partyOrPartyRole.href", "contact.relatedParty.href"),
    ("contact.relatedParty.partyOrPartyRole.name", "contact.relatedParty.name"),
    ("contact.relatedParty.partyOrPartyRole.@referredType", "contact.relatedParty.@referredType"),
    ("contact.contactMedium.emailAddress", "contact.contactMedium.characteristic.emailAddress"),
    ("contact.contactMedium.phoneNumber", "contact.contactMedium.characteristic.phoneNumber"),
    ("contact.contactMedium.faxNumber", "contact.contactMedium.characteristic.faxNumber"),
    (
        "contact.contactMedium.socialNetworkId",
        "contact.contactMedium.characteristic.socialNetworkId",
    ),
    ("contact.contactMedium.street1", "contact.contactMedium.characteristic.street1"),
    ("contact.contactMedium.street2", "contact.contactMedium.characteristic.street2"),
    ("contact.contactMedium.postCode", "contact.contactMedium.characteristic.postCode"),
    ("contact.contactMedium.city", "contact.contactMedium.characteristic.city"),
    (
        "contact.contactMedium.stateOrProvince",
        "contact.contactMedium.characteristic.stateOrProvince",
    ),
    ("contact.contactMedium.country", "contact.contactMedium.characteristic.country"),
    (
        "contact.contactMedium.geographicAddress",
        "contact.contactMedium.characteristic.geographicAddress",
    ),
    ("contact.contactMedium.contactType", "contact.contactMedium.characteristic.contactType"),
];

/// The resources that are accounts.
pub(crate) const ACCOUNTS: &[&str] =
    &["partyAccount", "billingAccount", "settlementAccount", "financialAccount"];

/// Party accounts and those that extend them.
const PARTY_ACCOUNTS: &[&str] = &["partyAccount", "billingAccount", "settlementAccount"];

/// The accounts that an account is related to.
pub(crate) static RELATED_ACCOUNT: Relation =
    Relation { from: ACCOUNTS, id: "accountRelationship.account.id", to: ACCOUNTS };

const RELATIONS: &[Relation] = &[
    Relation { ..RELATED_ACCOUNT },
    Relation { from: PARTY_ACCOUNTS, id: "financialAccount.id", to: &["financialAccount"] },
    Relation { from: PARTY_ACCOUNTS, id: "billStructure.format.id", to: &["billFormat"] },
    Relation {
        from: PARTY_ACCOUNTS,
        id: "billStructure.presentationMedia.id",
        to: &["billPresentationMedia"],
    },
    Relation {
        from: PARTY_ACCOUNTS,
        id: "billStructure.cycleSpecification.id",
        to: &["billingCycleSpecification"],
    },
];

/// An account is its parties'.
const OF_ITS_PARTIES: Visibility = Visibility::Parties(NamedParties {
    list: "relatedParty",
    id: "partyOrPartyRole.id",
    role: "role",
});

pub(crate) const PARTY_ACCOUNT: Resource = Resource {
    name: "partyAccount",
    class: "PartyAccount",
    extends: &["Account", "Entity", "Extensible"],
    one: "a party account",
    many: "party accounts",
    description: "Accounts that parties hold.",
    visibility: OF_ITS_PARTIES,
    versions: Version::ALL,
    stored_as: None,
};

/// A billing account, also for APIs that refer to it.
pub const BILLING_ACCOUNT: Resource = Resource {
    name: "billingAccount",
    class: "BillingAccount",
    extends: &["PartyAccount", "Account", "Entity", "Extensible"],
    one: "a billing account",
    many: "billing accounts",
    description: "Accounts that bills are issued for.",
    visibility: OF_ITS_PARTIES,
    versions: Version::ALL,
    stored_as: None,
};

pub(crate) const SETTLEMENT_ACCOUNT: Resource = Resource {
    name: "settlementAccount",
    class: "SettlementAccount",
    extends: &["PartyAccount", "Account", "Entity", "Extensible"],
    one: "a settlement account",
    many: "settlement accounts",
    description: "Accounts that are settled with, such as those of partners.",
    visibility: OF_ITS_PARTIES,
    versions: Version::ALL,
    stored_as: None,
};

pub(crate) const FINANCIAL_ACCOUNT: Resource = Resource {
    name: "financialAccount",
    class: "FinancialAccount",
    extends: &["Account", "Entity", "Extensible"],
    one: "a financial account",
    many: "financial accounts",
    description: "Accounts in the ledger, which the charges and payments of other accounts add up to.",
    visibility: OF_ITS_PARTIES,
    versions: Version::ALL,
    stored_as: None,
};

pub(crate) const BILL_FORMAT: Resource = Resource {
    name: "billFormat",
    class: "BillFormat",
    extends: &["Entity", "Extensible"],
    one: "a bill format",
    many: "bill formats",
    description: "How bills are laid out and how detailed they are.",
    visibility: Visibility::Shared,
    versions: Version::ALL,
    stored_as: None,
};

pub(crate) const BILL_PRESENTATION_MEDIA: Resource = Resource {
    name: "billPresentationMedia",
    class: "BillPresentationMedia",
    extends: &["Entity", "Extensible"],
    one: "a bill presentation medium",
    many: "bill presentation media",
    description: "The media that bills are delivered by.",
    visibility: Visibility::Shared,
    versions: Version::ALL,
    stored_as: None,
};

pub(crate) const BILLING_CYCLE_SPECIFICATION: Resource = Resource {
    name: "billingCycleSpecification",
    class: "BillingCycleSpecification",
    extends: &["Entity", "Extensible"],
    one: "a billing cycle specification",
    many: "billing cycle specifications",
    description: "When bills are made, and when their steps are due.",
    visibility: Visibility::Shared,
    versions: Version::ALL,
    stored_as: None,
};

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
    stored_as: Some("events/TMF666/hub"),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ALL;

    #[test]
    fn resources_are_what_their_definitions_say() {
        assert_eq!(ALL.len(), ACCOUNT_MANAGEMENT.resources.len());
        for (definition, resource) in ALL.iter().zip(ACCOUNT_MANAGEMENT.resources) {
            assert_eq!(definition.resource, resource);
            assert_eq!(definition.class.name(), resource.class);
        }
    }

    #[test]
    fn what_has_two_names_is_an_attribute_of_both_versions() {
        let class = crate::PARTY_ACCOUNT.class;
        for (v5, v4) in RENAMES_OF_V4 {
            // What holds an object is known by what is in it.
            let is_object = v5.ends_with("geographicAddress");
            assert_eq!(class.v5.kind_of(v5).is_none(), is_object, "{v5}");
            assert_eq!(class.v5.kind_of(v5), class.v4.kind_of(v4), "{v4}");
        }
    }

    #[test]
    fn resources_extend_what_their_classes_do() {
        for definition in ALL {
            assert_eq!(definition.class.extends(), definition.resource.extends);
        }
    }

    #[test]
    fn relations_are_between_resources() {
        let is_resource = |name: &&&str| ACCOUNT_MANAGEMENT.resource(name).is_some();
        for relation in ACCOUNT_MANAGEMENT.relations {
            assert!(relation.from.iter().all(|name| is_resource(&name)), "{relation:?}");
            assert!(relation.to.iter().all(|name| is_resource(&name)), "{relation:?}");
        }
    }
}
