//! Documents as clients out there write them are taken as they are, through the whole pipeline.

mod common;

use account_management::{BILLING_ACCOUNT, PARTY_ACCOUNT, SETTLEMENT_ACCOUNT};
use common::ways::{V4, V5, ask, least, patch_as};
use common::{World, account, expect};
use http::Method;
use kv_tree::Memory;
use serde_json::{Value, json};
use tmf630::Definition;

/// That `found` has all that is in `sent`, but for what is null there.
#[track_caller]
fn assert_has(found: &Value, sent: &Value, place: &str) {
    match sent {
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
                assert_has(&found[name], value, &format!("{place}/{name}"));
            }
        }
        Value::Array(elements) => {
            assert_eq!(found.as_array().map(Vec::len), Some(elements.len()), "{place}");
            for (index, element) in elements.iter().enumerate() {
                assert_has(&found[index], element, &format!("{place}/{index}"));
            }
        }
        value => assert_eq!(found, value, "{place}"),
    }
}

/// Creates what a client of v4 sends, and reads, changes and lists it through both versions.
fn live_in_both_versions(definition: &'static Definition, sent: &Value, href_is_kept: bool) {
    let world = World::on(Memory::default());
    let created = ask(&world, V4, definition, Method::POST, "", sent);
    let document = expect(&created, 201);
    let mut expected = sent.clone();
    if !href_is_kept {
        expected.as_object_mut().unwrap().remove("href");
    }
    assert_has(&document, &expected, "");
    let item = format!("/{}", document["id"].as_str().unwrap());
    let read = |version, rest: &str| {
        expect(&ask(&world, version, definition, Method::GET, rest, &Value::Null), 200)
    };
    assert_eq!(read(V4, &item), document);
    assert_eq!(read(V4, ""), json!([document]));
    let in_v5 = read(V5, &item);
    assert_eq!(read(V5, ""), json!([in_v5]));
    assert_every_part_has_a_class(&in_v5);

    // Sent back whole through either version, nothing changes.
    for (version, shown) in [(V5, &in_v5), (V4, &document)] {
        let back = ask(&world, version, definition, Method::PATCH, &item, shown);
        assert_eq!(expect(&back, 200), *shown);
    }
    assert_eq!((read(V4, &item), read(V5, &item)), (document.clone(), in_v5.clone()));
    // What changes through v5 leaves the rest as v4 knows it.
    let state = json!({ "description": "changed" });
    expect(&ask(&world, V5, definition, Method::PATCH, &item, &state), 200);
    let mut changed = document.clone();
    changed["description"] = json!("changed");
    assert_eq!(read(V4, &item), changed);
    assert_eq!(ask(&world, V4, definition, Method::DELETE, &item, &Value::Null).status(), 204);
}

/// The parts that v5 requires a class of.
fn assert_every_part_has_a_class(document: &Value) {
    for pointer in [
        "",
        "/relatedParty",
        "/relatedParty/partyOrPartyRole",
        "/contact",
        "/contact/contactMedium",
        "/contact/relatedParty",
        "/accountBalance",
        "/taxExemption",
        "/paymentPlan",
        "/accountRelationship",
        "/accountRelationship/account",
        "/billStructure",
        "/billStructure/format",
        "/billStructure/presentationMedia",
        "/billStructure/cycleSpecification",
        "/defaultPaymentMethod",
        "/financialAccount",
    ] {
        let mut parts = vec![document];
        for name in pointer.split('/').skip(1) {
            parts = parts
                .into_iter()
                .flat_map(|part| match &part[name] {
                    Value::Array(elements) => elements.iter().collect(),
                    Value::Null => Vec::new(),
                    one => vec![one],
                })
                .collect();
        }
        for part in parts {
            assert!(part["@type"].is_string(), "{pointer}: {part}");
        }
    }
}

/// As a migration from another system writes it.
fn migrated_profile() -> Value {
    json!({
        "id": "7-ACC|0042",
        "accountType": "Household",
        "description": "Moved",
        "ratingType": "Prepaid",
        "state": "Suspended",
        "name": "House 42",
        "relatedParty": [{
            "id": "C42", "name": "House 42", "href": "/crm/v4/customer/C42",
            "@referredType": "Customer", "role": "Customer"
        }],
        "accountRelationship": [{
            "account": {
                "id": "Pre_42", "href": "/accounts/v4/billingAccount/Pre_42", "name": "House 42",
                "description": "Moved", "@referredType": "Account"
            },
            "relationshipType": "PayingAccount",
            "validFor": { "startDateTime": "1801-02-03T04:05:06.789Z" }
        }],
        "characteristic": [{ "name": "old_id", "value": "0b1c" }],
        "externalReference": [
            { "externalReferenceType": "migration", "id": "7-ACC|0042", "name": "oldNumber" }
        ],
        "billStructure": {
            "cycleSpecification": {
                "id": "C-1", "href": "/accounts/v4/billingCycleSpecification/C-1", "isRef": true, "name": "C-1"
            },
            "presentationMedia": [
                { "href": "/accounts/v4/billPresentationMedia/9", "id": "9", "isRef": false, "name": "LETTER" }
            ]
        },
        "contact": [{
            "contactName": "HOME", "contactType": "HOME",
            "validFor": { "startDateTime": "1801-01-01T00:00:00Z", "endDateTime": "9999-12-31T23:59:59Z" },
            "contactMedium": [
                {
                    "mediumType": "POSTAL_ADDRESS", "preferred": true,
                    "characteristic": {
                        "contactType": "HOME",
                        "place": [{ "id": "P-1", "href": "/places/P-1", "role": "HOME", "name": "HOME" }]
                    }
                },
                {
                    "mediumType": "POSTAL_ADDRESS", "preferred": false,
                    "characteristic": {
                        "city": "Town", "contactType": "HOME", "stateOrProvince": "", "street1": "Road 2",
                        "street2": "-", "country": "CH"
                    }
                },
                {
                    "mediumType": "EMAIL", "preferred": false,
                    "characteristic": { "emailAddress": "a@example.org", "contactType": "WORK" }
                },
                {
                    "mediumType": "PHONE", "preferred": false,
                    "characteristic": { "phoneNumber": "+41000", "contactType": "WORK" }
                }
            ]
        }]
    })
}

/// As a generated client writes it that sends every attribute it knows.
fn full_of_nulls() -> Value {
    json!({
        "@baseType": "BaseEntity",
        "@schemaLocation": null,
        "@type": null,
        "id": null,
        "href": null,
        "lastModified": null,
        "name": "Sparse",
        "description": null,
        "accountType": null,
        "contact": [],
        "creditLimit": null,
        "accountBalance": null,
        "billStructure": { "format": null, "presentationMedia": null, "cycleSpecification": {
            "isRef": true, "id": "c", "name": "c", "href": null, "validFor": null
        } },
        "paymentPlan": [{ "planType": "x", "priority": null, "paymentMethod": null }],
        "relatedParty": [
            { "id": "1", "name": "x", "href": null, "role": null, "@referredType": "Customer", "@baseType": null }
        ]
    })
}

#[test]
fn a_migrated_profile_lives_in_both_versions() {
    for definition in [&PARTY_ACCOUNT, &BILLING_ACCOUNT, &SETTLEMENT_ACCOUNT] {
        live_in_both_versions(definition, &migrated_profile(), true);
    }
}

#[test]
fn nulls_of_generated_clients_are_as_if_absent() {
    for definition in [&PARTY_ACCOUNT, &BILLING_ACCOUNT] {
        live_in_both_versions(definition, &full_of_nulls(), false);
    }
}

#[test]
fn roles_of_v4_are_roles_in_v5() {
    for (referred, class) in [
        ("Customer", "PartyRoleRef"),
        ("Supplier", "PartyRoleRef"),
        ("Consumer", "PartyRoleRef"),
        ("Producer", "PartyRoleRef"),
        ("BusinessPartner", "PartyRoleRef"),
        ("PartyRole", "PartyRoleRef"),
        ("Individual", "PartyRef"),
        ("Organization", "PartyRef"),
    ] {
        let world = World::on(Memory::default());
        let party = json!({ "id": "1", "name": "A", "@referredType": referred });
        let mut document = least(V4, &BILLING_ACCOUNT, "1");
        document["relatedParty"] = json!([party]);
        document["contact"] =
            json!([{ "contactType": "x", "validFor": {}, "relatedParty": party }]);
        expect(&ask(&world, V4, &BILLING_ACCOUNT, Method::POST, "", &document), 201);
        // What a patch adds is no different.
        let two = json!({ "relatedParty": [party, party] });
        expect(&ask(&world, V4, &BILLING_ACCOUNT, Method::PATCH, "/1", &two), 200);
        let seen = expect(&ask(&world, V5, &BILLING_ACCOUNT, Method::GET, "/1", &Value::Null), 200);
        for party in [
            &seen["relatedParty"][0]["partyOrPartyRole"],
            &seen["relatedParty"][1]["partyOrPartyRole"],
            &seen["contact"][0]["relatedParty"]["partyOrPartyRole"],
        ] {
            assert_eq!(party["@type"], class, "{referred}: {party}");
            assert_eq!(party["@referredType"], referred);
        }
        // The same said in v5 without a class.
        let parties =
            json!([{ "role": "x", "partyOrPartyRole": { "id": "2", "@referredType": referred } }]);
        let patch = json!({ "relatedParty": parties });
        let patched = ask(&world, V5, &BILLING_ACCOUNT, Method::PATCH, "/1", &patch);
        assert_eq!(expect(&patched, 200)["relatedParty"][0]["partyOrPartyRole"]["@type"], class);
    }
}

/// An account of v5 with a part of each kind, none of which says its class.
fn without_classes(id: &str) -> Value {
    account(
        id,
        json!({
            "contact": [{
                "contactType": "x",
                "contactMedium": [{ "emailAddress": "a@example.org" }, { "phoneNumber": "1" }],
                "relatedParty": { "role": "x", "partyOrPartyRole": { "id": "1" } }
            }],
            "accountBalance": [{
                "amount": { "unit": "EUR", "value": 1 }, "balanceType": "x", "validFor": {}
            }],
            "taxExemption": [{ "certificateNumber": "1" }],
            "paymentPlan": [{ "planType": "x" }],
            "accountRelationship": [{ "relationshipType": "related", "account": { "id": "0" } }],
            "billStructure": {
                "format": { "id": "f" }, "presentationMedia": [{ "id": "m" }],
                "cycleSpecification": { "id": "c" }
            },
            "defaultPaymentMethod": { "id": "p" },
            "financialAccount": { "id": "l" }
        }),
    )
}

#[test]
fn every_answer_says_the_classes_of_all_parts() {
    let world = World::on(Memory::default());
    let created = ask(&world, V5, &BILLING_ACCOUNT, Method::POST, "", &without_classes("1"));
    let document = expect(&created, 201);
    assert_every_part_has_a_class(&document);
    assert_has(&document, &without_classes("1"), "");
    let bulk = json!([{ "op": "add", "path": "/", "value": without_classes("2") }]);
    let media_type = "application/json-patch+json";
    let bulk = expect(&patch_as(&world, V5, &BILLING_ACCOUNT, media_type, "", &bulk), 200);
    assert_every_part_has_a_class(&bulk[0]);
    let mut patch = without_classes("3");
    patch.as_object_mut().unwrap().remove("id");
    expect(&ask(&world, V5, &BILLING_ACCOUNT, Method::POST, "", &account("3", json!({}))), 201);
    let patched = ask(&world, V5, &BILLING_ACCOUNT, Method::PATCH, "/3", &patch);
    assert_every_part_has_a_class(&expect(&patched, 200));
    let list = ask(&world, V5, &BILLING_ACCOUNT, Method::GET, "?sort=id", &Value::Null);
    for (number, item) in expect(&list, 200).as_array().unwrap().iter().enumerate() {
        assert_every_part_has_a_class(item);
        let item_path = format!("/{}", number + 1);
        let read = ask(&world, V5, &BILLING_ACCOUNT, Method::GET, &item_path, &Value::Null);
        assert_eq!(expect(&read, 200), *item);
    }
    let some = ask(&world, V5, &BILLING_ACCOUNT, Method::GET, "/1?fields=contact", &Value::Null);
    assert_eq!(expect(&some, 200)["contact"], document["contact"]);
    // They can be found by.
    let found = ask(
        &world,
        V5,
        &BILLING_ACCOUNT,
        Method::GET,
        "?contact.contactMedium.@type=EmailContactMedium&taxExemption.@type.ne=x",
        &Value::Null,
    );
    assert_eq!(found.headers()["x-total-count"], "3");
    // A client that leaves them out again changes nothing.
    let tag = created.headers()["etag"].clone();
    let again = ask(&world, V5, &BILLING_ACCOUNT, Method::PATCH, "/1", &without_classes("1"));
    assert_eq!((again.status().as_u16(), &again.headers()["etag"]), (200, &tag));
}
