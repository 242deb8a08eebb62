//! Checking a tree as a whole.

use std::collections::BTreeSet;

use crate::format::codec::Fault;
use crate::format::page::Child;
use crate::format::value::PageId;
use crate::reading::view::View;
use crate::reading::walk::{find, reach, slice, whole};
use crate::writing::retired;
use crate::{Error, KeyRange, Kv, Order, Snapshot, Tree};

/// How many entries are checked at a time.
const ENTRIES_AT_ONCE: u64 = 10_000;

/// What [`Tree::audit`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// How many entries the tree has.
    pub entries: u64,
    /// The keys that the tree has in the store, but for its anchor: its head, the pages that the
    /// head leads to, and the retired pages that are still to be deleted.
    pub keys: BTreeSet<String>,
}

impl<K: Kv> Tree<K> {
    /// Reads the whole of the newest commit and checks it: that every page is there and is what it
    /// is referred to as, that keys are in order and each is found where it is, and that the exact
    /// count of the tree is how many entries a scan yields. The first fault is
    /// [`Error::Damaged`].
    pub async fn audit(&self) -> Result<Audit, Error> {
        let (pages, head) = self.heads().newest(None).await?;
        if pages.generation == 0 {
            return Ok(Audit::default());
        }
        let mut used = BTreeSet::from_iter(retired::pages(&pages, &head).await?);
        if let Some(root) = head.root {
            for start in (0..root.entries).step_by(ENTRIES_AT_ONCE as usize) {
                let end = start.saturating_add(ENTRIES_AT_ONCE).min(root.entries);
                used.extend(
                    pages.resolve(head.flush, |view| check(view, &root, start, end)).await?,
                );
            }
        }
        let mut keys: BTreeSet<_> = used.iter().map(|id| id.key(&pages.head_key)).collect();
        keys.insert(pages.head_key.to_string());
        let snapshot = Snapshot::new(pages.clone(), head);
        let entries = snapshot.count(&KeyRange::all()).await?;
        let mut scan = snapshot.scan(KeyRange::all(), Order::Ascending);
        let (mut scanned, mut last) = (0, None);
        while let Some((key, _)) = scan.next().await? {
            if last.replace(key.clone()).is_some_and(|last| last >= key) {
                return Err(pages.damaged_head(Fault::Damaged("keys are not in order")));
            }
            scanned += 1;
        }
        match scanned == entries {
            true => Ok(Audit { entries, keys }),
            false => Err(pages.damaged_head(Fault::Damaged("the count is not exact"))),
        }
    }
}

/// Checks the entries of the ranks from `start` to `end`, and returns the pages that they need.
fn check(view: &mut View<'_>, root: &Child, start: u64, end: u64) -> Vec<PageId> {
    let mut pages = Vec::new();
    reach(view, root, &(start..end), &mut pages);
    let mut entries = Vec::new();
    slice(view, root, &(start..end), &mut entries);
    for (rank, (key, value)) in (start..).zip(entries) {
        let found = find(view, root, &key);
        if found.rank != rank || found.value.as_ref() != Some(&value) {
            view.damage(root.id, "a key below it is not found where it is");
        }
        whole(view, value);
    }
    pages
}
