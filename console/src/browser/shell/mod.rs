//! What stands around every page.

mod frame;
mod navigation;
mod settings;
mod shortcuts;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::api::fetch_json;
use super::pages::{self, sign_in::SignInPage};
use super::parts::Turns;
use super::router::Router;
use super::session::{Session, finish};
use super::words::{self, t};
use crate::model::claims::Claims;
use crate::model::config::Config;
use crate::text::Language;
use frame::Frame;
use settings::Settings;

/// The language that is spoken: the page is built anew when another one is chosen.
#[derive(Clone, Copy)]
pub struct Spoken {
    tag: RwSignal<&'static str>,
    /// Of several choices, the last one counts.
    choices: Turns,
    /// Whether the texts of what was chosen last are not to be had.
    pub is_missing: RwSignal<bool>,
}

impl Spoken {
    fn new() -> Self {
        let tag = RwSignal::new(words::language().tag);
        Self { tag, choices: Turns::new(), is_missing: RwSignal::new(false) }
    }

    pub fn choose(self, language: &'static Language) {
        let choice = self.choices.next();
        spawn_local(async move {
            let texts = words::texts_of(language).await;
            if !choice.counts() {
                return;
            }
            self.is_missing.set(texts.is_none());
            if let Some(texts) = texts {
                words::choose(language, texts);
                self.tag.set(language.tag);
            }
        });
    }
}

/// The console.
#[component]
pub fn Console() -> AnyView {
    let router = Router::start();
    provide_context(router);
    let spoken = Spoken::new();
    provide_context(spoken);
    pages::fetch_ahead(&router.path.get_untracked());
    let opened = RwSignal::new(None);
    spawn_local(async move {
        let session = open().await;
        router.look_again();
        opened.set(Some(session));
    });
    let content = move || {
        spoken.tag.track();
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
    let is_kept = move || session.is_open() || session.is_over.get();
    let person = Memo::new(move |_| is_kept().then(|| session.claims.with(Claims::person)));
    // Where a session is over, what was typed waits below the sign-in, unless it is somebody else who signs in.
    let frame = move || {
        person
            .get()
            .map(|_| view! { <div class="frame" hidden=move || !is_open.get()><Frame/></div> })
    };
    let gate =
        move || (!is_open.get()).then(|| view! { <main><SignInPage problem/></main><Settings/> });
    view! { {frame} {gate} }.into_any()
}
