//! Accounts by state.

use leptos::prelude::*;

use super::{AT_ONCE, counted};
use crate::browser::api::{Client, client};
use crate::browser::parts::{Loaded, badge, load, stacked, tone};
use crate::browser::words::{name_of, t};
use crate::model::failure::Failure;
use crate::model::query::Query;
use crate::model::resource::{ACCOUNT_STATES, Resource};
use crate::model::route::Route;
use crate::model::share::Share;
use crate::model::side_by_side::few_at_once;

/// The accounts of a kind.
#[derive(Clone)]
struct Counts {
    total: usize,
    /// In the order of [`ACCOUNT_STATES`].
    of_states: Vec<usize>,
}

#[component]
pub fn Accounts(kinds: Vec<&'static Resource>) -> AnyView {
    let kinds = kinds.into_iter().map(|resource| view! { <Kind resource/> }).collect_view();
    view! {
        <section class="card" aria-labelledby="home-accounts">
            <h2 id="home-accounts">{t("home.accounts")}</h2>
            {kinds}
        </section>
    }
    .into_any()
}

/// One kind of account; that one cannot be counted does not hide the others.
#[component]
fn Kind(resource: &'static Resource) -> AnyView {
    let client = client();
    let counts = load(move || count(client, resource));
    view! {
        <h3>{name_of("resource", resource.key)}</h3>
        <Loaded load=counts view=move |counts| shown(resource, &counts)/>
    }
    .into_any()
}

async fn count(client: Client, resource: &'static Resource) -> Result<Counts, Failure> {
    let of_states = ACCOUNT_STATES.iter().map(|state| format!("state={state}"));
    let questions = std::iter::once(String::new()).chain(of_states);
    let counts = questions.map(|query| async move { client.count(resource, &query).await });
    let counts = few_at_once(counts, AT_ONCE).await;
    let mut counts = counts.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter();
    Ok(Counts { total: counts.next().unwrap_or_default(), of_states: counts.collect() })
}

fn shown(resource: &'static Resource, counts: &Counts) -> AnyView {
    if counts.total == 0 {
        return view! { <p class="hint">{t("home.none")}</p> }.into_any();
    }
    let list = |name: &str, value: &str| {
        Route::to([resource.key]).asking(Query::default().with(name, value)).to_string()
    };
    let states: Vec<_> = ACCOUNT_STATES.iter().zip(&counts.of_states).collect();
    let known: usize = counts.of_states.iter().sum();
    let others = counts.total.saturating_sub(known);
    let share = |count| Share::of(count, counts.total);
    let mut parts: Vec<_> =
        states.iter().map(|(state, count)| (tone(state), share(**count))).collect();
    parts.push(("quiet", share(others)));
    let states = states.iter().filter(|(_, count)| **count > 0).map(|(state, count)| {
        view! { <li>{badge(state)} {counted(list("state", state), **count)}</li> }.into_any()
    });
    let others = (others > 0).then(|| {
        let address = list("state.ne", &ACCOUNT_STATES.join(","));
        view! { <li>{t("home.otherStates")} {counted(address, others)}</li> }
    });
    view! {
        {stacked(parts)}
        <ul class="legend">
            {states.collect_view()}
            {others}
            <li class="legend-total">
                {t("home.all")}
                {counted(Route::to([resource.key]).to_string(), counts.total)}
            </li>
        </ul>
    }
    .into_any()
}
