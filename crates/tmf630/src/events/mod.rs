//! Telling others what happens to resources (TMF630 part 1, notification).
//!
//! A change in a tenant where somebody listens appends its events to a log, in its own transaction. The log
//! is in the order of commits, whatever clocks say. Each subscription follows it on its own: what it is
//! sent, when again, and what is given up, is its own state.
//!
//! # Promises
//!
//! * An event is in the log if and only if its change is committed, and events of one resource are there
//!   in the order of their changes.
//! * Each event that a subscription wants is sent until it was answered with 2xx, or is parked. What is
//!   dropped, somebody has wanted dropped: who deletes a subscription, or answers that it wants no more
//!   (410). An event may be sent more than once, always with the same `eventId`.
//! * What a subscription is sent of one resource, it is sent in the order of the log, and the next only
//!   when the one before is delivered or parked; what was parked and is sent again comes when it is.
//! * No subscription waits for another one, and no change for any.
//! * What only a newer version can read is left to it: what depends on that waits until it goes on.
//!
//! # Layout
//!
//! * [`settings`] – what a deployment can choose.
//! * `occurrence` – an event as the log has it.
//! * `log` – who listens, and what a change appends.
//! * `names`, `interest` – which events a subscription wants.
//! * [`hub`] – subscriptions as a resource.
//! * `subscription` – what is kept with one; `progress` – how far it has come.
//! * `notification` – what is sent.
//! * `delivery` – sending it; `gauge` – what waits, for the log.

mod delivery;
pub(crate) mod gauge;
pub mod hub;
mod interest;
pub(crate) mod log;
mod names;
mod notification;
mod occurrence;
mod progress;
pub mod settings;
mod subscription;

pub use delivery::{Delivered, deliver, finish};
