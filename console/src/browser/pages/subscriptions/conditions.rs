//! Conditions on the resources that events are of.

use leptos::prelude::*;
use web_sys::SubmitEvent;

use crate::browser::words::{name_of, t, tv};
use crate::model::events::{Source, Wanted};
use crate::model::query::{Condition, OPERATORS};
use crate::model::resource::Resource;

/// The conditions so far, and a form for another one.
#[component]
pub fn Conditions(hub: RwSignal<&'static Resource>, wanted: RwSignal<Wanted>) -> AnyView {
    let source = RwSignal::new("");
    // Another API has other resources.
    Effect::new(move || source.set(Source::of(hub.get().api).next().map_or("", |it| it.name)));
    let (attribute, value) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let operator = RwSignal::new("is");
    let add = move |event: SubmitEvent| {
        event.prevent_default();
        let condition = Condition {
            attribute: attribute.get_untracked().trim().to_owned(),
            operator: operator.get_untracked(),
            value: value.get_untracked(),
        };
        let source = source.get_untracked();
        wanted.update(|wanted| wanted.conditions.push((source, condition)));
        attribute.set(String::new());
        value.set(String::new());
    };
    let chips = move || {
        let is_of_api = |name| Source::of(hub.get().api).any(|source| source.name == name);
        let conditions = wanted.with(|wanted| wanted.conditions.clone()).into_iter();
        let chips: Vec<_> = conditions
            .filter(|(name, _)| is_of_api(*name))
            .map(|condition| view! { <li>{chip(condition, wanted)}</li> })
            .collect();
        let label = t("helper.conditions");
        let has_some = !chips.is_empty();
        has_some.then(|| view! { <ul class="chips conditions" aria-label=label>{chips}</ul> })
    };
    let sources = move || {
        let sources = Source::of(hub.get().api);
        let options = sources.map(|source| {
            view! { <option value=source.name>{name_of("resource", source.name)}</option> }
        });
        options.collect_view()
    };
    let attributes = move || {
        let resource = Resource::named(source.get());
        let paths = resource.into_iter().flat_map(|it| it.columns.iter().chain(it.offered));
        let options = paths.map(|&path| {
            view! { <option value=path>{name_of("attribute", path)}</option> }
        });
        options.collect_view()
    };
    let operators = OPERATORS.iter().map(|(name, _)| {
        view! { <option value=*name>{name_of("operator", name)}</option> }
    });
    let choose_source = move |chosen: String| {
        let found = Source::of(hub.get_untracked().api).find(|source| source.name == chosen);
        source.set(found.map_or("", |source| source.name));
    };
    let choose_operator = move |chosen: String| {
        let found = OPERATORS.iter().find(|(name, _)| *name == chosen);
        operator.set(found.map_or("is", |(name, _)| name));
    };
    view! {
        <h3 id="conditions-title">{t("helper.conditions")}</h3>
        {chips}
        <form class="condition" aria-labelledby="conditions-title" on:submit=add>
            <label>
                {t("helper.resource")}
                <select on:change:target=move |event| choose_source(event.target().value())>
                    {sources}
                </select>
            </label>
            <label>
                {t("list.attribute")}
                <input
                    type="text"
                    required
                    list="condition-attributes"
                    autocomplete="off"
                    spellcheck="false"
                    prop:value=attribute
                    on:input:target=move |event| attribute.set(event.target().value())
                />
            </label>
            <datalist id="condition-attributes">{attributes}</datalist>
            <label>
                {t("list.operator")}
                <select on:change:target=move |event| choose_operator(event.target().value())>
                    {operators.collect_view()}
                </select>
            </label>
            <label>
                {t("list.value")}
                <input
                    type="text"
                    required
                    prop:value=value
                    on:input:target=move |event| value.set(event.target().value())
                />
            </label>
            <button type="submit" class="button">{t("helper.addCondition")}</button>
        </form>
    }
    .into_any()
}

fn chip(condition: (&'static str, Condition), wanted: RwSignal<Wanted>) -> AnyView {
    let (source, Condition { attribute, operator, value }) = condition.clone();
    let words = [
        name_of("resource", source),
        name_of("attribute", &attribute),
        name_of("operator", operator),
        value,
    ];
    let text = words.join(" ");
    let remove = move |_| {
        wanted.update(|wanted| wanted.conditions.retain(|it| *it != condition));
    };
    view! {
        <span class="chip">
            <bdi class="chip-value">{text.clone()}</bdi>
            <button
                type="button"
                class="chip-remove"
                aria-label=tv("list.removeFilter", &[("filter", &text)])
                on:click=remove
            ></button>
        </span>
    }
    .into_any()
}
