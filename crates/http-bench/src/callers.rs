//! Callers with access tokens, and the tenants that they are for.

use std::time::SystemTime;

use access::testing::{Key, ed25519, set};
use reqwest::Client;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::{Value, json};

const ISSUER: &str = "https://issuer.example";

/// The variable `jwt_issuers`: an issuer with the keys, whose tokens name their tenant.
pub fn issuers(keys: &[&Key]) -> String {
    json!([{ "issuer": ISSUER, "audience": "bench", "keys": set(keys) }]).to_string()
}

/// A token for the tenant that is good for an hour.
pub fn token(key: &Key, tenant: &str, claims: &Value) -> anyhow::Result<String> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    let mut claims = claims.clone();
    for (name, value) in [
        ("iss", json!(ISSUER)),
        ("aud", json!("bench")),
        ("exp", json!(now + 3600)),
        ("sub", json!("somebody")),
        ("tenant", json!(tenant)),
    ] {
        claims[name] = value;
    }
    Ok(key.token(&claims))
}

/// A client that shows the token, if there is one.
pub fn client(token: Option<&String>) -> anyhow::Result<Client> {
    let mut headers = HeaderMap::new();
    if let Some(token) = token {
        headers.insert(AUTHORIZATION, HeaderValue::try_from(format!("Bearer {token}"))?);
    }
    Ok(Client::builder().default_headers(headers).build()?)
}

/// The tenants of an application: one, for which nobody is asked who they are, or several, each of which
/// has an operator with a token.
pub struct Tenants {
    issuers: String,
    tokens: Vec<String>,
}

impl Tenants {
    /// So many.
    pub fn new(count: u32) -> anyhow::Result<Self> {
        if count < 2 {
            return Ok(Self { issuers: String::new(), tokens: Vec::new() });
        }
        let key = ed25519("d");
        let claims = json!({ "scope": "admin" });
        let tokens = (0..count).map(|number| token(&key, &format!("tenant-{number}"), &claims));
        Ok(Self { issuers: issuers(&[&key]), tokens: tokens.collect::<anyhow::Result<_>>()? })
    }

    /// What the application is told of them.
    pub fn variables(&self) -> Vec<(&str, &str)> {
        match self.tokens.is_empty() {
            true => Vec::new(),
            false => vec![("auth", "jwt"), ("tenant", "*"), ("jwt_issuers", &self.issuers[..])],
        }
    }

    /// The tokens of the operators, if they are asked for any.
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// A client for each tenant.
    pub fn clients(&self) -> anyhow::Result<Vec<Client>> {
        match self.tokens.is_empty() {
            true => Ok(vec![client(None)?]),
            false => self.tokens.iter().map(|token| client(Some(token))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tenant_needs_no_token() {
        let tenants = Tenants::new(1).unwrap();
        assert_eq!((tenants.variables(), tenants.tokens().len()), (vec![], 0));
        assert_eq!(tenants.clients().unwrap().len(), 1);
    }

    #[test]
    fn each_of_several_tenants_has_a_token() {
        let tenants = Tenants::new(3).unwrap();
        let names: Vec<_> = tenants.variables().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["auth", "tenant", "jwt_issuers"]);
        let mut tokens = tenants.tokens().to_vec();
        tokens.dedup();
        assert_eq!((tokens.len(), tenants.clients().unwrap().len()), (3, 3));
    }
}
