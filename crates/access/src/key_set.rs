//! The keys of an issuer: a JWK Set (RFC 7517, RFC 7518, RFC 8037).
//!
//! A key belongs to its issuer and its `kid`; the sets of two issuers have nothing in common. A
//! token that names no key is checked with the only key of its issuer that is right for its
//! algorithm, and with none where there are several.

use std::fmt::{self, Debug, Formatter};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::JwtVerifier;
use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind};
use serde_json::Value;

use crate::json;
use crate::token::{ALGORITHMS, Token};

/// How many keys a set can have.
const MAX_KEYS: usize = 100;

/// How long the modulus of an RSA key can be, in bits (RFC 7518, section 3.3: at least 2048).
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// How long a shared secret is at least, in bytes (RFC 7518, section 3.2).
const MIN_SECRET_BYTES: usize = 32;

/// Keys, each of which can check signatures. There is at least one.
pub(crate) struct KeySet(Vec<Key>);

/// A key.
struct Key {
    kid: Option<String>,
    /// What it can be used with.
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

/// What is wrong with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// It is for something else than checking signatures, or of a kind that is not known here.
    OtherPurpose(&'static str),
    /// It is no good for anything.
    Wrong(&'static str),
}

/// What came of looking for who signed a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    /// The signature is right.
    Right,
    /// The key that it names did not make it.
    Wrong,
    /// There is no such key.
    UnknownKey,
}

impl KeySet {
    /// The set that a deployment gives for an issuer. Keys with another purpose are left out;
    /// anything else that is wrong is an error, which has nothing of the keys.
    pub fn of_deployment(set: &Value) -> Result<Self, String> {
        let mut keys: Vec<Key> = Vec::new();
        for (index, value) in members(set)?.iter().enumerate() {
            let wrong = |what: &str| format!(".keys[{index}] {what}");
            // Whatever it is for, it should not be here.
            if value.get("d").is_some() {
                let what = "has private parts (d): a private key must not be given here";
                return Err(wrong(what));
            }
            match Key::read(value) {
                Ok(key) => keys.push(key),
                Err(Fault::OtherPurpose(_)) => {}
                Err(Fault::Wrong(what)) => return Err(wrong(what)),
            }
        }
        if keys.is_empty() {
            return Err(" has no key that can check signatures".into());
        }
        if keys.len() > 1 && keys.iter().any(|key| key.kid.is_none()) {
            return Err(" has several keys: each must have a kid".into());
        }
        let is_twice =
            |(index, key): (usize, &Key)| keys[..index].iter().any(|before| before.kid == key.kid);
        match keys.iter().enumerate().any(is_twice) {
            true => Err(" has two keys with the same kid".into()),
            false => Ok(Self(keys)),
        }
    }

    /// The set that an issuer publishes. Keys that cannot be used are left out, and so are shared
    /// secrets and keys with private parts, for they are known to everybody. Of two keys with the
    /// same `kid` for the same algorithm the first counts.
    pub fn published(text: &[u8]) -> Result<Self, String> {
        let set = json::parse(text)?;
        let is_public = |key: &&Value| key.get("d").is_none();
        let keys = members(&set)?.iter().filter(is_public).filter_map(|key| Key::read(key).ok());
        let keys: Vec<_> = keys.filter(|key| key.key.family() != AlgorithmFamily::Hmac).collect();
        match keys.is_empty() {
            true => Err(" has no key that can check signatures".into()),
            false => Ok(Self(keys)),
        }
    }

    /// Whether one of the keys signed `token`.
    pub fn check(&self, token: &Token<'_>) -> Signature {
        let algorithm = token.algorithm;
        let mut keys = self.0.iter().filter(|key| token.kid.is_none() || key.kid == token.kid);
        let of_kid = keys.clone().next();
        let mut keys = keys.by_ref().filter(|key| key.algorithms.contains(&algorithm));
        let key = match (keys.next(), keys.next()) {
            (Some(_), Some(_)) if token.kid.is_none() => return Signature::UnknownKey,
            (Some(key), _) => key,
            // The key is known, and must not be used like this.
            (None, _) if token.kid.is_some() && of_kid.is_some() => return Signature::Wrong,
            (None, _) => return Signature::UnknownKey,
        };
        match verify(token, &key.key) {
            Some(()) => Signature::Right,
            None => Signature::Wrong,
        }
    }
}

/// Whether the key signed the token: nothing if not. The library's own function for this can sign as
/// well, which would be a tenth of a component.
fn verify(token: &Token<'_>, key: &DecodingKey) -> Option<()> {
    let verifier = verifier(token.algorithm, key)?;
    let signature = URL_SAFE_NO_PAD.decode(token.signature).ok()?;
    verifier.verify(token.signed.as_bytes(), &signature).ok()
}

/// What checks signatures with the key, if that is one for the algorithm.
fn verifier(algorithm: Algorithm, key: &DecodingKey) -> Option<Box<dyn JwtVerifier>> {
    (DEFAULT_PROVIDER.verifier_factory)(&algorithm, key).ok()
}

/// The keys of a set, whatever they are.
fn members(set: &Value) -> Result<&[Value], &'static str> {
    let keys = set.get("keys").and_then(Value::as_array);
    let keys = keys.ok_or(" must be a JWK Set: an object with a list keys (RFC 7517)")?;
    match keys.len() <= MAX_KEYS {
        true => Ok(keys),
        false => Err(" has more than 100 keys"),
    }
}

impl Key {
    /// The key that a JWK is.
    fn read(value: &Value) -> Result<Self, Fault> {
        use Fault::{OtherPurpose, Wrong};
        let jwk: Jwk = serde_json::from_value(value.clone())
            .map_err(|_| Wrong("must be a JWK whose members are of the right types (RFC 7517)"))?;
        let purpose = jwk.common.public_key_use.as_ref();
        if purpose.is_some_and(|purpose| *purpose != PublicKeyUse::Signature) {
            return Err(OtherPurpose("is not for signatures"));
        }
        let operations = jwk.common.key_operations.as_ref();
        if operations.is_some_and(|operations| !operations.contains(&KeyOperations::Verify)) {
            return Err(OtherPurpose("is not for checking signatures"));
        }
        let (of_kind, key) = match &jwk.algorithm {
            AlgorithmParameters::RSA(key) => {
                use Algorithm::{PS256, RS256, RS384, RS512};
                let algorithms: &[_] = &[RS256, RS384, RS512, PS256];
                (algorithms, DecodingKey::from_rsa_components(&key.n, &key.e))
            }
            AlgorithmParameters::EllipticCurve(key) => {
                let algorithms: &[_] = match key.curve {
                    EllipticCurve::P256 => &[Algorithm::ES256],
                    EllipticCurve::P384 => &[Algorithm::ES384],
                    _ => return Err(OtherPurpose("is on a curve that is not known here")),
                };
                (algorithms, DecodingKey::from_ec_components(&key.x, &key.y))
            }
            AlgorithmParameters::OctetKeyPair(key) => match key.curve {
                EllipticCurve::Ed25519 => {
                    let algorithms: &[_] = &[Algorithm::EdDSA];
                    (algorithms, DecodingKey::from_ed_components(&key.x))
                }
                _ => return Err(OtherPurpose("is on a curve that is not known here")),
            },
            AlgorithmParameters::OctetKey(_) => {
                let algorithms: &[_] = &[Algorithm::HS256];
                (algorithms, DecodingKey::from_jwk(&jwk))
            }
            _ => return Err(kind_fault(value)),
        };
        let key = key.map_err(|_| Wrong("has a parameter that is not base64url"))?;
        let is_allowed = |algorithm: &&Algorithm| {
            let only = jwk.common.key_algorithm;
            ALGORITHMS.contains(algorithm) && only.is_none_or(|only| only == (**algorithm).into())
        };
        let algorithms: Vec<_> = of_kind.iter().filter(is_allowed).copied().collect();
        let Some(algorithm) = algorithms.first() else {
            return Err(OtherPurpose("is for an algorithm that is not known here"));
        };
        check_strength(&key, *algorithm).map_err(Wrong)?;
        Ok(Self { kid: jwk.common.key_id, algorithms, key })
    }
}

/// Why a JWK is of no kind that is known here.
fn kind_fault(value: &Value) -> Fault {
    let member = |name| value.get(name).and_then(Value::as_str);
    match (member("kty"), member("crv")) {
        (Some("RSA" | "oct"), _)
        | (Some("EC"), Some("P-256" | "P-384"))
        | (Some("OKP"), Some("Ed25519")) => {
            Fault::Wrong("lacks a parameter of its kind (RFC 7518, RFC 8037)")
        }
        (Some(_), _) => Fault::OtherPurpose("is of a kind that is not known here"),
        (None, _) => Fault::Wrong("must have a kty (RFC 7517)"),
    }
}

/// Whether a key is one, and strong enough.
fn check_strength(key: &DecodingKey, algorithm: Algorithm) -> Result<(), &'static str> {
    match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, e } => {
            let exponent = e.iter().try_fold(0_u64, |value, byte| {
                value.checked_mul(256).map(|value| value | u64::from(*byte))
            });
            // What the check of signatures takes; anything else would never be right.
            let is_exponent = |e: u64| (3..1 << 33).contains(&e) && e % 2 == 1;
            if !RSA_BITS.contains(&bits(n)) || n.last().is_none_or(|byte| byte % 2 == 0) {
                return Err("must have a modulus of 2048 to 4096 bits");
            }
            if !exponent.is_some_and(is_exponent) {
                return Err("must have an odd exponent of 3 or more");
            }
        }
        DecodingKeyKind::SecretOrDer(bytes) => {
            let is_long_enough = match algorithm {
                Algorithm::ES256 => bytes.len() == 1 + 2 * 32,
                Algorithm::ES384 => bytes.len() == 1 + 2 * 48,
                // The library takes a longer one for its beginning, and must not see a shorter one.
                Algorithm::EdDSA => bytes.len() == 32,
                _ => bytes.len() >= MIN_SECRET_BYTES,
            };
            if !is_long_enough && key.family() == AlgorithmFamily::Hmac {
                return Err("must have a secret (k) of at least 32 bytes");
            }
            // Whatever a signature is, the key is looked at before: is it a point of its curve?
            if !is_long_enough || verifier(algorithm, key).is_none() {
                return Err("is no point of its curve");
            }
        }
    }
    Ok(())
}

/// How many bits a number has.
fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let digits = &number[zeros..];
    digits.first().map_or(0, |first| 8 * digits.len() - first.leading_zeros() as usize)
}

impl Debug for KeySet {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.0.iter().map(|key| &key.kid)).finish()
    }
}
