//! Where it begins.

use leptos::prelude::*;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;

use super::shell::Console;
use super::words;

#[wasm_bindgen(start)]
pub fn start() {
    spawn_local(async {
        let language = words::preferred();
        if let Some(texts) = words::texts_of(language).await {
            words::speak(language, texts);
        }
        mount_to_body(Console);
    });
}
