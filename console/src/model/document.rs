//! What a document has at a dotted path, and what kind of thing that is to a reader.

use money::Money;
use serde_json::{Map, Value};

/// A value as a reader sees it.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    Nothing,
    Text(String),
    State(String),
    Truth(bool),
    Number(String),
    Money {
        amount: String,
        currency: String,
    },
    /// An instant, as RFC 3339 has it.
    Instant(String),
    /// A period; either end may be open.
    Period(Option<String>, Option<String>),
    Several(Vec<Shown>),
}

/// Everything at a dotted path, through every element of arrays. An attribute whose name has dots is
/// not found; the API's paths cannot name it either.
pub fn at<'a>(document: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut found = vec![document];
    for step in path.split('.') {
        found = found.into_iter().flat_map(elements).filter_map(|it| it.get(step)).collect();
    }
    found.into_iter().flat_map(elements).collect()
}

/// What is at a dotted path, as a reader sees it.
pub fn shown(document: &Value, path: &str) -> Shown {
    together(path, at(document, path))
}

/// The same as a cell of a table shows it: who has no name is known by their id.
pub fn shown_in_cell(document: &Value, path: &str) -> Shown {
    match path.strip_suffix(".name") {
        Some(owners) => {
            together(path, at(document, owners).into_iter().filter_map(name_or_id).collect())
        }
        None => shown(document, path),
    }
}

fn together(path: &str, values: Vec<&Value>) -> Shown {
    let is_state = path == "state" || path.ends_with(".state") || path.ends_with(".status");
    let all = values.into_iter().map(|value| match value {
        Value::String(state) if is_state => Shown::State(state.clone()),
        value => of(value),
    });
    let mut all: Vec<_> = all.filter(|it| *it != Shown::Nothing).collect();
    match all.len() {
        0 => Shown::Nothing,
        1 => all.remove(0),
        _ => Shown::Several(all),
    }
}

/// A text at a dotted path, the first one.
pub fn text<'a>(document: &'a Value, path: &str) -> Option<&'a str> {
    at(document, path).into_iter().find_map(Value::as_str)
}

/// A value as a reader sees it, by its shape alone.
pub fn of(value: &Value) -> Shown {
    match value {
        Value::Null => Shown::Nothing,
        Value::Bool(truth) => Shown::Truth(*truth),
        Value::Number(number) => Shown::Number(number.to_string()),
        Value::String(text) if text.is_empty() => Shown::Nothing,
        Value::String(text) if is_instant(text) => Shown::Instant(text.clone()),
        Value::String(text) => Shown::Text(text.clone()),
        Value::Array(elements) => Shown::Several(elements.iter().map(of).collect()),
        Value::Object(_) => money(value).or_else(|| period(value)).unwrap_or_else(|| named(value)),
    }
}

/// What something is known by: without a name, by its id.
fn name_or_id(owner: &Value) -> Option<&Value> {
    let name = owner.get("name").filter(|name| name.as_str() != Some(""));
    name.or_else(|| owner.get("id"))
}

fn elements(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(elements) => Box::new(elements.iter()),
        value => Box::new(std::iter::once(value)),
    }
}

/// Whether a value is money and says no more than that: then its amount says it all.
pub fn is_mere_money(value: &Value) -> bool {
    const USUAL: [&str; 3] = ["unit", "value", "@type"];
    let says_no_more =
        |members: &Map<String, Value>| members.keys().all(|name| USUAL.contains(&name.as_str()));
    value.as_object().is_some_and(says_no_more) && money(value).is_some()
}

/// Money: `unit` and `value`, or that in the attribute of a balance.
pub fn money(value: &Value) -> Option<Shown> {
    let value = value.get("amount").unwrap_or(value);
    let Value::Number(amount) = value.get("value")? else { return None };
    let currency = value.get("unit")?.as_str()?.to_owned();
    Some(Shown::Money { amount: amount.to_string(), currency })
}

fn period(value: &Value) -> Option<Shown> {
    let end = |name| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let (start, end) = (end("startDateTime"), end("endDateTime"));
    (start.is_some() || end.is_some()).then_some(Shown::Period(start, end))
}

fn named(value: &Value) -> Shown {
    let name = ["name", "role", "id", "@type"].iter().find_map(|name| value.get(name)?.as_str());
    name.map_or(Shown::Nothing, |name| Shown::Text(name.to_owned()))
}

/// Whether an attribute of the API with this name holds a time.
pub fn is_time(path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or_default();
    name == "date" || name == "lastUpdate" || name.ends_with("Date") || name.ends_with("DateTime")
}

/// Whether a text is a date with a time, as the API writes them.
fn is_instant(text: &str) -> bool {
    let shape = b"dddd-dd-ddTdd:dd";
    let bytes = text.as_bytes();
    bytes.len() > shape.len()
        && bytes.len() <= 35
        && shape.iter().zip(bytes).all(|(expected, byte)| match expected {
            b'd' => byte.is_ascii_digit(),
            expected => byte == expected,
        })
}

/// The amount of money that an attribute is, as the server reads sums; nothing if it is none.
pub fn amount(document: &Value, name: &str) -> Option<Money> {
    Money::read_sum(document.get(name)?, "").ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_lead_through_arrays() {
        let document = json!({"relatedParty": [
            {"partyOrPartyRole": {"name": "Acme"}}, {"partyOrPartyRole": {"name": "Zeta"}},
        ]});
        let names = shown(&document, "relatedParty.partyOrPartyRole.name");
        let text = |name: &str| Shown::Text(name.into());
        assert_eq!(names, Shown::Several(vec![text("Acme"), text("Zeta")]));
    }

    #[test]
    fn who_has_no_name_is_known_by_their_id() {
        let document =
            json!({"relatedParty": [{"name": "Acme"}, {"id": "7"}, {"id": "8", "name": ""}]});
        let text = |name: &str| Shown::Text(name.into());
        let names = Shown::Several(vec![text("Acme"), text("7"), text("8")]);
        assert_eq!(shown_in_cell(&document, "relatedParty.name"), names);
        assert_eq!(shown(&document, "relatedParty.name"), text("Acme"));
        assert_eq!(
            shown_in_cell(&document, "relatedParty.id"),
            shown(&document, "relatedParty.id")
        );
    }

    #[test]
    fn amounts_keep_their_digits() {
        let document = serde_json::from_str(r#"{"due": {"unit": "EUR", "value": 100.10}}"#);
        let document: Value = document.unwrap();
        let money = Shown::Money { amount: "100.10".into(), currency: "EUR".into() };
        assert_eq!(shown(&document, "due"), money);
    }

    #[test]
    fn a_balance_is_more_than_its_amount() {
        let amount = json!({"unit": "EUR", "value": 1});
        let balance = json!({"balanceType": "deposit", "amount": amount.clone()});
        assert!(is_mere_money(&amount) && !is_mere_money(&balance));
        assert!(!is_mere_money(&json!({"amount": amount})));
        assert!(!is_mere_money(&json!({"unit": "EUR", "value": 1, "note": "own"})));
        assert!(!is_mere_money(&json!({"unit": "EUR"})));
    }

    #[test]
    fn times_are_known_by_their_name() {
        assert!(is_time("billDate") && is_time("validFor.startDateTime") && is_time("date"));
        assert!(!is_time("paymentDueDateOffset") && !is_time("update"));
    }

    #[test]
    fn instants_are_known_by_their_shape() {
        assert!(is_instant("2026-01-31T10:00:00.000Z"));
        assert!(!is_instant("2026-01-31"));
        assert!(!is_instant("2026-01-31T10:00:00 and then some more text after it"));
    }
}
