//! The networks of the reverse proxies in front of this server.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use super::address::Hint;

/// Networks of reverse proxies: each is compared with whoever comes.
pub(super) const PROXIES_MAX: usize = 64;

/// A network or an address, as an edge sees it.
///
/// # Errors
/// What may have been meant.
pub(super) fn net(text: &str) -> Result<IpNet, Hint> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    let net = text.parse().or_else(|_| address()).map_err(|_| {
        if text.contains(|char: char| char.is_ascii_alphabetic()) && !text.contains(':') {
            "a name is no address".to_owned()
        } else {
            Hint::new()
        }
    })?;
    as_seen(net).ok_or_else(Hint::new)
}

/// As an edge sees it, to which an IPv4 peer is one on a port for IPv6, too (RFC 4291 §2.5.5.2).
fn as_seen(net: IpNet) -> Option<IpNet> {
    let mapped = match net {
        IpNet::V6(v6) => v6.addr().to_ipv4_mapped(),
        IpNet::V4(_) => None,
    };
    match mapped {
        Some(v4) => Some(
            Ipv4Net::new(v4, net.prefix_len().checked_sub(96)?)
                .ok()?
                .into(),
        ),
        None => Some(net),
    }
}
