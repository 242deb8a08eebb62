//! Taking items for a bill, and the bill that comes of them.

use jiff::Timestamp;
use jiff::tz::Offset;
use ledger::Posting;
use money::{BillAmounts, Currency, Money, Totals};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tmf630::Error;
use tmf630::model::behaviour::Work;

use super::terms::{Terms, time};
use super::{number, unpublished};
use crate::account::Account;
use crate::applied_customer_billing_rate::{APPLIED_CUSTOMER_BILLING_RATE, amounts};
use crate::customer_bill::{CUSTOMER_BILL, document_of, receivable};
use crate::in_order::{Unbilled, unreadable};
use crate::settings;

/// How many items a bill may have that is made in the transaction of a request.
pub(crate) const ITEMS_OF_A_REQUEST: usize = 500;

/// How many items are taken in a transaction: some tenths of a second of work.
pub(crate) const ITEMS_AT_ONCE: usize = 1000;

/// A bill that is being made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Making {
    /// The id that it is going to have.
    pub bill: String,
    /// The id of the account that it is for.
    pub account: String,
    pub terms: Terms,
    totals: Totals,
    /// From when to when the items are that were taken.
    period: Option<(Timestamp, Timestamp)>,
    /// The key of the item that was taken last.
    after: Option<Vec<u8>>,
}

/// What becomes of the items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taking {
    /// They are put on the bill.
    Bill,
    /// They are only looked at.
    Look,
}

impl Making {
    /// Begins with no item.
    pub fn begin(bill: String, account: &str, currency: Currency, terms: Terms) -> Self {
        let (totals, account) = (Totals::new(currency), account.to_owned());
        Self { bill, account, terms, totals, period: None, after: None }
    }

    /// The currency of the bill.
    pub fn currency(&self) -> Currency {
        self.totals.currency()
    }

    /// How many items were taken.
    pub fn count(&self) -> u64 {
        self.totals.count()
    }

    /// Takes some of the items of the account; whether those were the last.
    pub async fn take(&mut self, taking: Taking, work: &mut dyn Work) -> Result<bool, Error> {
        let unbilled = Unbilled::of(&self.account, self.currency(), self.terms.until);
        let entries = unbilled.some(self.after.as_deref(), ITEMS_AT_ONCE, &*work).await?;
        let ids: Vec<_> = entries.iter().map(|entry| entry.id.clone()).collect();
        let items = work.documents(APPLIED_CUSTOMER_BILLING_RATE.name(), &ids).await?;
        for (id, item) in ids.iter().zip(items) {
            let item = item.ok_or_else(|| unreadable(id))?;
            let document = item.as_object().ok_or_else(|| unreadable(id))?;
            self.totals.add(&amounts(document)?).map_err(beyond)?;
            self.stretch(document);
            if taking == Taking::Bill {
                let after = self.on_bill(document);
                let (before, after) = (Some(&item), Some(&after));
                work.write(&APPLIED_CUSTOMER_BILLING_RATE, id, before, after).await?;
            }
        }
        if let Some(last) = entries.last() {
            self.after = Some(last.key.to_vec());
        }
        Ok(entries.len() < ITEMS_AT_ONCE)
    }

    fn on_bill(&self, item: &Map<String, Value>) -> Value {
        let mut item = item.clone();
        item.insert("isBilled".into(), true.into());
        item.insert("bill".into(), self.reference());
        Value::Object(item)
    }

    /// Refers to the bill.
    pub fn reference(&self) -> Value {
        json!({
            "@type": "CustomerBillRef", "@referredType": "CustomerBill", "id": self.bill,
            "href": self.address(),
        })
    }

    fn address(&self) -> String {
        format!("{}{}", self.terms.address, self.bill)
    }

    /// Makes the period long enough for an item.
    fn stretch(&mut self, item: &Map<String, Value>) {
        let time = |value: Option<&Value>| -> Option<Timestamp> { value?.as_str()?.parse().ok() };
        let date = time(item.get("date"));
        let covered = |end: &str| time(item.get("periodCoverage").and_then(|it| it.get(end)));
        let first = covered("startDateTime").or(date);
        let last = covered("endDateTime").or(date);
        let all = self.period.map(|(first, last)| [first, last]).into_iter().flatten();
        let times: Vec<_> = all.chain(first).chain(last).collect();
        self.period = times.iter().min().copied().zip(times.iter().max().copied());
    }

    /// The bill as it is, but for its number.
    pub fn bill(&self, account: &Account, work: &dyn Work) -> Result<Map<String, Value>, Error> {
        let rounding = settings::rounding(work.settings());
        let BillAmounts { excluded, taxes, included } =
            self.totals.finish(rounding).map_err(beyond)?;
        let mut bill = Map::new();
        let mut set = |attribute: &str, value: Value| bill.insert(attribute.to_owned(), value);
        set("@type", "CustomerBill".into());
        set("id", self.bill.clone().into());
        set("state", "new".into());
        set("taxExcludedAmount", excluded.to_value());
        set("taxIncludedAmount", included.to_value());
        set("amountDue", included.to_value());
        set("remainingAmount", included.to_value());
        set("taxItem", taxes.iter().map(money::TaxItem::to_value).collect());
        set("billingAccount", account.reference());
        for (attribute, copied) in [
            ("financialAccount", "financialAccount"),
            ("paymentMethod", "defaultPaymentMethod"),
            ("relatedParty", "relatedParty"),
        ] {
            if let Some(value) = account.get(copied) {
                set(attribute, value.clone());
            }
        }
        if let Some((start, end)) = self.terms.period.or(self.period) {
            set("billingPeriod", json!({ "startDateTime": time(start), "endDateTime": time(end) }));
        }
        set("lastUpdate", time(work.now()));
        self.terms.write(&mut bill);
        CUSTOMER_BILL.class.complete(&mut bill);
        Ok(bill)
    }

    /// Stores the bill with its number, and what stands on the account because of it: from then on all of it
    /// is seen.
    pub async fn publish(
        &self,
        account: &Account,
        work: &mut dyn Work,
    ) -> Result<Map<String, Value>, Error> {
        let mut bill = self.bill(account, &*work)?;
        let number =
            number::next(work, Offset::UTC.to_datetime(self.terms.bill_date).year()).await?;
        bill.insert("billDocument".into(), document_of(&self.bill, &number, &self.address()));
        bill.insert("billNo".into(), number.into());
        let cost = self.totals.exact_included().map_err(beyond)?;
        let count = i64::try_from(self.count()).map_err(Error::internal)?;
        let billed = Posting::unbilled(count, &cost).negated().plus(receivable(&bill)?)?;
        account.post(work, self.currency(), billed).await?;
        let bill = Value::Object(bill);
        work.write(&CUSTOMER_BILL, &self.bill, None, Some(&bill)).await?;
        unpublished::end(work, &self.bill, &self.account);
        match bill {
            Value::Object(bill) => Ok(bill),
            _ => Err(Error::internal("a bill is no object")),
        }
    }

    /// What the bill is about: what is due.
    pub fn amount_due(bill: &Map<String, Value>) -> Result<Money, Error> {
        let due = bill.get("amountDue").ok_or_else(|| Error::internal("nothing is due"))?;
        Money::read_sum(due, "/amountDue").map_err(|fault| Error::internal(fault.to_string()))
    }
}

/// Amounts that are too large to be added up.
fn beyond(error: money::Error) -> Error {
    Error::conflict("The items cannot be added up", error.to_string())
}
