//! Copying a tree into another store, as it is: numbers of commits, which others may remember, stay what
//! they are.
//!
//! Pages never change, and a page is copied behind all that lies below it. So a page that is there already
//! need not be looked at, nor anything below it: a copy that was interrupted goes on where it was, and one
//! that is made again copies what is new. The anchor comes last, so nobody sees half a tree.

use std::collections::BTreeSet;
use std::pin::Pin;

use bytes::Bytes;

use crate::format::head::Head;
use crate::format::page::Page;
use crate::format::value::PageId;
use crate::reading::pages::Pages;
use crate::{Error, Kv, Store, Swapped, Tree};

/// How many pages are read and written by one call.
const PAGES_AT_ONCE: usize = 32;

/// How often a copy begins anew because the tree has changed meanwhile.
const MAX_PASSES: u32 = 16;

/// What [`Tree::copy_to`] has copied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Copied {
    /// Pages, not counting those that were there.
    pub pages: u64,
    /// How many bytes these have.
    pub bytes: u64,
}

/// Why a tree was not copied.
#[derive(Debug, thiserror::Error)]
pub enum NotCopied {
    /// A call failed, or something is damaged.
    #[error(transparent)]
    Failed(#[from] Error),
    /// The other store has a tree of that name, which is another one or has gone on by itself.
    #[error("there is another tree called {0} already")]
    Exists(String),
    /// Others went on writing to the tree. What was copied is kept.
    #[error("the tree {0} is written to; what was copied is kept for the next time")]
    Changing(String),
}

/// What the copy of a pass needs.
struct Copy<'c, K: Kv, T: Kv> {
    from: &'c Pages<K>,
    to: &'c T,
    flush: u64,
    /// The pages that are there.
    present: &'c mut BTreeSet<PageId>,
    copied: &'c mut Copied,
    progress: &'c mut dyn FnMut(Copied),
}

impl<K: Kv> Tree<K> {
    /// Copies the newest commit into another store, where no tree has the name, and tells `progress`
    /// from time to time how far it is. Nobody should write to the tree, or it ends with
    /// [`NotCopied::Changing`] after a few passes, each of which copies what is new; then the next call
    /// has little to do.
    pub async fn copy_to<T: Kv>(
        &self,
        store: &Store<T>,
        mut progress: impl FnMut(Copied),
    ) -> Result<Copied, NotCopied> {
        let name = self.heads().name.as_str();
        let (mut copied, to) = (Copied::default(), store.kv());
        let Some((pages, mut bytes, mut head)) = self.newest_head().await? else {
            return Ok(copied);
        };
        // Before the anchor, so that who makes the same copy meanwhile, and goes on from it, is noticed.
        let (theirs, watch) = watch_existing(to, &pages.head_key).await?;
        let mut watch = Some(watch);
        if let Some(anchor) = to.get(name).await.map_err(Error::from)?
            && let Some(generation) = self.heads().anchor(&anchor)?
        {
            // A copy that was complete before is complete.
            let is_same =
                generation == pages.generation && theirs == Some(as_copied(&pages, &head, bytes));
            return if is_same { Ok(copied) } else { Err(NotCopied::Exists(name.to_owned())) };
        }
        let mut present = BTreeSet::new();
        let prefix = format!("{}:", pages.head_key);
        let visit = |key: &str| {
            present.extend(key.strip_prefix(&prefix).and_then(PageId::parse));
        };
        to.keys(&prefix, visit).await.map_err(Error::from)?;
        for _ in 0..MAX_PASSES {
            let mut copy = Copy {
                from: &pages,
                to,
                flush: head.flush,
                present: &mut present,
                copied: &mut copied,
                progress: &mut progress,
            };
            let outcome = copy.below(pages_of(&head)).await;
            let Some((_, newest, newest_head)) = self.newest_head().await? else { continue };
            let is_unchanged = newest == bytes;
            (bytes, head) = (newest, newest_head);
            match outcome {
                // What was retired while it was copied is gone.
                Err(Error::Expired { .. }) => {}
                Err(error) => return Err(error.into()),
                Ok(()) if is_unchanged => {
                    if let Some(watch) = watch.take() {
                        let head = as_copied(&pages, &head, bytes);
                        self.publish(to, &pages, watch, head).await?;
                    }
                    return Ok(copied);
                }
                Ok(()) => {}
            }
        }
        Err(NotCopied::Changing(name.to_owned()))
    }

    /// The newest head, and its bytes.
    async fn newest_head(&self) -> Result<Option<(Pages<K>, Bytes, Head)>, Error> {
        let Some(anchored) = self.heads().anchored().await? else { return Ok(None) };
        let pages = anchored.pages;
        let bytes = self.kv().get(&pages.head_key).await?;
        let Some(bytes) = bytes else {
            let fault = crate::format::codec::Fault::Damaged("it does not exist");
            return Err(pages.damaged_head(fault));
        };
        let head = self.heads().decode(&pages, bytes.clone())?;
        Ok(Some((pages, bytes, (*head).clone())))
    }

    /// Writes the head and then the anchor, unless somebody was first.
    async fn publish<T: Kv>(
        &self,
        to: &T,
        pages: &Pages<K>,
        watch: T::Watch,
        head: Bytes,
    ) -> Result<(), NotCopied> {
        let name = self.heads().name.as_str();
        let exists = || NotCopied::Exists(name.to_owned());
        if to.swap(watch, head.to_vec()).await.map_err(Error::from)? != Swapped::Done {
            return Err(exists());
        }
        let (anchor, watch) = watch_existing(to, name).await?;
        if anchor.map(|anchor| self.heads().anchor(&anchor)).transpose()?.flatten().is_some() {
            return Err(exists());
        }
        let generation = pages.generation.to_le_bytes();
        match to.swap(watch, generation.into()).await.map_err(Error::from)? {
            Swapped::Done => Ok(()),
            Swapped::Refused | Swapped::Lost => {
                let anchor = to.get(name).await.map_err(Error::from)?;
                match anchor.as_deref() == Some(&generation[..]) {
                    true => Ok(()),
                    false => Err(exists()),
                }
            }
        }
    }
}

/// Reads a key in order to swap it; one that is absent is created with zeros, because the swap of an absent key
/// may overwrite what somebody else has written there.
async fn watch_existing<T: Kv>(to: &T, key: &str) -> Result<(Option<Bytes>, T::Watch), Error> {
    let (value, watch) = to.watch(key).await?;
    if value.is_some() {
        return Ok((value, watch));
    }
    // A store may fail for whoever is not the first.
    let created = to.create_zero(key).await;
    match (to.watch(key).await?, created) {
        ((None, _), Err(error)) => Err(error.into()),
        (watched, _) => Ok(watched),
    }
}

/// The head of a copy. Holds stay with the original: a copy begins without any.
fn as_copied<K: Kv>(pages: &Pages<K>, head: &Head, bytes: Bytes) -> Bytes {
    match head.held.is_empty() {
        true => bytes,
        false => Head { held: Vec::new(), ..head.clone() }.encode(pages.generation).into(),
    }
}

/// The pages that the head itself leads to.
fn pages_of(head: &Head) -> Vec<PageId> {
    let roots = [head.root, head.retired].into_iter().flatten().map(|root| root.id);
    roots.chain(head.retired_last.as_ref().and_then(|list| list.page())).collect()
}

/// The pages that a page leads to.
fn pages_below(page: &Page) -> Vec<PageId> {
    match page {
        Page::Leaf(leaf) => leaf.items.iter().filter_map(|value| value.page()).collect(),
        Page::Branch(_, branch) => branch.items.iter().map(|child| child.id).collect(),
        Page::Value(_) => Vec::new(),
    }
}

impl<K: Kv, T: Kv> Copy<'_, K, T> {
    /// Copies pages, those first that they lead to. It goes no deeper than a tree is high.
    fn below(
        &mut self,
        mut ids: Vec<PageId>,
    ) -> Pin<Box<dyn Future<Output = Result<(), Error>> + '_>> {
        Box::pin(async move {
            ids.retain(|id| !self.present.contains(id));
            let limits = self.from.kv.limits();
            let at_once = PAGES_AT_ONCE.min(limits.read_batch).min(self.to.limits().write_batch);
            for batch in ids.chunks(at_once.max(1)) {
                let pages = self.from.read(batch).await?;
                let (mut below, mut entries) = (Vec::new(), Vec::with_capacity(batch.len()));
                for (id, page) in batch.iter().zip(pages) {
                    let Some(page) = page else {
                        return Err(self.from.page_is_missing(self.flush, *id).await?);
                    };
                    let decoded = Page::decode(*id, page.clone());
                    let decoded = decoded.map_err(|fault| self.from.damaged(*id, fault))?;
                    below.extend(pages_below(&decoded));
                    entries.push((id.key(&self.from.head_key), page.to_vec()));
                }
                self.below(below).await?;
                self.copied.pages += entries.len() as u64;
                self.copied.bytes += entries.iter().map(|(_, page)| page.len() as u64).sum::<u64>();
                self.to.put_many(entries).await?;
                self.present.extend(batch);
                (self.progress)(*self.copied);
            }
            Ok(())
        })
    }
}
