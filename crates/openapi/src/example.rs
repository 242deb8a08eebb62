//! Examples of resources.

use serde_json::{Value, json};
use tmf630::Version;

use crate::resources::Resource;

const ID: &str = "01a20bad-3d16-73ca-b60e-2c1115e80c62";
const CYCLE_SPECIFICATION_ID: &str = "monthly";
const ACCOUNT_ID: &str = "01a20bac-91f3-7d04-8a55-6b0d3f2c9e17";

impl Resource {
    /// The id of the example. What other examples refer to is found by it.
    pub fn example_id(&self) -> &'static str {
        match self.class() {
            "BillingAccount" => ACCOUNT_ID,
            "BillingCycleSpecification" => CYCLE_SPECIFICATION_ID,
            _ => ID,
        }
    }

    /// What a client sends to create the one that examples of other operations are about.
    pub fn example_with_id(&self, version: Version) -> Value {
        let mut example = self.example(version);
        example["id"] = json!(self.example_id());
        example
    }

    /// What a client sends to create one.
    pub fn example(&self, version: Version) -> Value {
        let mut example = match self.class() {
            "BillFormat" => json!({ "name": "Detailed" }),
            "BillPresentationMedia" => json!({ "name": "Electronic mail" }),
            "BillingCycleSpecification" => json!({
                "name": "Monthly",
                "frequency": "monthly",
                "billingPeriod": "month",
                "billingDateShift": 5,
                "paymentDueDateOffset": 20
            }),
            "AppliedCustomerBillingRate" => item(version),
            "CustomerBill" => bill(version),
            "CustomerBillOnDemand" => {
                json!({ "name": "Final bill", "billingAccount": account(version) })
            }
            "BillCycle" => json!({
                "name": "January",
                "billingDate": "2026-02-05T00:00:00Z",
                "BillCycleSpecification": {
                    "@type": "BillCycleSpecificationRef", "id": CYCLE_SPECIFICATION_ID
                },
                "validFor": period()
            }),
            "Hub" => json!({
                "callback": "https://crm.example.com/events",
                "query": match self.definition.api.number {
                    "TMF678" => "eventType=CustomerBillCreateEvent",
                    _ => "eventType=BillingAccountStateChangeEvent",
                }
            }),
            _ => json!({
                "name": "Travel account",
                "state": "Active",
                "creditLimit": { "unit": "EUR", "value": 100.5 },
                "relatedParty": [owner(version)]
            }),
        };
        // What has another name in v4 does not say it there.
        if self.type_in(version) == self.class() {
            example["@type"] = json!(self.class());
        }
        example
    }

    /// What it answers then.
    pub fn example_answer(&self, version: Version) -> Value {
        let mut answer = self.example(version);
        answer["id"] = json!(self.example_id());
        answer["href"] = json!(format!(
            "https://api.example.com{}/{}/{}",
            self.definition.api.base_path(version),
            self.definition.name(),
            self.example_id()
        ));
        if let Some(stamp) = self.definition.shown_stamp(version) {
            answer[stamp] = json!("2026-01-31T09:30:00.000Z");
        }
        if self.class() == "Hub" {
            answer["version"] = json!(format!("v{}", version.number()));
            answer["delivery"] = json!({
                "status": "active", "pending": 0, "delivered": 12, "failed": 1, "parked": 0
            });
        }
        answer
    }

    /// A state that it can come to.
    pub fn example_state(&self) -> Value {
        match self.class() {
            "CustomerBill" => json!("sent"),
            "CustomerBillOnDemand" => json!("done"),
            _ => json!("Suspended"),
        }
    }

    /// What a client sends to change one.
    pub fn example_change(&self) -> Value {
        match self.class() {
            "CustomerBill" => json!({ "state": "sent" }),
            _ => json!({ "description": "As agreed in January" }),
        }
    }

    /// A condition on an attribute that it has.
    pub fn example_condition(&self) -> Value {
        match self.class() {
            "BillCycle" => json!({ "name": "January" }),
            "Hub" => json!({ "callback": "https://crm.example.com/events" }),
            "AppliedCustomerBillingRate" | "CustomerBill" | "CustomerBillOnDemand" => {
                json!({ "billingAccount.id": ACCOUNT_ID })
            }
            _ => json!({ "name": "Travel account" }),
        }
    }
}

fn item(version: Version) -> Value {
    let kind = match version {
        Version::V4 => "type",
        Version::V5 => "appliedBillingRateType",
    };
    json!({
        "name": "Mobile plan",
        "date": "2026-01-31T09:30:00Z",
        "isBilled": false,
        kind: "recurringCharge",
        "periodCoverage": period(),
        "taxExcludedAmount": { "unit": "EUR", "value": 100 },
        "taxIncludedAmount": { "unit": "EUR", "value": 120 },
        "appliedTax": [tax(version, "AppliedBillingTaxRate")],
        "billingAccount": account(version)
    })
}

fn bill(version: Version) -> Value {
    json!({
        "billNo": "INV-2026-000042",
        "billDate": "2026-02-05T00:00:00Z",
        "billingPeriod": period(),
        "category": "normal",
        "runType": "onCycle",
        "state": "new",
        "taxExcludedAmount": { "unit": "EUR", "value": 100 },
        "taxIncludedAmount": { "unit": "EUR", "value": 120 },
        "taxItem": [tax(version, "TaxItem")],
        "amountDue": { "unit": "EUR", "value": 120 },
        "remainingAmount": { "unit": "EUR", "value": 120 },
        "billingAccount": account(version),
        "relatedParty": [owner(version)]
    })
}

fn period() -> Value {
    json!({ "startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2026-02-01T00:00:00Z" })
}

/// What a part is in v5, where it says its class.
fn of_class(version: Version, class: &str, mut part: Value) -> Value {
    if version == Version::V5 {
        part["@type"] = json!(class);
    }
    part
}

fn tax(version: Version, class: &str) -> Value {
    let amount = json!({ "unit": "EUR", "value": 20 });
    let tax = json!({ "taxCategory": "VAT", "taxRate": 0.2, "taxAmount": amount });
    of_class(version, class, tax)
}

fn account(version: Version) -> Value {
    of_class(version, "BillingAccountRef", json!({ "id": ACCOUNT_ID }))
}

fn owner(version: Version) -> Value {
    let party = json!({ "id": "4711", "name": "Acme", "@referredType": "Organization" });
    match version {
        Version::V4 => {
            let mut party = party;
            party["role"] = json!("owner");
            party
        }
        Version::V5 => json!({
            "@type": "RelatedPartyRefOrPartyRoleRef",
            "role": "owner",
            "partyOrPartyRole": of_class(version, "PartyRef", party)
        }),
    }
}
