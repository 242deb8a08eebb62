//! Access tokens that are anything, and what a deployment says of their issuers.

use access::testing::{Key, ed25519, set};
use access::{Authentication, Outside, Refusal};
use bytes::Bytes;
use jiff::Timestamp;
use kv_tree::{KvError, Memory, Store};
use pollster::block_on;
use serde_json::json;

const ISSUER: &str = "https://issuer.example";

/// A world in which no issuer answers.
struct Alone(Store<Memory>);

impl Outside for Alone {
    type Kv = Memory;

    async fn store(&self) -> Result<Store<Memory>, KvError> {
        Ok(self.0.clone())
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    async fn fetch(&self, _url: &str) -> Result<Bytes, String> {
        Err("nobody answers".to_owned())
    }

    fn log(&self, _line: &str) {}
}

fn deployment(key: &Key) -> Option<Authentication> {
    let issuers = json!([{ "issuer": ISSUER, "audience": "a", "keys": set(&[key]) }]);
    Authentication::read("jwt", "*", &issuers.to_string()).ok()
}

/// Shows `data` as the header, and as what a token of the issuer has in its parts. Only the issuer
/// says who somebody is.
pub fn token(data: &[u8]) {
    let key = ed25519("k");
    let Some(deployment) = deployment(&key) else { return };
    let alone = Alone(Store::new(Memory::default()));
    let ask = |header: &[u8]| block_on(deployment.caller(&[header], &alone));
    assert!(ask(data).is_err());
    let text = String::from_utf8_lossy(data);
    let show = |token: String| ask(format!("Bearer {token}").as_bytes());
    // What the issuer has signed says it, or it is refused.
    for signed in [
        key.sign(&key.header().to_string(), &text),
        key.sign(&text, &json!({ "iss": ISSUER, "aud": "a", "exp": 60 }).to_string()),
    ] {
        match show(signed) {
            Ok(caller) => {
                let issuer = caller.identity.as_ref().map(|identity| &identity.issuer[..]);
                assert_eq!(issuer, Some(ISSUER));
                assert!(text.contains(caller.tenant.as_str()));
            }
            Err(Refusal::Store(error)) => panic!("{error}"),
            Err(_) => {}
        }
    }
    let claims = json!({ "iss": ISSUER, "aud": "a", "exp": 60, "tenant": "t" });
    let good = key.token(&claims);
    assert!(show(good.clone()).is_ok());
    if !text.trim_ascii().is_empty() {
        assert!(show(format!("{good}.{text}")).is_err() && show(format!("{good}{text}")).is_err());
    }
}

/// Reads `data` as what a deployment says of its issuers, and as one's keys.
pub fn issuers(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    // It is an error or a deployment: there is nothing to look at.
    let _ = Authentication::read("jwt", "*", &text);
    let keys = format!(r#"[{{"issuer": "i", "audience": "a", "keys": {text}}}]"#);
    let _ = Authentication::read("jwt", "t", &keys);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_token_is_too_much(
            bytes in prop::collection::vec(any::<u8>(), 0..60),
            json in "[{}\\[\\]\":,a-f0-9.-]{0,40}",
            parts in "Bearer [A-Za-z0-9_.-]{0,60}",
        ) {
            token(&bytes);
            token(json.as_bytes());
            token(parts.as_bytes());
            token(format!(r#"{{"iss":"{ISSUER}","aud":"a","exp":60,"tenant":{json}}}"#).as_bytes());
            token(format!(r#"{{"alg":"EdDSA","kid":"k",{json}}}"#).as_bytes());
        }

        #[test]
        fn nothing_said_of_issuers_is_too_much(
            bytes in prop::collection::vec(any::<u8>(), 0..60),
            json in "[{}\\[\\]\":,a-f0-9.-]{0,40}",
        ) {
            issuers(&bytes);
            issuers(json.as_bytes());
            issuers(format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{json}"}}]}}"#).as_bytes());
            issuers(format!(r#"[{{"issuer":"i","audience":{json},"jwks_url":"http://a/"}}]"#).as_bytes());
        }
    }
}
