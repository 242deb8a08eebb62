//! Reading a request, but for its query.
//!
//! # Layout
//!
//! * `authorization` – who makes it.
//! * `target` – what its path leads to.
//! * `origin` – under which address its client reached the API.
//! * `trace` – which trace it belongs to.
//! * `negotiation` – what its client is willing to receive.
//! * `conditional` – under which conditions it is meant.
//! * `body` – its body, up to the JSON value.

pub(crate) mod authorization;
pub(crate) mod body;
pub(crate) mod conditional;
pub(crate) mod negotiation;
pub(crate) mod origin;
pub(crate) mod target;
pub(crate) mod trace;
