//! What issuers publish, and instances that check what they have signed.

// Each test file uses a part of this.
#![allow(dead_code)]

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::Duration;

pub use access::testing::*;
use access::{Authentication, Caller, Outside, Refusal};
use bytes::Bytes;
use jiff::Timestamp;
use kv_tree::{Kv, KvError, Memory, Store};
use pollster::block_on;
use serde_json::{Value, json};

/// The issuer of most tokens, and whom they are meant for.
pub const ISSUER: &str = "https://id.example";
pub const AUDIENCE: &str = "tmf-api";

/// Where it publishes its keys.
pub const URL: &str = "https://id.example/keys";

/// When a world begins, in seconds since 1970.
pub const BEGIN: i64 = 1_800_000_000;

/// What a good token claims.
pub fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "exp": BEGIN + 300, "iat": BEGIN, "sub": "user-1",
        "azp": "shop", "tenant": "acme", "scope": "tmf666:read tmf666:write", "party_id": "42"
    })
}

/// The same with another value for a claim; null takes it away.
pub fn claims_with(claim: &str, value: Value) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(claim);
    if !value.is_null() {
        claims[claim] = value;
    }
    claims
}

/// A deployment that trusts the issuer with the keys.
pub fn trusting(keys: &[&Key]) -> Authentication {
    deployment("*", &json!([{"issuer": ISSUER, "audience": AUDIENCE, "keys": set(keys)}]))
}

/// One that fetches what the issuer publishes.
pub fn fetching() -> Authentication {
    deployment("*", &json!([{"issuer": ISSUER, "audience": AUDIENCE, "jwks_url": URL}]))
}

pub fn deployment(tenant: &str, issuers: &Value) -> Authentication {
    Authentication::read("jwt", tenant, &issuers.to_string()).unwrap()
}

/// What an issuer answers when it is asked for its keys.
#[derive(Clone)]
pub enum Answer {
    Body(String),
    Fails,
    /// It takes so long, and then answers.
    Slowly(Duration, String),
}

/// An issuer that is asked for its keys.
pub struct Provider {
    pub answer: RefCell<Answer>,
    /// When it was asked, since the store came into being.
    pub fetches: RefCell<Vec<Duration>>,
}

impl Provider {
    pub fn publishing(keys: &[&Key]) -> Rc<Self> {
        let answer = RefCell::new(Answer::Body(set(keys).to_string()));
        Rc::new(Self { answer, fetches: RefCell::default() })
    }

    pub fn publish(&self, keys: &[&Key]) {
        self.answer(Answer::Body(set(keys).to_string()));
    }

    pub fn answer(&self, answer: Answer) {
        *self.answer.borrow_mut() = answer;
    }

    /// How often it was asked.
    pub fn fetched(&self) -> usize {
        self.fetches.borrow().len()
    }
}

/// An instance, and the world around it.
pub struct World {
    pub memory: Memory,
    store: Store<Memory>,
    provider: Rc<Provider>,
    pub log: RefCell<Vec<String>>,
    /// How often the store was asked for.
    pub store_calls: Cell<usize>,
    pub store_fails: Cell<bool>,
}

impl World {
    /// An instance on the data in `memory`, with a clock of its own.
    pub fn on(memory: &Memory, provider: &Rc<Provider>) -> Self {
        let memory = memory.with_own_clock();
        Self {
            store: Store::new(memory.clone()),
            memory,
            provider: provider.clone(),
            log: RefCell::default(),
            store_calls: Cell::default(),
            store_fails: Cell::default(),
        }
    }

    /// One whose issuers are not asked for anything.
    pub fn alone() -> Self {
        Self::on(&Memory::default(), &Provider::publishing(&[]))
    }

    /// Lets time go by, for all.
    pub fn advance(&self, seconds: u64) {
        self.memory.advance(Duration::from_secs(seconds));
    }

    /// Who shows a token.
    pub fn ask(&self, to: &Authentication, token: &str) -> Result<Rc<Caller>, Refusal> {
        block_on(self.asking(to, token))
    }

    pub async fn asking(&self, to: &Authentication, token: &str) -> Result<Rc<Caller>, Refusal> {
        to.caller(&[format!("Bearer {token}").as_bytes()], self).await
    }
}

impl Outside for World {
    type Kv = Memory;

    async fn store(&self) -> Result<Store<Memory>, KvError> {
        self.store_calls.set(self.store_calls.get() + 1);
        match self.store_fails.get() {
            true => Err(KvError::new("open", "told to fail")),
            false => Ok(self.store.clone()),
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.memory.now().as_micros() as i64).unwrap()
    }

    async fn fetch(&self, url: &str) -> Result<Bytes, String> {
        assert_eq!(url, URL);
        self.provider.fetches.borrow_mut().push(self.memory.elapsed());
        let answer = self.provider.answer.borrow().clone();
        match answer {
            Answer::Body(body) => Ok(body.into()),
            Answer::Fails => Err("connection refused".into()),
            Answer::Slowly(duration, body) => {
                self.memory.pause(duration).await;
                Ok(body.into())
            }
        }
    }

    fn log(&self, line: &str) {
        self.log.borrow_mut().push(line.to_owned());
    }
}

/// Both at once, step by step, the first first.
pub fn together<A, B>(first: impl Future<Output = A>, second: impl Future<Output = B>) -> (A, B) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut one, mut two) = (None, None);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if one.is_none()
            && let std::task::Poll::Ready(answer) = first.as_mut().poll(&mut context)
        {
            one = Some(answer);
        }
        if two.is_none()
            && let std::task::Poll::Ready(answer) = second.as_mut().poll(&mut context)
        {
            two = Some(answer);
        }
        if let (Some(_), Some(_)) = (&one, &two) {
            return (one.unwrap(), two.unwrap());
        }
    }
}

/// The message of a token that is refused as invalid.
#[track_caller]
pub fn invalid(answer: Result<Rc<Caller>, Refusal>) -> String {
    match answer {
        Err(Refusal::Invalid { message, .. }) => message,
        other => panic!("not refused as invalid: {other:?}"),
    }
}

/// That it is refused without a word about why.
#[track_caller]
pub fn not_valid(answer: Result<Rc<Caller>, Refusal>) {
    assert_eq!(invalid(answer), "The access token is not valid.");
}
