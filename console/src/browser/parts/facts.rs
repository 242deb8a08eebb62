//! Names and values beside each other.

use leptos::prelude::*;
use serde_json::Value;

use super::shown;
use crate::browser::words::name_of;
use crate::model::document::{self, Shown};

/// A fact: what it is called, and what it is.
pub type Fact = (String, AnyView);

/// A list of facts.
pub fn facts(facts: impl IntoIterator<Item = Fact>) -> AnyView {
    let rows = facts.into_iter().map(|(name, value)| {
        view! { <div><dt>{name}</dt><dd>{value}</dd></div> }
    });
    view! { <dl class="facts">{rows.collect_view()}</dl> }.into_any()
}

/// What a document says at a path, if it does.
pub fn fact(document: &Value, path: &str) -> Option<Fact> {
    match document::shown(document, path) {
        Shown::Nothing => None,
        value => Some((name_of("attribute", path), shown(value))),
    }
}
