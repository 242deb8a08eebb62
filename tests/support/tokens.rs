//! Issuers of access tokens, with keys that are made anew for each test.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use p256::elliptic_curve::rand_core::{OsRng, RngCore};
use p256::elliptic_curve::sec1::ToEncodedPoint;
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};

/// What tokens are meant for.
pub const AUDIENCE: &str = "account-management";

/// What somebody may do who may read and write, and nothing more.
pub const READ_WRITE: &str = "tmf666:read tmf666:write";

/// A key that signs tokens.
pub struct Key {
    pub kid: String,
    pub algorithm: Algorithm,
    secret: EncodingKey,
    /// What checks its signatures, as a JWK.
    pub public: Value,
}

/// Somebody who issues tokens.
pub struct Issuer {
    pub name: String,
    pub key: Key,
}

impl Default for Issuer {
    fn default() -> Self {
        Self::new("https://id.example", Key::es256("1"))
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
        json!({ "issuer": self.name, "audience": AUDIENCE, "keys": key_set(&[&self.key]) })
    }

    /// How a deployment trusts it that fetches its keys.
    pub fn trusted_at(&self, jwks_url: &str) -> Value {
        json!({ "issuer": self.name, "audience": AUDIENCE, "jwks_url": jwks_url })
    }
}

impl Key {
    /// A key of ECDSA on P-256.
    pub fn es256(kid: &str) -> Self {
        let key = p256::SecretKey::random(&mut OsRng);
        let point = key.public_key().to_encoded_point(false);
        let (x, y) = (base64url(point.x().unwrap()), base64url(point.y().unwrap()));
        let secret = EncodingKey::from_ec_der(key.to_pkcs8_der().unwrap().as_bytes());
        let public = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y });
        Self::new(kid, Algorithm::ES256, secret, public)
    }

    /// A key of RSA.
    pub fn rs256(kid: &str) -> Self {
        let key = RsaPrivateKey::new(&mut OsRng, 2048).unwrap();
        let (n, e) = (base64url(key.n().to_bytes_be()), base64url(key.e().to_bytes_be()));
        let secret = EncodingKey::from_rsa_der(key.to_pkcs1_der().unwrap().as_bytes());
        Self::new(kid, Algorithm::RS256, secret, json!({ "kty": "RSA", "n": n, "e": e }))
    }

    /// A key of EdDSA on Curve25519.
    pub fn ed_dsa(kid: &str) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(&random());
        let x = base64url(key.verifying_key().as_bytes());
        let secret = EncodingKey::from_ed_der(key.to_pkcs8_der().unwrap().as_bytes());
        let public = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
        Self::new(kid, Algorithm::EdDSA, secret, public)
    }

    /// A secret that is shared with the issuer.
    pub fn hs256(kid: &str) -> Self {
        Self::of_secret(kid, &random())
    }

    /// One that is known.
    pub fn of_secret(kid: &str, secret: &[u8]) -> Self {
        let public = json!({ "kty": "oct", "k": base64url(secret) });
        Self::new(kid, Algorithm::HS256, EncodingKey::from_secret(secret), public)
    }

    fn new(kid: &str, algorithm: Algorithm, secret: EncodingKey, mut public: Value) -> Self {
        public["kid"] = kid.into();
        Self { kid: kid.to_owned(), algorithm, secret, public }
    }

    /// The header of its tokens.
    pub fn header(&self) -> Value {
        json!({ "alg": self.algorithm, "kid": self.kid, "typ": "at+jwt" })
    }

    /// A token with the claims.
    pub fn token(&self, claims: &Value) -> String {
        self.token_with(&self.header(), claims)
    }

    /// A token with the header and the claims, whatever they say.
    pub fn token_with(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| base64url(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = crypto::sign(signed.as_bytes(), &self.secret, self.algorithm).unwrap();
        format!("{signed}.{signature}")
    }
}

/// The JWK Set of the keys.
pub fn key_set(keys: &[&Key]) -> Value {
    json!({ "keys": keys.iter().map(|key| &key.public).collect::<Vec<_>>() })
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

/// The text of bytes that parts of tokens have.
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    OsRng.fill_bytes(&mut bytes);
    bytes
}
