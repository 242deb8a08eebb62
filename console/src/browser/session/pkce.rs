//! Proof Key for Code Exchange (RFC 7636): who redeems a code is who asked for it.

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use super::super::dom;
use crate::model::base64url;

/// A text that nobody guesses.
pub fn secret() -> Option<String> {
    let mut bytes = [0; 32];
    dom::window()?.crypto().ok()?.get_random_values_with_u8_array(&mut bytes).ok()?;
    Some(base64url::encode(&bytes))
}

/// A key that nobody else uses, for what must not happen twice.
pub fn fresh_key() -> String {
    secret().unwrap_or_else(|| js_sys::Math::random().to_string())
}

/// What is told of a secret beforehand (S256). Nothing where the browser lends no cryptography: on
/// pages that come neither by https nor from this machine.
pub async fn challenge(secret: &str) -> Option<String> {
    let subtle = dom::window()?.crypto().ok()?.subtle();
    let bytes = js_sys::Uint8Array::from(secret.as_bytes());
    let digest = subtle.digest_with_str_and_buffer_source("SHA-256", bytes.as_ref()).ok()?;
    let digest = JsFuture::from(digest).await.ok()?;
    let digest = js_sys::Uint8Array::new(digest.dyn_ref::<js_sys::ArrayBuffer>()?).to_vec();
    Some(base64url::encode(&digest))
}
