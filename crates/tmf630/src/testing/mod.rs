//! An API in memory, for tests: what the pipeline answers, with a clock and ids that tests decide.

pub mod accounts;
pub mod damage;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::ready;
use std::rc::Rc;
use std::time::Duration;

use access::{Caller, Identity, Parties, Refusal, Scopes, Tenant};
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use jiff::{SignedDuration, Timestamp};
use kv_tree::{KeyRange, Kv, KvError, Memory, Order, Store, TreeName};
use serde_json::Value;
use uuid::Uuid;

use crate::events::{self, Delivered};
use crate::jobs::{self, Progress};
use crate::model::job::Job;
use crate::model::variable::Variable;
use crate::ports::Notification;
use crate::{Definition, Exported, Ports, Settings, Version, serve, serve_transfer, transfer};

/// The outside world of one instance. Its clock stands still unless it is told to go on.
pub struct World<K: Kv = Memory> {
    store: Store<K>,
    now: Cell<Timestamp>,
    ids: Cell<u128>,
    settings: Vec<(&'static str, &'static str)>,
    caller: RefCell<Rc<Caller>>,
    refusal: Cell<Option<fn() -> Refusal>>,
    /// The lines of the log.
    pub log: RefCell<Vec<String>>,
    /// How often others were let go on.
    pub yields: Cell<u32>,
    /// What was sent to subscriptions.
    pub sent: RefCell<Vec<Notification>>,
    answers: RefCell<Answers>,
    announced: RefCell<BTreeMap<String, Timestamp>>,
}

/// How notifications are answered.
type Answers = Box<dyn FnMut(&Notification) -> Result<u16, String>>;

impl<K: Kv> World<K> {
    /// An instance on the data in `kv`.
    pub fn on(kv: K) -> Self {
        Self {
            store: Store::new(kv),
            now: Cell::new(Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_790_000_000)),
            ids: Cell::new(1),
            settings: Vec::new(),
            caller: RefCell::new(anybody()),
            refusal: Cell::new(None),
            log: RefCell::default(),
            yields: Cell::default(),
            sent: RefCell::default(),
            answers: RefCell::new(Box::new(|_| Ok(204))),
            announced: RefCell::default(),
        }
    }

    /// The same with a value for a variable.
    pub fn with(mut self, variable: &'static str, value: &'static str) -> Self {
        self.settings.push((variable, value));
        self
    }

    /// Lets the caller make the requests that follow.
    pub fn call_as(&self, caller: Caller) {
        *self.caller.borrow_mut() = Rc::new(caller);
        self.refusal.set(None);
    }

    /// Refuses the caller of the requests that follow.
    pub fn refuse(&self, refusal: fn() -> Refusal) {
        self.refusal.set(Some(refusal));
    }

    /// Lets the notifications that follow be answered so.
    pub fn answer(&self, answers: impl FnMut(&Notification) -> Result<u16, String> + 'static) {
        *self.answers.borrow_mut() = Box::new(answers);
    }

    /// Lets time go by.
    pub fn advance(&self, seconds: i64) {
        self.now.set(self.now.get() + SignedDuration::from_secs(seconds));
    }

    /// The same as another instance, whose ids are none of the first one's.
    pub fn numbered(self, number: u32) -> Self {
        self.ids.set((u128::from(number) << 64) + 1);
        self
    }

    /// What the API is going to answer, a step of the store at a time.
    pub async fn ask(
        &self,
        definition: &'static Definition,
        request: Request<Full<Bytes>>,
    ) -> Response<Bytes> {
        match self.settings_of(definition) {
            Ok(settings) => serve(definition, &settings, self, request).await,
            Err(error) => crate::Error::internal(error).into_response(Version::V5),
        }
    }

    /// Goes on with the jobs of the tenant whose callers are not asked who they are.
    pub async fn work(
        &self,
        definition: &'static Definition,
        jobs: &[&'static dyn Job],
        time: Duration,
    ) -> Result<Progress, crate::Error> {
        let settings = self.settings_of(definition).map_err(crate::Error::internal)?;
        jobs::run(jobs, &settings, self, &anybody().tenant, time).await
    }

    /// Sends the events of the API of a resource that are due in the tenant of the caller.
    pub async fn deliver(
        &self,
        definition: &'static Definition,
    ) -> Result<Delivered, crate::Error> {
        let settings = self.settings_of(definition).map_err(crate::Error::internal)?;
        let tenant = self.caller.borrow().tenant.clone();
        events::deliver(definition.api, &settings, self, &tenant, Duration::MAX).await
    }

    /// What is answered to a request to export or import data of any tenant.
    pub async fn transfer(
        &self,
        exported: &Exported,
        request: Request<Full<Bytes>>,
    ) -> Response<Bytes> {
        match self.read_settings(transfer::variables()) {
            Ok(settings) => serve_transfer(exported, "*", &settings, self, request).await,
            Err(error) => crate::Error::internal(error).into_response(Version::V5),
        }
    }

    /// The keys of a tenant that begin with the prefix.
    pub async fn keys(&self, tenant: &str, prefix: &str) -> Result<Vec<String>, kv_tree::Error> {
        let snapshot = self.store.tree(TreeName::new(tenant)?).snapshot().await?;
        let mut scan = snapshot.scan(KeyRange::prefix(prefix), Order::Ascending);
        let mut keys = Vec::new();
        while let Some((key, _)) = scan.next().await? {
            keys.push(String::from_utf8_lossy(&key).into_owned());
        }
        Ok(keys)
    }

    fn settings_of(&self, definition: &'static Definition) -> Result<Settings, String> {
        self.read_settings(definition.choices())
    }

    fn read_settings(
        &self,
        variables: impl IntoIterator<Item = &'static Variable>,
    ) -> Result<Settings, String> {
        let value_of = |name: &str| {
            let mut settings = self.settings.iter();
            settings.find(|(variable, _)| *variable == name).map(|(_, value)| *value)
        };
        Settings::read(variables, value_of)
    }
}

/// Somebody who is not asked who they are.
pub fn anybody() -> Rc<Caller> {
    let tenant = Tenant::new("default").unwrap_or_else(|| panic!("default is a name"));
    Rc::new(Caller::anybody(tenant))
}

/// Somebody with the scopes in a tenant, who acts for the parties; for none in particular where there
/// are none.
pub fn caller(tenant: &str, scopes: &[&str], parties: &[&str]) -> Caller {
    let name = Tenant::new(tenant).unwrap_or_else(|| panic!("{tenant} is no name"));
    let subject = format!("subject of {parties:?}");
    Caller {
        identity: Some(Identity {
            issuer: "https://issuer.example".to_owned(),
            subject: Some(subject),
            client: Some("portal".to_owned()),
        }),
        scopes: Scopes::of(scopes.iter().copied()),
        parties: match parties {
            [] => Parties::All,
            parties => Parties::Only(parties.iter().map(|id| (*id).to_owned()).collect()),
        },
        ..Caller::anybody(name)
    }
}

/// A request for a resource of v5, whose path goes on with `rest`, with a body that is JSON.
pub fn request(
    definition: &Definition,
    method: Method,
    rest: &str,
    body: &str,
) -> Request<Full<Bytes>> {
    request_in(Version::V5, definition, method, rest, body)
}

/// The same in a version.
pub fn request_in(
    version: Version,
    definition: &Definition,
    method: Method,
    rest: &str,
    body: &str,
) -> Request<Full<Bytes>> {
    let base = definition.api.base_path(version);
    Request::builder()
        .method(method)
        .uri(format!("http://api.example{base}/{}{rest}", definition.name()))
        .header("content-type", "application/json")
        .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
        .unwrap_or_else(|error| panic!("{rest}: {error}"))
}

/// The body of a response, which has the status.
#[track_caller]
pub fn expect(response: &Response<Bytes>, status: u16) -> Value {
    assert_eq!(response.status(), status, "{response:?}");
    serde_json::from_slice(response.body()).unwrap_or_default()
}

impl<K: Kv> Ports for World<K> {
    type Kv = K;

    fn store(&self) -> impl Future<Output = Result<Store<K>, KvError>> {
        ready(Ok(self.store.clone()))
    }

    async fn caller(&self, _authorization: &[&[u8]]) -> Result<Rc<Caller>, Refusal> {
        match self.refusal.get() {
            Some(refusal) => Err(refusal()),
            None => Ok(self.caller.borrow().clone()),
        }
    }

    fn now(&self) -> Timestamp {
        self.now.get()
    }

    fn new_id(&self) -> Uuid {
        self.ids.set(self.ids.get() + 1);
        Uuid::from_u128(self.ids.get())
    }

    async fn yield_now(&self) {
        self.yields.set(self.yields.get() + 1);
    }

    fn announced(&self, tenant: &Tenant) -> Option<Timestamp> {
        self.announced.borrow().get(tenant.as_str()).copied()
    }

    fn note_announced(&self, tenant: &Tenant, said: Timestamp) {
        self.announced.borrow_mut().insert(tenant.as_str().to_owned(), said);
    }

    async fn notify(&self, notification: Notification) -> Result<u16, String> {
        let answer = (self.answers.borrow_mut())(&notification);
        self.sent.borrow_mut().push(notification);
        answer
    }

    fn log(&self, line: &str) {
        self.log.borrow_mut().push(line.to_owned());
    }
}
