//! Writing to a tree: transactions, and how they become commits.
//!
//! * `transaction` – what a body reads and writes; `append` – keys in the order of commits.
//! * `queue` – the transactions of an instance stand in line; `group` – those that share a commit.
//! * `writers` – those who write to a tree in this instance; `backoff` – pauses between attempts.
//! * `turns` – who goes first where the store is far; `own_head` – beginning there without asking.
//! * `swap` – one swap of the head, and what came of it.
//! * `commit` – a group's commit, and rebasing it on those of others; `flush` – from the buffer to
//!   pages; `create` – the first commit's tree.
//! * `transact` – all of it, from a body to a commit; `attempts` – how often.

mod append;
mod attempts;
mod backoff;
mod commit;
mod create;
mod flush;
pub(crate) mod group;
mod own_head;
pub(crate) mod queue;
pub(crate) mod swap;
mod transact;
pub mod transaction;
mod turns;
pub(crate) mod writers;
