//! What a client does: it keeps some accounts, which it changes, reads, lists and replaces, and one that it
//! charges, bills and pays.

use std::time::Duration;

use anyhow::bail;
use client::{ACCOUNT_MANAGEMENT, CUSTOMER_BILL_MANAGEMENT};
use fastrand::Rng;
use reqwest::Method;
use serde_json::{Value, json};

use crate::Settings;
use crate::caller::{Caller, Outcome};
use crate::changes::Changes;
use crate::documents::{self, FIRST_PAYMENT};
use crate::kinds::{Change, Key, Kind};
use crate::receiver::Receiver;

/// How many accounts a client keeps.
const ACCOUNTS: usize = 25;

/// How often a client asks for a bill, where there is time: so it is known how fast what stays grows.
const BILL_PERIOD: Duration = Duration::from_secs(15);

/// How many items a client adds at most until it asks for the next bill.
const ITEMS: usize = 10;

/// How long a client waits between requests.
const PAUSE: Duration = Duration::from_millis(5);

/// Subscribes the receiver to all events of both APIs.
pub async fn subscribe(caller: &Caller, receiver: &Receiver) -> anyhow::Result<()> {
    for api in [ACCOUNT_MANAGEMENT, CUSTOMER_BILL_MANAGEMENT] {
        let subscription = json!({ "callback": receiver.callback() });
        let path = format!("{api}/hub");
        match caller.send(Method::POST, &path, Some(&subscription)).await? {
            Outcome::Answered(answer) if answer.status == 201 => {}
            other => bail!("POST {path}: {other:?}"),
        }
    }
    Ok(())
}

/// A client. What is its own nobody else writes to, so it knows what it must be shown.
pub struct Client {
    random: Rng,
    changes: Changes,
    caller: Caller,
    bill_period: Duration,
    /// Who its accounts are of, and how ids of its resources begin.
    party: String,
    /// How many names it has given.
    names: usize,
    /// The accounts that it keeps, and what marks them.
    accounts: Vec<(Key, String)>,
    /// Items that are on no bill.
    items: Vec<Key>,
    /// When it asked for a bill last.
    billed: Duration,
}

impl Client {
    pub fn new(number: usize, settings: &Settings, changes: Changes) -> Self {
        Self {
            random: Rng::with_seed(settings.seed.wrapping_add(1 + number as u64)),
            caller: changes.caller.clone(),
            changes,
            bill_period: BILL_PERIOD.min(settings.length / 8),
            party: format!("client-{number}"),
            names: 0,
            accounts: Vec::new(),
            items: Vec::new(),
            billed: Duration::ZERO,
        }
    }

    /// Does something again and again for so long.
    pub async fn live(mut self, length: Duration) -> anyhow::Result<()> {
        let payer = (Kind::Account, format!("{}-payer", self.party));
        let document = documents::account(&payer.1, "Payer", &self.party);
        self.changes.create(&payer, &document).await?;
        while self.caller.tally.now() < length {
            self.step(&payer.1).await?;
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    async fn step(&mut self, payer: &str) -> anyhow::Result<()> {
        if self.caller.tally.now() >= self.billed + self.bill_period && !self.items.is_empty() {
            self.billed = self.caller.tally.now();
            return self.bill(payer).await;
        }
        match self.random.u32(0..100) {
            0..20 if self.accounts.len() < ACCOUNTS => self.open_account().await,
            0..20 => self.close_account().await,
            20..40 => self.change_account().await,
            40..60 => self.read_account().await,
            60..70 => self.list().await,
            70..80 => self.find().await,
            80..90 if self.items.len() < ITEMS => self.charge(payer).await,
            _ => self.correct().await,
        }
    }

    async fn open_account(&mut self) -> anyhow::Result<()> {
        let name = self.name();
        let key = (Kind::Account, name.clone());
        let document = documents::account(&name, &name, &self.party);
        if self.changes.create(&key, &document).await?.is_some() {
            self.accounts.push((key, Kind::Account.mark(&document)));
        }
        Ok(())
    }

    async fn close_account(&mut self) -> anyhow::Result<()> {
        let (key, _) = self.accounts.swap_remove(self.random.usize(..self.accounts.len()));
        self.changes.delete(&key).await
    }

    /// Gives an account another name, or another state.
    async fn change_account(&mut self) -> anyhow::Result<()> {
        let Some((key, mark)) = self.any_account() else { return Ok(()) };
        let (name, state) = mark.split_once('/').unwrap_or((&mark, ""));
        let (change, name, state) = match self.random.bool() {
            true => (Change::Attributes, &*self.name(), state),
            false if state == "Active" => (Change::State, name, "Suspended"),
            false => (Change::State, name, "Active"),
        };
        let patch = json!({ "name": name, "state": state });
        let mark = Kind::Account.mark(&patch);
        let done = self.changes.patch(&key, change, &mark, &patch).await?;
        if done.is_some()
            && let Some(kept) = self.accounts.iter_mut().find(|(kept, _)| *kept == key)
        {
            kept.1 = mark;
        }
        Ok(())
    }

    /// Reads an account in either version.
    async fn read_account(&mut self) -> anyhow::Result<()> {
        let Some(((kind, id), mark)) = self.any_account() else { return Ok(()) };
        let mut path = format!("{}/{id}", kind.path());
        if self.random.bool() {
            path = path.replace("/v5/", "/v4/");
        }
        let answer = self.caller.get(&path).await?;
        let found = kind.mark(&answer.document);
        self.expect(answer.status == 200 && found == mark, || {
            format!("GET {path}: {} {found}, not {mark}", answer.status)
        });
        Ok(())
    }

    /// Reads a page of all accounts.
    async fn list(&mut self) -> anyhow::Result<()> {
        let sort = self.random.choice(["id", "name", "-lastUpdate"]).unwrap_or("id");
        let path = format!("{}?sort={sort}&limit=20", Kind::Account.path());
        let answer = self.caller.get(&path).await?;
        let least = self.accounts.len() + 1;
        let is_right = answer.status == 200 && answer.total.is_some_and(|total| total >= least);
        self.expect(is_right, || format!("GET {path}: {} {:?}", answer.status, answer.total));
        Ok(())
    }

    /// Finds its own accounts by their party.
    async fn find(&mut self) -> anyhow::Result<()> {
        let (path, party) = (Kind::Account.path(), &self.party);
        let path = format!("{path}?relatedParty.partyOrPartyRole.id={party}&limit=10");
        let answer = self.caller.get(&path).await?;
        let own = self.accounts.len() + 1;
        self.expect(answer.total == Some(own), || {
            format!("GET {path}: {} {:?}, not {own}", answer.status, answer.total)
        });
        Ok(())
    }

    async fn charge(&mut self, payer: &str) -> anyhow::Result<()> {
        let name = self.name();
        let key = (Kind::Item, name.clone());
        if self.changes.create(&key, &documents::item(&name, &name, payer)).await?.is_some() {
            self.items.push(key);
        }
        Ok(())
    }

    /// Changes or deletes an item that is on no bill yet.
    async fn correct(&mut self) -> anyhow::Result<()> {
        if self.items.is_empty() {
            return Ok(());
        }
        let number = self.random.usize(..self.items.len());
        if self.random.bool() {
            let key = self.items.swap_remove(number);
            return self.changes.delete(&key).await;
        }
        let (key, name) = (self.items[number].clone(), self.name());
        let patch = json!({ "name": name });
        let change = Change::Attributes;
        self.changes.patch(&key, change, &name, &patch).await.map(drop)
    }

    /// Asks for a bill of all items, and pays it in two parts.
    async fn bill(&mut self, payer: &str) -> anyhow::Result<()> {
        self.items.clear();
        let name = self.name();
        let demand = (Kind::Demand, name.clone());
        let Some(demand) = self.changes.create(&demand, &documents::demand(&name, payer)).await?
        else {
            return Ok(());
        };
        let Some(id) = demand["customerBill"]["id"].as_str() else {
            self.expect(false, || format!("no bill was made: {demand}"));
            return Ok(());
        };
        let key = (Kind::Bill, id.to_owned());
        self.changes.follows(&key, "new");
        let Some(bill) = self.settle(&key, "sent", &json!({ "state": "sent" })).await? else {
            return Ok(());
        };
        let first = json!({ "unit": "EUR", "value": FIRST_PAYMENT });
        let patch = documents::payment(&bill, &first);
        let Some(bill) = self.settle(&key, "partiallyPaid", &patch).await? else { return Ok(()) };
        let patch = documents::payment(&bill, &bill["remainingAmount"]);
        self.settle(&key, "settled", &patch).await.map(drop)
    }

    /// Brings a bill into a state.
    async fn settle(
        &self,
        bill: &Key,
        state: &str,
        patch: &Value,
    ) -> anyhow::Result<Option<Value>> {
        self.changes.patch(bill, Change::State, state, patch).await
    }

    fn any_account(&mut self) -> Option<(Key, String)> {
        self.random.choice(&self.accounts).cloned()
    }

    /// A name, or an id, that it never gave before.
    fn name(&mut self) -> String {
        self.names += 1;
        format!("{}-{}", self.party, self.names)
    }

    fn expect(&self, is_right: bool, what: impl FnOnce() -> String) {
        if !is_right {
            self.caller.tally.note_wrong(what());
        }
    }
}
