//! A run over all accounts of a cycle: one bill for each of them and its period, whatever is repeated or
//! runs at once.

use std::collections::BTreeMap;

use bytes::Bytes;
use money::{Currency, Money};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tmf630::model::behaviour::Work;
use tmf630::model::index::Index;
use tmf630::model::job::{Job, Step};
use tmf630::model::rule::{Asked, Data, Texts};
use tmf630::{Definition, Error};

use super::making::Taking;
use super::{ITEMS_AT_ONCE, ITEMS_OF_A_REQUEST, Making, Terms, unpublished};
use crate::account::{Account, BILLING_ACCOUNT};
use crate::bill_cycle::BILL_CYCLE;
use crate::in_order::{Unbilled, currencies};

/// Finds the accounts that have a cycle specification, as account management keeps it.
const BY_SPECIFICATION: Index = Index::texts("billStructure.cycleSpecification.id");

/// What the keys of bills begin with that are there for an account and a period.
const ONCE: &str = "bills/cycle/";

/// How many accounts are looked at in a transaction.
const ACCOUNTS_AT_ONCE: usize = 200;

/// How many rejected accounts are named.
const REJECTIONS_SHOWN: usize = 100;

/// The attribute of a cycle that shows the run: an extension of the standard.
pub(crate) const RUN: &str = "run";

/// A run, and how far it is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    /// The cycle that it is shown at.
    cycle: String,
    specification: String,
    terms: Terms,
    /// The entry of the account that was looked at last.
    after: Option<Vec<u8>>,
    /// The bill that is being made, if it has too many items for one transaction.
    making: Option<Making>,
    progress: Progress,
}

/// What was done.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Progress {
    is_done: bool,
    /// How many accounts have the specification.
    accounts: u64,
    /// How many of them were looked at.
    done: u64,
    bills: u64,
    /// Accounts that are not active.
    inactive: u64,
    /// Accounts that have a bill for the period already.
    billed_before: u64,
    /// Accounts without items.
    without_items: u64,
    rejected: u64,
    rejections: Vec<(String, String)>,
    /// What is due of the bills, by currency.
    amounts: BTreeMap<String, Value>,
}

impl Run {
    /// One that begins.
    pub async fn begin(
        cycle: &str,
        specification: &str,
        terms: Terms,
        data: &dyn Data,
    ) -> Result<Self, Error> {
        let (cycle, specification) = (cycle.to_owned(), specification.to_owned());
        let end = behind(&specification);
        let texts = Texts { from: &specification, to: &end, after: None };
        let accounts = data.count(BILLING_ACCOUNT, BY_SPECIFICATION, texts).await?;
        let progress = Progress { accounts, ..Progress::default() };
        Ok(Self { cycle, specification, terms, after: None, making: None, progress })
    }

    /// Shows with the cycle how far it is.
    pub fn show(&self, cycle: &mut Map<String, Value>) {
        let Progress { rejections, amounts, .. } = &self.progress;
        let rejection = |(account, reason): &(String, String)| json!({ "billingAccount": { "id": account }, "reason": reason });
        let run = json!({
            "state": if self.progress.is_done { "done" } else { "inProgress" },
            "accounts": self.progress.accounts,
            "done": self.progress.done,
            "bills": self.progress.bills,
            "inactive": self.progress.inactive,
            "billedBefore": self.progress.billed_before,
            "withoutItems": self.progress.without_items,
            "rejected": self.progress.rejected,
            "rejection": rejections.iter().map(rejection).collect::<Vec<_>>(),
            "amountDue": amounts.values().collect::<Vec<_>>(),
        });
        cycle.insert(RUN.to_owned(), run);
    }

    /// The key that says that an account has its bill.
    fn once(&self, account: &str) -> String {
        let start = self.terms.period.map_or(0, |(start, _)| start.as_millisecond());
        format!("{ONCE}{}/{start}/{account}", self.specification)
    }

    /// Goes on, for the length of a transaction.
    async fn go_on(&mut self, work: &mut dyn Work) -> Result<(), Error> {
        if let Some(making) = self.making.take() {
            return self.go_on_with(making, work).await;
        }
        let end = behind(&self.specification);
        let texts = Texts { from: &self.specification, to: &end, after: self.after.as_deref() };
        let entries =
            work.entries(BILLING_ACCOUNT, BY_SPECIFICATION, texts, ACCOUNTS_AT_ONCE).await?;
        let ids: Vec<_> = entries.iter().map(|entry| entry.id.clone()).collect();
        let accounts = work.documents(BILLING_ACCOUNT, &ids).await?;
        let mut items = 0;
        for (entry, account) in entries.iter().zip(accounts) {
            if items >= ITEMS_AT_ONCE as u64 {
                return Ok(());
            }
            self.after = Some(entry.key.to_vec());
            match account {
                Some(account) => {
                    let account = Account::new(entry.id.clone(), account);
                    items += self.look_at(&account, work).await?;
                    if self.making.is_some() {
                        return Ok(());
                    }
                }
                None => self.reject(&entry.id, "the account cannot be read"),
            }
            self.progress.done += 1;
        }
        self.progress.is_done = entries.len() < ACCOUNTS_AT_ONCE;
        Ok(())
    }

    /// Makes the bill of the account, or begins with it; how many items were taken.
    async fn look_at(&mut self, account: &Account, work: &mut dyn Work) -> Result<u64, Error> {
        if !account.is_active() {
            self.progress.inactive += 1;
            return Ok(0);
        }
        if work.get(&self.once(&account.id)).await?.is_some() {
            self.progress.billed_before += 1;
            return Ok(0);
        }
        if let Some(bill) = unpublished::of_account(&account.id, &*work).await? {
            self.reject(&account.id, &format!("the bill {bill} is being made for the account"));
            return Ok(0);
        }
        let Some(currency) = self.currency(account, work).await? else { return Ok(0) };
        let until = self.terms.until;
        let making = Making::begin(work.new_id(), &account.id, currency, self.terms.clone());
        let count = Unbilled::of(&account.id, currency, until).count(&*work).await?;
        if count > ITEMS_OF_A_REQUEST as u64 {
            unpublished::begin(work, &making.bill, &making.account);
            self.making = Some(making);
            return Ok(0);
        }
        self.finish(making, account, work).await?;
        Ok(count)
    }

    /// The currency of the account's bill, if it gets one.
    async fn currency(
        &mut self,
        account: &Account,
        work: &mut dyn Work,
    ) -> Result<Option<Currency>, Error> {
        let found = currencies(&account.id, self.terms.until, &*work).await;
        let found = match found {
            Ok(found) => found,
            Err(error) if error.is_of_client() => {
                self.reject(&account.id, "an item cannot be read");
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        Ok(match &found[..] {
            [one] => Some(*one),
            [] if account.wants_empty_bills() => {
                let currency = account.currency();
                if currency.is_none() {
                    self.reject(&account.id, "an empty bill needs a currency");
                }
                currency
            }
            [] => {
                self.progress.without_items += 1;
                None
            }
            several => {
                let codes: Vec<_> = several.iter().map(|currency| currency.code()).collect();
                let reason = format!("items in several currencies: {}", codes.join(", "));
                self.reject(&account.id, &reason);
                None
            }
        })
    }

    async fn finish(
        &mut self,
        mut making: Making,
        account: &Account,
        work: &mut dyn Work,
    ) -> Result<(), Error> {
        while !making.take(Taking::Bill, work).await? {}
        self.publish(&making, account, work).await
    }

    async fn publish(
        &mut self,
        making: &Making,
        account: &Account,
        work: &mut dyn Work,
    ) -> Result<(), Error> {
        let bill = making.publish(account, work).await?;
        work.put(self.once(&account.id), Bytes::copy_from_slice(making.bill.as_bytes()));
        self.progress.bills += 1;
        self.add(&Making::amount_due(&bill)?)
    }

    /// Goes on with a bill of many items.
    async fn go_on_with(&mut self, mut making: Making, work: &mut dyn Work) -> Result<(), Error> {
        if !making.take(Taking::Bill, work).await? {
            self.making = Some(making);
            return Ok(());
        }
        let account = Account::read(&making.account, &*work).await?;
        let account = account.ok_or_else(|| Error::internal("the account is gone"))?;
        self.publish(&making, &account, work).await?;
        self.progress.done += 1;
        Ok(())
    }

    fn add(&mut self, due: &Money) -> Result<(), Error> {
        let code = due.currency().code();
        let sum = match self.progress.amounts.get(code) {
            Some(sum) => {
                let sum = Money::read_sum(sum, "/amountDue");
                let sum = sum.map_err(|fault| Error::internal(fault.to_string()))?;
                sum.plus(due).map_err(Error::internal)?
            }
            None => *due,
        };
        self.progress.amounts.insert(code.to_owned(), sum.to_value());
        Ok(())
    }

    fn reject(&mut self, account: &str, reason: &str) {
        self.progress.rejected += 1;
        if self.progress.rejections.len() < REJECTIONS_SHOWN {
            self.progress.rejections.push((account.to_owned(), reason.to_owned()));
        }
    }

    fn encode(&self) -> Result<Bytes, Error> {
        Ok(serde_json::to_vec(self).map_err(Error::internal)?.into())
    }
}

/// The text behind all entries of this one.
fn behind(text: &str) -> String {
    format!("{text}\u{1}")
}

/// Begins the work.
pub(crate) async fn start(run: &Run, work: &mut dyn Work) -> Result<(), Error> {
    work.start(&BillRun, &run.cycle, run.encode()?).await
}

/// Makes the bills of a run.
#[derive(Debug)]
pub(crate) struct BillRun;

impl Job for BillRun {
    fn name(&self) -> &'static str {
        "billCycle"
    }

    fn definition(&self) -> &'static Definition {
        &BILL_CYCLE
    }

    fn step<'a>(&'a self, _id: &'a str, state: Bytes, work: &'a mut dyn Work) -> Asked<'a, Step> {
        Box::pin(async move {
            let mut run: Run = serde_json::from_slice(&state).map_err(Error::internal)?;
            run.go_on(work).await?;
            if let Some(before) = work.document(BILL_CYCLE.name(), &run.cycle).await?
                && let Some(mut after) = before.as_object().cloned()
            {
                run.show(&mut after);
                let after = Value::Object(after);
                work.write(&BILL_CYCLE, &run.cycle, Some(&before), Some(&after)).await?;
            }
            match run.progress.is_done {
                true => Ok(Step::Done),
                false => Ok(Step::More(run.encode()?)),
            }
        })
    }
}
