//! Subscriptions to events in both versions.

mod common;

use common::object_of;
use schemas::Kind;
use schemas::class::HUB;
use serde_json::{Value, json};

#[test]
fn a_subscription_has_its_counterpart() {
    let v4 = json!({
        "id": "1", "callback": "https://example.com/events", "query": "eventType=BillFormatCreateEvent",
        "version": "v4", "delivery": { "status": "retrying", "lastError": { "message": "timeout" } }
    });
    let mut v5 = v4.clone();
    v5["@type"] = json!("Hub");
    assert_eq!(Value::Object(HUB.to_v5(object_of(&v4))), v5);
    assert_eq!(Value::Object(HUB.to_v4(object_of(&v5))), v4);
    let mut of_its_class = v4;
    of_its_class["@type"] = json!("EventSubscription");
    assert_eq!(Value::Object(HUB.to_v5(object_of(&of_its_class))), v5);
}

#[test]
fn a_callback_is_required() {
    for schema in [&HUB.v4, &HUB.v5] {
        assert_eq!(schema.validate(&json!({ "callback": "http://a" })), Ok(()));
        for wrong in [json!({}), json!({ "callback": " " }), json!({ "callback": 5 })] {
            let faults = schema.validate(&wrong).unwrap_err();
            assert!(faults.iter().all(|fault| fault.pointer == "/callback"), "{faults:?}");
        }
    }
}

#[test]
fn what_became_of_events_can_be_compared() {
    for schema in [&HUB.v4, &HUB.v5] {
        for (path, kind) in [
            ("delivery.pending", Kind::Number),
            ("delivery.oldestPendingAge", Kind::Number),
            ("delivery.status", Kind::Text),
            ("delivery.lastError.time", Kind::Time),
            ("delivery.nextTry", Kind::Time),
        ] {
            assert_eq!(schema.kind_of(path), Some(kind), "{path}");
        }
    }
}
