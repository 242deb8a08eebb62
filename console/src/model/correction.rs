//! Correcting a bill: an item that is billed is never changed, but made up for by another one.

use serde_json::{Map, Value, json};

use super::document;
use super::reference;

/// What a credit has of the item that it makes up for.
const KEPT: [&str; 4] = ["billingAccount", "product", "periodCoverage", "name"];

/// The amounts that a credit has the other way round.
const AMOUNTS: [&str; 2] = ["taxExcludedAmount", "taxIncludedAmount"];

/// The item that makes up for another one whole, with the same taxes. Its description is given,
/// since it is read by people. Nothing, if it has no amount, or one that is none.
pub fn credit(item: &Value, description: &str) -> Option<Value> {
    let mut credit = begun("credit", description);
    for name in KEPT {
        if let Some(value) = item.get(name) {
            credit.insert(name.to_owned(), value.clone());
        }
    }
    if AMOUNTS.iter().all(|name| item.get(*name).is_none()) {
        return None;
    }
    for name in AMOUNTS {
        if let Some(amount) = item.get(name) {
            credit.insert(name.to_owned(), negated(amount)?);
        }
    }
    if let Some(taxes) = item.get("appliedTax").and_then(Value::as_array) {
        let taxes = taxes.iter().map(|tax| {
            let mut tax = tax.clone();
            if let Some(amount) = tax.get("taxAmount").cloned() {
                *tax.get_mut("taxAmount")? = negated(&amount)?;
            }
            Some(tax)
        });
        credit.insert("appliedTax".into(), taxes.collect::<Option<Vec<_>>>()?.into());
    }
    Some(credit.into())
}

/// The items that make up for others; or how many of these nothing can make up for.
pub fn credits<'a>(
    items: impl IntoIterator<Item = &'a Value>,
    description: &str,
) -> Result<Vec<Value>, usize> {
    let (credits, others): (Vec<_>, Vec<_>) =
        items.into_iter().map(|item| credit(item, description)).partition(Option::is_some);
    if others.is_empty() { Ok(credits.into_iter().flatten().collect()) } else { Err(others.len()) }
}

/// An item to begin with, for the account of a bill and in its currency; how much it is for is
/// still to be said.
pub fn correction(bill: &Value, name: &str, description: &str) -> Value {
    let mut item = begun("adjustment", description);
    item.insert("name".into(), name.into());
    if let Some(account) = bill.get("billingAccount") {
        item.insert("billingAccount".into(), account.clone());
    }
    let currency = ["amountDue", "taxIncludedAmount", "remainingAmount"]
        .iter()
        .find_map(|amount| document::text(bill, &format!("{amount}.unit")));
    if let Some(currency) = currency {
        item.insert("taxExcludedAmount".into(), json!({"unit": currency, "value": ""}));
    }
    item.into()
}

/// An item to begin with, for an account.
pub fn item_for(account: &Value) -> Value {
    let mut reference = Map::new();
    for (name, value) in [("@type", "BillingAccountRef"), ("@referredType", "BillingAccount")] {
        reference.insert(name.into(), value.into());
    }
    if let Some(id) = document::text(account, "id") {
        reference.insert("id".into(), id.into());
    }
    if let Some(name) = reference::name_of(account) {
        reference.insert("name".into(), name.into());
    }
    let currency = document::text(account, "creditLimit.unit").unwrap_or_default();
    json!({
        "@type": "AppliedCustomerBillingRate",
        "name": "",
        "billingAccount": reference,
        "taxExcludedAmount": {"unit": currency, "value": ""},
    })
}

fn begun(kind: &str, description: &str) -> Map<String, Value> {
    let item = json!({
        "@type": "AppliedCustomerBillingRate",
        "appliedBillingRateType": kind,
        "description": description,
    });
    item.as_object().cloned().unwrap_or_default()
}

/// The amount on the other side of zero, with all its digits.
fn negated(amount: &Value) -> Option<Value> {
    Some(money::Money::read_sum(amount, "").ok()?.negated().to_value())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credit_makes_up_for_an_item() {
        let item: Value = serde_json::from_str(
            r#"{"id": "7", "isBilled": true, "bill": {"id": "b"}, "name": "Fibre",
                "billingAccount": {"id": "a"}, "date": "2026-01-01T00:00:00Z",
                "taxExcludedAmount": {"unit": "EUR", "value": 10.50},
                "appliedTax": [{"taxRate": 19, "taxAmount": {"unit": "EUR", "value": 1.9950}}]}"#,
        )
        .unwrap();
        let credit = credit(&item, "Corrects B-1").unwrap();
        assert_eq!(credit["taxExcludedAmount"]["value"].to_string(), "-10.50");
        assert_eq!(credit["appliedTax"][0]["taxAmount"]["value"].to_string(), "-1.9950");
        assert_eq!(credit["appliedTax"][0]["taxRate"], 19);
        assert_eq!(
            (&credit["name"], &credit["description"]),
            (&json!("Fibre"), &json!("Corrects B-1"))
        );
        for name in ["id", "isBilled", "bill", "date"] {
            assert_eq!(credit.get(name), None, "{name}");
        }
    }

    #[test]
    fn what_has_no_amount_is_not_credited() {
        assert_eq!(credit(&json!({"taxExcludedAmount": "much"}), ""), None);
        assert_eq!(credit(&json!({"name": "Fibre"}), ""), None);
    }

    #[test]
    fn nothing_is_credited_in_part() {
        let item = json!({"taxExcludedAmount": {"unit": "EUR", "value": 1}});
        assert_eq!(credits([&item, &item], "").map(|credits| credits.len()), Ok(2));
        assert_eq!(credits([&item, &json!({})], ""), Err(1));
    }

    #[test]
    fn a_correction_is_for_the_account_of_the_bill() {
        let bill = json!({"billingAccount": {"id": "a"}, "amountDue": {"unit": "USD", "value": 1}});
        let item = correction(&bill, "Correction", "Corrects B-1");
        assert_eq!(item["billingAccount"]["id"], "a");
        assert_eq!(item["taxExcludedAmount"]["unit"], "USD");
    }

    #[test]
    fn an_item_is_for_its_account() {
        let item = item_for(
            &json!({"id": "a", "name": "Acme", "creditLimit": {"unit": "EUR", "value": 1}}),
        );
        assert_eq!(item["billingAccount"]["name"], "Acme");
        assert_eq!(item["taxExcludedAmount"]["unit"], "EUR");
    }
}
