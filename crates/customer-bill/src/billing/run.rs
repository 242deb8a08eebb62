//! A run over all accounts of a cycle: one bill for each of them and its period, whatever is repeated or
//! runs at once.

use std::collections::BTreeMap;

use bytes::Bytes;
use money::Money;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tmf630::Error;
use tmf630::model::behaviour::Work;
use tmf630::model::index::Index;
use tmf630::model::rule::{Data, Texts};
use tmf630::transfer::Space;

use super::currency::choose;
use super::hindrance::Hindrance;
use super::making::Taking;
use super::{ITEMS_AT_ONCE, ITEMS_IN_ONE_TRANSACTION, Making, Terms, unpublished};
use crate::account::{Account, BILLING_ACCOUNT};
use crate::in_order::Unbilled;

/// Finds the accounts that have a cycle specification, as account management keeps it.
const BY_SPECIFICATION: Index = Index::texts("billStructure.cycleSpecification.id");

/// What the keys of bills begin with that are there for an account and a period.
const ONCE: &str = "bills/cycle/";

/// Which accounts have their bill, as an export has them.
pub(crate) const SPACE: Space =
    Space { prefix: ONCE, is_valid: |_, bill| unpublished::is_id_in(bill), unit: None };

/// How many accounts are looked at in a transaction.
const ACCOUNTS_AT_ONCE: usize = 200;

/// How many rejected accounts are named.
const REJECTIONS_SHOWN: usize = 100;

/// The attribute of a cycle that shows the run: an extension of the standard.
pub(crate) const RUN: &str = "run";

/// A run, and how far it is. What a newer version of the program has added must not get lost: a state that
/// has it is left to that.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Run {
    specification: String,
    terms: Terms,
    /// The entry of the account that was looked at last.
    after: Option<Vec<u8>>,
    /// The bill that is being made, if it has too many items for one transaction.
    making: Option<Making>,
    /// Why that is given up, and its items are given back.
    reason: Option<String>,
    progress: Progress,
}

/// What was done.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    pub async fn begin(specification: &str, terms: Terms, data: &dyn Data) -> Result<Self, Error> {
        let specification = specification.to_owned();
        let end = behind(&specification);
        let texts = Texts { from: &specification, to: &end, after: None };
        let accounts = data.count(BILLING_ACCOUNT, BY_SPECIFICATION, texts).await?;
        let progress = Progress { accounts, ..Progress::default() };
        Ok(Self { specification, terms, after: None, making: None, reason: None, progress })
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
        let period = self.terms.period.unwrap_or_default();
        let (start, end) = (period.0.as_millisecond(), period.1.as_millisecond());
        format!("{ONCE}{}/{start}-{end}/{account}", self.specification)
    }

    /// Goes on, for the length of a transaction.
    pub async fn go_on(&mut self, work: &mut dyn Work) -> Result<(), Error> {
        if let Some(making) = self.making.take() {
            return self.go_on_with(making, work).await;
        }
        let end = behind(&self.specification);
        let texts = Texts { from: &self.specification, to: &end, after: self.after.as_deref() };
        let entries =
            work.entries(BILLING_ACCOUNT, BY_SPECIFICATION, texts, ACCOUNTS_AT_ONCE).await?;
        let ids: Vec<_> = entries.iter().map(|entry| entry.id.clone()).collect();
        let accounts = work.documents(BILLING_ACCOUNT, &ids).await?;
        let is_last = entries.len() < ACCOUNTS_AT_ONCE && accounts.len() == entries.len();
        let mut items = 0;
        for (entry, account) in entries.iter().zip(accounts) {
            if items >= ITEMS_AT_ONCE as u64 {
                return Ok(());
            }
            self.after = Some(entry.key.to_vec());
            match account {
                Some(account) => {
                    let account = Account::new(entry.id.clone(), account);
                    match self.look_at(&account, work).await {
                        Ok(count) => items += count,
                        Err(Hindrance::Reason(reason)) => self.reject(&entry.id, &reason),
                        Err(Hindrance::Failed(error)) => return Err(error),
                    }
                    if self.making.is_some() {
                        return Ok(());
                    }
                }
                None => self.reject(&entry.id, "the account cannot be read"),
            }
            self.progress.done += 1;
        }
        self.progress.is_done = is_last;
        Ok(())
    }

    /// Makes the bill of the account, or begins with it; how many items were taken.
    async fn look_at(&mut self, account: &Account, work: &mut dyn Work) -> Result<u64, Hindrance> {
        if !account.is_active() {
            self.progress.inactive += 1;
            return Ok(0);
        }
        if work.get(&self.once(&account.id)).await?.is_some() {
            self.progress.billed_before += 1;
            return Ok(0);
        }
        if unpublished::is_for(&account.id, &*work).await? {
            let reason = "another bill is being made for the account";
            return Err(Hindrance::Reason(reason.to_owned()));
        }
        let until = self.terms.until;
        let Some(currency) = choose(account, None, until, &*work).await? else {
            self.progress.without_items += 1;
            return Ok(0);
        };
        let mut making = Making::begin(work.new_id(), &account.id, currency, self.terms.clone());
        making.expect_room(account, &*work)?;
        let count = Unbilled::of(&account.id, currency, until).count(&*work).await?;
        if count <= ITEMS_IN_ONE_TRANSACTION as u64 && making.take(Taking::Bill, work).await? {
            // What is in the way now is too late to be a reason: items are on the bill already.
            let published = self.publish(&making, account, work).await;
            return published.map(|()| count).map_err(Hindrance::into_failure);
        }
        unpublished::begin(work, &making.bill, &making.account);
        self.making = Some(making);
        Ok(0)
    }

    async fn publish(
        &mut self,
        making: &Making,
        account: &Account,
        work: &mut dyn Work,
    ) -> Result<(), Hindrance> {
        let bill = making.publish(account, work).await?;
        work.put(self.once(&account.id), Bytes::copy_from_slice(making.bill.as_bytes()));
        self.progress.bills += 1;
        Ok(self.add(&Making::amount_due(&bill)?)?)
    }

    /// Goes on with a bill of many items.
    async fn go_on_with(&mut self, mut making: Making, work: &mut dyn Work) -> Result<(), Error> {
        if let Some(reason) = self.reason.take() {
            if making.give_back(work).await? {
                self.reject(&making.account, &reason);
                self.progress.done += 1;
            } else {
                self.reason = Some(reason);
                self.making = Some(making);
            }
            return Ok(());
        }
        match self.finish(&mut making, work).await {
            Ok(true) => self.progress.done += 1,
            Ok(false) => self.making = Some(making),
            Err(Hindrance::Reason(reason)) => {
                making.rewind();
                self.reason = Some(reason);
                self.making = Some(making);
            }
            Err(Hindrance::Failed(error)) => return Err(error),
        }
        Ok(())
    }

    /// Takes some items of a bill of many; whether those were the last, and the bill is there.
    async fn finish(
        &mut self,
        making: &mut Making,
        work: &mut dyn Work,
    ) -> Result<bool, Hindrance> {
        if !making.take(Taking::Bill, work).await? {
            return Ok(false);
        }
        let account = Account::read(&making.account, &*work).await?;
        let account =
            account.ok_or_else(|| Hindrance::Reason("the account cannot be read".to_owned()))?;
        self.publish(making, &account, work).await?;
        Ok(true)
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

    /// Whether all accounts were looked at.
    pub fn is_done(&self) -> bool {
        self.progress.is_done
    }
}

/// The text behind all entries of this one.
fn behind(text: &str) -> String {
    format!("{text}\u{1}")
}
