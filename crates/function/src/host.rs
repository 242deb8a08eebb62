//! Store, clock, ids and log as the ports of the resource pipeline.

use jiff::Timestamp;
use kv_tree::KvError;
use resource::Ports;
use uuid::Uuid;

use crate::store::Store;

/// The host that the component runs on.
pub(crate) struct Host;

impl Ports for Host {
    type Kv = Store;

    async fn kv(&self) -> Result<Store, KvError> {
        Store::open().await
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }

    fn log(&self, line: &str) {
        eprintln!("{line}");
    }
}
