//! Before anybody is signed in.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::browser::parts::Heading;
use crate::browser::session::{Tokens, leave, session};
use crate::browser::words::t;
use crate::model::claims::payload;
use crate::model::config::SignIn;

/// Signing in at the provider, or with a token that was brought along.
#[component]
pub fn SignInPage(
    /// What went wrong so far; empty: nothing.
    problem: RwSignal<String>,
) -> AnyView {
    let session = session();
    let over =
        move || session.is_over.get().then(|| view! { <p class="notice">{t("sign.again")}</p> });
    let way = match session.config().sign_in.clone() {
        Some(sign_in) => at_provider(sign_in, problem),
        None => with_token(problem),
    };
    let failed = move || {
        let text = problem.get();
        (!text.is_empty()).then(|| view! { <p class="fault"><bdi>{text}</bdi></p> })
    };
    view! {
        <div class="gate">
            <Heading text=t("sign.title")/>
            {over}
            {way}
            <div role="alert" id="sign-in-problem">{failed}</div>
        </div>
    }
    .into_any()
}

fn at_provider(sign_in: SignIn, problem: RwSignal<String>) -> AnyView {
    let is_leaving = RwSignal::new(false);
    let go = move |_| {
        let sign_in = sign_in.clone();
        is_leaving.set(true);
        spawn_local(async move {
            problem.try_set(leave(&sign_in).await);
            is_leaving.try_set(false);
        });
    };
    view! {
        <p>{t("sign.lead")}</p>
        <button type="button" class="button primary" disabled=is_leaving on:click=go>
            {t("sign.in")}
        </button>
    }
    .into_any()
}

fn with_token(problem: RwSignal<String>) -> AnyView {
    let session = session();
    let token = RwSignal::new(String::new());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let token = token.get_untracked().split_whitespace().collect::<String>();
        if token.is_empty() {
            problem.set(t("sign.tokenMissing"));
        } else if payload(&token).is_none() {
            problem.set(t("sign.tokenBroken"));
        } else {
            problem.set(String::new());
            session.open(Tokens::brought(&token));
        }
    };
    view! {
        <p>{t("sign.tokenLead")}</p>
        <form on:submit=submit>
            <label for="token">{t("sign.token")}</label>
            <textarea
                id="token"
                rows="5"
                autocomplete="off"
                spellcheck="false"
                aria-describedby="sign-in-problem"
                on:input:target=move |event| token.set(event.target().value())
            ></textarea>
            <button type="submit" class="button primary">{t("sign.in")}</button>
        </form>
    }
    .into_any()
}
