//! v4 of the API, as its clients know it.

use black_box_tests::{Answering, Api, Method, StatusCode, id, json, v4_account, values_of};

const PARTY_ACCOUNTS: [&str; 3] = ["partyAccount", "billingAccount", "settlementAccount"];

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_as_v4_has_it() {
    let api = Api::start().await;
    let accounts = api.on_v4("billingAccount");
    let mut document = v4_account("Travel");
    document["id"] = json!("chosen");
    document["relatedParty"][0]["role"] = json!("owner");
    document["lastModified"] = json!("1999-01-01T00:00:00Z");
    document["contact"] = json!([{ "contactType": "primary", "validFor": {}, "contactMedium": [
        { "mediumType": "email", "characteristic": { "emailAddress": "a@example.com" } }
    ] }]);
    document["billStructure"] =
        json!({ "format": { "isRef": true, "id": "f", "name": "Detailed" } });
    let answer = accounts.post(&document).await;
    let created = answer.expect(StatusCode::CREATED);
    assert_eq!(answer.header("content-type"), "application/json;charset=utf-8");

    // The id may be the client's, as in v5; the time of the last change is the server's.
    let id = id(&created);
    assert_eq!(id, "chosen");
    accounts.post(&document).await.expect(StatusCode::CONFLICT);
    let href = format!("{}/tmf-api/accountManagement/v4/billingAccount/{id}", api.base_url());
    assert_eq!((created["href"].as_str(), answer.header("location")), (Some(&href[..]), &href[..]));
    assert!(created["lastModified"].as_str().unwrap() > "2026");
    assert_eq!(created["lastUpdate"], json!(null));
    for attribute in ["relatedParty", "contact", "billStructure"] {
        assert_eq!(created[attribute], document[attribute]);
    }
    assert_eq!(accounts.read(&id).await, created);
    assert_eq!(accounts.get("").await.json(), json!([created]));
    assert_eq!(accounts.delete(&id).await.status, StatusCode::NO_CONTENT);
    accounts.get(&format!("/{id}")).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_as_v4_has_them() {
    let api = Api::start().await;
    let accounts = api.on_v4("billingAccount");
    let missing = accounts.get("/nobody").await;
    assert_eq!(missing.header("content-type"), "application/json;charset=utf-8");
    let error = missing.expect(StatusCode::NOT_FOUND);
    assert_eq!((&error["code"], &error["status"]), (&json!("60"), &json!("404")));
    assert!(error["reason"].is_string() && error.get("@type").is_none());

    let error = accounts.post(&json!({ "relatedParty": [{ "id": 5 }] })).await;
    assert_eq!(
        error.expect(StatusCode::BAD_REQUEST)["message"],
        "/name is required; /relatedParty/0/@referredType is required; \
         /relatedParty/0/id must be a string; /relatedParty/0/name is required"
    );
    // v4 has no 501.
    let error = accounts.get("?depth=1").await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(error["status"], "400");
    // An extension whose name means something in v5 must mean that.
    let mut document = v4_account("n");
    document["ratingType"] = json!(5);
    let error = accounts.post(&document).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(error["message"], "/ratingType must be a string");
    // A reference that says so needs an id.
    let mut document = v4_account("n");
    document["billStructure"] = json!({ "format": { "isRef": true, "name": "Detailed" } });
    let error = accounts.post(&document).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(error["message"], "/billStructure/format/id is required");
    assert_eq!(accounts.total().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_may_be_a_part_and_not_touch_balances() {
    let api = Api::start().await;
    let balance = |value: i32| json!([{ "amount": { "unit": "EUR", "value": value }, "balanceType": "deposit", "validFor": {} }]);
    for name in PARTY_ACCOUNTS.into_iter().chain(["financialAccount"]) {
        let accounts = api.on_v4(name);
        let mut document = v4_account("n");
        document["accountBalance"] = balance(1);
        let id = id(&accounts.create(&document).await);
        let patch = |patch| {
            let accounts = &accounts;
            let id = &id;
            async move { accounts.patch_as("application/json;charset=utf-8", id, &patch).await }
        };
        let patched = patch(json!({ "state": "Active" })).await.expect(StatusCode::OK);
        assert_eq!((&patched["state"], &patched["name"]), (&json!("Active"), &json!("n")));
        // What is sent back unchanged is no change, and what the server keeps is none either.
        let same = patch(json!({ "accountBalance": balance(1) })).await.expect(StatusCode::OK);
        assert_eq!(same, patched);
        let stamp = json!({ "lastModified": "1999-01-01T00:00:00Z" });
        assert_eq!(patch(stamp).await.expect(StatusCode::OK), patched);
        let changed = patch(json!({ "accountBalance": balance(2) })).await;
        match name {
            "financialAccount" => {
                assert_eq!(changed.expect(StatusCode::OK)["accountBalance"], balance(2));
            }
            _ => {
                let error = changed.expect(StatusCode::BAD_REQUEST);
                assert_eq!(error["message"], "/accountBalance cannot be changed");
                assert_eq!(accounts.read(&id).await["accountBalance"], balance(1));
            }
        }
        let error = patch(json!({ "name": null })).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(error["message"], "/name is required");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_asked_for_with_the_names_of_v4() {
    let api = Api::start().await;
    let accounts = api.on_v4("billingAccount");
    for (name, party, role) in [("a", "1", "owner"), ("b", "2", "payer"), ("c", "1", "payer")] {
        let mut document = v4_account(name);
        document["relatedParty"] = json!([
            { "id": party, "name": format!("Party {party}"), "@referredType": "Organization", "role": role }
        ]);
        document["contact"] = json!([{ "contactType": "primary", "validFor": {}, "contactMedium": [
            { "mediumType": "email", "characteristic": { "emailAddress": format!("{name}@example.com") } }
        ] }]);
        accounts.create(&document).await;
    }
    for (query, expected) in [
        ("?relatedParty.id=1", "a c"),
        ("?relatedParty.id=1&relatedParty.role=payer", "c"),
        ("?relatedParty.name=Party%202", "b"),
        ("?relatedParty.partyOrPartyRole.id=1", "a c"),
        ("?relatedParty.id=unknown", ""),
        ("?lastModified.gt=2026-01-01", "a b c"),
        ("?lastModified.lt=2026-01-01", ""),
        ("?lastUpdate.gt=2026-01-01", "a b c"),
        ("?sort=-lastModified", "c b a"),
        ("?sort=-relatedParty.name,name", "b a c"),
        ("?contact.contactMedium.characteristic.emailAddress=b@example.com", "b"),
        ("?contact.contactMedium.emailAddress=b@example.com", "b"),
        ("?contact.contactMedium.mediumType=email&sort=-name", "c b a"),
        ("?filter=relatedParty[?(@.id=='2')]", "b"),
    ] {
        assert_eq!(values_of(&accounts.get(query).await, "name").join(" "), expected, "{query}");
    }
    let error = accounts.get("?lastModified.gt=yesterday").await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(error["reason"], "The query parameter lastModified is not valid");

    // id and href are always there; the class only if it is asked for.
    let list = accounts.get("?fields=relatedParty.name&name=a").await.expect(StatusCode::OK);
    let (id, href) = (&list[0]["id"], &list[0]["href"]);
    let expected = json!([{ "id": id, "href": href, "relatedParty": [{ "name": "Party 1" }] }]);
    assert_eq!(list, expected);
    let page = accounts.get("?limit=1&relatedParty.id=1").await;
    assert_eq!((page.header("x-total-count"), page.header("x-result-count")), ("2", "1"));
    assert!(page.header("link").contains("/v4/billingAccount?relatedParty.id=1&offset=1&limit=1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_created_and_repeated_and_asked_about() {
    let api = Api::start().await;
    let accounts = api.on_v4("billingAccount");
    let operations: Vec<_> = (0..3)
        .map(|n| json!({ "op": "add", "path": "/", "value": v4_account(&format!("n{n}")) }))
        .collect();
    let created = accounts.patch_as("application/json-patch+json", "", &json!(operations)).await;
    assert_eq!(values_of(&created, "name"), ["n0", "n1", "n2"]);
    assert!(created.json()[0]["relatedParty"][0]["id"] == "4711");
    let bulk = || {
        let request = accounts.request(Method::PATCH, "").header("idempotency-key", "many");
        let request = request.header("content-type", "application/json-patch+json");
        request.body(json!(operations).to_string()).answer()
    };
    let first = bulk().await;
    first.expect(StatusCode::OK);
    assert_eq!(bulk().await.text, first.text);
    assert_eq!(accounts.total().await, 6);

    let create = || accounts.request(Method::POST, "").header("idempotency-key", "k");
    let first = create().json(&v4_account("once")).answer().await.expect(StatusCode::CREATED);
    let again = create().json(&v4_account("once")).answer().await.expect(StatusCode::CREATED);
    assert_eq!(first, again);
    assert_eq!(accounts.total().await, 7);
    // The same body means something else in v5.
    let create_format = |formats: &black_box_tests::Resource| {
        let request = formats.request(Method::POST, "").header("idempotency-key", "k");
        request.json(&json!({ "name": "Detailed" })).answer()
    };
    create_format(&api.on_v4("billFormat")).await.expect(StatusCode::CREATED);
    create_format(&api.on("billFormat")).await.expect_error(422, "2");

    let options = accounts.request(Method::OPTIONS, "").answer().await;
    assert_eq!(options.header("allow"), "GET, HEAD, POST, PATCH, OPTIONS");
    let not_allowed = accounts.request(Method::PUT, "").answer().await;
    not_allowed.expect(StatusCode::METHOD_NOT_ALLOWED);
}
