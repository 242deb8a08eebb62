//! References, as links to what they mean.

use leptos::prelude::*;
use serde_json::Value;

use crate::browser::session::session;
use crate::model::claims::Right;
use crate::model::reference::{name_of, resource_of, route_of};

/// The name of what is referred to: a link, if it is kept here and may be read.
pub fn reference(reference: &Value) -> AnyView {
    let name = name_of(reference).unwrap_or_default().to_owned();
    let is_seen = resource_of(reference).is_some_and(|it| session().may(Right::Read, it));
    match route_of(reference).filter(|_| is_seen) {
        Some(route) => view! { <a href=route.to_string()><bdi>{name}</bdi></a> }.into_any(),
        None => view! { <bdi>{name}</bdi> }.into_any(),
    }
}
