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
//! * A [`Snapshot`] shows one commit, whole, however long it is read. When it is older than 30
//!   seconds, what was changed meanwhile may be [`Expired`](Error::Expired); it is never wrong.
//! * A [`Transaction`] commits all of its writes or none. A commit means that nothing which the
//!   transaction has read was changed since its snapshot was taken; otherwise its body runs again.
//! * What a tree has acknowledged is never overwritten by a request that knew less, the very first
//!   commits of a new tree included.
//! * Counts are exact. The count of a range, the n-th entry of a range and a key cost as many calls
//!   to the store as the tree is high, plus one.
//!
//! # Layout
//!
//! * [`kv`] – the port: what a tree needs of a store.
//! * [`store`] – a store and what an instance remembers of it; `cache` – the pages among that.
//! * [`tree`] – a tree and its name; `root` – finding its head, and creating it exactly once.
//! * [`snapshot`] – reading; [`range`] – key ranges and orders.
//! * [`transaction`] – writing; `group`, `line` – how the transactions of an instance share commits.
//! * `commit` – commits, and moving them up over those of others; `reads` – what that depends on;
//!   `pressure` – pauses between attempts.
//! * `flush` – from the buffer to pages; `replaced` – the list of pages to delete.
//! * `walk`, `edit` – reading and changing nodes; `pages` – fetching them for both; `writer`, `divide`
//!   – what a flush writes, and how it is cut into nodes.
//! * `head`, `page`, `codec` – the byte formats; `random` – random numbers and pauses.
//! * [`vacuum`], [`audit`] – removing what a crash left; checking a tree as a whole.
//! * [`memory`], [`faulty`], [`metered`] – a store in memory, and wrappers that make a store fail or
//!   count what it does, for tests and benchmarks.
//!
//! # In the store
//!
//! A tree named `acme.billingAccount` uses these keys:
//!
//! | key | value |
//! |---|---|
//! | `acme.billingAccount` | the root: 8 bytes, the generation that won when the tree was created; never changes again |
//! | `acme.billingAccount:<generation>` | the head; one compare-and-swap of it is one commit |
//! | `acme.billingAccount:<generation>:<flush>.<attempt>.<index>` | a page; never changes |
//!
//! Generation and attempt are 16 hexadecimal digits; flush and index are hexadecimal numbers without
//! leading zeros.
//!
//! # Format
//!
//! Every head and page begins with a format version, one byte, now 2. (A head of version 1 held the
//! whole map; it is read, and the next commit writes it anew.) *Numbers* are unsigned LEB128.
//! *Keys* come in ascending order and front-coded: how many bytes are shared with the key before, how
//! many follow (both numbers), and those bytes. A *page id* is the flush (a number), the attempt (8
//! bytes, little-endian) and the index (a number). A *value* is twice its length (a number) and its
//! bytes; or twice its length plus one, and the id of the page that it lies in. A *child* is the page
//! id of a node, how many entries are below it, and twice the length of its page, plus one if there
//! are values in pages of their own below it (numbers).
//!
//! | what | bytes after the version |
//! |---|---|
//! | head | commit number (8 bytes, little-endian), time in milliseconds since 1970, number of flushes, count (1 byte) and ids (8 bytes each) of the latest commits, parts (1 byte: 1 root, 2 list of replaced pages, 4 pages that were replaced last, 8 the buffer is being flushed, 16 there was a flush), the number of the commit that the latest flush had in the pages with all before it, if there was one, the root as a child, the root of the list as a child, the last list as a value, the number of buffered writes, and for each its key, and 0 if it deletes or else the length of the value plus 1 and the value |
//! | leaf | 0 (1 byte), number of entries, and for each its key and value |
//! | branch | level, 1 to 31 (1 byte), number of children, and for each the least key that belongs to it and the child |
//! | value | 255 (1 byte) and the value |
//!
//! The list of replaced pages is a tree of the same kind: a key is the time of listing in
//! milliseconds since 1970 and the number of the flush, 8 bytes each, big-endian; the value is the
//! format version, the number of page ids, and the ids.

#![forbid(unsafe_code)]

pub mod audit;
mod cache;
mod codec;
mod commit;
mod divide;
mod edit;
mod error;
pub mod faulty;
mod flush;
mod group;
mod head;
pub mod kv;
mod line;
pub mod memory;
pub mod metered;
mod page;
mod pages;
mod pressure;
mod random;
pub mod range;
mod reads;
mod replaced;
mod root;
pub mod snapshot;
pub mod store;
pub mod transaction;
pub mod tree;
pub mod vacuum;
mod walk;
mod writer;

pub use audit::Audit;
pub use codec::is_same;
pub use error::Error;
pub use faulty::{Fault, Faulty};
pub use kv::{Kv, KvError, Swapped};
pub use memory::Memory;
pub use metered::{Metered, Usage};
pub use range::{KeyRange, Order};
pub use snapshot::{Entry, Scan, Snapshot};
pub use store::Store;
pub use transaction::{MAX_KEY_BYTES, MAX_VALUE_BYTES, Transaction};
pub use tree::{Tree, TreeName};
pub use vacuum::Vacuumed;
