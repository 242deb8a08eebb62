//! What a client does, a file each: the story of a request from its reading to its answer.
//!
//! # Layout
//!
//! * `list`, `create`, `bulk` – on the collection.
//! * `retrieve`, `update`, `delete` – on a resource; `part`, `action` – on what lies below it.
//! * `document`, `entry` – where there is no resource: texts, and what there is at all.
//! * `maintenance` – going on with jobs.
//! * `mistake` – where nothing can be answered.

pub(crate) mod action;
pub(crate) mod bulk;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod document;
pub(crate) mod entry;
pub(crate) mod list;
pub(crate) mod maintenance;
pub(crate) mod mistake;
pub(crate) mod part;
pub(crate) mod retrieve;
pub(crate) mod update;
