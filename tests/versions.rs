//! The same data through both versions of the API.

use black_box_tests::{
    Answering, Api, Method, StatusCode, account, id, json, v4_account, values_of,
};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_through_one_is_read_through_the_other() {
    let api = Api::start().await;
    for name in ["partyAccount", "billingAccount", "settlementAccount", "financialAccount"] {
        let (v4, v5) = (api.on_v4(name), api.on(name));
        let from_v4 = v4.create(&v4_account("from v4")).await;
        let seen = v5.read(&id(&from_v4)).await;
        assert_eq!(seen["lastUpdate"], from_v4["lastModified"]);
        assert_eq!(
            seen["relatedParty"],
            json!([{ "@type": "RelatedPartyRefOrPartyRoleRef", "partyOrPartyRole":
                { "@type": "PartyRef", "id": "4711", "name": "Acme", "@referredType": "Organization" } }])
        );
        let version = |href: &serde_json::Value| href.as_str().unwrap().contains("/v5/");
        assert!(version(&seen["href"]) && !version(&from_v4["href"]));

        let mut document = account("from v5");
        document.as_object_mut().unwrap().remove("@type");
        let from_v5 = v5.create(&document).await;
        let seen = v4.read(&id(&from_v5)).await;
        assert_eq!(seen["lastModified"], from_v5["lastUpdate"]);
        // v4 requires a name.
        assert_eq!(
            seen["relatedParty"],
            json!([{ "role": "owner", "id": "4711", "name": "4711", "@referredType": "Organization" }])
        );
        assert_eq!(values_of(&v4.get("?sort=name").await, "name"), ["from v4", "from v5"]);
        assert_eq!(values_of(&v5.get("?sort=name").await, "name"), ["from v4", "from v5"]);
        assert_eq!(v4.delete(&id(&from_v5)).await.status, StatusCode::NO_CONTENT);
        assert_eq!(v5.total().await, 1);
    }
    for name in ["billFormat", "billPresentationMedia", "billingCycleSpecification"] {
        let created = api.on_v4(name).create(&json!({ "name": "n", "description": "d" })).await;
        let mut seen = api.on(name).read(&id(&created)).await;
        seen["href"] = created["href"].clone();
        assert_eq!(seen, created);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_through_v4_keeps_what_only_v5_has() {
    let api = Api::start().await;
    let (v4, v5) = (api.on_v4("billingAccount"), api.on("billingAccount"));
    let created = v5
        .create(&json!({
            "@type": "BillingAccount", "name": "n", "ratingType": "prepaid", "lastModified": "an extension",
            "relatedParty": [
                { "@type": "RelatedPartyRefOrPartyRoleRef", "role": "owner", "partyOrPartyRole":
                    { "@type": "PartyRoleRef", "id": "7", "partyId": "1", "partyName": "Acme" } },
                { "@type": "RelatedPartyRefOrPartyRoleRef", "role": "payer", "id": "beside", "partyOrPartyRole":
                    { "@type": "PartyRef", "id": "8" } }
            ],
            "taxExemption": [{ "@type": "TaxExemptionCertificate", "id": "t",
                "taxDefinition": [{ "@type": "TaxDefinition", "name": "vat" }] }],
            "contact": [{ "@type": "Contact", "contactType": "primary" }],
            "loyalty": { "level": "gold", "points": 100.10 }
        }))
        .await;
    let id = id(&created);

    // Changing something else changes nothing else.
    let patched = v4.patch(&id, &json!({ "state": "Active" })).await.expect(StatusCode::OK);
    assert_eq!(patched["relatedParty"][1]["name"], "8");
    assert_eq!(patched["contact"][0]["validFor"], json!({}));
    let mut expected = created.clone();
    let seen = v5.read(&id).await;
    expected["state"] = json!("Active");
    expected["lastUpdate"] = seen["lastUpdate"].clone();
    assert_eq!(seen, expected);

    // A client that sends a list back keeps what it did not see of its elements.
    let mut parties = patched["relatedParty"].clone();
    parties[1]["role"] = json!("payee");
    parties
        .as_array_mut()
        .unwrap()
        .push(json!({ "id": "9", "name": "New", "@referredType": "Individual" }));
    v4.patch(&id, &json!({ "relatedParty": parties })).await.expect(StatusCode::OK);
    let seen = v5.read(&id).await;
    assert_eq!(seen["relatedParty"][0], created["relatedParty"][0]);
    let mut second = created["relatedParty"][1].clone();
    second["role"] = json!("payee");
    assert_eq!(seen["relatedParty"][1], second);
    assert_eq!(seen["relatedParty"][2]["partyOrPartyRole"]["id"], "9");

    // JSON Patch is about what v4 shows.
    let operations = json!([
        { "op": "replace", "path": "/relatedParty/0/name", "value": "Acme Ltd" },
        { "op": "remove", "path": "/relatedParty/2" },
        { "op": "test", "path": "/taxExemption/0/issuingJurisdiction", "value": "unknown" }
    ]);
    v4.patch_as("application/json-patch+json", &id, &operations).await.expect(StatusCode::OK);
    let seen = v5.read(&id).await;
    assert_eq!(
        seen["relatedParty"][0]["partyOrPartyRole"],
        json!({ "@type": "PartyRoleRef", "id": "7", "partyId": "1", "partyName": "Acme", "name": "Acme Ltd" })
    );
    assert_eq!(seen["relatedParty"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&seen["taxExemption"], &seen["contact"]),
        (&created["taxExemption"], &created["contact"])
    );
    assert_eq!(
        (&seen["loyalty"], &seen["lastModified"]),
        (&created["loyalty"], &created["lastModified"])
    );

    // Nothing changed, nothing happens.
    let before = v5.read(&id).await;
    let all = v4.read(&id).await;
    v4.patch(&id, &all).await.expect(StatusCode::OK);
    assert_eq!(v5.read(&id).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_v5_requires_does_not_keep_v5_clients_from_changing_the_rest() {
    let api = Api::start().await;
    let (v4, v5) = (api.on_v4("financialAccount"), api.on("financialAccount"));
    let id = id(&v4.create(&json!({ "name": "Ledger" })).await);
    let patched = v5.patch(&id, &json!({ "state": "Active" })).await.expect(StatusCode::OK);
    assert_eq!(patched["relatedParty"], json!(null));
    // What there is must be whole.
    let party =
        json!({ "relatedParty": [{ "partyOrPartyRole": { "@type": "PartyRef", "id": "1" } }] });
    let error = v5.patch(&id, &party).await.expect_error(400, "23");
    assert_eq!(error["message"], "/relatedParty/0/role is required");
    v5.post(&json!({ "name": "Ledger" })).await.expect_error(400, "23");
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_differ_by_version_and_a_change_through_either_shows_in_both() {
    let api = Api::start().await;
    let (v4, v5) = (api.on_v4("billingAccount"), api.on("billingAccount"));
    let created = v4.post(&v4_account("n")).await;
    let id = id(&created.json());
    let path = format!("/{id}");
    let tag_of = |answer: &black_box_tests::Answer| answer.header("etag").to_owned();
    let (in_v4, in_v5) = (tag_of(&v4.get(&path).await), tag_of(&v5.get(&path).await));
    assert_eq!(tag_of(&created), in_v4);
    assert_ne!(in_v4, in_v5);

    let patch_in_v5 = |tag: &str| {
        let request = v5.request(Method::PATCH, &path).header("if-match", tag);
        request.json(&json!({ "state": "Active" })).answer()
    };
    patch_in_v5(&in_v4).await.expect_error(412, "26");
    patch_in_v5(&in_v5).await.expect(StatusCode::OK);
    // What the v4 client has is out of date.
    let read = |tag: &str| v4.request(Method::GET, &path).header("if-none-match", tag).answer();
    let now = read(&in_v4).await;
    assert_eq!(now.expect(StatusCode::OK)["state"], "Active");
    assert_eq!(read(&tag_of(&now)).await.status, StatusCode::NOT_MODIFIED);
    let delete = |tag: &str| v4.request(Method::DELETE, &path).header("if-match", tag).answer();
    delete(&in_v4).await.expect(StatusCode::PRECONDITION_FAILED);
    assert_eq!(delete(&tag_of(&now)).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_hold_across_versions() {
    let api = Api::start_with(&[("references", "strict"), ("state_transitions", "tmf")]).await;
    let format = id(&api.on("billFormat").create(&json!({ "name": "Detailed" })).await);
    let accounts = api.on_v4("billingAccount");
    let mut document = v4_account("n");
    let reference = |id: &str| json!({ "format": { "isRef": true, "id": id, "name": "Detailed" } });
    document["billStructure"] = reference("nowhere");
    let error = accounts.post(&document).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(
        error["message"],
        "/billStructure/format must refer to a resource that exists; nowhere does not"
    );
    document["billStructure"] = reference(&format);
    document["state"] = json!("Closed");
    let id = id(&accounts.create(&document).await);
    api.on_v4("billFormat").delete(&format).await.expect(StatusCode::CONFLICT);
    accounts.patch(&id, &json!({ "state": "Active" })).await.expect(StatusCode::CONFLICT);
}
