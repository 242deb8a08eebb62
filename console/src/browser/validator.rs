//! The server's validator, in the browser: loaded when the first form needs it.
//!
//! `start.js` lends the import, since that is nothing that WebAssembly can do. Where there is no
//! validator, faults are found by the server alone.

use js_sys::{Array, Function, Promise, Reflect};
use serde_json::Value;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::model::failure::Fault;

/// The version of the API that the console speaks.
const VERSION: &str = "v5";

/// What is wrong with a document of a class; nothing where it cannot be known here.
pub async fn validate(class: &str, document: &Value) -> Option<Vec<Fault>> {
    let import: Function = get(&js_sys::global(), "loadValidator")?.dyn_into().ok()?;
    let module: Promise = import.call0(&JsValue::UNDEFINED).ok()?.dyn_into().ok()?;
    let module = JsFuture::from(module).await.ok()?;
    let validate: Function = get(&module, "validate")?.dyn_into().ok()?;
    let text = document.to_string();
    let found = validate.call3(&module, &VERSION.into(), &class.into(), &text.into()).ok()?;
    let found: Array = found.dyn_into().ok()?;
    Some(found.iter().filter_map(|it| fault(&it)).collect())
}

fn fault(found: &JsValue) -> Option<Fault> {
    let text = |name| get(found, name)?.as_string();
    Some(Fault { pointer: text("pointer")?, message: text("expected").or(text("message"))? })
}

fn get(of: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(of, &name.into()).ok()
}
