//! Which resources a list has.

use black_box_tests::{Api, StatusCode, json, values_of};
use serde_json::Value;

/// Accounts of a small operator: their names tell them apart.
fn accounts() -> [Value; 4] {
    let party = |id: &str, role: &str| json!({ "role": role, "partyOrPartyRole": { "@type": "PartyRef", "id": id, "name": format!("P{id}") } });
    [
        json!({
            "name": "travel", "state": "Active", "accountType": "business",
            "creditLimit": { "unit": "EUR", "value": 100.10 },
            "relatedParty": [party("1", "owner"), party("2", "payer")]
        }),
        json!({
            "name": "phones", "state": "Active", "creditLimit": { "unit": "EUR", "value": 20 },
            "relatedParty": [party("2", "owner")], "loyaltyLevel": 3,
            "billStructure": { "format": { "@type": "BillFormatRef", "id": "pdf" } }
        }),
        json!({
            "name": "a,b;c&d=e", "state": "Suspended", "relatedParty": [party("3", "owner")],
            "financialAccount": { "id": "ledger-1" }
        }),
        json!({
            "name": "old", "state": "Closed", "relatedParty": [party("1", "owner")],
            "@type": "TravelAccount", "@baseType": "BillingAccount",
            "paymentPlan": [{ "status": "Effective", "numberOfPayments": 12 }]
        }),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_on_attributes_choose_accounts() {
    let api = Api::start().await;
    for account in accounts() {
        api.create(&account).await;
    }
    let created = api.get("?sort=id").await.json()[0]["lastUpdate"].as_str().unwrap().to_owned();
    let day = &created[..10];
    for (query, expected) in [
        ("state=Active", "travel phones"),
        ("state.eq=Active", "travel phones"),
        ("state==Active", "travel phones"),
        ("state=Active,Closed", "travel phones old"),
        ("state=Active&state=Closed", "travel phones old"),
        ("state=Active;state=Closed", "travel phones old"),
        ("state=Active;Closed", "travel phones old"),
        ("state=Active&relatedParty.partyOrPartyRole.id=1", "travel"),
        ("state=Active&relatedParty.partyOrPartyRole.id=1;name=old", "travel old"),
        ("state.ne=Active", "a,b;c&d=e old"),
        ("name=a%2Cb%3Bc%26d%3De", "a,b;c&d=e"),
        ("name=a,b", ""),
        ("state=Suspended%2CClosed", "a,b;c&d=e old"),
        ("name=~", ""),
        ("name.gte=~x", ""),
        ("relatedParty.id=3", "a,b;c&d=e"),
        ("lastModified.lt=9999-12-31T23:59:59Z", "travel phones a,b;c&d=e old"),
        ("lastUpdate.gt=2025-11-01T00:00Z", "travel phones a,b;c&d=e old"),
        ("state=Closed;filter=relatedParty[?(@.role=='payer')]", "travel old"),
        ("filter=$[?(@.name=='x]&y')]&state=Closed", ""),
        ("name.gt=old", "phones travel"),
        ("name%3E=old", "old phones travel"),
        ("name.gte=old&name.lt=travel", "old phones"),
        ("name.regex=^[pt]", "travel phones"),
        ("name*=^[pt]", "travel phones"),
        ("accountType=business", "travel"),
        ("creditLimit.value=100.1", "travel"),
        ("creditLimit.value.gt=20", "travel"),
        ("creditLimit.value%3C%3D20.0", "phones"),
        ("creditLimit.unit=EUR", "travel phones"),
        ("relatedParty.role=payer", "travel"),
        ("relatedParty.partyOrPartyRole.name=P2", "travel phones"),
        ("relatedParty.partyOrPartyRole.id=2", "travel phones"),
        ("relatedParty.partyOrPartyRole.id=2,3", "travel phones a,b;c&d=e"),
        ("relatedParty.partyOrPartyRole.id.gt=1", "travel phones a,b;c&d=e"),
        ("billStructure.format.id=pdf", "phones"),
        ("financialAccount.id=ledger-1", "a,b;c&d=e"),
        ("paymentPlan.numberOfPayments.lt=13", "old"),
        ("loyaltyLevel=3", "phones"),
        ("loyaltyLevel.gt=3", ""),
        ("@type=TravelAccount", "old"),
        ("@type=BillingAccount", "travel phones a,b;c&d=e"),
        ("unknown=x", ""),
        ("state=active", ""),
        ("filter=relatedParty[?(@.role=='payer')]", "travel"),
        ("filter=$[?(@.name=='phones')]", "phones"),
        ("filter=$[?(@.creditLimit.value>50)]&state=Active", "travel"),
        ("filter=$[?(@.state=='Closed'||@.state=='Suspended')]", "a,b;c&d=e old"),
        ("filter=$[?(@.state=='Active'&&@.creditLimit.value<50)]", "phones"),
        ("filter=$[?(@.name =~ /^TRA/i)]", "travel"),
        ("filter=nothing.here", ""),
    ] {
        let query = query.replace(' ', "%20").replace('^', "%5E");
        let list = api.get(&format!("?{query}")).await;
        let mut names = values_of(&list, "name");
        let mut expected: Vec<_> = expected.split(' ').filter(|name| !name.is_empty()).collect();
        assert_eq!(list.header("x-total-count"), expected.len().to_string(), "{query}");
        names.sort_unstable();
        expected.sort_unstable();
        assert_eq!(names, expected, "{query}");
    }
    for (query, expected) in [
        (format!("lastUpdate={day}"), 4),
        (format!("lastUpdate={created}"), 1),
        (format!("lastUpdate.gte={created}"), 4),
        (format!("lastUpdate.gt={created}"), 3),
        ("lastUpdate.lt=2020-01-01".to_owned(), 0),
        (format!("lastUpdate.gt=2020-01-01&lastUpdate.lte={created}"), 1),
    ] {
        let list = api.get(&format!("?{query}&limit=0")).await;
        assert_eq!(list.header("x-total-count"), expected.to_string(), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_and_hrefs_are_attributes_too() {
    let api = Api::start().await;
    let ids: Vec<_> = ["a", "b", "c"]
        .into_iter()
        .map(|id| {
            let mut account = accounts()[0].clone();
            account["id"] = json!(id);
            account
        })
        .collect();
    for account in &ids {
        api.create(account).await;
    }
    let href = api.read("b").await["href"].as_str().unwrap().to_owned();
    for (query, expected) in [
        ("id=b".to_owned(), vec!["b"]),
        ("id=a,c,x".to_owned(), vec!["a", "c"]),
        ("id.gt=a".to_owned(), vec!["b", "c"]),
        ("id=b&state=Closed".to_owned(), vec![]),
        ("id=x".to_owned(), vec![]),
        (format!("href={href}"), vec!["b"]),
    ] {
        assert_eq!(values_of(&api.get(&format!("?{query}")).await, "id"), expected, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_follows_what_happens_to_accounts() {
    let api = Api::start().await;
    let [account, ..] = accounts();
    let id = black_box_tests::id(&api.create(&account).await);
    let total = async |query: &str| {
        let list = api.get(&format!("?{query}&limit=0")).await;
        list.header("x-total-count").parse::<u64>().unwrap()
    };
    assert_eq!(total("state=Active").await, 1);
    api.patch(&id, &json!({ "state": "Closed", "name": "renamed" })).await.expect(StatusCode::OK);
    assert_eq!(total("state=Active").await, 0);
    assert_eq!(total("state=Closed&name=renamed").await, 1);
    api.patch(&id, &json!({ "state": null })).await.expect(StatusCode::OK);
    assert_eq!(total("state=Closed").await, 0);
    assert_eq!(values_of(&api.get("?sort=state").await, "name"), ["renamed"]);
    api.delete(&id).await;
    assert_eq!(total("relatedParty.partyOrPartyRole.id=1").await, 0);
    assert_eq!(total("name.gt=").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_choose_attributes() {
    let api = Api::start().await;
    let created = api.request(black_box_tests::Method::POST, "?fields=name").json(&accounts()[0]);
    let created = black_box_tests::Answering::answer(created).await.expect(StatusCode::CREATED);
    let attributes = |document: &Value| {
        let names: Vec<_> = document.as_object().unwrap().keys().cloned().collect();
        names.join(" ")
    };
    assert_eq!(attributes(&created), "@type href id name");
    let id = black_box_tests::id(&created);
    for (fields, expected) in [
        ("none", "@type href id"),
        ("href", "@type href id"),
        ("name,state", "@type href id name state"),
        ("name&fields=state", "@type href id name state"),
        ("creditLimit.unit", "@type creditLimit href id"),
        ("unknown", "@type href id"),
    ] {
        let document = api.get(&format!("/{id}?fields={fields}")).await.expect(StatusCode::OK);
        assert_eq!(attributes(&document), expected, "{fields}");
        let list = api.get(&format!("?fields={fields}")).await.expect(StatusCode::OK);
        assert_eq!(list[0], document, "{fields}");
    }
    let nested = api.get(&format!("/{id}?fields=relatedParty.role")).await.json();
    // The class stays with each part, as it does with the whole.
    let party = |role: &str| json!({ "@type": "RelatedPartyRefOrPartyRoleRef", "role": role });
    assert_eq!(nested["relatedParty"], json!([party("owner"), party("payer")]));
    let patched = api.request(black_box_tests::Method::PATCH, &format!("/{id}?fields=state"));
    let patched = patched.header("content-type", "application/json").body(r#"{"state":"x"}"#);
    let patched = black_box_tests::Answering::answer(patched).await.expect(StatusCode::OK);
    assert_eq!(attributes(&patched), "@type href id state");
}
