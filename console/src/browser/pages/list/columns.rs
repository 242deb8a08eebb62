//! Which columns a list has.

use leptos::prelude::*;
use web_sys::SubmitEvent;

use super::Asked;
use crate::browser::parts::Menu;
use crate::browser::router::router;
use crate::browser::words::{name_of, t};
use crate::model::resource::Resource;

/// A menu with a mark for each column, and a field for one that is not in it.
#[component]
pub fn Columns(resource: &'static Resource, asked: Memo<Asked>) -> AnyView {
    let router = router();
    let shown = Memo::new(move |_| asked.with(|asked| asked.columns(resource)));
    let show = move |columns: Vec<String>| {
        let usual = columns == resource.columns;
        let columns = if usual { String::new() } else { columns.join(",") };
        router.ask(asked.get_untracked().query.with("columns", columns));
    };
    let turn = move |path: String| {
        let mut columns = shown.get_untracked();
        match columns.iter().position(|shown| *shown == path) {
            Some(_) if columns.len() == 1 => return,
            Some(place) => drop(columns.remove(place)),
            None => columns.push(path),
        }
        show(columns);
    };
    let choices = move || {
        let known = resource.columns.iter().chain(resource.offered).map(|&path| path.to_owned());
        let mut paths: Vec<_> = known.collect();
        paths.extend(
            shown.get().into_iter().filter(|path| !paths.contains(path)).collect::<Vec<_>>(),
        );
        paths.into_iter().map(|path| choice(path, shown, turn)).collect_view()
    };
    let path = NodeRef::<leptos::html::Input>::new();
    let add = move |event: SubmitEvent| {
        event.prevent_default();
        let path = path.get_untracked().map(|field| field.value().replace([',', ' '], ""));
        if let Some(path) =
            path.filter(|path| !path.is_empty() && !shown.get_untracked().contains(path))
        {
            turn(path);
        }
    };
    view! {
        <Menu label=t("list.columns") class="at-end">
            <fieldset class="choices">
                <legend class="unseen">{t("list.columns")}</legend>
                {choices}
            </fieldset>
            <form class="inline" on:submit=add>
                <input
                    type="text"
                    node_ref=path
                    aria-label=t("list.path")
                    placeholder="contact.contactName"
                />
                <button type="submit" class="button">{t("list.addColumn")}</button>
            </form>
            <button type="button" class="button plain" on:click=move |_| show(Vec::new())>
                {t("list.resetColumns")}
            </button>
        </Menu>
    }
    .into_any()
}

fn choice(
    path: String,
    shown: Memo<Vec<String>>,
    turn: impl Fn(String) + Copy + Send + Sync + 'static,
) -> AnyView {
    let label = name_of("attribute", &path);
    let is_shown = {
        let path = path.clone();
        move || shown.with(|shown| shown.contains(&path))
    };
    view! {
        <label class="choice">
            <input type="checkbox" prop:checked=is_shown on:change=move |_| turn(path.clone())/>
            <bdi>{label}</bdi>
        </label>
    }
    .into_any()
}
