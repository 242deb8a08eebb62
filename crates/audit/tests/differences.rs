//! A tenant in order has no difference; each kind of damage is found, and nothing else is said.

use audit::{AccountKind, Auditor};
use money::Rounding;
use serde_json::{Value, json};

/// The documents of a tenant.
#[derive(Clone)]
struct Tenant {
    billing_accounts: Vec<Value>,
    financial_accounts: Vec<Value>,
    bills: Vec<Value>,
    items: Vec<Value>,
}

/// Money with the digits of `value`.
fn money(unit: &str, value: &str) -> Value {
    json!({ "unit": unit, "value": serde_json::from_str::<Value>(value).unwrap() })
}

fn eur(value: &str) -> Value {
    money("EUR", value)
}

fn item(
    id: &str,
    account: &str,
    bill: Option<&str>,
    excluded: &str,
    rate: &str,
    tax: &str,
) -> Value {
    let mut item = json!({
        "id": id, "isBilled": bill.is_some(), "billingAccount": { "id": account },
        "taxExcludedAmount": eur(excluded),
        "appliedTax": [{
            "taxCategory": "VAT", "taxRate": serde_json::from_str::<Value>(rate).unwrap(),
            "taxAmount": eur(tax),
        }],
    });
    if let Some(bill) = bill {
        item["bill"] = json!({ "id": bill });
    }
    item
}

fn balances(unbilled: &str, receivable: &str) -> Value {
    json!([
        { "balanceType": "unbilled", "amount": eur(unbilled) },
        { "balanceType": "receivable", "amount": eur(receivable) },
        { "balanceType": "deposit", "amount": eur("50") },
    ])
}

impl Tenant {
    /// Two accounts of one financial account; bills of two items with two rates, one of them paid
    /// in part, the other one of a credit and settled; two bills of other systems; items of nobody,
    /// and unbilled ones.
    fn in_order() -> Self {
        let bill = json!({
            "id": "b1", "billNo": "INV-2026-000001", "state": "partiallyPaid",
            "billingAccount": { "id": "a" },
            "taxExcludedAmount": eur("10.33"), "taxIncludedAmount": eur("12.14"),
            "amountDue": eur("12.14"), "remainingAmount": eur("7.14"),
            "taxItem": [
                { "taxCategory": "VAT", "taxRate": 19, "taxAmount": eur("1.77") },
                { "taxCategory": "VAT", "taxRate": 7, "taxAmount": eur("0.04") },
            ],
            "appliedPayment": [
                { "appliedAmount": eur("6"), "payment": { "id": "p1" } },
                { "appliedAmount": eur("-1.00"), "payment": { "id": "p2" } },
            ],
        });
        let settled = json!({
            "id": "b2", "billNo": "INV-2026-000003", "state": "settled", "billingAccount": { "id": "b" },
            "taxExcludedAmount": eur("2.00"), "taxIncludedAmount": eur("2.38"),
            "amountDue": eur("2.38"), "remainingAmount": eur("0.00"),
            "taxItem": [{ "taxCategory": "VAT", "taxRate": 19, "taxAmount": eur("0.38") }],
            "appliedPayment": [{ "appliedAmount": eur("2.38"), "payment": { "id": "p3" } }],
        });
        // Its amounts follow from items that are elsewhere, and its number is one of the series.
        let imported = json!({
            "id": "old-1", "billNo": "INV-2026-000002", "state": "sent", "billingAccount": { "id": "b" },
            "amountDue": eur("5"), "remainingAmount": eur("5"), "taxExcludedAmount": eur("1"),
            "taxItem": [{ "taxRate": "nineteen" }],
        });
        let without_amounts = json!({ "id": "old-2", "billNo": "77", "state": "sent", "billingAccount": { "id": "elsewhere" } });
        Self {
            billing_accounts: vec![
                json!({
                    "id": "a", "financialAccount": { "id": "f" },
                    "accountBalance": balances("1.190001", "7.14"),
                }),
                json!({
                    "id": "b", "financialAccount": { "id": "f" },
                    "accountBalance": balances("-0.50", "5.00"),
                }),
                json!({ "id": "c" }),
            ],
            financial_accounts: vec![
                json!({ "id": "f", "accountBalance": balances("0.690001", "12.14") }),
                json!({ "id": "g", "accountBalance": balances("0.00", "0.00") }),
            ],
            bills: vec![bill, settled, imported, without_amounts],
            items: vec![
                item("i1", "a", Some("b1"), "9.333333", "19", "1.77333327"),
                item("i2", "a", Some("b1"), "0.50", "7.0", "0.035"),
                item("i3", "a", Some("b1"), "0.500", "7", "0.00"),
                item("i4", "b", Some("b2"), "3.00", "19", "0.57"),
                item("i5", "b", Some("b2"), "-1.00", "19", "-0.19"),
                item("u1", "a", None, "1.000001", "19", "0.19"),
                item("u2", "b", None, "-0.50", "0", "0"),
                item("old", "elsewhere", Some("not-here"), "7", "19", "9"),
                json!({ "id": "older", "isBilled": true }),
            ],
        }
    }

    fn differences(&self, rounding: Rounding) -> Vec<String> {
        let mut auditor = Auditor::new(rounding);
        self.items.iter().for_each(|item| auditor.add_item(item));
        self.bills.iter().for_each(|bill| auditor.add_bill(bill));
        for account in &self.billing_accounts {
            auditor.add_account(AccountKind::Billing, account);
        }
        for account in &self.financial_accounts {
            auditor.add_account(AccountKind::Financial, account);
        }
        auditor.finish().iter().map(ToString::to_string).collect()
    }
}

/// What is said of a tenant that was in order until `damage`.
fn after(damage: impl FnOnce(&mut Tenant)) -> Vec<String> {
    let mut tenant = Tenant::in_order();
    damage(&mut tenant);
    tenant.differences(Rounding::Bill)
}

#[test]
fn a_tenant_in_order_has_no_difference() {
    assert_eq!(after(|_| {}), Vec::<String>::new());
    assert_eq!(
        after(|tenant| *tenant = Tenant {
            billing_accounts: vec![],
            financial_accounts: vec![],
            bills: vec![],
            items: vec![],
        }),
        Vec::<String>::new()
    );
}

#[test]
fn amounts_that_do_not_follow_from_the_items_are_found() {
    assert_eq!(
        after(|tenant| tenant.bills[0]["taxExcludedAmount"] = eur("10.34")),
        ["customerBill b1 taxExcludedAmount: is 10.34 EUR, must be 10.33 EUR"]
    );
    assert_eq!(
        after(|tenant| tenant.bills[0]["taxIncludedAmount"] = Value::Null),
        ["customerBill b1 taxIncludedAmount: is /taxIncludedAmount must be money, such as \
             {\"unit\": \"EUR\", \"value\": 1.50}, must be 12.14 EUR"]
    );
    assert_eq!(
        after(|tenant| {
            tenant.bills[0]["amountDue"] = eur("12.15");
            tenant.bills[0]["remainingAmount"] = eur("7.15");
            tenant.billing_accounts[0]["accountBalance"] = balances("1.190001", "7.15");
            tenant.financial_accounts[0]["accountBalance"] = balances("0.690001", "12.15");
        }),
        ["customerBill b1 amountDue: is 12.15 EUR, must be 12.14 EUR"]
    );
    assert_eq!(
        after(|tenant| tenant.items.retain(|item| item["id"] != "i5")),
        [
            "customerBill b2 amountDue: is 2.38 EUR, must be 3.57 EUR",
            "customerBill b2 taxExcludedAmount: is 2.00 EUR, must be 3.00 EUR",
            "customerBill b2 taxIncludedAmount: is 2.38 EUR, must be 3.57 EUR",
            "customerBill b2 taxItem VAT 19: is 0.38 EUR, must be 0.57 EUR",
        ]
    );
}

#[test]
fn taxes_are_compared_by_category_and_rate() {
    assert_eq!(
        after(|tenant| tenant.bills[0]["taxItem"][1]["taxAmount"] = eur("0.03")),
        ["customerBill b1 taxItem VAT 7: is 0.03 EUR, must be 0.04 EUR"]
    );
    assert_eq!(
        after(|tenant| tenant.bills[1]["taxItem"][0]["taxRate"] = 16.into()),
        [
            "customerBill b2 taxItem VAT 16: is 0.38 EUR, must be missing",
            "customerBill b2 taxItem VAT 19: is missing, must be 0.38 EUR",
        ]
    );
    let twice = |tenant: &mut Tenant| {
        let first = tenant.bills[1]["taxItem"][0].clone();
        tenant.bills[1]["taxItem"] = json!([first, first]);
    };
    assert_eq!(
        after(twice),
        [
            "customerBill b2 taxItem: is /taxItem/1 has the category and rate of another, must be readable"
        ]
    );
    let spelled = |tenant: &mut Tenant| {
        tenant.bills[0]["taxItem"][1]["taxRate"] = serde_json::from_str("7.00").unwrap();
        tenant.bills[1]["taxItem"][0]["taxRate"] = serde_json::from_str("1.9e1").unwrap();
    };
    assert_eq!(after(spelled), Vec::<String>::new());
}

#[test]
fn amounts_are_rounded_as_the_application_does_it() {
    // Each line of 0.035 is 0.04 by itself; together they are 0.07.
    let mut tenant = Tenant::in_order();
    tenant.items[2] = item("i3", "a", Some("b1"), "0.50", "7", "0.035");
    assert_eq!(
        tenant.differences(Rounding::Bill)[2],
        "customerBill b1 taxItem VAT 7: is 0.04 EUR, must be 0.07 EUR"
    );
    assert_eq!(
        tenant.differences(Rounding::Line)[2],
        "customerBill b1 taxItem VAT 7: is 0.04 EUR, must be 0.08 EUR"
    );
}

#[test]
fn what_remains_follows_from_payments_also_of_imported_bills() {
    assert_eq!(
        after(|tenant| {
            tenant.bills[0]["remainingAmount"] = eur("7.13");
            tenant.billing_accounts[0]["accountBalance"] = balances("1.190001", "7.13");
            tenant.financial_accounts[0]["accountBalance"] = balances("0.690001", "12.13");
        }),
        ["customerBill b1 remainingAmount: is 7.13 EUR, must be 7.14 EUR"]
    );
    assert_eq!(
        after(|tenant| {
            tenant.bills[2]["appliedPayment"] =
                json!([{ "payment": { "id": "vague" } }, { "appliedAmount": eur("0.01") }]);
        }),
        ["customerBill old-1 remainingAmount: is 5 EUR, must be 4.99 EUR"]
    );
    assert_eq!(
        after(|tenant| tenant.bills[1]["appliedPayment"][0]["appliedAmount"] = money("USD", "2.38")),
        [
            "customerBill b2 appliedPayment: is /appliedPayment/0/appliedAmount/unit must be EUR, the \
             currency of the bill, must be an amount"
        ]
    );
}

#[test]
fn states_go_with_payments() {
    let in_state =
        |bill: usize, state: &str| after(|tenant| tenant.bills[bill]["state"] = state.into());
    for state in ["new", "validated", "sent"] {
        let found = in_state(0, state);
        let expected = format!(
            "customerBill b1 state: is {state}, must be partiallyPaid or settled or onHold, as 5.00 EUR of \
             12.14 EUR are paid"
        );
        assert_eq!(found, [expected]);
    }
    let found = in_state(1, "partiallyPaid");
    assert_eq!(
        found,
        [
            "customerBill b2 state: is partiallyPaid, must be settled or onHold, as 2.38 EUR of 2.38 EUR are paid"
        ]
    );
    for (bill, state) in
        [(0, "onHold"), (0, "disputed"), (1, "onHold"), (2, "validated"), (2, "partiallyPaid")]
    {
        assert_eq!(in_state(bill, state), Vec::<String>::new(), "{bill} {state}");
    }
}

#[test]
fn items_must_fit_their_bill() {
    assert_eq!(
        after(|tenant| tenant.items[3]["billingAccount"]["id"] = "c".into()),
        ["customerBill b2 items: is on items of the account c, must be on items of b only"]
    );
    assert_eq!(
        after(|tenant| {
            tenant.items[4]["taxExcludedAmount"] = money("USD", "-1.00");
            tenant.items[4]["appliedTax"] = json!([]);
        }),
        [
            "customerBill b2 items: is what i5 cannot be added to: amounts in EUR and USD cannot be added up, \
             must be a sum of all items"
        ]
    );
    let unreadable = |tenant: &mut Tenant| {
        drop(tenant.items[4].as_object_mut().unwrap().remove("taxExcludedAmount"))
    };
    let found = after(unreadable);
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("i5") && found[0].contains("/taxExcludedAmount"), "{found:?}");
}

#[test]
fn unbilled_items_are_on_no_bill_and_on_an_account() {
    assert_eq!(
        after(|tenant| tenant.items[5]["bill"] = json!({ "id": "b1" })),
        ["appliedCustomerBillingRate u1 bill: is b1, must be missing, as the item is not billed"]
    );
    assert_eq!(
        after(|tenant| drop(tenant.items[8].as_object_mut().unwrap().remove("isBilled"))),
        ["appliedCustomerBillingRate older isBilled: is missing, must be true or false"]
    );
    let nowhere =
        |tenant: &mut Tenant| tenant.items.push(item("u3", "gone", None, "1", "19", "0.19"));
    assert_eq!(
        after(nowhere),
        ["billingAccount gone account: is missing, must be there, as it has unbilled items"]
    );
    let of_nobody = |tenant: &mut Tenant| {
        tenant.items.push(json!({ "id": "u3", "isBilled": false, "taxExcludedAmount": eur("1") }));
    };
    assert_eq!(
        after(of_nobody),
        [
            "appliedCustomerBillingRate u3 billingAccount: is missing, must be there, as the item is not billed"
        ]
    );
}

#[test]
fn numbers_are_taken_once_and_without_gaps() {
    assert_eq!(
        after(|tenant| tenant.bills[2]["billNo"] = "INV-2026-000001".into()),
        [
            "customerBill b2 billNo: is the last of the series INV-2026-# without 2, must be the last of a series without gaps",
            "customerBill old-1 billNo: is INV-2026-000001, must be another than that of the bill b1",
        ]
    );
    // One that was made elsewhere does not make a series longer.
    assert_eq!(
        after(|tenant| tenant.bills[3]["billNo"] = "INV-2026-000009".into()),
        Vec::<String>::new()
    );
}

#[test]
fn balances_follow_from_items_and_bills() {
    assert_eq!(
        after(|tenant| tenant.billing_accounts[0]["accountBalance"] = balances("1.19", "7.14")),
        ["billingAccount a accountBalance unbilled: is 1.19 EUR, must be 1.190001 EUR"]
    );
    assert_eq!(
        after(|tenant| drop(
            tenant.billing_accounts[1].as_object_mut().unwrap().remove("accountBalance")
        )),
        [
            "billingAccount b accountBalance receivable: is 0.00 EUR, must be 5.00 EUR",
            "billingAccount b accountBalance unbilled: is 0.00 EUR, must be -0.50 EUR",
        ]
    );
    assert_eq!(
        after(|tenant| {
            tenant.billing_accounts[2]["accountBalance"] =
                json!([{ "balanceType": "receivable", "amount": money("JPY", "1") }]);
        }),
        ["billingAccount c accountBalance receivable: is 1 JPY, must be 0 JPY"]
    );
    assert_eq!(
        after(|tenant| tenant.billing_accounts[0]["accountBalance"][0]["amount"] = "1.19".into())
            [0],
        "billingAccount a accountBalance 0: is /amount must be money, such as {\"unit\": \"EUR\", \"value\": \
         1.50}, must be readable"
    );
}

#[test]
fn financial_accounts_are_the_sums_of_those_that_refer_to_them() {
    assert_eq!(
        after(
            |tenant| tenant.financial_accounts[0]["accountBalance"] = balances("0.690001", "12.13")
        ),
        ["financialAccount f accountBalance receivable: is 12.13 EUR, must be 12.14 EUR"]
    );
    assert_eq!(
        after(|tenant| tenant.billing_accounts[1]["financialAccount"]["id"] = "g".into()),
        [
            "financialAccount f accountBalance receivable: is 12.14 EUR, must be 7.14 EUR",
            "financialAccount f accountBalance unbilled: is 0.690001 EUR, must be 1.190001 EUR",
            "financialAccount g accountBalance receivable: is 0.00 EUR, must be 5.00 EUR",
            "financialAccount g accountBalance unbilled: is 0.00 EUR, must be -0.50 EUR",
        ]
    );
}

#[test]
fn documents_are_counted() {
    let tenant = Tenant::in_order();
    let mut auditor = Auditor::new(Rounding::Bill);
    tenant.items.iter().for_each(|item| auditor.add_item(item));
    tenant.bills.iter().for_each(|bill| auditor.add_bill(bill));
    let counts = auditor.counts();
    assert_eq!((counts.items, counts.unbilled_items, counts.bills), (9, 2, 4));
}
