//! Choosing events instead of writing a query.

use leptos::prelude::*;

use super::conditions::Conditions;
use crate::browser::words::{name_of, t};
use crate::model::events::{Source, Wanted};
use crate::model::resource::Resource;

/// Marks for what happens to which resource, conditions, and what is sent.
#[component]
pub fn Helper(hub: RwSignal<&'static Resource>, wanted: RwSignal<Wanted>) -> AnyView {
    let sources = move || {
        let sources = Source::of(hub.get().api);
        sources.map(|source| kinds(source, wanted)).collect_view()
    };
    view! {
        <section class="card fields" aria-labelledby="helper-title">
            <h2 id="helper-title">{t("helper.title")}</h2>
            <p class="hint">{t("helper.lead")}</p>
            <div class="event-sources">{sources}</div>
            <Conditions hub wanted/>
            <label>
                {t("helper.fields")}
                <input
                    type="text"
                    spellcheck="false"
                    aria-describedby="fields-hint"
                    on:input:target=move |event| {
                        wanted.update(|wanted| wanted.fields = event.target().value());
                    }
                />
            </label>
            <p class="hint" id="fields-hint">{t("helper.fieldsHint")}</p>
        </section>
    }
    .into_any()
}

fn kinds(source: &'static Source, wanted: RwSignal<Wanted>) -> AnyView {
    let marks = source.kinds.iter().map(|&kind| {
        let chosen = (source.name, kind);
        let turn = move |_| {
            wanted.update(|wanted| {
                if !wanted.kinds.remove(&chosen) {
                    wanted.kinds.insert(chosen);
                }
            });
        };
        view! {
            <label class="choice">
                <input
                    type="checkbox"
                    prop:checked=move || wanted.with(|wanted| wanted.kinds.contains(&chosen))
                    on:change=turn
                />
                {name_of("event", kind.name())}
            </label>
        }
    });
    view! {
        <fieldset>
            <legend>{name_of("resource", source.name)}</legend>
            {marks.collect_view()}
        </fieldset>
    }
    .into_any()
}
