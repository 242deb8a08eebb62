//! The host of a URL: a name, or an address in whatever spelling resolvers understand.
//!
//! `getaddrinfo` reads an address of IPv4 as `inet_aton` does: one to four numbers, each decimal,
//! hexadecimal (`0x`) or octal (`0`), the last of which fills what the others leave. So `0x7f.1` is
//! 127.0.0.1. Others take a number that begins with a zero for a decimal one, and both readings count.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::address::{is_private_address, is_private_name};

/// How many bytes a DNS name can have.
const MAX_NAME_BYTES: usize = 253;

/// How many bytes a part of it can have.
const MAX_LABEL_BYTES: usize = 63;

/// The host of a URL. Hosts are equal that are the same in other spellings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Host {
    /// A DNS name, in lower case and without a dot at its end.
    Name(String),
    V4 {
        address: Ipv4Addr,
        /// What it is for those to whom numbers that begin with a zero are decimal.
        in_decimal: Option<Ipv4Addr>,
    },
    V6(Ipv6Addr),
}

impl Host {
    /// Reads the host as a URL has it, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(rest) = text.strip_prefix('[') {
            let address = rest.strip_suffix(']').and_then(|address| address.parse().ok());
            return address.map(Self::V6).ok_or_else(|| {
                format!("{text:?} is not an IPv6 address in brackets; a zone cannot be in it")
            });
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        if name.len() > MAX_NAME_BYTES || !name.split('.').all(is_label) {
            return Err(format!("{text:?} is neither a DNS name nor an IP address"));
        }
        // No name of the Internet ends so, and what else would, resolvers do not agree on.
        if !name.rsplit('.').next().is_some_and(is_number) {
            return Ok(Self::Name(name));
        }
        let parts: Vec<_> = name.split('.').collect();
        match address(&parts, 8) {
            Some(octal) => Ok(Self::V4 { address: octal, in_decimal: address(&parts, 10) }),
            None => Err(format!(
                "{text:?} ends in a number, but is not an IPv4 address such as 192.0.2.1"
            )),
        }
    }

    /// Whether it is one of an inner network, as far as can be told from what it is called.
    pub fn is_private(&self) -> bool {
        match self {
            Self::Name(name) => is_private_name(name),
            Self::V4 { address, in_decimal } => {
                let mut readings = [Some(*address), *in_decimal].into_iter().flatten();
                readings.any(|address| is_private_address(address.into()))
            }
            Self::V6(address) => is_private_address((*address).into()),
        }
    }

    /// The address, if that is what it is.
    pub fn address(&self) -> Option<IpAddr> {
        match *self {
            Self::Name(_) => None,
            Self::V4 { address, .. } => Some(address.into()),
            Self::V6(address) => Some(address.into()),
        }
    }
}

fn is_label(label: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (1..=MAX_LABEL_BYTES).contains(&label.len())
        && label.bytes().all(is_allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Whether resolvers may take it for a number, be it one or not.
fn is_number(label: &str) -> bool {
    match label.strip_prefix("0x") {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => label.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// The address that the numbers are, where those that begin with a zero have the `radix`.
fn address(parts: &[&str], radix: u32) -> Option<Ipv4Addr> {
    let number = |part: &&str| match (part.strip_prefix("0x"), part.strip_prefix('0')) {
        (Some(digits), _) => u32::from_str_radix(digits, 16),
        (None, Some(digits)) if !digits.is_empty() => u32::from_str_radix(digits, radix),
        (None, _) => part.parse(),
    };
    let numbers: Vec<u32> = parts.iter().map(number).collect::<Result<_, _>>().ok()?;
    let (last, first) = numbers.split_last()?;
    let mut octets = [0; 4];
    for (octet, number) in octets.iter_mut().zip(first) {
        *octet = u8::try_from(*number).ok()?;
    }
    // What the last number has beyond the octets that are left must be nothing.
    let last = last.to_be_bytes();
    let (beyond, rest) = last.split_at_checked(first.len())?;
    octets.get_mut(first.len()..)?.copy_from_slice(rest);
    (!rest.is_empty() && beyond.iter().all(|byte| *byte == 0)).then(|| octets.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn host(text: &str) -> Host {
        Host::parse(text).unwrap_or_else(|error| panic!("{error}"))
    }

    #[track_caller]
    fn assert_is(text: &str, address: &str) {
        assert_eq!(host(text).address(), Some(address.parse().unwrap()), "{text}");
    }

    #[test]
    fn an_address_is_read_as_resolvers_do() {
        for loopback in [
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f000001",
            "0X7F000001",
            "017700000001",
            "0x7f.1",
            "0177.0.0.01",
            "127.0.0.0x1",
            "127.0x0.1",
            "0x7f.0.0.1",
            "127.0.0.1.",
            "00000000177.1",
        ] {
            assert_is(loopback, "127.0.0.1");
        }
        assert_is("0", "0.0.0.0");
        assert_is("4294967295", "255.255.255.255");
        assert_is("1.16777215", "1.255.255.255");
        assert_is("1.2.65535", "1.2.255.255");
        assert_is("[::1]", "::1");
        assert_is("[0:0:0:0:0:0:0:1]", "::1");
        assert_is("[::FFFF:127.0.0.1]", "::ffff:7f00:1");
    }

    #[test]
    fn a_number_that_begins_with_a_zero_is_private_in_either_reading() {
        assert_is("010.0.0.1", "8.0.0.1");
        assert!(host("010.0.0.1").is_private(), "10.0.0.1 for some");
        assert_is("012.0.0.1", "10.0.0.1");
        assert!(host("012.0.0.1").is_private(), "12.0.0.1 for some");
        assert!(!host("011.0.0.1").is_private(), "9.0.0.1 or 11.0.0.1");
        assert!(host("0377.1").is_private() && !host("0301.1").is_private());
    }

    #[test]
    fn a_name_is_one_of_dns() {
        assert_eq!(host("Example.COM."), Host::Name("example.com".to_owned()));
        let label = "a".repeat(63);
        for name in ["a", "xn--bcher-kva.example", "a-b.c_d", "1a", "1.2.3.4a", "0x1g", &label] {
            assert!(matches!(host(name), Host::Name(_)), "{name}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        let (label, name) = ("a".repeat(64), "a.".repeat(128));
        for text in [
            "",
            ".",
            "..",
            "a..b",
            ".a",
            "a..",
            "-a",
            "a-",
            "a b",
            "a%41",
            "%31",
            "b\u{fc}cher",
            "a/b",
            "a@b",
            "a:1",
            "a*",
            "*",
            "${host}",
            "{{host}}",
            &label,
            &name,
            // Numbers that are no address, for all or for some.
            "256.1.1.1",
            "1.2.3.4.5",
            "1.2.3.256",
            "1.256.1",
            "1.2.65536",
            "1.16777216",
            "4294967296",
            "99999999999999999999",
            "a.1",
            "a.0x1",
            "1.0x",
            "0x",
            "08.1.1.1",
            "1.1.1.09",
            // Addresses of IPv6 that are none.
            "[::1",
            "::1",
            "[]",
            "[:::]",
            "[::1%25eth0]",
            "[fe80::1%1]",
            "[v1.a]",
            "[127.0.0.1]",
            "[1:2:3:4:5:6:7:8:9]",
            "[::1]a",
            "[::ffff:0177.0.0.1]",
        ] {
            assert!(Host::parse(text).is_err(), "{text}");
        }
    }

    /// A spelling of the address that `inet_aton` understands.
    fn spelling() -> impl Strategy<Value = (Ipv4Addr, String)> {
        let one = |number: u32| {
            prop_oneof![
                Just(format!("{number}")),
                (0..4_usize).prop_map(move |zeros| format!("0{}{number:o}", "0".repeat(zeros))),
                (0..9_usize).prop_map(move |width| format!("0x{number:0width$x}")),
                (0..9_usize).prop_map(move |width| format!("0X{number:0width$X}")),
            ]
        };
        (any::<u32>(), 0..4_usize).prop_flat_map(move |(bits, first)| {
            let address = Ipv4Addr::from(bits);
            let octets = address.octets();
            let last = u64::from(bits) & (u64::from(u32::MAX) >> (8 * first));
            let numbers = octets[..first].iter().map(|octet| u32::from(*octet));
            let parts: Vec<_> = numbers.chain([last as u32]).map(one).collect();
            (parts, prop_oneof![Just(""), Just(".")])
                .prop_map(move |(parts, end)| (address, format!("{}{end}", parts.join("."))))
        })
    }

    /// A spelling of an address of IPv6 that leads to the one of IPv4.
    fn embedded(address: Ipv4Addr) -> Vec<String> {
        let [a, b, c, d] = address.octets();
        let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        vec![
            format!("[::ffff:{address}]"),
            format!("[::FFFF:{high:x}:{low:04X}]"),
            format!("[0:0:0:0:0:ffff:{high:x}:{low:x}]"),
            format!("[::{address}]"),
            format!("[64:ff9b::{address}]"),
            format!("[64:ff9b::{high:x}:{low:x}]"),
            format!("[2002:{high:x}:{low:x}::1]"),
        ]
    }

    proptest! {
        #[test]
        fn every_spelling_of_an_address_is_read((address, text) in spelling()) {
            let read = Host::parse(&text).unwrap();
            prop_assert_eq!(read.address(), Some(address.into()), "{}", text);
            prop_assert!(read.is_private() || !is_private_address(address.into()), "{}", text);
        }

        /// The standard library's own words for what is not the Internet's.
        #[test]
        fn what_is_private_is_in_every_spelling(
            (address, text) in spelling(),
            network in prop::sample::select(vec![
                [0, 0], [10, 0], [100, 64], [127, 0], [169, 254], [172, 16], [192, 168], [255, 255],
            ]),
        ) {
            let [_, _, c, d] = address.octets();
            let inside = Ipv4Addr::new(network[0], network[1], c, d);
            for address in [address, inside] {
                let is_private = address.is_private()
                    || address.is_loopback()
                    || address.is_link_local()
                    || address.is_unspecified()
                    || address.is_multicast()
                    || address.is_broadcast()
                    || address.is_documentation();
                prop_assert!(!is_private || is_private_address(address.into()), "{}", address);
                for text in embedded(address) {
                    let host = Host::parse(&text).unwrap();
                    prop_assert!(!is_private || host.is_private(), "{}", text);
                }
                if !is_private && !is_private_address(address.into()) {
                    let mapped = Host::parse(&format!("[::ffff:{address}]")).unwrap();
                    prop_assert!(!mapped.is_private(), "{}", address);
                }
            }
            prop_assert!(Host::parse(&text).is_ok());
        }

        #[test]
        fn an_address_of_ipv6_is_read_as_the_standard_library_does(address in any::<u128>()) {
            let address = Ipv6Addr::from(address);
            let host = Host::parse(&format!("[{address}]")).unwrap();
            prop_assert_eq!(host.address(), Some(address.into()));
            let is_private = address.is_loopback()
                || address.is_unspecified()
                || address.is_multicast()
                || address.is_unique_local()
                || address.is_unicast_link_local();
            prop_assert!(!is_private || host.is_private());
        }
    }
}
