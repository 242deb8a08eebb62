//! Resources as they are stored in the tree of their tenant.

pub(crate) mod catalogue;
pub(crate) mod idempotency;
pub(crate) mod index;
pub(crate) mod record;
