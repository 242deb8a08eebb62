//! The port: what checking a token needs of the outside world.

use bytes::Bytes;
use jiff::Timestamp;
use kv_tree::{Kv, KvError, Store};

/// The outside world of one request.
#[allow(async_fn_in_trait, reason = "components are single-threaded; no future has to be Send")]
pub trait Outside {
    /// The store that the instances share.
    type Kv: Kv;

    /// The store, opened once by an instance.
    async fn store(&self) -> Result<Store<Self::Kv>, KvError>;

    /// The time. Clocks of instances may differ, and go back.
    fn now(&self) -> Timestamp;

    /// The body of a GET of `url`, if it is answered with 200 within 5 s and is not longer than 1
    /// MiB.
    async fn fetch(&self, url: &str) -> Result<Bytes, String>;

    /// Writes a line of the log.
    fn log(&self, line: &str);
}
