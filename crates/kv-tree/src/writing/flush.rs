//! A flush: what is written on top of the pages goes into new pages.
//!
//! Nothing leads to them until a head does. What a flush replaces is kept for those who still read it,
//! on a list in the same head, see `retired`. Whatever fails with that list is reported and does not
//! fail the flush.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::batches::{delete_pages, put_pages};
use super::edit::{Change, edit};
use super::retired::{self, Due, Listing};
use super::writer::Writer;
use crate::format::buffer::Buffer;
use crate::format::head::Head;
use crate::format::held::{Held, Hold};
use crate::format::page::Child;
use crate::format::value::{PageId, Value};
use crate::join::join;
use crate::random::random_u64;
use crate::reading::pages::Pages;
use crate::reading::snapshot::Snapshot;
use crate::reading::walk::{find, whole};
use crate::{Error, Event, KeyRange, Kv};

/// A longer list of retired pages lies in a page of its own, not in the head.
const MAX_LIST_IN_HEAD: usize = 256;

/// What a flush has written, and what a head says that leads to it.
pub(crate) struct Flushed {
    written: BTreeMap<PageId, Bytes>,
    flush: u64,
    root: Option<Child>,
    lists: Lists,
}

/// The pages that are not needed any more.
struct Lists {
    root: Option<Child>,
    last: Option<Value>,
}

impl Flushed {
    /// Makes pages with all that `snapshot` has, and deletes retired pages that are due.
    pub async fn make<K: Kv>(
        snapshot: &Snapshot<K>,
        node_bytes: usize,
        deletes: Due,
    ) -> Result<Self, Error> {
        let Snapshot { pages, head, .. } = snapshot;
        let flush = head.flush.wrapping_add(1);
        let changed = snapshot.written_in(&KeyRange::all());
        // Nearly all pages that are needed are fetched first, because what is computed while some
        // are missing is computed in vain.
        let fetch = pages.resolve(head.flush, |view| {
            for (key, _) in &changed {
                let _ = head.root.as_ref().map(|root| find(view, root, key));
            }
        });
        let attempt = random_u64()?;
        let edited = async {
            fetch.await?;
            pages
                .resolve(head.flush, |view| {
                    let mut writer = Writer::new(node_bytes, flush, attempt);
                    let mut changes = Vec::with_capacity(changed.len());
                    for (key, value) in &changed {
                        let value = value.as_ref().map(|value| writer.value(key, value));
                        changes.push((key.clone(), value));
                    }
                    let root = edit(view, &mut writer, head.root, &changes);
                    (writer, root)
                })
                .await
        };
        let (mut lists, mut unlisted) = (Writer::new(node_bytes, flush, random_u64()?), Vec::new());
        let listed = list_retired(pages, head, deletes, &mut lists, &mut unlisted);
        let (edited, root_of_lists) = join(edited, listed).await;
        let (mut writer, root) = edited?;
        let mut replaced = std::mem::take(&mut writer.retired);
        let mut written = writer.written;
        replaced.append(&mut unlisted);
        let list = retired::encode(&replaced);
        let last = list.map(|list| lists.value_inline_to(MAX_LIST_IN_HEAD, &[], &list));
        written.append(&mut lists.written);
        Ok(Self { written, flush, root, lists: Lists { root: root_of_lists, last } })
    }

    /// Writes the pages. If that fails, as many of them as can be are deleted again.
    pub async fn write<K: Kv>(&self, pages: &Pages<K>) -> Result<(), Error> {
        put_pages(pages, &self.written).await
    }

    /// What `next` is where it leads to what is written: that is all up to the commit numbered
    /// `flushed` but for what is in `buffer`.
    pub fn head(&self, next: Head, flushed: u64, buffer: Buffer) -> Head {
        Head {
            flush: self.flush,
            flushed,
            announced: None,
            root: self.root,
            retired: self.lists.root,
            retired_last: self.lists.last.clone(),
            buffer,
            ..next
        }
    }

    /// The pages as those of a commit that is held: the one numbered `commit`, if they have all up to it and
    /// nothing else.
    pub fn held(&self, Hold { id, until }: Hold, commit: u64) -> Held {
        Held { id, commit, flush: self.flush, until, root: self.root }
    }

    /// A head leads to the pages: they are remembered.
    pub fn keep<K: Kv>(self, pages: &Pages<K>) {
        for (id, page) in self.written {
            pages.cache.insert_encoded(pages.generation, id, page);
        }
    }

    /// No head will ever lead to the pages: they are deleted. What cannot be, vacuum finds.
    pub async fn discard<K: Kv>(self, pages: &Pages<K>) {
        if let Err(error) = delete_pages(pages, self.written.keys()).await {
            report(pages, "deleting the pages of a flush that was overtaken", &error.into());
        }
    }
}

/// Brings the list up to date: what the flush before this one replaced is entered, and what is due is
/// deleted and dropped. That flush is known to have happened, so whoever reads from now on, reads
/// what it left. `replaced` is what this flush replaces, to which comes what the list is made of.
/// Returns the root of the list.
async fn list_retired<K: Kv>(
    pages: &Pages<K>,
    head: &Head,
    deletes: Due,
    lists: &mut Writer,
    replaced: &mut Vec<PageId>,
) -> Option<Child> {
    let mut root = head.retired;
    let due = match delete_due(pages, head, deletes).await {
        Ok(due) => due,
        Err(error) => {
            report(pages, "deleting retired pages", &error);
            if is_damage(&error) {
                // What the list has is left to vacuum, or no flush could delete anything any more.
                root = None;
            }
            Vec::new()
        }
    };
    let mut changes: Vec<Change> =
        due.into_iter().map(|listing: Listing| (listing.key, None)).collect();
    let key = retired::key(head.time_at(pages.kv.now()), head.flush);
    changes.extend(head.retired_last.clone().map(|list| (key, Some(list))));
    changes.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));

    let began = lists.clone();
    let edited = pages.resolve(head.flush, |view| {
        let mut writer = began.clone();
        let root = edit(view, &mut writer, root, &changes);
        (writer, root)
    });
    match edited.await {
        Ok((mut writer, root)) => {
            replaced.append(&mut writer.retired);
            *lists = writer;
            root
        }
        Err(error) => {
            report(pages, "listing retired pages", &error);
            // The last flush's pages are listed with those of this one, if they can be read.
            if let Some(last) = head.retired_last.clone() {
                let list = pages.resolve(head.flush, |view| whole(view, last.clone()));
                if let Ok(Some(list)) = list.await {
                    replaced.extend(retired::decode(list).unwrap_or_default());
                }
                replaced.extend(last.page());
            }
            // The same of a list that cannot be changed.
            root.filter(|_| !is_damage(&error))
        }
    }
}

/// Whether something cannot be read and never will be.
fn is_damage(error: &Error) -> bool {
    matches!(error, Error::Damaged { .. } | Error::Newer { .. })
}

/// Deletes the pages that are due and returns what to drop from the list.
/// A crash before that is done leaves pages on the list that are gone already, which the next one to
/// delete them does not mind.
async fn delete_due<K: Kv>(
    pages: &Pages<K>,
    head: &Head,
    deletes: Due,
) -> Result<Vec<Listing>, Error> {
    let due = retired::due(pages, head, deletes).await?;
    delete_pages(pages, due.iter().flat_map(|listing| &listing.pages)).await?;
    Ok(due)
}

/// Tells what failed that nobody waits for.
pub(crate) fn report<K: Kv>(pages: &Pages<K>, task: &'static str, error: &Error) {
    let tree = pages.tree.as_str();
    pages.kv.observe(&Event::HousekeepingFailed { tree, task, error });
}
