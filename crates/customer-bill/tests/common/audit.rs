//! What must hold of books at any time, told from what is answered alone.

use std::collections::{BTreeMap, BTreeSet};

use super::{BILL, BILLING_ACCOUNT, Books, FINANCIAL_ACCOUNT, ITEM, Value};

/// Hundred-millionths of a unit of a currency.
type Exact = i128;

const SCALE: u32 = 8;

/// A number as JSON writes it.
pub fn exact(number: &Value) -> Exact {
    let text = number.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    assert!(fraction.len() <= SCALE as usize, "{text}");
    let digits: Exact = format!("{whole}{fraction:0<8}").parse().unwrap();
    digits
}

/// Rounded to two decimals, half away from zero.
fn rounded(exact: Exact) -> Exact {
    let unit = 10_i128.pow(SCALE - 2);
    (exact.abs() + unit / 2) / unit * unit * exact.signum()
}

fn value(money: &Value) -> Exact {
    exact(&money["value"])
}

fn cost(item: &Value) -> Exact {
    let taxes = item["appliedTax"].as_array().into_iter().flatten();
    value(&item["taxExcludedAmount"]) + taxes.map(|tax| value(&tax["taxAmount"])).sum::<Exact>()
}

fn all(books: &Books, definition: &'static tmf630::Definition) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let (page, total) = books.list(definition, &format!("limit=1000&offset={}", all.len()));
        let is_end = page.is_empty();
        all.extend(page);
        if is_end || all.len() as u64 == total {
            assert_eq!(all.len() as u64, total);
            return all;
        }
    }
}

/// Looks at everything, and tells how many bills there are.
pub fn audit(books: &Books) -> usize {
    let (items, bills) = (all(books, &ITEM), all(books, &BILL));
    let mut of_bills: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    let mut unbilled: BTreeMap<&str, Exact> = BTreeMap::new();
    for item in &items {
        let account = item["billingAccount"]["id"].as_str().unwrap();
        match item["bill"]["id"].as_str() {
            Some(bill) => of_bills.entry(bill).or_default().push(item),
            None => *unbilled.entry(account).or_default() += cost(item),
        }
        assert_eq!(item["isBilled"], item.get("bill").is_some(), "{item}");
    }
    let mut receivable: BTreeMap<&str, Exact> = BTreeMap::new();
    let mut numbers = BTreeSet::new();
    for bill in &bills {
        let own = of_bills.remove(bill["id"].as_str().unwrap()).unwrap_or_default();
        check(bill, &own);
        let remains = if bill["state"] == "settled" { 0 } else { value(&bill["remainingAmount"]) };
        *receivable.entry(bill["billingAccount"]["id"].as_str().unwrap()).or_default() += remains;
        assert!(numbers.insert(bill["billNo"].as_str().unwrap()), "twice: {bill}");
    }
    assert!(of_bills.is_empty(), "items on bills that are not there: {of_bills:?}");
    let expected: Vec<_> = (1..=bills.len()).map(|n| format!("INV-2026-{n:06}")).collect();
    assert_eq!(numbers.into_iter().collect::<Vec<_>>(), expected, "numbers without gaps");
    let mut of_ledgers: BTreeMap<String, [Exact; 2]> = BTreeMap::new();
    for account in all(books, &BILLING_ACCOUNT) {
        let id = account["id"].as_str().unwrap();
        let sums = [unbilled.remove(id).unwrap_or(0), receivable.remove(id).unwrap_or(0)];
        assert_eq!(balances(&account), sums, "{account}");
        if let Some(ledger) = account["financialAccount"]["id"].as_str() {
            let total = of_ledgers.entry(ledger.to_owned()).or_default();
            total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
        }
    }
    assert!(unbilled.is_empty() && receivable.is_empty());
    for ledger in all(books, &FINANCIAL_ACCOUNT) {
        let expected = of_ledgers.remove(ledger["id"].as_str().unwrap()).unwrap_or_default();
        assert_eq!(balances(&ledger), expected, "{ledger}");
    }
    bills.len()
}

/// What is unbilled, and what is receivable.
fn balances(account: &Value) -> [Exact; 2] {
    ["unbilled", "receivable"].map(|kind| {
        let entries = account["accountBalance"].as_array().into_iter().flatten();
        entries.filter(|it| it["balanceType"] == kind).map(|it| value(&it["amount"])).sum()
    })
}

fn check(bill: &Value, items: &[&Value]) {
    let excluded: Exact = items.iter().map(|item| value(&item["taxExcludedAmount"])).sum();
    let mut taxes: BTreeMap<String, Exact> = BTreeMap::new();
    for tax in items.iter().flat_map(|item| item["appliedTax"].as_array().into_iter().flatten()) {
        *taxes.entry(tax["taxRate"].to_string()).or_default() += value(&tax["taxAmount"]);
    }
    let found: BTreeMap<_, _> = bill["taxItem"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tax| (tax["taxRate"].to_string(), value(&tax["taxAmount"])))
        .collect();
    let taxes: BTreeMap<_, _> = taxes.into_iter().map(|(rate, sum)| (rate, rounded(sum))).collect();
    assert_eq!(found, taxes, "{bill}");
    let included = rounded(excluded) + taxes.values().sum::<Exact>();
    let paid: Exact = bill["appliedPayment"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|payment| value(&payment["appliedAmount"]))
        .sum();
    for (attribute, expected) in [
        ("taxExcludedAmount", rounded(excluded)),
        ("taxIncludedAmount", included),
        ("amountDue", included),
        ("remainingAmount", included - paid),
    ] {
        assert_eq!(value(&bill[attribute]), expected, "{attribute} of {bill}");
    }
    let account = &bill["billingAccount"]["id"];
    assert!(items.iter().all(|item| item["billingAccount"]["id"] == *account), "{bill}");
    assert!(!items.is_empty(), "{bill}");
}
