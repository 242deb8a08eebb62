//! Changing accounts in the media types of TMF630.

use black_box_tests::{Api, StatusCode, account, id, json, v4_account};
use serde_json::Value;

const JSON_PATCH: &str = "application/json-patch+json";
const QUERY_PATCH: &str = "application/json-patch-query+json";

/// A related party as it is answered, with its classes.
fn party(role: &str, id: &str) -> Value {
    json!({
        "@type": "RelatedPartyRefOrPartyRoleRef",
        "role": role,
        "partyOrPartyRole": { "@type": "PartyRef", "id": id }
    })
}

/// An account with what there is to patch.
async fn patched_account(api: &Api) -> String {
    let mut document = account("Patched");
    document["relatedParty"] = json!([party("owner", "1"), party("payer", "2")]);
    document["contact"] = json!([{ "contactName": "Rachel Douglas", "contactType": "primary" }]);
    document["accountRelationship"] =
        json!([{ "relationshipType": "related", "account": { "id": "7688" } }]);
    document["creditLimit"] = json!({ "unit": "EUR", "value": 100 });
    document["tags"] = json!(["A", "B", "C"]);
    id(&api.create(&document).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_of_json_patch_change_accounts() {
    let api = Api::start().await;
    for (patch, attribute, expected) in [
        (json!([{ "op": "replace", "path": "/name", "value": "New" }]), "name", json!("New")),
        (json!({ "op": "add", "path": "/state", "value": "Active" }), "state", json!("Active")),
        (
            json!([
                { "op": "test", "path": "/creditLimit/value", "value": 100.0 },
                { "op": "replace", "path": "/creditLimit/value", "value": 250.50 }
            ]),
            "creditLimit",
            json!({ "unit": "EUR", "value": 250.50 }),
        ),
        (
            json!([{ "op": "remove", "path": "/relatedParty/0" }]),
            "relatedParty",
            json!([party("payer", "2")]),
        ),
        // An element that is added to an array is appended.
        (
            json!([{ "op": "add", "path": "/contact", "value": { "contactType": "secondary" } }]),
            "contact",
            json!([
                { "@type": "Contact", "contactName": "Rachel Douglas", "contactType": "primary" },
                { "@type": "Contact", "contactType": "secondary" }
            ]),
        ),
        (
            json!([{ "op": "add", "path": "/contact/0", "value": { "contactType": "first" } }]),
            "contact",
            json!([
                { "@type": "Contact", "contactType": "first" },
                { "@type": "Contact", "contactName": "Rachel Douglas", "contactType": "primary" }
            ]),
        ),
        // An array takes the place of an array.
        (json!([{ "op": "add", "path": "/contact", "value": [] }]), "contact", json!([])),
        (
            json!([
                { "op": "copy", "from": "/relatedParty/0", "path": "/relatedParty/-" },
                { "op": "move", "from": "/relatedParty/1", "path": "/relatedParty/0" },
            ]),
            "relatedParty",
            json!([party("payer", "2"), party("owner", "1"), party("owner", "1")]),
        ),
    ] {
        let id = patched_account(&api).await;
        let patched = api.patch_as(JSON_PATCH, &id, &patch).await.expect(StatusCode::OK);
        assert_eq!(patched[attribute], expected, "{patch}");
        assert_eq!(api.read(&id).await, patched);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_choose_elements_by_their_values() {
    let api = Api::start().await;
    for (path, operation, value, attribute, expected) in [
        (
            "/contact/contactType?/contact.contactName=Rachel Douglas",
            "replace",
            Some(json!("secondary")),
            "/contact/0/contactType",
            json!("secondary"),
        ),
        (
            "/relatedParty/role?relatedParty.partyOrPartyRole.id=2",
            "replace",
            Some(json!("debtor")),
            "/relatedParty/1/role",
            json!("debtor"),
        ),
        (
            "/accountRelationship?/accountRelationship.account.id=7688",
            "remove",
            None,
            "/accountRelationship",
            Value::Null,
        ),
        (
            "/relatedParty?relatedParty.role=owner",
            "remove",
            None,
            "/relatedParty/0/role",
            json!("payer"),
        ),
        (
            "$.relatedParty[?(@.role=='payer')].role",
            "replace",
            Some(json!("x")),
            "/relatedParty/1/role",
            json!("x"),
        ),
        (
            "relatedParty[?(@.role=='payer')].since",
            "add",
            Some(json!("2026")),
            "/relatedParty/1/since",
            json!("2026"),
        ),
        (
            "/creditLimit/value?/creditLimit/value=100",
            "replace",
            Some(json!(7)),
            "/creditLimit/value",
            json!(7),
        ),
        (
            "/relatedParty[?(@.role=='payer')]/role",
            "replace",
            Some(json!("x")),
            "/relatedParty/1/role",
            json!("x"),
        ),
        (
            "/relatedParty/1/role?relatedParty.role=payer",
            "replace",
            Some(json!("x")),
            "/relatedParty/1/role",
            json!("x"),
        ),
        ("$.tags[0,0]", "remove", None, "/tags", json!(["B", "C"])),
        ("$.tags[::-1]", "remove", None, "/tags", Value::Null),
        ("$.tags[0,2]", "add", Some(json!("x")), "/tags", json!(["x", "A", "B", "x", "C"])),
        ("/tags?tags=B", "replace", Some(json!("x")), "/tags", json!(["A", "x", "C"])),
    ] {
        for media_type in [QUERY_PATCH, JSON_PATCH] {
            let id = patched_account(&api).await;
            let mut patch = json!({ "op": operation, "path": path });
            if let Some(value) = &value {
                patch["value"] = value.clone();
            }
            let patched =
                api.patch_as(media_type, &id, &json!([patch])).await.expect(StatusCode::OK);
            assert_eq!(patched.pointer(attribute).cloned().unwrap_or_default(), expected, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_that_fails_changes_nothing() {
    let api = Api::start().await;
    let id = patched_account(&api).await;
    let before = api.read(&id).await;
    let rename = json!({ "op": "replace", "path": "/name", "value": "New" });
    for (second, code, place) in [
        (json!({ "op": "test", "path": "/name", "value": "Other" }), "24", "/1/value"),
        (json!({ "op": "remove", "path": "/nothing" }), "24", "/1/path"),
        (json!({ "op": "replace", "path": "/relatedParty/9", "value": {} }), "24", "/1/path"),
        (json!({ "op": "remove", "path": "/relatedParty?relatedParty.role=x" }), "24", "/1/path"),
        (
            json!({
                "op": "replace", "path": "/relatedParty/1/role?relatedParty.role=owner",
                "value": "owner"
            }),
            "24",
            "/1/path",
        ),
        (json!({ "op": "replace", "path": "description", "value": "x" }), "24", "/1/path"),
        (
            json!({ "op": "copy", "path": "/x", "from": "/relatedParty?relatedParty.role=x" }),
            "24",
            "/1/from",
        ),
        (json!({ "op": "grow", "path": "/name" }), "24", "/1/op"),
        (json!({ "op": "add", "path": "/name" }), "24", "/1/value"),
        (json!({ "op": "add", "value": 1 }), "24", "/1/path"),
        (json!({ "op": "remove", "path": "/name" }), "23", "/name"),
        (json!({ "op": "remove", "path": "/relatedParty" }), "23", "/relatedParty"),
        (json!({ "op": "replace", "path": "/id", "value": "other" }), "24", "/id"),
        (json!({ "op": "replace", "path": "/href", "value": "other" }), "24", "/href"),
        (json!({ "op": "replace", "path": "/@type", "value": "Other" }), "24", "/@type"),
        (json!({ "op": "add", "path": "/state", "value": 5 }), "24", "/state"),
        (json!("nothing"), "24", "/1"),
    ] {
        let answer = api.patch_as(JSON_PATCH, &id, &json!([rename, second])).await;
        let error = answer.expect_error(400, code);
        let message = error["message"].as_str().unwrap();
        assert!(message.starts_with(&format!("{place} ")), "{second}: {message}");
    }
    assert_eq!(api.read(&id).await, before);
    for nothing in [json!([]), json!([{ "op": "test", "path": "/name", "value": "Patched" }])] {
        let patched = api.patch_as(JSON_PATCH, &id, &nothing).await.expect(StatusCode::OK);
        assert_eq!(patched, before, "lastUpdate included");
    }
    let array = api.patch_as("application/merge-patch+json", &id, &json!([rename])).await;
    array.expect_error(400, "22");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_cannot_grow_without_end() {
    let api = Api::start().await;
    let id = patched_account(&api).await;
    let deeper = json!({ "op": "copy", "from": "/creditLimit", "path": "/creditLimit/again" });
    let answer = api.patch_as(JSON_PATCH, &id, &json!(vec![deeper; 70])).await;
    answer.expect_error(400, "24");
    let mut wider = vec![json!({ "op": "add", "path": "/list", "value": ["x".repeat(1000)] })];
    wider.extend(vec![json!({ "op": "copy", "from": "/list", "path": "/list/-" }); 40]);
    api.patch_as(JSON_PATCH, &id, &json!(wider)).await.expect_error(400, "24");
    assert!(api.read(&id).await.get("list").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_of_queries_may_leave_out_their_root() {
    let api = Api::start().await;
    for media_type in [QUERY_PATCH, "application/json-patch+query"] {
        let id = patched_account(&api).await;
        let patch = json!([
            { "op": "add", "path": "description", "value": "x" },
            { "op": "replace", "path": "creditLimit.value", "value": 5 },
            { "op": "replace", "path": "relatedParty[1].role", "value": "debtor" }
        ]);
        let patched = api.patch_as(media_type, &id, &patch).await.expect(StatusCode::OK);
        assert_eq!(patched["description"], "x");
        assert_eq!(patched["creditLimit"]["value"], 5);
        assert_eq!(patched["relatedParty"][1]["role"], "debtor");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_has_up_to_200_operations() {
    let api = Api::start().await;
    let id = patched_account(&api).await;
    let rename = json!({ "op": "replace", "path": "/name", "value": "New" });
    for media_type in [JSON_PATCH, QUERY_PATCH] {
        let too_many = json!(vec![&rename; 201]);
        api.patch_as(media_type, &id, &too_many).await.expect_error(400, "22");
        assert_eq!(api.read(&id).await["name"], "Patched");
    }
    api.patch_as(JSON_PATCH, &id, &json!(vec![&rename; 200])).await.expect(StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn any_address_of_the_account_is_its_href() {
    let api = Api::start().await;
    let id = id(&api.on_v4("billingAccount").create(&v4_account("Patched")).await);
    let encoded: String = id.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let own = [
        format!("https://proxy.example/v4/billingAccount/{id}"),
        format!("/tmf-api/accountManagement/v5/billingAccount/{id}"),
        format!("http://10.0.0.1:3000/billingAccount/{encoded}"),
    ];
    let other = [
        format!("https://proxy.example/v5/partyAccount/{id}"),
        format!("https://proxy.example/v5/billingAccount/{id}0"),
        "other".to_owned(),
    ];
    let patches = |href: &str| {
        let replace = json!([{ "op": "replace", "path": "/href", "value": href }]);
        [
            ("application/merge-patch+json", json!({ "href": href })),
            ("application/json", json!({ "href": href })),
            (JSON_PATCH, replace.clone()),
            (QUERY_PATCH, replace),
        ]
    };
    for accounts in [api.on("billingAccount"), api.on_v4("billingAccount")] {
        let before = accounts.get(&format!("/{id}")).await.expect(StatusCode::OK);
        for (media_type, patch) in own.iter().flat_map(|href| patches(href)) {
            let patched = accounts.patch_as(media_type, &id, &patch).await;
            assert_eq!(patched.expect(StatusCode::OK), before, "{patch}");
        }
        for (media_type, patch) in other.iter().flat_map(|href| patches(href)) {
            let refused = accounts.patch_as(media_type, &id, &patch).await;
            assert_eq!(refused.expect(StatusCode::BAD_REQUEST)["code"], "24", "{patch}");
        }
        let removed = accounts.patch(&id, &json!({ "href": null })).await;
        removed.expect(StatusCode::BAD_REQUEST);
    }
}
