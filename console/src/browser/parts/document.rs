//! A whole document, for reading.

use leptos::prelude::*;
use serde_json::Value;

use super::{reference, shown};
use crate::browser::words::name_of;
use crate::model::document::{self, Shown};
use crate::model::reference::is_link;

/// What is for programs alone. The class of the whole is told, those of its parts are not.
const FOR_PROGRAMS: [&str; 2] = ["href", "@type"];

/// What a value has: names and values, nested as they are.
#[component]
pub fn Tree(value: Value) -> AnyView {
    let class = value.get("@type").and_then(Value::as_str).map(|class| {
        view! { <p class="class"><bdi>{class.to_owned()}</bdi></p> }
    });
    view! { {class} {tree(&value)} }.into_any()
}

fn tree(value: &Value) -> AnyView {
    match value {
        Value::Object(_) if document::is_mere_money(value) => shown(document::of(value)),
        Value::Object(_) if is_link(value) => reference(value),
        Value::Object(members) => {
            let told = members.iter().filter(|(name, _)| !FOR_PROGRAMS.contains(&name.as_str()));
            let rows = told.map(|(name, value)| {
                let kind = if is_nested(value) { "nested" } else { "plain" };
                view! {
                    <div class=kind>
                        <dt title=name.clone()><bdi>{name_of("attribute", name)}</bdi></dt>
                        <dd>{attribute(name, value)}</dd>
                    </div>
                }
            });
            view! { <dl class="tree">{rows.collect_view()}</dl> }.into_any()
        }
        Value::Array(elements) => {
            let items = elements.iter().map(|element| view! { <li>{tree(element)}</li> });
            view! { <ol class="tree-list">{items.collect_view()}</ol> }.into_any()
        }
        value => shown(document::of(value)),
    }
}

fn attribute(name: &str, value: &Value) -> AnyView {
    match value {
        Value::String(state) if name == "state" => shown(Shown::State(state.clone())),
        value => tree(value),
    }
}

fn is_nested(value: &Value) -> bool {
    let is_one = document::is_mere_money(value) || is_link(value);
    (value.is_object() && !is_one) || value.is_array()
}
