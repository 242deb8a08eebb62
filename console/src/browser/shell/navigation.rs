//! The ways to all pages.

use leptos::prelude::*;

use crate::browser::router::router;
use crate::browser::session::session;
use crate::browser::words::{name_of, t};
use crate::model::claims::Right;
use crate::model::resource::Resource;

/// The groups of the navigation, and the resources in each.
const GROUPS: [(&str, &[&str]); 4] = [
    ("accounts", &["billingAccount", "partyAccount", "financialAccount", "settlementAccount"]),
    (
        "billing",
        &["customerBill", "appliedCustomerBillingRate", "customerBillOnDemand", "billCycle"],
    ),
    ("events", &["accountHub", "billHub"]),
    ("catalogues", &["billingCycleSpecification", "billFormat", "billPresentationMedia"]),
];

/// Links to what the reader may see.
#[component]
pub fn Navigation() -> AnyView {
    let groups = GROUPS.iter().filter_map(|(group, keys)| {
        let resources = keys.iter().filter_map(|key| Resource::named(key));
        let seen: Vec<_> = resources.filter(|it| session().may(Right::Read, it)).collect();
        (!seen.is_empty()).then(|| {
            let links = seen.into_iter().map(|resource| {
                view! { <li>{link(resource.key, name_of("resource", resource.key))}</li> }
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
        </nav>
    }
    .into_any()
}

fn link(key: &'static str, name: String) -> AnyView {
    let path = router().path;
    let current = move || {
        path.with(|path| match path.first().map_or("", String::as_str) == key {
            true if path.len() > 1 => Some("true"),
            true => Some("page"),
            false => None,
        })
    };
    view! { <a href=format!("#/{key}") aria-current=current>{name}</a> }.into_any()
}
