//! What is given, and what follows from it.

use std::collections::BTreeMap;

use money::{ItemAmounts, Rounding};
use serde_json::Value;

use crate::balances::{AccountKind, Balances, Kind};
use crate::bill::{Bill, CUSTOMER_BILL};
use crate::difference::{Difference, shown, text};
use crate::items::Items;
use crate::numbers::{NumberFormat, Numbers};

/// The name of items in paths.
pub(crate) const ITEM: &str = "appliedCustomerBillingRate";

/// Compares bills and balances with the items that they follow from.
///
/// Documents are those of v5, each given once and in any order. All bills and items of a tenant,
/// and all of its billing and financial accounts, must be given before [`Auditor::finish`].
#[derive(Debug)]
pub struct Auditor {
    rounding: Rounding,
    number_format: Option<NumberFormat>,
    bills: BTreeMap<String, Bill>,
    /// The items of each bill, whether or not it is there.
    items: BTreeMap<String, Items>,
    balances: Balances,
    counts: Counts,
    differences: Vec<Difference>,
}

/// How many documents were given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Billing and financial accounts.
    pub accounts: u64,
    /// Bills.
    pub bills: u64,
    /// Items.
    pub items: u64,
    /// How many of the items are on no bill.
    pub unbilled_items: u64,
}

impl Auditor {
    /// One that was given nothing. `rounding` is the application's.
    pub fn new(rounding: Rounding) -> Self {
        Self {
            rounding,
            number_format: None,
            bills: BTreeMap::new(),
            items: BTreeMap::new(),
            balances: Balances::default(),
            counts: Counts::default(),
            differences: Vec::new(),
        }
    }

    /// The same for bills that are numbered by a format. Where none is said, a number counts by the
    /// digits at its end.
    pub fn with_number_format(self, format: NumberFormat) -> Self {
        Self { number_format: Some(format), ..self }
    }

    /// How many documents were given.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Gives a billing or financial account.
    pub fn add_account(&mut self, kind: AccountKind, account: &Value) {
        self.counts.accounts += 1;
        let id = id_of(account);
        self.differences.extend(self.balances.add_account(kind, id, account));
    }

    /// Gives a bill.
    pub fn add_bill(&mut self, bill: &Value) {
        self.counts.bills += 1;
        let (id, bill) = (id_of(bill), Bill::read(bill));
        bill.check_remaining(id, &mut self.differences);
        if let (Some(account), Some(amount)) = (&bill.account, bill.receivable())
            && let Err(error) = self.balances.expect(account, Kind::Receivable, &amount)
        {
            self.differ(CUSTOMER_BILL, id, "remainingAmount", &error.to_string(), "within limits");
        }
        self.bills.insert(id.to_owned(), bill);
    }

    /// Gives an item.
    pub fn add_item(&mut self, item: &Value) {
        self.counts.items += 1;
        let id = id_of(item);
        let (bill, account) = (text(item, "/bill/id"), text(item, "/billingAccount/id"));
        let amounts = match item.as_object() {
            Some(item) => ItemAmounts::of(item).map_err(|fault| fault.to_string()),
            None => Err("it is no object".to_owned()),
        };
        match item.get("isBilled") {
            Some(Value::Bool(true)) => {
                // What was billed elsewhere need not say by which bill, nor by one that is here.
                let Some(bill) = bill else { return };
                if !self.items.contains_key(bill) {
                    self.items.insert(bill.to_owned(), Items::default());
                }
                if let Some(items) = self.items.get_mut(bill) {
                    items.add(id, account, amounts);
                }
            }
            Some(Value::Bool(false)) => self.add_unbilled(id, (bill, account), amounts),
            other => self.differ(ITEM, id, "isBilled", &shown(other), "true or false"),
        }
    }

    fn add_unbilled(
        &mut self,
        id: &str,
        (bill, account): (Option<&str>, Option<&str>),
        amounts: Result<ItemAmounts, String>,
    ) {
        self.counts.unbilled_items += 1;
        if let Some(bill) = bill {
            self.differ(ITEM, id, "bill", bill, "missing, as the item is not billed");
        }
        let Some(account) = account else {
            self.differ(ITEM, id, "billingAccount", "missing", "there, as the item is not billed");
            return;
        };
        let cost = amounts.and_then(|amounts| {
            let cost = amounts.included().map_err(|error| error.to_string())?;
            let expected = self.balances.expect(account, Kind::Unbilled, &cost);
            expected.map_err(|error| error.to_string())
        });
        if let Err(fault) = cost {
            self.differ(ITEM, id, "amounts", &fault, "a part of the balance of its account");
        }
    }

    fn differ(
        &mut self,
        resource: &'static str,
        id: &str,
        attribute: &str,
        found: &str,
        expected: &str,
    ) {
        self.differences.push(Difference::new(resource, id, attribute, found, expected));
    }

    /// Where something else is shown than what follows from the items, in the order of resources
    /// and ids.
    pub fn finish(self) -> Vec<Difference> {
        let mut differences = self.differences;
        let mut numbers = Numbers::new(self.number_format.as_ref());
        for (id, bill) in &self.bills {
            let items = self.items.get(id).filter(|_| bill.number.is_some());
            if let Some(number) = &bill.number {
                differences.extend(numbers.add(number, id, items.is_some()));
            }
            if let Some(items) = items {
                bill.check_made(id, items, self.rounding, &mut differences);
            }
        }
        differences.extend(numbers.gaps());
        differences.extend(self.balances.differences());
        differences.sort();
        differences
    }
}

/// The id of a document; the application gives none without.
fn id_of(document: &Value) -> &str {
    text(document, "/id").unwrap_or("without an id")
}
