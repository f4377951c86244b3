//! What is allowed, and most likely not meant. The server starts; the log and `stentor check` say it.

use std::net::IpAddr;

use super::address::is_private;
use super::keys::Config;

/// Prefixes shorter than these name half the internet as somebody's own proxies.
const PROXY_PREFIX_MIN: (u8, u8) = (8, 16);

impl Config {
    /// One sentence for each.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        warnings.extend(self.plain_http());
        warnings.extend(self.speakers_address());
        warnings.extend(self.open_metrics());
        warnings.extend(self.everybodys_proxy());
        warnings.extend(self.strict_without_certificate());
        warnings
    }

    fn plain_http(&self) -> Option<String> {
        let proxied = self.public_url.as_ref().is_some_and(|url| url.https);
        (!self.listen.ip().is_loopback() && !self.tls() && !proxied).then(|| {
            "plain HTTP on a public address: anybody can listen, but browsers give speakers no microphone; \
             use --tls-cert and --tls-key, --dev-tls, or a proxy with an https --public-url"
                .to_owned()
        })
    }

    /// Whether those who speak can reach the address they are told.
    fn speakers_address(&self) -> Option<String> {
        if self.local_only() || !self.public_ips.is_empty() {
            return None;
        }
        let told: Vec<IpAddr> = self.reachable_ips();
        let Some(ip) = told.first() else {
            return Some(
                "no address of this machine was found for speakers to come to: name it with --public-ip"
                    .to_owned(),
            );
        };
        let is_open = !self.listen.ip().is_loopback();
        let unreachable = ip.is_loopback() || is_private(*ip);
        (is_open && unreachable).then(|| {
            format!(
                "speakers are told to come to {ip}, which nobody outside reaches: name the public address with --public-ip"
            )
        })
    }

    fn open_metrics(&self) -> Option<String> {
        let addr = self.metrics?;
        let ip = addr.ip();
        (!ip.is_loopback() && !is_private(ip)).then(|| {
            format!("the operator's port {addr} asks for no password: bind it to loopback or a private network")
        })
    }

    fn strict_without_certificate(&self) -> Option<String> {
        let days = self.hsts_days;
        let is_given = days != Self::default().hsts_days && days > 0;
        (is_given && self.tls_cert.is_none()).then(|| {
            format!("hsts_days is {days}, and nothing is said of it without tls_cert: a proxy in front says it itself")
        })
    }

    fn everybodys_proxy(&self) -> Option<String> {
        let (v4, v6) = PROXY_PREFIX_MIN;
        let net = self.proxies.iter().find(|net| {
            let least = if net.addr().is_ipv4() { v4 } else { v6 };
            net.prefix_len() < least
        })?;
        Some(format!(
            "proxies names {net}: whoever comes from there is not counted as one crowd from one network; name your own proxies only"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listening(addr: &str) -> Config {
        Config {
            listen: addr.parse().unwrap(),
            dev_tls: true,
            ..Config::default()
        }
    }

    fn says(config: &Config, word: &str) -> bool {
        config
            .warnings()
            .iter()
            .any(|warning| warning.contains(word))
    }

    #[test]
    fn a_server_on_an_address_of_its_own_is_warned_of_nothing() {
        for addr in [
            "127.0.0.1:8080",
            "[::1]:8080",
            "203.0.113.7:443",
            "[2001:db8::7]:443",
        ] {
            assert_eq!(listening(addr).warnings(), [""; 0], "{addr}");
        }
        let told = Config {
            public_ips: vec![IpAddr::from([203, 0, 113, 7])],
            ..listening("0.0.0.0:443")
        };
        assert_eq!(told.warnings(), [""; 0]);
    }

    #[test]
    fn what_nobody_outside_reaches_is_said() {
        for addr in ["10.0.0.5:443", "192.168.1.9:8443", "[fd00::1]:443"] {
            assert!(says(&listening(addr), "nobody outside reaches"), "{addr}");
        }
    }

    #[test]
    fn plain_http_before_everybody_is_said_and_behind_a_proxy_it_is_not() {
        for addr in ["203.0.113.7:80", "0.0.0.0:8080", "[2001:db8::7]:80"] {
            let plain = Config {
                dev_tls: false,
                ..listening(addr)
            };
            assert!(says(&plain, "no microphone"), "{addr}");
            let url = super::super::url::PublicUrl::parse("https://live.example.org").unwrap();
            let proxied = Config {
                public_url: Some(url),
                ..plain
            };
            assert!(!says(&proxied, "no microphone"), "{addr}");
        }
    }

    #[test]
    fn an_operators_port_for_everybody_and_proxies_of_everybody_are_said() {
        for (addr, warned) in [
            ("203.0.113.7:9100", true),
            ("0.0.0.0:9100", true),
            ("127.0.0.1:9100", false),
            ("10.1.1.1:9100", false),
        ] {
            let config = Config {
                metrics: Some(addr.parse().unwrap()),
                ..Config::default()
            };
            assert_eq!(says(&config, "no password"), warned, "{addr}");
        }
        for (net, warned) in [
            ("0.0.0.0/0", true),
            ("::/0", true),
            ("10.0.0.0/7", true),
            ("10.0.0.0/8", false),
            ("2001:db8::/32", false),
        ] {
            let config = Config {
                proxies: vec![net.parse().unwrap()],
                ..Config::default()
            };
            assert_eq!(says(&config, "own proxies"), warned, "{net}");
        }
    }
}
