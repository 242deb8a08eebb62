//! All subscriptions, those in trouble first.

use leptos::prelude::*;

use super::{HUBS, Hub, PAGE};
use crate::browser::api::client;
use crate::browser::parts::{Heading, Live, Load, Refresh, Scroller, badge, load};
use crate::browser::session::session;
use crate::browser::words::{name_of, number, relative, t, tv};
use crate::model::claims::Right;
use crate::model::delivery::Delivery;
use crate::model::resource::Resource;
use crate::model::route::Route;

/// How many are shown of each API; the list has all.
const SHOWN: usize = 100;

#[derive(Clone, Default, PartialEq)]
struct Read {
    hubs: Vec<Hub>,
    total: usize,
}

#[component]
pub fn Overview() -> AnyView {
    let client = client();
    let sections: Vec<_> = session()
        .allowed(Right::Read, &HUBS)
        .into_iter()
        .map(|resource| {
            let query = format!("sort=callback&limit={SHOWN}");
            let read = load(move || {
                let query = query.clone();
                async move {
                    let page = client.list(resource, &query).await?;
                    let mut hubs: Vec<_> = page.documents.iter().map(Hub::of).collect();
                    hubs.sort_by_key(|hub| hub.delivery.care());
                    Ok(Read { hubs, total: page.total })
                }
            });
            (resource, read)
        })
        .collect();
    let loads: Vec<_> = sections.iter().map(|(_, read)| *read).collect();
    let is_busy = {
        let loads = loads.clone();
        Signal::derive(move || loads.iter().any(|read| read.is_busy.get()))
    };
    let again = move || loads.iter().for_each(Load::again);
    let new = (!session().allowed(Right::Write, &HUBS).is_empty()).then(|| {
        let address = Route::to([PAGE, "new"]).to_string();
        view! { <a class="button primary" href=address>{t("subscription.new")}</a> }
    });
    let sections = sections.into_iter().map(|(resource, read)| section(resource, read));
    view! {
        <Heading text=t("resource.subscriptions")>
            <Refresh again is_busy/>
            {new}
        </Heading>
        <p class="lead">{t("subscription.lead")}</p>
        {sections.collect_view()}
    }
    .into_any()
}

fn section(resource: &'static Resource, read: Load<Read>) -> AnyView {
    let id = format!("of-{}", resource.key);
    view! {
        <section class="found" aria-labelledby=id>
            <h2 id=id.clone()>{name_of("resource", resource.key)}</h2>
            <Live load=read view=move |read| table(resource, read)/>
        </section>
    }
    .into_any()
}

fn table(resource: &'static Resource, read: Signal<Read>) -> AnyView {
    let is_empty = Memo::new(move |_| read.with(|read| read.hubs.is_empty()));
    let more = move || {
        let (shown, total) = read.with(|read| (read.hubs.len(), read.total));
        (shown < total).then(|| {
            let (shown, total) = (number(&shown.to_string()), number(&total.to_string()));
            let text = tv("subscription.more", &[("shown", &shown), ("total", &total)]);
            let address = Route::to([resource.key]).to_string();
            view! { <p class="more"><a href=address>{text}</a></p> }
        })
    };
    let content = move || match is_empty.get() {
        true => view! { <p class="empty">{t("subscription.none")}</p> }.into_any(),
        false => rows(resource, read),
    };
    view! { {content} {more} }.into_any()
}

/// The columns behind the first; whether they are numbers.
const COLUMNS: [(&str, bool); 7] = [
    ("query", false),
    ("delivery.status", false),
    ("delivery.pending", true),
    ("delivery.parked", true),
    ("delivery.delivered", true),
    ("delivery.failed", true),
    ("delivery.lastError", false),
];

fn label(path: &str) -> String {
    name_of("attribute", path)
}

fn rows(resource: &'static Resource, read: Signal<Read>) -> AnyView {
    let heads = COLUMNS.map(|(path, is_number)| {
        let class = if is_number { "number" } else { "" };
        view! { <th scope="col" class=class>{label(path)}</th> }
    });
    view! {
        <Scroller label=t("list.scroll")>
            <table class="table watch">
                <caption class="unseen">{name_of("resource", resource.key)}</caption>
                <thead>
                    <tr><th scope="col">{label("callback")}</th> {heads.collect_view()}</tr>
                </thead>
                <tbody>
                    <For
                        each=move || read.with(|read| read.hubs.clone())
                        key=|hub| hub.id.clone()
                        children=move |hub| row(resource, hub, read)
                    />
                </tbody>
            </table>
        </Scroller>
    }
    .into_any()
}

/// A row that stays the same element while what it says changes.
fn row(resource: &'static Resource, first: Hub, read: Signal<Read>) -> AnyView {
    let address = Route::to([resource.key, &first.id]).to_string();
    let (callback, query) = (first.callback.clone(), first.wanted());
    let delivery = Memo::new(move |_| {
        read.with(|read| {
            let found = read.hubs.iter().find(|hub| hub.id == first.id);
            found.map(|hub| hub.delivery.clone()).unwrap_or_default()
        })
    });
    let count = move |path, of: fn(&Delivery) -> u64| {
        let text = move || number(&delivery.with(of).to_string());
        view! { <td class="number" data-label=label(path)>{text}</td> }
    };
    let last_error = move || {
        delivery.get().last_error.map(|error| {
            view! {
                <div>
                    <bdi>{error.message}</bdi>
                    " "
                    <span class="hint">{relative(&error.time)}</span>
                </div>
            }
        })
    };
    view! {
        <tr>
            <th scope="row"><a href=address><bdi class="text">{callback}</bdi></a></th>
            <td data-label=label("query")><bdi class="text query">{query}</bdi></td>
            <td data-label=label("delivery.status")>{move || badge(&delivery.get().status)}</td>
            {count("delivery.pending", |it| it.pending)}
            {count("delivery.parked", |it| it.parked)}
            {count("delivery.delivered", |it| it.delivered)}
            {count("delivery.failed", |it| it.failed)}
            <td data-label=label("delivery.lastError")>{last_error}</td>
        </tr>
    }
    .into_any()
}
