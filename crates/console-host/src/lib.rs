//! The console as the application serves it: its files, what the deployment tells it in `config.json`,
//! and what browsers let its page do.
//!
//! # Layout
//!
//! * [`variables`] – what a deployment chooses of it.
//! * [`settings`] – the choice, read and checked.
//! * `config` – what its page is told of that.
//! * `issuers` – what tokens of whom say where.

#![forbid(unsafe_code)]

mod config;
mod issuers;
pub mod settings;
pub mod variables;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method, Request, Response};
pub use settings::Settings;
use static_site::{File, Site, site};

/// The path that the console is below.
pub const BASE: &str = "/console";

/// Answers `request` with the file of the console that it asks for, or with what the page is told; where
/// it is switched off, with neither.
pub fn answer<B>(
    files: &'static [File],
    settings: &Settings,
    request: &Request<B>,
) -> Response<Bytes> {
    let site = Site { base: BASE, files: if settings.is_on { files } else { &[] } };
    let is_config =
        settings.is_on && request.uri().path().strip_prefix(BASE) == Some("/config.json");
    match is_config {
        true => with_config(settings, request),
        false => site.answer(request, &settings.policy()),
    }
}

fn with_config<B>(settings: &Settings, request: &Request<B>) -> Response<Bytes> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return site::without_file(request.method());
    }
    let config = Bytes::from(config::config(settings).to_string());
    let length = HeaderValue::from(config.len());
    let is_head = request.method() == Method::HEAD;
    let mut response = Response::new(if is_head { Bytes::new() } else { config });
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, length);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn get(variables: &[(&str, &str)], path: &str) -> Response<Bytes> {
        let value = |name: &str| Some(variables.iter().find(|(own, _)| *own == name)?.1);
        let settings = Settings::read(value).unwrap();
        answer(&[], &settings, &Request::get(path).body(()).unwrap())
    }

    #[test]
    fn the_page_is_told_what_the_deployment_says() {
        let told = |variables: &[(&str, &str)]| {
            let response = get(variables, "/console/config.json");
            assert_eq!(response.headers()["content-type"], "application/json");
            serde_json::from_slice::<Value>(response.body()).unwrap()
        };
        assert_eq!(
            told(&[]),
            json!({
                "auth": "none",
                "tenant": "default",
                "issuer": null,
                "clientId": null,
                "scope": "openid",
                "claims": { "tenant": "tenant", "party": "party_id", "scope": "scope" },
                "apis": {
                    "account": "tmf-api/accountManagement",
                    "bill": "tmf-api/customerBillManagement"
                }
            })
        );
        let issuers = r#"[{"issuer": "https://a", "keys": {"keys": [{"k": "secret"}]}, "tenant": "t"},
                          {"issuer": "https://b", "tenant_claim": "org", "party_claim": "p"}]"#;
        let told = told(&[
            ("auth", "jwt"),
            ("tenant", "*"),
            ("jwt_issuers", issuers),
            ("console_issuer", "https://b"),
            ("console_client_id", "console"),
        ]);
        assert_eq!(told["claims"], json!({ "tenant": "org", "party": "p", "scope": "scope" }));
        assert_eq!((&told["issuer"], &told["clientId"]), (&json!("https://b"), &json!("console")));
        assert!(!told.to_string().contains("secret"));
    }

    #[test]
    fn a_browser_lets_the_page_ask_this_application_and_the_issuer() {
        let policy = |variables: &[(&str, &str)]| {
            let response = get(variables, "/console/");
            response.headers()["content-security-policy"].to_str().unwrap().to_owned()
        };
        assert!(policy(&[]).contains("connect-src 'self';"));
        let with_issuer = policy(&[
            ("console_issuer", "https://id.example/realms/a"),
            ("console_client_id", "console"),
            ("console_hosts", "https://token.example"),
        ]);
        let expected = "connect-src 'self' https://id.example https://token.example;";
        assert!(with_issuer.contains(expected), "{with_issuer}");
        assert!(!with_issuer.contains("unsafe-inline"));
    }
}
