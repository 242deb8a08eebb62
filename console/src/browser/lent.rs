//! What `start.js` lends: what WebAssembly cannot do, or does not know the address of.

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// What the function of that name comes to; nothing if it fails.
pub async fn lent(name: &str, argument: &str) -> Option<JsValue> {
    let function: Function = get(&js_sys::global(), name)?.dyn_into().ok()?;
    let promise: Promise =
        function.call1(&JsValue::UNDEFINED, &argument.into()).ok()?.dyn_into().ok()?;
    JsFuture::from(promise).await.ok()
}

/// A property of an object.
pub fn get(of: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(of, &name.into()).ok()
}
