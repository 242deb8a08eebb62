//! Who is signed in, and how they come to be.

mod pkce;
mod provider;
mod tokens;

use std::sync::Arc;

use js_sys::Promise;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

pub use pkce::fresh_key;
pub use provider::{finish, leave};
pub use tokens::Tokens;

use crate::model::claims::{Claims, Right, payload};
use crate::model::config::Config;
use crate::model::resource::Resource;

/// The session of the tab.
#[derive(Clone, Copy)]
pub struct Session {
    config: StoredValue<Arc<Config>>,
    tokens: RwSignal<Option<Tokens>>,
    /// What all requests wait for while other tokens are fetched: a provider gives them once.
    refreshing: StoredValue<Option<Promise>, LocalStorage>,
    /// What the token says, or said before the session was over; or that nobody is asked.
    pub claims: Memo<Claims>,
    /// Whether there was a token that the server does not accept any more.
    pub is_over: RwSignal<bool>,
}

impl Session {
    pub fn start(config: Config) -> Self {
        let config = Arc::new(config);
        let tokens = RwSignal::new(Tokens::kept());
        let is_over = RwSignal::new(false);
        let claims = Memo::new({
            let config = config.clone();
            move |before: Option<&Claims>| match before.filter(|_| is_over.get()) {
                Some(before) => before.clone(),
                None => tokens.with(|tokens| claims(&config, tokens.as_ref())),
            }
        });
        let config = StoredValue::new(config);
        let refreshing = StoredValue::new_local(None);
        Self { config, tokens, refreshing, claims, is_over }
    }

    pub fn config(&self) -> Arc<Config> {
        self.config.get_value()
    }

    /// Whether requests can be sent: nobody is asked, or there is a token.
    pub fn is_open(&self) -> bool {
        !self.config().asks || self.tokens.with(Option::is_some)
    }

    pub fn open(&self, tokens: Tokens) {
        tokens.keep();
        self.tokens.set(Some(tokens));
        self.is_over.set(false);
    }

    /// Forgets the token.
    pub fn close(&self) {
        Tokens::forget();
        self.tokens.set(None);
    }

    /// Forgets the token that was sent, because the server does not accept it. Another one, that
    /// came in the meantime, stays.
    pub fn end(&self, sent: Option<&str>) {
        let has_sent = |tokens: &Option<Tokens>| tokens.as_ref().map(|it| &*it.access) == sent;
        if self.config().asks && self.tokens.with_untracked(has_sent) {
            self.is_over.set(true);
            self.close();
        }
    }

    /// The token to send; a new one where the present one is about to expire and another can be had.
    pub async fn token(&self) -> Option<String> {
        let tokens = self.tokens.get_untracked()?;
        if tokens.is_about_to_expire() && tokens.refresh.is_some() {
            let promise = self.refreshing.get_value().unwrap_or_else(|| self.refresh(tokens));
            // It tells nothing: what came of it is in the tokens.
            let _ = JsFuture::from(promise).await;
        }
        self.tokens.with_untracked(|tokens| Some(tokens.as_ref()?.access.clone()))
    }

    fn refresh(self, old: Tokens) -> Promise {
        let promise = future_to_promise(async move {
            let fresh = provider::refreshed(&self.config(), &old).await;
            // Somebody may have signed out meanwhile, or in again.
            let is_current = self.tokens.with_untracked(|tokens| tokens.as_ref() == Some(&old));
            if let Some(fresh) = fresh.filter(|_| is_current) {
                fresh.keep();
                self.tokens.set(Some(fresh));
            }
            self.refreshing.set_value(None);
            Ok(JsValue::UNDEFINED)
        });
        self.refreshing.set_value(Some(promise.clone()));
        promise
    }

    /// Whether the server would allow it, as far as it can be known here.
    pub fn may(&self, right: Right, resource: &Resource) -> bool {
        self.claims.with(|claims| claims.may(right, resource))
    }

    /// Whether nothing of the tenant is hidden from the reader, who then acts for no party.
    pub fn sees_all(&self) -> bool {
        self.claims.with(|claims| claims.parties.is_empty())
    }

    /// Those of some resources, by their keys, that the server would allow it to.
    pub fn allowed(&self, right: Right, keys: &[&str]) -> Vec<&'static Resource> {
        let resources = keys.iter().filter_map(|key| Resource::named(key));
        resources.filter(|resource| self.may(right, resource)).collect()
    }
}

/// The session of the page.
pub fn session() -> Session {
    expect_context()
}

fn claims(config: &Config, tokens: Option<&Tokens>) -> Claims {
    let of_token = |tokens: &Tokens| Claims::of(&payload(&tokens.access)?, &config.claims).into();
    let mut claims: Claims = match config.asks {
        true => tokens.and_then(of_token).unwrap_or_default(),
        false => Claims::default(),
    };
    claims.tenant = claims.tenant.or_else(|| config.tenant.clone());
    claims
}
