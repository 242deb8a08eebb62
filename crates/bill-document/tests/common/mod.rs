//! A believable bill: a month of a small business, partly paid.

// Each file of tests uses a part of it.
#![allow(dead_code)]

use serde_json::{Value, json};

pub fn bill() -> Value {
    // Through text, so that numbers keep their digits.
    read(
        r#"{
        "@type": "CustomerBill",
        "id": "019c5f60-7a3e-7c11-9b62-3f0c8a51d2e4",
        "billNo": "INV-2026-000117",
        "billDate": "2026-03-01T00:00:00Z",
        "billingPeriod": { "startDateTime": "2026-02-01T00:00:00Z", "endDateTime": "2026-03-01T00:00:00Z" },
        "paymentDueDate": "2026-03-15T00:00:00Z",
        "category": "normal",
        "runType": "onCycle",
        "state": "partiallyPaid",
        "billingAccount": { "id": "BA-4711", "name": "Example Bakery, main account", "@type": "BillingAccountRef" },
        "billCycle": { "id": "2026-02", "name": "February 2026", "@type": "BillCycleRef" },
        "paymentMethod": { "id": "PM-1", "name": "Bank transfer", "@type": "PaymentMethodRef" },
        "relatedParty": [
            { "role": "customer", "partyOrPartyRole": { "id": "C-100", "name": "Example Bakery Ltd" } },
            { "role": "seller", "partyOrPartyRole": { "id": "P-7", "partyName": "Example Telecom" } }
        ],
        "taxExcludedAmount": { "unit": "EUR", "value": 132.36 },
        "taxItem": [
            { "taxCategory": "VAT", "taxRate": 7, "taxAmount": { "unit": "EUR", "value": 0.7 } },
            { "taxCategory": "VAT", "taxRate": 19, "taxAmount": { "unit": "EUR", "value": 23.25 } }
        ],
        "taxIncludedAmount": { "unit": "EUR", "value": 156.31 },
        "amountDue": { "unit": "EUR", "value": 156.31 },
        "appliedPayment": [
            { "payment": { "id": "PAY-9", "name": "Transfer of 2026-03-05" },
              "appliedAmount": { "unit": "EUR", "value": 100 } }
        ],
        "remainingAmount": { "unit": "EUR", "value": 56.31 }
    }"#,
    )
}

pub fn items() -> Vec<Value> {
    let item = |rest: &str| read(&format!("{{{rest}}}"));
    vec![
        item(
            r#""id": "I-1", "date": "2026-02-01T00:00:00Z", "name": "Fibre 500 Business",
            "description": "Monthly fee", "appliedBillingRateType": "recurringCharge",
            "periodCoverage": { "startDateTime": "2026-02-01T00:00:00Z", "endDateTime": "2026-03-01T00:00:00Z" },
            "product": { "id": "PR-31", "name": "Fibre 500" },
            "taxExcludedAmount": { "unit": "EUR", "value": 119.9 },
            "appliedTax": [
                { "taxCategory": "VAT", "taxRate": 19, "taxAmount": { "unit": "EUR", "value": 22.781 } } ],
            "taxIncludedAmount": { "unit": "EUR", "value": 142.681 }"#,
        ),
        item(
            r#""id": "I-2", "date": "2026-02-17T16:05:12.5+01:00", "name": "Calls abroad, 42 minutes",
            "appliedBillingRateType": "usageCharge",
            "taxExcludedAmount": { "unit": "EUR", "value": 7.458333 },
            "appliedTax": [
                { "taxCategory": "VAT", "taxRate": 19, "taxAmount": { "unit": "EUR", "value": 1.417083 } } ],
            "taxIncludedAmount": { "unit": "EUR", "value": 8.875416 }"#,
        ),
        item(
            r#""id": "I-3", "date": "2026-02-20T00:00:00Z", "name": "Directory, printed",
            "appliedBillingRateType": "oneTimeCharge",
            "taxExcludedAmount": { "unit": "EUR", "value": 10.00 },
            "appliedTax": [
                { "taxCategory": "VAT", "taxRate": 7, "taxAmount": { "unit": "EUR", "value": 0.70 } } ],
            "taxIncludedAmount": { "unit": "EUR", "value": 10.70 }"#,
        ),
        item(
            r#""id": "I-4", "date": "2026-02-28T00:00:00Z", "name": "Rebate: fault of 3 February",
            "appliedBillingRateType": "rebate",
            "taxExcludedAmount": { "unit": "EUR", "value": -5 },
            "appliedTax": [
                { "taxCategory": "VAT", "taxRate": 19, "taxAmount": { "unit": "EUR", "value": -0.95 } } ],
            "taxIncludedAmount": { "unit": "EUR", "value": -5.95 }"#,
        ),
    ]
}

/// A bill and an item that have `text` wherever a client can write one.
pub fn everywhere(text: &str) -> (Value, Value) {
    let party = json!({ "role": text, "partyOrPartyRole": { "id": text, "name": text } });
    let tax =
        json!({ "taxCategory": text, "taxRate": 19, "taxAmount": { "unit": "EUR", "value": 1 } });
    let bill = json!({
        "billNo": text, "state": text, "category": text, "runType": text, "id": text, "relatedParty": [party],
        "billDate": text, "billingPeriod": { "startDateTime": text, "endDateTime": text },
        "billingAccount": { "id": text, "name": text }, "paymentMethod": { "name": text }, "taxItem": [tax],
        "appliedPayment": [{ "payment": { "name": text }, "appliedAmount": { "unit": text, "value": text } }],
        "amountDue": { "unit": "EUR", "value": 1 },
    });
    let item = json!({
        "id": text, "date": text, "name": text, "description": format!("{text} "), "appliedTax": [tax],
        "appliedBillingRateType": text, "periodCoverage": { "startDateTime": text, "endDateTime": text },
        "product": { "id": text, "name": text }, "taxExcludedAmount": { "unit": text, "value": text },
    });
    (bill, item)
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Compares with a file beside the tests. With `UPDATE_SNAPSHOTS` set, writes it.
pub fn is_snapshot(name: &str, text: &str) {
    let path = format!("{}/tests/snapshots/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text, expected, "differs from {path}; with UPDATE_SNAPSHOTS=1 the tests write it");
}
