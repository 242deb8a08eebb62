//! Under which address the client of a request reached the API.

use http::header::{FORWARDED, HOST};
use http::{HeaderMap, HeaderName, Request};

use crate::Error;
use crate::value::address::{is_host, is_prefix};

const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");

/// The headers that say more of it where they are trusted, as `Vary` lists them.
pub(crate) const FORWARDED_HEADERS: &str =
    "Forwarded, X-Forwarded-Host, X-Forwarded-Proto, X-Forwarded-Prefix";

/// Scheme and host that the client used, with the path that lies in front of the API's. What a proxy
/// says of them is believed if `trusts_forwarded`, and if it can be in an address; what it does not
/// say, the request says itself.
pub(crate) fn origin_of<B>(request: &Request<B>, trusts_forwarded: bool) -> Result<String, Error> {
    let (uri, headers) = (request.uri(), request.headers());
    let forwarded = match trusts_forwarded {
        true => Forwarded::of(headers),
        false => Forwarded::default(),
    };
    let scheme = forwarded.scheme.or_else(|| uri.scheme_str().filter(is_scheme)).unwrap_or("http");
    let host = match (forwarded.host, uri.authority(), headers.get(HOST)) {
        (Some(host), ..) => Some(host),
        (None, Some(authority), _) => Some(authority.as_str()),
        // What no text can be is no host either.
        (None, None, Some(host)) => Some(host.to_str().unwrap_or_default()),
        (None, None, None) => None,
    };
    match host.unwrap_or("localhost") {
        host if is_host(host) => Ok([scheme, "://", host, forwarded.prefix.unwrap_or("")].concat()),
        _ => Err(Error::invalid_header("Host", "must be a host, perhaps with a port")),
    }
}

/// What the outermost proxy says.
#[derive(Default)]
struct Forwarded<'h> {
    scheme: Option<&'h str>,
    host: Option<&'h str>,
    prefix: Option<&'h str>,
}

impl<'h> Forwarded<'h> {
    /// The header `Forwarded` (RFC 7239) comes first; those that are older are as common.
    fn of(headers: &'h HeaderMap) -> Self {
        let scheme = parameter(headers, "proto").filter(is_scheme);
        let host = parameter(headers, "host").filter(|host| is_host(host));
        let prefix = first(headers, &X_FORWARDED_PREFIX).map(|prefix| prefix.trim_end_matches('/'));
        Self {
            scheme: scheme.or_else(|| first(headers, &X_FORWARDED_PROTO).filter(is_scheme)),
            host: host.or_else(|| first(headers, &X_FORWARDED_HOST).filter(|host| is_host(host))),
            prefix: prefix.filter(|prefix| is_prefix(prefix)),
        }
    }
}

fn is_scheme(text: &&str) -> bool {
    matches!(*text, "http" | "https")
}

/// The first of the comma-separated values of a header: the one that the outermost proxy set.
fn first<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let value = headers.get(name)?.to_str().ok()?;
    value.split(',').next().map(str::trim)
}

/// A parameter of the first element of `Forwarded`. Its values may be quoted; one with a comma or a
/// semicolon in it is neither a host nor a scheme.
fn parameter<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    first(headers, &FORWARDED)?.split(';').find_map(|pair| {
        let (given, value) = pair.split_once('=')?;
        let value =
            value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        given.trim().eq_ignore_ascii_case(name).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(uri: &str, trusts: bool, headers: &[(&str, &str)]) -> Result<String, u16> {
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        origin_of(&request.body(()).unwrap(), trusts)
            .map_err(|error| error.into_response(crate::Version::V5).status().as_u16())
    }

    const HOST: (&str, &str) = ("host", "127.0.0.1:3000");

    #[test]
    fn the_request_says_how_the_api_was_reached() {
        let at = |uri: &str, headers: &[_]| origin(uri, false, headers).unwrap();
        assert_eq!(at("http://127.0.0.1:3000/x", &[]), "http://127.0.0.1:3000");
        assert_eq!(at("https://a.example/x", &[HOST]), "https://a.example");
        assert_eq!(at("/x", &[HOST]), "http://127.0.0.1:3000");
        assert_eq!(at("/x", &[("host", "[::1]:80")]), "http://[::1]:80");
        assert_eq!(at("/x", &[]), "http://localhost");
    }

    #[test]
    fn what_cannot_be_a_host_is_refused() {
        for host in ["user:pw@evil", "a b", "a/b", "", "a:x", "<script>"] {
            assert_eq!(origin("/x", false, &[("host", host)]), Err(400), "{host}");
            assert_eq!(origin("/x", true, &[("host", host)]), Err(400), "{host}");
        }
        assert_eq!(origin("http://user:pw@evil/x", false, &[HOST]), Err(400));
    }

    const SAID: [(&[(&str, &str)], &str); 9] = [
        (&[("x-forwarded-host", "a.example, b")], "http://a.example"),
        (&[("x-forwarded-proto", "https")], "https://127.0.0.1:3000"),
        (&[("x-forwarded-proto", "https,http"), ("x-forwarded-host", "a:8443")], "https://a:8443"),
        (&[("x-forwarded-prefix", "/eu/")], "http://127.0.0.1:3000/eu"),
        (&[("forwarded", "host=a.example")], "http://a.example"),
        (&[("forwarded", "for=1.2.3.4; Proto=https;host=\"[::1]:1\", host=b")], "https://[::1]:1"),
        (&[("forwarded", "proto=https"), ("x-forwarded-host", "b")], "https://b"),
        (&[("forwarded", "host=a"), ("x-forwarded-host", "b")], "http://a"),
        (&[("forwarded", "for=\"a;host=b\""), ("x-forwarded-host", "c")], "http://c"),
    ];

    #[test]
    fn a_proxy_is_believed_where_it_is_trusted() {
        for (headers, expected) in SAID {
            let headers = [&[HOST], headers].concat();
            assert_eq!(origin("/x", true, &headers), Ok(expected.to_owned()), "{headers:?}");
            assert_eq!(origin("/x", false, &headers), Ok("http://127.0.0.1:3000".to_owned()));
        }
    }

    #[test]
    fn what_cannot_be_in_an_address_is_not_believed() {
        for forged in [
            ("x-forwarded-host", "user:pw@evil"),
            ("x-forwarded-host", "a/b"),
            ("x-forwarded-host", "a b"),
            ("x-forwarded-host", ""),
            ("x-forwarded-host", "a:99999"),
            ("x-forwarded-proto", "javascript"),
            ("x-forwarded-proto", "HTTPS "),
            ("x-forwarded-prefix", "//evil"),
            ("x-forwarded-prefix", "/a/../b"),
            ("x-forwarded-prefix", "@evil"),
            ("x-forwarded-prefix", "/a?b"),
            ("x-forwarded-prefix", "/"),
            ("forwarded", "host=user@evil"),
            ("forwarded", "host=\"a"),
            ("forwarded", "proto=ftp"),
            ("forwarded", ";;,host=a"),
        ] {
            let answer = origin("/x", true, &[HOST, forged]);
            assert_eq!(answer, Ok("http://127.0.0.1:3000".to_owned()), "{forged:?}");
        }
    }
}
