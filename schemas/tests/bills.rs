//! Bills, their items, and requests for them: what systems in operation send is valid as it is, and
//! what each type is in the other version.

mod common;

use common::{Document, assert_has_all, object_of};
use schemas::{Class, Schema, class};
use serde_json::{Value, json};

/// What systems in operation send: its class, its version, and what of it is spelled out.
fn payloads() -> Vec<(&'static Class, &'static str, Document, Value)> {
    macro_rules! payload {
        ($class:ident, $version:literal, $name:literal, $spelled_out:tt) => {{
            let text = include_str!(concat!("payloads/", $name, ".", $version, ".json"));
            let payload = serde_json::from_str(text).unwrap();
            (&class::$class, $version, payload, json!($spelled_out))
        }};
    }
    vec![
        payload!(APPLIED_CUSTOMER_BILLING_RATE, "v4", "marketplace-item", {}),
        payload!(CUSTOMER_BILL, "v4", "marketplace-bill", {}),
        payload!(CUSTOMER_BILL, "v4", "plain-dates-bill", {
            "billDate": "2025-06-01T00:00:00Z", "paymentDueDate": "2025-06-15T00:00:00Z"
        }),
        payload!(CUSTOMER_BILL_ON_DEMAND, "v5", "own-class-on-demand", {}),
        payload!(CUSTOMER_BILL, "v5", "library-bill", {}),
        payload!(APPLIED_CUSTOMER_BILLING_RATE, "v5", "library-item", {}),
        payload!(CUSTOMER_BILL_ON_DEMAND, "v5", "array-party-on-demand", {
            "billDate": "2026-04-08T00:00:00Z",
            "relatedParty": {
                "id": "cust-100", "role": "customer", "@referredType": "Organization"
            }
        }),
    ]
}

#[track_caller]
fn assert_valid(schema: &Schema, document: &Document) {
    assert_eq!(schema.validate(&Value::Object(document.clone())), Ok(()), "{document:#?}");
}

#[test]
fn what_is_sent_is_valid_and_comes_back_in_either_version() {
    for (class, version, payload, spelled_out) in payloads() {
        let schema = if version == "v4" { &class.v4 } else { &class.v5 };
        let mut expected = payload.clone();
        expected.extend(object_of(&spelled_out));
        let mut document = payload;
        schema.drop_nulls(&mut document);
        schema.normalise(&mut document);
        assert_eq!(document, expected);
        assert_valid(schema, &document);

        if version == "v4" {
            document = class.to_v5(document);
        }
        class.complete(&mut document);
        assert_valid(&class.v5, &document);
        let v4 = class.to_v4(document.clone());
        assert_valid(&class.v4, &v4);
        let shown = if version == "v4" { &v4 } else { &document };
        assert_has_all(shown, &expected);
        assert_eq!(class.restore(&document, v4), document);
    }
}

#[track_caller]
fn assert_pair(class: &Class, v4: Value, v5: Value) {
    assert_eq!(Value::Object(class.to_v5(object_of(&v4))), v5);
    assert_eq!(Value::Object(class.to_v4(object_of(&v5))), v4);
    assert_valid(&class.v4, &object_of(&v4));
    assert_valid(&class.v5, &object_of(&v5));
}

#[test]
fn an_item_has_its_counterpart() {
    assert_pair(
        &class::APPLIED_CUSTOMER_BILLING_RATE,
        json!({
            "@type": "AppliedCustomerBillingRate", "id": "1", "type": "recurringCharge",
            "isBilled": true, "date": "2026-01-31T09:30:00Z",
            "appliedTax": [{ "taxCategory": "VAT", "taxRate": 0.2, "taxAmount": { "unit": "EUR", "value": 1.10 } }],
            "bill": { "id": "b" },
            "billingAccount": { "id": "a", "name": "n" },
            "product": { "id": "p" },
            "characteristic": [
                { "name": "text", "value": "x", "valueType": "string" },
                { "name": "whole", "value": 10000000000000000_u64 },
                { "name": "number", "value": 1.0 },
                { "name": "flag", "value": true },
                { "name": "object", "value": { "a": 1 } },
                { "name": "texts", "value": ["x", "y"] },
                { "name": "flags", "value": [true] },
                { "name": "wholes", "value": [1, 2] },
                { "name": "numbers", "value": [1, 2.5] },
                { "name": "objects", "value": [{}] },
                { "name": "mixed", "value": [1, "x"] },
                { "name": "none", "value": [] },
                { "name": "nothing", "value": null },
                { "name": "own", "value": "x", "@type": "OwnCharacteristic" }
            ],
            "relatedParty": [{ "id": "1", "role": "seller" }]
        }),
        json!({
            "@type": "AppliedCustomerBillingRate", "id": "1",
            "appliedBillingRateType": "recurringCharge",
            "isBilled": true, "date": "2026-01-31T09:30:00Z",
            "appliedTax": [{ "@type": "AppliedBillingTaxRate", "taxCategory": "VAT", "taxRate": 0.2,
                "taxAmount": { "unit": "EUR", "value": 1.10 } }],
            "bill": { "@type": "CustomerBillRef", "id": "b" },
            "billingAccount": { "@type": "BillingAccountRef", "id": "a", "name": "n" },
            "product": { "@type": "ProductRef", "id": "p" },
            "characteristic": [
                { "@type": "StringCharacteristic", "name": "text", "value": "x", "valueType": "string" },
                { "@type": "IntegerCharacteristic", "name": "whole", "value": 10000000000000000_u64 },
                { "@type": "NumberCharacteristic", "name": "number", "value": 1.0 },
                { "@type": "BooleanCharacteristic", "name": "flag", "value": true },
                { "@type": "ObjectCharacteristic", "name": "object", "value": { "a": 1 } },
                { "@type": "StringArrayCharacteristic", "name": "texts", "value": ["x", "y"] },
                { "@type": "BooleanArrayCharacteristic", "name": "flags", "value": [true] },
                { "@type": "IntegerArrayCharacteristic", "name": "wholes", "value": [1, 2] },
                { "@type": "NumberArrayCharacteristic", "name": "numbers", "value": [1, 2.5] },
                { "@type": "ObjectArrayCharacteristic", "name": "objects", "value": [{}] },
                { "@type": "Characteristic", "name": "mixed", "value": [1, "x"] },
                { "@type": "Characteristic", "name": "none", "value": [] },
                { "@type": "Characteristic", "name": "nothing", "value": null },
                { "@type": "OwnCharacteristic", "name": "own", "value": "x" }
            ],
            "relatedParty": [{ "id": "1", "role": "seller" }]
        }),
    );
}

#[test]
fn a_bill_has_its_counterpart() {
    let party =
        json!({ "id": "7", "name": "Acme", "@referredType": "Organization", "role": "payer" });
    assert_pair(
        &class::CUSTOMER_BILL,
        json!({
            "@type": "CustomerBill", "id": "1", "lastUpdate": "2026-01-31T09:30:00Z",
            "appliedPayment": [{ "appliedAmount": { "value": 1 }, "payment": { "id": "p" } }],
            "billDocument": [
                { "id": "d", "mimeType": "text/html", "url": "u" },
                { "url": "u" },
                { "id": "d" },
                { "id": "d", "@type": "AttachmentRefOrValue" }
            ],
            "billingAccount": { "id": "a" },
            "billCycle": { "id": "c" },
            "financialAccount": { "id": "f", "accountBalance": [
                { "amount": { "value": 1 }, "balanceType": "b", "validFor": {} }
            ] },
            "paymentMethod": { "id": "m" },
            "relatedParty": [party],
            "taxItem": [{ "taxCategory": "VAT" }]
        }),
        json!({
            "@type": "CustomerBill", "id": "1", "lastUpdate": "2026-01-31T09:30:00Z",
            "appliedPayment": [{ "@type": "AppliedPayment", "appliedAmount": { "value": 1 },
                "payment": { "@type": "PaymentRef", "id": "p" } }],
            "billDocument": [
                { "@type": "Attachment", "id": "d", "mimeType": "text/html", "url": "u" },
                { "@type": "Attachment", "url": "u" },
                { "@type": "AttachmentRef", "id": "d" },
                { "@type": "AttachmentRefOrValue", "id": "d" }
            ],
            "billingAccount": { "@type": "BillingAccountRef", "id": "a" },
            "billCycle": { "@type": "BillCycleRef", "id": "c" },
            "financialAccount": { "@type": "FinancialAccountRef", "id": "f", "accountBalance": [
                { "@type": "AccountBalance", "amount": { "value": 1 }, "balanceType": "b", "validFor": {} }
            ] },
            "paymentMethod": { "@type": "PaymentMethodRef", "id": "m" },
            "relatedParty": [{ "@type": "RelatedPartyRefOrPartyRoleRef", "role": "payer", "partyOrPartyRole":
                { "@type": "PartyRef", "id": "7", "name": "Acme", "@referredType": "Organization" } }],
            "taxItem": [{ "@type": "TaxItem", "taxCategory": "VAT" }]
        }),
    );
}

#[test]
fn a_request_names_one_party() {
    assert_pair(
        &class::CUSTOMER_BILL_ON_DEMAND,
        json!({
            "@type": "CustomerBillOnDemand", "billingAccount": { "id": "a" },
            "customerBill": { "id": "b" },
            "relatedParty": { "id": "7", "name": "n", "@referredType": "Customer", "role": "customer" }
        }),
        json!({
            "@type": "CustomerBillOnDemand",
            "billingAccount": { "@type": "BillingAccountRef", "id": "a" },
            "customerBill": { "@type": "CustomerBillRef", "id": "b" },
            "relatedParty": { "@type": "RelatedPartyRefOrPartyRoleRef", "role": "customer", "partyOrPartyRole":
                { "@type": "PartyRoleRef", "id": "7", "name": "n", "@referredType": "Customer" } }
        }),
    );
}

#[test]
fn the_type_of_an_item_has_one_meaning_in_each_version() {
    let class = &class::APPLIED_CUSTOMER_BILLING_RATE;
    let whole = object_of(&json!({ "appliedBillingRateType": "a", "type": "an extension" }));
    let shown = class.to_v4(whole.clone());
    assert_eq!(Value::Object(shown.clone()), json!({ "type": "a" }));
    assert_eq!(class.restore(&whole, shown), whole);
    // Who writes v4 may know its name in v5 alone.
    let known = class.to_v5(object_of(&json!({ "appliedBillingRateType": "b" })));
    assert_eq!(Value::Object(known), json!({ "appliedBillingRateType": "b" }));
    let both = class.to_v5(object_of(&json!({ "appliedBillingRateType": "b", "type": "c" })));
    assert_eq!(Value::Object(both), json!({ "appliedBillingRateType": "c" }));
}

#[test]
fn only_what_is_unmistakable_is_spelled_out() {
    let normalised = |class: &Class, document: Value| {
        let mut document = object_of(&document);
        class.v5.normalise(&mut document);
        Value::Object(document)
    };
    let bill = &class::CUSTOMER_BILL;
    assert_eq!(
        normalised(
            bill,
            json!({
                "billDate": "2026-02-30", "billingPeriod": [{ "startDateTime": "2026-01-01" }],
                "billDocument": [{ "validFor": { "endDateTime": "2026-01-01" } }],
                "relatedParty": { "role": "payer" }
            })
        ),
        // There is no such day: that is for the schema to find.
        json!({
            "billDate": "2026-02-30T00:00:00Z",
            "billingPeriod": { "startDateTime": "2026-01-01T00:00:00Z" },
            "billDocument": [{ "validFor": { "endDateTime": "2026-01-01T00:00:00Z" } }],
            "relatedParty": { "role": "payer" }
        })
    );
    for unchanged in [
        json!({ "billDate": "2026-1-1" }),
        json!({ "billDate": "2026-01-01T00:00" }),
        json!({ "billDate": "20260101xx" }),
        json!({ "billDate": 20260101 }),
        json!({ "billingAccount": [] }),
        json!({ "billingAccount": [{ "id": "1" }, { "id": "2" }] }),
        json!({ "billingAccount": ["1"] }),
        json!({ "billNo": "2026-01-01" }),
        json!({ "extension": [{ "billDate": "2026-01-01" }] }),
    ] {
        assert_eq!(normalised(bill, unchanged.clone()), unchanged);
    }
    // Clients of the other API write it whole.
    let account = json!({ "lastUpdate": "2026-01-01", "creditLimit": [{ "value": 1 }] });
    assert_eq!(normalised(&class::BILLING_ACCOUNT, account.clone()), account);
}

#[test]
fn what_is_required_is_what_the_standard_requires() {
    for class in [&class::APPLIED_CUSTOMER_BILLING_RATE, &class::CUSTOMER_BILL, &class::BILL_CYCLE]
    {
        assert!(class.v4.is_valid(&json!({})) && class.v5.is_valid(&json!({})), "{class:?}");
    }
    let on_demand = &class::CUSTOMER_BILL_ON_DEMAND;
    assert!(on_demand.v4.is_valid(&json!({})));
    let faults = on_demand.v5.validate(&json!({})).unwrap_err();
    assert_eq!(faults[0].to_string(), "/billingAccount is required");
}

#[test]
fn a_cycle_has_one_attribute_with_a_capital_letter() {
    let mut cycle = object_of(&json!({ "BillCycleSpecification": { "id": "s" } }));
    class::BILL_CYCLE.complete(&mut cycle);
    let class = "BillCycleSpecificationRef";
    assert_eq!(cycle["BillCycleSpecification"], json!({ "@type": class, "id": "s" }));
    let wrong = json!({ "BillCycleSpecification": { "name": "s" } });
    assert!(!class::BILL_CYCLE.v5.is_valid(&wrong));
    assert!(class::BILL_CYCLE.v5.is_valid(&json!({ "billCycleSpecification": 5 })));
}
