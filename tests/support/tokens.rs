//! Issuers of access tokens.

use std::time::{Duration, SystemTime};

pub use access::testing::{Key, base64url, ed25519, p256, rsa, set, shared};
use serde_json::{Value, json};

/// What tokens are meant for.
pub const AUDIENCE: &str = "account-management";

/// What somebody may do who may read and write, and nothing more.
pub const READ_WRITE: &str = "tmf666:read tmf666:write";

/// Somebody who issues tokens.
pub struct Issuer {
    pub name: String,
    pub key: Key,
}

impl Default for Issuer {
    fn default() -> Self {
        Self::new("https://id.example", p256("1"))
    }
}

impl Issuer {
    pub fn new(name: &str, key: Key) -> Self {
        Self { name: name.to_owned(), key }
    }

    /// What a good token claims: nothing of a tenant, of parties or of scopes.
    pub fn claims(&self) -> Value {
        json!({
            "iss": self.name, "aud": AUDIENCE, "sub": "somebody", "azp": "a program",
            "iat": seconds_from_now(0), "exp": seconds_from_now(600)
        })
    }

    /// The same with other values; null takes one away.
    pub fn claims_with(&self, others: &Value) -> Value {
        let mut claims = self.claims();
        let members = claims.as_object_mut().unwrap();
        members.extend(others.as_object().unwrap().clone());
        members.retain(|_, value| !value.is_null());
        claims
    }

    /// A token for whoever acts for the parties, or for the tenant as a whole if there are none.
    pub fn token(&self, tenant: &str, parties: &[&str], scopes: &str) -> String {
        let parties = if parties.is_empty() { Value::Null } else { json!(parties) };
        let own = json!({ "tenant": tenant, "party_id": parties, "scope": scopes });
        self.key.token(&self.claims_with(&own))
    }

    /// How a deployment trusts it that is told its keys.
    pub fn trusted(&self) -> Value {
        json!({ "issuer": self.name, "audience": AUDIENCE, "keys": set(&[&self.key]) })
    }

    /// How a deployment trusts it that fetches its keys.
    pub fn trusted_at(&self, jwks_url: &str) -> Value {
        json!({ "issuer": self.name, "audience": AUDIENCE, "jwks_url": jwks_url })
    }
}

/// The key under another name, with which it is taken for the one that has the name.
pub fn called(kid: &'static str, mut key: Key) -> Key {
    key.kid = kid;
    key.public["kid"] = kid.into();
    key
}

/// A token of the key whose header has other members too, whatever they say.
pub fn token_with(key: &Key, members: &Value, claims: &Value) -> String {
    let mut header = key.header();
    header.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    key.sign(&header.to_string(), &claims.to_string())
}

/// The variables of a deployment that trusts the issuers.
pub fn trusting(issuers: &[Value]) -> String {
    json!(issuers).to_string()
}

/// A time, in seconds since 1970.
pub fn seconds_from_now(seconds: i64) -> i64 {
    let now = SystemTime::UNIX_EPOCH.elapsed().as_ref().map_or(0, Duration::as_secs);
    i64::try_from(now).unwrap() + seconds
}
