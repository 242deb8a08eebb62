//! A bill on demand: what is asked for.

use serde_json::{Value, json};

use super::document;

/// A request for the bill of an account: of its items up to a time, or else of all; in a currency, or
/// else in the only one that there is.
pub fn asked_for(account: &str, until: Option<String>, currency: &str) -> Value {
    let mut asked = json!({
        "@type": "CustomerBillOnDemand",
        "billingAccount": {
            "@type": "BillingAccountRef", "@referredType": "BillingAccount", "id": account,
        },
    });
    if let Some(until) = until {
        asked["billDate"] = until.into();
    }
    if !currency.is_empty() {
        asked["currency"] = currency.into();
    }
    asked
}

/// The request that shows the bill, and makes none.
pub fn trial(asked: &Value) -> Value {
    let mut trial = asked.clone();
    trial["category"] = "trial".into();
    trial
}

/// The request for the bill that the answer to a trial shows: what is charged later is not on it.
pub fn as_shown(asked: &Value, answer: &Value) -> Value {
    let mut asked = asked.clone();
    if let Some(date) = document::text(answer, "preview.billDate") {
        asked["billDate"] = date.into();
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_chosen_is_asked_for() {
        let asked = asked_for("a", None, "");
        assert_eq!(asked["billingAccount"]["id"], "a");
        assert_eq!((asked.get("billDate"), asked.get("currency")), (None, None));
        let asked = asked_for("a", Some("2026-01-31T23:59:59.999Z".into()), "EUR");
        assert_eq!(asked["billDate"], "2026-01-31T23:59:59.999Z");
        assert_eq!(asked["currency"], "EUR");
    }

    #[test]
    fn the_bill_that_is_made_is_the_one_that_was_shown() {
        let asked = asked_for("a", None, "EUR");
        assert_eq!(trial(&asked)["category"], "trial");
        let answer = json!({"preview": {"billDate": "2026-01-31T10:00:00.000Z"}});
        let made = as_shown(&asked, &answer);
        assert_eq!(made["billDate"], "2026-01-31T10:00:00.000Z");
        assert_eq!((made.get("category"), &made["currency"]), (None, &json!("EUR")));
        assert_eq!(as_shown(&asked, &json!({"state": "rejected"})), asked);
    }
}
