//! What is answered, and what is noted of it.
//!
//! # Layout
//!
//! * `exchange` – what every request and its answer have.
//! * `journal` – the line of the log; `audit` – those of what was changed, and by whom; `text` – what they
//!   quote.
//! * `view` – resources as the client of a request sees them.
//! * `links` – their addresses.

pub(crate) mod audit;
pub(crate) mod exchange;
pub(crate) mod journal;
pub(crate) mod links;
mod text;
pub(crate) mod view;
