//! What a certificate says of itself: for whom it is, and until when. Whether it can be trusted is for browsers to decide.

use std::fmt;
use std::net::IpAddr;

use x509_parser::extensions::GeneralName;
use x509_parser::pem::Pem;

/// Names of one certificate that are read; of those of a large site the rest is not for us.
const NAMES_MAX: usize = 100;
/// Names that are said in a sentence.
const NAMES_TOLD: usize = 5;

/// The first certificate of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Certificate {
    names: Vec<Name>,
    /// From when it holds, seconds since 1970.
    pub(crate) begins_unix_s: i64,
    /// Until when.
    pub(crate) ends_unix_s: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    /// In small letters; `*.` stands for one label.
    Dns(String),
    Ip(IpAddr),
}

impl Certificate {
    /// Reads the first of a PEM chain; `None` if there is none.
    pub(crate) fn read(chain: &[u8]) -> Option<Self> {
        let pem = Pem::iter_from_buffer(chain)
            .find_map(|pem| pem.ok().filter(|pem| pem.label == "CERTIFICATE"))?;
        let certificate = pem.parse_x509().ok()?;
        let names = certificate.subject_alternative_name().ok().flatten();
        let names = names.map_or_else(Vec::new, |names| {
            let names = names.value.general_names.iter();
            names.filter_map(Name::of).take(NAMES_MAX).collect()
        });
        let validity = certificate.validity();
        Some(Self {
            names,
            begins_unix_s: validity.not_before.timestamp(),
            ends_unix_s: validity.not_after.timestamp(),
        })
    }

    /// Whether a browser takes it for a host (RFC 9525 §6): a name, or an address without brackets.
    pub(crate) fn is_for(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let ip = host.parse::<IpAddr>().ok();
        self.names.iter().any(|name| match (name, ip) {
            (Name::Ip(ip), Some(host)) => *ip == host,
            (Name::Dns(name), None) => match name.strip_prefix("*.") {
                Some(parent) => host
                    .split_once('.')
                    .is_some_and(|(label, rest)| !label.is_empty() && rest == parent),
                None => *name == host,
            },
            _ => false,
        })
    }

    /// Whom it is for, in words.
    pub(crate) fn names(&self) -> String {
        if self.names.is_empty() {
            return "nobody".to_owned();
        }
        let told: Vec<_> = self
            .names
            .iter()
            .take(NAMES_TOLD)
            .map(Name::to_string)
            .collect();
        let more = self.names.len() - told.len();
        let told = told.join(", ");
        if more == 0 {
            told
        } else {
            format!("{told} and {more} more")
        }
    }
}

impl Name {
    fn of(name: &GeneralName<'_>) -> Option<Self> {
        match name {
            GeneralName::DNSName(name) => Some(Self::Dns(name.to_ascii_lowercase())),
            GeneralName::IPAddress(bytes) => {
                let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
                let v6 = || <[u8; 16]>::try_from(*bytes).map(IpAddr::from);
                v4.or_else(|_| v6()).ok().map(Self::Ip)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Ip(ip) => write!(f, "{ip}"),
        }
    }
}

/// Whether a file holds a private key.
pub(crate) fn holds_key(pem: &[u8]) -> bool {
    Pem::iter_from_buffer(pem).any(|pem| pem.is_ok_and(|pem| pem.label.ends_with("PRIVATE KEY")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(names: &[&str]) -> Certificate {
        let names = names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        Certificate::read(made.cert.pem().as_bytes()).unwrap()
    }

    #[test]
    fn a_certificate_is_for_the_hosts_that_browsers_take_it_for() {
        let certificate = made(&[
            "live.example.org",
            "*.radio.example",
            "192.0.2.7",
            "2001:db8::7",
        ]);
        for host in [
            "live.example.org",
            "LIVE.example.org",
            "a.radio.example",
            "192.0.2.7",
            "2001:db8:0::7",
        ] {
            assert!(certificate.is_for(host), "{host}");
        }
        for host in [
            "example.org",
            "x.live.example.org",
            "radio.example",
            "a.b.radio.example",
            ".radio.example",
            "192.0.2.8",
            "2001:db8::8",
            "",
        ] {
            assert!(!certificate.is_for(host), "{host}");
        }
        assert!(certificate.begins_unix_s < certificate.ends_unix_s);
        assert_eq!(
            certificate.names(),
            "live.example.org, *.radio.example, 192.0.2.7, 2001:db8::7"
        );
        let names: Vec<_> = (0..NAMES_MAX + 1)
            .map(|n| format!("n{n}.example"))
            .collect();
        let many = made(&names.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(many.names.len(), NAMES_MAX);
        assert!(
            many.names().ends_with("n4.example and 95 more"),
            "{}",
            many.names()
        );
    }

    #[test]
    fn what_is_no_certificate_is_none() {
        let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
        for text in [
            "",
            "nothing",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            key.as_str(),
        ] {
            assert_eq!(Certificate::read(text.as_bytes()), None, "{text}");
        }
        assert!(holds_key(key.as_bytes()) && !holds_key(b"nothing"));
    }
}
