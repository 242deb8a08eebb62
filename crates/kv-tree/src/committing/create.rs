//! Creating a tree exactly once.
//!
//! On Spin's SQLite store a compare-and-swap of an absent key is an unconditional write. If two
//! requests created the head at its key, the slower one could wipe out commits that the faster one
//! has already acknowledged. So the key that decides, the anchor, is first brought into being by an
//! operation that changes nothing where it exists ([`Kv::create_zero`]), and from then on it can be
//! swapped conditionally. Each creator writes an empty head at a key of its own, made of a random
//! generation, and then swaps the anchor from "no generation" to its generation. One of them wins;
//! nobody else ever wrote at the winner's key. A loser removes its head when the anchor names another
//! one: from then on, its own swap cannot happen any more, however late it comes.

use super::swap::SETTLE_TIME;
use super::writers::{MAX_ATTEMPTS, Writers};
use crate::format::head::Head;
use crate::random::{jittered_pause, random_u64};
use crate::writing::flush::report;
use crate::{Error, Kv};

/// How often bringing the anchor into being may fail.
const MAX_FAILURES: u32 = 3;

impl<K: Kv> Writers<K> {
    /// Brings the tree into being with an empty head, unless another request has just done so.
    pub async fn create(&self) -> Result<(), Error> {
        let (kv, heads) = (self.kv(), &self.heads);
        let began = kv.elapsed();
        let takes_too_long = || kv.elapsed().saturating_sub(began) > SETTLE_TIME;
        let anchor = heads.name.as_str();
        let generation = random_generation()?;
        let head_key = heads.head_key(generation);
        let (mut is_written, mut failures) = (false, 0);
        for attempt in 0..MAX_ATTEMPTS {
            let (value, watch) = kv.watch(anchor).await?;
            let Some(value) = value else {
                // Somebody else may have been first, which some stores take for a failure.
                if let Err(error) = kv.create_zero(anchor).await {
                    failures += 1;
                    let is_last = failures >= MAX_FAILURES || takes_too_long();
                    if error.is_without_effect || is_last {
                        return Err(error.into());
                    }
                    kv.pause(jittered_pause(failures)).await;
                }
                continue;
            };
            match heads.anchor(&value)? {
                Some(winner) if winner == generation => return Ok(()),
                Some(_) => {
                    if is_written && let Err(error) = kv.delete_many(vec![head_key]).await {
                        // Vacuum finds it.
                        let task = "deleting the head of a tree that another one has created";
                        report(&heads.pages(generation), task, &error.into());
                    }
                    return Ok(());
                }
                None if !is_written => {
                    let head = Head::default().encode(generation);
                    kv.put_many(vec![(head_key.clone(), head)]).await?;
                    is_written = true;
                }
                None => {}
            }
            // Whatever the answer is, the anchor tells what came of it.
            if let Err(error) = kv.swap(watch, generation.to_le_bytes().into()).await {
                if takes_too_long() {
                    return Err(error.into());
                }
                kv.pause(jittered_pause(attempt)).await;
            }
        }
        Err(Error::Contended { tree: anchor.into(), attempts: MAX_ATTEMPTS })
    }
}

/// Positive as a signed number, because stores read eight-byte values as one, and never a byte away
/// from none.
fn random_generation() -> Result<u64, Error> {
    Ok(random_u64()? >> 1 | 1 << 62 | 1)
}
