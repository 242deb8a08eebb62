//! Finding a thing by what people know of it.

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;
use web_sys::SubmitEvent;

use crate::browser::api::{Client, Page, client};
use crate::browser::parts::{Column, Heading, Loaded, Table, Turns, load, of_beginnings, shown};
use crate::browser::router::router;
use crate::browser::session::session;
use crate::browser::words::{name_of, number, t, tv};
use crate::model::claims::Right;
use crate::model::document;
use crate::model::query::{Query, encode};
use crate::model::resource::Resource;
use crate::model::route::Route;
use crate::model::side_by_side::few_at_once;

/// The kinds of accounts.
pub const ACCOUNTS: [&str; 4] =
    ["billingAccount", "partyAccount", "financialAccount", "settlementAccount"];

/// How many of each kind the results show, and how many columns of them.
const SHOWN: usize = 5;
const COLUMNS: usize = 4;

const AT_ONCE: usize = 3;

/// Where it is looked for.
fn places() -> Vec<&'static Resource> {
    let session = session();
    let mut places = session.allowed(Right::Read, &ACCOUNTS);
    places.extend(session.allowed(Right::Read, &["customerBill"]));
    places
}

/// The field that finds anything. A whole id or number of a bill leads straight to the thing.
#[component]
pub fn Finder(
    /// What was looked for last.
    #[prop(into)]
    text: Signal<String>,
) -> AnyView {
    let client = client();
    let field = NodeRef::<leptos::html::Input>::new();
    let (is_busy, questions) = (RwSignal::new(false), Turns::new());
    let places = places();
    let find = move |event: SubmitEvent| {
        event.prevent_default();
        let text = field.get_untracked().map(|field| field.value().trim().to_owned());
        let Some(text) = text.filter(|text| !text.is_empty()) else { return };
        let places = places.clone();
        let question = questions.next();
        is_busy.set(true);
        spawn_local(async move {
            let results = || Route::to(["search"]).asking(Query::default().with("search", &text));
            let route = exactly(client, &places, &text).await.unwrap_or_else(results);
            if question.counts() {
                is_busy.try_set(false);
                question.go(&route);
            }
        });
    };
    view! {
        <form class="search finder" role="search" on:submit=find>
            <input
                type="search"
                node_ref=field
                aria-label=t("search.label")
                placeholder=t("search.hint")
                maxlength="200"
                prop:value=text
            />
            <button
                type="submit"
                class="button primary"
                aria-disabled=move || is_busy.get().to_string()
            >
                {t("search.find")}
            </button>
        </form>
    }
    .into_any()
}

/// The one thing that has the text for its id, or a bill for its number.
async fn exactly(client: Client, places: &[&'static Resource], text: &str) -> Option<Route> {
    let text = encode(text);
    let questions = places.iter().map(|resource| {
        let number = match resource.key {
            "customerBill" => format!("billNo={text};"),
            _ => String::new(),
        };
        let query = format!("{number}id={text}&fields=none&limit=2");
        async move { (resource.key, client.list(resource, &query).await) }
    });
    let mut found = few_at_once(questions, AT_ONCE).await.into_iter().flat_map(|(key, page)| {
        let documents = page.map(|page| page.documents).unwrap_or_default();
        documents.into_iter().map(move |document| (key, document))
    });
    let (key, document) = found.next()?;
    if found.next().is_some() {
        return None;
    }
    Some(Route::to([key, document::text(&document, "id")?]))
}

/// What was found, by kind.
#[component]
pub fn Results() -> AnyView {
    let text = Memo::new(move |_| {
        router().query.with(|query| query.get("search").unwrap_or_default().to_owned())
    });
    let title = Signal::derive(move || tv("search.title", &[("text", &text.get())]));
    let groups = move || {
        let text = text.get();
        let groups = places().into_iter().map(|resource| {
            let text = text.clone();
            view! { <Group resource text/> }
        });
        groups.collect_view()
    };
    view! {
        <Heading text=title/>
        <Finder text/>
        {groups}
    }
    .into_any()
}

#[component]
fn Group(resource: &'static Resource, text: String) -> AnyView {
    let client = client();
    let query = Query::default().with("search", text);
    let all = Route::to([resource.key]).asking(query.clone()).to_string();
    let asked = resource.asked(&query.with("sort", resource.sort).with("limit", SHOWN));
    let found = load(move || {
        let asked = asked.clone();
        async move { client.find(resource, &asked).await }
    });
    let id = format!("found-{}", resource.key);
    view! {
        <section class="found" aria-labelledby=id>
            <h2 id=id.clone()>{name_of("resource", resource.key)}</h2>
            <Loaded load=found view=move |page| group(resource, &page, all.clone())/>
        </section>
    }
    .into_any()
}

fn group(resource: &'static Resource, page: &Page, all: String) -> AnyView {
    let hint = of_beginnings(resource, page);
    if page.documents.is_empty() {
        return view! { {hint} <p class="hint">{t("search.none")}</p> }.into_any();
    }
    let paths = || resource.columns.iter().take(COLUMNS);
    let columns = paths().map(|path| Column::text(name_of("attribute", path))).collect();
    let rows = page.documents.iter().map(|document| row(resource, document)).collect();
    let count = number(&page.total.to_string());
    let more = (page.total > page.documents.len()).then(|| {
        view! { <p class="more"><a href=all>{tv("search.all", &[("count", &count)])}</a></p> }
    });
    view! {
        {hint}
        <Table caption=name_of("resource", resource.key) columns rows/>
        {more}
    }
    .into_any()
}

fn row(resource: &'static Resource, document: &Value) -> Vec<AnyView> {
    let id = document::text(document, "id").unwrap_or_default();
    let address = Route::to([resource.key, id]).to_string();
    let cells = resource.columns.iter().take(COLUMNS).enumerate();
    let cells = cells.map(|(place, path)| {
        let value = document::shown_in_cell(document, path);
        match place {
            0 if value == document::Shown::Nothing => {
                view! { <a href=address.clone()><bdi>{id.to_owned()}</bdi></a> }.into_any()
            }
            0 => view! { <a href=address.clone()>{shown(value)}</a> }.into_any(),
            _ => shown(value),
        }
    });
    cells.collect()
}
