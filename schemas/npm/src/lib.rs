//! The validator of the APIs for JavaScript and TypeScript: what is compiled into the npm package
//! `tmf-schemas`.
//!
//! # Layout
//!
//! * `check` – what is said of documents, in plain Rust.
//! * [`validate`], [`convert`], [`classes`], [`max_bytes`] – what of it JavaScript calls.
//! * `package/` – the rest of the package: `documents.js` makes texts of documents and documents of
//!   texts, `browser.js` and `node.js` load the WebAssembly, `index.d.ts` has the types.
//!
//! What crosses is text, so that numbers can stay as they are written.

#![forbid(unsafe_code)]

mod check;

use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

/// What is wrong with a document, as a list in JSON.
///
/// # Errors
///
/// There is no such version or class, or the text is no JSON that the server would read.
#[wasm_bindgen]
pub fn validate(version: &str, class: &str, text: &str) -> Result<String, JsError> {
    check::validate(version, class, text).map_err(|error| JsError::new(&error))
}

/// What a document of the version `from` is in the version `to`. Its class is `class`, or what it says
/// itself.
///
/// # Errors
///
/// The same as of [`validate`], or the class is not known.
#[wasm_bindgen]
pub fn convert(text: &str, from: &str, to: &str, class: Option<String>) -> Result<String, JsError> {
    check::convert(text, from, to, class.as_deref()).map_err(|error| JsError::new(&error))
}

/// The names of the classes that a version has, as a list in JSON.
///
/// # Errors
///
/// There is no such version.
#[wasm_bindgen]
pub fn classes(version: &str) -> Result<String, JsError> {
    check::classes(version).map_err(|error| JsError::new(&error))
}

/// How many bytes a document can have.
#[wasm_bindgen]
pub fn max_bytes() -> usize {
    schemas::json::MAX_BYTES
}
