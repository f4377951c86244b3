//! The ports, and the name that links begin with.

use std::net::{IpAddr, SocketAddr, TcpListener, ToSocketAddrs, UdpSocket};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::finding::{Finding, bad, ok, warn};
use crate::config::Config;
use crate::error::AppError;

/// How long a resolver may take.
const RESOLVE_WITHIN: Duration = Duration::from_secs(5);

/// Whether every port can be had. Those that the server of the same folder has are its own.
pub(super) fn ports(config: &Config, is_running: bool) -> Vec<Finding> {
    let udp_flag = if config.udp.is_some() {
        "--udp"
    } else {
        "--listen"
    };
    let mut findings = vec![
        port("TCP", "--listen", config.listen, is_running, |addr| {
            TcpListener::bind(addr).map(drop)
        }),
        port("UDP", udp_flag, config.udp_addr(), is_running, |addr| {
            UdpSocket::bind(addr).map(drop)
        }),
    ];
    if let Some(addr) = config.metrics {
        findings.push(port("TCP", "--metrics", addr, is_running, |addr| {
            TcpListener::bind(addr).map(drop)
        }));
    }
    findings
}

fn port(
    what: &'static str,
    flag: &'static str,
    addr: SocketAddr,
    is_running: bool,
    bind: impl Fn(SocketAddr) -> std::io::Result<()>,
) -> Finding {
    const CHECK: &str = "port";
    match bind(addr) {
        Ok(()) => ok(CHECK, format!("{what} {addr} can be had")),
        Err(error) => match AppError::bind(what, flag, addr, error) {
            AppError::PortTaken { .. } if is_running => ok(
                CHECK,
                format!(
                    "{what} {addr} is taken, most likely by the server that runs with this data folder"
                ),
            ),
            error => bad(CHECK, error.to_string()),
        },
    }
}

/// Whether the name in links leads here.
pub(super) fn name(config: &Config) -> Finding {
    const CHECK: &str = "name";
    let Some(url) = &config.public_url else {
        return match config.listen.ip().is_loopback() {
            true => ok(CHECK, "links work on this machine only"),
            false => warn(
                CHECK,
                "links begin with an address, for which hardly anybody has a certificate: name a host with --public-url",
            ),
        };
    };
    let host = url.bare_host().to_owned();
    if let Ok(ip) = host.parse::<IpAddr>() {
        return ok(CHECK, format!("links begin with the address {ip}"));
    }
    let ips = match resolve(host.clone(), url.port()) {
        Ok(ips) => ips,
        Err(why) => {
            return bad(
                CHECK,
                format!("{host} has no address ({why}): make an A or AAAA record for it"),
            );
        }
    };
    let told: Vec<_> = ips.iter().map(IpAddr::to_string).collect();
    let told = told.join(", ");
    if !config.public_ips.is_empty() && !config.public_ips.iter().any(|ip| ips.contains(ip)) {
        let public: Vec<_> = config.public_ips.iter().map(IpAddr::to_string).collect();
        return warn(
            CHECK,
            format!(
                "{host} is {told}, and speakers are told {}: right only with a proxy in front",
                public.join(", ")
            ),
        );
    }
    if config.tls() && url.port() != config.listen.port() {
        return warn(
            CHECK,
            format!(
                "{host} is {told}; links lead to port {}, and this server listens on {}: somebody must forward the one to the other",
                url.port(),
                config.listen.port()
            ),
        );
    }
    ok(CHECK, format!("{host} is {told}"))
}

/// Asks the system's resolver, which may wait for a server that does not answer.
fn resolve(host: String, port: u16) -> Result<Vec<IpAddr>, String> {
    let (sender, answer) = mpsc::channel();
    thread::spawn(move || {
        let found = (host.as_str(), port).to_socket_addrs();
        let ips = found.map(|addrs| addrs.map(|addr| addr.ip()).collect::<Vec<_>>());
        // Whoever asked may have given up.
        let _ = sender.send(ips.map_err(|error| error.to_string()));
    });
    match answer.recv_timeout(RESOLVE_WITHIN) {
        Ok(Ok(ips)) if ips.is_empty() => Err("the resolver knows none".to_owned()),
        Ok(Ok(mut ips)) => {
            ips.sort_unstable();
            ips.dedup();
            Ok(ips)
        }
        Ok(Err(why)) => Err(why),
        Err(_) => Err(format!(
            "the resolver did not answer in {} s",
            RESOLVE_WITHIN.as_secs()
        )),
    }
}
