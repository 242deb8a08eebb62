//! Why there is nothing to show, and what to do.

use leptos::prelude::*;

use crate::browser::dom;
use crate::browser::words::{t, tv};
use crate::model::failure::Failure;

/// A failure of a change; where another one was faster, with a way to look at the newer state.
pub fn change_notice(failure: Failure, again: Callback<()>) -> AnyView {
    match failure.status() {
        Some(412) => view! { <FailureNotice failure retry=again/> }.into_any(),
        _ => view! { <FailureNotice failure/> }.into_any(),
    }
}

/// A failure, in words that say what to do; what the server says of it stands below.
#[component]
pub fn FailureNotice(
    failure: Failure,
    /// What to do for another try, where that can help.
    #[prop(optional, into)]
    retry: Option<Callback<()>>,
) -> AnyView {
    let (reason, message, request) = match &failure {
        Failure::Refused(it) => (it.reason.clone(), it.message.clone(), it.request.clone()),
        Failure::Network | Failure::Unreadable | Failure::Code => Default::default(),
    };
    let words = [reason, message].into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>();
    let details = (!words.is_empty()).then(|| {
        view! {
            <p class="notice-details">
                <strong>{t("error.details")}</strong>
                {words.into_iter().map(|it| view! { <span><bdi>{it}</bdi></span> }).collect_view()}
            </p>
        }
    });
    // Where another version is served by now, asking again does not help: the page has to be that version's.
    let reload = (failure == Failure::Code).then(|| {
        view! {
            <button type="button" class="button" on:click=|_| dom::reload()>{t("error.reload")}</button>
        }
    });
    let button = retry.map(|retry| {
        view! {
            <button type="button" class="button" on:click=move |_| retry.run(())>
                {t("error.retry")}
            </button>
        }
    });
    view! {
        <div class="notice notice-bad" role="alert">
            <p class="notice-title">{t("error.title")}</p>
            <p>{tv(failure.advice(), &[("id", &request)])}</p>
            {details}
            {button}
            {reload}
        </div>
    }
    .into_any()
}
