//! What goes from one version to the other and back is what it was.

mod common;

use common::{Document, assert_has_all, document_of, object_of};
use proptest::prelude::*;
use schemas::{Class, class};
use serde_json::{Value, json};

/// Names that mean something in v4 and are extensions in v5.
const NAMES_OF_V4: [&str; 11] = [
    "lastModified",
    "type",
    "value",
    "isRef",
    "mediumType",
    "characteristic",
    "accountBalance",
    "description",
    "dateShift",
    "id",
    "@referredType",
];

/// Adds an attribute to every object that has none of the name.
fn scatter(value: &mut Value, name: &str, extension: &Value) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(|value| scatter(value, name, extension));
            object.entry(name).or_insert_with(|| extension.clone());
        }
        Value::Array(elements) => {
            elements.iter_mut().for_each(|value| scatter(value, name, extension));
        }
        _ => {}
    }
}

/// The faults that are not due to what only v5 requires.
fn faults_in_v5(class: &Class, document: &Document) -> Vec<String> {
    let faults = class.v5.validate(&Value::Object(document.clone())).err().unwrap_or_default();
    let is_due = |fault: &&schemas::Fault| {
        let party = fault.pointer == "/relatedParty" && class.name() == "FinancialAccount";
        let account = fault.pointer == "/billingAccount" && class.name() == "CustomerBillOnDemand";
        let role = fault.pointer.ends_with("/role");
        let is_blank = fault.expectation == "must not be blank";
        !(fault.missing && (party || account || role) || is_blank && role)
    };
    faults.iter().filter(is_due).map(ToString::to_string).collect()
}

fn faults_in_v4(class: &Class, document: &Document) -> Vec<String> {
    let faults = class.v4.validate(&Value::Object(document.clone())).err().unwrap_or_default();
    faults.iter().map(ToString::to_string).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn documents_that_are_made_up_are_valid(
        (v4_class, v4) in document_of("v4"), (v5_class, v5) in document_of("v5"),
    ) {
        prop_assert_eq!(faults_in_v4(v4_class, &v4), Vec::<String>::new());
        prop_assert_eq!(faults_in_v5(v5_class, &v5), Vec::<String>::new());
    }

    #[test]
    fn what_v4_wrote_is_valid_v5_and_comes_back_whole((class, document) in document_of("v4")) {
        let v5 = class.to_v5(document.clone());
        prop_assert_eq!(faults_in_v5(class, &v5), Vec::<String>::new());
        let back = class.to_v4(v5);
        prop_assert_eq!(faults_in_v4(class, &back), Vec::<String>::new());
        assert_has_all(&back, &document);
        // From then on it stays what it is.
        prop_assert_eq!(class.to_v4(class.to_v5(back.clone())), back);
    }

    #[test]
    fn what_v5_wrote_is_valid_v4_and_comes_back_whole((class, document) in document_of("v5")) {
        let v4 = class.to_v4(document.clone());
        prop_assert_eq!(faults_in_v4(class, &v4), Vec::<String>::new());
        let back = class.to_v5(v4.clone());
        prop_assert_eq!(faults_in_v5(class, &back), Vec::<String>::new());
        assert_has_all(&back, &document);
        // What a v4 client does not change is to the letter what it was.
        prop_assert_eq!(class.restore(&document, v4), document);
    }

    #[test]
    fn what_v4_changes_is_seen_and_nothing_else_changes((class, document) in document_of("v5")) {
        let mut changed = class.to_v4(document.clone());
        changed.insert("description".into(), "changed".into());
        changed.remove("contact");
        let restored = class.restore(&document, changed.clone());
        prop_assert_eq!(class.to_v4(restored.clone()), changed);
        let mut expected = document;
        expected.insert("description".into(), "changed".into());
        expected.remove("contact");
        prop_assert_eq!(restored, expected);
    }

    #[test]
    fn extensions_with_names_of_the_other_version_do_no_harm(
        (class, document) in document_of("v5"),
        name in prop::sample::select(&NAMES_OF_V4[..]),
        value in prop::sample::select(vec![json!(5), json!("text"), json!({ "city": 5 }), json!([])]),
    ) {
        let mut scattered = Value::Object(document);
        scatter(&mut scattered, name, &value);
        let document = object_of(&scattered);
        prop_assume!(faults_in_v5(class, &document).is_empty());
        let v4 = class.to_v4(document.clone());
        prop_assert_eq!(faults_in_v4(class, &v4), Vec::<String>::new());
        prop_assert_eq!(class.restore(&document, v4), document);
    }

    #[test]
    fn any_document_is_converted((class, document) in document_of("v5"), (_, other) in document_of("v4")) {
        // Documents of the wrong version are as wrong as they come.
        let _ = (class.to_v5(document.clone()), class.to_v4(other.clone()));
        let _ = class.restore(&other, document);
    }
}

#[track_caller]
fn assert_pair(v4: Value, v5: Value) {
    let class = &class::BILLING_ACCOUNT;
    assert_eq!(Value::Object(class.to_v5(object_of(&v4))), v5);
    assert_eq!(Value::Object(class.to_v4(object_of(&v5))), v4);
}

#[test]
fn each_type_has_its_counterpart() {
    assert_pair(
        json!({
            "@type": "BillingAccount", "id": "1", "name": "n",
            "lastModified": "2026-01-31T09:30:00Z", "ratingType": "prepaid",
            "relatedParty": [
                { "id": "4711", "name": "Acme", "href": "h", "@referredType": "Organization", "role": "owner" },
                { "id": "7", "name": "Payer", "@referredType": "PartyRole", "role": "payer",
                  "partyOrPartyRole": { "partyId": "4711" } }
            ],
            "taxExemption": [{ "issuingJurisdiction": "FR", "validFor": {}, "certificateNumber": "1" }],
            "accountRelationship": [{ "relationshipType": "contains", "validFor": {},
                "account": { "id": "2", "description": "d" } }],
            "accountBalance": [{ "amount": { "unit": "EUR", "value": 1 }, "balanceType": "b", "validFor": {} }],
            "contact": [{ "contactType": "primary", "validFor": {}, "contactMedium": [
                { "mediumType": "email", "preferred": true,
                  "characteristic": { "contactType": "work", "emailAddress": "a@example.com" } },
                { "mediumType": "Home", "characteristic": { "phoneNumber": "1", "extension": "9" } },
                { "mediumType": "postal address", "characteristic": { "city": "Paris" } },
                { "mediumType": "pigeon", "characteristic": {} },
                { "mediumType": "fax", "faxNumber": "beside", "characteristic": { "faxNumber": "1" } }
            ] }],
            "billStructure": {
                "format": { "isRef": true, "id": "f", "name": "Detailed" },
                "presentationMedia": [{ "isRef": false, "name": "Paper" }],
                "cycleSpecification": { "isRef": true, "id": "c", "name": "c", "dateShift": 3, "@type": "Own", }
            },
            "paymentPlan": [{ "numberOfPayments": 12, "paymentMethod": { "id": "p" } }],
            "financialAccount": { "id": "a", "accountBalance":
                { "amount": { "value": 1 }, "balanceType": "b", "validFor": {} } },
            "loyaltyTier": "gold"
        }),
        json!({
            "@type": "BillingAccount", "id": "1", "name": "n",
            "lastUpdate": "2026-01-31T09:30:00Z", "ratingType": "prepaid",
            "relatedParty": [
                { "@type": "RelatedPartyRefOrPartyRoleRef", "role": "owner", "partyOrPartyRole":
                    { "@type": "PartyRef", "id": "4711", "name": "Acme", "href": "h", "@referredType": "Organization" } },
                { "@type": "RelatedPartyRefOrPartyRoleRef", "role": "payer", "partyOrPartyRole":
                    { "@type": "PartyRoleRef", "id": "7", "name": "Payer", "@referredType": "PartyRole", "partyId": "4711" } }
            ],
            "taxExemption": [{ "@type": "TaxExemptionCertificate", "issuingJurisdiction": "FR", "validFor": {},
                "certificateNumber": "1" }],
            "accountRelationship": [{ "@type": "AccountRelationship", "relationshipType": "contains", "validFor": {},
                "account": { "@type": "AccountRef", "id": "2", "description": "d" } }],
            "accountBalance": [{ "@type": "AccountBalance", "amount": { "unit": "EUR", "value": 1 },
                "balanceType": "b", "validFor": {} }],
            "contact": [{ "@type": "Contact", "contactType": "primary", "validFor": {}, "contactMedium": [
                { "@type": "EmailContactMedium", "preferred": true, "contactType": "work", "emailAddress": "a@example.com" },
                { "@type": "PhoneContactMedium", "mediumType": "Home", "phoneNumber": "1",
                  "characteristic": { "extension": "9" } },
                { "@type": "GeographicAddressContactMedium", "city": "Paris" },
                { "@type": "ContactMedium", "mediumType": "pigeon", "characteristic": {} },
                { "@type": "FaxContactMedium", "faxNumber": "beside", "characteristic": { "faxNumber": "1" } }
            ] }],
            "billStructure": {
                "@type": "BillStructure",
                "format": { "@type": "BillFormatRef", "id": "f", "name": "Detailed" },
                "presentationMedia": [{ "@type": "BillPresentationMedia", "name": "Paper" }],
                "cycleSpecification": { "@type": "Own", "isRef": true, "id": "c", "name": "c", "dateShift": 3 }
            },
            "paymentPlan": [{ "@type": "PaymentPlan", "numberOfPayments": 12,
                "paymentMethod": { "@type": "PaymentMethodRef", "id": "p" } }],
            "financialAccount": { "@type": "FinancialAccountRef", "id": "a", "accountBalance":
                { "@type": "AccountBalance", "amount": { "value": 1 }, "balanceType": "b", "validFor": {} } },
            "loyaltyTier": "gold"
        }),
    );
}

#[test]
fn roles_are_told_by_their_classes() {
    let party = |referred: &str| json!({ "relatedParty": [{ "id": "1", "name": "n", "@referredType": referred, "role": "r" }] });
    for (referred, class) in [
        ("Customer", "PartyRoleRef"),
        ("Supplier", "PartyRoleRef"),
        ("Consumer", "PartyRoleRef"),
        ("Producer", "PartyRoleRef"),
        ("BusinessPartner", "PartyRoleRef"),
        ("PartyRole", "PartyRoleRef"),
        ("SalesRole", "PartyRoleRef"),
        ("Individual", "PartyRef"),
        ("Organization", "PartyRef"),
        ("CustomerAccount", "PartyRef"),
    ] {
        assert_pair(
            party(referred),
            json!({ "relatedParty": [{
                "@type": "RelatedPartyRefOrPartyRoleRef", "role": "r", "partyOrPartyRole":
                    { "@type": class, "id": "1", "name": "n", "@referredType": referred }
            }] }),
        );
    }
    // A class that v5 says otherwise is kept.
    let party = json!({ "@type": "PartyRef", "id": "1", "name": "n", "@referredType": "Customer" });
    let said = object_of(&json!({ "relatedParty": [{ "role": "r", "partyOrPartyRole": party }] }));
    let back = class::BILLING_ACCOUNT.to_v5(class::BILLING_ACCOUNT.to_v4(said));
    assert_eq!(back["relatedParty"][0]["partyOrPartyRole"], party);
}

#[test]
fn v4_clients_see_what_they_require() {
    let class = &class::BILLING_ACCOUNT;
    let document = object_of(&json!({
        "@type": "BillingAccount", "name": "n", "lastModified": "an extension",
        "relatedParty": [
            { "role": "owner", "partyOrPartyRole": { "@type": "PartyRoleRef", "id": "7", "partyName": "Acme" } },
            { "role": "payer", "partyOrPartyRole": { "@type": "PartyRef", "id": "8" } },
            { "role": "nobody", "id": "beside" }
        ],
        "contact": [{ "contactType": "primary" }],
        "taxExemption": [{}],
        "accountRelationship": [{ "relationshipType": "contains" }],
        "billStructure": { "format": { "@type": "BillFormatRef", "id": "f", "description": 5 } },
        "financialAccount": { "id": "a", "accountBalance":
            { "amount": {}, "balanceType": 5, "validFor": {} } }
    }));
    let shown = class.to_v4(document.clone());
    assert_eq!(
        Value::Object(shown.clone()),
        json!({
            "@type": "BillingAccount", "name": "n",
            "relatedParty": [
                { "role": "owner", "id": "7", "name": "Acme", "@referredType": "PartyRole",
                  "partyOrPartyRole": { "partyName": "Acme" } },
                { "role": "payer", "id": "8", "name": "8", "@referredType": "Party" },
                { "role": "nobody", "id": "unknown", "name": "unknown", "@referredType": "Party" }
            ],
            "contact": [{ "contactType": "primary", "validFor": {} }],
            "taxExemption": [{ "issuingJurisdiction": "unknown", "validFor": {} }],
            "accountRelationship": [{ "relationshipType": "contains", "validFor": {} }],
            "billStructure": { "format": { "isRef": true, "id": "f", "name": "f" } },
            "financialAccount": { "id": "a" }
        })
    );
    // None of that is written when something else changes, and what was hidden stays.
    let mut changed = shown;
    changed["relatedParty"][1]["role"] = json!("payee");
    changed["relatedParty"].as_array_mut().unwrap().remove(2);
    let mut expected = document.clone();
    expected["relatedParty"][1]["role"] = json!("payee");
    expected["relatedParty"].as_array_mut().unwrap().remove(2);
    assert_eq!(class.restore(&document, changed.clone()), expected);
}
