//! Reading again and again, until the reader pauses it.

use std::time::Duration;

use leptos::prelude::*;

use crate::browser::dom;
use crate::browser::words::t;

const EVERY: Duration = Duration::from_secs(4);

/// A button that pauses what it does by itself: calling for the newest state every few seconds, as
/// long as the page is to be seen. As long as an answer is waited for, it does not call again.
#[component]
pub fn Refresh(
    again: impl Fn() + 'static,
    /// Whether it is being read.
    #[prop(into)]
    is_busy: Signal<bool>,
) -> AnyView {
    let is_paused = RwSignal::new(false);
    let read = move || {
        let is_hidden = dom::document().is_none_or(|document| document.hidden());
        if !is_hidden && !is_paused.get_untracked() && !is_busy.get_untracked() {
            again();
        }
    };
    if let Ok(timer) = set_interval_with_handle(read, EVERY) {
        on_cleanup(move || timer.clear());
    }
    let label = move || if is_paused.get() { t("refresh.resume") } else { t("refresh.pause") };
    view! {
        <button type="button" class="button" on:click=move |_| is_paused.update(|it| *it = !*it)>
            <span class="pulse" class:still=is_paused aria-hidden="true"></span>
            {label}
        </button>
    }
    .into_any()
}
