//! What a client does, a file each: the story of a request from its reading to its answer.

pub(crate) mod bulk;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod document;
pub(crate) mod entry;
pub(crate) mod list;
pub(crate) mod retrieve;
pub(crate) mod update;
