//! Documents as clients out there write them are taken as they are, through the whole pipeline.

mod common;

use account_management::{ALL, BILL_FORMAT, BILLING_ACCOUNT, FINANCIAL_ACCOUNT, PARTY_ACCOUNT};
use bytes::Bytes;
use common::{World, account, expect, request_in};
use http::{HeaderValue, Method, Response};
use kv_tree::Memory;
use pollster::block_on;
use serde_json::{Value, json};
use tmf630::{Definition, Version};

const V4: Version = Version::V4;
const V5: Version = Version::V5;

fn ask(
    world: &World,
    version: Version,
    definition: &'static Definition,
    method: Method,
    rest: &str,
    body: &Value,
) -> Response<Bytes> {
    let body = body.to_string();
    block_on(world.ask(definition, request_in(version, definition, method, rest, &body)))
}

fn patch_as(
    world: &World,
    version: Version,
    definition: &'static Definition,
    media_type: &'static str,
    rest: &str,
    body: &Value,
) -> Response<Bytes> {
    let mut request = request_in(version, definition, Method::PATCH, rest, &body.to_string());
    request.headers_mut().insert("content-type", HeaderValue::from_static(media_type));
    block_on(world.ask(definition, request))
}

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
    for definition in [&PARTY_ACCOUNT, &BILLING_ACCOUNT, &account_management::SETTLEMENT_ACCOUNT] {
        live_in_both_versions(definition, &migrated_profile(), true);
    }
}

#[test]
fn nulls_of_generated_clients_are_as_if_absent() {
    for definition in [&PARTY_ACCOUNT, &BILLING_ACCOUNT] {
        live_in_both_versions(definition, &full_of_nulls(), false);
    }
}

/// A v4 document as the least of v5.
fn least(version: Version, definition: &Definition, id: &str) -> Value {
    let mut document = account(id, json!({}));
    if version == V4 {
        document["relatedParty"] =
            json!([{ "id": "1", "name": "A", "@referredType": "Individual", "role": "owner" }]);
    }
    if !definition.resource.extends.contains(&"Account") {
        document = json!({ "id": id, "name": id });
    }
    document
}

/// What the document answers on each way to create, in both versions.
fn every_way_to_create(
    definition: &'static Definition,
    change: &dyn Fn(&mut Value),
) -> Vec<(String, Response<Bytes>)> {
    let mut answers = Vec::new();
    for version in [V4, V5] {
        let mut document = least(version, definition, "1");
        change(&mut document);
        let world = World::on(Memory::default());
        let created = ask(&world, version, definition, Method::POST, "", &document);
        let name = definition.resource.name;
        answers.push((format!("POST {name} {version:?}"), created));
        let world = World::on(Memory::default());
        let bulk = json!([{ "op": "add", "path": "/", "value": document }]);
        let bulk = patch_as(&world, version, definition, "application/json-patch+json", "", &bulk);
        answers.push((format!("bulk {name} {version:?}"), bulk));
    }
    answers
}

/// What a change of an attribute answers in each media type, in both versions.
fn every_way_to_change(
    definition: &'static Definition,
    attribute: &str,
    value: &dyn Fn(Version) -> Value,
) -> Vec<(String, Response<Bytes>)> {
    let mut answers = Vec::new();
    for version in [V4, V5] {
        let value = value(version);
        let path = format!("/{attribute}");
        for (media_type, patch) in [
            ("application/json", json!({ attribute: value })),
            ("application/merge-patch+json", json!({ attribute: value })),
            ("application/json-patch+json", json!([{ "op": "add", "path": path, "value": value }])),
            (
                "application/json-patch-query+json",
                json!([{ "op": "add", "path": format!("$.{attribute}"), "value": value }]),
            ),
        ] {
            let world = World::on(Memory::default());
            let document = least(version, definition, "1");
            expect(&ask(&world, version, definition, Method::POST, "", &document), 201);
            let before = ask(&world, version, definition, Method::GET, "/1", &Value::Null);
            let answer = patch_as(&world, version, definition, media_type, "/1", &patch);
            if answer.status() != 200 {
                let after = ask(&world, version, definition, Method::GET, "/1", &Value::Null);
                assert_eq!(after.body(), before.body());
            }
            let name = definition.resource.name;
            answers.push((format!("{media_type} {name} {version:?} {patch}"), answer));
        }
    }
    answers
}

#[test]
fn nulls_count_as_absent_on_every_way_in_and_stay_in_extensions() {
    for definition in ALL {
        let names: &[&str] = match definition.resource.name {
            // ratingType is an extension in v4, and standard in v5.
            "billingAccount" => &["@type", "href", "creditLimit", "contact", "ratingType"],
            "billFormat" => &["@type", "href", "description", "@schemaLocation"],
            _ => &["@type", "href", "description"],
        };
        let nulls = |document: &mut Value| {
            names.iter().for_each(|name| document[name] = Value::Null);
            document["ext"] = json!(null);
            document["other"] = json!({ "name": null });
        };
        for (case, answer) in every_way_to_create(definition, &nulls) {
            assert!(answer.status().is_success(), "{case}: {answer:?}");
            let document: Value = serde_json::from_slice(answer.body()).unwrap();
            let document = document.get(0).unwrap_or(&document);
            for name in names {
                assert_ne!(document.get(name), Some(&Value::Null), "{case}: {name}");
            }
            assert_eq!(document["@type"], definition.class.name(), "{case}");
            assert_eq!(document.get("ext"), Some(&Value::Null), "{case}");
            assert_eq!(document["other"], json!({ "name": null }), "{case}");
        }
    }
    let parties = |version: Version| match version {
        V4 => {
            json!([{ "id": "2", "name": "B", "href": null, "role": null, "@referredType": "Customer", "x": null }])
        }
        V5 => json!([{ "role": "payer", "@type": null, "x": null,
            "partyOrPartyRole": { "id": "2", "href": null, "@referredType": "Customer" } }]),
    };
    for (case, answer) in every_way_to_change(&BILLING_ACCOUNT, "relatedParty", &parties) {
        let party = expect(&answer, 200)["relatedParty"][0].clone();
        let text = party.to_string();
        assert_eq!(party.get("x"), Some(&Value::Null), "{case}: {text}");
        assert_eq!(text.matches("null").count(), 1, "{case}: {text}");
    }
    for (case, answer) in every_way_to_change(&BILLING_ACCOUNT, "description", &|_| json!(null)) {
        assert_eq!(expect(&answer, 200).get("description"), None, "{case}");
    }
    for (case, answer) in every_way_to_change(&BILLING_ACCOUNT, "name", &|_| json!(null)) {
        assert_eq!(expect(&answer, 400)["message"], "/name is required", "{case}");
    }
}

#[test]
fn a_class_extends_no_other_kind_of_resource() {
    for definition in ALL {
        let own = definition.resource;
        for other in
            ALL.map(|other| other.resource.class).into_iter().chain(["Account", "GoldThing"])
        {
            let is_known = ALL.iter().any(|known| known.resource.class == other);
            let is_right = other == own.class || own.extends.contains(&other) || !is_known;
            let expected = if is_right { [200, 201] } else { [400, 400] };
            let set = |document: &mut Value| {
                document["@type"] = json!("OurOwn");
                document["@baseType"] = json!(other);
            };
            let mut answers = every_way_to_create(definition, &set);
            answers.extend(every_way_to_change(definition, "@baseType", &|_| json!(other)));
            for (case, answer) in answers {
                let status = answer.status().as_u16();
                assert!(expected.contains(&status), "{other} as base, {case}: {answer:?}");
                if !is_right {
                    let message = expect(&answer, 400)["message"].to_string();
                    assert!(message.contains("/@baseType must be"), "{case}: {message}");
                }
            }
        }
    }
}

#[test]
fn a_name_is_not_blank() {
    for definition in ALL {
        for blank in ["", " ", "\t\n", "\u{a0}\u{2003}"] {
            let mut answers = every_way_to_create(definition, &|document| {
                document["name"] = json!(blank);
            });
            answers.extend(every_way_to_change(definition, "name", &|_| json!(blank)));
            for (case, answer) in answers {
                let message = expect(&answer, 400)["message"].to_string();
                assert!(message.contains("/name must not be blank"), "{case}: {message}");
            }
        }
    }
    for (case, answer) in every_way_to_change(&BILLING_ACCOUNT, "name", &|_| json!(" x ")) {
        assert_eq!(expect(&answer, 200)["name"], " x ", "{case}");
    }
}

#[test]
fn an_id_that_is_given_is_taken_once_in_either_version() {
    for definition in ALL {
        for (first, second) in [(V4, V4), (V4, V5), (V5, V4), (V5, V5)] {
            let world = World::on(Memory::default());
            let create = |version, definition, id: &str| {
                let document = least(version, definition, id);
                ask(&world, version, definition, Method::POST, "", &document)
            };
            let created = create(first, definition, "Post_21479");
            assert_eq!(expect(&created, 201)["id"], "Post_21479");
            let taken = create(second, definition, "Post_21479");
            assert!(expect(&taken, 409)["message"].to_string().contains("/id Post_21479"));
            let bulk = json!([
                { "op": "add", "path": "/", "value": least(second, definition, "other") },
                { "op": "add", "path": "/", "value": least(second, definition, "Post_21479") },
            ]);
            let media_type = "application/json-patch+json";
            expect(&patch_as(&world, second, definition, media_type, "", &bulk), 409);
            let list = ask(&world, second, definition, Method::GET, "", &Value::Null);
            assert_eq!(expect(&list, 200).as_array().map(Vec::len), Some(1));
            // Ids are those of a resource.
            let other =
                if definition.resource.name == "billFormat" { ALL[0] } else { &BILL_FORMAT };
            expect(&create(second, other, "Post_21479"), 201);
            for id in ["a b", "a/b", "", "..", "ä", &"x".repeat(129)] {
                let refused = create(first, definition, id);
                assert!(
                    expect(&refused, 400)["message"].to_string().contains("/id must be"),
                    "{id}"
                );
            }
        }
    }
}

#[test]
fn ids_of_other_systems_lead_through_everything() {
    let encoded = |id: &str| {
        let encode = |byte: u8| match byte.is_ascii_alphanumeric() {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        };
        id.bytes().map(encode).collect::<String>()
    };
    let ids = ["BS2|7836", "0.0.0.1+-account+100001", "a,b;c=d&e", "urn:x[1]", "~x", "!$'()*@"];
    for version in [V4, V5] {
        let world = World::on(Memory::default());
        let get =
            |rest: &str| ask(&world, version, &BILLING_ACCOUNT, Method::GET, rest, &Value::Null);
        for id in ids {
            let document = least(version, &BILLING_ACCOUNT, id);
            let created = ask(&world, version, &BILLING_ACCOUNT, Method::POST, "", &document);
            let document = expect(&created, 201);
            let href = document["href"].as_str().unwrap();
            assert_eq!(created.headers()["location"], href);
            let last = &href[href.rfind('/').unwrap()..];
            for item in [last.to_owned(), format!("/{}", encoded(id)), format!("/{}/", encoded(id))]
            {
                assert_eq!(expect(&get(&item), 200), document, "{item}");
            }
            let patch = json!({ "id": id, "href": href, "state": "Active" });
            let patched = ask(&world, version, &BILLING_ACCOUNT, Method::PATCH, last, &patch);
            assert_eq!(expect(&patched, 200)["state"], "Active", "{id}");

            for query in ["", "&sort=name", "&sort=-id", "&state=Active", "&limit=1&offset=0"] {
                let list = get(&format!("?id={}{query}", encoded(id)));
                let found = expect(&list, 200);
                assert_eq!((&found[0]["id"], &found[1]), (&json!(id), &Value::Null), "{query}");
                assert_eq!(list.headers()["x-total-count"], "1");
                let link = list.headers()["link"].to_str().unwrap();
                let to_self = &link[link.find('?').unwrap()..link.find('>').unwrap()];
                assert_eq!(expect(&get(to_self), 200), found, "{link}");
            }
            let by_href = get(&format!("?href={}", encoded(href)));
            assert_eq!(expect(&by_href, 200)[0]["id"], id);
            let by_path = get(&format!("?filter={}", encoded(&format!("$[?(@.id==\"{id}\")]"))));
            assert_eq!(expect(&by_path, 200)[0]["id"], id);
        }
        let all = ids.map(encoded).join(",");
        assert_eq!(get(&format!("?id={all}")).headers()["x-total-count"], "6");
        // Links lead from each to the next.
        let mut query = "?limit=1&sort=id".to_owned();
        let mut met = Vec::new();
        loop {
            let page = get(&query);
            met.push(expect(&page, 200)[0]["id"].as_str().unwrap().to_owned());
            let link = page.headers()["link"].to_str().unwrap();
            let Some(next) = link.split(", ").find(|link| link.ends_with("rel=\"next\"")) else {
                break;
            };
            query = next[next.find('?').unwrap()..next.find('>').unwrap()].to_owned();
        }
        let mut expected = ids.map(str::to_owned);
        expected.sort();
        assert_eq!(met, expected);
        for id in ids {
            let item = format!("/{}", encoded(id));
            let deleted =
                ask(&world, version, &BILLING_ACCOUNT, Method::DELETE, &item, &Value::Null);
            assert_eq!(deleted.status(), 204, "{id}");
        }
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

#[test]
fn conditions_fit_what_attributes_hold_in_the_version() {
    let world = World::on(Memory::default());
    let mut document = account("1", json!({ "discount": { "amount": { "value": "much" } } }));
    document["contact"] = json!([{ "contactType": "x", "contactMedium": [
        { "@type": "EmailContactMedium", "emailAddress": "a@example.org", "preferred": true }
    ] }]);
    expect(&ask(&world, V5, &BILLING_ACCOUNT, Method::POST, "", &document), 201);
    for (version, definition, query, expected) in [
        (V5, &BILLING_ACCOUNT, "contact.contactMedium.preferred=maybe", None),
        (V4, &BILLING_ACCOUNT, "contact.contactMedium.preferred=maybe", None),
        (V5, &BILLING_ACCOUNT, "contact.contactMedium.preferred.ne=maybe", None),
        (V5, &BILLING_ACCOUNT, "contact.contactMedium.preferred=true,maybe", None),
        (V5, &BILLING_ACCOUNT, "contact.contactMedium.preferred=true", Some("1")),
        (V4, &BILLING_ACCOUNT, "contact.contactMedium.preferred=true", Some("1")),
        (V5, &BILLING_ACCOUNT, "contact.contactMedium.preferred=false", Some("0")),
        (V5, &BILLING_ACCOUNT, "creditLimit.value=much", None),
        (V5, &BILLING_ACCOUNT, "creditLimit.value.gt=much", None),
        (V5, &PARTY_ACCOUNT, "accountBalance.amount.value=much", None),
        (V4, &PARTY_ACCOUNT, "accountBalance.amount.value.lt=much", None),
        (V5, &FINANCIAL_ACCOUNT, "lastUpdate=much", None),
        (V4, &FINANCIAL_ACCOUNT, "lastModified=much", None),
        (V5, &FINANCIAL_ACCOUNT, "lastModified=much", None),
        (V5, &account_management::BILLING_CYCLE_SPECIFICATION, "billingDateShift=much", None),
        (V4, &account_management::BILLING_CYCLE_SPECIFICATION, "validFor.startDateTime=much", None),
        (V5, &account_management::BILLING_CYCLE_SPECIFICATION, "billingDateShift=1", Some("0")),
        // Extensions may hold anything, whatever they are called.
        (V5, &BILLING_ACCOUNT, "discount.amount.value=much", Some("1")),
        (V4, &BILLING_ACCOUNT, "discount.amount.value=much", Some("1")),
        (V5, &BILLING_ACCOUNT, "discount.amount.value=1", Some("0")),
        (V5, &BILL_FORMAT, "lastUpdate=much", Some("0")),
        (V5, &BILL_FORMAT, "creditLimit.value=much", Some("0")),
    ] {
        for query in [format!("?{query}"), format!("?{query};name=x"), format!("?name=x&{query}")] {
            let list = ask(&world, version, definition, Method::GET, &query, &Value::Null);
            match expected {
                None => {
                    let reason = expect(&list, 400)["reason"].to_string();
                    assert!(reason.contains("is not valid"), "{query}: {reason}");
                }
                Some(total) if !query.contains("name=x") => {
                    expect(&list, 200);
                    assert_eq!(list.headers()["x-total-count"], total, "{query} {version:?}");
                }
                Some(_) => assert_eq!(list.status(), 200, "{query}"),
            }
        }
    }
}
