//! Keys that sign tokens, for tests and benchmarks.

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::pkcs8::EncodePrivateKey;
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::rand_core::OsRng;
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};

/// Why none of this fails.
const GOOD: &str = "keys that are made here are good";

/// A key of an issuer.
pub struct Key {
    pub kid: &'static str,
    pub algorithm: Algorithm,
    secret: EncodingKey,
    /// Its JWK, with `kid`.
    pub public: Value,
}

pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// 32 bytes that differ from key to key.
fn seed(kid: &str) -> [u8; 32] {
    let mut seed = [7; 32];
    kid.bytes().zip(&mut seed).for_each(|(byte, place)| *place = byte);
    seed
}

pub fn rsa_key(bits: usize) -> RsaPrivateKey {
    RsaPrivateKey::new(&mut OsRng, bits).expect(GOOD)
}

pub fn rsa_jwk(key: &RsaPrivateKey) -> Value {
    let (n, e) = (base64url(key.n().to_bytes_be()), base64url(key.e().to_bytes_be()));
    json!({"kty": "RSA", "n": n, "e": e})
}

/// The same key each time, because they take long to make.
pub fn the_rsa_key() -> &'static RsaPrivateKey {
    static KEY: OnceLock<RsaPrivateKey> = OnceLock::new();
    KEY.get_or_init(|| rsa_key(2048))
}

pub fn rsa(kid: &'static str, algorithm: Algorithm) -> Key {
    let key = the_rsa_key();
    let mut public = rsa_jwk(key);
    public["kid"] = kid.into();
    let secret = EncodingKey::from_rsa_der(key.to_pkcs1_der().expect(GOOD).as_bytes());
    Key { kid, algorithm, secret, public }
}

pub fn p256(kid: &'static str) -> Key {
    let key = p256::SecretKey::from_slice(&seed(kid)).expect(GOOD);
    let point = key.public_key().to_encoded_point(false);
    let (x, y) = (base64url(point.x().expect(GOOD)), base64url(point.y().expect(GOOD)));
    let public = json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": kid});
    let secret = EncodingKey::from_ec_der(key.to_pkcs8_der().expect(GOOD).as_bytes());
    Key { kid, algorithm: Algorithm::ES256, secret, public }
}

pub fn p384(kid: &'static str) -> Key {
    let key = p384::SecretKey::from_slice(&[&[1; 16][..], &seed(kid)].concat()).expect(GOOD);
    let point = key.public_key().to_encoded_point(false);
    let (x, y) = (base64url(point.x().expect(GOOD)), base64url(point.y().expect(GOOD)));
    let public = json!({"kty": "EC", "crv": "P-384", "x": x, "y": y, "kid": kid});
    let secret = EncodingKey::from_ec_der(key.to_pkcs8_der().expect(GOOD).as_bytes());
    Key { kid, algorithm: Algorithm::ES384, secret, public }
}

pub fn ed25519(kid: &'static str) -> Key {
    let key = ed25519_dalek::SigningKey::from_bytes(&seed(kid));
    let x = base64url(key.verifying_key().as_bytes());
    let public = json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid});
    let secret = EncodingKey::from_ed_der(key.to_pkcs8_der().expect(GOOD).as_bytes());
    Key { kid, algorithm: Algorithm::EdDSA, secret, public }
}

/// A secret that is shared with the issuer.
pub fn shared(kid: &'static str) -> Key {
    let public = json!({"kty": "oct", "k": base64url(seed(kid)), "kid": kid});
    let secret = EncodingKey::from_secret(&seed(kid));
    Key { kid, algorithm: Algorithm::HS256, secret, public }
}

impl Key {
    pub fn header(&self) -> Value {
        json!({"alg": self.algorithm, "kid": self.kid, "typ": "JWT"})
    }

    /// A token with the claims.
    pub fn token(&self, claims: &Value) -> String {
        self.sign(&self.header().to_string(), &claims.to_string())
    }

    /// A token whose parts are the texts.
    pub fn sign(&self, header: &str, payload: &str) -> String {
        let signed = format!("{}.{}", base64url(header), base64url(payload));
        let signature = crypto::sign(signed.as_bytes(), &self.secret, self.algorithm).expect(GOOD);
        format!("{signed}.{signature}")
    }
}

/// The set of some keys.
pub fn set(keys: &[&Key]) -> Value {
    json!({"keys": keys.iter().map(|key| &key.public).collect::<Vec<_>>()})
}
