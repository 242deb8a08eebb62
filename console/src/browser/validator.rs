//! The server's validator, in the browser: loaded when the first form needs it.
//!
//! Where there is none, faults are found by the server alone.

use js_sys::{Array, Function};
use serde_json::Value;
use wasm_bindgen::{JsCast, JsValue};

use super::lent::{get, lent};
use crate::model::failure::Fault;

/// The version of the API that the console speaks.
const VERSION: &str = "v5";

/// What is wrong with a document of a class; nothing where it cannot be known here.
pub async fn validate(class: &str, document: &Value) -> Option<Vec<Fault>> {
    let module = lent("loadValidator", "").await?;
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
