//! Creating many accounts at once.

use black_box_tests::{Answering, Api, Method, StatusCode, account, json};
use serde_json::Value;

const JSON_PATCH: &str = "application/json-patch+json";

fn add(name: &str, id: Option<&str>) -> Value {
    let mut document = account(name);
    if let Some(id) = id {
        document["id"] = json!(id);
    }
    json!({ "op": "add", "path": "/", "value": document })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_accounts_are_created_at_once() {
    let api = Api::start().await;
    let operations: Vec<_> = (0..1000).map(|n| add(&format!("{n:04}"), None)).collect();
    let created = api.patch_as(JSON_PATCH, "", &json!(operations)).await.expect(StatusCode::OK);
    assert_eq!(created.as_array().unwrap().len(), 1000);
    assert_eq!(api.total().await, 1000);
    let last = &created[999];
    assert_eq!(&api.read(last["id"].as_str().unwrap()).await, last);
    let found = api.get("?name.gte=0990&sort=-name&limit=2").await;
    assert_eq!(black_box_tests::values_of(&found, "name"), ["0999", "0998"]);
    assert_eq!(found.header("x-total-count"), "10");
    let too_many: Vec<_> = (0..1001).map(|n| add(&n.to_string(), None)).collect();
    api.patch_as(JSON_PATCH, "", &json!(too_many)).await.expect_error(400, "22");
    assert_eq!(api.total().await, 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_are_created_or_none() {
    let api = Api::start().await;
    api.create(&add("there", Some("taken"))["value"]).await;
    let good = add("good", Some("good"));
    for (second, status, code, place) in [
        (add("", None), 400, "24", "In /1/value: /name "),
        (add("x", Some("taken")), 409, "24", "In /1/value: /id taken"),
        (add("x", Some("good")), 409, "24", "In /1/value: /id good"),
        (json!({ "op": "remove", "path": "/taken" }), 400, "24", "/1/op "),
        (json!({ "op": "add", "path": "/x", "value": {} }), 400, "24", "/1/path "),
        (json!({ "op": "add", "path": "/" }), 400, "24", "/1/value "),
        (json!(5), 400, "24", "/1 "),
    ] {
        let answer = api.patch_as(JSON_PATCH, "", &json!([good, second])).await;
        let error = answer.expect_error(status, code);
        let message = error["message"].as_str().unwrap();
        assert!(message.starts_with(place), "{second}: {message}");
    }
    assert_eq!(api.total().await, 1);
    let other = api.patch_as("application/merge-patch+json", "", &json!([good])).await;
    other.expect_error(415, "26");
    let answer = api.patch_as(JSON_PATCH, "", &json!([good])).await;
    assert_eq!(answer.expect(StatusCode::OK)[0]["id"], "good");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_that_are_sent_again_are_created_once() {
    let api = Api::start().await;
    let send = |operations: &[Value]| {
        let request = api.request(Method::PATCH, "").header("idempotency-key", "once");
        let request = request.header("content-type", JSON_PATCH);
        request.body(json!(operations).to_string()).answer()
    };
    let operations: Vec<_> = (0..1000).map(|n| add(&format!("{n:04}"), None)).collect();
    let first = send(&operations).await;
    first.expect(StatusCode::OK);
    let again = send(&operations).await;
    assert_eq!(again.status, StatusCode::OK);
    assert!(again.text == first.text, "the answer is the first one");
    send(&operations[1..]).await.expect_error(422, "2");
    assert_eq!(api.total().await, 1000);
}
