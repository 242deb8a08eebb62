//! An ordered, transactional map of byte keys to byte values, on a store that can only get, set and
//! compare-and-swap.
//!
//! ```
//! # use kv_tree::{Error, KeyRange, Memory, Order, Store, TreeName};
//! # async fn example() -> Result<(), Error> {
//! let store = Store::new(Memory::default());
//! let tree = store.tree(TreeName::new("acme.billingAccount")?);
//! tree.transact(async |transaction| {
//!     transaction.put("r/1", "first");
//!     transaction.put("r/2", "second");
//!     Ok::<_, Error>(())
//! })
//! .await?;
//!
//! let snapshot = tree.snapshot().await?;
//! assert_eq!(snapshot.count(&KeyRange::prefix("r/")).await?, 2);
//! let mut scan = snapshot.scan(KeyRange::all(), Order::Descending).limit(10);
//! let (key, value) = scan.next().await?.expect("two entries were written");
//! assert_eq!((&key[..], &value[..]), (&b"r/2"[..], &b"second"[..]));
//! # Ok(())
//! # }
//! ```
//!
//! # Promises
//!
//! Each is guarded by the tests in the file that it names.
//!
//! * A [`Snapshot`] shows one commit, whole, however long it is read. When it is older than a minute,
//!   what was changed meanwhile may be [`Expired`](Error::Expired); it is never wrong (`life`).
//! * A commit that is [held](Tree::hold) can be read as long as it is, whatever is written meanwhile, and keeps
//!   nothing in the store afterwards (`holding`).
//! * Transactions are serializable: there is an order of them in which each reads what those before it
//!   left. Whoever is overtaken by a commit that concerns what it has read runs again, and nobody else
//!   (`serializable`, `commits`).
//! * A transaction commits all of its writes or none. Its body never takes effect twice. Where nobody
//!   can know whether it was committed, it ends with [`Error::OutcomeUnknown`]; after any other error
//!   it was not (`faults`, `outcomes`).
//! * Keys that are [appended](Transaction::append) ascend in the order of commits: whoever has seen a
//!   commit has seen all that will ever have its number or a smaller one (`order`, `followers`). Those
//!   who append hold one another up no more than those who put different keys (`appending`).
//! * What a tree has acknowledged is never overwritten by a request that knew less, the very first
//!   commits of a new tree included (`concurrency`, `outcomes`).
//! * A byte that is changed anywhere in the store is found, and the error names its key (`damage`).
//! * What earlier versions of the formats have written is read; what a newer one has written is
//!   [named](Error::Newer), and left as it is (`upgrades`).
//! * Counts are exact. The count of a range, the n-th entry of a range and a key cost as many calls
//!   to the store as the tree is high, plus one (`model`, `cost`).
//! * Nothing that is read or written depends on clocks; they decide when pages that nobody needs are
//!   deleted (`clocks`).
//! * What fails behind the scenes fails no transaction; it is told to [`Kv::observe`] (`housekeeping`).
//! * Who flushes holds up nobody, itself least (`flushing`, `announcements`). A vacuum takes nothing
//!   that is needed, whoever writes (`vacuum`).
//! * A copy is complete, or nobody sees it; one that was interrupted goes on (`copying`).
//! * No call asks for more than the store's [`Limits`] allow (`limits`).
//!
//! # Layout
//!
//! Each layer uses those above it in this list, and none below.
//!
//! * [`kv`] – the port: what a tree needs of a store; [`range`], `name`, `error`, `random`, `join`.
//! * `format` – the bytes of heads and pages.
//! * `reading` – from the head down to the values: snapshots and scans.
//! * `writing` – from what is buffered to new pages.
//! * `committing` – transactions, groups of them, and the swaps of the head that commit them.
//! * [`tree`], [`store`] – what callers use; [`holding`] – reading one commit for long; [`vacuum`], [`audit`],
//!   [`copying`] – looking after a tree.
//! * [`testing`] – stores for tests and benchmarks, with the feature `testing`.
//!
//! # In the store
//!
//! A tree named `acme.billingAccount` uses these keys:
//!
//! | key | value |
//! |---|---|
//! | `acme.billingAccount` | the anchor: 8 bytes, the generation that won when the tree was created; never changes again |
//! | `acme.billingAccount:<generation>` | the head; one compare-and-swap of it is one commit |
//! | `acme.billingAccount:<generation>:<flush>.<attempt>.<index>` | a page; never changes |
//!
//! Generation and attempt are 16 hexadecimal digits; flush and index are hexadecimal numbers without
//! leading zeros.
//!
//! # Format
//!
//! Every head and page begins with its *seal*: the format version, one byte, now 3, and the XXH3
//! checksum of all that follows (8 bytes, little-endian), whose seed is the generation for a head, and
//! for a page its attempt, its flush rotated by 32 bits and its index, combined by exclusive or.
//! *Numbers* are unsigned LEB128.
//! *Keys* come in ascending order and front-coded: how many bytes are shared with the key before, how
//! many follow (both numbers), and those bytes. A *page id* is the flush (a number), the attempt (8
//! bytes, little-endian) and the index (a number). A *value* is twice its length (a number) and its
//! bytes; or twice its length plus one, and the id of the page that it lies in. A *child* is the page
//! id of a node, how many entries are below it, and twice the length of its page, plus one if there
//! are values in pages of their own below it (numbers).
//!
//! | page | bytes after the seal |
//! |---|---|
//! | leaf | 0 (1 byte), number of entries, and for each its key and value |
//! | branch | level, 1 to 31 (1 byte), number of children, and for each the least key that belongs to it and the child |
//! | value | 255 (1 byte), the key that it belongs to behind its length (a number), and the value |
//!
//! A head is, after its seal:
//!
//! 1. The number of the commit: 8 bytes, little-endian.
//! 2. Numbers: the time in milliseconds since 1970; how many flushes there were; and the commit up to
//!    which what was written may have left the buffer.
//! 3. Which parts follow: 1 byte, the sum of 1 for a root, 2 for a list of retired pages, 4 for the pages
//!    that were retired last, 8 for a flush that is announced, and 16 for commits that are held.
//! 4. How many writers are remembered, and for each its random number (8 bytes, little-endian), the
//!    number of its last attempt, and by how much the number of the commit is greater than that of its
//!    last one.
//! 5. If it has the part: the random number of the writer who has announced a flush (8 bytes); the root
//!    as a child; the root of the list as a child; the list of what was retired last as a value; how many
//!    commits are held, and for each its random number (8 bytes), the number of the commit and of its flush,
//!    until when it is held in milliseconds since 1970, and a root (1 and the child, or 0).
//! 6. The buffer, to the end: for each commit, the oldest first, its number, how many keys it wrote, and
//!    for each the key, and 0 if it deletes it, or else the length of the value plus 1 and the value.
//!
//! The list of retired pages is a tree of the same kind: a key is the time of listing in
//! milliseconds since 1970 and the number of the flush, 8 bytes each, big-endian; the value is the
//! format version, the number of page ids, and the ids.
//!
//! A head with commits that are held is of version 4: an earlier program must not delete their pages.
//!
//! Heads of version 1 and 2 and pages of version 2, which had no checksums, are read; what is written
//! anew is of this version.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod audit;
mod committing;
pub mod copying;
mod error;
mod format;
pub mod holding;
mod join;
pub mod kv;
mod name;
mod random;
pub mod range;
mod reading;
pub mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod tree;
pub mod vacuum;
mod writing;

pub use audit::Audit;
pub use committing::transaction::{MAX_KEY_BYTES, MAX_VALUE_BYTES, Transaction};
pub use error::Error;
pub use format::head::IDENTITY_BYTES;
pub use holding::HoldId;
pub use kv::{Event, Kv, KvError, Limits, Swapped, Watched, is_known};
pub use name::TreeName;
pub use range::{KeyRange, Order};
pub use reading::scan::Scan;
pub use reading::snapshot::{Entry, Snapshot};
pub use store::Store;
#[cfg(any(test, feature = "testing"))]
pub use testing::{
    faulty::{Fault, Faulty},
    memory::Memory,
    metered::{Metered, Usage},
};
pub use tree::Tree;
pub use vacuum::{VacuumCursor, Vacuumed};
