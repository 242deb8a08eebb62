//! An address that leads to nothing.

use leptos::prelude::*;

use crate::browser::parts::Heading;
use crate::browser::words::t;

#[component]
pub fn Missing() -> AnyView {
    view! {
        <Heading text=t("missing.title")/>
        <p>{t("missing.lead")}</p>
        <p><a href="#/">{t("missing.home")}</a></p>
    }
    .into_any()
}
