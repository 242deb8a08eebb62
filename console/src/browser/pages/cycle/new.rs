//! Starting a run.

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::{Value, json};
use web_sys::SubmitEvent;

use crate::browser::api::{Page, client};
use crate::browser::dom;
use crate::browser::parts::{FailureNotice, Heading, Loaded, load, this_page};
use crate::browser::router::router;
use crate::browser::session::fresh_key;
use crate::browser::words::{number, t, tv};
use crate::model::document;
use crate::model::failure::Failure;
use crate::model::key::Key;
use crate::model::query::encode;
use crate::model::resource::Resource;
use crate::model::route::Route;

/// How many cycles there are to choose from.
const MOST: usize = 500;

/// A form for a run: the cycle, and the period. The rest follows from the cycle.
#[component]
pub fn NewCycle(resource: &'static Resource) -> AnyView {
    let client = client();
    let cycles = load(move || async move {
        match Resource::named("billingCycleSpecification") {
            Some(specification) => client.whole(specification, "sort=name", MOST).await,
            None => Ok(Page::default()),
        }
    });
    view! {
        <Heading text=t("cycle.new")/>
        <p class="lead">{t("cycle.newLead")}</p>
        <Loaded load=cycles view=move |page: Page| match page.documents.is_empty() {
            true => view! {
                <div class="empty">
                    <p class="empty-title">{t("cycle.noCycles")}</p>
                    <p><a href="#/new/billingCycleSpecification">{t("cycle.makeCycle")}</a></p>
                </div>
            }
            .into_any(),
            false => view! { <Form resource cycles=page.documents/> }.into_any(),
        }/>
    }
    .into_any()
}

/// What a run is of.
#[derive(Clone, Debug, Default)]
struct Draft {
    /// The id of the cycle.
    cycle: String,
    name: String,
    /// The first day, and the last one; empty: as the cycle says.
    first: String,
    last: String,
}

#[component]
fn Form(resource: &'static Resource, cycles: Vec<Value>) -> AnyView {
    let (client, page) = (client(), this_page());
    let given = router().query.with_untracked(|query| query.get("cycle").map(str::to_owned));
    let draft = RwSignal::new(Draft { cycle: given.unwrap_or_default(), ..Draft::default() });
    let failure = RwSignal::new(None::<Failure>);
    let is_busy = RwSignal::new(false);
    let key = StoredValue::new(Key::new(fresh_key));
    let options = cycles.iter().filter_map(|cycle| {
        let id = document::text(cycle, "id")?.to_owned();
        let name = document::text(cycle, "name").unwrap_or(&id).to_owned();
        let is_given = draft.with_untracked(|draft| draft.cycle == id);
        Some(view! { <option value=id selected=is_given>{name}</option> })
    });
    let options = options.collect_view();
    let cycles = StoredValue::new(cycles);
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        failure.set(None);
        let draft = draft.get_untracked();
        let document = cycles.with_value(|cycles| run_of(resource, &draft, cycles));
        let sent_with = key.with_value(Key::text);
        spawn_local(async move {
            match client.create(resource, &document, &sent_with).await {
                Ok(stored) => {
                    let id = document::text(&stored.document, "id").unwrap_or_default();
                    page.go(&Route::to([resource.key, id]));
                }
                Err(refused) => {
                    key.try_update_value(|key| key.failed(&refused));
                    failure.try_set(Some(refused));
                }
            }
            is_busy.try_set(false);
        });
    };
    let set = move |change: fn(&mut Draft, String)| {
        move |value: String| draft.update(|draft| change(draft, value))
    };
    let choose = set(|draft, value| draft.cycle = value);
    let call = set(|draft, value| draft.name = value);
    let begin = set(|draft, value| draft.first = value);
    let end = set(|draft, value| draft.last = value);
    view! {
        <form class="form card fields" on:submit=send>
            <label>
                {t("cycle.which")}
                <select required on:change:target=move |event| choose(event.target().value())>
                    <option value="">{t("demand.choose")}</option>
                    {options}
                </select>
            </label>
            <Concerned draft/>
            <label>
                {t("cycle.name")}
                <input
                    type="text"
                    autocomplete="off"
                    on:input:target=move |event| call(event.target().value())
                />
            </label>
            <div class="options">
                <label>
                    {t("cycle.first")}
                    <input type="date" on:change:target=move |event| begin(event.target().value())/>
                </label>
                <label>
                    {t("cycle.last")}
                    <input type="date" on:change:target=move |event| end(event.target().value())/>
                </label>
            </div>
            <p class="hint">{t("cycle.periodHint")}</p>
            {move || failure.get().map(|failure| view! { <FailureNotice failure/> })}
            <div class="form-end">
                <button
                    type="submit"
                    class="button primary"
                    disabled=move || is_busy.get() || draft.with(|draft| draft.cycle.is_empty())
                >
                    {t("cycle.start")}
                </button>
                <a class="button" href=Route::to([resource.key]).to_string()>{t("form.cancel")}</a>
            </div>
        </form>
    }
    .into_any()
}

/// How many accounts would be billed.
#[component]
fn Concerned(draft: RwSignal<Draft>) -> AnyView {
    let client = client();
    let cycle = Memo::new(move |_| draft.with(|draft| draft.cycle.clone()));
    let count = load(move || {
        let cycle = cycle.get();
        async move {
            let account = Resource::named("billingAccount").filter(|_| !cycle.is_empty());
            let Some(account) = account else { return Ok(None) };
            let query =
                format!("state=Active&billStructure.cycleSpecification.id={}", encode(&cycle));
            client.count(account, &query).await.map(Some)
        }
    });
    let text = move || {
        let count = count.value()??;
        Some(tv("cycle.concerned", &[("count", &number(&count.to_string()))]))
    };
    view! { <p class="hint" role="status">{text}</p> }.into_any()
}

fn run_of(resource: &Resource, draft: &Draft, cycles: &[Value]) -> Value {
    let is_chosen = |cycle: &&Value| document::text(cycle, "id") == Some(&draft.cycle);
    let name = cycles.iter().find(is_chosen).and_then(|cycle| document::text(cycle, "name"));
    let mut run = json!({
        "@type": resource.class,
        "BillCycleSpecification": {
            "@type": "BillCycleSpecificationRef",
            "@referredType": "BillingCycleSpecification",
            "id": draft.cycle,
            "name": name.unwrap_or(&draft.cycle),
        },
    });
    if !draft.name.trim().is_empty() {
        run["name"] = draft.name.trim().into();
    }
    let start = dom::start_of_day(&draft.first);
    // The end of a period is not part of it, but the last day is.
    let end = dom::start_of_next_day(&draft.last);
    for (name, time) in [("startDateTime", start), ("endDateTime", end)] {
        if let Some(time) = time {
            run["validFor"][name] = time.into();
        }
    }
    run
}
