//! What an operator wants changed about an event: as it is asked for, and as it waits in the store for whoever runs the event.
//!
//! It is not a command of the stage: whoever can write the store stands above everybody there.

use serde::{Deserialize, Serialize};
use stentor_core::conversation;

use crate::lang::Lang;
use crate::record::{NewEventError, check_start, checked_title};

/// Version of the stored form; another one is refused rather than misread.
const VERSION: u32 = 1;

/// What is to be changed; `None` or `false` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amendment {
    /// What it is called.
    pub title: Option<String>,
    /// The announced beginning, milliseconds since 1970; `Some(None)`: no time is announced.
    pub starts_unix_ms: Option<Option<i64>>,
    /// Language of its page where none is asked for.
    pub lang: Option<String>,
    /// Whether what is on air is recorded.
    pub recorded: Option<bool>,
    /// Every stage link made so far is dead.
    pub renew_links: bool,
    /// It is over.
    pub end: bool,
    /// It is taken away, with its links and recordings.
    pub delete: bool,
}

impl Amendment {
    /// What is to be changed, in words for the log.
    #[must_use]
    pub fn named(&self) -> Vec<&'static str> {
        let parts = [
            (self.title.is_some(), "title"),
            (self.starts_unix_ms.is_some(), "starts"),
            (self.lang.is_some(), "lang"),
            (self.recorded.is_some(), "recording"),
            (self.renew_links, "links renewed"),
            (self.end, "ended"),
            (self.delete, "taken away"),
        ];
        let named = parts.into_iter().filter(|(is_asked, _)| *is_asked);
        named.map(|(_, name)| name).collect()
    }
}

/// As it waits in the store.
#[derive(Serialize, Deserialize)]
struct StoredAmendment {
    v: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// An empty list: no time is announced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    starts: Option<Vec<i64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lang: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recorded: Option<bool>,
    #[serde(default)]
    renew_links: bool,
    #[serde(default)]
    end: bool,
    #[serde(default)]
    delete: bool,
}

impl Amendment {
    /// Whether an event can be so.
    ///
    /// # Errors
    /// The operator's: a title, language or time that cannot be.
    pub fn check(&self, now_unix_ms: i64) -> Result<(), NewEventError> {
        if let Some(title) = &self.title {
            checked_title(title)?;
        }
        if let Some(Some(starts)) = self.starts_unix_ms {
            check_start(starts, now_unix_ms)?;
        }
        self.lang()?;
        Ok(())
    }

    /// The language, if it is changed.
    ///
    /// # Errors
    /// The operator's: none of the pages'.
    pub(crate) fn lang(&self) -> Result<Option<Lang>, NewEventError> {
        let parse =
            |lang: &String| Lang::parse(lang).ok_or_else(|| NewEventError::Lang(lang.clone()));
        self.lang.as_ref().map(parse).transpose()
    }

    /// What of it is the conversation's.
    pub(crate) fn of_conversation(&self) -> conversation::Amendment {
        conversation::Amendment {
            title: self.title.as_deref().map(|title| title.trim().to_owned()),
            starts_unix_ms: self.starts_unix_ms,
            recorded: self.recorded,
            end: self.end,
        }
    }

    /// What waits already, and this after it.
    pub(crate) fn then(self, later: &Self) -> Self {
        Self {
            title: later.title.clone().or(self.title),
            starts_unix_ms: later.starts_unix_ms.or(self.starts_unix_ms),
            lang: later.lang.clone().or(self.lang),
            recorded: later.recorded.or(self.recorded),
            renew_links: self.renew_links || later.renew_links,
            end: self.end || later.end,
            delete: self.delete || later.delete,
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let stored = StoredAmendment {
            v: VERSION,
            title: self.title.clone(),
            starts: self
                .starts_unix_ms
                .map(|starts| starts.into_iter().collect()),
            lang: self.lang.clone(),
            recorded: self.recorded,
            renew_links: self.renew_links,
            end: self.end,
            delete: self.delete,
        };
        serde_json::to_vec(&stored).expect("an amendment is always JSON")
    }

    /// # Errors
    /// One sentence: what waits was damaged, edited, or written by another version.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, String> {
        let stored: StoredAmendment = serde_json::from_slice(bytes)
            .map_err(|error| format!("what is to be changed is not readable: {error}"))?;
        if stored.v != VERSION {
            return Err(format!(
                "what is to be changed has version {}, this server reads {VERSION}",
                stored.v
            ));
        }
        Ok(Self {
            title: stored.title,
            starts_unix_ms: stored.starts.map(|starts| starts.first().copied()),
            lang: stored.lang,
            recorded: stored.recorded,
            renew_links: stored.renew_links,
            end: stored.end,
            delete: stored.delete,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_read_as_it_was_asked_for() {
        for amendment in [
            Amendment::default(),
            Amendment {
                title: Some("É".to_owned()),
                starts_unix_ms: Some(None),
                recorded: Some(false),
                renew_links: true,
                ..Amendment::default()
            },
            Amendment {
                starts_unix_ms: Some(Some(-5)),
                lang: Some("fr".to_owned()),
                end: true,
                delete: true,
                ..Amendment::default()
            },
        ] {
            assert_eq!(Amendment::decode(&amendment.encode()), Ok(amendment));
        }
        let newer = br#"{"v":2}"#;
        let expected = "what is to be changed has version 2, this server reads 1";
        assert_eq!(Amendment::decode(newer), Err(expected.to_owned()));
    }

    #[test]
    fn what_is_asked_for_later_stands_above_what_waits() {
        let title = |title: &str| Amendment {
            title: Some(title.to_owned()),
            ..Amendment::default()
        };
        let first = Amendment {
            recorded: Some(false),
            end: true,
            ..title("A")
        };
        let both = first.then(&title("B"));
        assert_eq!(both.title.as_deref(), Some("B"));
        assert!(both.end && both.recorded == Some(false));
    }

    #[test]
    fn what_no_event_can_be_is_refused_as_when_one_is_made() {
        let now = 1_800_000_000_000;
        let wrong = [
            Amendment {
                title: Some(" ".to_owned()),
                ..Amendment::default()
            },
            Amendment {
                starts_unix_ms: Some(Some(i64::MAX)),
                ..Amendment::default()
            },
            Amendment {
                starts_unix_ms: Some(Some(now - 2 * 86_400_000)),
                ..Amendment::default()
            },
            Amendment {
                lang: Some("de".to_owned()),
                ..Amendment::default()
            },
        ];
        assert!(wrong.iter().all(|amendment| amendment.check(now).is_err()));
        assert_eq!(Amendment::default().check(now), Ok(()));
    }
}
