//! The list of bills: with tabs for what people look for, and fields for the period.

use leptos::prelude::*;
use web_sys::SubmitEvent;

use super::list::List;
use crate::browser::dom;
use crate::browser::router::router;
use crate::browser::words::t;
use crate::model::bill_view::{VIEWS, from, period, until, view_of};
use crate::model::calendar::Day;
use crate::model::resource::Resource;

#[component]
pub fn Bills(resource: &'static Resource) -> AnyView {
    view! { <List resource><Tabs/><Period/></List> }.into_any()
}

/// A link for each view; what else the list is narrowed by stays.
#[component]
fn Tabs() -> AnyView {
    let router = router();
    let Some(today) = Day::of(&dom::now()) else { return ().into_any() };
    let tabs = VIEWS.iter().map(|view| {
        let address = move || {
            let query = router.query.get().without("offset");
            router.asking(view.asked(query, today))
        };
        let current = move || (view_of(&router.query.get()) == Some(view)).then_some("page");
        view! { <li><a href=address aria-current=current>{t(view.text)}</a></li> }
    });
    view! {
        <nav class="tabs" aria-label=t("bills.views")><ul>{tabs.collect_view()}</ul></nav>
    }
    .into_any()
}

/// From which day to which the bills are.
#[component]
fn Period() -> AnyView {
    let router = router();
    let (first, last) =
        (NodeRef::<leptos::html::Input>::new(), NodeRef::<leptos::html::Input>::new());
    let show = move |event: SubmitEvent| {
        event.prevent_default();
        let value = |field: NodeRef<leptos::html::Input>| {
            field.get_untracked().map(|field| field.value()).unwrap_or_default()
        };
        let query = router.query.get_untracked().without("offset");
        router.ask(period(query, &value(first), &value(last)));
    };
    view! {
        <form class="options" on:submit=show>
            <label>
                {t("bills.from")}
                <input type="date" node_ref=first prop:value=move || from(&router.query.get()).to_owned()/>
            </label>
            <label>
                {t("bills.until")}
                <input type="date" node_ref=last prop:value=move || until(&router.query.get()).to_owned()/>
            </label>
            <button type="submit" class="button">{t("list.apply")}</button>
        </form>
    }
    .into_any()
}
