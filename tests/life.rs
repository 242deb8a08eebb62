//! The life of an account: created, read, changed, deleted.

use black_box_tests::{Answering, Api, BILLING_ACCOUNT, Method, StatusCode, account, id, json};

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_created_read_changed_and_deleted() {
    let api = Api::start().await;

    let created = api.post(&account("Travel account")).await;
    let document = created.expect(StatusCode::CREATED);
    let id = id(&document);
    let href = format!("{}{BILLING_ACCOUNT}/{id}", api.base_url());
    assert_eq!(document["href"], href);
    assert_eq!(created.header("location"), href);
    assert_eq!(document["@type"], "BillingAccount");
    assert_eq!(document["name"], "Travel account");
    assert_eq!(document["relatedParty"], account("")["relatedParty"]);
    let first_update = document["lastUpdate"].as_str().unwrap().to_owned();
    assert!(first_update.starts_with("20") && first_update.ends_with('Z'), "{first_update}");

    assert_eq!(api.read(&id).await, document);
    assert_eq!(api.get(&href).await.expect(StatusCode::OK), document);
    assert_eq!(api.get("").await.expect(StatusCode::OK), json!([document]));

    let patch = json!({ "name": "Business travel", "description": "Flights", "state": "Active" });
    let patched = api.patch(&id, &patch).await.expect(StatusCode::OK);
    assert_eq!(patched["name"], "Business travel");
    assert_eq!(patched["description"], "Flights");
    assert_eq!(patched["relatedParty"], document["relatedParty"]);
    assert!(patched["lastUpdate"].as_str().unwrap() > first_update.as_str());
    assert_eq!(api.read(&id).await, patched);

    let deleted = api.delete(&id).await;
    assert_eq!((deleted.status, deleted.text.as_str()), (StatusCode::NO_CONTENT, ""));
    api.get(&format!("/{id}")).await.expect_error(404, "60");
    api.delete(&id).await.expect_error(404, "60");
    assert_eq!(api.get("").await.expect(StatusCode::OK), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_patch_replaces_merges_and_removes() {
    let api = Api::start().await;
    let mut document = account("Merged");
    document["description"] = json!("to be removed");
    document["creditLimit"] = json!({ "unit": "EUR", "value": 10 });
    document["paymentPlan"] = json!([{ "planType": "a" }, { "planType": "b" }]);
    let id = id(&api.create(&document).await);

    let patch = json!({
        "description": null,
        "creditLimit": { "value": 20 },
        "paymentPlan": [{ "planType": "c" }]
    });
    let request = api.request(Method::PATCH, &format!("/{id}"));
    // Plain JSON is a merge patch too.
    let patched = request.json(&patch).answer().await.expect(StatusCode::OK);
    assert_eq!(patched.get("description"), None);
    assert_eq!(patched["creditLimit"], json!({ "unit": "EUR", "value": 20 }));
    assert_eq!(patched["paymentPlan"], json!([{ "@type": "PaymentPlan", "planType": "c" }]));
    assert_eq!(api.read(&id).await, patched);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_that_changes_nothing_leaves_the_account_as_it_was() {
    let api = Api::start().await;
    let document = api.create(&account("Unchanged")).await;
    let id = id(&document);
    // A client that sends back what it received, or only a part of it.
    for patch in
        [json!({}), json!({ "name": "Unchanged" }), json!({ "absent": null }), document.clone()]
    {
        assert_eq!(api.patch(&id, &patch).await.expect(StatusCode::OK), document, "{patch}");
    }
    let of_another_time = json!({ "lastUpdate": "2000-01-01T00:00:00Z" });
    assert_eq!(api.patch(&id, &of_another_time).await.expect(StatusCode::OK), document);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_keeps_is_not_the_clients_to_set() {
    let api = Api::start().await;
    let mut document = account("Kept");
    document["href"] = json!("http://example.com/elsewhere");
    document["lastUpdate"] = json!("2000-01-01T00:00:00Z");
    let created = api.create(&document).await;
    assert_eq!(created["href"], format!("{}{BILLING_ACCOUNT}/{}", api.base_url(), id(&created)));
    assert!(created["lastUpdate"].as_str().unwrap() > "2026");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_may_choose_the_id() {
    let api = Api::start().await;
    let mut document = account("Chosen");
    document["id"] = json!("urn:account_1.~x");
    let created = api.create(&document).await;
    assert_eq!(created["id"], "urn:account_1.~x");
    assert_eq!(api.read("urn:account_1.~x").await, created);
    assert_eq!(api.read("urn%3Aaccount_1%2E~x/").await, created, "escaped, with a slash behind");

    document["name"] = json!("The same again");
    api.post(&document).await.expect_error(409, "24");
    assert_eq!(api.read("urn:account_1.~x").await, created);
}

#[tokio::test(flavor = "multi_thread")]
async fn extensions_and_numbers_are_kept_as_they_were_written() {
    let api = Api::start().await;
    let body = r#"{"name":"Extended","relatedParty":[{"role":"owner"}],"creditLimit":{"unit":"EUR","value":100.10},
        "loyalty":{"level":"gold","points":12345678901234567890123},"@type":"GoldAccount","@baseType":"BillingAccount"}"#;
    let request =
        api.request(Method::POST, "").header("content-type", "application/json; charset=utf-8");
    let created = request.body(body).answer().await;
    let document = created.expect(StatusCode::CREATED);
    assert_eq!(document["@type"], "GoldAccount");
    let id = id(&document);
    let patched = api.patch(&id, &json!({ "name": "Still extended" })).await;
    for text in [&created.text, &patched.text, &api.get(&format!("/{id}")).await.text] {
        assert!(text.contains(r#""value":100.10"#), "{text}");
        assert!(text.contains(r#"{"level":"gold","points":12345678901234567890123}"#), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_class_is_filled_in() {
    let api = Api::start().await;
    let mut document = account("Without @type");
    document.as_object_mut().unwrap().remove("@type");
    assert_eq!(api.create(&document).await["@type"], "BillingAccount");
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_of_other_systems_are_kept() {
    let api = Api::start().await;
    for id in ["0.0.0.1+-account+100001", "BS2|7836", "a;b,c=d&e@f!$'()*[]~"] {
        let mut document = account(id);
        document["id"] = json!(id);
        let created = api.post(&document).await;
        assert_eq!(created.expect(StatusCode::CREATED)["id"], id);
        let href = created.header("location");
        assert_eq!(api.get(href).await.expect(StatusCode::OK), created.json());
        assert_eq!(api.read(id).await, created.json());
        assert_eq!(api.delete(id).await.status, StatusCode::NO_CONTENT);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn links_lead_back_the_way_the_client_came() {
    for (trusts, host) in [("yes", "https://api.example.com"), ("no", "")] {
        let api = Api::start_with(&[("trust_forwarded", trusts)]).await;
        let id = id(&api.create(&account("Linked")).await);
        let proxied = api
            .request(Method::GET, &format!("/{id}"))
            .header("x-forwarded-proto", "https")
            .header("x-forwarded-host", "api.example.com")
            .answer()
            .await;
        let host = if host.is_empty() { api.base_url() } else { host.to_owned() };
        let document = proxied.expect(StatusCode::OK);
        assert_eq!(document["href"], format!("{host}{BILLING_ACCOUNT}/{id}"));
        assert_eq!(proxied.header("cache-control"), "private, no-cache");
        let direct = api.get(&format!("/{id}")).await.expect(StatusCode::OK);
        assert_eq!(direct["href"], format!("{}{BILLING_ACCOUNT}/{id}", api.base_url()));
    }

    let api = Api::start_with(&[("base_url", "https://example.org/eu/")]).await;
    let created = api.post(&account("Linked")).await;
    let document = created.expect(StatusCode::CREATED);
    let href =
        format!("https://example.org/eu{BILLING_ACCOUNT}/{}", document["id"].as_str().unwrap());
    assert_eq!(
        (document["href"].as_str(), created.header("location")),
        (Some(href.as_str()), href.as_str())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn large_documents_are_kept_whole() {
    let api = Api::start().await;
    let mut created = Vec::new();
    for number in 0..12 {
        let mut document = account(&format!("Large {number}"));
        document["description"] = json!(format!("{number} ").repeat(80_000));
        created.push(api.create(&document).await);
        api.create(&account(&format!("Small {number}"))).await;
    }
    for document in &created {
        assert_eq!(&api.read(&id(document)).await, document);
    }
    let list = api.get("?limit=3&offset=20").await.expect(StatusCode::OK);
    assert_eq!(list[0], created[10]);
    assert_eq!(list[2], created[11]);

    let shrunk = id(&created[5]);
    let patch = json!({ "description": "small now" });
    api.patch(&shrunk, &patch).await.expect(StatusCode::OK);
    assert_eq!(api.read(&shrunk).await["description"], "small now");
    assert_eq!(api.delete(&id(&created[6])).await.status, 204);
    assert_eq!(api.total().await, 23);
}
