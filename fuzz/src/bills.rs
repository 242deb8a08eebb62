//! Items that are anything, and the bills that are made of them.

use account_management::BILLING_ACCOUNT;
use bytes::Bytes;
use customer_bill_management::{
    APPLIED_CUSTOMER_BILLING_RATE, CUSTOMER_BILL, CUSTOMER_BILL_ON_DEMAND,
};
use http::{Method, Response};
use kv_tree::Memory;
use pollster::block_on;
use serde_json::{Value, json};
use tmf630::Definition;
use tmf630::testing::{World, request};

/// Puts the members that `data` has into an item, and bills it if it is taken.
pub fn item(data: &[u8]) {
    let Ok(Value::Object(members)) = serde_json::from_slice(data) else { return };
    let world = World::on(Memory::default());
    let party = json!([{ "role": "customer", "partyOrPartyRole": { "id": "c" } }]);
    let account = json!({ "id": "a", "name": "A", "relatedParty": party });
    assert_eq!(post(&world, &BILLING_ACCOUNT, &account).status(), 201);
    let mut item = json!({
        "billingAccount": { "id": "a" }, "taxExcludedAmount": { "unit": "EUR", "value": 1.005 },
    });
    for (name, value) in members {
        item[name] = value;
    }
    let answer = post(&world, &APPLIED_CUSTOMER_BILLING_RATE, &item);
    assert!(!answer.status().is_server_error(), "{item}: {answer:?}");
    let billed =
        post(&world, &CUSTOMER_BILL_ON_DEMAND, &json!({ "billingAccount": { "id": "a" } }));
    assert!(matches!(billed.status().as_u16(), 201 | 409), "{item}: {billed:?}");
    let bills = ask(&world, &CUSTOMER_BILL, Method::GET, "", "");
    let bills: Value = serde_json::from_slice(bills.body()).unwrap_or_default();
    if let Some(bill) = bills.get(0).and_then(|bill| bill["id"].as_str()) {
        let document = ask(&world, &CUSTOMER_BILL, Method::GET, &format!("/{bill}/document"), "");
        assert_eq!(document.status(), 200, "{item}");
    }
}

fn post(world: &World, definition: &'static Definition, body: &Value) -> Response<Bytes> {
    ask(world, definition, Method::POST, "", &body.to_string())
}

fn ask(
    world: &World,
    definition: &'static Definition,
    method: Method,
    rest: &str,
    body: &str,
) -> Response<Bytes> {
    block_on(world.ask(definition, request(definition, method, rest, body)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn json_value() -> impl Strategy<Value = Value> {
        let number = prop_oneof!["-?[0-9]{1,14}(\\.[0-9]{1,9})?", "-?[1-9]e-?[0-9]{1,3}",];
        let number = number.prop_map(|text| serde_json::from_str(&text).unwrap_or(Value::Null));
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            number,
            prop_oneof![
                Just("EUR".to_owned()),
                Just("JPY".to_owned()),
                Just("a".to_owned()),
                Just("2026-02-30T00:00:00Z".to_owned()),
                Just("9999-12-31T23:59:59Z".to_owned()),
                Just("0000-01-01T00:00:00+14:00".to_owned()),
                ".{0,12}",
            ]
            .prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let name = prop_oneof![
                Just("unit"),
                Just("value"),
                Just("id"),
                Just("taxAmount"),
                Just("taxRate"),
                Just("taxCategory"),
                Just("startDateTime"),
                Just("@type"),
            ];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::vec((name, inner), 0..4).prop_map(|members| {
                    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_item_is_refused_or_billed(
            name in prop_oneof![
                Just("taxExcludedAmount"), Just("taxIncludedAmount"), Just("appliedTax"), Just("date"),
                Just("isBilled"), Just("bill"), Just("billingAccount"), Just("periodCoverage"),
                Just("product"), Just("name"), Just("id"), Just("@type"), Just("characteristic"),
            ],
            value in json_value(),
        ) {
            item(json!({ name: value }).to_string().as_bytes());
        }
    }
}
