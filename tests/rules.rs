//! What holds between resources, and what a deployment can choose.

use black_box_tests::{Api, StatusCode, account, id, json};
use serde_json::Value;

fn account_with(id: &str, attributes: Value) -> Value {
    let mut document = account(id);
    document["id"] = json!(id);
    document.as_object_mut().unwrap().extend(attributes.as_object().unwrap().clone());
    document
}

fn related(kind: &str, class: &str, id: &str) -> Value {
    json!({ "accountRelationship": [
        { "relationshipType": kind, "account": { "id": id, "@referredType": class } }
    ] })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_referred_to_is_not_deleted() {
    let api = Api::start().await;
    let (ledger, formats, media, cycles) = (
        api.on("financialAccount"),
        api.on("billFormat"),
        api.on("billPresentationMedia"),
        api.on("billingCycleSpecification"),
    );
    let format = id(&formats.create(&json!({ "name": "PDF" })).await);
    let medium = id(&media.create(&json!({ "name": "e-mail" })).await);
    let cycle = id(&cycles.create(&json!({ "name": "monthly" })).await);
    let book = ledger.create(&account_with("book", json!({ "@type": "FinancialAccount" }))).await;
    api.create(&account_with(
        "referrer",
        json!({
            "financialAccount": { "id": book["id"] },
            "billStructure": {
                "format": { "@type": "BillFormatRef", "id": format },
                "presentationMedia": [{ "@type": "BillPresentationMediaRef", "id": medium }],
                "cycleSpecification": { "@type": "BillingCycleSpecificationRef", "id": cycle }
            }
        }),
    ))
    .await;
    for (resource, id) in
        [(&ledger, "book"), (&formats, &format), (&media, &medium), (&cycles, &cycle)]
    {
        let error = resource.delete(id).await.expect_error(409, "24");
        let message = error["message"].as_str().unwrap();
        assert!(message.starts_with("billingAccount referrer refers to"), "{message}");
        resource.read(id).await;
    }
    assert_eq!(api.delete("referrer").await.status, StatusCode::NO_CONTENT);
    for (resource, id) in
        [(&ledger, "book"), (&formats, &format), (&media, &medium), (&cycles, &cycle)]
    {
        assert_eq!(resource.delete(id).await.status, StatusCode::NO_CONTENT, "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_referred_to_by_kind_and_id() {
    let api = Api::start().await;
    let parties = api.on("partyAccount");
    api.create(&account_with("1", json!({}))).await;
    parties.create(&account_with("1", json!({ "@type": "PartyAccount" }))).await;
    parties
        .create(&account_with("2", {
            let mut document = related("related", "BillingAccount", "1");
            document["@type"] = json!("PartyAccount");
            document
        }))
        .await;
    let error = api.delete("1").await.expect_error(409, "24");
    assert!(
        error["message"].as_str().unwrap().starts_with("partyAccount 2 refers to 1"),
        "{error}"
    );
    // The party account with the same id is another one.
    assert_eq!(parties.delete("1").await.status, StatusCode::NO_CONTENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_never_lies_below_itself() {
    let api = Api::start().await;
    let settlement = api.on("settlementAccount");
    api.create(&account_with("a", related("contains", "BillingAccount", "b"))).await;
    api.create(&account_with("b", related("contains", "SettlementAccount", "c"))).await;
    let mut c = account_with("c", related("contains", "BillingAccount", "a"));
    c["@type"] = json!("SettlementAccount");
    let error = settlement.post(&c).await.expect_error(400, "24");
    assert!(error["message"].as_str().unwrap().starts_with("/accountRelationship "), "{error}");
    c["accountRelationship"] = json!([]);
    settlement.create(&c).await;
    settlement
        .patch("c", &related("contains", "BillingAccount", "a"))
        .await
        .expect_error(400, "24");
    // The same told from below.
    api.patch("a", &related("contained in", "SettlementAccount", "c")).await.expect(StatusCode::OK);
    api.patch("b", &json!({})).await.expect(StatusCode::OK);
    let both = json!({ "accountRelationship": [
        { "relationshipType": "contains", "account": { "id": "b" } },
        { "relationshipType": "isContainedIn", "account": { "id": "c", "@referredType": "SettlementAccount" } }
    ] });
    api.patch("a", &both).await.expect_error(400, "24");
    // What is no hierarchy may go in circles.
    for (id, other) in [("d", "e"), ("e", "d")] {
        api.create(&account_with(id, related("sibling", "BillingAccount", other))).await;
    }
    api.post(&account_with("f", related("contains", "BillingAccount", "f")))
        .await
        .expect_error(400, "24");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strict_deployment_refuses_references_to_nothing() {
    let api = Api::start_with(&[("references", "strict")]).await;
    let with_format = |class: &str, id: &str| json!({ "billStructure": { "format": { "@type": class, "id": id, "name": "n" } } });
    let error = api.post(&account_with("a", with_format("BillFormatRef", "none"))).await;
    let error = error.expect_error(400, "24");
    assert!(error["message"].as_str().unwrap().starts_with("/billStructure/format "), "{error}");
    api.create(&account_with("a", with_format("BillFormat", "none"))).await;
    let format = id(&api.on("billFormat").create(&json!({ "name": "PDF" })).await);
    api.patch("a", &with_format("BillFormatRef", &format)).await.expect(StatusCode::OK);
    // One of two that exists is not enough.
    let two = json!({ "accountRelationship": [
        { "relationshipType": "related", "account": { "id": "a" } },
        { "relationshipType": "related", "account": { "id": "none" } }
    ] });
    api.post(&account_with("b", two)).await.expect_error(400, "24");
    api.post(&account_with("b", json!({ "financialAccount": { "id": "none" } })))
        .await
        .expect_error(400, "24");
    // Parties are kept elsewhere.
    api.create(&account_with("b", related("related", "BillingAccount", "a"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_can_have_states_follow_one_another() {
    let api = Api::start_with(&[("state_transitions", "tmf")]).await;
    api.create(&account_with("a", json!({ "state": "Defined" }))).await;
    for (state, allowed) in [
        ("Suspended", false),
        ("Active", true),
        ("Active", true),
        ("Closed", false),
        ("Pending_Closed", true),
        ("Active", false),
        ("Closed", true),
        ("Active", false),
    ] {
        let answer = api.patch("a", &json!({ "state": state })).await;
        match allowed {
            true => assert_eq!(answer.expect(StatusCode::OK)["state"], state),
            false => {
                let error = answer.expect_error(409, "24");
                assert!(error["message"].as_str().unwrap().starts_with("/state "), "{error}");
            }
        }
    }
    let open = Api::start().await;
    open.create(&account_with("a", json!({ "state": "Closed" }))).await;
    open.patch("a", &json!({ "state": "Active" })).await.expect(StatusCode::OK);
}
