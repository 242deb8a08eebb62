//! Which addresses and names are those of an inner network: this machine, what stands beside it, and
//! whatever else the Internet does not lead to.
//!
//! IANA's registries of special-purpose addresses say which those are. Whoever is called by them
//! reaches what nobody outside can, so a callback of a stranger must not be one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// Networks of IPv4 that are not the Internet's.
const PRIVATE_V4: [Ipv4Net; 16] = [
    v4([0, 0, 0, 0], 8),        // this network; 0.0.0.0 is this machine
    v4([10, 0, 0, 0], 8),       // private
    v4([100, 64, 0, 0], 10),    // shared, behind the NAT of a carrier
    v4([127, 0, 0, 0], 8),      // loopback
    v4([168, 63, 129, 16], 32), // what Azure's machines are told by
    v4([169, 254, 0, 0], 16),   // link-local, metadata of most clouds
    v4([172, 16, 0, 0], 12),    // private
    v4([192, 0, 0, 0], 24),     // protocol assignments
    v4([192, 0, 2, 0], 24),     // documentation
    v4([192, 88, 99, 0], 24),   // relays of 6to4, which are no more
    v4([192, 168, 0, 0], 16),   // private
    v4([198, 18, 0, 0], 15),    // benchmarking
    v4([198, 51, 100, 0], 24),  // documentation
    v4([203, 0, 113, 0], 24),   // documentation
    v4([224, 0, 0, 0], 4),      // multicast
    v4([240, 0, 0, 0], 4),      // reserved, broadcast
];

/// The only network of IPv6 in which addresses of single hosts on the Internet are.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0, 0], 3);

/// Networks in that one which are not the Internet's.
const PRIVATE_V6: [Ipv6Net; 3] = [
    v6([0x2001, 0, 0, 0], 23), // protocol assignments: Teredo, benchmarking and others
    v6([0x2001, 0xdb8, 0, 0], 32), // documentation
    v6([0x3fff, 0, 0, 0], 20), // documentation
];

/// NAT64: the address of IPv4 that it leads to stands at the end.
const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0, 0], 96);

/// 6to4: the address of IPv4 stands behind the first two bytes.
const SIX_TO_FOUR: Ipv6Net = v6([0x2002, 0, 0, 0], 16);

/// What names end in that are not the Internet's. `spin.internal` leads to other components.
const PRIVATE_DOMAINS: [&str; 11] = [
    "corp",
    "home",
    "home.arpa",
    "internal",
    "intranet",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "private",
    "svc",
];

/// Whether the address is one of an inner network, or of no host at all: loopback, private,
/// link-local, shared, multicast, broadcast, reserved, for documentation, or unspecified; be it
/// written as an address of IPv6.
pub fn is_private_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => PRIVATE_V4.iter().any(|network| network.contains(&address)),
        IpAddr::V6(address) => is_private_v6(address),
    }
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    let [_, _, a, b, c, d, .., w, x, y, z] = address.octets();
    if address.to_ipv4_mapped().is_some() || NAT64.contains(&address) {
        return is_private_address(Ipv4Addr::new(w, x, y, z).into());
    }
    if SIX_TO_FOUR.contains(&address) {
        return is_private_address(Ipv4Addr::new(a, b, c, d).into());
    }
    !GLOBAL_V6.contains(&address) || PRIVATE_V6.iter().any(|network| network.contains(&address))
}

/// Whether the name, in lower case and without a dot at its end, is one of an inner network. A name
/// without any dot is: it means what the machine's resolver puts behind it.
pub(crate) fn is_private_name(name: &str) -> bool {
    !name.contains('.')
        || PRIVATE_DOMAINS
            .iter()
            .any(|domain| name.strip_suffix(domain).is_some_and(|below| below.ends_with('.')))
}

const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6([a, b, c, d]: [u16; 4], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_private(address: &str) -> bool {
        is_private_address(address.parse().unwrap())
    }

    #[test]
    fn addresses_of_an_inner_network_are_private_up_to_its_last() {
        for (first, last) in [
            ("0.0.0.0", "0.255.255.255"),
            ("10.0.0.0", "10.255.255.255"),
            ("100.64.0.0", "100.127.255.255"),
            ("127.0.0.0", "127.255.255.255"),
            ("169.254.0.0", "169.254.255.255"),
            ("172.16.0.0", "172.31.255.255"),
            ("192.0.0.0", "192.0.0.255"),
            ("192.0.2.0", "192.0.2.255"),
            ("192.88.99.0", "192.88.99.255"),
            ("192.168.0.0", "192.168.255.255"),
            ("198.18.0.0", "198.19.255.255"),
            ("198.51.100.0", "198.51.100.255"),
            ("203.0.113.0", "203.0.113.255"),
            ("224.0.0.0", "255.255.255.255"),
            ("168.63.129.16", "168.63.129.16"),
        ] {
            let [first, last] = [first, last].map(|address| address.parse::<Ipv4Addr>().unwrap());
            for address in [first, last] {
                assert!(is_private_address(address.into()), "{address}");
            }
            let before = u32::from(first).checked_sub(1).map(Ipv4Addr::from);
            let behind = u32::from(last).checked_add(1).map(Ipv4Addr::from);
            for address in [before, behind].into_iter().flatten() {
                assert!(!is_private_address(address.into()), "{address}");
            }
        }
    }

    #[test]
    fn addresses_of_the_internet_are_not() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.1.1.1",
            "128.0.0.1",
            "169.253.0.1",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.1.1",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1",
            "2a00::1",
            "2001:200::1",
            "2002:808:808::1",
            "64:ff9b::8.8.8.8",
            "::ffff:8.8.8.8",
        ] {
            assert!(!is_private(address), "{address}");
        }
    }

    #[test]
    fn an_address_of_ipv6_is_private_if_it_is_or_what_is_in_it_is() {
        for address in [
            "::",
            "::1",
            "::2",
            "::127.0.0.1",
            "::8.8.8.8",
            "::ffff:127.0.0.1",
            "::ffff:a00:1",
            "::ffff:0:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "3fff:fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "ff0e::1",
        ] {
            assert!(is_private(address), "{address}");
        }
    }

    #[test]
    fn names_of_an_inner_network_are_told_by_their_end() {
        for name in [
            "localhost",
            "a.localhost",
            "printer.local",
            "host.localdomain",
            "receiver",
            "metadata.google.internal",
            "customers.spin.internal",
            "router.home.arpa",
            "events.billing.svc",
            "events.lan",
        ] {
            assert!(is_private_name(name), "{name}");
        }
        for name in
            ["example.com", "local.example.com", "notlocal.example", "mylocal.dev", "a.arpa"]
        {
            assert!(!is_private_name(name), "{name}");
        }
    }
}
