//! One swap of the head, and what came of it.

use std::rc::Rc;
use std::time::Duration;

use super::group::Group;
use super::writers::Writers;
use crate::format::head::{Fate, Head};
use crate::random::jittered_pause;
use crate::{Error, Kv, KvError, Swapped};

/// What is known of a commit.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is in the tree.
    Done,
    /// It is not in the tree and never will be.
    Lost,
    /// It may be in the tree or not, and nobody can tell; why.
    Unknown(String),
}

/// How often the head is read to learn what came of a swap.
const SETTLE_ATTEMPTS: u32 = 10;

/// For how long that is begun again, where calls take long to fail.
pub(super) const SETTLE_TIME: Duration = Duration::from_secs(15);

impl<K: Kv> Writers<K> {
    /// Swaps the group's head for `next`, which is the attempt of that number by `writer`, and does not
    /// return before it is known what came of it, or certain that nobody will know.
    pub async fn swap(
        &self,
        group: &mut Group<K>,
        (writer, attempt): (u64, u64),
        next: Head,
    ) -> Result<Outcome, Error> {
        let Some(watch) = group.watch.take() else { return Ok(Outcome::Lost) };
        let pages = &group.snapshot.pages;
        let encoded = next.encode(pages.generation);
        let limit = self.kv().limits().value_bytes;
        if encoded.len() > limit {
            let tree = pages.tree.as_str().into();
            return Err(Error::TooLong { tree, what: "head", bytes: encoded.len(), limit });
        }
        let next = Rc::new(next);
        let answer = match self.is_store_far() {
            true => {
                let began = self.kv().elapsed();
                let answer = self.kv().swap_and_watch(watch, encoded.clone()).await;
                if answer.is_ok() {
                    self.note_call(began);
                }
                answer
            }
            // Others would be first again by the time that it is used.
            false => self.kv().swap(watch, encoded.clone()).await.map(|swapped| (swapped, None)),
        };
        let refused = match answer {
            Ok((Swapped::Done, there)) => {
                self.see(&next);
                if let Some((_, watch)) = there {
                    self.keep_own_head(pages, &next, watch);
                }
                self.heads.remember(encoded.into(), next.clone());
                group.snapshot.head = next;
                return Ok(Outcome::Done);
            }
            Ok((Swapped::Lost, told)) => {
                if let Some((Some(value), watch)) = told {
                    group.told = Some((self.heads.decode(pages, value)?, watch));
                }
                return Ok(Outcome::Lost);
            }
            // It may be the answer to a second try of the store's own client.
            Ok((Swapped::Refused, _)) => None,
            Err(error) if error.is_without_effect => return Err(error.into()),
            Err(error) => Some(error),
        };
        let outcome = self.ask_what_came_of_it(group, (writer, attempt), refused).await?;
        if let Outcome::Done = outcome {
            // There may be a newer one by now, but nobody has seen whether that concerns the group.
            group.snapshot.head = next;
        }
        Ok(outcome)
    }

    async fn ask_what_came_of_it(
        &self,
        group: &Group<K>,
        (writer, attempt): (u64, u64),
        error: Option<KvError>,
    ) -> Result<Outcome, Error> {
        let (pages, base) = (&group.snapshot.pages, group.snapshot.head.commit);
        let mut cause = match &error {
            Some(error) => error.to_string(),
            None => "the store has refused it, but may have done it before".into(),
        };
        let began = self.kv().elapsed();
        for round in 0..SETTLE_ATTEMPTS {
            if self.kv().elapsed().saturating_sub(began) > SETTLE_TIME {
                break;
            }
            let (bytes, watch) = match self.heads.watch_head(pages).await {
                Ok((Some(bytes), watch)) => (bytes, watch),
                Ok((None, _)) => {
                    cause = "the head does not exist any more".into();
                    break;
                }
                Err(error) => {
                    cause = error.to_string();
                    self.kv().pause(jittered_pause(round)).await;
                    continue;
                }
            };
            let head = match self.heads.decode(pages, bytes) {
                Ok(head) => head,
                Err(error) => {
                    cause = error.to_string();
                    break;
                }
            };
            match head.fate(writer, attempt, base) {
                Fate::Committed => return Ok(Outcome::Done),
                Fate::Unknown => {
                    cause = format!("{cause}; too many others have committed since");
                    break;
                }
                // The head is another one by now, and is never again what the swap expects.
                Fate::NotCommitted if head.commit != base => return Ok(Outcome::Lost),
                // The swap may still be on its way. A commit of nothing keeps it from happening.
                Fate::NotCommitted => {
                    let fence = self.next_attempt();
                    let now = self.kv().now();
                    let nothing = head.next(writer, fence, now, head.buffer.clone());
                    let nothing = Head { announced: head.announced, ..nothing };
                    let encoded = nothing.encode(pages.generation);
                    if let Ok(Swapped::Done) = self.kv().swap(watch, encoded).await {
                        return Ok(Outcome::Lost);
                    }
                    // Refused or failed: the store may have too much to do.
                    self.kv().pause(jittered_pause(round)).await;
                }
            }
        }
        Ok(Outcome::Unknown(cause))
    }
}
