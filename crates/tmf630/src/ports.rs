//! What the pipeline needs of the outside world.

use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use access::{Caller, Refusal, Tenant};
use bytes::Bytes;
use jiff::Timestamp;
use kv_tree::{Kv, KvError, Store};
use uuid::Uuid;

/// The outside world.
#[allow(async_fn_in_trait, reason = "components are single-threaded; no future has to be Send")]
pub trait Ports {
    /// The key-value store.
    type Kv: Kv;

    /// Opens the store of trees; every request of an instance gets the same one.
    async fn store(&self) -> Result<Store<Self::Kv>, KvError>;

    /// Who makes a request, whose header `Authorization` has the values.
    async fn caller(&self, authorization: &[&[u8]]) -> Result<Rc<Caller>, Refusal>;

    /// The time.
    fn now(&self) -> Timestamp;

    /// An id that no resource has: a UUID of version 7, so that ids ascend in the order of creation.
    fn new_id(&self) -> Uuid;

    /// Lets the other requests of the instance go on for a moment.
    async fn yield_now(&self) {
        let mut yielded = false;
        std::future::poll_fn(|context| {
            if yielded {
                return Poll::Ready(());
            }
            yielded = true;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// A name for a request that begins `now`, which tells it from all others. Nothing depends on its
    /// being hard to guess.
    fn new_request_id(&self, now: Timestamp) -> Uuid {
        let _ = now;
        self.new_id()
    }

    /// Is told that the tenant has work that goes on after the request ([`jobs`](crate::jobs)).
    fn note_work(&self, tenant: &Tenant) {
        let _ = tenant;
    }

    /// When the instance has last said, or read, that the tenant may have such work.
    fn announced(&self, tenant: &Tenant) -> Option<Timestamp> {
        let _ = tenant;
        None
    }

    /// Remembers that.
    fn note_announced(&self, tenant: &Tenant, said: Timestamp) {
        let _ = (tenant, said);
    }

    /// Sends a notification to a subscription: the status that it is answered with, or in words for
    /// operators why it is not. Redirections are not followed, and little of the answer is read.
    async fn notify(&self, notification: Notification) -> Result<u16, String> {
        let _ = notification;
        Err("nothing is sent from here".to_owned())
    }

    /// Lets time go by, and others go on.
    async fn pause(&self, time: Duration) {
        let _ = time;
        self.yield_now().await;
    }

    /// Whether the instance can do more work of its own. Some hosts limit what one does in its life, and
    /// the rest is for requests.
    fn can_go_on(&self) -> bool {
        true
    }

    /// Writes a line to the log, for operators only.
    fn log(&self, line: &str);

    /// What the instance has done since it was asked last, for the log.
    fn activity(&self) -> Option<Activity> {
        None
    }
}

/// What is sent to a subscription.
#[derive(Debug, Clone)]
pub struct Notification {
    /// Where to, by POST.
    pub url: String,
    /// Its headers.
    pub headers: Vec<(&'static str, String)>,
    /// Its body, which is JSON.
    pub body: Bytes,
    /// How long the whole answer may take.
    pub patience: Duration,
}

/// What an instance has done in a time, for whatever request.
#[derive(Debug, Clone, Copy, Default)]
pub struct Activity {
    /// A random number that tells the instance from others.
    pub instance: u32,
    /// Calls to the store.
    pub calls: u64,
    /// How long they took, each for itself, in microseconds.
    pub microseconds: u64,
    /// How many bytes of values they read or wrote.
    pub bytes: u64,
    /// Commits.
    pub commits: u64,
    /// Attempts at them.
    pub attempts: u64,
    /// Requests that shared in them.
    pub committed: u64,
}
