//! Who is signed in, and how they come to be.

mod pkce;
mod provider;
mod tokens;

use std::sync::Arc;

use leptos::prelude::*;

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
    /// What the token says, or that nobody is asked.
    pub claims: Memo<Claims>,
    /// Whether there was a token that the server does not accept any more.
    pub is_over: RwSignal<bool>,
}

impl Session {
    pub fn start(config: Config) -> Self {
        let config = Arc::new(config);
        let tokens = RwSignal::new(Tokens::kept());
        let claims = Memo::new({
            let config = config.clone();
            move |_| tokens.with(|tokens| claims(&config, tokens.as_ref()))
        });
        let config = StoredValue::new(config);
        Self { config, tokens, claims, is_over: RwSignal::new(false) }
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

    /// Forgets the token, because the server does not accept it.
    pub fn end(&self) {
        if self.config().asks {
            self.is_over.set(true);
            self.close();
        }
    }

    /// The token to send; a new one where the present one is about to expire and another can be had.
    pub async fn token(&self) -> Option<String> {
        let tokens = self.tokens.get_untracked()?;
        if tokens.is_about_to_expire()
            && let Some(fresh) = provider::refreshed(&self.config(), &tokens).await
        {
            fresh.keep();
            self.tokens.set(Some(fresh.clone()));
            return Some(fresh.access);
        }
        Some(tokens.access)
    }

    /// Whether the server would allow it, as far as it can be known here.
    pub fn may(&self, right: Right, resource: &Resource) -> bool {
        self.claims.with(|claims| claims.may(right, resource))
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
