//! A subscription: how it stands, what is to be done, and the buttons that do it.

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::json;

use super::{Hub, PAGE};
use crate::browser::api::{Stored, client};
use crate::browser::dom;
use crate::browser::parts::{
    Confirm, Copyable, FailureNotice, Heading, Live, Load, Refresh, Trail, badge, load, this_page,
};
use crate::browser::session::{fresh_key, session};
use crate::browser::words::{instant, name_of, number, relative, t, tv};
use crate::model::claims::Right;
use crate::model::delivery::{Care, Delivery};
use crate::model::failure::Failure;
use crate::model::resource::Resource;
use crate::model::route::Route;

/// The version of the API that the console speaks: only such subscriptions can it make again.
const VERSION: &str = "v5";

#[derive(Clone, Default, PartialEq)]
struct Read {
    hub: Hub,
    tag: String,
}

#[component]
pub fn Subscription(resource: &'static Resource, id: String) -> AnyView {
    let client = client();
    let (asked, fallback) = (id.clone(), id);
    let read = load(move || {
        let id = asked.clone();
        async move {
            let Stored { document, tag } = client.read(resource, &id).await?;
            Ok(Read { hub: Hub::of(&document), tag })
        }
    });
    let title = Signal::derive(move || {
        read.value().map_or_else(|| fallback.clone(), |read| read.hub.callback)
    });
    view! {
        <Trail to=Route::to([PAGE]) text=t("resource.subscriptions")/>
        <Heading text=title>
            <Refresh again=move || read.again() is_busy=read.is_busy/>
        </Heading>
        <Live load=read view=move |state| everything(resource, read, state)/>
    }
    .into_any()
}

fn everything(resource: &'static Resource, read: Load<Read>, state: Signal<Read>) -> AnyView {
    let hub = state.with_untracked(|state| state.hub.clone());
    let delivery = Memo::new(move |_| state.with(|state| state.hub.delivery.clone()));
    let may_write = session().may(Right::Write, resource);
    let actions = may_write.then(|| view! { <Actions resource read state delivery/> });
    view! {
        <Advice delivery/>
        {actions}
        <section class="card" aria-labelledby="delivery">
            <h2 id="delivery">{t("subscription.delivery")}</h2>
            {standing(delivery)}
        </section>
        <section class="card" aria-labelledby="subscription">
            <h2 id="subscription">{t("subscription.itself")}</h2>
            {itself(resource, hub)}
        </section>
    }
    .into_any()
}

/// What is to be done, told again when it becomes something else.
#[component]
fn Advice(delivery: Memo<Delivery>) -> AnyView {
    let care = Memo::new(move |_| delivery.with(Delivery::care));
    let content = move || {
        let care = care.get();
        let class = match care {
            Care::None => "notice notice-good",
            Care::Ended => "notice notice-bad",
            Care::Parked | Care::Retrying => "notice",
        };
        view! {
            <div class=class>
                <p><strong>{name_of("careTitle", care.name())}</strong></p>
                <p>{name_of("care", care.name())}</p>
            </div>
        }
    };
    view! { <div role="status">{content}</div> }.into_any()
}

#[component]
fn Actions(
    resource: &'static Resource,
    read: Load<Read>,
    state: Signal<Read>,
    delivery: Memo<Delivery>,
) -> AnyView {
    let (client, page) = (client(), this_page());
    let failure = RwSignal::new(None::<Failure>);
    let told = RwSignal::new(String::new());
    let id = move || state.with_untracked(|state| state.hub.id.clone());
    let done = move |outcome: Result<(), Failure>, text: String| {
        match outcome {
            Ok(()) => {
                failure.try_set(None);
                told.try_set(text);
            }
            Err(refused) => drop(failure.try_set(Some(refused))),
        }
        read.again();
    };
    let redrive = move |_| {
        let id = id();
        spawn_local(async move {
            done(client.act("POST", resource, &[&id, "redrive"]).await, t("subscription.redriven"));
        });
    };
    let drop_parked = move || {
        let id = id();
        async move {
            client.act("DELETE", resource, &[&id, "parked"]).await?;
            done(Ok(()), t("subscription.dropped"));
            Ok(())
        }
    };
    let resume = move |_| {
        let hub = state.with_untracked(|state| state.hub.clone());
        spawn_local(async move {
            let document = match hub.query.is_empty() {
                true => json!({"callback": hub.callback}),
                false => json!({"callback": hub.callback, "query": hub.query}),
            };
            let outcome = client.create(resource, &document, &fresh_key()).await;
            done(outcome.map(drop), t("subscription.resumed"));
        });
    };
    let delete = move || {
        let (id, tag) = state.with_untracked(|state| (state.hub.id.clone(), state.tag.clone()));
        async move {
            client.delete(resource, &id, &tag).await?;
            page.go(&Route::to([PAGE]));
            Ok(())
        }
    };
    let has_parked = Memo::new(move |_| delivery.with(|delivery| delivery.parked > 0));
    let of_parked = move || {
        has_parked.get().then(|| {
            let parked = move || number(&delivery.get().parked.to_string());
            let title =
                Signal::derive(move || tv("subscription.dropTitle", &[("count", &parked())]));
            view! {
                <button type="button" class="button primary" on:click=redrive>
                    {move || tv("subscription.redrive", &[("count", &parked())])}
                </button>
                <Confirm
                    id="drop"
                    label=t("subscription.drop")
                    title
                    lead=t("subscription.dropLead")
                    act=drop_parked
                />
            }
        })
    };
    let may_resume = Memo::new(move |_| {
        let is_ours = state.with(|state| state.hub.version == VERSION);
        is_ours && delivery.with(Delivery::care) == Care::Ended
    });
    let of_ended = move || {
        may_resume.get().then(|| {
            view! {
                <button type="button" class="button primary" on:click=resume>
                    {t("subscription.resume")}
                </button>
            }
        })
    };
    let callback = state.with_untracked(|state| state.hub.callback.clone());
    view! {
        {move || failure.get().map(|failure| view! { <FailureNotice failure/> })}
        <div class="actions">
            {of_parked}
            {of_ended}
            <Confirm
                id="delete"
                label=t("detail.delete")
                title=tv("detail.deleteTitle", &[("name", &callback)])
                lead=t("subscription.deleteLead")
                act=delete
            />
            <p class="hint" role="status">{told}</p>
        </div>
    }
    .into_any()
}

/// The numbers, which follow what is read.
fn standing(delivery: Memo<Delivery>) -> AnyView {
    let count = move |name, of: fn(&Delivery) -> u64| {
        fact(name, (move || number(&delivery.with(of).to_string())).into_any())
    };
    let oldest = move || {
        let Delivery { oldest, pending, .. } = delivery.get();
        let time = ago(oldest.filter(|_| pending > 0)?);
        let text = tv("subscription.oldest", &[("time", &time)]);
        Some(view! { <span class="hint">{text}</span> })
    };
    let pending = move || number(&delivery.get().pending.to_string());
    let last_error = move || match delivery.get().last_error {
        Some(error) => view! {
            <bdi>{error.message}</bdi>
            " "
            <time class="hint" datetime=error.time.clone() title=instant(&error.time)>
                {relative(&error.time)}
            </time>
        }
        .into_any(),
        None => t("subscription.noError").into_any(),
    };
    // Once an attempt is due, it waits for the maintenance, or for something else to happen.
    let next_try = move || {
        let time = delivery.get().next_try?;
        let text = if time < dom::now() { t("subscription.due") } else { relative(&time) };
        let time = view! { <time datetime=time.clone() title=instant(&time)>{text}</time> };
        Some(fact("delivery.nextTry", time.into_any()))
    };
    view! {
        <dl class="tree">
            {fact("state", (move || badge(&delivery.get().status)).into_any())}
            {fact("delivery.pending", view! { {pending} " " {oldest} }.into_any())}
            {count("delivery.parked", |it| it.parked)}
            {count("delivery.delivered", |it| it.delivered)}
            {count("delivery.failed", |it| it.failed)}
            {fact("delivery.lastError", last_error.into_any())}
            {next_try}
        </dl>
    }
    .into_any()
}

/// What was registered, which stays as it is.
fn itself(resource: &'static Resource, hub: Hub) -> AnyView {
    let query = match hub.query.is_empty() {
        true => hub.wanted().into_any(),
        false => view! { <bdi class="query">{hub.query}</bdi> }.into_any(),
    };
    let id = view! { <Copyable text=hub.id name=name_of("attribute", "id")/> };
    view! {
        <dl class="tree">
            {fact("callback", view! { <bdi>{hub.callback}</bdi> }.into_any())}
            {fact("query", query)}
            {fact("subscription.api", view! {
                {name_of("api", resource.api.scope())} " " <bdi>{hub.version}</bdi>
            }.into_any())}
            {fact("id", id.into_any())}
        </dl>
    }
    .into_any()
}

fn fact(name: &str, value: AnyView) -> AnyView {
    view! {
        <div class="plain"><dt>{name_of("attribute", name)}</dt><dd>{value}</dd></div>
    }
    .into_any()
}

/// How long ago something was that is so many seconds old.
fn ago(seconds: u64) -> String {
    relative(&dom::earlier(seconds))
}
