//! What links begin with: a scheme and a host, and nothing that would stand between the host and a page's path.
//!
//! It is no URL parser: all that it takes is `http(s)://HOST[:PORT]`, with or without a slash at the end.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::address::{Hint, is_digits_and_dots};

/// Characters of a host name, and of one of its labels (RFC 1035 §2.3.4).
const NAME_CHARS_MAX: usize = 253;
const LABEL_CHARS_MAX: usize = 63;

/// What links begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicUrl {
    /// Whether browsers are to come by TLS.
    pub(crate) https: bool,
    /// A name in small letters, an IPv4 address, or an IPv6 address in brackets.
    pub(crate) host: String,
    /// Where it is not the scheme's own.
    pub(crate) port: Option<u16>,
}

impl PublicUrl {
    /// Reads it as it was typed.
    ///
    /// # Errors
    /// What is too much, too little or not possible in it.
    pub(super) fn parse(text: &str) -> Result<Self, Hint> {
        if text.chars().any(char::is_whitespace) {
            return Err("there is a space in it".to_owned());
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(match text.trim_start_matches('/') {
                "" => Hint::new(),
                rest => format!("the scheme is missing: write https://{rest}"),
            });
        };
        let https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(format!("pages are not served by {scheme}")),
        };
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        if !matches!(tail, "" | "/") {
            let what = match &tail[..1] {
                "?" => "a query",
                "#" => "a fragment",
                _ if tail.contains('?') => "a query",
                _ => "a path",
            };
            return Err(format!(
                "the pages' addresses begin right after the host, so that there can be no {}: leave out \"{tail}\"",
                &what[2..]
            ));
        }
        if authority.contains('@') {
            return Err("everybody reads a link: leave out what stands before the @".to_owned());
        }
        let (host, port) = host_and_port(authority)?;
        let own = if https { 443 } else { 80 };
        Ok(Self {
            https,
            host,
            port: port.filter(|port| *port != own),
        })
    }

    /// The port that browsers come to.
    pub(crate) fn port(&self) -> u16 {
        self.port.unwrap_or(if self.https { 443 } else { 80 })
    }

    /// Without brackets, as certificates and resolvers know it.
    pub(crate) fn bare_host(&self) -> &str {
        self.host.trim_matches(['[', ']'])
    }
}

impl std::fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.host)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

fn host_and_port(authority: &str) -> Result<(String, Option<u16>), Hint> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (ip, port) = rest.split_once(']').ok_or("the bracket is not closed")?;
        let ip: Ipv6Addr = ip
            .parse()
            .map_err(|_| "what stands in brackets is no IPv6 address")?;
        if ip.is_unspecified() {
            return Err("nobody can open ::, which stands for every address".to_owned());
        }
        let port = match port {
            "" => None,
            port => Some(
                port.strip_prefix(':')
                    .ok_or("after the bracket there is a port or nothing")?,
            ),
        };
        (format!("[{ip}]"), port)
    } else {
        match authority.split_once(':') {
            Some((_, port)) if port.contains(':') => {
                return Err("an IPv6 address stands in brackets".to_owned());
            }
            Some((host, port)) => (name_or_ipv4(host)?, Some(port)),
            None => (name_or_ipv4(authority)?, None),
        }
    };
    let port = match port {
        None => None,
        Some(port) => match port.parse::<u16>() {
            Ok(number) if number > 0 && port.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(number)
            }
            _ => return Err("a port is a number from 1 to 65535".to_owned()),
        },
    };
    Ok((host, port))
}

fn name_or_ipv4(host: &str) -> Result<String, Hint> {
    if host.is_empty() {
        return Err("the host is missing".to_owned());
    }
    if is_digits_and_dots(host) {
        return match host.parse::<Ipv4Addr>() {
            Ok(ip) if ip.is_unspecified() => {
                Err("nobody can open 0.0.0.0, which stands for every address".to_owned())
            }
            Ok(ip) => Ok(ip.to_string()),
            Err(_) => Err("an IPv4 address has four numbers from 0 to 255".to_owned()),
        };
    }
    if !host.is_ascii() {
        return Err(
            "a name with other letters than a to z is written as registrars do, beginning with xn--".to_owned(),
        );
    }
    let host = host.to_ascii_lowercase();
    let is_label = |label: &str| {
        (1..=LABEL_CHARS_MAX).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if host.len() > NAME_CHARS_MAX || !host.split('.').all(is_label) {
        return Err(format!("\"{host}\" cannot be the name of a host"));
    }
    Ok(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_and_a_host_are_taken_as_browsers_write_them() {
        for (text, url) in [
            ("https://live.example.org", "https://live.example.org"),
            ("https://live.example.org/", "https://live.example.org"),
            ("HTTPS://Live.Example.org:443", "https://live.example.org"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://192.0.2.7:80/", "http://192.0.2.7"),
            ("https://[2001:DB8::7]:8443", "https://[2001:db8::7]:8443"),
            ("https://xn--t-ygaa.example", "https://xn--t-ygaa.example"),
        ] {
            assert_eq!(PublicUrl::parse(text).unwrap().to_string(), url, "{text}");
        }
    }

    #[test]
    fn what_cannot_begin_a_link_is_refused_with_the_reason() {
        for (text, hint) in [
            ("https://radio example org", "space"),
            (" https://radio.example.org", "space"),
            ("https://radio.example.org/?a=b", "query"),
            ("https://radio.example.org?a=b", "query"),
            ("https://radio.example.org/live", "path"),
            ("https://radio.example.org//", "path"),
            ("https://radio.example.org#top", "fragment"),
            ("https://radio.example.org\\live", "path"),
            ("https://ada:pw@radio.example.org", "before the @"),
            ("radio.example.org", "https://radio.example.org"),
            ("//radio.example.org", "https://radio.example.org"),
            ("ftp://radio.example.org", "ftp"),
            ("wss://radio.example.org", "wss"),
            ("https://", "host is missing"),
            ("https:///e", "path"),
            ("https://radio..org", "cannot be the name"),
            ("https://-radio.org", "cannot be the name"),
            ("https://radio_1.org", "cannot be the name"),
            ("https://rädio.org", "xn--"),
            ("https://0.0.0.0", "nobody can open"),
            ("https://[::]:443", "nobody can open"),
            ("https://192.0.2", "four numbers"),
            ("https://2001:db8::7", "brackets"),
            ("https://[2001:db8::7", "not closed"),
            ("https://radio.org:0", "65535"),
            ("https://radio.org:+80", "65535"),
            ("https://radio.org:", "65535"),
            ("", ""),
        ] {
            let found = PublicUrl::parse(text).unwrap_err();
            assert!(found.contains(hint), "{text}: {found}");
        }
        let long = format!("https://{}.org", "a".repeat(LABEL_CHARS_MAX + 1));
        assert!(PublicUrl::parse(&long).is_err());
        let fits = format!("https://{}.org", "a".repeat(LABEL_CHARS_MAX));
        assert!(PublicUrl::parse(&fits).is_ok());
    }
}
