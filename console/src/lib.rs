//! The console: a page for the browser that shows what the two APIs keep, and changes it.
//!
//! Layout, from the bottom up:
//!
//! * `model`: queries, documents, sums: plain data in, plain data out; tested without a browser.
//! * `text`: the catalogues of texts, and how dates and money are written in the reader's locale.
//! * `session`: the configuration, who is signed in, what they may do.
//! * `api`: the only place that sends requests.
//! * `parts`: what pages are made of.
//! * `pages`: one file a page, and `shell`, that stands around them.
//!
//! Only `model` and the catalogues exist outside of the browser.

#![deny(unsafe_code)]

pub mod model;
pub mod text;

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod browser;
