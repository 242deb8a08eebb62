//! Which hosts requests may be sent to, as `allowed_outbound_hosts` of Spin's manifest says it.

use std::ops::RangeInclusive;

use http::Uri;
use ipnet::IpNet;

use crate::callback::split_port;
use crate::host::Host;

/// Hosts that requests may be sent to.
#[derive(Debug, Clone, Default)]
pub struct AllowedHosts(Vec<Pattern>);

/// One entry: `<scheme>://<host>[:<port>]`, where `*` stands for any scheme, host or port,
/// `*.example.com` for every host below example.com, `192.0.2.0/24` for every address in it, and
/// `80..90` for the ports from 80 to 89.
#[derive(Debug, Clone)]
struct Pattern {
    scheme: Option<String>,
    hosts: Hosts,
    ports: RangeInclusive<u16>,
}

#[derive(Debug, Clone)]
enum Hosts {
    Any,
    Below(String),
    In(IpNet),
    Only(Host),
}

impl AllowedHosts {
    /// Reads the entries, or says which is none.
    pub fn parse<S: AsRef<str>>(entries: impl IntoIterator<Item = S>) -> Result<Self, String> {
        let parse = |entry: S| {
            let entry = entry.as_ref();
            Pattern::parse(entry).map_err(|error| format!("{entry:?} is not valid: {error}"))
        };
        entries.into_iter().map(parse).collect::<Result<_, _>>().map(Self)
    }

    /// Reads entries that stand in one text, separated by commas or blanks.
    pub fn parse_list(text: &str) -> Result<Self, String> {
        let entries = text.split(|character: char| character == ',' || character.is_whitespace());
        Self::parse(entries.filter(|entry| !entry.is_empty()))
    }

    /// Whether a request may be sent to `uri`, which must be absolute.
    pub fn allow(&self, uri: &Uri) -> bool {
        let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else { return false };
        let Some(port) = uri.port_u16().or_else(|| default_port(scheme)) else { return false };
        let Ok(host) = Host::parse(host) else { return false };
        self.0.iter().any(|pattern| pattern.matches(scheme, &host, port))
    }
}

impl Pattern {
    fn parse(entry: &str) -> Result<Self, String> {
        let (scheme, rest) =
            entry.split_once("://").ok_or("it must be <scheme>://<host>[:<port>]")?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.parse::<IpNet>() {
            // An address of IPv6 has colons of its own.
            Ok(_) => (rest, None),
            Err(_) => split_port(rest),
        };
        let hosts = match host.strip_prefix("*.") {
            _ if host == "*" => Hosts::Any,
            Some(domain) => match Host::parse(domain)? {
                Host::Name(domain) => Hosts::Below(domain),
                _ => return Err(format!("{domain:?} is not a domain")),
            },
            None => match host.parse() {
                Ok(network) => Hosts::In(network),
                Err(_) => Hosts::Only(Host::parse(host)?),
            },
        };
        let ports = match (port, default_port(scheme)) {
            (Some("*"), _) => 0..=u16::MAX,
            (Some(port), _) => match port.split_once("..") {
                Some((first, end)) => number(first)?..=number(end)?.saturating_sub(1),
                None => number(port)?..=number(port)?,
            },
            (None, Some(port)) => port..=port,
            (None, None) => {
                return Err(format!(
                    "the port must be given, because {scheme:?} has no default one"
                ));
            }
        };
        let scheme = (scheme != "*").then(|| scheme.to_owned());
        Ok(Self { scheme, hosts, ports })
    }

    fn matches(&self, scheme: &str, host: &Host, port: u16) -> bool {
        self.scheme.as_ref().is_none_or(|allowed| allowed == scheme)
            && self.ports.contains(&port)
            && match (&self.hosts, host) {
                (Hosts::Any, _) => true,
                (Hosts::Below(domain), Host::Name(name)) => {
                    name.strip_suffix(domain.as_str()).is_some_and(|below| below.ends_with('.'))
                }
                (Hosts::In(network), host) => {
                    host.address().is_some_and(|address| network.contains(&address))
                }
                (Hosts::Only(allowed), host) => allowed == host,
                (Hosts::Below(_), _) => false,
            }
    }
}

fn number(port: &str) -> Result<u16, String> {
    port.parse().map_err(|_| format!("{port:?} is not a port"))
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        "postgres" => Some(5432),
        "redis" => Some(6379),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_allows(pattern: &str, allowed: &[&str], refused: &[&str]) {
        let hosts = AllowedHosts::parse([pattern]).unwrap();
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
        assert_allows("http://a/", &["http://A./b"], &["http://b"]);
        assert_allows("http://[::1]:80", &["http://[0::1]/"], &["http://[::2]/"]);
        assert_allows("http://127.0.0.1", &["http://0x7f.1"], &["http://127.0.0.2", "http://1.a"]);
    }

    #[test]
    fn wildcards_stand_for_a_part() {
        assert_allows("*://*:*", &["https://a:1", "http://b"], &["/relative"]);
        assert_allows("http://*", &["http://b"], &["http://b:81", "https://b"]);
        assert_allows(
            "https://*.example.com",
            &["https://a.example.com", "https://a.b.example.com"],
            &["https://example.com", "https://badexample.com", "https://1.2.3.4"],
        );
        assert_allows(
            "http://192.0.2.0/24",
            &["http://192.0.2.9", "http://0xc0000209"],
            &["http://192.0.3.1", "http://192.0.2.9:81", "http://[::ffff:192.0.2.9]", "http://a"],
        );
        assert_allows("http://10.1.2.3/8:*", &["http://10.0.0.1:81"], &["http://11.0.0.1:81"]);
        assert_allows("http://fd00::/8", &["http://[fd01::1]"], &["http://[fe00::1]"]);
        assert_allows("http://fd00::/8:81", &["http://[fd01::1]:81"], &["http://[fd01::1]"]);
    }

    #[test]
    fn several_can_stand_in_one_text() {
        let hosts = AllowedHosts::parse_list(" https://a,http://b:* ,\n*://c:1").unwrap();
        let allows = |uri: &str| hosts.allow(&uri.parse().unwrap());
        assert!(allows("https://a") && allows("http://b:7") && allows("http://c:1"));
        assert!(!allows("http://a") && !allows("https://b") && !allows("http://c"));
        assert!(!AllowedHosts::parse_list("").unwrap().allow(&"http://a".parse().unwrap()));
        let error = AllowedHosts::parse_list("https://a, b").unwrap_err();
        assert!(error.contains("\"b\"") && error.contains("<scheme>"), "{error}");
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
            "http://a.*",
            "http://*.1.2.3.4",
            "http://a@b",
            "http://1.2.3.4/33",
            "https://a, https://b",
            "",
        ] {
            assert!(AllowedHosts::parse([pattern]).is_err(), "{pattern}");
        }
    }
}
