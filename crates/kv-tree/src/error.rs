use crate::KvError;

/// Why a tree could not be read or written. After an error of a transaction none of its writes is
/// in the tree, except that after [`Error::Store`] they may all be there: the store was out of
/// reach for so long that the outcome of the commit could not be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] KvError),
    /// Other writers were faster each time. Trying again later makes sense.
    #[error("tree {tree}: gave up after {attempts} attempts, other writers were faster each time")]
    Contended { tree: String, attempts: u32 },
    /// The snapshot is so old that pages which it needs were deleted. Taking a new one helps.
    #[error("tree {tree}: the snapshot is too old to be read")]
    Expired { tree: String },
    /// A key or a value is longer than a tree can hold.
    #[error("tree {tree}: a {what} of {bytes} bytes is too long, at most {limit} are allowed")]
    TooLong { tree: String, what: &'static str, bytes: usize, limit: usize },
    /// The data was written by a newer version of this library.
    #[error("tree {tree}: key {key} has format version {version}, newer than this program knows")]
    Newer { tree: String, key: String, version: u8 },
    /// The data is not what this library writes.
    #[error("tree {tree}: key {key} is damaged: {fault}")]
    Damaged { tree: String, key: String, fault: &'static str },
    /// The name of a tree is empty, too long, or has a character outside `[A-Za-z0-9_.-]`.
    #[error("{0:?} cannot name a tree: 1 to 128 characters of A-Z a-z 0-9 _ . - are allowed")]
    Name(String),
}
