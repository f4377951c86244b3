//! Addresses as operators type them, and what they may have meant instead.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// What may have been meant by a text that is not what was expected; empty where there is no guess.
pub(super) type Hint = String;

/// An address to listen on.
///
/// # Errors
/// What may have been meant.
pub(super) fn listening(text: &str) -> Result<SocketAddr, Hint> {
    let addr = socket(text)?;
    if addr.port() == 0 {
        return Err(
            "a port chosen by the system is in no link: name one from 1 to 65535".to_owned(),
        );
    }
    Ok(addr)
}

/// An address and a port, also 0.
///
/// # Errors
/// What may have been meant.
pub(super) fn socket(text: &str) -> Result<SocketAddr, Hint> {
    match text.parse::<SocketAddr>() {
        Ok(addr) if addr.ip().is_multicast() || addr.ip() == IpAddr::V4(Ipv4Addr::BROADCAST) => {
            Err("this address belongs to no machine".to_owned())
        }
        Ok(addr) => Ok(addr),
        Err(_) => Err(meant_socket(text)),
    }
}

fn meant_socket(text: &str) -> Hint {
    let every = |port: u16| {
        format!(
            "for every address of this machine write [::]:{port}, for this machine alone 127.0.0.1:{port}"
        )
    };
    if text.contains("://") {
        return "an address has no scheme: leave out what stands before the address".to_owned();
    }
    if let Ok(port) = text.strip_prefix(':').unwrap_or(text).parse::<u16>() {
        return format!("a port alone says nothing of the address: {}", every(port));
    }
    if let Ok(ip) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        return match ip {
            IpAddr::V4(ip) => format!("the port is missing: write {ip}:8080"),
            IpAddr::V6(ip) => {
                format!("an IPv6 address stands in brackets, and a port follows: write [{ip}]:8080")
            }
        };
    }
    let Some((host, port)) = text.rsplit_once(':') else {
        return Hint::new();
    };
    let Ok(port) = port.parse::<u16>() else {
        return "a port is a number from 1 to 65535".to_owned();
    };
    match host {
        "localhost" => format!("a name is no address: write 127.0.0.1:{port}"),
        "*" => every(port),
        _ if host.contains(':') && !host.starts_with('[') => {
            format!("an IPv6 address stands in brackets: write [{host}]:{port}")
        }
        _ if is_digits_and_dots(host) => {
            "an IPv4 address has four numbers from 0 to 255".to_owned()
        }
        _ => format!("a name is no address: {}", every(port)),
    }
}

/// An address under which others reach this machine.
///
/// # Errors
/// What may have been meant.
pub(super) fn reachable(text: &str) -> Result<IpAddr, Hint> {
    let Ok(ip) = text.parse::<IpAddr>() else {
        return Err(meant_ip(text));
    };
    if ip.is_unspecified() {
        return Err(format!(
            "{ip} stands for every address of a machine, and nobody can be sent there: name the one that others see"
        ));
    }
    if ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST) {
        return Err("this address belongs to no machine".to_owned());
    }
    Ok(ip)
}

fn meant_ip(text: &str) -> Hint {
    if let Ok(addr) = text.parse::<SocketAddr>() {
        return format!("it has no port: write {}", addr.ip());
    }
    if let Ok(ip) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        return format!("it has no brackets: write {ip}");
    }
    if text.contains('/') {
        return "an address, not a network or a link".to_owned();
    }
    if text.contains(',') {
        return "one address each: give the flag again, or separate the values of a list"
            .to_owned();
    }
    if is_digits_and_dots(text) {
        return "an IPv4 address has four numbers from 0 to 255".to_owned();
    }
    if text.contains('.') {
        return format!("a name is no address: `getent ahosts {text}` prints those it has");
    }
    Hint::new()
}

/// Whether somebody wanted to write an IPv4 address.
pub(super) fn is_digits_and_dots(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// Whether an address means nothing outside a private network (RFC 1918, RFC 6598, RFC 4193, link-local).
pub(crate) fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            ip.is_private() || ip.is_link_local() || (first == 100 && (64..128).contains(&second))
        }
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_by_half_an_address_is_said() {
        for (text, hint) in [
            (":18500", "[::]:18500"),
            ("18500", "127.0.0.1:18500"),
            ("127.0.0.1", "127.0.0.1:8080"),
            ("localhost:9000", "127.0.0.1:9000"),
            ("*:443", "[::]:443"),
            ("::1", "[::1]:8080"),
            ("2001:db8::7:443", "[2001:db8::7:443]:8080"),
            ("fe80:0:0:0:0:0:0:1:443", "[fe80:0:0:0:0:0:0:1]:443"),
            ("live.example.org:443", "a name is no address"),
            ("127.0.0.1:70000", "65535"),
            ("127.0.0.1:http", "65535"),
            ("127.0.0.1:", "65535"),
            ("127.0.0:80", "four numbers"),
            ("256.1.1.1:80", "four numbers"),
            ("https://0.0.0.0:443", "no scheme"),
            ("224.0.0.1:80", "no machine"),
            ("127.0.0.1:0", "from 1 to 65535"),
        ] {
            let found = listening(text).unwrap_err();
            assert!(found.contains(hint), "{text}: {found}");
        }
        for text in [
            "127.0.0.1:8080",
            "[::]:443",
            "0.0.0.0:1",
            "[2001:db8::7]:65535",
        ] {
            assert_eq!(listening(text).unwrap().to_string(), text);
        }
        assert_eq!(socket("127.0.0.1:0").unwrap().port(), 0);
    }

    #[test]
    fn an_address_for_others_is_one_they_can_send_to() {
        for (text, hint) in [
            ("0.0.0.0", "every address"),
            ("::", "every address"),
            ("239.1.2.3", "no machine"),
            ("255.255.255.255", "no machine"),
            ("203.0.113.7:443", "write 203.0.113.7"),
            ("[2001:db8::7]", "write 2001:db8::7"),
            ("live.example.org", "getent ahosts"),
            ("10.0.0.0/8", "not a network"),
            ("203.0.113.7,203.0.113.8", "one address each"),
            ("203.0.113", "four numbers"),
            ("", ""),
        ] {
            let found = reachable(text).unwrap_err();
            assert!(found.contains(hint), "{text}: {found}");
        }
        for text in ["203.0.113.7", "127.0.0.1", "2001:db8::7"] {
            assert_eq!(reachable(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn private_addresses_are_known() {
        for text in [
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "169.254.1.1",
            "fd00::1",
            "fe80::1",
        ] {
            assert!(is_private(text.parse().unwrap()), "{text}");
        }
        for text in [
            "203.0.113.7",
            "100.128.0.1",
            "172.32.0.1",
            "2001:db8::1",
            "127.0.0.1",
        ] {
            assert!(!is_private(text.parse().unwrap()), "{text}");
        }
    }
}
