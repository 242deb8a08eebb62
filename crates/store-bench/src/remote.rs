//! Measuring on a store that hosts share.

use std::time::Duration;

use kv_tree::Memory;
use remote_store::native::RemoteKv;
use store_bench::served::{Engine, Served};
use tokio::runtime::{Builder, Runtime};

use crate::account::Account;
use crate::clock::Movable;
use crate::fill;
use crate::measure;
use crate::table::Measured;

/// A server, and how far away it is.
pub struct Remote {
    served: Served,
    /// What runs the connections.
    client: Runtime,
    /// What runs the network, beside that: it is not to wait for what is measured.
    _network: Runtime,
}

impl Remote {
    /// Starts the server.
    pub fn start(engine: Engine, round_trip: Duration) -> anyhow::Result<Self> {
        let network = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let served = network.block_on(Served::start(engine, round_trip));
        let client = Builder::new_current_thread().enable_all().build()?;
        Ok(Self { served, client, _network: network })
    }

    /// What it is.
    pub fn describe(&self) -> String {
        format!("{}.", self.served.describe())
    }

    /// Measures on the `number`-th store, which gets what is in memory.
    pub fn measure(
        &self,
        number: u32,
        memory: &Memory,
        accounts: Vec<Account>,
        operations: u64,
    ) -> anyhow::Result<Measured> {
        let kv = Movable::new(RemoteKv::new(&self.served.store(number)?, 0));
        let costs = self.client.block_on(async {
            fill::copy(memory, &kv).await?;
            measure::measure(kv, accounts, operations).await
        })?;
        Ok(Measured { store: self.served.engine().name(), costs })
    }
}
