//! Where it begins.

use leptos::prelude::*;
use wasm_bindgen::prelude::wasm_bindgen;

use super::shell::Console;
use super::words;

#[wasm_bindgen(start)]
pub fn start() {
    words::speak(words::preferred());
    mount_to_body(Console);
}
