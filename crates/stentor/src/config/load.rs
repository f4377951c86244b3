//! The configuration: what the operator decides before the server starts, and nothing else.
//!
//! One struct, three layers in this order: a TOML file, the environment (`STENTOR_LISTEN=…`), flags. A key that is
//! not known is an error: a misspelt setting must not be silently ignored. Everything about an event is in
//! the store, never here.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};
use stentor_core::admission::Rung;

/// Networks of reverse proxies: each is compared with whoever comes.
const PROXIES_MAX: usize = 64;

/// The effective configuration.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Address of the pages, the sound and ICE-TCP: one TCP port.
    pub(crate) listen: SocketAddr,
    /// Address of the speakers' UDP; the same as `listen` where not given.
    pub(crate) udp: Option<SocketAddr>,
    /// Addresses under which speakers reach this machine, announced as ICE candidates.
    pub(crate) public_ips: Vec<IpAddr>,
    /// What links begin with; made from `listen` where not given.
    pub(crate) public_url: Option<String>,
    /// Folder for events, recordings and the server's secret.
    pub(crate) data_dir: PathBuf,
    /// TLS certificate chain (PEM). Needs `tls_key`.
    pub(crate) tls_cert: Option<PathBuf>,
    /// TLS private key (PEM). Needs `tls_cert`.
    pub(crate) tls_key: Option<PathBuf>,
    /// Serve TLS with a certificate of our own making.
    pub(crate) dev_tls: bool,
    /// Days an invitation link is valid, counted from the making of the event.
    pub(crate) invitation_days: u32,
    /// The rung of the ladder to stay on, 0 to 4, whatever the load; without it the load decides. Read again on SIGHUP.
    pub(crate) rung: Option<u8>,
    /// What the network in front of this machine carries, Mbit/s; without it the link is no reason to climb.
    pub(crate) link_mbit_s: Option<u32>,
    /// Where an operator reads metrics and the steps of the ladder; without it nowhere.
    pub(crate) metrics: Option<SocketAddr>,
    /// Connections in all, listeners among them, that the port takes.
    pub(crate) connections_max: usize,
    /// Reverse proxies, each a network (`192.0.2.0/24`) or an address: who comes through them does not count as one crowd from one
    /// network. This machine need not be named.
    pub(crate) proxies: Vec<String>,
    /// How long listeners are given to find another server when this one is told to leave (SIGTERM), seconds. With nowhere to
    /// go, 0: they come back to this one when it is back.
    pub(crate) drain_s: u32,
    /// What is logged (a `tracing` filter).
    pub(crate) log: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            udp: None,
            public_ips: Vec::new(),
            public_url: None,
            data_dir: PathBuf::from("stentor-data"),
            tls_cert: None,
            tls_key: None,
            dev_tls: false,
            invitation_days: 30,
            rung: None,
            link_mbit_s: None,
            metrics: None,
            connections_max: 100_000,
            proxies: Vec::new(),
            drain_s: 0,
            log: "info".to_owned(),
        }
    }
}

impl Config {
    /// Reads file, environment and flags, later layers over earlier ones.
    ///
    /// # Errors
    /// The operator's: an unreadable file, an unknown key, a value of the wrong kind, settings that contradict.
    pub(crate) fn load(file: Option<&Path>, flags: &impl Serialize) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            if file.is_dir() {
                return Err(ConfigError::NotAFile(file.to_owned()));
            }
            if !file.exists() {
                return Err(ConfigError::NoFile(file.to_owned()));
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        figment
            // STENTOR_MUST_RUN speaks to tests, not to the server.
            .merge(Env::prefixed("STENTOR_").ignore(&["must_run"]))
            .merge(Serialized::defaults(flags))
            .extract::<Self>()
            .map_err(|error| ConfigError::Value(Box::new(error)))?
            .checked()
    }

    fn checked(self) -> Result<Self, ConfigError> {
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            return Err(ConfigError::HalfTls);
        }
        if self.dev_tls && self.tls_cert.is_some() {
            return Err(ConfigError::TwoTls);
        }
        if let Some(number) = self.rung.filter(|number| Rung::new(*number).is_none()) {
            return Err(ConfigError::Rung(number));
        }
        for (key, zero) in [
            ("link_mbit_s", self.link_mbit_s == Some(0)),
            ("connections_max", self.connections_max == 0),
        ] {
            if zero {
                return Err(ConfigError::Zero(key));
            }
        }
        self.proxy_nets()?;
        if let Some(url) = &self.public_url
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            return Err(ConfigError::PublicUrl(url.clone()));
        }
        Ok(self)
    }

    /// The networks of the reverse proxies.
    ///
    /// # Errors
    /// [`ConfigError::Proxy`].
    pub(crate) fn proxy_nets(&self) -> Result<Vec<IpNet>, ConfigError> {
        if self.proxies.len() > PROXIES_MAX {
            return Err(ConfigError::Proxies(self.proxies.len()));
        }
        let net = |text: &String| {
            let address = || text.parse::<IpAddr>().map(IpNet::from);
            let net = text.parse().or_else(|_| address()).ok();
            net.and_then(as_seen)
                .ok_or_else(|| ConfigError::Proxy(text.clone()))
        };
        self.proxies.iter().map(net).collect()
    }

    /// The rung to stay on.
    pub(crate) fn pinned(&self) -> Option<Rung> {
        self.rung.and_then(Rung::new)
    }

    /// Whether the listening port speaks TLS itself.
    pub(crate) fn tls(&self) -> bool {
        self.dev_tls || self.tls_cert.is_some()
    }

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
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => {
                let scheme = if self.tls() { "https" } else { "http" };
                let host = match self.listen.ip() {
                    ip if ip.is_unspecified() => self
                        .reachable_ips()
                        .first()
                        .map_or_else(|| "localhost".to_owned(), IpAddr::to_string),
                    ip => ip.to_string(),
                };
                let host = if host.contains(':') {
                    format!("[{host}]")
                } else {
                    host
                };
                format!("{scheme}://{host}:{}", self.listen.port())
            }
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

/// What the operator has to mend before the server can start.
#[derive(Debug)]
pub(crate) enum ConfigError {
    /// The file named with `--config` is not there.
    NoFile(PathBuf),
    /// What is named with `--config` is a folder.
    NotAFile(PathBuf),
    /// A key that is unknown or a value that does not fit.
    Value(Box<figment::Error>),
    /// Certificate without key or key without certificate.
    HalfTls,
    /// A self-signed certificate was asked for beside a given one.
    TwoTls,
    /// The ladder has no such rung.
    Rung(u8),
    /// A bound within which nobody could be served.
    Zero(&'static str),
    /// One of `proxies` is neither a network nor an address.
    Proxy(String),
    /// So many of `proxies` are too many.
    Proxies(usize),
    /// `public_url` has no scheme we serve.
    PublicUrl(String),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFile(path) => write!(f, "configuration file {} does not exist", path.display()),
            Self::NotAFile(path) => write!(
                f,
                "configuration file {} is a folder: name the file in it",
                path.display()
            ),
            Self::Value(error) => write!(f, "configuration: {error}"),
            Self::Zero(key) => write!(f, "{key} is a number above zero, not 0"),
            Self::HalfTls => {
                write!(
                    f,
                    "tls_cert and tls_key belong together: one was given without the other"
                )
            }
            Self::TwoTls => write!(
                f,
                "dev_tls makes a certificate of its own: leave it out where tls_cert is given"
            ),
            Self::Rung(got) => write!(f, "rung must be 0 to {}, got {got}", Rung::CLOSED.number()),
            Self::Proxy(got) => write!(
                f,
                "proxies takes networks as 192.0.2.0/24, and addresses, got \"{got}\""
            ),
            Self::Proxies(got) => write!(f, "proxies takes at most {PROXIES_MAX}, got {got}"),
            Self::PublicUrl(got) => {
                write!(
                    f,
                    "public_url must begin with http:// or https://, got \"{got}\""
                )
            }
        }
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with_file(text: &str) -> Result<Config, ConfigError> {
        let file = std::env::temp_dir().join(format!(
            "stentor-config-{}-{}",
            std::process::id(),
            text.len()
        ));
        std::fs::write(&file, text).expect("temporary file");
        let result = Config::load(Some(&file), &json!({}));
        std::fs::remove_file(&file).expect("temporary file");
        result
    }

    #[test]
    fn an_unknown_key_is_named_in_the_error() {
        let error = with_file("lisen = \"127.0.0.1:1\"")
            .expect_err("misspelt")
            .to_string();
        assert!(
            error.contains("lisen") && error.contains("listen"),
            "{error}"
        );
    }

    #[test]
    fn a_flag_wins_over_the_file_and_an_absent_flag_leaves_it() {
        let file = std::env::temp_dir().join(format!("stentor-layers-{}", std::process::id()));
        std::fs::write(&file, "listen = \"127.0.0.1:1\"\ndev_tls = true").expect("temporary file");
        let config = Config::load(Some(&file), &json!({"listen": "127.0.0.1:2"})).expect("valid");
        std::fs::remove_file(&file).expect("temporary file");
        assert_eq!(config.listen.port(), 2);
        assert!(config.dev_tls);
        assert_eq!(config.base_url(), "https://127.0.0.1:2");
    }

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

    #[test]
    fn a_certificate_without_its_key_is_refused() {
        let error = with_file("tls_cert = \"a.pem\"").expect_err("half");
        assert!(matches!(error, ConfigError::HalfTls));
    }

    #[test]
    fn a_rung_that_is_not_there_is_refused() {
        let error = with_file("rung = 5").expect_err("too high").to_string();
        assert_eq!(error, "rung must be 0 to 4, got 5");
        let config = with_file("rung = 4").expect("the last one");
        assert_eq!(config.pinned(), Some(Rung::CLOSED));
    }

    #[test]
    fn bounds_within_which_nobody_could_be_served_are_refused() {
        for key in ["link_mbit_s", "connections_max"] {
            let error = with_file(&format!("{key} = 0"))
                .expect_err("zero")
                .to_string();
            assert_eq!(error, format!("{key} is a number above zero, not 0"));
        }
    }

    #[test]
    fn a_proxy_is_a_network_or_an_address_and_anything_else_is_refused() {
        let config = with_file("proxies = [\"192.0.2.0/24\", \"2001:db8::7\"]").expect("both");
        let nets = config.proxy_nets().expect("both");
        assert!(nets[0].contains(&IpAddr::from([192, 0, 2, 9])));
        assert_eq!(nets[1].to_string(), "2001:db8::7/128");
        let config = with_file("proxies = [\"::ffff:192.0.2.0/120\"]").expect("mapped");
        assert_eq!(
            config.proxy_nets().expect("mapped")[0].to_string(),
            "192.0.2.0/24"
        );
        let many = vec!["\"192.0.2.1\""; PROXIES_MAX + 1].join(",");
        let error = with_file(&format!("proxies = [{many}]")).expect_err("too many");
        assert_eq!(error.to_string(), "proxies takes at most 64, got 65");
        let error = with_file("proxies = [\"cdn.example\"]").expect_err("a name");
        assert_eq!(
            error.to_string(),
            "proxies takes networks as 192.0.2.0/24, and addresses, got \"cdn.example\""
        );
    }

    #[test]
    fn a_missing_file_is_named() {
        let error =
            Config::load(Some(Path::new("/nowhere.toml")), &json!({})).expect_err("missing");
        assert_eq!(
            error.to_string(),
            "configuration file /nowhere.toml does not exist"
        );
    }
}
