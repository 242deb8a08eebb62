//! Making a resource, and changing one: a form of all that its class can have.
//!
//! Nothing is sent before it was looked at: what is about to change is shown first, and sent only if
//! the resource is still what the reader has seen.

mod draft;
mod fields;
mod input;
mod review;

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::{Value, json};
use web_sys::SubmitEvent;

use crate::browser::api::{Client, Stored, client};
use crate::browser::dom;
use crate::browser::parts::{FailureNotice, Heading, Loaded, load, this_page};
use crate::browser::session::fresh_key;
use crate::browser::words::{name_of, t, tv};
use crate::model::document;
use crate::model::failure::Failure;
use crate::model::key::Key;
use crate::model::resource::Resource;
use crate::model::route::Route;
use draft::Draft;
use fields::Fields;
use review::Review;

/// A form for a new resource.
#[component]
pub fn New(
    resource: &'static Resource,
    /// What it begins with; by default, with nothing.
    #[prop(optional, into)]
    begun: Option<Value>,
) -> AnyView {
    let client = client();
    let class = load(move || async move { client.description(resource.api).await.map(Arc::new) });
    let title = tv("form.new", &[("resource", &name_of("resource", resource.key))]);
    view! {
        <Heading text=title/>
        <Loaded load=class view=move |description| {
            let begun = begun.clone().unwrap_or_else(|| json!({"@type": resource.class}));
            let draft = Draft::new(resource, description, begun);
            view! { <Creating draft/> }.into_any()
        }/>
    }
    .into_any()
}

#[component]
fn Creating(draft: Draft) -> AnyView {
    let (client, page) = (client(), this_page());
    let resource = draft.resource;
    // One for the form: who sends twice because no answer came makes one resource.
    let key = StoredValue::new(Key::new(fresh_key));
    let failure = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        let (document, sent_with) = (draft.document.get_untracked(), key.with_value(Key::text));
        spawn_local(async move {
            match client.create(resource, &document, &sent_with).await {
                Ok(stored) => page.go(&Route::to([resource.key, id(&stored)])),
                Err(refused) => {
                    key.try_update_value(|key| key.failed(&refused));
                    draft.refuse(&refused);
                    failure.try_set(Some(refused));
                }
            }
            is_busy.try_set(false);
        });
    };
    view! {
        <form class="form" novalidate on:submit=send>
            <Problems draft failure/>
            <Fields draft/>
            <div class="form-end">
                <button type="submit" class="button primary" disabled=is_busy>
                    {t("form.create")}
                </button>
                <a class="button" href=Route::to([resource.key]).to_string()>{t("form.cancel")}</a>
            </div>
        </form>
    }
    .into_any()
}

/// A form for a resource that there is.
#[component]
pub fn Edit(resource: &'static Resource, id: String) -> AnyView {
    let client = client();
    let asked = id.clone();
    let both = load(move || {
        let id = asked.clone();
        async move { read_both(client, resource, &id).await }
    });
    let title = Signal::derive(move || {
        let name = both.value().and_then(|(stored, _): (Stored, Arc<Value>)| {
            document::text(&stored.document, resource.known_by.first()?).map(str::to_owned)
        });
        tv("form.edit", &[("name", &name.unwrap_or_else(|| id.clone()))])
    });
    view! {
        <Heading text=title/>
        <Loaded load=both view=move |(stored, description)| {
            let base = RwSignal::new(stored);
            let draft = Draft::of(resource, description, base);
            view! { <Changing draft base/> }.into_any()
        }/>
    }
    .into_any()
}

async fn read_both(
    client: Client,
    resource: &Resource,
    id: &str,
) -> Result<(Stored, Arc<Value>), Failure> {
    let description = client.description(resource.api).await?;
    Ok((client.read(resource, id).await?, Arc::new(description)))
}

#[component]
fn Changing(draft: Draft, base: RwSignal<Stored>) -> AnyView {
    let address = base.with_untracked(|stored| Route::to([draft.resource.key, id(stored)]));
    let address = address.to_string();
    let turn = this_page();
    let failure = RwSignal::new(None);
    let is_reviewing = RwSignal::new(false);
    let look = move |event: SubmitEvent| {
        event.prevent_default();
        failure.set(None);
        is_reviewing.set(true);
    };
    let content = move || match is_reviewing.get() {
        true => view! { <Review draft base turn failure is_reviewing/> }.into_any(),
        false => view! {
            <form class="form" novalidate on:submit=look>
                <Problems draft failure/>
                <Fields draft/>
                <div class="form-end">
                    <button type="submit" class="button primary">{t("form.review")}</button>
                    <a class="button" href=address.clone()>{t("form.cancel")}</a>
                </div>
            </form>
        }
        .into_any(),
    };
    view! { {content} }.into_any()
}

/// What is wrong with the document as a whole; each fault leads to its field.
#[component]
fn Problems(draft: Draft, failure: RwSignal<Option<Failure>>) -> AnyView {
    let faults = move || {
        let faults = draft.faults.get();
        (!faults.is_empty()).then(|| {
            let items = faults.into_iter().map(|fault| {
                let place = place(&fault.pointer);
                let find = move |_| dom::focus(&draft::id_of(&fault.pointer));
                view! {
                    <li>
                        <button type="button" class="button plain" on:click=find>
                            <bdi>{place}</bdi>
                        </button>
                        <bdi>{fault.message}</bdi>
                    </li>
                }
            });
            view! {
                <div class="notice notice-bad">
                    <p class="notice-title">{t("form.faults")}</p>
                    <ul>{items.collect_view()}</ul>
                </div>
            }
        })
    };
    // What has places is told there.
    let refused = move || {
        let other = failure.get().filter(|failure| failure.faults().is_empty());
        other.map(|failure| view! { <FailureNotice failure/> })
    };
    view! { <div aria-live="polite">{refused}{faults}</div> }.into_any()
}

/// A pointer in words: attributes by their names, places counted from one.
fn place(pointer: &str) -> String {
    if pointer.is_empty() {
        return t("form.document");
    }
    let steps = pointer.split('/').skip(1).map(|step| match step.parse::<usize>() {
        Ok(place) => (place + 1).to_string(),
        Err(_) => name_of("attribute", &step.replace("~1", "/").replace("~0", "~")),
    });
    steps.collect::<Vec<_>>().join(" › ")
}

fn id(stored: &Stored) -> &str {
    document::text(&stored.document, "id").unwrap_or_default()
}
