//! Looking at a tree as a whole: checking it, and telling how large it is.

use std::collections::BTreeSet;

use crate::format::codec::Fault;
use crate::format::page::{Child, MAX_LEVEL, Page};
use crate::format::value::{PageId, Value};
use crate::reading::view::View;
use crate::reading::walk::{find, reach, slice, whole};
use crate::writing::retired;
use crate::{Error, KeyRange, Kv, Order, Snapshot, Tree};

/// How many entries are checked at a time.
const ENTRIES_AT_ONCE: u64 = 10_000;

/// How many nodes of a level are read to tell what lies below all of them.
const NODES_READ: usize = 32;

/// How many flushes' entries of the list of retired pages are read to tell how many pages all of them
/// have.
const LISTINGS_READ: u64 = 64;

/// What [`Tree::audit`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// How many entries the tree has.
    pub entries: u64,
    /// The keys that the tree has in the store, but for its anchor: its head, the pages that the
    /// head leads to, and the retired pages that are still to be deleted.
    pub keys: BTreeSet<String>,
}

/// What [`Tree::gauge`] found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gauge {
    /// The number of the newest commit. Some numbers are left out
    /// ([`append`](crate::Transaction::append)).
    pub commit: u64,
    /// How many flushes there were.
    pub flushes: u64,
    /// How many entries the tree has.
    pub entries: u64,
    /// How many pages the head leads to: exact where no level has more than 32 nodes, else estimated
    /// from 32 of each.
    pub pages: u64,
    /// How many bytes these pages and what is buffered have: as exact as that. A value in a page of its
    /// own counts without the key beside it.
    pub bytes: u64,
    /// How many pages are retired and wait to be deleted: exact where 64 flushes or fewer have listed
    /// any, else estimated from those listed first.
    pub retired_pages: u64,
    /// How many earlier commits are [held](Tree::hold), which keeps retired pages from being deleted.
    pub held: u64,
}

impl<K: Kv> Tree<K> {
    /// How large the newest commit is. However large, that takes about two calls for each level of the
    /// tree, and reads 32 nodes of each level at most, those that what is buffered belongs to, and 64
    /// entries of the list of retired pages.
    pub async fn gauge(&self) -> Result<Gauge, Error> {
        let (pages, head) = self.heads().newest(None).await?;
        let now = head.time_at(self.kv().now());
        let entries = Snapshot::new(pages.clone(), head.clone()).count(&KeyRange::all()).await?;
        let (extent, listings, last) = pages
            .resolve(head.flush, |view| {
                let extent = head.root.map_or_else(Extent::default, |root| extent(view, &root));
                let mut listings = Vec::new();
                if let Some(root) = &head.retired {
                    slice(view, root, &(0..LISTINGS_READ), &mut listings);
                }
                let listings: Vec<_> =
                    listings.into_iter().filter_map(|(_, list)| whole(view, list)).collect();
                let last = head.retired_last.clone().and_then(|list| whole(view, list));
                (extent, listings, last)
            })
            .await?;
        let count = |list| match retired::decode(list) {
            Ok(ids) => Ok(ids.len() as u64),
            Err(fault) => Err(pages.damaged_head(fault)),
        };
        let (read, mut listed) = (listings.len() as u64, 0);
        for list in listings {
            listed += count(list)?;
        }
        let listed = scaled(listed, read, head.retired.map_or(0, |root| root.entries));
        let replaced_last = last.map(count).transpose()?.unwrap_or(0);
        Ok(Gauge {
            commit: head.commit,
            flushes: head.flush,
            entries,
            pages: extent.pages,
            bytes: extent.bytes.saturating_add(head.buffer.len() as u64),
            retired_pages: listed.saturating_add(replaced_last),
            held: head.held.iter().filter(|held| held.is_in_force(now)).count() as u64,
        })
    }

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

/// Some pages.
#[derive(Debug, Clone, Copy, Default)]
struct Extent {
    pages: u64,
    bytes: u64,
}

impl Extent {
    fn add(&mut self, other: Self) {
        self.pages = self.pages.saturating_add(other.pages);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }

    fn of(lens: impl Iterator<Item = u32>) -> Self {
        let mut all = Self::default();
        lens.for_each(|len| all.add(Self { pages: 1, bytes: len.into() }));
        all
    }
}

/// What `root` leads to, itself included: of each level, as many nodes as are read stand for all.
fn extent(view: &mut View<'_>, root: &Child) -> Extent {
    let mut all = Extent::of([root.bytes].into_iter());
    let (mut nodes, mut read, mut level) = (1, vec![*root], None);
    for _ in 0..=MAX_LEVEL {
        let (mut children, mut values) = (Vec::new(), Vec::new());
        let mut level_below = None;
        for node in &read {
            match view.node(node, level).as_deref() {
                Some(Page::Leaf(leaf)) => {
                    values.extend(leaf.items.iter().filter_map(|value| match value {
                        Value::Paged { len, .. } => Some(*len),
                        Value::Inline(_) => None,
                    }));
                }
                Some(Page::Branch(level, branch)) => {
                    children.extend_from_slice(&branch.items);
                    level_below = level.checked_sub(1);
                }
                Some(Page::Value(_)) | None => {}
            }
        }
        let below = Extent::of(children.iter().map(|child: &Child| child.bytes).chain(values));
        let of_all = |count| scaled(count, read.len() as u64, nodes);
        all.add(Extent { pages: of_all(below.pages), bytes: of_all(below.bytes) });
        if level_below == Some(0) {
            // Of a leaf all is known but what lies in pages of its own.
            children.retain(|leaf| leaf.paged_values);
        }
        if children.is_empty() {
            break;
        }
        nodes = of_all(children.len() as u64);
        let step = children.len().div_ceil(NODES_READ);
        read = children.into_iter().step_by(step).collect();
        level = level_below;
    }
    all
}

/// What is counted in `part` things, for `all` of them.
fn scaled(count: u64, part: u64, all: u64) -> u64 {
    let count = u128::from(count) * u128::from(all) / u128::from(part.max(1));
    u64::try_from(count).unwrap_or(u64::MAX)
}
