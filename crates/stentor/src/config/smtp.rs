//! The mail server, as an operator names it: `smtps://HOST[:PORT]` or `smtp://HOST[:PORT]`, with a user before an `@` where it asks for one.
//!
//! A password may be in it, so that whatever shows a setting again shows this one through [`hidden`]. It is no URL parser.

use std::fmt;
use std::net::IpAddr;

use stentor_cluster::mail::Security;

use super::address::Hint;

/// Characters of a user and of a password.
const LOGIN_CHARS_MAX: usize = 512;

/// Ports where none is named: submission over TLS (RFC 8314 section 7.3), submission (RFC 6409), and mail on this machine.
const PORTS: (u16, u16, u16) = (465, 587, 25);

/// Where mail is handed to.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SmtpUrl {
    /// How the connection is protected.
    pub(crate) security: Security,
    /// A name in small letters, or an IP address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Who we are, where the server asks.
    pub(crate) user: Option<String>,
    /// Where it is not in a file of its own.
    pub(crate) password: Option<String>,
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpUrl({self})")
    }
}

/// Without who we are.
impl fmt::Display for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.security {
            Security::Tls => "smtps",
            Security::StartTls | Security::None => "smtp",
        };
        let (open, close) = if self.host.contains(':') {
            ("[", "]")
        } else {
            ("", "")
        };
        write!(f, "{scheme}://{open}{}{close}:{}", self.host, self.port)
    }
}

impl SmtpUrl {
    /// Reads it as it was typed.
    ///
    /// # Errors
    /// What is too much, too little or not possible in it; never a part of a password.
    pub(super) fn parse(text: &str) -> Result<Self, Hint> {
        if text
            .chars()
            .any(|char| char.is_whitespace() || char.is_control())
        {
            return Err("there is a space in it: write %20".to_owned());
        }
        let (scheme, rest) = text
            .split_once("://")
            .ok_or("it begins with smtps:// or smtp://")?;
        let is_tls = match scheme.to_ascii_lowercase().as_str() {
            "smtps" => true,
            "smtp" => false,
            _ => return Err("it begins with smtps:// or smtp://".to_owned()),
        };
        // A password may have an @ in it, a host has none.
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, rest),
        };
        let place = place.strip_suffix('/').unwrap_or(place);
        let (host, port) = host_and_port(place)?;
        let is_here = host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        let (security, own) = match (is_tls, is_here) {
            (true, _) => (Security::Tls, PORTS.0),
            (false, true) => (Security::None, PORTS.2),
            (false, false) => (Security::StartTls, PORTS.1),
        };
        let (user, password) = match login.map(|login| login.split_once(':').unwrap_or((login, "")))
        {
            None => (None, None),
            Some((user, password)) => (Some(decoded(user)?), Some(decoded(password)?)),
        };
        if user.as_deref() == Some("") {
            return Err("nobody stands before the @".to_owned());
        }
        Ok(Self {
            security,
            host,
            port: port.unwrap_or(own),
            user,
            password: password.filter(|password| !password.is_empty()),
        })
    }
}

/// A setting as it may be shown again: without what stands before its last `@`.
pub(super) fn hidden(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    match rest.rsplit_once('@') {
        None => text.to_owned(),
        Some((_, place)) if scheme.is_empty() => format!("…@{place}"),
        Some((_, place)) => format!("{scheme}://…@{place}"),
    }
}

fn host_and_port(place: &str) -> Result<(String, Option<u16>), Hint> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (ip, port) = rest.split_once(']').ok_or("the bracket is not closed")?;
            let ip: std::net::Ipv6Addr = ip
                .parse()
                .map_err(|_| "what stands in brackets is no IPv6 address")?;
            let port = port
                .strip_prefix(':')
                .or(if port.is_empty() { None } else { Some(port) });
            (ip.to_string(), port)
        }
        None => match place.split_once(':') {
            Some((_, port)) if port.contains(':') => {
                return Err("an IPv6 address stands in brackets".to_owned());
            }
            Some((host, port)) => (host.to_ascii_lowercase(), Some(port)),
            None => (place.to_ascii_lowercase(), None),
        },
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-:".contains(&byte);
    if host.is_empty() || !host.bytes().all(is_name) {
        return Err("behind the @ stands a host, and behind that a port or nothing".to_owned());
    }
    let port = port.map(|port| match port.parse::<u16>() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("a port is a number from 1 to 65535"),
    });
    Ok((host, port.transpose()?))
}

/// Without percent-encoding (RFC 3986 section 2.1).
fn decoded(text: &str) -> Result<String, Hint> {
    let wrong = || "a % that stands for itself is written %25".to_owned();
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let code = rest
            .get(..2)
            .and_then(|code| std::str::from_utf8(code).ok());
        let code = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(code.ok_or_else(wrong)?);
        rest = &rest[2..];
    }
    if bytes.len() > LOGIN_CHARS_MAX {
        return Err(format!(
            "user and password have at most {LOGIN_CHARS_MAX} characters each"
        ));
    }
    String::from_utf8(bytes).map_err(|_| "user and password are UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_taken_as_it_is_written() {
        for (text, said, security, user, password) in [
            (
                "smtps://mail.example.org",
                "smtps://mail.example.org:465",
                Security::Tls,
                None,
                None,
            ),
            (
                "smtp://Mail.Example.org/",
                "smtp://mail.example.org:587",
                Security::StartTls,
                None,
                None,
            ),
            (
                "smtp://localhost",
                "smtp://localhost:25",
                Security::None,
                None,
                None,
            ),
            (
                "smtp://127.0.0.1:2525",
                "smtp://127.0.0.1:2525",
                Security::None,
                None,
                None,
            ),
            (
                "smtp://[::1]:2525",
                "smtp://[::1]:2525",
                Security::None,
                None,
                None,
            ),
            (
                "smtp://10.0.0.1",
                "smtp://10.0.0.1:587",
                Security::StartTls,
                None,
                None,
            ),
            (
                "smtps://ada@example.org:pa@ss:w%40%25@h.example",
                "smtps://h.example:465",
                Security::Tls,
                Some("ada@example.org"),
                Some("pa@ss:w@%"),
            ),
            (
                "smtps://ada@h.example",
                "smtps://h.example:465",
                Security::Tls,
                Some("ada"),
                None,
            ),
        ] {
            let url = SmtpUrl::parse(text).unwrap();
            assert_eq!(url.to_string(), said, "{text}");
            assert_eq!(url.security, security, "{text}");
            assert_eq!(
                (url.user.as_deref(), url.password.as_deref()),
                (user, password),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_server_is_refused_and_no_password_is_shown() {
        for (text, hint) in [
            ("mail.example.org", "smtps://"),
            ("https://ada:secret@h.example", "smtps://"),
            ("smtps://ada:secret@", "a host"),
            ("smtps://:secret@h.example", "nobody"),
            ("smtps://ada:secret@h.example:0", "65535"),
            ("smtps://ada:secret@h.example:x", "65535"),
            ("smtps://ada:secret@h.example/x", "a host"),
            ("smtps://ada:sec ret@h.example", "%20"),
            ("smtps://ada:secret%@h.example", "%25"),
            ("smtps://ada:secret%ff@h.example", "UTF-8"),
            ("smtps://2001:db8::1", "brackets"),
            ("smtps://[2001:db8::1", "not closed"),
            ("", "smtps://"),
        ] {
            let found = SmtpUrl::parse(text).unwrap_err();
            assert!(found.contains(hint), "{text}: {found}");
            assert!(
                !found.contains("secret") && !hidden(text).contains("sec"),
                "{text}"
            );
        }
        let url = SmtpUrl::parse("smtps://ada:secret@h.example").unwrap();
        assert!(!format!("{url:?} {url}").contains("secret"));
        assert_eq!(hidden("smtps://h.example"), "smtps://h.example");
        assert!(
            SmtpUrl::parse(&format!(
                "smtps://{}@h.example",
                "a".repeat(LOGIN_CHARS_MAX + 1)
            ))
            .is_err()
        );
    }
}
