//! A run of a billing cycle, as it goes on.

mod new;

use std::time::Duration;

use leptos::prelude::*;
use serde_json::Value;

pub use new::NewCycle;

use crate::browser::api::{Stored, client};
use crate::browser::parts::{
    Column, Copyable, Heading, Load, Loaded, Table, Tree, badge, fact, facts, load, reference, sums,
};
use crate::browser::words::{name_of, number, t, tv};
use crate::model::document;
use crate::model::query::encode;
use crate::model::resource::Resource;
use crate::model::rest::without;
use crate::model::route::Route;
use crate::model::run::{OTHERS, Progress, count, rejections};
use crate::model::sums::Sums;

/// How long to wait before looking again how far a run is.
const PAUSE: Duration = Duration::from_millis(1000);

const FACTS: [&str; 8] = [
    "description",
    "validFor",
    "billingDate",
    "chargeDate",
    "creditDate",
    "mailingDate",
    "paymentDueDate",
    "@type",
];

/// What the page shows in other places.
const ELSEWHERE: [&str; 5] = ["id", "href", "name", "run", "BillCycleSpecification"];

/// The page of a run.
#[component]
pub fn Cycle(resource: &'static Resource, id: String) -> AnyView {
    let client = client();
    let asked = id.clone();
    let cycle = load(move || {
        let id = asked.clone();
        async move { client.read(resource, &id).await }
    });
    look_again(cycle);
    let title = Signal::derive(move || {
        let name = cycle.value().and_then(|it: Stored| {
            let names = ["name", "BillCycleSpecification.name"];
            names.iter().find_map(|path| document::text(&it.document, path)).map(str::to_owned)
        });
        name.unwrap_or_else(|| id.clone())
    });
    let back = tv("detail.back", &[("resource", &name_of("resource", resource.key))]);
    view! {
        <nav class="trail" aria-label=t("detail.trail")>
            <a href=Route::to([resource.key]).to_string()>{back}</a>
        </nav>
        <Heading text=title/>
        <Loaded load=cycle view=|stored| body(&stored.document)/>
    }
    .into_any()
}

/// While it is running, it is read again and again.
fn look_again(cycle: Load<Stored>) {
    Effect::new(move || {
        let progress = cycle.value().and_then(|stored| Progress::of(&stored.document));
        if progress.is_some_and(|progress| progress.is_running) {
            let again = set_timeout_with_handle(move || cycle.again(), PAUSE);
            on_cleanup(move || {
                if let Ok(again) = again {
                    again.clear();
                }
            });
        }
    });
}

fn body(cycle: &Value) -> AnyView {
    let id = document::text(cycle, "id").unwrap_or_default().to_owned();
    let specification = cycle.get("BillCycleSpecification");
    let specification = specification
        .map(|it| (name_of("attribute", "BillCycleSpecification.name"), reference(it)));
    let all = specification.into_iter().chain(FACTS.iter().filter_map(|path| fact(cycle, path)));
    let rest = without(cycle, &[&FACTS[..], &ELSEWHERE].concat());
    let rest = rest.map(|rest| {
        view! { <section class="card"><h2>{t("account.rest")}</h2><Tree value=rest/></section> }
    });
    view! {
        <p class="under-heading">
            {document::text(cycle, "run.state").map(badge)}
            <Copyable text=id.clone() name=t("attribute.id")/>
        </p>
        {Progress::of(cycle).map(|progress| run(cycle, &id, progress))}
        <section class="card"><h2>{t("cycle.about")}</h2>{facts(all)}</section>
        {rest}
    }
    .into_any()
}

/// How far it is, what came of it, and what did not.
fn run(cycle: &Value, id: &str, progress: Progress) -> AnyView {
    let written = |it: u64| number(&it.to_string());
    let far = tv(
        "cycle.progress",
        &[("done", &written(progress.done)), ("accounts", &written(progress.accounts))],
    );
    let bills = format!("#/customerBill?billCycle.id={}", encode(id));
    let due = Sums::of_amounts(document::at(cycle, "run.amountDue"));
    let others = OTHERS.map(|name| {
        view! {
            <div><dt>{name_of("run", name)}</dt><dd class="number">{written(count(cycle, name))}</dd></div>
        }
    });
    view! {
        <section class="card">
            <h2>{t("cycle.run")}</h2>
            <p role="status">{far.clone()}</p>
            <progress
                max=progress.accounts.max(1).to_string()
                value=if progress.accounts == 0 { "1".to_owned() } else { progress.done.to_string() }
                aria-label=far
            ></progress>
            <dl class="counts">
                <div>
                    <dt>{name_of("run", "bills")}</dt>
                    <dd class="number"><a href=bills>{written(progress.bills)}</a></dd>
                </div>
                {others}
                <div><dt>{name_of("attribute", "amountDue")}</dt><dd>{sums(due.as_ref())}</dd></div>
            </dl>
            {rejected(cycle)}
        </section>
    }
    .into_any()
}

fn rejected(cycle: &Value) -> Option<AnyView> {
    let rejections = rejections(cycle);
    let rows = rejections.iter().map(|(account, reason)| {
        let address = Route::to(["billingAccount", account]).to_string();
        let account = view! { <a href=address><bdi>{(*account).to_owned()}</bdi></a> }.into_any();
        vec![account, view! { <bdi>{(*reason).to_owned()}</bdi> }.into_any()]
    });
    let rows: Vec<_> = rows.collect();
    let columns = ["cycle.account", "cycle.reason"].map(|key| Column::text(t(key)));
    (!rows.is_empty()).then(|| {
        view! {
            <h3>{t("cycle.rejected")}</h3>
            <Table caption=t("cycle.rejected") columns=columns.into() rows/>
        }
        .into_any()
    })
}
