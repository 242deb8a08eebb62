//! Finding the head of a tree, and creating it exactly once.
//!
//! On Spin's SQLite store a compare-and-swap of an absent key is an unconditional write. If two
//! requests created the head at its key, the slower one could wipe out commits that the faster one
//! has already acknowledged. So the key that decides, the root, is first brought into being by an
//! operation that changes nothing where it exists ([`Kv::create_zero`]), and from then on it can be
//! swapped conditionally. Each creator writes an empty head at a key of its own, made of a random
//! generation, and then swaps the root from "no generation" to its generation. One of them wins;
//! nobody else ever wrote at the winner's key. The losers remove theirs.

use std::rc::Rc;

use crate::codec::Fault;
use crate::head::Head;
use crate::random::{jittered_pause, random_u64};
use crate::store::Store;
use crate::tree::MAX_ATTEMPTS;
use crate::{Error, Kv, Swapped, TreeName};

/// Where the head of a tree is.
pub(crate) struct Root {
    pub generation: u64,
    pub head_key: Rc<str>,
    remembered: bool,
}

impl Root {
    fn new(name: &TreeName, generation: u64, remembered: bool) -> Self {
        Self { generation, head_key: head_key(name, generation).into(), remembered }
    }

    /// The store has no head at [`head_key`](Root::head_key). If the generation was remembered,
    /// the store is another one by now and its root has to be read again; else the data is damaged.
    pub fn head_is_missing<K: Kv>(&self, store: &Store<K>, name: &TreeName) -> Result<(), Error> {
        if self.remembered {
            store.forget_generation(name);
            return Ok(());
        }
        Err(name.fault(&self.head_key, Fault::Damaged("the root names it, but it does not exist")))
    }
}

/// The root of the tree `name`, or `None` if the tree does not exist yet.
pub(crate) async fn find<K: Kv>(store: &Store<K>, name: &TreeName) -> Result<Option<Root>, Error> {
    if let Some(generation) = store.remembered_generation(name) {
        return Ok(Some(Root::new(name, generation, true)));
    }
    let value = store.kv().get(name.as_str()).await?;
    let generation = value.and_then(|value| decode(&value));
    Ok(generation.map(|generation| {
        store.remember_generation(name, generation);
        Root::new(name, generation, false)
    }))
}

/// Brings the tree `name` into being with an empty head, unless another request has just done so.
pub(crate) async fn create<K: Kv>(store: &Store<K>, name: &TreeName) -> Result<(), Error> {
    let kv = store.kv();
    for attempt in 0..MAX_ATTEMPTS {
        let (value, watch) = kv.watch(name.as_str()).await?;
        let Some(value) = value else {
            kv.create_zero(name.as_str()).await?;
            continue;
        };
        if decode(&value).is_some() {
            return Ok(());
        }
        let generation = random_generation()?;
        let head = head_key(name, generation);
        kv.put_many(vec![(head.clone(), Head::default().encode())]).await?;
        if kv.swap(watch, generation.to_le_bytes().into()).await? == Swapped::Done {
            return Ok(());
        }
        kv.delete_many(vec![head]).await?;
        kv.pause(jittered_pause(attempt)?).await;
    }
    Err(name.contended())
}

fn head_key(name: &TreeName, generation: u64) -> String {
    format!("{}:{generation:016x}", name.as_str())
}

/// The generation that a root's value names. What a store wrote for zero names none.
fn decode(value: &[u8]) -> Option<u64> {
    let generation = u64::from_le_bytes(value.try_into().ok()?);
    (generation != 0).then_some(generation)
}

/// Positive as a signed number too, because stores read eight-byte values as one.
fn random_generation() -> Result<u64, Error> {
    Ok((random_u64()? >> 1).max(1))
}
