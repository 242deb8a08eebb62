//! Taking items for a bill, and the bill that comes of them.

use jiff::Timestamp;
use jiff::tz::Offset;
use ledger::Posting;
use money::{BillAmounts, Currency, ItemAmounts, Money, Totals};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tmf630::Error;
use tmf630::model::behaviour::Work;
use tmf630::model::rule::{Data, Entry};

use super::hindrance::{Hindrance, beyond, unreadable};
use super::terms::{Terms, read_time, time};
use super::{number, unpublished};
use crate::account::Account;
use crate::applied_customer_billing_rate::APPLIED_CUSTOMER_BILLING_RATE;
use crate::customer_bill::{CUSTOMER_BILL, document_of, receivable};
use crate::in_order::{Unbilled, on_bill};
use crate::{settings, states};

/// How many items a bill may have that is made in one transaction.
pub(crate) const ITEMS_IN_ONE_TRANSACTION: usize = 500;

/// How many items are taken in a transaction: some tenths of a second of work.
pub(crate) const ITEMS_AT_ONCE: usize = 1000;

/// How long the tax items of a bill may be, as JSON, in bytes.
const MAX_TAX_BYTES: usize = 400_000;

/// How long a bill may be without them. A resource has up to 1 MiB.
const MAX_BYTES_WITHOUT_TAXES: usize = 500_000;

/// What a bill takes over from its account: what it calls it, and what the account does.
const COPIED: [(&str, &str); 3] = [
    ("financialAccount", "financialAccount"),
    ("paymentMethod", "defaultPaymentMethod"),
    ("relatedParty", "relatedParty"),
];

/// A bill that is being made.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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

    /// Takes some of the items of the account; whether those were the last. If something is in the way,
    /// nothing is written.
    pub async fn take(&mut self, taking: Taking, work: &mut dyn Work) -> Result<bool, Hindrance> {
        let unbilled = Unbilled::of(&self.account, self.currency(), self.terms.until);
        let entries = unbilled.some(self.after.as_deref(), ITEMS_AT_ONCE, &*work).await?;
        let items = documents(&entries, &*work).await?;
        for (entry, item) in entries.iter().zip(&items) {
            let item = item.as_ref().and_then(Value::as_object);
            let item = item.ok_or_else(|| unreadable(&entry.id))?;
            let amounts = ItemAmounts::of(item).map_err(|_| unreadable(&entry.id))?;
            self.totals.add(&amounts).map_err(beyond)?;
            self.stretch(item);
        }
        // Whatever is in the way of the bill is found before anything is written.
        let (amounts, _) = self.amounts(&*work)?;
        let taxes: Value = amounts.taxes.iter().map(money::TaxItem::to_value).collect();
        if taxes.to_string().len() > MAX_TAX_BYTES {
            let reason = "the items have too many tax categories and rates for one bill";
            return Err(Hindrance::Reason(reason.to_owned()));
        }
        if taking == Taking::Bill {
            for (entry, item) in entries.iter().zip(&items) {
                let Some(document) = item.as_ref().and_then(Value::as_object) else { continue };
                let after = self.on_bill(document, &*work);
                work.write(&APPLIED_CUSTOMER_BILLING_RATE, &entry.id, item.as_ref(), Some(&after))
                    .await?;
            }
        }
        Ok(self.go_behind(&entries, items.len()))
    }

    /// Gives back some of the items that were taken; whether those were the last. Then there is no bill.
    pub async fn give_back(&mut self, work: &mut dyn Work) -> Result<bool, Error> {
        let entries = on_bill(&self.bill, self.after.as_deref(), ITEMS_AT_ONCE, &*work).await?;
        let items = documents(&entries, &*work).await?;
        for (entry, item) in entries.iter().zip(&items) {
            // What cannot be read is as good as deleted.
            let Some(mut after) = item.clone() else { continue };
            if let Some(after) = after.as_object_mut() {
                after.insert("isBilled".into(), false.into());
                after.remove("bill");
            }
            work.write(&APPLIED_CUSTOMER_BILLING_RATE, &entry.id, item.as_ref(), Some(&after))
                .await?;
        }
        let is_end = self.go_behind(&entries, items.len());
        if is_end {
            unpublished::end(work, &self.bill, &self.account);
        }
        Ok(is_end)
    }

    /// Begins again with the first item.
    pub fn rewind(&mut self) {
        self.after = None;
    }

    /// Goes on behind the first so many entries; whether those are all that there are.
    fn go_behind(&mut self, entries: &[Entry], count: usize) -> bool {
        if let Some(last) = entries.get(..count).and_then(<[Entry]>::last) {
            self.after = Some(last.key.to_vec());
        }
        count == entries.len() && entries.len() < ITEMS_AT_ONCE
    }

    fn on_bill(&self, item: &Map<String, Value>, work: &dyn Work) -> Value {
        let mut item = item.clone();
        item.insert("isBilled".into(), true.into());
        item.insert("bill".into(), self.reference(work));
        Value::Object(item)
    }

    /// Refers to the bill.
    pub fn reference(&self, work: &dyn Work) -> Value {
        json!({
            "@type": "CustomerBillRef", "@referredType": "CustomerBill", "id": self.bill,
            "href": work.address(&CUSTOMER_BILL, &self.bill),
        })
    }

    /// Makes the period long enough for an item.
    fn stretch(&mut self, item: &Map<String, Value>) {
        let time = |value: Option<&Value>| read_time(value?.as_str()?);
        let date = time(item.get("date"));
        let covered = |end: &str| time(item.get("periodCoverage").and_then(|it| it.get(end)));
        let first = covered("startDateTime").or(date);
        let last = covered("endDateTime").or(date);
        let all = self.period.map(|(first, last)| [first, last]).into_iter().flatten();
        let times: Vec<_> = all.chain(first).chain(last).collect();
        self.period = times.iter().min().copied().zip(times.iter().max().copied());
    }

    /// The amounts of the bill, and what its items cost exactly.
    fn amounts(&self, work: &dyn Work) -> Result<(BillAmounts, Money), Hindrance> {
        let rounding = settings::rounding(work.settings());
        let amounts = self.totals.finish(rounding).map_err(beyond)?;
        Ok((amounts, self.totals.exact_included().map_err(beyond)?))
    }

    /// Refuses a bill of an account of which it would have to take over too much.
    pub fn expect_room(&self, account: &Account, work: &dyn Work) -> Result<(), Hindrance> {
        let mut document = self.document(account, work)?;
        document.remove("taxItem");
        match Value::Object(document).to_string().len() > MAX_BYTES_WITHOUT_TAXES {
            true => Err(Hindrance::Reason("the account is too long for a bill".to_owned())),
            false => Ok(()),
        }
    }

    /// The bill as it is, but for its number.
    pub fn document(
        &self,
        account: &Account,
        work: &dyn Work,
    ) -> Result<Map<String, Value>, Hindrance> {
        let (BillAmounts { excluded, taxes, included }, _) = self.amounts(work)?;
        let mut bill = Map::new();
        let mut set = |attribute: &str, value: Value| bill.insert(attribute.to_owned(), value);
        set("@type", "CustomerBill".into());
        set("id", self.bill.clone().into());
        set("state", states::NEW.into());
        set("taxExcludedAmount", excluded.to_value());
        set("taxIncludedAmount", included.to_value());
        set("amountDue", included.to_value());
        set("remainingAmount", included.to_value());
        set("taxItem", taxes.iter().map(money::TaxItem::to_value).collect());
        set("billingAccount", account.reference());
        for (attribute, copied) in COPIED {
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
    /// is seen. If something is in the way, nothing is written.
    pub async fn publish(
        &self,
        account: &Account,
        work: &mut dyn Work,
    ) -> Result<Map<String, Value>, Hindrance> {
        self.expect_room(account, &*work)?;
        let mut bill = self.document(account, &*work)?;
        let (_, cost) = self.amounts(&*work)?;
        let count = i64::try_from(self.totals.count()).map_err(Error::internal)?;
        let year = Offset::UTC.to_datetime(self.terms.bill_date).year();
        let number = number::next(work, year).await?;
        let address = work.address(&CUSTOMER_BILL, &self.bill);
        bill.insert("billDocument".into(), document_of(&self.bill, &number, &address));
        bill.insert("billNo".into(), number.into());
        let billed = Posting::unbilled(count, &cost).negated().plus(receivable(&bill)?)?;
        account.post(work, self.currency(), billed).await?;
        let document = Value::Object(bill.clone());
        work.write(&CUSTOMER_BILL, &self.bill, None, Some(&document)).await?;
        unpublished::end(work, &self.bill, &self.account);
        Ok(bill)
    }

    /// What is due of a bill.
    pub fn amount_due(bill: &Map<String, Value>) -> Result<Money, Error> {
        let due = bill.get("amountDue").ok_or_else(|| Error::internal("nothing is due"))?;
        Money::read_sum(due, "/amountDue").map_err(|fault| Error::internal(fault.to_string()))
    }
}

/// The items that the entries are for, as many as fit in memory.
async fn documents(entries: &[Entry], data: &dyn Data) -> Result<Vec<Option<Value>>, Error> {
    let ids: Vec<_> = entries.iter().map(|entry| entry.id.clone()).collect();
    data.documents(APPLIED_CUSTOMER_BILLING_RATE.name(), &ids).await
}
