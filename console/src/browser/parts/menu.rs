//! A button that opens something below it.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent, Node};

/// The menu that something is in.
#[derive(Clone, Copy)]
pub struct InMenu {
    is_open: RwSignal<bool>,
    button: NodeRef<leptos::html::Button>,
}

impl InMenu {
    /// Closes the menu; the focus goes back to its button.
    pub fn close(&self) {
        self.is_open.set(false);
        if let Some(button) = self.button.get_untracked() {
            let _ = AsRef::<HtmlElement>::as_ref(&button).focus();
        }
    }
}

/// A panel that a button opens and closes, as do Escape and the focus or a click elsewhere.
#[component]
pub fn Menu(
    #[prop(into)] label: Signal<String>,
    /// Further classes of the panel's frame.
    #[prop(default = "")]
    class: &'static str,
    children: ChildrenFn,
) -> AnyView {
    let is_open = RwSignal::new(false);
    let frame = NodeRef::<leptos::html::Div>::new();
    let button = NodeRef::<leptos::html::Button>::new();
    let menu = InMenu { is_open, button };
    let contains = move |target: Option<web_sys::EventTarget>| {
        let node = target.and_then(|target| target.dyn_into::<Node>().ok());
        frame
            .get_untracked()
            .is_some_and(|frame: web_sys::HtmlDivElement| frame.contains(node.as_ref()))
    };
    let close_outside = window_event_listener(leptos::ev::pointerdown, move |event| {
        let is_connected = |target: &web_sys::EventTarget| {
            target.dyn_ref::<Element>().is_none_or(|element| element.is_connected())
        };
        let target = event.target().filter(is_connected);
        if target.is_some() && !contains(target) {
            is_open.set(false);
        }
    });
    on_cleanup(move || close_outside.remove());
    let close_by_key = move |event: KeyboardEvent| {
        if event.key() == "Escape" && is_open.get_untracked() {
            event.stop_propagation();
            menu.close();
        }
    };
    let panel = move || {
        is_open.get().then(|| {
            // Here, so that each panel finds its own menu.
            provide_context(menu);
            view! { <div class="panel">{children()}</div> }
        })
    };
    view! {
        <div class=format!("menu {class}") node_ref=frame on:keydown=close_by_key>
            <button
                type="button"
                class="button"
                node_ref=button
                aria-expanded=move || is_open.get().to_string()
                on:click=move |_| is_open.update(|is_open| *is_open = !*is_open)
            >
                <bdi>{move || label.get()}</bdi>
                <span class="caret" aria-hidden="true"></span>
            </button>
            {panel}
        </div>
    }
    .into_any()
}
