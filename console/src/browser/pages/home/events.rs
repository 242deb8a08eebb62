//! Events that wait to be delivered.

use leptos::prelude::*;

use super::AT_ONCE;
use crate::browser::api::{Client, client};
use crate::browser::parts::{Loaded, load};
use crate::browser::words::{number, t};
use crate::model::delivery::{Delivery, Overall};
use crate::model::failure::Failure;
use crate::model::resource::Resource;
use crate::model::side_by_side::few_at_once;

/// A tenant has no more subscriptions to one API.
const ALL: usize = 1_000;

#[component]
pub fn Waiting(hubs: Vec<&'static Resource>) -> AnyView {
    let client = client();
    let overall = load(move || read(client, hubs.clone()));
    view! {
        <section class="card" aria-labelledby="home-events">
            <h2 id="home-events">{t("home.events")}</h2>
            <Loaded load=overall view=shown/>
        </section>
    }
    .into_any()
}

async fn read(client: Client, hubs: Vec<&'static Resource>) -> Result<Overall, Failure> {
    let wholes = hubs.iter().map(|hub| client.whole(hub, "fields=delivery", ALL));
    let pages = few_at_once(wholes, AT_ONCE).await;
    let pages = pages.into_iter().collect::<Result<Vec<_>, _>>()?;
    let hubs = pages.iter().flat_map(|page| &page.documents);
    Ok(Overall::of(&hubs.map(Delivery::of).collect::<Vec<_>>()))
}

fn shown(overall: Overall) -> AnyView {
    if overall.subscriptions == 0 {
        return view! {
            <p class="hint">{t("home.eventsNobody")}</p>
            <p><a href="#/subscriptions">{t("home.toSubscriptions")}</a></p>
        }
        .into_any();
    }
    let figures = [
        (t("home.waiting"), overall.pending),
        (t("home.parked"), overall.parked),
        (t("home.inTrouble"), overall.in_trouble as u64),
        (t("home.subscriptions"), overall.subscriptions as u64),
    ];
    let figures = figures.into_iter().map(|(name, count)| {
        view! {
            <li>
                <a class="figure-link" href="#/subscriptions">
                    <span class="figure">{number(&count.to_string())}</span>
                    <span class="hint">{name}</span>
                </a>
            </li>
        }
    });
    view! { <ul class="figures">{figures.collect_view()}</ul> }.into_any()
}
