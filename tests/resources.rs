//! The seven resources.

use black_box_tests::{Api, StatusCode, id, json};
use serde_json::Value;

/// The least document of each resource, and whether the server notes its changes in it.
fn resources() -> Vec<(&'static str, Value, bool)> {
    let party = json!([{ "role": "owner", "partyOrPartyRole": { "id": "1" } }]);
    let account = json!({ "name": "n", "relatedParty": party });
    let named = json!({ "name": "n" });
    vec![
        ("partyAccount", account.clone(), true),
        ("billingAccount", account.clone(), true),
        ("settlementAccount", account.clone(), true),
        ("financialAccount", account, true),
        ("billFormat", named.clone(), false),
        ("billPresentationMedia", named.clone(), false),
        ("billingCycleSpecification", named, false),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_resource_is_created_read_listed_changed_and_deleted() {
    let api = Api::start().await;
    for (name, document, is_stamped) in resources() {
        let resource = api.on(name);
        let created = resource.create(&document).await;
        let class = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
        assert_eq!(created["@type"], class);
        assert_eq!(created["lastUpdate"].is_string(), is_stamped, "{name}");
        let id = id(&created);
        assert_eq!(
            created["href"],
            format!("{}/tmf-api/accountManagement/v5/{name}/{id}", api.base_url())
        );
        assert_eq!(resource.read(&id).await, created);
        let patch = json!({ "name": "m", "description": "d" });
        let patched = resource.patch(&id, &patch).await.expect(StatusCode::OK);
        assert_eq!((&patched["name"], &patched["description"]), (&json!("m"), &json!("d")));
        let list = resource.get("?name=m").await.expect(StatusCode::OK);
        assert_eq!(list, json!([patched]), "{name}");
        resource.patch(&id, &json!({ "name": null })).await.expect_error(400, "23");
        assert_eq!(resource.delete(&id).await.status, StatusCode::NO_CONTENT);
        resource.get(&format!("/{id}")).await.expect_error(404, "60");
        assert_eq!(resource.total().await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_resource_has_what_is_required() {
    let api = Api::start().await;
    for (name, document, _) in resources() {
        for attribute in document.as_object().unwrap().keys() {
            let mut less = document.clone();
            less.as_object_mut().unwrap().remove(attribute);
            let error = api.on(name).post(&less).await.expect_error(400, "23");
            assert_eq!(error["message"], format!("/{attribute} is required"), "{name}");
        }
        let mut other = document.clone();
        other["@type"] = json!("Other");
        api.on(name).post(&other).await.expect_error(400, "24");
        other["@baseType"] = json!("Any");
        api.on(name).post(&other).await.expect(StatusCode::CREATED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_has_another_name_in_the_examples_of_the_standard() {
    let api = Api::start().await;
    let cycles = api.on("billingCycleSpecification");
    let document = json!({ "@type": "BillCycleSpecification", "name": "monthly" });
    let created = cycles.create(&document).await;
    assert_eq!(created["@type"], "BillingCycleSpecification");
    let patched = cycles.patch(&id(&created), &document).await.expect(StatusCode::OK);
    assert_eq!(patched, created);
}
