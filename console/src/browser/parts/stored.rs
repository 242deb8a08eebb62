//! A resource that a page is about.

use leptos::prelude::*;
use serde_json::Value;

use super::{Load, load};
use crate::browser::api::{Stored, client};
use crate::model::resource::Resource;

/// Reads a resource.
pub fn stored(resource: &'static Resource, id: &str) -> Load<Stored> {
    let (client, id) = (client(), id.to_owned());
    load(move || {
        let id = id.clone();
        async move { client.read(resource, &id).await }
    })
}

/// What a page about it is called: by its name, and by its id as long as that is not known.
pub fn title(
    stored: Load<Stored>,
    id: String,
    name: impl Fn(&Value) -> Option<String> + Send + Sync + 'static,
) -> Signal<String> {
    Signal::derive(move || {
        let name = stored.with(|outcome| name(&outcome?.ok()?.document));
        name.unwrap_or_else(|| id.clone())
    })
}
