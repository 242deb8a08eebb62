//! Keys for who would rather not use the mouse, and the dialog that tells of them.
//!
//! They can be switched off (WCAG 2.1.4), because programs that are spoken to press keys too.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use crate::browser::dom;
use crate::browser::router::go;
use crate::browser::words::{name_of, t};
use crate::model::resource::Resource;
use crate::model::route::Route;
use crate::model::shortcut::{Keys, PAGES, Shortcut};

const KEPT_AS: &str = "console.shortcuts";
const OFF: &str = "off";

/// A button that opens the dialog, and the keys themselves.
#[component]
pub fn Help() -> AnyView {
    let dialog = NodeRef::<leptos::html::Dialog>::new();
    let are_on = RwSignal::new(dom::read(dom::kept(), KEPT_AS).as_deref() != Some(OFF));
    let open = move || {
        if let Some(dialog) = dialog.get_untracked().filter(|dialog| !dialog.open()) {
            let _ = dialog.show_modal();
        }
    };
    let close = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let keys = StoredValue::new(Keys::default());
    let listen = window_event_listener(leptos::ev::keydown, move |event: KeyboardEvent| {
        if !are_on.get_untracked() || is_for_something_else(&event) {
            return;
        }
        let mut asked = None;
        keys.update_value(|keys| asked = keys.press(&event.key()));
        let Some(asked) = asked else { return };
        event.prevent_default();
        match asked {
            Shortcut::Help => open(),
            Shortcut::Search => search(),
            Shortcut::Page(page) => go(&Route::parse(page)),
        }
    });
    on_cleanup(move || listen.remove());
    let turn = move |_| {
        are_on.update(|it| *it = !*it);
        dom::write(dom::kept(), KEPT_AS, (!are_on.get_untracked()).then_some(OFF));
    };
    let always = [("/", t("help.search")), ("?", t("help.this"))];
    let always = always.map(|(key, name)| row(vec![key], name));
    let pages = PAGES.map(|(key, page)| row(vec!["g", key], page_name(page)));
    view! {
        <button type="button" class="button plain help" on:click=move |_| open()>
            {t("help.title")}
        </button>
        <dialog node_ref=dialog aria-labelledby="help-title">
            <h2 id="help-title">{t("help.title")}</h2>
            <p><a href="../docs/">{t("help.api")}</a></p>
            <h3>{t("help.keys")}</h3>
            <dl class="keys">{always.collect_view()} {pages.collect_view()}</dl>
            <label class="choice">
                <input type="checkbox" prop:checked=are_on on:change=turn/>
                {t("help.areOn")}
            </label>
            <div class="form-end">
                <button type="button" class="button" on:click=close>{t("help.close")}</button>
            </div>
        </dialog>
    }
    .into_any()
}

fn page_name(page: &str) -> String {
    match page {
        "" => t("nav.home"),
        key if Resource::named(key).is_some() => name_of("resource", key),
        _ => t("resource.subscriptions"),
    }
}

fn row(keys: Vec<&'static str>, name: String) -> AnyView {
    let keys = keys.into_iter().map(|key| view! { <kbd>{key}</kbd> " " });
    view! { <div><dt>{keys.collect_view()}</dt><dd>{name}</dd></div> }.into_any()
}

/// Whether a key is meant for the browser, for what is being written, or for an open dialog.
fn is_for_something_else(event: &KeyboardEvent) -> bool {
    let has_modifier = event.ctrl_key() || event.meta_key() || event.alt_key();
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let is_taken = target.is_some_and(|target| {
        let taking = "input, textarea, select, [contenteditable], dialog";
        target.closest(taking).is_ok_and(|found| found.is_some())
    });
    has_modifier || event.is_composing() || is_taken
}

/// Gives the focus to the field of the page that searches; where it has none, leads to one that has.
fn search() {
    let field = dom::document()
        .and_then(|document| document.query_selector("main input[type=search]").ok()?)
        .and_then(|field| field.dyn_into::<HtmlElement>().ok());
    match field {
        Some(field) => drop(field.focus()),
        None => go(&Route::parse("search")),
    }
}
