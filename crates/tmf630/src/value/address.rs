//! The parts of the address of a server (RFC 3986), as they may stand in links.
//!
//! The standard allows more, such as names and passwords of users; what is allowed here has no
//! character that means something else in a header, in HTML or in JSON.

use std::net::Ipv6Addr;

/// How long a part can be, in bytes.
const MAX_BYTES: usize = 255;

/// Whether `text` is a host, perhaps with a port: a name or an address, such as `[::1]:3000`.
pub(crate) fn is_host(text: &str) -> bool {
    let (is_named, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => (address.parse::<Ipv6Addr>().is_ok(), port),
        None => {
            let (name, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            (!name.is_empty() && name.bytes().all(is_unreserved), port)
        }
    };
    is_named && text.len() <= MAX_BYTES && (port.is_empty() || is_port(port))
}

fn is_port(text: &str) -> bool {
    text.strip_prefix(':').is_some_and(|digits| {
        digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok()
    })
}

/// Whether `text` can stand in front of a path: `/eu/accounts`, without steps such as `..`.
pub(crate) fn is_prefix(text: &str) -> bool {
    let is_segment = |segment: &str| {
        !matches!(segment, "" | "." | "..")
            && segment.bytes().all(|byte| is_unreserved(byte) || b"!$&'()*+,;=:@".contains(&byte))
    };
    text.len() <= MAX_BYTES
        && text.strip_prefix('/').is_some_and(|path| path.split('/').all(is_segment))
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_a_name_or_an_address_and_perhaps_a_port() {
        for host in
            ["a", "api.example.com", "a_b:1", "127.0.0.1:3000", "[::1]", "[2001:db8::1]:443"]
        {
            assert!(is_host(host), "{host}");
        }
        for wrong in [
            "",
            ":80",
            "a:",
            "a:x",
            "a:+1",
            "a:65536",
            "a:1:2",
            "user@a",
            "user:pw@a",
            "a/b",
            "a b",
            "a?b",
            "a#b",
            "a\\b",
            "a\"b",
            "<a>",
            "[::1",
            "[x]",
            "[::1]x",
            "[::1]:",
            "::1",
            "ä",
            "a,b",
            "a%40b",
            &"a".repeat(256),
        ] {
            assert!(!is_host(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_prefix_is_a_clean_path() {
        for prefix in ["/eu", "/eu/a-b.c_d~e", "/a:b@c;d=1", "/..."] {
            assert!(is_prefix(prefix), "{prefix}");
        }
        for wrong in [
            "",
            "/",
            "eu",
            "/eu/",
            "//eu",
            "/eu//a",
            "/.",
            "/eu/..",
            "/../eu",
            "/a b",
            "/a?b",
            "/a#b",
            "/%2e%2e",
            "/a\\b",
            "/a\"b",
            "/<a>",
            "/ä",
            "http://a",
            &"/a".repeat(128),
        ] {
            assert!(!is_prefix(wrong), "{wrong}");
        }
    }
}
