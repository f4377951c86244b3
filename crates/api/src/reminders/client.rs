//! Where a request comes from, as far as budgets go.

use std::net::IpAddr;

use stentor_core::reminders::Network;

/// Who asks: among the extensions of a request, if whoever accepts connections says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The other end of the connection; `None` where that is a proxy, behind which anybody may be.
    pub ip: Option<IpAddr>,
}

impl Client {
    /// An IPv4 /24 or an IPv6 /48: what one office, home or rented server has to itself.
    pub(super) fn network(self) -> Option<Network> {
        let bits = match self.ip?.to_canonical() {
            // No IPv6 address of the internet begins with so many zeros.
            IpAddr::V4(v4) => u64::from(v4.to_bits() >> 8),
            IpAddr::V6(v6) => (v6.to_bits() >> 80) as u64 | 1 << 63,
        };
        Some(Network(bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(ip: &str) -> Option<Network> {
        let ip = Some(ip.parse().unwrap());
        Client { ip }.network()
    }

    #[test]
    fn a_network_is_a_24_or_a_48() {
        assert_eq!(network("192.0.2.1"), network("192.0.2.254"));
        assert_eq!(network("192.0.2.1"), network("::ffff:192.0.2.9"));
        assert_ne!(network("192.0.2.1"), network("192.0.3.1"));
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:ffff::9"));
        assert_ne!(network("2001:db8:1::1"), network("2001:db8:2::1"));
        assert_ne!(network("::1"), network("0.0.0.0"));
        assert_eq!(Client { ip: None }.network(), None);
    }
}
