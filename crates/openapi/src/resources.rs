//! The resources: their definitions, as the functions declare them, and what is told about them.

use serde_json::{Value, json};
use tmf630::{Definition, Version};

#[path = "../../../functions/bill-format/src/definition.rs"]
mod bill_format;
#[path = "../../../functions/bill-presentation-media/src/definition.rs"]
mod bill_presentation_media;
#[path = "../../../functions/billing-account/src/definition.rs"]
mod billing_account;
#[path = "../../../functions/billing-cycle-specification/src/definition.rs"]
mod billing_cycle_specification;
#[path = "../../../functions/financial-account/src/definition.rs"]
mod financial_account;
#[path = "../../../functions/party-account/src/definition.rs"]
mod party_account;
#[path = "../../../functions/settlement-account/src/definition.rs"]
mod settlement_account;

/// A resource, and words for it.
pub struct Resource {
    pub definition: &'static Definition,
    /// One of it, such as "a billing account".
    pub one: &'static str,
    /// Several of it.
    pub many: &'static str,
    /// What it is, in a sentence.
    pub description: &'static str,
}

/// All resources of the API.
pub const ALL: [Resource; 7] = [
    Resource {
        definition: &party_account::PARTY_ACCOUNT,
        one: "a party account",
        many: "party accounts",
        description: "Accounts that parties hold.",
    },
    Resource {
        definition: &billing_account::BILLING_ACCOUNT,
        one: "a billing account",
        many: "billing accounts",
        description: "Accounts that bills are issued for.",
    },
    Resource {
        definition: &settlement_account::SETTLEMENT_ACCOUNT,
        one: "a settlement account",
        many: "settlement accounts",
        description: "Accounts that are settled with, such as those of partners.",
    },
    Resource {
        definition: &financial_account::FINANCIAL_ACCOUNT,
        one: "a financial account",
        many: "financial accounts",
        description: "Accounts in the ledger, which the charges and payments of other accounts add up to.",
    },
    Resource {
        definition: &bill_format::BILL_FORMAT,
        one: "a bill format",
        many: "bill formats",
        description: "How bills are laid out and how detailed they are.",
    },
    Resource {
        definition: &bill_presentation_media::BILL_PRESENTATION_MEDIA,
        one: "a bill presentation medium",
        many: "bill presentation media",
        description: "The media that bills are delivered by.",
    },
    Resource {
        definition: &billing_cycle_specification::BILLING_CYCLE_SPECIFICATION,
        one: "a billing cycle specification",
        many: "billing cycle specifications",
        description: "When bills are made, and when their steps are due.",
    },
];

impl Resource {
    /// The name of its class.
    pub fn class(&self) -> &'static str {
        self.definition.class.name()
    }

    /// The attributes that are found without reading all resources, by their names in the version.
    pub fn indexed(&self, version: Version) -> Vec<&'static str> {
        self.definition.indexes.iter().map(|index| version.path_of(index)).collect()
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
            version.base_path(),
            self.definition.name
        ));
        if self.definition.is_stamped {
            answer[version.stamp()] = json!("2026-01-31T09:30:00.000Z");
        }
        answer
    }
}
