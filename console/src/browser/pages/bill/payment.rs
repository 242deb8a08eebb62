//! Registering a payment of a bill.

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;
use web_sys::SubmitEvent;

use crate::browser::api::{Stored, client};
use crate::browser::parts::{Dialog, change_notice, written};
use crate::browser::words::{t, tv};
use crate::model::document;
use crate::model::failure::Failure;
use crate::model::payment::{Mistake, adding, payment};
use crate::model::resource::Resource;

/// A button and the form behind it. A payment is only ever added: a negative one takes one back.
#[component]
pub fn Pay(resource: &'static Resource, stored: Stored, again: Callback<()>) -> AnyView {
    let is_open = RwSignal::new(false);
    let stored = StoredValue::new(stored);
    view! {
        <Dialog label=t("payment.register") title=t("payment.register") is_open>
            <Form resource stored is_open again/>
        </Dialog>
    }
    .into_any()
}

#[component]
fn Form(
    resource: &'static Resource,
    stored: StoredValue<Stored>,
    is_open: RwSignal<bool>,
    again: Callback<()>,
) -> AnyView {
    let client = client();
    let amount = RwSignal::new(stored.with_value(|stored| remaining(&stored.document)));
    let reference = RwSignal::new(String::new());
    let failure = RwSignal::new(None::<Failure>);
    let is_busy = RwSignal::new(false);
    let paid = Memo::new(move |_| {
        stored.with_value(|stored| amount.with(|text| payment(&stored.document, text)))
    });
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let Ok(paid) = paid.get_untracked() else { return };
        let stored = stored.get_value();
        let patch = adding(&stored.document, &paid, &reference.get_untracked());
        is_busy.set(true);
        spawn_local(async move {
            let id = document::text(&stored.document, "id").unwrap_or_default();
            match client.patch(resource, id, &stored.tag, &patch).await {
                Ok(_) => {
                    is_open.try_set(false);
                    again.try_run(());
                }
                Err(refused) => drop(failure.try_set(Some(refused))),
            }
            is_busy.try_set(false);
        });
    };
    let is_wrong = move || paid.get().is_err();
    // What was understood: points and commas mean different things in different places.
    let understood = move || match paid.get() {
        Ok(paid) => tv("payment.understood", &[("amount", &written(&paid))]),
        Err(Mistake::NoNumber) => t("payment.noNumber"),
        Err(Mistake::TooFine) => t("payment.tooFine"),
        Err(Mistake::Nothing) => t("payment.nothing"),
        Err(Mistake::TooMuch) => t("payment.tooMuch"),
    };
    let notice = move || failure.get().map(|failure| change_notice(failure, again));
    view! {
        <form class="fields" on:submit=send>
            <label>
                {t("payment.amount")}
                <input
                    type="text"
                    inputmode="decimal"
                    autocomplete="off"
                    required
                    aria-describedby="payment-understood"
                    aria-invalid=move || is_wrong().then_some("true")
                    prop:value=amount.get_untracked()
                    on:input:target=move |event| amount.set(event.target().value())
                />
            </label>
            <p id="payment-understood" aria-live="polite" class:fault=is_wrong class:hint=move || !is_wrong()>
                {understood}
            </p>
            <label>
                {t("payment.reference")}
                <input
                    type="text"
                    autocomplete="off"
                    on:input:target=move |event| reference.set(event.target().value())
                />
            </label>
            <p class="hint">{t("payment.hint")}</p>
            {notice}
            <div class="form-end">
                <button
                    type="submit"
                    class="button primary"
                    disabled=move || is_busy.get() || is_wrong()
                >
                    {t("payment.register")}
                </button>
                <button type="button" class="button" on:click=move |_| is_open.set(false)>
                    {t("form.cancel")}
                </button>
            </div>
        </form>
    }
    .into_any()
}

/// What remains, as it is typed: nearly always, that is what is paid.
fn remaining(bill: &Value) -> String {
    let value = document::at(bill, "remainingAmount.value").into_iter().next();
    value.map(ToString::to_string).unwrap_or_default()
}
