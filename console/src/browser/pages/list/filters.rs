//! What a list is narrowed by.

use leptos::prelude::*;
use web_sys::SubmitEvent;

use super::Asked;
use crate::browser::parts::{InMenu, Menu};
use crate::browser::router::router;
use crate::browser::words::{name_of, t, tv};
use crate::model::document::is_time;
use crate::model::query::{Condition, OPERATORS};
use crate::model::resource::Resource;

/// The search field, the conditions as chips that can be taken away, and a form for another one.
#[component]
pub fn Filters(resource: &'static Resource, asked: Memo<Asked>) -> AnyView {
    let router = router();
    let clear = move |_| {
        let query = asked.get_untracked().query;
        let conditions: Vec<_> = query.conditions().collect();
        let query = conditions.iter().fold(query, |query, condition| query.and_not(condition));
        router.ask(query.without("search").without("offset"));
    };
    let chips = move || {
        let conditions: Vec<_> = asked.with(|asked| asked.query.conditions().collect());
        (!conditions.is_empty()).then(|| {
            let chips = conditions.into_iter().map(|it| view! { <li>{chip(it, asked)}</li> });
            view! {
                <ul class="chips" aria-label=t("list.filters")>{chips.collect_view()}</ul>
                <button type="button" class="button plain" on:click=clear>
                    {t("list.clearFilters")}
                </button>
            }
        })
    };
    view! {
        <div class="filters">
            <Search asked/>
            <Menu label=t("list.addFilter")><Another resource asked/></Menu>
            {chips}
        </div>
    }
    .into_any()
}

#[component]
fn Search(asked: Memo<Asked>) -> AnyView {
    let router = router();
    let field = NodeRef::<leptos::html::Input>::new();
    let text = move || asked.with(|asked| asked.query.get("search").unwrap_or_default().to_owned());
    let search = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(field) = field.get_untracked() {
            let query = asked.get_untracked().query;
            router.ask(query.without("offset").with("search", field.value()));
        }
    };
    view! {
        <form class="search" role="search" on:submit=search>
            <input
                type="search"
                node_ref=field
                aria-label=t("list.search")
                placeholder=t("list.searchHint")
                maxlength="200"
                prop:value=text
            />
            <button type="submit" class="button">{t("list.search")}</button>
        </form>
    }
    .into_any()
}

fn chip(condition: Condition, asked: Memo<Asked>) -> AnyView {
    let router = router();
    let attribute = name_of("attribute", &condition.attribute);
    let value = name_of("state", &condition.value);
    let operator = name_of("operator", condition.operator);
    let remove = tv("list.removeFilter", &[("filter", &format!("{attribute} {operator} {value}"))]);
    view! {
        <span class="chip">
            <bdi>{attribute}</bdi>
            " "
            {operator}
            " "
            <bdi class="chip-value">{value}</bdi>
            <button
                type="button"
                class="chip-remove"
                aria-label=remove
                on:click=move |_| router.ask(asked.get_untracked().query.and_not(&condition))
            ></button>
        </span>
    }
    .into_any()
}

/// What is chosen for an attribute that is not in the list.
const OTHER: &str = "…";

/// The form for another condition.
#[component]
fn Another(resource: &'static Resource, asked: Memo<Asked>) -> AnyView {
    let (router, menu): (_, InMenu) = (router(), expect_context());
    let first = resource.columns.get(1).copied().unwrap_or("id");
    let (attribute, path) = (RwSignal::new(first.to_owned()), RwSignal::new(String::new()));
    let (operator, value) = (RwSignal::new("is".to_owned()), RwSignal::new(String::new()));
    let apply = move |event: SubmitEvent| {
        event.prevent_default();
        let known = OPERATORS.iter().find(|(name, _)| *name == operator.get_untracked());
        let chosen = attribute.get_untracked();
        let attribute = if chosen == OTHER { path.get_untracked() } else { chosen };
        let condition = Condition {
            attribute: attribute.trim().to_owned(),
            operator: known.map_or("is", |(name, _)| name),
            value: value.get_untracked(),
        };
        router.ask(asked.get_untracked().query.and(&condition));
        menu.close();
    };
    let known = resource.columns.iter().chain(resource.offered).map(|&path| {
        view! { <option value=path selected=path == first>{name_of("attribute", path)}</option> }
    });
    let operators = OPERATORS.iter().map(|(name, _)| {
        view! { <option value=*name>{name_of("operator", name)}</option> }
    });
    let other = move || {
        (attribute.get() == OTHER).then(|| {
            view! {
                <label>
                    {t("list.path")}
                    <input
                        type="text"
                        required
                        aria-describedby="path-hint"
                        on:input:target=move |event| path.set(event.target().value())
                    />
                </label>
                <p class="hint" id="path-hint">{t("list.pathHint")}</p>
            }
        })
    };
    let states = resource.states();
    let field = move || match attribute.get() == "state" && !states.is_empty() {
        true => {
            value.set(states[0].to_owned());
            let options = states.iter().map(|&state| {
                view! { <option value=state>{name_of("state", state)}</option> }
            });
            view! {
                <select on:change:target=move |event| value.set(event.target().value())>
                    {options.collect_view()}
                </select>
            }
            .into_any()
        }
        false => {
            value.set(String::new());
            // Of times, the API compares whole days where it is given one.
            let kind = if is_time(&attribute.get()) { "date" } else { "text" };
            view! {
                <input
                    type=kind
                    required
                    on:input:target=move |event| value.set(event.target().value())
                />
            }
            .into_any()
        }
    };
    view! {
        <form class="fields" on:submit=apply>
            <label>
                {t("list.attribute")}
                <select on:change:target=move |event| attribute.set(event.target().value())>
                    {known.collect_view()}
                    <option value=OTHER>{t("list.otherAttribute")}</option>
                </select>
            </label>
            {other}
            <label>
                {t("list.operator")}
                <select on:change:target=move |event| operator.set(event.target().value())>
                    {operators.collect_view()}
                </select>
            </label>
            <label>{t("list.value")} {field}</label>
            <button type="submit" class="button primary">{t("list.apply")}</button>
        </form>
    }
    .into_any()
}
