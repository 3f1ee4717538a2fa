//! Which addresses a receiver may have.
//!
//! What a cloud's machine asks for its own credentials at is never a receiver of alerts: a name
//! that leads there is a mistake or an attack. The rule is applied to the address that is
//! connected to, so a name cannot change its mind between the check and the connection.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Host;

/// Metadata services outside of the link-local networks.
const METADATA_V4: Ipv4Addr = Ipv4Addr::new(100, 100, 100, 200);
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// Why a host is refused that is written as an address.
pub fn host_refusal(host: &Host<String>, allow_private: bool) -> Option<String> {
    match *host {
        Host::Ipv4(v4) => refusal(v4.into(), allow_private),
        Host::Ipv6(v6) => refusal(v6.into(), allow_private),
        Host::Domain(_) => None,
    }
}

/// Why an address is refused, if it is.
pub fn refusal(address: IpAddr, allow_private: bool) -> Option<String> {
    let inner = embedded_v4(address);
    let (never, private) = match inner {
        IpAddr::V4(v4) => (is_never_v4(v4), is_private_v4(v4)),
        IpAddr::V6(v6) => (is_never_v6(v6), is_private_v6(v6)),
    };
    if never {
        return Some(format!("{address} is a link-local or metadata address"));
    }
    (private && !allow_private)
        .then(|| format!("{address} is a private address: 'allow-private' = 'true' would allow it"))
}

/// The IPv4 address that an IPv6 address stands for, be it mapped or behind a translator.
fn embedded_v4(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    if let Some(v4) = v6.to_ipv4_mapped() {
        return v4.into();
    }
    match v6.octets() {
        [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d] => {
            Ipv4Addr::new(a, b, c, d).into()
        }
        _ => address,
    }
}

fn is_never_v4(v4: Ipv4Addr) -> bool {
    v4.is_link_local() || v4.is_multicast() || v4.is_broadcast() || v4 == METADATA_V4
}

fn is_never_v6(v6: Ipv6Addr) -> bool {
    v6.is_unicast_link_local() || v6.is_multicast() || v6 == METADATA_V6
}

/// The unspecified address counts: connecting to it is connecting to this machine.
fn is_private_v4(v4: Ipv4Addr) -> bool {
    let [a, b, ..] = v4.octets();
    let shared = a == 100 && (64..128).contains(&b);
    v4.is_loopback() || v4.is_private() || a == 0 || shared
}

fn is_private_v6(v6: Ipv6Addr) -> bool {
    v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local()
}

#[cfg(test)]
mod tests {
    use super::refusal;

    #[test]
    fn link_local_and_metadata_addresses_are_always_refused() {
        let never = [
            "169.254.0.1",
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::169.254.169.254",
            "100.100.100.200",
            "fe80::1",
            "febf::1",
            "fd00:ec2::254",
            "224.0.0.1",
            "255.255.255.255",
            "ff02::1",
        ];
        for address in never {
            assert!(refusal(address.parse().unwrap(), true).is_some(), "{address}");
        }
    }

    #[test]
    fn private_addresses_are_allowed_unless_told_otherwise() {
        let private = [
            "127.0.0.1",
            "127.9.9.9",
            "::ffff:127.0.0.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "::1",
            "::",
            "fc00::1",
            "fd12:3456::1",
        ];
        for address in private {
            assert_eq!(refusal(address.parse().unwrap(), true), None, "{address}");
            assert!(refusal(address.parse().unwrap(), false).is_some(), "{address}");
        }
        for address in ["93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:2800:220::1"] {
            assert_eq!(refusal(address.parse().unwrap(), false), None, "{address}");
        }
    }
}
