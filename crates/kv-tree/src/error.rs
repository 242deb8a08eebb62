use crate::KvError;

/// Why a tree could not be read or written. After an error of a transaction none of its writes is
/// in the tree and none will be, except after [`Error::OutcomeUnknown`].
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] KvError),
    /// It cannot be told whether a transaction was committed: the store did not answer, and was out
    /// of reach, or has seen too many commits of others, when it was asked what came of it.
    #[error("tree {tree}: it is not known whether the transaction was committed: {cause}")]
    OutcomeUnknown {
        /// The tree that the transaction wrote to.
        tree: String,
        /// What went wrong.
        cause: String,
    },
    /// Other writers were faster each time. Trying again later makes sense.
    #[error("tree {tree}: gave up after {attempts} attempts, other writers were faster each time")]
    Contended {
        /// The tree that was to be written to.
        tree: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// The snapshot is so old that pages which it needs were deleted. Taking a new one helps.
    #[error("tree {tree}: the snapshot is too old to be read")]
    Expired {
        /// The tree that was read.
        tree: String,
    },
    /// As many commits are kept readable already as a tree can keep.
    #[error("tree {tree}: {limit} commits are held already, and no more can be")]
    TooManyHeld {
        /// The tree.
        tree: String,
        /// How many there are.
        limit: usize,
    },
    /// A key or a value is longer than a tree, or the store that it lives on, can hold.
    #[error("tree {tree}: a {what} of {bytes} bytes is too long, at most {limit} are allowed")]
    TooLong {
        /// The tree that was to be written to.
        tree: String,
        /// `key`, `value`, or `head`: what the tree needs beside both is too much for the store.
        what: &'static str,
        /// How long it is.
        bytes: usize,
        /// How long it can be.
        limit: usize,
    },
    /// The data was written by a newer version of this library.
    #[error("tree {tree}: key {key} has format version {version}, newer than this program knows")]
    Newer {
        /// The tree that was read.
        tree: String,
        /// The key in the store.
        key: String,
        /// The format version of its value.
        version: u8,
    },
    /// The data is not what this library writes.
    #[error("tree {tree}: key {key} is damaged: {fault}")]
    Damaged {
        /// The tree that was read.
        tree: String,
        /// The key in the store.
        key: String,
        /// What is wrong with its value.
        fault: &'static str,
    },
    /// The name of a tree is empty, too long, or has a character outside `[A-Za-z0-9_.-]`.
    #[error("{0:?} cannot name a tree: 1 to 128 characters of A-Z a-z 0-9 _ . - are allowed")]
    Name(String),
}
