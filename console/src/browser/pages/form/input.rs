//! One field of a form: its name, what it means, its input, and what is wrong with it.

use js_sys::Date;
use leptos::prelude::*;
use serde_json::{Number, Value};

use super::draft::{Draft, id_of};
use super::fields::{empty, of_class};
use crate::browser::dom;
use crate::browser::words::{name_of, t, tv};
use crate::model::schema::{Field, Kind};

/// A field at a place.
pub fn field(draft: Draft, pointer: String, field: Field, is_removable: bool) -> AnyView {
    let label = name_of("attribute", &field.name);
    let remove = is_removable.then(|| remover(draft, pointer.clone(), &label));
    let id = id_of(&pointer);
    let help = (!field.help.is_empty())
        .then(|| view! { <p class="hint" id=format!("{id}-help")>{field.help.clone()}</p> });
    let faults = view! { <Faults draft pointer=pointer.clone()/> };
    let mark =
        field.is_required.then(|| view! { <span class="required">{t("form.required")}</span> });
    if matches!(field.kind, Kind::Part(_) | Kind::List(_)) {
        let parts = nested(draft, pointer, &field.kind);
        return view! {
            <fieldset class="field part" id=id tabindex="-1">
                <legend><bdi>{label}</bdi> {mark}</legend>
                {remove}
                {help}
                {faults}
                {parts}
            </fieldset>
        }
        .into_any();
    }
    view! {
        <div class="field">
            <div class="field-head">
                <label for=id><bdi>{label}</bdi> {mark}</label>
                {remove}
            </div>
            {simple(draft, pointer, &field)}
            {faults}
            {help}
        </div>
    }
    .into_any()
}

#[component]
fn Faults(draft: Draft, pointer: String) -> AnyView {
    let id = format!("{}-fault", id_of(&pointer));
    let faults = draft.faults_at(pointer);
    let lines = move || {
        let lines = faults().into_iter().map(|it| view! { <p class="fault"><bdi>{it}</bdi></p> });
        lines.collect_view()
    };
    view! { <div id=id>{lines}</div> }.into_any()
}

fn remover(draft: Draft, pointer: String, label: &str) -> AnyView {
    let name = tv("form.remove", &[("attribute", label)]);
    let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent).to_owned();
    let remove = move |_| {
        draft.reshape(&pointer, None);
        let id = id_of(&parent);
        request_animation_frame(move || dom::focus(&id));
    };
    view! {
        <button type="button" class="button plain remove" aria-label=name on:click=remove>
            {t("form.removeShort")}
        </button>
    }
    .into_any()
}

fn nested(draft: Draft, pointer: String, kind: &Kind) -> AnyView {
    match kind {
        Kind::Part(class) => of_class(draft, pointer, class),
        Kind::List(of) => list(draft, pointer, of),
        _ => ().into_any(),
    }
}

fn list(draft: Draft, pointer: String, of: &Kind) -> AnyView {
    let value = draft.value(&pointer).unwrap_or_default();
    let count = value.as_array().map_or(0, Vec::len);
    let items = (0..count).map(|place| {
        let item = Field { kind: of.clone(), ..Field::extension((place + 1).to_string()) };
        view! { <li>{field(draft, format!("{pointer}/{place}"), item, true)}</li> }
    });
    let items = items.collect_view();
    let first = empty(of);
    let add = move |_| {
        let place = format!("{pointer}/{count}");
        if count == 0 {
            draft.reshape(&pointer, Some(Value::Array(vec![first.clone()])));
        } else {
            draft.reshape(&place, Some(first.clone()));
        }
        let id = id_of(&place);
        request_animation_frame(move || dom::focus(&id));
    };
    view! {
        <ol class="form-list">{items}</ol>
        <button type="button" class="button" on:click=add>{t("form.addItem")}</button>
    }
    .into_any()
}

/// The input of a single value.
fn simple(draft: Draft, pointer: String, field: &Field) -> AnyView {
    let id = id_of(&pointer);
    let described = format!("{id}-help {id}-fault");
    let faults = draft.faults_at(pointer.clone());
    let invalid = move || (!faults().is_empty()).then_some("true");
    let value = draft.value(&pointer).unwrap_or_default();
    let states = if pointer == "/state" { draft.resource.states() } else { &[] };
    match field.kind {
        Kind::Truth => view! {
            <input
                type="checkbox"
                id=id
                aria-describedby=described
                aria-invalid=invalid
                checked=value == Value::Bool(true)
                on:change:target=move |event| {
                    draft.type_in(&pointer, event.target().checked().into());
                }
            />
        }
        .into_any(),
        Kind::Any | Kind::Text if field.kind == Kind::Any || has_breaks(&value) => {
            let is_any = field.kind == Kind::Any;
            let text = match &value {
                Value::Null => String::new(),
                Value::String(text) if !is_any => text.clone(),
                value => pretty(value),
            };
            view! {
                <textarea
                    id=id
                    rows="4"
                    aria-describedby=described
                    aria-invalid=invalid
                    spellcheck="false"
                    prop:value=text
                    on:input:target=move |event| {
                        let text = event.target().value();
                        let value = if is_any { json_or_text(text) } else { text.into() };
                        draft.type_in(&pointer, value);
                    }
                ></textarea>
            }
            .into_any()
        }
        Kind::Instant => {
            let local = value.as_str().and_then(local_time).unwrap_or_default();
            view! {
                <input
                    type="datetime-local"
                    id=id
                    step="1"
                    aria-describedby=described
                    aria-invalid=invalid
                    prop:value=local
                    on:input:target=move |event| {
                        let text = event.target().value();
                        draft.type_in(&pointer, universal_time(&text).unwrap_or(text).into());
                    }
                />
            }
            .into_any()
        }
        _ => {
            let is_number = field.kind == Kind::Number;
            let text = value.as_str().map_or_else(|| plain(&value), str::to_owned);
            let list = (!states.is_empty()).then(|| format!("{id}-list"));
            let options = list.clone().map(|list| {
                let options = states.iter().map(|&it| {
                    view! { <option value=it>{name_of("state", it)}</option> }
                });
                view! { <datalist id=list>{options.collect_view()}</datalist> }
            });
            view! {
                <input
                    type="text"
                    id=id
                    list=list
                    inputmode=is_number.then_some("decimal")
                    aria-describedby=described
                    aria-invalid=invalid
                    autocomplete="off"
                    prop:value=text
                    on:input:target=move |event| {
                        let text = event.target().value();
                        let value = if is_number { number_or_text(text) } else { text.into() };
                        draft.type_in(&pointer, value);
                    }
                />
                {options}
            }
            .into_any()
        }
    }
}

/// Whether a text has several lines, which a field of one line would join.
fn has_breaks(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains(['\n', '\r']))
}

fn plain(value: &Value) -> String {
    if value.is_null() { String::new() } else { value.to_string() }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// A number with the digits that were typed; what is none stays as it is, and is found faulty.
fn number_or_text(text: String) -> Value {
    let number = serde_json::from_str::<Number>(text.trim());
    number.map_or_else(|_| Value::String(text), Value::Number)
}

fn json_or_text(text: String) -> Value {
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

/// An instant as the field for dates has it: in the reader's time zone, without saying so.
fn local_time(instant: &str) -> Option<String> {
    let date = Date::new(&instant.into());
    let milliseconds = date.get_time();
    if milliseconds.is_nan() {
        return None;
    }
    let shifted = milliseconds - date.get_timezone_offset() * 60_000.0;
    let text: String = Date::new(&shifted.into()).to_iso_string().into();
    text.get(..19).map(str::to_owned)
}

fn universal_time(local: &str) -> Option<String> {
    let date = Date::new(&local.into());
    (!date.get_time().is_nan()).then(|| date.to_iso_string().into())
}
