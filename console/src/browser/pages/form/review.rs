//! What is about to change; and what others have changed in the meantime.

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;

use super::draft::Draft;
use super::{Problems, id, place};
use crate::browser::api::{Client, Stored, client};
use crate::browser::parts::{Column, Table, Tree, Turn};
use crate::browser::words::t;
use crate::model::difference::{difference, merge_patch, patched};
use crate::model::failure::Failure;
use crate::model::resource::Resource;
use crate::model::route::Route;

/// Shows the change, and sends it.
#[component]
pub fn Review(
    draft: Draft,
    base: RwSignal<Stored>,
    /// The page of the form.
    turn: Turn,
    failure: RwSignal<Option<Failure>>,
    is_reviewing: RwSignal<bool>,
) -> AnyView {
    let client = client();
    let is_busy = RwSignal::new(false);
    let newer = RwSignal::new(None::<Stored>);
    let send = move |_| {
        is_busy.set(true);
        let (base, resource) = (base.get_untracked(), draft.resource);
        let patch = merge_patch(&base.document, &draft.document.get_untracked());
        spawn_local(async move {
            match sent(client, resource, &base, &patch).await {
                Outcome::Stored(stored) => turn.go(&Route::to([resource.key, id(&stored)])),
                Outcome::Conflict(stored) => drop(newer.try_set(Some(stored))),
                Outcome::Refused(refused) => {
                    draft.refuse(&refused);
                    let has_places = !refused.faults().is_empty();
                    failure.try_set(Some(refused));
                    is_reviewing.try_set(!has_places);
                }
            }
            is_busy.try_set(false);
        });
    };
    let content = move || match newer.get() {
        Some(theirs) => conflict(draft, base, newer, theirs),
        None => {
            let changes = changes(&base.get().document, &draft.document.get());
            let is_same = changes.is_none();
            view! {
                <h2>{t("review.title")}</h2>
                {changes.unwrap_or_else(|| view! { <p>{t("review.nothing")}</p> }.into_any())}
                <div class="form-end">
                    <button
                        type="button"
                        class="button primary"
                        disabled=move || is_same || is_busy.get()
                        on:click=send
                    >
                        {t("review.send")}
                    </button>
                    <button type="button" class="button" on:click=move |_| is_reviewing.set(false)>
                        {t("review.back")}
                    </button>
                </div>
            }
            .into_any()
        }
    };
    view! {
        <section class="card" aria-live="polite">
            <Problems draft failure/>
            {content}
        </section>
    }
    .into_any()
}

enum Outcome {
    Stored(Stored),
    /// Somebody else was faster; this is what there is now.
    Conflict(Stored),
    Refused(Failure),
}

async fn sent(client: Client, resource: &Resource, base: &Stored, patch: &Value) -> Outcome {
    let id = id(base);
    match client.patch(resource, id, &base.tag, patch).await {
        Ok(stored) => Outcome::Stored(stored),
        Err(failure) if failure.status() == Some(412) => match client.read(resource, id).await {
            Ok(stored) => Outcome::Conflict(stored),
            Err(failure) => Outcome::Refused(failure),
        },
        Err(failure) => Outcome::Refused(failure),
    }
}

/// Both changes, and the choice between them.
fn conflict(
    draft: Draft,
    base: RwSignal<Stored>,
    newer: RwSignal<Option<Stored>>,
    theirs: Stored,
) -> AnyView {
    let old = base.get_untracked();
    let their_changes = changes(&old.document, &theirs.document);
    let my_changes = changes(&old.document, &draft.document.get_untracked());
    let address = Route::to([draft.resource.key, id(&theirs)]).to_string();
    let go_on = move |_| {
        let old = base.get_untracked();
        let patch = merge_patch(&old.document, &draft.document.get_untracked());
        draft.replace(patched(&theirs.document, &patch));
        base.set(theirs.clone());
        newer.set(None);
    };
    view! {
        <div class="notice">
            <p class="notice-title">{t("conflict.title")}</p>
            <p>{t("conflict.lead")}</p>
        </div>
        <h2>{t("conflict.theirs")}</h2>
        {their_changes}
        <h2>{t("conflict.mine")}</h2>
        {my_changes}
        <div class="form-end">
            <button type="button" class="button primary" on:click=go_on>
                {t("conflict.goOn")}
            </button>
            <a class="button" href=address>{t("conflict.drop")}</a>
        </div>
    }
    .into_any()
}

/// A table of what differs; nothing, if nothing does.
fn changes(before: &Value, after: &Value) -> Option<AnyView> {
    let changes = difference(before, after);
    let rows = changes.into_iter().filter(|it| it.pointer != "/lastUpdate").map(|change| {
        let at = view! { <bdi>{place(&change.pointer)}</bdi> }.into_any();
        vec![at, state(change.before, "gone"), state(change.after, "came")]
    });
    let rows: Vec<_> = rows.collect();
    let columns =
        ["review.attribute", "review.before", "review.after"].map(|key| Column::text(t(key)));
    (!rows.is_empty()).then(|| {
        view! { <Table caption=t("review.title") columns=columns.into() rows/> }.into_any()
    })
}

/// What stood or will stand somewhere.
fn state(value: Option<Value>, class: &'static str) -> AnyView {
    match value {
        Some(value) => view! { <div class=class><Tree value/></div> }.into_any(),
        None => view! { <span class="quiet">{t("value.nothing")}</span> }.into_any(),
    }
}
