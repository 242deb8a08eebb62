//! Resources as they are stored, in the one tree of their tenant.
//!
//! # Layout
//!
//! * `keys` – where everything lies.
//! * `record` – a resource.
//! * `index`, `catalogue` – finding resources without reading all of them.
//! * `idempotency` – what requests that may be sent again have created.

pub(crate) mod catalogue;
pub(crate) mod idempotency;
pub(crate) mod index;
pub(crate) mod keys;
pub(crate) mod record;
