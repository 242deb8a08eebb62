//! The keys that an issuer publishes: fetched, kept in the store, and known by the instance.
//!
//! * A set is used for an hour, and then fetched anew. Where that fails, the old one is used on,
//!   with a line of the log for each failure. What is fetched replaces it whole, if there is a key
//!   in it that can be used.
//! * A key that is not in the set may be new, so the set is fetched before its hour is over.
//! * Whatever the reason is: there is one fetch a minute, of all instances, whether it succeeds or
//!   not. It is reserved in the store before it is begun. Where the clocks of instances differ by
//!   more than a minute, an instance cannot tell by the store what another one has done; then each
//!   of them begins one a minute at most, by a clock that does not go back.
//! * The instance that fetches makes one request wait. The others go on with what is known; what
//!   they do not know is refused at once. Only where no set is known at all they wait, up to 6 s,
//!   while somebody is fetching; if nobody is, [`Refusal::Unavailable`] comes at once.
//! * What other instances have fetched is noticed within a minute, and when a key is unknown: the
//!   instance looks into the store once a minute, and for keys that are unknown once a second at
//!   most.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kv_tree::Kv;
use serde_json::json;

use crate::key_set::KeySet;
use crate::outside::Outside;
use crate::refusal::Refusal;
use crate::stored_keys::{Entry, Stored, has_passed};

/// How long the instance does not look into the store while it knows the keys that it needs.
const BETWEEN_LOOKS: SignedDuration = SignedDuration::from_mins(1);

/// How long it does not while it does not.
const BETWEEN_LOOKS_FOR_UNKNOWN: SignedDuration = SignedDuration::from_secs(1);

/// How long a fetch takes at most, and what comes of it to be kept.
const FETCH: SignedDuration = SignedDuration::from_secs(6);

/// How often others look meanwhile whether it is over, and how long they pause between.
const POLLS: u32 = 60;
const BETWEEN_POLLS: Duration = Duration::from_millis(100);

/// How long an instance does not begin a fetch after it has begun one, by its own clock.
const BETWEEN_OWN_FETCHES: Duration = Duration::from_secs(60);

/// How long a set can be, in bytes. Those of large providers have 20 kB.
const MAX_SET_BYTES: usize = 128 << 10;

/// The keys of an issuer that publishes them.
pub(crate) struct PublishedKeys {
    issuer: String,
    url: String,
    /// What the store had when the instance looked last.
    stored: RefCell<Stored>,
    /// The set in it. When another one is fetched, this is another one.
    known: RefCell<Option<Rc<KeySet>>>,
    /// When the instance looked last, because it was time to, and for a key that was unknown.
    looked: Cell<Option<Timestamp>>,
    looked_for_unknown: Cell<Option<Timestamp>>,
    /// How many requests of the instance are looking, or fetching.
    busy: Cell<usize>,
    /// When the instance last began to fetch, by the store's clock that does not go back.
    began: Cell<Option<Duration>>,
    /// When the fetch was begun that failed last in the instance, as the store has it.
    failed: Cell<Option<i64>>,
}

/// Whoever looks into the store. One who goes away before the end has not looked.
struct Look<'p> {
    keys: &'p PublishedKeys,
    looked: &'p Cell<Option<Timestamp>>,
    before: Option<Timestamp>,
    is_done: bool,
}

impl PublishedKeys {
    /// The keys that `issuer` publishes at `url`.
    pub fn at(url: String, issuer: String) -> Self {
        Self {
            issuer,
            url,
            stored: RefCell::default(),
            known: RefCell::default(),
            looked: Cell::default(),
            looked_for_unknown: Cell::default(),
            busy: Cell::default(),
            began: Cell::default(),
            failed: Cell::default(),
        }
    }

    /// The set, as it is known: a call to the store each minute.
    pub async fn set<O: Outside>(&self, outside: &O) -> Result<Rc<KeySet>, Refusal> {
        if let Some(known) = self.known() {
            if Self::is_time_to(&self.looked, BETWEEN_LOOKS, outside.now()) {
                self.look(&self.looked, outside, |stored, now| stored.is_stale(now)).await?;
            }
            return Ok(self.known().unwrap_or(known));
        }
        for _ in 0..POLLS {
            if Self::is_time_to(&self.looked, BETWEEN_LOOKS_FOR_UNKNOWN, outside.now()) {
                self.look(&self.looked, outside, |stored, now| stored.is_stale(now)).await?;
            }
            if let Some(known) = self.known() {
                return Ok(known);
            }
            let under_way = self.stored.borrow().fetch_under_way(FETCH, outside.now());
            if self.busy.get() == 0 && (under_way.is_none() || under_way == self.failed.get()) {
                break;
            }
            let store = outside.store().await.map_err(kv_tree::Error::from)?;
            store.kv().pause(BETWEEN_POLLS).await;
        }
        Err(Refusal::Unavailable { cause: format!("no keys of {} are known", self.issuer) })
    }

    /// A set that is newer than `old`, in which a key was looked for in vain.
    pub async fn newer<O: Outside>(
        &self,
        old: &Rc<KeySet>,
        outside: &O,
    ) -> Result<Option<Rc<KeySet>>, Refusal> {
        let newer = || self.known().filter(|known| !Rc::ptr_eq(known, old));
        let looked = &self.looked_for_unknown;
        let is_time = Self::is_time_to(looked, BETWEEN_LOOKS_FOR_UNKNOWN, outside.now());
        if newer().is_none() && is_time {
            // Where somebody else has fetched it meanwhile, that may have the key.
            self.look(looked, outside, |_, _| newer().is_none()).await?;
        }
        Ok(newer())
    }

    fn known(&self) -> Option<Rc<KeySet>> {
        self.known.borrow().clone()
    }

    /// Whether nobody has looked for a while. Nobody but this instance wrote when: in the future it
    /// can only be if the clock went back.
    fn is_time_to(look: &Cell<Option<Timestamp>>, between: SignedDuration, now: Timestamp) -> bool {
        look.get().is_none_or(|looked| now < looked || has_passed(looked, between, now))
    }

    /// Looks into the store; and fetches the set if it `is_needed` and nobody has done it just now.
    async fn look<O: Outside>(
        &self,
        looked: &Cell<Option<Timestamp>>,
        outside: &O,
        is_needed: impl Fn(&Stored, Timestamp) -> bool,
    ) -> Result<(), Refusal> {
        let now = outside.now();
        let mut look = self.begin_look(looked, now);
        let store = outside.store().await.map_err(kv_tree::Error::from)?;
        let entry = Entry::of(&store, &self.issuer, &self.url)?;
        let stored = entry.read().await?;
        self.take_up(stored, outside);
        let is_needed = {
            let stored = self.stored.borrow();
            is_needed(&stored, now) && stored.may_be_fetched(now)
        };
        let elapsed = store.kv().elapsed();
        let passed = self.began.get().map(|began| elapsed.saturating_sub(began));
        if is_needed && passed.is_none_or(|passed| passed >= BETWEEN_OWN_FETCHES) {
            let (is_reserved, stored) = entry.reserve(now).await?;
            self.take_up(stored, outside);
            if is_reserved {
                self.began.set(Some(elapsed));
                self.fetch(&entry, now, outside).await?;
            }
        }
        look.is_done = true;
        Ok(())
    }

    /// Fetches the set and keeps it, if it can be used.
    async fn fetch<O: Outside>(
        &self,
        entry: &Entry<O::Kv>,
        begun: Timestamp,
        outside: &O,
    ) -> Result<(), Refusal> {
        let fetched = outside.fetch(&self.url).await.and_then(|body| {
            if body.len() > MAX_SET_BYTES {
                return Err(format!("it is longer than {MAX_SET_BYTES} bytes"));
            }
            KeySet::published(&body).map_err(|fault| format!("the answer: {fault}"))?;
            String::from_utf8(body.into()).map_err(|_| "it is no text".into())
        });
        match fetched {
            Ok(text) => self.take_up(entry.keep(&text, begun).await?, outside),
            Err(cause) => {
                let (issuer, url) = (&self.issuer, &self.url);
                let known = self.known().map_or("none are known", |_| "the old ones are used on");
                self.failed.set(Some(begun.as_millisecond()));
                let error = format!("{cause}; {known}");
                outside.log(&json!({ "issuer": issuer, "keys": url, "error": error }).to_string());
            }
        }
        Ok(())
    }

    /// Notes what the store has. The set is parsed only if it is another one.
    fn take_up<O: Outside>(&self, stored: Stored, outside: &O) {
        let is_new = match (&stored.set, &self.stored.borrow().set) {
            (Some(new), Some(old)) => new.text != old.text,
            (Some(_), None) => true,
            (None, _) => false,
        };
        if let Some(set) = stored.set.as_ref().filter(|_| is_new) {
            match KeySet::published(set.text.as_bytes()) {
                Ok(set) => *self.known.borrow_mut() = Some(Rc::new(set)),
                Err(fault) => {
                    let issuer = &self.issuer;
                    let error = format!("in the store: {fault}");
                    outside.log(&json!({ "issuer": issuer, "error": error }).to_string());
                    return;
                }
            }
        }
        *self.stored.borrow_mut() = stored;
    }

    fn begin_look<'p>(&'p self, looked: &'p Cell<Option<Timestamp>>, now: Timestamp) -> Look<'p> {
        self.busy.set(self.busy.get() + 1);
        Look { keys: self, looked, before: looked.replace(Some(now)), is_done: false }
    }
}

impl Drop for Look<'_> {
    fn drop(&mut self) {
        self.keys.busy.set(self.keys.busy.get().saturating_sub(1));
        if !self.is_done {
            self.looked.set(self.before);
        }
    }
}
