//! From the header of a request to the parts of a token (RFC 6750, RFC 7515, RFC 7519).
//!
//! A token is parsed without believing it. What is needed to find the key (`iss`, `kid`, `alg`) can
//! be seen at once; claims are for those who have checked the signature. Parameters that would say
//! where to find a key (`jku`, `jwk`, `x5u`, `x5c`) are never looked at.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use crate::json;
use crate::refusal::Refusal;

/// How long a token can be, in bytes.
const MAX_BYTES: usize = 16 << 10;

/// The algorithms that a token can be signed with.
pub(crate) const ALGORITHMS: [Algorithm; 8] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
    Algorithm::HS256,
];

/// The media types that a token can be of, without `application/` (RFC 7519, RFC 9068).
const TYPES: [&str; 2] = ["jwt", "at+jwt"];

/// A token of which nothing is checked.
pub(crate) struct Token<'t> {
    /// Who issued it, as it says (`iss`).
    pub issuer: String,
    /// Which of their keys signed it (`kid`), where it says so.
    pub kid: Option<String>,
    /// How (`alg`).
    pub algorithm: Algorithm,
    /// What it claims.
    pub claims: Map<String, Value>,
    /// What is signed.
    pub signed: &'t str,
    /// The signature, in base64url.
    pub signature: &'t str,
}

/// The token in the values of a request's `Authorization` headers.
pub(crate) fn bearer<'h>(authorization: &[&'h [u8]]) -> Result<&'h str, Refusal> {
    let value = match authorization {
        [] => return Err(Refusal::Missing),
        [value] => value,
        _ => return Err(Refusal::invalid("There is more than one header Authorization.")),
    };
    let malformed = || Refusal::invalid("The header Authorization must be Bearer and a token.");
    let value = std::str::from_utf8(value).map_err(|_| malformed())?.trim_ascii();
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("Bearer") {
        // Who has not understood that a token is needed is told just that (RFC 6750, section 3.1).
        return Err(Refusal::Missing);
    }
    let token = token.trim_ascii_start();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(malformed());
    }
    match token.len() <= MAX_BYTES {
        true => Ok(token),
        false => Err(Refusal::invalid("The access token is too long.")),
    }
}

impl<'t> Token<'t> {
    /// The parts of the token, or what is wrong with it.
    pub fn parse(text: &'t str) -> Result<Self, String> {
        let (signed, signature) = text.rsplit_once('.').ok_or("it does not have three parts")?;
        let (header, payload) = signed.split_once('.').ok_or("it does not have three parts")?;
        // A further part would be in the payload, where no full stop can be.
        let header = object(header).map_err(|fault| format!("its header: {fault}"))?;
        let algorithm = check_header(&header)?;
        let kid = match header.get("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid.clone()),
            Some(_) => return Err("kid is no string".into()),
        };
        let claims = object(payload).map_err(|fault| format!("its payload: {fault}"))?;
        let Some(Value::String(issuer)) = claims.get("iss") else {
            return Err("iss is missing, or no string".into());
        };
        let issuer = issuer.clone();
        Ok(Self { issuer, kid, algorithm, claims, signed, signature })
    }
}

/// The object that a part of a token is.
fn object(part: &str) -> Result<Map<String, Value>, String> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| "it is not base64url")?;
    json::parse_object(&bytes)
}

/// The algorithm that a header names, if it asks for nothing that is not done here.
fn check_header(header: &Map<String, Value>) -> Result<Algorithm, String> {
    // What is critical would have to be understood (RFC 7515, section 4.1.11); `enc` and `zip` are
    // of tokens that are encrypted.
    if let Some(name) = ["crit", "zip", "enc"].into_iter().find(|name| header.contains_key(*name)) {
        return Err(format!("{name} in its header"));
    }
    // RFC 7797: the payload would not be in base64url.
    if header.get("b64").is_some_and(|encoded| *encoded != Value::Bool(true)) {
        return Err("b64 in its header is not true".into());
    }
    if let Some(media_type) = header.get("typ") {
        let media_type = media_type.as_str().unwrap_or_default().to_ascii_lowercase();
        let media_type = media_type.strip_prefix("application/").unwrap_or(&media_type);
        if !TYPES.contains(&media_type) {
            return Err("typ is neither JWT nor at+jwt".into());
        }
    }
    let algorithm = header.get("alg").and_then(Value::as_str);
    algorithm
        .and_then(|name| Algorithm::from_str(name).ok())
        .filter(|algorithm| ALGORITHMS.contains(algorithm))
        .ok_or_else(|| "alg is none of those that are allowed".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_as_a_bearer_token() {
        for value in ["Bearer a.b.c", "bearer a.b.c", "BEARER   a.b.c "] {
            assert_eq!(bearer(&[value.as_bytes()]).unwrap(), "a.b.c");
        }
        assert!(matches!(bearer(&[]), Err(Refusal::Missing)));
        let long = format!("Bearer {}", "a".repeat(MAX_BYTES + 1));
        for other in ["", "Basic a", "Bearera.b.c", "a.b.c"] {
            assert!(matches!(bearer(&[other.as_bytes()]), Err(Refusal::Missing)), "{other}");
        }
        for value in ["Bearer", "Bearer ", "Bearer a b", &long] {
            let refusal = bearer(&[value.as_bytes()]);
            assert!(matches!(refusal, Err(Refusal::Invalid { .. })), "{value}");
        }
        assert!(matches!(bearer(&[b"Bearer \xff"]), Err(Refusal::Invalid { .. })));
        assert!(matches!(bearer(&[b"Bearer a", b"Bearer a"]), Err(Refusal::Invalid { .. })));
    }

    #[test]
    fn a_header_asks_for_nothing_that_is_not_done() {
        let check = |text: &str| check_header(&json::parse_object(text.as_bytes()).unwrap());
        for good in [
            r#"{"alg":"ES256"}"#,
            r#"{"alg":"ES256","typ":"JWT"}"#,
            r#"{"alg":"ES256","typ":"at+JWT","b64":true}"#,
            r#"{"alg":"ES256","typ":"application/at+jwt","jku":"https://evil.example","x5c":1}"#,
        ] {
            assert_eq!(check(good), Ok(Algorithm::ES256), "{good}");
        }
        for wrong in [
            r#"{}"#,
            r#"{"alg":"none"}"#,
            r#"{"alg":"None"}"#,
            r#"{"alg":"es256"}"#,
            r#"{"alg":"HS384"}"#,
            r#"{"alg":"PS512"}"#,
            r#"{"alg":["ES256"]}"#,
            r#"{"alg":"ES256","typ":"JWE"}"#,
            r#"{"alg":"ES256","typ":null}"#,
            r#"{"alg":"ES256","typ":"application/application/jwt"}"#,
            r#"{"alg":"ES256","crit":[]}"#,
            r#"{"alg":"ES256","crit":["b64"],"b64":false}"#,
            r#"{"alg":"ES256","b64":false}"#,
            r#"{"alg":"ES256","zip":"DEF"}"#,
            r#"{"alg":"ES256","enc":"A128GCM"}"#,
        ] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }
}
