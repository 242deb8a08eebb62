//! Stores on real servers.

use kv_tree::{Kv, Store, Tree, TreeName};
use remote_store::Address;
use remote_store::native::RemoteKv;
use store_servers::{Postgres, Redis};

/// The store at the address.
pub fn store(address: &str) -> RemoteKv {
    RemoteKv::new(&Address::parse(address).unwrap(), 0)
}

/// A tree in a store.
pub fn tree<K: Kv>(kv: K) -> Tree<K> {
    Store::new(kv).tree(TreeName::new("acme").unwrap())
}

/// Runs the test on either engine, each time on an empty database.
pub async fn on_each_engine(test: impl AsyncFn(&str)) {
    let redis = Redis::start();
    test(&redis.address(0)).await;
    let postgres = Postgres::start();
    test(&postgres.address("postgres")).await;
}
