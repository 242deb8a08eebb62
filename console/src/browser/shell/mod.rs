//! What stands around every page.

mod frame;
mod navigation;
mod settings;
mod shortcuts;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::api::fetch_json;
use super::pages::{self, sign_in::SignInPage};
use super::router::Router;
use super::session::{Session, finish};
use super::words::{self, t};
use crate::model::config::Config;
use crate::text::Language;
use frame::Frame;
use settings::Settings;

/// The languages' signal: the page is built anew when another one is chosen.
#[derive(Clone, Copy)]
pub struct Spoken(RwSignal<&'static str>);

impl Spoken {
    pub fn choose(self, language: &'static Language) {
        spawn_local(async move {
            words::choose(language).await;
            self.0.set(words::language().tag);
        });
    }
}

/// The console.
#[component]
pub fn Console() -> AnyView {
    let router = Router::start();
    provide_context(router);
    let spoken = Spoken(RwSignal::new(words::language().tag));
    provide_context(spoken);
    pages::fetch_ahead(&router.path.get_untracked());
    let opened = RwSignal::new(None);
    spawn_local(async move {
        let session = open().await;
        router.look_again();
        opened.set(Some(session));
    });
    let content = move || {
        spoken.0.track();
        match opened.get() {
            None => view! { <p class="loading" role="status">{t("list.loading")}</p> }.into_any(),
            Some(None) => view! {
                <main class="gate">
                    <p class="notice notice-bad" role="alert">{t("error.config")}</p>
                </main>
            }
            .into_any(),
            Some(Some((session, problem))) => {
                provide_context::<Session>(session);
                view! { <Opened session problem/> }.into_any()
            }
        }
    };
    view! { {content} }.into_any()
}

/// Reads the configuration, and takes up a sign-in that the reader comes back from. What went wrong
/// with that is told where they can try again.
async fn open() -> Option<(Session, RwSignal<String>)> {
    let config = Config::of(&fetch_json("config.json").await?);
    let sign_in = config.sign_in.clone();
    let session = Session::start(config);
    let problem = RwSignal::new(String::new());
    if let Some(sign_in) = sign_in {
        match finish(&sign_in).await {
            Some(Ok(tokens)) => session.open(tokens),
            Some(Err(reason)) => problem.set(reason),
            None => {}
        }
    }
    Some((session, problem))
}

#[component]
fn Opened(session: Session, problem: RwSignal<String>) -> AnyView {
    let is_open = Memo::new(move |_| session.is_open());
    let content = move || match is_open.get() {
        true => view! { <Frame/> }.into_any(),
        false => view! { <main id="content"><SignInPage problem/></main><Settings/> }.into_any(),
    };
    view! { {content} }.into_any()
}
