//! Bringing something into another state.

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::json;
use web_sys::SubmitEvent;

use super::{Dialog, change_notice};
use crate::browser::api::{Stored, client};
use crate::browser::words::{name_of, t};
use crate::model::document;
use crate::model::failure::Failure;
use crate::model::resource::Resource;
use crate::model::transition::Choices;

/// A button that lets the reader choose among the states that can follow.
#[component]
pub fn StateChange(
    resource: &'static Resource,
    stored: Stored,
    choices: Choices,
    /// Reads it again.
    again: Callback<()>,
) -> AnyView {
    let is_open = RwSignal::new(false);
    let stored = StoredValue::new(stored);
    let choices = StoredValue::new(choices);
    view! {
        <Dialog label=t("state.change") title=t("state.changeTitle") is_open>
            <Choose resource stored choices is_open again/>
        </Dialog>
    }
    .into_any()
}

#[component]
fn Choose(
    resource: &'static Resource,
    stored: StoredValue<Stored>,
    choices: StoredValue<Choices>,
    is_open: RwSignal<bool>,
    again: Callback<()>,
) -> AnyView {
    let client = client();
    let chosen = RwSignal::new(None::<&'static str>);
    let failure = RwSignal::new(None::<Failure>);
    let is_busy = RwSignal::new(false);
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(state) = chosen.get_untracked() else { return };
        let stored = stored.get_value();
        is_busy.set(true);
        spawn_local(async move {
            let id = document::text(&stored.document, "id").unwrap_or_default();
            match client.patch(resource, id, &stored.tag, &json!({"state": state})).await {
                Ok(_) => {
                    is_open.try_set(false);
                    again.try_run(());
                }
                Err(refused) => drop(failure.try_set(Some(refused))),
            }
            is_busy.try_set(false);
        });
    };
    let radio = move |state: &'static str| {
        view! {
            <label class="choice">
                <input type="radio" name="state" value=state on:change=move |_| chosen.set(Some(state))/>
                {name_of("state", state)}
            </label>
        }
    };
    let Choices { usual, others } = choices.get_value();
    let usual = usual.into_iter().map(radio).collect_view();
    let others = (!others.is_empty()).then(|| {
        view! {
            <fieldset class="choices">
                <legend class="hint">{t("state.unusual")}</legend>
                {others.into_iter().map(radio).collect_view()}
            </fieldset>
        }
    });
    let notice = move || failure.get().map(|failure| change_notice(failure, again));
    view! {
        <form class="fields" on:submit=send>
            <fieldset class="choices">
                <legend class="unseen">{t("state.changeTitle")}</legend>
                {usual}
            </fieldset>
            {others}
            {notice}
            <div class="form-end">
                <button
                    type="submit"
                    class="button primary"
                    disabled=move || is_busy.get() || chosen.get().is_none()
                >
                    {t("state.change")}
                </button>
                <button type="button" class="button" on:click=move |_| is_open.set(false)>
                    {t("form.cancel")}
                </button>
            </div>
        </form>
    }
    .into_any()
}
