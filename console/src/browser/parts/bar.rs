//! Bars: a picture of numbers that stand beside it as text.

use leptos::prelude::*;

use crate::model::share::Share;

/// A bar that is filled in part. Which way it grows is a matter of style.
pub fn bar(share: Share) -> AnyView {
    view! {
        <svg class="bar" aria-hidden="true" focusable="false" style:--share=share.to_string()>
            <rect class="bar-part"></rect>
        </svg>
    }
    .into_any()
}

/// A bar of parts beside each other, each with its tone.
pub fn stacked(parts: impl IntoIterator<Item = (&'static str, Share)>) -> AnyView {
    let mut from = Share::default();
    let parts = parts.into_iter().map(|(tone, share)| {
        let (class, x) = (format!("fill-{tone}"), from.to_string());
        from = from.and(share);
        view! { <rect class=class x=x width=share.to_string() height="100%"></rect> }.into_any()
    });
    view! {
        <svg class="bar" aria-hidden="true" focusable="false">{parts.collect_view()}</svg>
    }
    .into_any()
}
