//! Values of documents, as readers see them.

use leptos::prelude::*;

use crate::browser::words::{date, instant, money, name_of, number, t, tv};
use crate::model::document::Shown;

/// How many of several values a cell names.
const NAMED: usize = 2;

/// A value of a document.
pub fn shown(value: Shown) -> AnyView {
    match value {
        Shown::Nothing => nothing(),
        Shown::Text(text) => view! { <bdi class="text">{text}</bdi> }.into_any(),
        Shown::State(state) => badge(&state),
        Shown::Truth(true) => t("value.yes").into_any(),
        Shown::Truth(false) => t("value.no").into_any(),
        Shown::Number(digits) => view! { <span class="number">{number(&digits)}</span> }.into_any(),
        Shown::Money { amount, currency } => {
            view! { <span class="number">{money(&amount, &currency)}</span> }.into_any()
        }
        Shown::Instant(time) => {
            view! { <time datetime=time.clone()>{instant(&time)}</time> }.into_any()
        }
        Shown::Period(start, end) => period(start, end).into_any(),
        Shown::Several(values) => several(values),
    }
}

/// A state, as a badge with its name.
pub fn badge(state: &str) -> AnyView {
    let class = format!("badge badge-{}", tone(state));
    view! { <span class=class><bdi>{name_of("state", state)}</bdi></span> }.into_any()
}

/// Whether a state is good, bad, on its way, or over. Its name says it too.
pub fn tone(state: &str) -> &'static str {
    match state {
        "Active" | "active" | "settled" | "done" | "validated" => "good",
        "Suspended" | "onHold" | "retrying" | "partiallyPaid" => "warn",
        "rejected" | "terminatedWithError" | "ended" => "bad",
        "sent" | "new" | "inProgress" | "Pending_Update" | "Pending_Closed" => "busy",
        _ => "quiet",
    }
}

fn nothing() -> AnyView {
    view! {
        <span class="nothing" aria-hidden="true">"–"</span>
        <span class="unseen">{t("value.nothing")}</span>
    }
    .into_any()
}

fn period(start: Option<String>, end: Option<String>) -> String {
    match (start.as_deref().map(date), end.as_deref().map(date)) {
        (Some(start), Some(end)) => tv("value.period", &[("start", &start), ("end", &end)]),
        (Some(start), None) => tv("value.from", &[("start", &start)]),
        (None, Some(end)) => tv("value.until", &[("end", &end)]),
        (None, None) => String::new(),
    }
}

fn several(values: Vec<Shown>) -> AnyView {
    let more = values.len().saturating_sub(NAMED);
    let first = values.into_iter().take(NAMED);
    let first = first.map(|value| view! { <li>{shown(value)}</li> }).collect_view();
    let more = (more > 0).then(|| view! { <li class="quiet">{format!("+{more}")}</li> });
    view! { <ul class="several">{first}{more}</ul> }.into_any()
}
