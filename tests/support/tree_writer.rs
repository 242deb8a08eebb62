//! A process that writes to a tree beside others, for a test that looks at what came of it.
//!
//! Its arguments are the address of the store, the number that tells it from others, and how many
//! transactions it makes. Each reads some keys, and gives some of those a value that no other gives. It
//! prints a line for each that was committed, or may have been: `done` or `unknown`, and then what was
//! read (`key=value`) and, behind a `>`, what was written.

#![forbid(unsafe_code)]

use std::time::Duration;

use anyhow::Context;
use kv_tree::{Error, Store, TreeName};
use remote_store::Address;
use remote_store::native::RemoteKv;

/// How many keys there are: few, so that writers meet.
const KEYS: u32 = 8;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().context("an argument is missing");
    let address = Address::parse(&next()?).map_err(anyhow::Error::msg)?;
    let (own, count): (u64, u64) = (next()?.parse()?, next()?.parse()?);
    let tree = Store::new(RemoteKv::new(&address, 0)).tree(TreeName::new("acme")?);
    let mut random = fastrand::Rng::with_seed(own);
    for number in 0..count {
        let mut keys: Vec<_> = (0..KEYS).collect();
        random.shuffle(&mut keys);
        keys.truncate(random.usize(1..4));
        let writes = random.usize(0..=keys.len());
        let value = format!("{own}.{number}");
        // Large enough for a flush now and then.
        let filling = random.usize(0..400);
        let mut reads = Vec::new();
        let outcome = tree.transact(async |transaction| {
            reads.clear();
            for key in &keys {
                let seen = transaction.get(format!("k/{key}")).await?;
                let seen = seen.map(|seen| String::from_utf8_lossy(&seen).into_owned());
                reads.push(format!("{key}={}", seen.as_deref().unwrap_or("-")));
            }
            for key in &keys[..writes] {
                transaction.put(format!("k/{key}"), value.clone());
            }
            transaction.put(format!("filling/{own}/{number}"), vec![1; filling]);
            Ok::<_, Error>(())
        });
        let outcome = match outcome.await {
            Ok(()) => "done",
            Err(Error::OutcomeUnknown { .. }) => "unknown",
            // Nothing came of it. The server may be gone for a while.
            Err(Error::Store(_) | Error::Contended { .. } | Error::Expired { .. }) => {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let written: Vec<_> = keys[..writes].iter().map(|key| format!("{key}={value}")).collect();
        println!("{outcome} {} > {}", reads.join(" "), written.join(" "));
    }
    Ok(())
}
