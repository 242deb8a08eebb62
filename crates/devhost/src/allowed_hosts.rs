//! Where a component may send requests to: `allowed_outbound_hosts` of the manifest.

use std::ops::RangeInclusive;

use anyhow::{Context, bail};
use http::Uri;

/// The hosts that a component may send requests to.
#[derive(Debug, Clone, Default)]
pub(crate) struct AllowedHosts(Vec<Pattern>);

/// One entry: `<scheme>://<host>[:<port>]`, where `*` stands for any scheme, host or port, and
/// `*.example.com` for every host below example.com.
#[derive(Debug, Clone)]
struct Pattern {
    scheme: Option<String>,
    host: Host,
    ports: RangeInclusive<u16>,
}

#[derive(Debug, Clone)]
enum Host {
    Any,
    Below(String),
    Only(String),
}

impl AllowedHosts {
    pub fn parse<S: AsRef<str>>(patterns: &[S]) -> anyhow::Result<Self> {
        let parse = |pattern: &S| {
            Pattern::parse(pattern.as_ref()).with_context(|| {
                format!("{:?} in allowed_outbound_hosts is not valid", pattern.as_ref())
            })
        };
        patterns.iter().map(parse).collect::<anyhow::Result<_>>().map(Self)
    }

    /// Whether a request may be sent to `uri`, which must be absolute.
    pub fn allow(&self, uri: &Uri) -> bool {
        let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else { return false };
        let Some(port) = uri.port_u16().or_else(|| default_port(scheme)) else { return false };
        self.0.iter().any(|pattern| pattern.matches(scheme, host, port))
    }
}

impl Pattern {
    fn parse(pattern: &str) -> anyhow::Result<Self> {
        let (scheme, rest) =
            pattern.split_once("://").context("it must be <scheme>://<host>[:<port>]")?;
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (rest, None),
        };
        let host = match host.strip_prefix("*.") {
            _ if host == "*" => Host::Any,
            Some(domain) if is_host(domain) => Host::Below(domain.to_ascii_lowercase()),
            None if host == "self" || host.ends_with(".spin.internal") => {
                bail!("requests to the application itself are not supported by this host")
            }
            None if is_host(host) => Host::Only(host.to_ascii_lowercase()),
            _ => bail!("{host:?} is not a host"),
        };
        let number =
            |port: &str| port.parse::<u16>().with_context(|| format!("{port:?} is not a port"));
        let ports = match (port, default_port(scheme)) {
            (Some("*"), _) => 0..=u16::MAX,
            (Some(port), _) => match port.split_once("..") {
                Some((first, end)) => number(first)?..=number(end)?.saturating_sub(1),
                None => number(port)?..=number(port)?,
            },
            (None, Some(port)) => port..=port,
            (None, None) => bail!("the port must be given, because {scheme:?} has no default one"),
        };
        let scheme = (scheme != "*").then(|| scheme.to_owned());
        Ok(Self { scheme, host, ports })
    }

    fn matches(&self, scheme: &str, host: &str, port: u16) -> bool {
        let host = host.to_ascii_lowercase();
        self.scheme.as_ref().is_none_or(|allowed| allowed == scheme)
            && self.ports.contains(&port)
            && match &self.host {
                Host::Any => true,
                Host::Below(domain) => {
                    host.strip_suffix(domain.as_str()).is_some_and(|below| below.ends_with('.'))
                }
                Host::Only(allowed) => *allowed == host,
            }
    }
}

fn is_host(host: &str) -> bool {
    !host.is_empty() && !host.contains(['*', '/', '@', '?', '#'])
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_allows(pattern: &str, allowed: &[&str], refused: &[&str]) {
        let hosts = AllowedHosts::parse(&[pattern]).unwrap();
        for uri in allowed {
            assert!(hosts.allow(&uri.parse().unwrap()), "{pattern} refuses {uri}");
        }
        for uri in refused {
            assert!(!hosts.allow(&uri.parse().unwrap()), "{pattern} allows {uri}");
        }
    }

    #[test]
    fn each_part_must_match() {
        assert_allows(
            "https://api.example.com",
            &["https://api.example.com/x", "https://API.example.com:443"],
            &["http://api.example.com", "https://api.example.com:444", "https://example.com", "/x"],
        );
        assert_allows("http://127.0.0.1:8080", &["http://127.0.0.1:8080"], &["http://127.0.0.1"]);
        assert_allows("http://a:80..82", &["http://a:81"], &["http://a:82", "http://a:79"]);
        assert_allows("http://[::1]:80", &["http://[::1]/"], &["http://[::2]/"]);
    }

    #[test]
    fn wildcards_stand_for_a_part() {
        assert_allows("*://*:*", &["https://a:1", "http://b"], &["/relative"]);
        assert_allows("http://*", &["http://b"], &["http://b:81", "https://b"]);
        assert_allows(
            "https://*.example.com",
            &["https://a.example.com", "https://a.b.example.com"],
            &["https://example.com", "https://badexample.com"],
        );
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for pattern in [
            "*",
            "example.com",
            "http://",
            "*://a",
            "http://a:b",
            "http://a/b",
            "http://*a",
            "http://self",
            "http://x.spin.internal",
        ] {
            assert!(AllowedHosts::parse(&[pattern]).is_err(), "{pattern}");
        }
    }
}
