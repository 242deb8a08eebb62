//! Accounts, and what must stand on them.

use std::collections::{BTreeMap, BTreeSet};

use money::{Currency, Money};
use serde_json::Value;

use crate::difference::{Difference, text};

/// The accounts that show balances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountKind {
    /// What bills are issued for.
    Billing,
    /// What billing accounts add up to.
    Financial,
}

impl AccountKind {
    /// The name of the resource in paths.
    pub fn resource(self) -> &'static str {
        match self {
            Self::Billing => "billingAccount",
            Self::Financial => "financialAccount",
        }
    }
}

/// The kinds of balances that are the application's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// What unbilled items cost with their taxes.
    Unbilled,
    /// What remains of bills that are not settled.
    Receivable,
}

impl Kind {
    fn of(entry: &Value) -> Option<Self> {
        match text(entry, "/balanceType")? {
            "unbilled" => Some(Self::Unbilled),
            "receivable" => Some(Self::Receivable),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Unbilled => "unbilled",
            Self::Receivable => "receivable",
        }
    }
}

/// Amounts of each kind in each currency. What is missing is nothing.
#[derive(Debug, Default)]
struct Sums(BTreeMap<(Kind, Currency), Money>);

impl Sums {
    fn add(&mut self, kind: Kind, amount: &Money) -> Result<(), money::Error> {
        let zero = Money::zero(amount.currency());
        let sum = self.0.entry((kind, amount.currency())).or_insert(zero);
        *sum = sum.plus(amount)?;
        Ok(())
    }

    fn get(&self, kind: Kind, currency: Currency) -> Money {
        self.0.get(&(kind, currency)).copied().unwrap_or_else(|| Money::zero(currency))
    }
}

/// What accounts show, and what was found to stand on them.
#[derive(Debug, Default)]
pub(crate) struct Balances {
    billing: BTreeMap<String, Billing>,
    financial: BTreeMap<String, Sums>,
    /// What stands on billing accounts, whether or not they are there.
    expected: BTreeMap<String, Sums>,
}

#[derive(Debug)]
struct Billing {
    shown: Sums,
    financial_account: Option<String>,
}

impl Balances {
    /// Adds an account; what is wrong with its balances.
    pub fn add_account(
        &mut self,
        kind: AccountKind,
        id: &str,
        document: &Value,
    ) -> Option<Difference> {
        let mut shown = Sums::default();
        let mut difference = None;
        let entries = document.get("accountBalance").and_then(Value::as_array);
        for (at, entry) in entries.into_iter().flatten().enumerate() {
            let Some(of) = Kind::of(entry) else { continue };
            let amount = entry.get("amount").unwrap_or(&Value::Null);
            let amount = Money::read_sum(amount, "/amount").map_err(|fault| fault.to_string());
            let added =
                amount.and_then(|amount| shown.add(of, &amount).map_err(|error| error.to_string()));
            if let Err(fault) = added {
                let attribute = format!("accountBalance {at}");
                difference =
                    Some(Difference::new(kind.resource(), id, attribute, fault, "readable"));
            }
        }
        match kind {
            AccountKind::Billing => {
                let financial_account = text(document, "/financialAccount/id").map(str::to_owned);
                self.billing.insert(id.to_owned(), Billing { shown, financial_account });
            }
            AccountKind::Financial => drop(self.financial.insert(id.to_owned(), shown)),
        }
        difference
    }

    /// Adds what stands on a billing account because of an item or a bill.
    pub fn expect(
        &mut self,
        account: &str,
        kind: Kind,
        amount: &Money,
    ) -> Result<(), money::Error> {
        if !self.expected.contains_key(account) {
            self.expected.insert(account.to_owned(), Sums::default());
        }
        self.expected.get_mut(account).map_or(Ok(()), |sums| sums.add(kind, amount))
    }

    /// Where accounts show something else.
    pub fn differences(&self) -> Vec<Difference> {
        let mut differences = Vec::new();
        let nothing = Sums::default();
        let mut of_financial: BTreeMap<&str, Sums> = BTreeMap::new();
        for (id, Billing { shown, financial_account }) in &self.billing {
            let expected = self.expected.get(id).unwrap_or(&nothing);
            compare(AccountKind::Billing, id, shown, expected, &mut differences);
            let Some(financial) = financial_account else { continue };
            let sums = of_financial.entry(financial).or_default();
            for ((kind, _), amount) in &expected.0 {
                if let Err(error) = sums.add(*kind, amount) {
                    let (resource, attribute) = (AccountKind::Financial.resource(), kind.name());
                    differences
                        .push(Difference::new(resource, financial, attribute, error, "a sum"));
                }
            }
        }
        for (id, shown) in &self.financial {
            let expected = of_financial.get(&id[..]).unwrap_or(&nothing);
            compare(AccountKind::Financial, id, shown, expected, &mut differences);
        }
        // Bills that were made elsewhere need no account here; unbilled items do.
        for (id, sums) in &self.expected {
            let is_unbilled = sums.0.keys().any(|(kind, _)| *kind == Kind::Unbilled);
            if is_unbilled && !self.billing.contains_key(id) {
                let resource = AccountKind::Billing.resource();
                let expected = "there, as it has unbilled items";
                differences.push(Difference::new(resource, id, "account", "missing", expected));
            }
        }
        differences
    }
}

fn compare(
    of: AccountKind,
    id: &str,
    shown: &Sums,
    expected: &Sums,
    differences: &mut Vec<Difference>,
) {
    let all: BTreeSet<_> = shown.0.keys().chain(expected.0.keys()).collect();
    for &(kind, currency) in all {
        let (found, expected) = (shown.get(kind, currency), expected.get(kind, currency));
        if found != expected {
            let attribute = format!("accountBalance {}", kind.name());
            differences.push(Difference::new(of.resource(), id, attribute, found, expected));
        }
    }
}
