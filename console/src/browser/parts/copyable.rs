//! A text that is copied with one press.

use js_sys::{Function, Promise, Reflect};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use crate::browser::dom;
use crate::browser::words::{t, tv};

/// A text to be copied, such as an id.
#[component]
pub fn Copyable(
    #[prop(into)] text: String,
    /// What the text is, for who does not see what it stands beside.
    #[prop(into)]
    name: String,
) -> AnyView {
    let is_copied = RwSignal::new(false);
    let label = tv("copy.name", &[("name", &name)]);
    let copied = text.clone();
    let copy = move |_| {
        let text = copied.clone();
        spawn_local(async move {
            let done = copy(&text).await.is_some();
            is_copied.try_set(done);
        });
    };
    view! {
        <span class="copyable">
            <code><bdi>{text}</bdi></code>
            <button type="button" class="button plain small" aria-label=label on:click=copy>
                {t("copy.button")}
            </button>
            <span role="status" class="hint">{move || is_copied.get().then(|| t("copy.done"))}</span>
        </span>
    }
    .into_any()
}

/// Puts a text into the clipboard, which browsers lend to pages that came by https.
async fn copy(text: &str) -> Option<()> {
    let navigator = dom::window()?.navigator();
    let clipboard = Reflect::get(&navigator, &"clipboard".into()).ok()?;
    let write: Function = Reflect::get(&clipboard, &"writeText".into()).ok()?.dyn_into().ok()?;
    let written: Promise = write.call1(&clipboard, &text.into()).ok()?.dyn_into().ok()?;
    JsFuture::from(written).await.ok().map(drop)
}
