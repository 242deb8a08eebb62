//! `fetch` of the browser: the one place that it is called at.

use serde_json::Value;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestInit, Response};

use super::super::dom;

/// Sends a request to an address, which may be relative to the page. Nothing if there is no answer.
pub async fn fetch(address: &str, init: &RequestInit) -> Option<Response> {
    let promise = dom::window()?.fetch_with_str_and_init(&dom::resolve(address)?, init);
    JsFuture::from(promise).await.ok()?.dyn_into().ok()
}

pub async fn text(response: &Response) -> Option<String> {
    JsFuture::from(response.text().ok()?).await.ok()?.as_string()
}

/// A JSON document of another server, or of the page's own.
pub async fn fetch_json(address: &str) -> Option<Value> {
    let response = fetch(address, &RequestInit::new()).await.filter(Response::ok)?;
    serde_json::from_str(&text(&response).await?).ok()
}

/// Posts a form, and reads the JSON of the answer, of errors too.
pub async fn exchange(address: &str, form: &str) -> Option<Value> {
    let init = RequestInit::new();
    init.set_method("POST");
    let headers = web_sys::Headers::new().ok()?;
    headers.set("Content-Type", "application/x-www-form-urlencoded").ok()?;
    headers.set("Accept", "application/json").ok()?;
    init.set_headers(&headers);
    init.set_body(&form.into());
    serde_json::from_str(&text(&fetch(address, &init).await?).await?).ok()
}
