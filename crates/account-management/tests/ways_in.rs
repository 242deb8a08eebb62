//! What is refused, and what counts as absent, is so on every way in: POST, bulk, each kind of PATCH, and
//! both versions.

mod common;

use account_management::{
    ALL, BILL_FORMAT, BILLING_ACCOUNT, BILLING_CYCLE_SPECIFICATION, FINANCIAL_ACCOUNT,
    PARTY_ACCOUNT,
};
use common::ways::{V4, V5, ask, every_way_to_change, every_way_to_create, least, patch_as};
use common::{World, account, expect};
use http::Method;
use kv_tree::Memory;
use serde_json::{Value, json};
use tmf630::Version;

#[test]
fn nulls_count_as_absent_on_every_way_in_and_stay_in_extensions() {
    for definition in common::resources() {
        let names: &[&str] = match definition.resource.name {
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
    // What only v5 knows is absent too where v4 says that it is null.
    let exemptions = |_| {
        json!([{
            "issuingJurisdiction": "x", "certificateNumber": null, "validFor": {}, "id": null,
            "taxDefinition": null
        }])
    };
    let mut answers = every_way_to_create(&BILLING_ACCOUNT, &|document| {
        document["taxExemption"] = exemptions(V4);
    });
    answers.extend(every_way_to_change(&BILLING_ACCOUNT, "taxExemption", &exemptions));
    for (case, answer) in answers {
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        assert!(answer.status().is_success() && !text.contains("null"), "{case}: {text}");
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
    for definition in common::resources() {
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
    for definition in common::resources() {
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
fn any_address_of_the_account_is_its_href_and_no_other_is() {
    for (href, is_own) in [
        ("http://api.example/tmf-api/accountManagement/v5/billingAccount/1", true),
        ("https://other.example/proxy/tmf-api/accountManagement/v4/billingAccount/1", true),
        ("/billingAccount/1", true),
        ("http://api.example/tmf-api/accountManagement/v5/billingAccount/%31", true),
        ("http://api.example/tmf-api/accountManagement/v5/billingAccount/2", false),
        ("http://api.example/tmf-api/accountManagement/v5/partyAccount/1", false),
        ("1", false),
        ("", false),
    ] {
        let ways = every_way_to_change(&BILLING_ACCOUNT, "href", &|_| json!(href));
        for (case, answer) in ways {
            match is_own {
                true => {
                    let own = expect(&answer, 200)["href"].to_string();
                    let version = if case.contains("V4") { "v4" } else { "v5" };
                    let place = format!("http://api.example/tmf-api/accountManagement/{version}/");
                    assert!(own.contains(&place), "{case}: {own}");
                }
                false => {
                    let error = expect(&answer, 400);
                    assert_eq!(error["message"], "/href cannot be changed", "{case}");
                }
            }
        }
    }
}

/// A hierarchy is one whoever says it: in either version, alone or among others.
#[test]
fn no_way_to_write_closes_a_circle() {
    for (kind, class) in [("parent", "Account"), ("hasParent", ""), ("contains", "BillingAccount")]
    {
        let relationship = |id: &str| {
            let mut account = json!({ "id": id, "name": id });
            if !class.is_empty() {
                account["@referredType"] = json!(class);
            }
            json!([{ "relationshipType": kind, "account": account, "validFor": {} }])
        };
        let to_itself = |document: &mut Value| document["accountRelationship"] = relationship("1");
        let mut answers = every_way_to_create(&BILLING_ACCOUNT, &to_itself);
        answers.extend(every_way_to_change(&BILLING_ACCOUNT, "accountRelationship", &|_| {
            relationship("1")
        }));
        for (case, answer) in answers {
            let message = expect(&answer, 400)["message"].to_string();
            assert!(message.contains("/accountRelationship"), "{case}: {message}");
        }
        for version in [V4, V5] {
            let world = World::on(Memory::default());
            let circle = [("1", "2"), ("2", "3"), ("3", "1")].map(|(id, other)| {
                let mut document = least(version, &BILLING_ACCOUNT, id);
                document["accountRelationship"] = relationship(other);
                json!({ "op": "add", "path": "/", "value": document })
            });
            let ask = |operations: &[Value]| {
                let media_type = "application/json-patch+json";
                patch_as(&world, version, &BILLING_ACCOUNT, media_type, "", &json!(operations))
            };
            let refused = expect(&ask(&circle), 400);
            let message = refused["message"].as_str().unwrap();
            assert!(message.starts_with("In /2/value: /accountRelationship"), "{message}");
            expect(&ask(&circle[..2]), 200);
            let last = ask(&circle[2..]);
            assert_eq!(last.status(), 400, "{kind} in {version:?}");
        }
    }
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
        (V5, &BILLING_CYCLE_SPECIFICATION, "billingDateShift=much", None),
        (V4, &BILLING_CYCLE_SPECIFICATION, "validFor.startDateTime=much", None),
        (V5, &BILLING_CYCLE_SPECIFICATION, "billingDateShift=1", Some("0")),
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
