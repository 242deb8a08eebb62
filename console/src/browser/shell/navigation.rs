//! The ways to all pages.

use leptos::prelude::*;

use crate::browser::router::router;
use crate::browser::session::session;
use crate::browser::words::{name_of, t};
use crate::model::claims::Right;
use crate::model::resource::Resource;

/// The groups of the navigation, and the pages in each: those of resources, but for the
/// subscriptions to both APIs, which are on one.
const GROUPS: [(&str, &[&str]); 4] = [
    ("accounts", &["billingAccount", "partyAccount", "financialAccount", "settlementAccount"]),
    (
        "billing",
        &["customerBill", "appliedCustomerBillingRate", "customerBillOnDemand", "billCycle"],
    ),
    ("events", &[SUBSCRIPTIONS]),
    ("catalogues", &["billingCycleSpecification", "billFormat", "billPresentationMedia"]),
];

const SUBSCRIPTIONS: &str = "subscriptions";

/// The resources that a page is about.
fn resources(page: &'static str) -> Vec<&'static Resource> {
    let keys = if page == SUBSCRIPTIONS { vec!["accountHub", "billHub"] } else { vec![page] };
    keys.into_iter().filter_map(Resource::named).collect()
}

/// Links to what the reader may see.
#[component]
pub fn Navigation() -> AnyView {
    let session = session();
    let is_seen = |page: &&'static str| {
        resources(page).iter().any(|resource| session.may(Right::Read, resource))
    };
    let groups = GROUPS.iter().filter_map(|(group, pages)| {
        let seen: Vec<_> = pages.iter().copied().filter(is_seen).collect();
        (!seen.is_empty()).then(|| {
            let links = seen.into_iter().map(|page| {
                view! { <li>{link(page, name_of("resource", page))}</li> }
            });
            let id = format!("navigation-{group}");
            view! {
                <h2 id=id.clone()>{name_of("nav", group)}</h2>
                <ul aria-labelledby=id>{links.collect_view()}</ul>
            }
        })
    });
    view! {
        <nav aria-label=t("app.navigation")>
            <ul><li>{link("", t("nav.home"))}</li></ul>
            {groups.collect_view()}
            <h2 id="navigation-api">{t("nav.developers")}</h2>
            <ul aria-labelledby="navigation-api"><li><a href="../docs/">{t("nav.api")}</a></li></ul>
        </nav>
    }
    .into_any()
}

fn link(page: &'static str, name: String) -> AnyView {
    let path = router().path;
    let is_within =
        move |step: &str| step == page || resources(page).iter().any(|it| it.key == step);
    let current = move || {
        path.with(|path| match is_within(path.first().map_or("", String::as_str)) {
            true if path.len() > 1 => Some("true"),
            true => Some("page"),
            false => None,
        })
    };
    view! { <a href=format!("#/{page}") aria-current=current>{name}</a> }.into_any()
}
