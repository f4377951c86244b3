//! The networks of the reverse proxies in front of this server.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use super::error::ConfigError;
use super::keys::Config;

/// Networks of reverse proxies: each is compared with whoever comes.
pub(super) const PROXIES_MAX: usize = 64;

impl Config {
    /// The networks of the reverse proxies.
    ///
    /// # Errors
    /// [`ConfigError::Proxy`].
    pub(crate) fn proxy_nets(&self) -> Result<Vec<IpNet>, ConfigError> {
        if self.proxies.len() > PROXIES_MAX {
            return Err(ConfigError::Proxies {
                max: PROXIES_MAX,
                got: self.proxies.len(),
            });
        }
        let net = |text: &String| {
            let address = || text.parse::<IpAddr>().map(IpNet::from);
            let net = text.parse().or_else(|_| address()).ok();
            net.and_then(as_seen)
                .ok_or_else(|| ConfigError::Proxy(text.clone()))
        };
        self.proxies.iter().map(net).collect()
    }
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
