//! What a document needs to know of a resource beyond its definition: examples.

use account_management::ACCOUNT_MANAGEMENT;
use serde_json::{Value, json};
use tmf630::{Definition, Version};

/// A resource of the API.
#[derive(Clone, Copy)]
pub struct Resource {
    pub definition: &'static Definition,
}

/// All resources of the API.
pub fn all() -> impl Iterator<Item = Resource> {
    account_management::ALL.into_iter().map(|definition| Resource { definition })
}

impl Resource {
    /// The name of its class.
    pub fn class(&self) -> &'static str {
        self.definition.class.name()
    }

    /// The attributes that are found without reading all resources, by their names in the version.
    pub fn indexed(&self, version: Version) -> Vec<String> {
        let attributes = self.definition.indexes().filter(|index| index.values.is_none());
        attributes.map(|index| ACCOUNT_MANAGEMENT.shown_path(version, index.path)).collect()
    }

    /// What a client sends to create one.
    pub fn example(&self, version: Version) -> Value {
        let mut example = json!({ "name": "Detailed" });
        match self.class() {
            "BillingCycleSpecification" => {
                example = json!({
                    "name": "Monthly",
                    "frequency": "monthly",
                    "billingPeriod": "month",
                    "billingDateShift": 5,
                    "paymentDueDateOffset": 20
                });
            }
            "BillPresentationMedia" => example["name"] = json!("Electronic mail"),
            "BillFormat" => {}
            _ => {
                example = json!({
                    "name": "Travel account",
                    "state": "Active",
                    "creditLimit": { "unit": "EUR", "value": 100.5 }
                });
                example["relatedParty"] = match version {
                    Version::V4 => json!([{
                        "id": "4711",
                        "name": "Acme",
                        "@referredType": "Organization",
                        "role": "owner"
                    }]),
                    Version::V5 => json!([{
                        "@type": "RelatedPartyRefOrPartyRoleRef",
                        "role": "owner",
                        "partyOrPartyRole": {
                            "@type": "PartyRef",
                            "id": "4711",
                            "name": "Acme",
                            "@referredType": "Organization"
                        }
                    }]),
                };
            }
        }
        example["@type"] = json!(self.class());
        example
    }

    /// What it answers then.
    pub fn example_answer(&self, version: Version) -> Value {
        let mut answer = self.example(version);
        answer["id"] = json!("01a20bad-3d16-73ca-b60e-2c1115e80c62");
        answer["href"] = json!(format!(
            "https://api.example.com{}/{}/01a20bad-3d16-73ca-b60e-2c1115e80c62",
            ACCOUNT_MANAGEMENT.base_path(version),
            self.definition.name()
        ));
        if let Some(stamp) = self.definition.shown_stamp(version) {
            answer[stamp] = json!("2026-01-31T09:30:00.000Z");
        }
        answer
    }
}
