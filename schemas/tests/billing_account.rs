//! What the v5 BillingAccount schema accepts and refuses, and how it says so.

use schemas::v5::BILLING_ACCOUNT;
use serde_json::{Value, json};

fn minimal() -> Value {
    json!({
        "@type": "BillingAccount",
        "name": "Travel account",
        "relatedParty": [{
            "@type": "RelatedPartyRefOrPartyRoleRef",
            "role": "owner",
            "partyOrPartyRole": { "@type": "PartyRef", "id": "4711", "@referredType": "Organization" }
        }]
    })
}

/// The minimal account with `attribute` set to `value`.
fn with(attribute: &str, value: Value) -> Value {
    let mut account = minimal();
    account[attribute] = value;
    account
}

fn faults(account: &Value) -> Vec<String> {
    let faults = BILLING_ACCOUNT.validate(account).err().unwrap_or_default();
    faults.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn assert_faults(account: &Value, expected: &[&str]) {
    assert_eq!(faults(account), expected, "{account}");
}

#[test]
fn a_minimal_and_a_full_account_are_valid() {
    assert_faults(&minimal(), &[]);
    let full = json!({
        "@type": "BillingAccount", "@baseType": "PartyAccount", "@schemaLocation": "https://example.com/x",
        "id": "1", "href": "https://example.com/1", "name": "n", "description": "d", "state": "Active",
        "accountType": "Business", "lastUpdate": "2026-01-31T09:30:00.5+01:00", "ratingType": "postpaid",
        "paymentStatus": "due", "creditLimit": { "unit": "EUR", "value": 100.10 },
        "relatedParty": [{ "role": "owner", "partyOrPartyRole":
            { "@type": "PartyRoleRef", "id": "1", "partyId": "2", "partyName": "p" } }],
        "taxExemption": [{ "certificateNumber": "1", "taxDefinition": [{ "name": "vat" }],
            "attachment": { "@type": "AttachmentRef", "id": "9", "url": "https://example.com" } }],
        "contact": [{ "contactType": "primary", "contactMedium": [
            { "@type": "EmailContactMedium", "preferred": true, "emailAddress": "a@example.com" },
            { "@type": "GeographicAddressContactMedium", "city": "Paris",
              "geographicAddress": { "id": "1" } },
            { "@type": "CarrierPigeonContactMedium", "loft": 7 } ] }],
        "accountBalance": [{ "amount": { "unit": "EUR", "value": -3 }, "balanceType": "Deposit",
            "validFor": { "startDateTime": "2026-01-01T00:00:00Z" } }],
        "accountRelationship": [{ "relationshipType": "contains", "account": { "id": "2" } }],
        "billStructure": { "presentationMedia": [{ "@type": "BillPresentationMediaRef", "id": "1" }],
            "format": { "@type": "BillFormat", "name": "Detailed" },
            "cycleSpecification": { "@type": "BillingCycleSpecificationRef", "id": "1" } },
        "paymentPlan": [{ "numberOfPayments": 12, "paymentMethod": { "id": "1" } }],
        "financialAccount": { "id": "1" }, "defaultPaymentMethod": { "id": "1" },
        "loyaltyTier": { "level": "gold" }
    });
    assert_faults(&full, &[]);
}

#[test]
fn everything_that_is_missing_is_named() {
    assert_faults(&json!({}), &["/name is required", "/relatedParty is required"]);
    assert_faults(
        &with("accountBalance", json!([{}])),
        &[
            "/accountBalance/0/amount is required",
            "/accountBalance/0/balanceType is required",
            "/accountBalance/0/validFor is required",
        ],
    );
    assert_faults(
        &with("contact", json!([{ "contactMedium": [{}] }])),
        &["/contact/0/contactType is required"],
    );
    assert_faults(
        &with("accountRelationship", json!([{ "account": {} }])),
        &[
            "/accountRelationship/0/account/id is required",
            "/accountRelationship/0/relationshipType is required",
        ],
    );
}

#[test]
fn types_are_checked_at_every_depth() {
    assert_faults(&json!([]), &["the document must be an object"]);
    assert_faults(&with("description", Value::Null), &["/description must be a string"]);
    assert_faults(
        &with("paymentPlan", json!([{ "priority": 1.5 }, 3])),
        &["/paymentPlan/0/priority must be an integer", "/paymentPlan/1 must be an object"],
    );
    assert_faults(
        &with("creditLimit", json!({ "value": "100" })),
        &["/creditLimit/value must be a number"],
    );
    assert_faults(
        &with(
            "contact",
            json!([{ "contactType": "primary", "contactMedium": [{ "preferred": 1 }] }]),
        ),
        &["/contact/0/contactMedium/0/preferred must be a boolean"],
    );
}

#[test]
fn blank_names_and_empty_party_lists_are_refused() {
    for blank in ["", " ", " \t\n", "\u{a0}\u{2003}"] {
        assert_faults(&with("name", json!(blank)), &["/name must not be blank"]);
        assert_faults(
            &with("relatedParty", json!([{ "role": blank, "partyOrPartyRole": { "id": blank } }])),
            &[
                "/relatedParty/0/partyOrPartyRole/id must not be blank",
                "/relatedParty/0/role must not be blank",
            ],
        );
        // The standard does not care what is in these.
        assert_faults(&with("description", json!(blank)), &[]);
    }
    assert_faults(&with("name", json!(" a ")), &[]);
    assert_faults(&with("relatedParty", json!([])), &["/relatedParty must have at least one item"]);
}

#[test]
fn dates_are_checked() {
    for date in ["2026-01-31", "yesterday", "2026-02-30T00:00:00Z", "2026-01-31T09:30:00"] {
        let account = with("paymentPlan", json!([{ "validFor": { "endDateTime": date } }]));
        let [fault] = &faults(&account)[..] else { panic!("{date}: {:?}", faults(&account)) };
        assert!(
            fault.starts_with("/paymentPlan/0/validFor/endDateTime must be a date and time"),
            "{fault}"
        );
    }
}

#[test]
fn numbers_of_any_size_are_numbers() {
    for number in ["100.10", "-0.000000000000000000001", "123456789012345678901234567890", "1e400"]
    {
        let money = format!(r#"{{ "unit": "EUR", "value": {number} }}"#);
        assert_faults(&with("creditLimit", serde_json::from_str(&money).unwrap()), &[]);
    }
}

#[test]
fn the_class_chooses_the_branch() {
    let format = |value: Value| with("billStructure", json!({ "format": value }));
    assert_faults(
        &format(json!({ "@type": "BillFormatRef" })),
        &["/billStructure/format/id is required"],
    );
    assert_faults(
        &format(json!({ "@type": "BillFormat" })),
        &["/billStructure/format/name is required"],
    );
    assert_faults(&format(json!({ "@type": "BillFormatRef", "id": "7" })), &[]);

    let party = |value: Value| {
        with("relatedParty", json!([{ "role": "owner", "partyOrPartyRole": value }]))
    };
    let number_as_party = json!({ "@type": "PartyRoleRef", "id": "7", "partyId": 8 });
    assert_faults(
        &party(number_as_party),
        &["/relatedParty/0/partyOrPartyRole/partyId must be a string"],
    );
    // Only a party role has a partyId; to a party it is an extension.
    assert_faults(&party(json!({ "@type": "PartyRef", "id": "7", "partyId": 8 })), &[]);
    assert_faults(
        &party(json!({ "@type": "Organization" })),
        &["/relatedParty/0/partyOrPartyRole/id is required"],
    );

    let medium = |value: Value| {
        with("contact", json!([{ "contactType": "primary", "contactMedium": [value] }]))
    };
    for (class, attribute) in [
        ("Email", "emailAddress"),
        ("Phone", "phoneNumber"),
        ("Fax", "faxNumber"),
        ("Social", "socialNetworkId"),
        ("GeographicAddress", "city"),
    ] {
        let of_class = |class: String| {
            let mut value = json!({ "@type": class });
            value[attribute] = json!(42);
            medium(value)
        };
        let fault = format!("/contact/0/contactMedium/0/{attribute} must be a string");
        assert_faults(&of_class(format!("{class}ContactMedium")), &[&fault]);
        assert_faults(&of_class("OtherContactMedium".into()), &[]);
    }
}
