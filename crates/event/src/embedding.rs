//! Whose pages may show an event's player inside themselves.
//!
//! Nobody's, until whoever leads the event says so: a page lends its context to what it shows. It is about the player alone; to hear, nobody needs
//! to be named anywhere.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Origins that one event can name: its policy rides with every answer of the player.
pub const ORIGINS_MAX: usize = 16;
/// Bytes of a name of the Domain Name System (RFC 1035 §2.3.4).
const HOST_BYTES_MAX: usize = 253;
/// Bytes of one label of it.
const LABEL_BYTES_MAX: usize = 63;
/// The port of https, which no origin spells out (RFC 6454 §6.2).
const HTTPS_PORT: u16 = 443;
/// Characters of what was given that are told again.
const TOLD_CHARS_MAX: usize = 80;

/// Nobody, as it is typed.
const NONE: &str = "none";
/// Anybody, as it is typed.
const ANY: &str = "any";

/// Whose pages may show the player. As text it is `none`, `any`, or origins with a space between two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Embedding {
    /// No page but those of this server.
    #[default]
    Nobody,
    /// Every page.
    Anybody,
    /// Pages of these origins: at least one, at most [`ORIGINS_MAX`], none twice.
    Origins(Vec<Origin>),
}

/// An origin that can be named in a policy: https, a host, and its port where that is not the usual one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Embedding {
    /// Whether no page may show it.
    #[must_use]
    pub const fn is_nobody(&self) -> bool {
        matches!(self, Self::Nobody)
    }

    /// The sources of `frame-ancestors` (CSP 3 §6.4.2.1). Pages of this server may show what others may.
    #[must_use]
    pub fn frame_ancestors(&self) -> String {
        match self {
            Self::Nobody => "'none'".to_owned(),
            Self::Anybody => "*".to_owned(),
            Self::Origins(_) => format!("'self' {self}"),
        }
    }
}

impl fmt::Display for Embedding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str(NONE),
            Self::Anybody => f.write_str(ANY),
            Self::Origins(origins) => {
                for (at, Origin(origin)) in origins.iter().enumerate() {
                    let gap = if at == 0 { "" } else { " " };
                    write!(f, "{gap}{origin}")?;
                }
                Ok(())
            }
        }
    }
}

impl From<Embedding> for String {
    fn from(embedding: Embedding) -> Self {
        embedding.to_string()
    }
}

impl TryFrom<String> for Embedding {
    type Error = EmbeddingError;

    fn try_from(text: String) -> Result<Self, EmbeddingError> {
        text.parse()
    }
}

impl FromStr for Embedding {
    type Err = EmbeddingError;

    fn from_str(text: &str) -> Result<Self, EmbeddingError> {
        match text.trim() {
            "" => return Err(EmbeddingError::origin("")),
            NONE => return Ok(Self::Nobody),
            ANY => return Ok(Self::Anybody),
            _ => {}
        }
        let mut origins: Vec<Origin> = Vec::new();
        for word in text.split_whitespace() {
            let origin = Origin::parse(word).ok_or_else(|| EmbeddingError::origin(word))?;
            if origins.contains(&origin) {
                continue;
            }
            if origins.len() == ORIGINS_MAX {
                return Err(EmbeddingError::TooMany);
            }
            origins.push(origin);
        }
        Ok(Self::Origins(origins))
    }
}

impl Origin {
    /// `None` for what is none, is not https, or has no form in a policy (CSP 3 §2.3.1), such as an address of IPv6. The slash that people copy
    /// with it is left out.
    fn parse(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        let rest = lower.strip_prefix("https://")?;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port_of(port)?)),
            None => (authority, None),
        };
        let is_host = host.len() <= HOST_BYTES_MAX && host.split('.').all(is_label);
        is_host.then(|| match port.filter(|port| *port != HTTPS_PORT) {
            Some(port) => Self(format!("https://{host}:{port}")),
            None => Self(format!("https://{host}")),
        })
    }
}

fn port_of(text: &str) -> Option<u16> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|_| is_number)?;
    (port != 0).then_some(port)
}

fn is_label(label: &str) -> bool {
    let is_of_labels =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && label.bytes().all(is_of_labels)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Why nobody can be told so who may show the player. The operator's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmbeddingError {
    /// Not the origin of a page.
    #[error(
        "pages that show the player are none, any, or origins such as https://www.example.org, a space between two; got \"{got}\""
    )]
    Origin {
        /// What was given, its beginning.
        got: String,
    },
    /// More than can be named.
    #[error("at most {ORIGINS_MAX} origins can show the player; got more: any lets every page")]
    TooMany,
}

impl EmbeddingError {
    fn origin(got: &str) -> Self {
        let got = got.chars().take(TOLD_CHARS_MAX).collect();
        Self::Origin { got }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<String, EmbeddingError> {
        text.parse::<Embedding>()
            .map(|embedding| embedding.to_string())
    }

    #[test]
    fn who_may_show_it_is_typed_and_kept_as_the_same_text() {
        for (typed, kept) in [
            ("none", "none"),
            (" any ", "any"),
            ("https://a.example", "https://a.example"),
            (
                "  https://A.example/\thttps://b.example:8443 https://a.EXAMPLE:443 ",
                "https://a.example https://b.example:8443",
            ),
            ("https://192.0.2.7", "https://192.0.2.7"),
            (
                "https://xn--bcher-kva.example",
                "https://xn--bcher-kva.example",
            ),
        ] {
            assert_eq!(parsed(typed).as_deref(), Ok(kept), "{typed}");
            assert_eq!(parsed(kept).as_deref(), Ok(kept), "{kept}");
        }
        assert_eq!(Embedding::default().to_string(), "none");
    }

    #[test]
    fn what_could_say_more_in_a_policy_than_an_origin_is_refused_and_named() {
        for wrong in [
            "",
            "any https://a.example",
            "a.example",
            "http://a.example",
            "https://",
            "https:///",
            "https://*",
            "https://*.example",
            "https://a.example/page",
            "https://a.example?x",
            "https://a.example;script-src",
            "https://a.example,https://b.example",
            "https://user@a.example",
            "https://a..example",
            "https://-a.example",
            "https://a.example:",
            "https://a.example:0",
            "https://a.example:+80",
            "https://a.example:70000",
            "https://[::1]",
            "https://bücher.example",
            "'self'",
            "javascript:alert(1)",
        ] {
            let error = parsed(wrong).unwrap_err().to_string();
            assert!(error.starts_with("pages that show the player"), "{error}");
        }
        let error = parsed("https://a.example x").unwrap_err().to_string();
        assert!(error.ends_with("; got \"x\""), "{error}");
        let long = format!("https://{}", "a".repeat(100_000));
        assert!(parsed(&long).unwrap_err().to_string().len() < 300);
        let name =
            |labels: usize| format!("https://{}a", format!("{}.", "a".repeat(62)).repeat(labels));
        assert!(parsed(&name(4)).is_ok());
        assert!(parsed(&name(5)).is_err());
    }

    #[test]
    fn as_many_origins_as_can_be_named_are_and_one_more_is_not() {
        let origins = |count: usize| {
            let each = (0..count).map(|number| format!("https://{number}.example"));
            each.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(parsed(&origins(ORIGINS_MAX)), Ok(origins(ORIGINS_MAX)));
        let error = parsed(&origins(ORIGINS_MAX + 1)).unwrap_err();
        assert_eq!(error, EmbeddingError::TooMany);
        // One that is named twice counts once.
        let twice = format!("{0} {0}", origins(ORIGINS_MAX));
        assert_eq!(parsed(&twice), Ok(origins(ORIGINS_MAX)));
    }

    #[test]
    fn a_policy_says_whose_pages_may_show_it() {
        for (typed, ancestors) in [
            ("none", "'none'"),
            ("any", "*"),
            (
                "https://a.example https://b.example",
                "'self' https://a.example https://b.example",
            ),
        ] {
            let embedding: Embedding = typed.parse().unwrap();
            assert_eq!(embedding.frame_ancestors(), ancestors);
        }
    }
}
