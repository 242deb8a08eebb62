//! An ordered, transactional map of byte keys to byte values, on a store that can only get, set and
//! compare-and-swap.
//!
//! ```
//! # use kv_tree::{Error, KeyRange, Memory, Order, Tree, TreeName};
//! # async fn example() -> Result<(), Error> {
//! let tree = Tree::open(Memory::default(), TreeName::new("acme.billingAccount")?);
//! tree.transact(async |transaction| {
//!     transaction.put("r/1", "first");
//!     transaction.put("r/2", "second");
//!     Ok::<_, Error>(())
//! })
//! .await?;
//!
//! let snapshot = tree.snapshot().await?;
//! assert_eq!(snapshot.count(&KeyRange::prefix("r/")).await?, 2);
//! let mut scan = snapshot.scan(KeyRange::all(), Order::Descending, 0);
//! let (key, value) = scan.next().await?.expect("two entries were written");
//! assert_eq!((&key[..], &value[..]), (&b"r/2"[..], &b"second"[..]));
//! # Ok(())
//! # }
//! ```
//!
//! # Promises
//!
//! * A [`Snapshot`] shows one commit, whole, however long it is read.
//! * A [`Transaction`] commits all of its writes or none. A commit means that nothing in the tree
//!   changed since the transaction's snapshot was taken; otherwise its body runs again.
//! * What a tree has acknowledged is never overwritten by a request that knew less, the very first
//!   commits of a new tree included.
//!
//! # Layout
//!
//! * [`kv`] – the port: what a tree needs of a store.
//! * [`memory`] – a store in memory, for tests.
//! * [`range`] – key ranges and orders.
//! * [`snapshot`] – reading: get, scan, count.
//! * [`tree`] – opening a tree, transactions, commits.
//! * `root` – finding the head, and creating it exactly once.
//! * `head` – the head's byte format.
//!
//! # In the store
//!
//! A tree named `acme.billingAccount` uses these keys:
//!
//! | key | value |
//! |---|---|
//! | `acme.billingAccount` | the root: 8 bytes, the generation that won when the tree was created; never changes again |
//! | `acme.billingAccount:<generation>` | the head: the whole map; one compare-and-swap of it is one commit |

#![forbid(unsafe_code)]

mod error;
mod head;
pub mod kv;
pub mod memory;
pub mod range;
mod root;
pub mod snapshot;
pub mod tree;

pub use error::Error;
pub use head::MAX_HEAD_BYTES;
pub use kv::{Kv, KvError};
pub use memory::Memory;
pub use range::{KeyRange, Order};
pub use snapshot::{Entry, Scan, Snapshot};
pub use tree::{Transaction, Tree, TreeName};
