//! Reading a tree: from the head down to the values. This layer writes nothing.
//!
//! * `cache` – pages that an instance keeps; `view` – those at hand; `pages` – fetching the others.
//! * `walk` – looking for keys and ranks in nodes.
//! * `snapshot` – one commit; `scan` – its ranges; `reads` – what a transaction depends on.
//! * `heads` – where a tree is, and its newest head.

pub(crate) mod cache;
pub(crate) mod heads;
pub(crate) mod pages;
pub(crate) mod reads;
pub mod scan;
pub mod snapshot;
pub(crate) mod view;
pub(crate) mod walk;
