//! What clients send.

use serde_json::{Value, json};

/// An account of a party, with what an operator would tell of it.
pub fn account(id: &str, name: &str, party: &str) -> Value {
    json!({
        "@type": "BillingAccount", "id": id, "name": name, "state": "Active",
        "accountType": "business", "ratingType": "postpaid", "paymentStatus": "paid",
        "description": format!("Fixed line and fibre of {party}, contract {id}"),
        "creditLimit": { "unit": "EUR", "value": 250.5 },
        "contact": [{
            "@type": "Contact", "contactType": "primary", "contactName": format!("Accounting {id}"),
            "contactMedium": [{
                "@type": "EmailContactMedium", "emailAddress": format!("{id}@example.com")
            }]
        }],
        "relatedParty": [{
            "@type": "RelatedPartyRefOrPartyRoleRef", "role": "customer",
            "partyOrPartyRole": { "@type": "PartyRef", "id": party, "@referredType": "Organization" }
        }]
    })
}

/// An item of more than [`FIRST_PAYMENT`].
pub fn item(id: &str, name: &str, account: &str) -> Value {
    json!({
        "id": id, "name": name, "billingAccount": { "id": account },
        "appliedBillingRateType": "usageCharge",
        "taxExcludedAmount": { "unit": "EUR", "value": 2.123_456 },
        "appliedTax": [{
            "taxCategory": "VAT", "taxRate": 19, "taxAmount": { "unit": "EUR", "value": 0.403_457 }
        }]
    })
}

/// A request for a bill of the account.
pub fn demand(id: &str, account: &str) -> Value {
    json!({ "id": id, "name": id, "billingAccount": { "id": account } })
}

/// What is paid of a bill at first.
pub const FIRST_PAYMENT: f64 = 1.5;

/// A further payment of the amount beside those that a bill has, as a merge patch. Sent again, it changes
/// nothing.
pub fn payment(bill: &Value, amount: &Value) -> Value {
    let mut payments = bill["appliedPayment"].as_array().cloned().unwrap_or_default();
    let id = format!("payment-{}", payments.len() + 1);
    payments.push(json!({ "appliedAmount": amount, "payment": { "id": id } }));
    json!({ "appliedPayment": payments })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payments_come_behind_those_that_there_are() {
        let amount = json!({ "unit": "EUR", "value": 1 });
        let first = payment(&json!({}), &amount);
        assert_eq!(first["appliedPayment"].as_array().map(Vec::len), Some(1));
        let second = payment(&first, &amount);
        assert_eq!(second["appliedPayment"][0], first["appliedPayment"][0]);
        assert_eq!(second["appliedPayment"][1]["payment"]["id"], "payment-2");
    }
}
