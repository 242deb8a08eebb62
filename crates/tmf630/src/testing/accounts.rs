//! An API that is made up for tests, of documents that the schemas know.

use crate::model::api::{Api, ApiVersion, Resource};
use crate::model::event::Events;
use crate::model::index::Index;
use crate::model::operation::Operations;
use crate::model::relation::Relation;
use crate::model::visibility::{NamedParties, Visibility};
use crate::{Definition, Version};

const V4: ApiVersion = ApiVersion {
    version: Version::V4,
    release: "4.0.0",
    renames: &[
        ("lastUpdate", "lastModified"),
        ("relatedParty.partyOrPartyRole.id", "relatedParty.id"),
        ("relatedParty.partyOrPartyRole.name", "relatedParty.name"),
    ],
    filled_in: &[("relatedParty.id", "unknown")],
};

/// An API with one resource that is answered, and others that are known.
pub static API: Api = Api {
    number: "TMF000",
    title: "Test",
    base: "/tmf-api/accountManagement",
    alias: None,
    versions: &[
        ApiVersion { version: Version::V5, release: "5.0.0", renames: &[], filled_in: &[] },
        V4,
    ],
    resources: &[RESOURCE, Resource { name: "billFormat", class: "BillFormat", ..RESOURCE }],
    relations: &[Relation {
        from: &["billingAccount"],
        id: "financialAccount.id",
        to: &["financialAccount"],
    }],
    others: &[],
};

const RESOURCE: Resource = Resource {
    name: "billingAccount",
    class: "BillingAccount",
    extends: &["PartyAccount", "Account"],
    one: "an account",
    many: "accounts",
    description: "Accounts.",
    visibility: Visibility::Parties(NamedParties {
        list: "relatedParty",
        id: "partyOrPartyRole.id",
        role: "role",
    }),
    versions: Version::ALL,
    stored_as: None,
};

/// The resource.
pub static ACCOUNTS: Definition = Definition {
    api: &API,
    resource: &RESOURCE,
    class: &schemas::class::BILLING_ACCOUNT,
    operations: Operations::ALL,
    immutable_in_v4: &["accountBalance"],
    own_indexes: &[
        Index::text("name"),
        Index::text("state"),
        Index::time("lastUpdate"),
        Index::texts("relatedParty.partyOrPartyRole.id"),
    ],
    rules: &[],
    behaviour: None,
    events: Events::ALL,
    variables: &[],
};
