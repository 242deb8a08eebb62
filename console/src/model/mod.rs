//! What the console computes: no browser, no clock, no network.

pub mod base64url;
pub mod calendar;
pub mod claims;
pub mod config;
pub mod csv;
pub mod delivery;
pub mod difference;
pub mod document;
pub mod events;
pub mod failure;
pub mod query;
pub mod receivables;
pub mod resource;
pub mod route;
pub mod schema;
pub mod search;
pub mod share;
pub mod shortcut;
pub mod side_by_side;
