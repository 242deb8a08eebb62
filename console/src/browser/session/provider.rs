//! Signing in at an OpenID provider: authorization code with PKCE, without a secret of the console's.

use serde_json::{Value, json};

use super::super::api::{exchange, fetch_json};
use super::super::dom;
use super::super::words::{t, tv};
use super::{Tokens, pkce};
use crate::model::config::{Config, SignIn};
use crate::model::query::Query;

/// What the console remembers while its reader is with the provider.
const KEPT_AS: &str = "console.sign-in";

/// Goes to the provider. It comes back only to say why it could not.
pub async fn leave(sign_in: &SignIn) -> String {
    match departure(sign_in).await {
        Ok(address) => {
            if let Some(window) = dom::window() {
                let _ = window.location().assign(&address);
            }
            String::new()
        }
        Err(reason) => tv("sign.failed", &[("reason", &reason)]),
    }
}

async fn departure(sign_in: &SignIn) -> Result<String, String> {
    let (Some(verifier), Some(state)) = (pkce::secret(), pkce::secret()) else {
        return Err(t("sign.insecure"));
    };
    let challenge = pkce::challenge(&verifier).await.ok_or_else(|| t("sign.insecure"))?;
    let endpoint = endpoint(&sign_in.issuer, "authorization_endpoint").await?;
    let page = dom::page_address().unwrap_or_default();
    let fragment = dom::window().and_then(|window| window.location().hash().ok());
    let kept = json!({"state": state, "verifier": verifier, "fragment": fragment});
    dom::write(dom::of_tab(), KEPT_AS, Some(&kept.to_string()));
    let query: Query = [
        ("response_type", "code"),
        ("client_id", &sign_in.client_id),
        ("redirect_uri", &page),
        ("scope", &sign_in.scope),
        ("state", &state),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]
    .into_iter()
    .collect();
    let separator = if endpoint.contains('?') { '&' } else { '?' };
    Ok(format!("{endpoint}{separator}{query}"))
}

/// Redeems what the provider has sent the reader back with: nothing, if they do not come from there.
pub async fn finish(sign_in: &SignIn) -> Option<Result<Tokens, String>> {
    let search = dom::window()?.location().search().ok()?;
    let answer = Query::parse(search.strip_prefix('?')?);
    answer.get("state")?;
    let kept = dom::read(dom::of_tab(), KEPT_AS).and_then(|kept| serde_json::from_str(&kept).ok());
    dom::write(dom::of_tab(), KEPT_AS, None);
    let kept: Value = kept.unwrap_or_default();
    let text = |name: &str| kept.get(name).and_then(Value::as_str).unwrap_or_default();
    return_to(text("fragment"));
    let result = redeem(sign_in, &answer, text("state"), text("verifier")).await;
    Some(result.map_err(|reason| tv("sign.failed", &[("reason", &reason)])))
}

/// Takes the provider's answer out of the address, which may be copied.
fn return_to(fragment: &str) {
    let page = dom::page_address().unwrap_or_default() + fragment;
    let history = dom::window().and_then(|window| window.history().ok());
    if let Some(history) = history {
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&page));
    }
}

async fn redeem(
    sign_in: &SignIn,
    answer: &Query,
    state: &str,
    verifier: &str,
) -> Result<Tokens, String> {
    if state.is_empty() || answer.get("state") != Some(state) {
        return Err(t("sign.stale"));
    }
    if let Some(error) = answer.get("error_description").or(answer.get("error")) {
        return Err(error.to_owned());
    }
    let page = dom::page_address().unwrap_or_default();
    let form: Query = [
        ("grant_type", "authorization_code"),
        ("client_id", &sign_in.client_id),
        ("redirect_uri", &page),
        ("code", answer.get("code").unwrap_or_default()),
        ("code_verifier", verifier),
    ]
    .into_iter()
    .collect();
    tokens(&sign_in.issuer, &form).await
}

/// Other tokens for those that are about to expire, if the provider gives some.
pub async fn refreshed(config: &Config, old: &Tokens) -> Option<Tokens> {
    let sign_in = config.sign_in.as_ref()?;
    let refresh = old.refresh.as_deref()?;
    let form: Query = [
        ("grant_type", "refresh_token"),
        ("client_id", &sign_in.client_id),
        ("refresh_token", refresh),
    ]
    .into_iter()
    .collect();
    let mut fresh = tokens(&sign_in.issuer, &form).await.ok()?;
    fresh.refresh = fresh.refresh.or_else(|| old.refresh.clone());
    Some(fresh)
}

async fn tokens(issuer: &str, form: &Query) -> Result<Tokens, String> {
    let endpoint = endpoint(issuer, "token_endpoint").await?;
    let answer = exchange(&endpoint, &form.to_string()).await.ok_or_else(|| t("error.network"))?;
    let error = ["error_description", "error"].iter().find_map(|name| answer.get(name)?.as_str());
    let error = error.map_or_else(|| t("sign.unreadable"), str::to_owned);
    Tokens::of(&answer).ok_or(error)
}

/// An address that the provider's discovery document names (OpenID Connect Discovery 1.0).
async fn endpoint(issuer: &str, name: &str) -> Result<String, String> {
    let issuer = issuer.trim_end_matches('/');
    let document = fetch_json(&format!("{issuer}/.well-known/openid-configuration")).await;
    let document = document.ok_or_else(|| t("error.network"))?;
    let named = document.get("issuer").and_then(Value::as_str).unwrap_or_default();
    if named.trim_end_matches('/') != issuer {
        return Err(tv("sign.otherIssuer", &[("expected", issuer), ("named", named)]));
    }
    let endpoint = document.get(name).and_then(Value::as_str);
    endpoint.map(str::to_owned).ok_or_else(|| t("sign.unreadable"))
}
