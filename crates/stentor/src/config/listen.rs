//! Where the server is reached: addresses for speakers, and what links begin with.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use super::keys::Config;

impl Config {
    /// Only this machine is served: the pages are on loopback, and nothing was said about the speakers' address.
    pub(crate) fn local_only(&self) -> bool {
        self.listen.ip().is_loopback() && self.udp.is_none() && self.public_ips.is_empty()
    }

    /// The address of the speakers' UDP socket.
    pub(crate) fn udp_addr(&self) -> SocketAddr {
        let mut addr = self.udp.unwrap_or(self.listen);
        if self.local_only() {
            // Firefox pairs a loopback address with nothing (`media.peerconnection.ice.loopback` is off), so a page on
            // 127.0.0.1 can only speak to this machine's own other address. The studio hears nobody from outside.
            addr.set_ip(Ipv4Addr::UNSPECIFIED.into());
        }
        addr
    }

    /// What every link begins with, without a slash at the end.
    pub(crate) fn base_url(&self) -> String {
        match &self.public_url {
            Some(url) => url.to_string(),
            None => {
                let scheme = if self.tls() { "https" } else { "http" };
                let host = self.link_host();
                let host = if host.contains(':') {
                    format!("[{host}]")
                } else {
                    host
                };
                format!("{scheme}://{host}:{}", self.listen.port())
            }
        }
    }

    /// The host that every link names: without brackets, as certificates and resolvers know it.
    pub(crate) fn link_host(&self) -> String {
        match (&self.public_url, self.listen.ip()) {
            (Some(url), _) => url.bare_host().to_owned(),
            (None, ip) if ip.is_unspecified() => self
                .reachable_ips()
                .first()
                .map_or_else(|| "localhost".to_owned(), IpAddr::to_string),
            (None, ip) => ip.to_string(),
        }
    }

    /// Addresses announced to speakers: those configured, else the one this machine is bound to or routes from, else both.
    pub(crate) fn reachable_ips(&self) -> Vec<IpAddr> {
        if !self.public_ips.is_empty() {
            return self.public_ips.clone();
        }
        let bound = self.udp_addr().ip();
        if self.local_only() {
            let mut ips = vec![IpAddr::from(Ipv4Addr::LOCALHOST)];
            ips.extend(route_source().filter(|ip| !ip.is_loopback()));
            ips
        } else if bound.is_unspecified() {
            route_source().into_iter().collect()
        } else {
            vec![bound]
        }
    }
}

/// The address the kernel would send from towards the internet; connecting a UDP socket sends nothing.
fn route_source() -> Option<IpAddr> {
    // 192.0.2.1 is a documentation address (RFC 5737): it only selects the default route.
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let ip = socket.local_addr().ok()?.ip();
    Some(if ip.is_unspecified() {
        IpAddr::from([127, 0, 0, 1])
    } else {
        ip
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_for_this_machine_alone_can_be_reached_on_an_address_firefox_pairs() {
        let alone = Config::default();
        assert!(alone.local_only());
        assert!(alone.udp_addr().ip().is_unspecified());
        assert!(
            alone
                .reachable_ips()
                .contains(&IpAddr::from(Ipv4Addr::LOCALHOST))
        );
        let told = Config {
            udp: Some(SocketAddr::from(([127, 0, 0, 1], 9000))),
            ..Config::default()
        };
        assert!(!told.local_only());
        assert_eq!(told.udp_addr(), SocketAddr::from(([127, 0, 0, 1], 9000)));
        assert_eq!(told.reachable_ips(), [IpAddr::from(Ipv4Addr::LOCALHOST)]);
    }
}
