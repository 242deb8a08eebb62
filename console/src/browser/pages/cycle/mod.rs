//! A run of a billing cycle, as it goes on.

mod new;

use std::time::Duration;

use leptos::prelude::*;
use serde_json::Value;

pub use new::NewCycle;

use crate::browser::api::Stored;
use crate::browser::parts::{
    Column, Copyable, Heading, Live, Load, Table, Tree, badge, fact, facts, reference, stored,
    sums, title, trail,
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
    let cycle = stored(resource, &id);
    look_again(cycle);
    let title = title(cycle, id, |cycle| {
        let names = ["name", "BillCycleSpecification.name"];
        names.iter().find_map(|path| document::text(cycle, path)).map(str::to_owned)
    });
    view! {
        {trail(resource)}
        <Heading text=title/>
        <Live load=cycle view=body/>
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

fn body(cycle: Signal<Stored>) -> AnyView {
    let with = move |look: fn(&Value) -> Option<AnyView>| {
        move || cycle.with(|stored| look(&stored.document))
    };
    let id = cycle.with_untracked(|stored| {
        document::text(&stored.document, "id").unwrap_or_default().to_owned()
    });
    let has_run = Memo::new(move |_| cycle.with(|it| Progress::of(&it.document).is_some()));
    let address = format!("#/customerBill?billCycle.id={}", encode(&id));
    view! {
        <p class="under-heading">
            {with(|cycle| document::text(cycle, "run.state").map(badge))}
            <Copyable text=id name=t("attribute.id")/>
        </p>
        {move || has_run.get().then(|| view! { <Run cycle address=address.clone()/> })}
        {with(|cycle| Some(about(cycle)))}
    }
    .into_any()
}

/// How far it is, what came of it, and what did not.
#[component]
fn Run(cycle: Signal<Stored>, address: String) -> AnyView {
    let written = |it: u64| number(&it.to_string());
    let progress =
        Memo::new(move |_| cycle.with(|stored| Progress::of(&stored.document)).unwrap_or_default());
    let far = move || {
        let Progress { done, accounts, .. } = progress.get();
        tv("cycle.progress", &[("done", &written(done)), ("accounts", &written(accounts))])
    };
    let others = OTHERS.map(|name| {
        let count = move || written(cycle.with(|stored| count(&stored.document, name)));
        view! { <div><dt>{name_of("run", name)}</dt><dd class="number">{count}</dd></div> }
    });
    let due = move || {
        cycle
            .with(|it| sums(Sums::of_amounts(document::at(&it.document, "run.amountDue")).as_ref()))
    };
    view! {
        <section class="card">
            <h2>{t("cycle.run")}</h2>
            <p role="status">{far}</p>
            <progress
                max="100"
                value=move || progress.get().percent().to_string()
                aria-label=t("cycle.run")
            ></progress>
            <dl class="counts">
                <div>
                    <dt>{name_of("run", "bills")}</dt>
                    <dd class="number"><a href=address>{move || written(progress.get().bills)}</a></dd>
                </div>
                {others.into_iter().collect_view()}
                <div><dt>{name_of("attribute", "amountDue")}</dt><dd>{due}</dd></div>
            </dl>
            {move || cycle.with(|stored| rejected(&stored.document))}
        </section>
    }
    .into_any()
}

fn about(cycle: &Value) -> AnyView {
    let specification = cycle
        .get("BillCycleSpecification")
        .map(|it| (name_of("attribute", "BillCycleSpecification.name"), reference(it)));
    let all = specification.into_iter().chain(FACTS.iter().filter_map(|path| fact(cycle, path)));
    let rest = without(cycle, &[&FACTS[..], &ELSEWHERE].concat());
    let rest = rest.map(|rest| {
        view! { <section class="card"><h2>{t("account.rest")}</h2><Tree value=rest/></section> }
    });
    view! { <section class="card"><h2>{t("cycle.about")}</h2>{facts(all)}</section> {rest} }
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
