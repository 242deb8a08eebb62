//! The classes that a document of v5 gets where it does not say them.

mod common;

use common::{Document, assert_has_all, document_of, object_of, visit};
use proptest::prelude::*;
use schemas::{Class, class};
use serde_json::{Value, json};

/// The document without the classes of those of its parts that `strip` says, in turn.
fn without_classes(class: &Class, document: &Document, strip: u64) -> Document {
    let mut stripped = document.clone();
    let mut part = 0_u32;
    visit_v5(class, &mut stripped, &mut |object| {
        if strip.rotate_right(part) & 1 == 1 {
            object.remove("@type");
        }
        part += 1;
    });
    stripped
}

/// Visits the objects of v5 that have a class. All of those require it (TMF666 v5.0.0: what extends
/// Extensible).
fn visit_v5(class: &Class, document: &mut Document, visitor: &mut dyn FnMut(&mut Document)) {
    let file = format!("{}.schema.json", class.name());
    visit("v5", &file, document, &mut |object, attributes| {
        if attributes.contains_key("@type") {
            visitor(object);
        }
    });
}

fn completed(class: &Class, document: &Document) -> Document {
    let mut document = document.clone();
    class.complete(&mut document);
    document
}

/// What `document` has and `before` has not is classes, and nothing else differs.
fn assert_only_classes_added(document: &Value, before: &Value) {
    match (document, before) {
        (Value::Object(document), Value::Object(before)) => {
            for (name, value) in document {
                match before.get(name) {
                    Some(before) => assert_only_classes_added(value, before),
                    None => assert!(name == "@type" && value.is_string(), "{name} was added"),
                }
            }
            assert!(before.keys().all(|name| document.contains_key(name)));
        }
        (Value::Array(document), Value::Array(before)) => {
            assert_eq!(document.len(), before.len());
            document.iter().zip(before).for_each(|(new, old)| assert_only_classes_added(new, old));
        }
        (document, before) => assert_eq!(document, before),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_class_that_is_required_is_there(
        (class, document) in document_of("v5"), strip in any::<u64>(),
    ) {
        let document = without_classes(class, &document, strip);
        let complete = completed(class, &document);
        // Only the resource itself may still be without.
        let mut without = Vec::new();
        visit_v5(class, &mut complete.clone(), &mut |object| {
            if !object.contains_key("@type") {
                without.push(object.clone());
            }
        });
        prop_assert!(without.iter().all(|object| *object == complete), "{:?}", without);
        assert_only_classes_added(&complete.clone().into(), &document.clone().into());
        prop_assert_eq!(&completed(class, &complete), &complete);
        // They are what a client of v4 would have given.
        assert_has_all(&class.to_v5(class.to_v4(document)), &complete);
    }

    #[test]
    fn a_document_with_all_classes_stays_valid((class, document) in document_of("v5")) {
        prop_assert_eq!(class.v5.validate(&completed(class, &document).into()), Ok(()));
    }

    #[test]
    fn what_comes_of_v4_is_complete((class, document) in document_of("v4")) {
        let v5 = class.to_v5(document);
        prop_assert_eq!(&completed(class, &v5), &v5);
    }

    #[test]
    fn what_is_no_object_stays((class, document) in document_of("v5"), value in prop::sample::select(vec![
        json!(null), json!(5), json!("text"), json!([]), json!([[{}], 5, null]),
    ])) {
        let mut document = document;
        for (_, attribute) in document.iter_mut().filter(|(name, _)| *name != "@type") {
            *attribute = value.clone();
        }
        prop_assert_eq!(&completed(class, &document), &document);
    }
}

#[track_caller]
fn assert_completed(document: Value, expected: Value) {
    let complete = completed(&class::BILLING_ACCOUNT, &object_of(&document));
    assert_eq!(Value::Object(complete), expected);
}

#[test]
fn each_part_gets_its_class() {
    assert_completed(
        json!({
            "relatedParty": [
                { "role": "owner", "partyOrPartyRole": { "id": "1", "@referredType": "Individual" } },
                { "role": "payer", "partyOrPartyRole": { "id": "2", "@referredType": "Customer" } },
                { "role": "agent", "partyOrPartyRole": { "id": "3", "partyName": "Acme" } },
                { "role": "nobody" }
            ],
            "taxExemption": [{ "taxDefinition": [{}], "attachment": { "url": "u" } }, { "attachment": { "id": "1" } }],
            "contact": [{
                "relatedParty": { "partyOrPartyRole": { "id": "4" } },
                "contactMedium": [
                    { "emailAddress": "a@example.com" }, { "phoneNumber": "1" }, { "faxNumber": "1" },
                    { "socialNetworkId": "s" }, { "geographicAddress": { "id": "g" } }, {},
                    { "mediumType": "mobile" }
                ]
            }],
            "accountBalance": [{}],
            "accountRelationship": [{ "account": { "id": "2" } }],
            "billStructure": {
                "format": { "id": "7" },
                "presentationMedia": [{ "name": "Paper" }, { "id": "8", "name": "Email" }, { "id": " ", "name": "n" }],
                "cycleSpecification": { "id": 9 }
            },
            "paymentPlan": [{ "paymentMethod": { "id": "m" } }],
            "financialAccount": { "id": "f", "accountBalance": { "own": true } },
            "defaultPaymentMethod": { "id": "m" },
            "creditLimit": { "value": 1 },
            "extension": { "id": "x" }
        }),
        json!({
            "relatedParty": [
                { "@type": "RelatedPartyRefOrPartyRoleRef", "role": "owner", "partyOrPartyRole":
                    { "@type": "PartyRef", "id": "1", "@referredType": "Individual" } },
                { "@type": "RelatedPartyRefOrPartyRoleRef", "role": "payer", "partyOrPartyRole":
                    { "@type": "PartyRoleRef", "id": "2", "@referredType": "Customer" } },
                { "@type": "RelatedPartyRefOrPartyRoleRef", "role": "agent", "partyOrPartyRole":
                    { "@type": "PartyRoleRef", "id": "3", "partyName": "Acme" } },
                { "@type": "RelatedPartyRefOrPartyRoleRef", "role": "nobody" }
            ],
            "taxExemption": [
                { "@type": "TaxExemptionCertificate", "taxDefinition": [{ "@type": "TaxDefinition" }],
                  "attachment": { "@type": "Attachment", "url": "u" } },
                { "@type": "TaxExemptionCertificate", "attachment": { "@type": "AttachmentRef", "id": "1" } }
            ],
            "contact": [{
                "@type": "Contact",
                "relatedParty": { "@type": "RelatedPartyRefOrPartyRoleRef", "partyOrPartyRole":
                    { "@type": "PartyRef", "id": "4" } },
                "contactMedium": [
                    { "@type": "EmailContactMedium", "emailAddress": "a@example.com" },
                    { "@type": "PhoneContactMedium", "phoneNumber": "1" },
                    { "@type": "FaxContactMedium", "faxNumber": "1" },
                    { "@type": "SocialContactMedium", "socialNetworkId": "s" },
                    { "@type": "GeographicAddressContactMedium", "geographicAddress":
                        { "@type": "GeographicAddressRef", "id": "g" } },
                    { "@type": "ContactMedium" },
                    { "@type": "PhoneContactMedium", "mediumType": "mobile" }
                ]
            }],
            "accountBalance": [{ "@type": "AccountBalance" }],
            "accountRelationship": [{ "@type": "AccountRelationship", "account":
                { "@type": "AccountRef", "id": "2" } }],
            "billStructure": {
                "@type": "BillStructure",
                "format": { "@type": "BillFormatRef", "id": "7" },
                "presentationMedia": [
                    { "@type": "BillPresentationMedia", "name": "Paper" },
                    { "@type": "BillPresentationMediaRef", "id": "8", "name": "Email" },
                    { "@type": "BillPresentationMedia", "id": " ", "name": "n" }
                ],
                "cycleSpecification": { "@type": "BillingCycleSpecificationRef", "id": 9 }
            },
            "paymentPlan": [{ "@type": "PaymentPlan", "paymentMethod":
                { "@type": "PaymentMethodRef", "id": "m" } }],
            "financialAccount": { "@type": "FinancialAccountRef", "id": "f", "accountBalance": { "own": true } },
            "defaultPaymentMethod": { "@type": "PaymentMethodRef", "id": "m" },
            "creditLimit": { "value": 1 },
            "extension": { "id": "x" }
        }),
    );
}

#[test]
fn what_is_said_is_not_changed() {
    let said = json!({
        "relatedParty": [{ "@type": "OwnParty", "partyOrPartyRole":
            { "@type": "PartyRef", "id": "2", "@referredType": "Customer" } }],
        "contact": [{ "@type": 5, "contactMedium": [{ "@type": "ContactMedium", "emailAddress": "e" }] }],
        "billStructure": { "@type": null, "format": { "@type": "BillFormat", "id": "7" } }
    });
    assert_completed(said.clone(), said);
}
