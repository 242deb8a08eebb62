//! The scenarios that TM Forum's conformance kit for v4 runs, with requests of our own.

use black_box_tests::{Answer, Api, Resource, StatusCode, id, json, v4_account};
use serde_json::Value;

const RESOURCES: [&str; 7] = [
    "billFormat",
    "partyAccount",
    "billingCycleSpecification",
    "financialAccount",
    "billingAccount",
    "billPresentationMedia",
    "settlementAccount",
];

/// What the profile calls mandatory is there, in the types that it has, and spelled as it is.
#[track_caller]
fn assert_mandatory(resource: &str, document: &Value) {
    for attribute in ["id", "href", "name"] {
        assert!(document[attribute].as_str().is_some_and(|text| !text.is_empty()), "{document}");
    }
    if resource.ends_with("Account") && resource != "financialAccount" {
        let parties = document["relatedParty"].as_array().unwrap();
        for attribute in ["id", "name", "@referredType"] {
            assert!(parties.iter().all(|party| party[attribute].is_string()), "{document}");
        }
    }
}

/// The items of a list, which is answered with 200 and has some.
#[track_caller]
fn items(answer: &Answer) -> Vec<Value> {
    assert!(["name", "href", "id"].iter().all(|name| answer.text.contains(name)), "{answer:?}");
    assert!(!answer.text.contains("\\/") && !answer.text.contains("\\u"), "{answer:?}");
    let items = answer.expect(StatusCode::OK).as_array().unwrap().clone();
    assert!(!items.is_empty());
    items
}

fn document(resource: &str) -> Value {
    if resource.ends_with("Account") {
        v4_account("Travel account")
    } else {
        json!({ "name": "Monthly billing" })
    }
}

async fn create_twice(resource: &Resource, name: &str) -> [Value; 2] {
    let first = resource.create(&document(name)).await;
    [first, resource.create(&document(name)).await]
}

#[tokio::test(flavor = "multi_thread")]
async fn resources_are_created_read_and_found() {
    let api = Api::start().await;
    for name in RESOURCES {
        let resource = api.on_v4(name);
        let created = create_twice(&resource, name).await;
        assert_ne!(created[0]["id"], created[1]["id"]);
        created.iter().for_each(|document| assert_mandatory(name, document));
        let list = items(&resource.get("").await);
        assert_eq!(list, created);
        for document in &created {
            assert_eq!(resource.read(&id(document)).await, *document);
            let by_id = items(&resource.get(&format!("?id={}", id(document))).await);
            assert_eq!(json!(by_id), json!([document]));
        }
        let by_name = created[0]["name"].as_str().unwrap().replace(' ', "%20");
        assert_eq!(items(&resource.get(&format!("?name={by_name}")).await), created);
        assert_eq!(resource.get("?name=Nobody").await.json(), json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_attribute_of_the_first_level_can_be_selected() {
    let api = Api::start().await;
    for name in RESOURCES {
        let resource = api.on_v4(name);
        let created = resource.create(&document(name)).await;
        let attributes = created.as_object().unwrap().keys();
        for attribute in attributes.filter(|attribute| *attribute != "href") {
            let list = resource.get(&format!("?fields={attribute}")).await.expect(StatusCode::OK);
            let mut expected = json!({ "id": created["id"], "href": created["href"] });
            expected[attribute] = created[attribute].clone();
            assert_eq!(list, json!([expected]));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_exist_is_not_found() {
    let api = Api::start().await;
    for name in RESOURCES {
        let answer = api.on_v4(name).get("/b8f1b2ae-0000-4000-8000-b8f1b2ae0000").await;
        answer.expect(StatusCode::NOT_FOUND);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_profile_requires_is_required() {
    let api = Api::start().await;
    for name in RESOURCES {
        let resource = api.on_v4(name);
        let complete = document(name);
        for attribute in complete.as_object().unwrap().keys() {
            // The ledger's accounts need no party in v4.
            let required = !(name == "financialAccount" && attribute == "relatedParty");
            let mut less = complete.clone();
            less.as_object_mut().unwrap().remove(attribute);
            let expected = if required { StatusCode::BAD_REQUEST } else { StatusCode::CREATED };
            resource.post(&less).await.expect(expected);
        }
        let id = id(&resource.create(&complete).await);
        let patched = resource.patch(&id, &json!({ "name": "New" })).await.expect(StatusCode::OK);
        assert_eq!(patched["name"], "New");
        assert_eq!(resource.delete(&id).await.status, StatusCode::NO_CONTENT);
    }
}
