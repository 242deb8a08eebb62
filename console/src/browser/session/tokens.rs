//! The tokens of a session, which end with the tab.

use js_sys::Date;
use serde_json::{Value, json};

use super::super::dom;
use crate::model::claims::payload;

const KEPT_AS: &str = "console.tokens";

/// Requests that are under way when a token expires should still find it valid.
const MARGIN_SECONDS: f64 = 30.0;

#[derive(Clone, Debug, PartialEq)]
pub struct Tokens {
    pub access: String,
    pub refresh: Option<String>,
}

impl Tokens {
    /// A token that was brought along.
    pub fn brought(access: &str) -> Self {
        Self { access: access.to_owned(), refresh: None }
    }

    /// What a provider's answer has.
    pub fn of(answer: &Value) -> Option<Self> {
        let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Self { access: text("access_token")?, refresh: text("refresh_token") })
    }

    pub fn kept() -> Option<Self> {
        let text = dom::read(dom::of_tab(), KEPT_AS)?;
        Self::of(&serde_json::from_str(&text).ok()?)
    }

    pub fn keep(&self) {
        let text = json!({"access_token": self.access, "refresh_token": self.refresh});
        dom::write(dom::of_tab(), KEPT_AS, Some(&text.to_string()));
    }

    pub fn forget() {
        dom::write(dom::of_tab(), KEPT_AS, None);
    }

    pub fn is_about_to_expire(&self) -> bool {
        let expires = payload(&self.access).and_then(|claims| claims.get("exp")?.as_f64());
        expires.is_some_and(|expires| expires - MARGIN_SECONDS < Date::now() / 1000.0)
    }
}
