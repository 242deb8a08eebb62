//! The deployment's choice, read and checked.

use http::Uri;

use crate::issuers::{Claims, claims};
use crate::variables::{CLIENT_ID, CONSOLE, HOSTS, ISSUER, SCOPE, VARIABLES};

/// What a deployment chooses of the console.
#[derive(Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether there is a console.
    pub is_on: bool,
    /// Whether callers are asked who they are: `none` or `jwt`.
    pub(crate) auth: String,
    pub(crate) tenant: String,
    pub(crate) sign_in: Option<SignIn>,
    pub(crate) claims: Claims,
    /// The origins that the page may ask beside its own.
    origins: Vec<String>,
}

/// Where people sign in, and as what the console asks them to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SignIn {
    pub issuer: String,
    pub client_id: String,
    pub scope: String,
}

impl Settings {
    /// Checks what was configured: `value_of` tells the value of a variable.
    pub fn read<'v>(value_of: impl Fn(&str) -> Option<&'v str>) -> Result<Self, String> {
        let value = |name: &str| {
            let variable = VARIABLES.iter().find(|variable| variable.name == name);
            value_of(name).or(variable.map(|variable| variable.default)).unwrap_or_default()
        };
        let (issuer, client_id) = (value(ISSUER.name), value(CLIENT_ID.name));
        let hosts = value(HOSTS.name).split_whitespace();
        let mut origins = Vec::new();
        for host in Some(issuer).filter(|issuer| !issuer.is_empty()).into_iter().chain(hosts) {
            origins.push(origin(host)?);
        }
        let sign_in = match (issuer, client_id) {
            ("", "") => None,
            ("", _) | (_, "") => {
                return Err(format!(
                    "{} and {} go together: with one of them nobody can sign in",
                    ISSUER.name, CLIENT_ID.name
                ));
            }
            _ => Some(SignIn {
                issuer: issuer.to_owned(),
                client_id: client_id.to_owned(),
                scope: value(SCOPE.name).to_owned(),
            }),
        };
        Ok(Self {
            is_on: value(CONSOLE.name) == "on",
            auth: value("auth").to_owned(),
            tenant: value("tenant").to_owned(),
            claims: claims(value("jwt_issuers"), issuer),
            sign_in,
            origins,
        })
    }

    /// The Content-Security-Policy of the console's page: its own files, the application, and the issuer.
    pub(crate) fn policy(&self) -> String {
        let origins: String = self.origins.iter().map(|origin| format!(" {origin}")).collect();
        format!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
             img-src 'self' data:; connect-src 'self'{origins}; form-action 'none'; \
             frame-ancestors 'none'; base-uri 'none'"
        )
    }
}

/// Scheme, host and port of an address, as a policy has them.
fn origin(address: &str) -> Result<String, String> {
    let uri: Option<Uri> = address.parse().ok();
    let parts = uri.as_ref().and_then(|uri| Some((uri.scheme_str()?, uri.authority()?.as_str())));
    match parts {
        Some((scheme, host))
            if is_clean(host)
                && (scheme == "https" || (scheme == "http" && is_this_machine(host))) =>
        {
            Ok(format!("{scheme}://{host}"))
        }
        _ => Err(format!(
            "{address:?} of {} or {} must be https:// and a host, perhaps with a port and a path; \
             http:// only on this machine",
            ISSUER.name, HOSTS.name
        )),
    }
}

/// Whether a host, perhaps with a port, is the machine of who asks: what is sent there is not overheard.
fn is_this_machine(host: &str) -> bool {
    let names = ["127.0.0.1", "localhost", "[::1]"];
    names.iter().any(|name| {
        host.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    })
}

/// Whether a host with its port means itself in a policy, where a semicolon would begin something else.
fn is_clean(host: &str) -> bool {
    host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &'static str)]) -> Result<Settings, String> {
        Settings::read(|name| Some(variables.iter().find(|(own, _)| *own == name)?.1))
    }

    #[test]
    fn an_issuer_is_an_address_and_has_a_client() {
        for issuer in ["https://id.example", "http://127.0.0.1:8080/realms/x", "https://[::1]:1"] {
            assert!(with(&[("console_issuer", issuer), ("console_client_id", "c")]).is_ok());
            assert!(with(&[("console_issuer", issuer)]).unwrap_err().contains("console_client_id"));
        }
        for wrong in [
            "id.example",
            "ftp://a",
            "https://",
            "https://a;script-src",
            "https://u@a",
            "http://id.example",
            "http://127.0.0.1.a",
        ] {
            let refused = with(&[("console_issuer", wrong), ("console_client_id", "c")]);
            assert!(refused.unwrap_err().contains(wrong), "{wrong}");
            assert!(with(&[("console_hosts", wrong)]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn it_is_on_unless_it_is_switched_off() {
        assert!(with(&[]).unwrap().is_on);
        assert!(!with(&[("console", "off")]).unwrap().is_on);
    }
}
