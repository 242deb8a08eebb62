//! A bill, and what must be on it.

use std::collections::{BTreeMap, BTreeSet};

use money::{BillAmounts, Money, Rounding, paid};
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use crate::difference::{Difference, shown, text};
use crate::items::Items;

/// The name of bills in paths.
pub(crate) const CUSTOMER_BILL: &str = "customerBill";

/// What is kept of a bill. What cannot be read is kept as what is wrong with it.
#[derive(Debug)]
pub(crate) struct Bill {
    /// `billNo`.
    pub number: Option<String>,
    /// The id of its account.
    pub account: Option<String>,
    state: String,
    excluded: Amount,
    included: Amount,
    due: Amount,
    remaining: Amount,
    taxes: Result<BTreeMap<Tax, Money>, String>,
    paid: Amount,
}

/// An amount, if there is one.
type Amount = Result<Option<Money>, String>;

/// A category and a rate, without zeros at its end.
type Tax = (Option<String>, Option<Decimal>);

impl Bill {
    /// What is kept of the document.
    pub fn read(document: &Value) -> Self {
        let due = amount(document, "amountDue");
        Self {
            number: text(document, "/billNo").map(str::to_owned),
            account: text(document, "/billingAccount/id").map(str::to_owned),
            state: text(document, "/state").unwrap_or_default().to_owned(),
            excluded: amount(document, "taxExcludedAmount"),
            included: amount(document, "taxIncludedAmount"),
            remaining: amount(document, "remainingAmount"),
            taxes: taxes(document),
            paid: match &due {
                Ok(Some(due)) => payments(document, due).map(Some),
                _ => Ok(None),
            },
            due,
        }
    }

    /// What its account owes because of it: what remains, until it is settled.
    pub fn receivable(&self) -> Option<Money> {
        let remaining = self.remaining.as_ref().ok().copied().flatten();
        remaining.filter(|_| self.state != "settled")
    }

    /// Checks what holds of every bill, wherever it was made: what remains of it.
    pub fn check_remaining(&self, id: &str, differences: &mut Vec<Difference>) {
        let mut differ = |attribute: &str, found: String, expected: String| {
            differences.push(Difference::new(CUSTOMER_BILL, id, attribute, found, expected));
        };
        let amounts = [
            ("amountDue", &self.due),
            ("remainingAmount", &self.remaining),
            ("appliedPayment", &self.paid),
        ];
        for (attribute, amount) in amounts {
            if let Err(fault) = amount {
                differ(attribute, fault.clone(), "an amount".to_owned());
            }
        }
        let (Ok(Some(due)), Ok(remaining), Ok(Some(paid))) =
            (&self.due, &self.remaining, &self.paid)
        else {
            return;
        };
        match due.minus(paid) {
            Ok(expected) if *remaining == Some(expected) => {}
            Ok(expected) => differ("remainingAmount", shown(*remaining), expected.to_string()),
            Err(error) => differ("appliedPayment", paid.to_string(), error.to_string()),
        }
    }

    /// Checks what holds of a bill that was made here of these items.
    pub fn check_made(
        &self,
        id: &str,
        items: &Items,
        rounding: Rounding,
        differences: &mut Vec<Difference>,
    ) {
        self.check_accounts(id, &items.accounts, differences);
        if let Some((item, fault)) = &items.fault {
            let found = format!("what {item} cannot be added to: {fault}");
            differences.push(Difference::new(
                CUSTOMER_BILL,
                id,
                "items",
                found,
                "a sum of all items",
            ));
            return;
        }
        let Some(totals) = &items.totals else { return };
        match totals.finish(rounding) {
            Ok(amounts) => self.check_amounts(id, &amounts, differences),
            Err(error) => {
                let found = error.to_string();
                differences.push(Difference::new(
                    CUSTOMER_BILL,
                    id,
                    "items",
                    found,
                    "a sum of all items",
                ));
            }
        }
        self.check_state(id, differences);
    }

    fn check_accounts(
        &self,
        id: &str,
        accounts: &BTreeSet<String>,
        differences: &mut Vec<Difference>,
    ) {
        for account in accounts {
            if Some(account) != self.account.as_ref() {
                let found = format!("on items of the account {account}");
                let expected = format!("on items of {} only", shown(self.account.as_ref()));
                differences.push(Difference::new(CUSTOMER_BILL, id, "items", found, expected));
            }
        }
    }

    fn check_amounts(&self, id: &str, expected: &BillAmounts, differences: &mut Vec<Difference>) {
        for (attribute, amount, expected) in [
            ("taxExcludedAmount", &self.excluded, &expected.excluded),
            ("taxIncludedAmount", &self.included, &expected.included),
            ("amountDue", &self.due, &expected.included),
        ] {
            let found = match amount {
                Ok(Some(amount)) if amount == expected => continue,
                Ok(amount) => shown(*amount),
                Err(fault) => fault.clone(),
            };
            differences.push(Difference::new(CUSTOMER_BILL, id, attribute, found, expected));
        }
        let shown_taxes = match &self.taxes {
            Ok(taxes) => taxes,
            Err(fault) => {
                differences.push(Difference::new(CUSTOMER_BILL, id, "taxItem", fault, "readable"));
                return;
            }
        };
        let taxes = expected.taxes.iter();
        let taxes: BTreeMap<Tax, Money> =
            taxes.map(|tax| ((tax.category.clone(), tax.rate), tax.amount)).collect();
        let all: BTreeSet<_> = taxes.keys().chain(shown_taxes.keys()).collect();
        for tax in all {
            let (found, expected) = (shown_taxes.get(tax), taxes.get(tax));
            if found != expected {
                let (category, rate) = tax;
                let name = format!(
                    "taxItem {} {}",
                    category.as_deref().unwrap_or("without a category"),
                    rate.map_or_else(|| "without a rate".to_owned(), |rate| rate.to_string())
                );
                differences.push(Difference::new(
                    CUSTOMER_BILL,
                    id,
                    name,
                    shown(found),
                    shown(expected),
                ));
            }
        }
    }

    /// A bill that was paid in full is settled, and one of which a part was paid is partially paid,
    /// unless somebody has closed it so. Both can be on hold, or in a state of a deployment's own.
    /// Nothing follows where nothing was paid: payments can be kept elsewhere.
    fn check_state(&self, id: &str, differences: &mut Vec<Difference>) {
        let (Ok(Some(due)), Ok(Some(paid))) = (&self.due, &self.paid) else { return };
        if paid.amount().is_zero() || !STANDARD_STATES.contains(&&self.state[..]) {
            return;
        }
        let allowed: &[&str] = if due == paid {
            &["settled", "onHold"]
        } else {
            &["partiallyPaid", "settled", "onHold"]
        };
        if !allowed.contains(&&self.state[..]) {
            let expected = format!("{}, as {paid} of {due} are paid", allowed.join(" or "));
            differences.push(Difference::new(CUSTOMER_BILL, id, "state", &self.state, expected));
        }
    }
}

/// Other states are a deployment's own.
const STANDARD_STATES: [&str; 6] =
    ["new", "validated", "sent", "partiallyPaid", "settled", "onHold"];

fn amount(document: &Value, attribute: &str) -> Amount {
    let Some(amount) = document.get(attribute) else { return Ok(None) };
    Money::read_sum(amount, &format!("/{attribute}")).map(Some).map_err(|fault| fault.to_string())
}

/// The sum of the payments that say their amounts; others can come with bills that were made
/// elsewhere.
fn payments(document: &Value, due: &Money) -> Result<Money, String> {
    let payments = document.get("appliedPayment").and_then(Value::as_array).into_iter().flatten();
    let with_amounts = payments.filter(|payment| payment.get("appliedAmount").is_some());
    let bill = Map::from_iter([("appliedPayment".to_owned(), with_amounts.cloned().collect())]);
    paid(&bill, due.currency()).map_err(|fault| fault.to_string())
}

fn taxes(document: &Value) -> Result<BTreeMap<Tax, Money>, String> {
    let mut taxes = BTreeMap::new();
    let entries = document.get("taxItem").and_then(Value::as_array).into_iter().flatten();
    for (at, entry) in entries.enumerate() {
        let rate = match entry.get("taxRate") {
            None => None,
            Some(rate) => {
                let rate = number(&rate.to_string());
                Some(rate.ok_or_else(|| format!("/taxItem/{at}/taxRate is no decimal number"))?)
            }
        };
        let category = text(entry, "/taxCategory").map(str::to_owned);
        let amount = amount(entry, "taxAmount").map_err(|fault| format!("/taxItem/{at}{fault}"))?;
        let amount = amount.ok_or_else(|| format!("/taxItem/{at}/taxAmount is missing"))?;
        if taxes.insert((category, rate), amount).is_some() {
            return Err(format!("/taxItem/{at} has the category and rate of another"));
        }
    }
    Ok(taxes)
}

fn number(text: &str) -> Option<Decimal> {
    let number = match text.contains(['e', 'E']) {
        true => Decimal::from_scientific(text),
        false => Decimal::from_str_exact(text),
    };
    number.ok().map(|number| number.normalize())
}
