//! What the tables say that are generated from the schema files, checked against the files.

mod common;

use std::fs;
use std::path::Path;

use common::{
    CLASSES, Document, attributes, classes_of, document_of, file_of, name_in, object_of, visit,
};
use proptest::prelude::*;
use schemas::{Kind, class};
use serde_json::{Value, json};

/// What has no type can be anything, which is no kind.
fn kind_of(property: &Value) -> Option<Kind> {
    Some(match (property["type"].as_str()?, property["format"].as_str()) {
        ("array", _) => return kind_of(&property["items"]),
        ("string", Some("date-time")) => Kind::Time,
        ("string", _) => Kind::Text,
        ("integer" | "number", _) => Kind::Number,
        ("boolean", _) => Kind::Boolean,
        other => panic!("{other:?}"),
    })
}

/// Every path of a type with what is there.
fn paths(folder: &str, file: &str, start: &str, out: &mut Vec<(String, Option<Kind>)>) {
    for (name, property) in attributes(folder, file) {
        let path = format!("{start}{name}");
        let part = file_of(&property);
        if let Some(file) = part {
            paths(folder, file, &format!("{path}."), out);
        }
        out.push((path, if part.is_some() { None } else { kind_of(&property) }));
    }
}

#[test]
fn every_attribute_of_the_files_has_its_kind() {
    for folder in ["v4", "v5"] {
        for class in classes_of(folder) {
            let schema = if folder == "v4" { &class.v4 } else { &class.v5 };
            let mut found = Vec::new();
            paths(folder, &format!("{}.schema.json", name_in(folder, class)), "", &mut found);
            assert!(found.len() >= 7, "{found:?}");
            for (path, kind) in found {
                assert_eq!(schema.kind_of(&path), kind, "{folder} {} {path}", class.name());
                // Neither what is below nor what only ends alike is standard.
                assert_eq!(schema.kind_of(&format!("{path}.other")), None);
                assert_eq!(schema.kind_of(&format!("other.{path}")), None);
            }
        }
    }
}

#[test]
fn kinds_are_of_whole_paths() {
    let class = &class::BILLING_ACCOUNT;
    for (path, v4, v5) in [
        ("lastUpdate", None, Some(Kind::Time)),
        ("lastModified", Some(Kind::Time), None),
        ("creditLimit.value", Some(Kind::Number), Some(Kind::Number)),
        ("paymentPlan.priority", Some(Kind::Number), Some(Kind::Number)),
        ("contact.contactMedium.preferred", Some(Kind::Boolean), Some(Kind::Boolean)),
        ("contact.contactMedium.emailAddress", None, Some(Kind::Text)),
        ("contact.contactMedium.characteristic.emailAddress", Some(Kind::Text), None),
        ("contact.contactMedium.geographicAddress.@type", None, Some(Kind::Text)),
        ("relatedParty.id", Some(Kind::Text), None),
        ("relatedParty.partyOrPartyRole.partyId", None, Some(Kind::Text)),
        ("billStructure.format.isRef", Some(Kind::Boolean), None),
        (
            "billStructure.cycleSpecification.chargeDateOffset",
            Some(Kind::Number),
            Some(Kind::Number),
        ),
        ("taxExemption.attachment.size.amount", None, Some(Kind::Number)),
        ("ratingType", None, Some(Kind::Text)),
        ("@type", Some(Kind::Text), Some(Kind::Text)),
        ("creditLimit", None, None),
        ("discount.amount.value", None, None),
        ("amount.value", None, None),
        ("value", None, None),
        ("creditLimit.value.", None, None),
        (".creditLimit.value", None, None),
        ("creditLimit..value", None, None),
        ("", None, None),
    ] {
        assert_eq!((class.v4.kind_of(path), class.v5.kind_of(path)), (v4, v5), "{path}");
    }
    let long = "contact.".repeat(10_000);
    assert_eq!(class.v5.kind_of(&long), None);
}

#[test]
fn classes_know_what_they_extend() {
    let extends = CLASSES.map(|class| (class.name(), class.extends()));
    let expected: [(&str, &[&str]); 12] = [
        ("BillingAccount", &["PartyAccount", "Account", "Entity", "Extensible"]),
        ("PartyAccount", &["Account", "Entity", "Extensible"]),
        ("SettlementAccount", &["PartyAccount", "Account", "Entity", "Extensible"]),
        ("FinancialAccount", &["Account", "Entity", "Extensible"]),
        ("BillFormat", &["Entity", "Extensible"]),
        ("BillPresentationMedia", &["Entity", "Extensible"]),
        ("BillingCycleSpecification", &["Entity", "Extensible"]),
        ("AppliedCustomerBillingRate", &["Entity", "Extensible"]),
        ("CustomerBill", &["Entity", "Extensible"]),
        ("CustomerBillOnDemand", &["Entity", "Extensible"]),
        ("BillCycle", &["Entity", "Extensible"]),
        ("Hub", &["Entity", "Extensible"]),
    ];
    assert_eq!(extends, expected);
}

/// Every schema in the files that has the keyword, at any depth.
fn with_keyword<'s>(schema: &'s Value, keyword: &str, out: &mut Vec<&'s Value>) {
    if schema.get(keyword).is_some() {
        out.push(schema);
    }
    match schema {
        Value::Object(members) => {
            members.values().for_each(|part| with_keyword(part, keyword, out))
        }
        Value::Array(parts) => parts.iter().for_each(|part| with_keyword(part, keyword, out)),
        _ => {}
    }
}

#[test]
fn what_must_not_be_empty_must_not_be_blank() {
    for folder in ["v4", "v5"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for entry in fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            let schema = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            let mut found = Vec::new();
            with_keyword(&schema, "minLength", &mut found);
            for schema in found {
                let keywords = (&schema["minLength"], &schema["format"]);
                assert_eq!(keywords, (&json!(1), &json!("not-blank")), "{}", path.display());
            }
        }
    }
}

#[test]
fn nulls_of_extensions_stay() {
    let mut document = object_of(&json!({
        "name": "n", "description": null, "creditLimit": null, "ratingType": null, "other": null,
        "other2": { "name": null },
        "relatedParty": [
            { "role": "r", "partyOrPartyRole": { "id": "1", "href": null, "partyId": null }, "id": null },
            null
        ],
        "accountBalance": [{ "@type": null, "validFor": { "endDateTime": null, "other": null } }]
    }));
    class::BILLING_ACCOUNT.v5.drop_nulls(&mut document);
    assert_eq!(
        Value::Object(document.clone()),
        json!({
            "name": "n", "other": null, "other2": { "name": null },
            "relatedParty": [{ "role": "r", "partyOrPartyRole": { "id": "1" }, "id": null }, null],
            "accountBalance": [{ "validFor": { "other": null } }]
        })
    );
    // What is an extension of one version is standard in the other.
    class::BILLING_ACCOUNT.v4.drop_nulls(&mut document);
    assert_eq!(document["relatedParty"][0].get("id"), None);
}

proptest! {
    #[test]
    fn nulls_are_as_if_absent(
        (folder, (class, document)) in prop_oneof![
            document_of("v4").prop_map(|document| ("v4", document)),
            document_of("v5").prop_map(|document| ("v5", document)),
        ],
    ) {
        let schema = if folder == "v4" { &class.v4 } else { &class.v5 };
        let mut with_nulls = document.clone();
        visit(folder, &format!("{}.schema.json", name_in(folder, class)), &mut with_nulls, &mut |object: &mut Document, attributes| {
            // What can be anything can be null.
            let is_of_a_kind = |property: &Value| file_of(property).is_some() || kind_of(property).is_some();
            for (name, _) in attributes.iter().filter(|(_, property)| is_of_a_kind(property)) {
                object.entry(name).or_insert(Value::Null);
            }
        });
        schema.drop_nulls(&mut with_nulls);
        prop_assert_eq!(with_nulls, document);
    }
}
