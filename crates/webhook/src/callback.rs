//! The URL that somebody wants to be called at.

use http::Uri;

use crate::host::Host;

/// How long a callback may be.
const MAX_BYTES: usize = 2048;

/// What templates make of a variable that is not set.
const UNSET: [&str; 4] = ["", "none", "null", "undefined"];

/// An absolute `http` or `https` URL that something can be sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    text: String,
    uri: Uri,
    host: Host,
}

impl Callback {
    /// Takes `text` for a callback, or says what is wrong with it: the rest of a sentence that begins
    /// with what it is, such as "callback".
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err(format!("is {} bytes long, but can have {MAX_BYTES}", text.len()));
        }
        let rest = match text.split_once("://") {
            Some((scheme, rest)) if is_http(scheme) => rest,
            _ => return Err(format!("{text:?} must begin with https:// or http://")),
        };
        if text.contains('#') {
            return Err(format!("{text:?} must not have a fragment: it would not be sent"));
        }
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        if authority.contains('@') {
            // What stands there may be a password.
            return Err("must not have a user or a password before its host".to_owned());
        }
        let (host, port) = split_port(authority);
        if UNSET.contains(&&host.trim_end_matches('.').to_ascii_lowercase()[..]) {
            return Err(format!("{text:?} has no host, as if a variable in it had not been set"));
        }
        if port.is_some_and(|port| !is_port(port)) {
            return Err(format!("{text:?} must have a port from 1 to 65535, or none"));
        }
        let meant = Host::parse(host)
            .map_err(|error| format!("{text:?} must have the host that is meant: {error}"))?;
        if let Some(odd) = text.chars().find(|character| !is_of_urls(*character)) {
            return Err(format!(
                "{text:?} has the character {odd:?}, which must be percent-encoded"
            ));
        }
        match text.parse::<Uri>() {
            // What is sent must go where what was looked at leads.
            Ok(uri)
                if uri.host() == Some(host)
                    && uri.port_u16() == port.and_then(|port| port.parse().ok()) =>
            {
                Ok(Self { text: text.to_owned(), uri, host: meant })
            }
            _ => Err(format!("{text:?} must be a URL")),
        }
    }

    /// The callback, to the letter.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The callback, as requests have it.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Whether its host is one of an inner network, as far as can be told from the URL. What a name
    /// leads to, who connects must look at: [`is_private_address`](crate::is_private_address).
    pub fn is_private(&self) -> bool {
        self.host.is_private()
    }

    /// Where TMF630 has the listener for events of a type: `/listener/` and the type, which begins
    /// with a small letter, at the end of the callback's path.
    pub fn with_listener(&self, event_type: &str) -> String {
        let (path, query) = match self.text.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (&self.text[..], None),
        };
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut letters = event_type.chars();
        let first = letters.next().map(|first| first.to_ascii_lowercase());
        let event_type: String = first.into_iter().chain(letters).collect();
        match query {
            Some(query) => format!("{path}/listener/{event_type}?{query}"),
            None => format!("{path}/listener/{event_type}"),
        }
    }
}

fn is_http(scheme: &str) -> bool {
    ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
}

/// Whether a URL can have the character as it is: RFC 3986.
fn is_of_urls(character: char) -> bool {
    character.is_ascii_graphic() && !"\"<>\\^`{|}".contains(character)
}

/// Host and port of an authority. The colons of an IPv6 address stand in brackets.
pub(crate) fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn callback(text: &str) -> Callback {
        Callback::parse(text).unwrap_or_else(|error| panic!("{error}"))
    }

    #[track_caller]
    fn assert_refused(text: &str, word: &str) {
        let error = Callback::parse(text).unwrap_err();
        assert!(error.contains(word), "{text}: {error}");
    }

    #[test]
    fn a_callback_stays_as_it_is() {
        for text in [
            "https://example.com",
            "http://example.com/",
            "HTTPS://Example.COM:8443/a%20b/?c=d&e=%C3%BC",
            "http://203.0.113.7:1/x",
            "https://[2001:db8::1]:65535/~a;b=c",
            "http://example.com?a=b",
            "http://example.com./a//b?c://d@e/f?g",
        ] {
            assert_eq!(callback(text).as_str(), text);
        }
        let uri = callback("HTTPS://Example.COM:8443/a?b").uri().clone();
        assert_eq!(uri.scheme_str(), Some("https"));
        assert_eq!((uri.host(), uri.port_u16()), (Some("Example.COM"), Some(8443)));
        assert_eq!(uri.path_and_query().map(|path| path.as_str()), Some("/a?b"));
    }

    #[test]
    fn what_is_no_url_of_http_is_refused() {
        for text in ["", "null", "/listener", "example.com", "//example.com", "mailto:a@b.example"]
        {
            assert_refused(text, "https:// or http://");
        }
        for text in ["ftp://a.example", "file:///etc/passwd", "gopher://a.example/", "://a"] {
            assert_refused(text, "https:// or http://");
        }
        assert_refused(&format!("http://a.example/{}", "a".repeat(2048)), "2065 bytes");
        assert_refused("http://a.example/ b", "percent-encoded");
        assert_refused("http://a.example/\r\nX-A: b", "percent-encoded");
        assert_refused("http://b\u{fc}cher.example/", "DNS name");
        assert_refused("http://a.example/{id}", "percent-encoded");
        assert_refused("http://a.example/\u{fc}", "percent-encoded");
    }

    #[test]
    fn what_is_not_sent_to_a_host_is_refused() {
        assert_refused("http://a.example/#b", "fragment");
        assert_refused("http://a.example#@b.example", "fragment");
        for text in
            ["http://user:secret@a.example", "http://a.example@b.example/", "http://@a.example"]
        {
            assert_refused(text, "user or a password");
        }
        assert!(!Callback::parse("http://user:secret@a.example").unwrap_err().contains("secret"));
    }

    #[test]
    fn a_host_that_a_template_left_out_is_told_so() {
        for text in [
            "http://",
            "http:///listener",
            "https://:8080/",
            "https://?a",
            "http://null/x",
            "http://undefined:80",
            "http://None",
            "http://NULL.",
            "http://./",
        ] {
            assert_refused(text, "variable");
        }
    }

    #[test]
    fn a_host_or_a_port_that_is_none_is_refused() {
        for text in
            ["http://a.example:", "http://a:0", "http://a:65536", "http://a:+1", "http://a:b"]
        {
            assert_refused(text, "port");
        }
        for text in [
            "http://a_b c",
            "http://-a.example",
            "http://a..example",
            "http://127.0.0.256",
            "http://1.2.3.4.5",
            "http://${HOST}/",
            "http://{{host}}/",
            "http://%6c%6fcalhost/",
            "http://a.example\\@127.0.0.1/",
            "http://[fe80::1%25eth0]/",
            "http://[::1/",
            "http://::1/",
            "http://a.example:80:80/",
        ] {
            assert!(Callback::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_leads_to_an_inner_network_is_told() {
        for text in [
            "http://localhost",
            "http://LOCALHOST.:8080/x",
            "http://a.localhost",
            "http://metadata.google.internal/computeMetadata/v1/",
            "http://billing-account.spin.internal",
            "http://router.home.arpa",
            "http://127.0.0.1",
            "http://0",
            "http://0x7f.1:80",
            "http://017700000001",
            "http://2130706433",
            "http://169.254.169.254/latest/meta-data",
            "http://[::1]",
            "http://[::ffff:10.0.0.1]",
            "http://[64:ff9b::7f00:1]",
            "http://[2002:7f00:1::]",
            "http://[fd00:ec2::254]",
        ] {
            assert!(callback(text).is_private(), "{text}");
        }
        for text in ["http://a.example", "https://1.1.1.1", "http://[2606:4700::1111]"] {
            assert!(!callback(text).is_private(), "{text}");
        }
    }

    #[test]
    fn a_listener_stands_at_the_end_of_the_path() {
        for (text, listener) in [
            ("http://a.example", "http://a.example/listener/customerBillCreateEvent"),
            ("http://a.example/", "http://a.example/listener/customerBillCreateEvent"),
            ("http://a.example/b", "http://a.example/b/listener/customerBillCreateEvent"),
            (
                "http://a.example/b/?c=d?e/",
                "http://a.example/b/listener/customerBillCreateEvent?c=d?e/",
            ),
            ("http://a.example?", "http://a.example/listener/customerBillCreateEvent?"),
        ] {
            assert_eq!(callback(text).with_listener("CustomerBillCreateEvent"), listener);
            assert!(Callback::parse(listener).is_ok());
        }
    }
}
