//! The header, the navigation, and the page between them.

use leptos::prelude::*;

use super::navigation::Navigation;
use super::settings::Settings;
use super::shortcuts::Help;
use crate::browser::dom;
use crate::browser::pages::page;
use crate::browser::parts::Menu;
use crate::browser::router::router;
use crate::browser::session::session;
use crate::browser::words::{t, tv};

#[component]
pub fn Frame() -> AnyView {
    let router = router();
    let is_open = RwSignal::new(false);
    // On narrow screens the navigation covers the page, until something was chosen in it.
    Effect::new(move || {
        router.path.track();
        is_open.set(false);
    });
    let skip = move |event: web_sys::MouseEvent| {
        event.prevent_default();
        dom::focus("content");
    };
    // It stays as it is, whatever it looks at by the way: forms are not to be lost.
    let shown = move || {
        let path = router.path.get();
        untrack(|| page(&path))
    };
    view! {
        <a class="skip" href="#content" on:click=skip>{t("app.skip")}</a>
        <header class="top">
            <button
                type="button"
                class="button only-narrow"
                aria-expanded=move || is_open.get().to_string()
                aria-controls="navigation"
                on:click=move |_| is_open.update(|it| *it = !*it)
            >
                {t("app.menu")}
            </button>
            <a class="brand" href="#/">{t("app.product")}</a>
            <Help/>
            <Me/>
        </header>
        <div class="body">
            <div id="navigation" class="side" class:open=is_open><Navigation/></div>
            <main id="content" tabindex="-1">{shown}</main>
        </div>
    }
    .into_any()
}

/// Who is signed in, how the console looks, and the way out.
#[component]
fn Me() -> AnyView {
    let session = session();
    let name = Signal::derive(move || {
        let claims = session.claims.get();
        let name = claims.subject.filter(|_| claims.scopes.is_some());
        name.unwrap_or_else(|| t("me.everybody"))
    });
    let tenant = move || {
        session.claims.get().tenant.map(|tenant| {
            view! {
                <p class="hint">{tv("me.ofTenant", &[("tenant", &tenant)])}</p>
            }
        })
    };
    let asks = session.config().asks;
    view! {
        <Menu label=name class="at-end me">
            {tenant}
            <p><a href="#/me">{t("me.title")}</a></p>
            <Settings/>
            {asks.then(|| view! {
                <button type="button" class="button" on:click=move |_| session.close()>
                    {t("me.signOut")}
                </button>
            })}
        </Menu>
    }
    .into_any()
}
