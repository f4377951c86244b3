//! What an operator wants changed about an event: as it is asked for, and as it waits in the store for whoever runs the event.
//!
//! It is not a command of the stage: whoever can write the store stands above everybody there.

use serde::{Deserialize, Serialize};
use stentor_core::Texts;
use stentor_core::conversation;
use stentor_core::schedule::{Act, Correction, Start};

use crate::embedding::Embedding;
use crate::history::{StoredEntry, decode_act, encode_act};
use crate::lang::Lang;
use crate::record::{NewEventError, check_start, checked_title};

/// Version of the stored form; a newer one is refused rather than misread, older ones are read.
const VERSION: u32 = 2;

/// Acts of one event that wait to be done. At it, one more is refused.
pub(crate) const ACTS_MAX: usize = 32;

/// What is to be changed; `None` or `false` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amendment {
    /// What is done with it, each with the reason that everybody reads, in this order.
    pub acts: Vec<(Act, Texts)>,
    /// Language of its page where none is asked for.
    pub lang: Option<String>,
    /// Whether what is on air is recorded.
    pub recorded: Option<bool>,
    /// Whose pages may show its player.
    pub embedding: Option<Embedding>,
    /// Every stage link made so far is dead.
    pub renew_links: bool,
    /// It is taken away, with its links and recordings.
    pub delete: bool,
}

impl Amendment {
    /// What is to be changed, in words for the log.
    #[must_use]
    pub fn named(&self) -> Vec<&'static str> {
        let parts = [
            (self.lang.is_some(), "lang"),
            (self.recorded.is_some(), "recording"),
            (self.embedding.is_some(), "embedding"),
            (self.renew_links, "links renewed"),
            (self.delete, "taken away"),
        ];
        let named = parts.into_iter().filter(|(is_asked, _)| *is_asked);
        let acts = self.acts.iter().map(|(act, _)| act.code());
        acts.chain(named.map(|(_, name)| name)).collect()
    }
}

/// As it waits in the store.
#[derive(Serialize, Deserialize)]
struct StoredAmendment {
    v: u32,
    /// Since version 2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    acts: Vec<StoredEntry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lang: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recorded: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    embed: Option<Embedding>,
    #[serde(default)]
    renew_links: bool,
    #[serde(default)]
    delete: bool,
    #[serde(flatten)]
    older: OlderActs,
}

/// What can be asked for as version 1 wrote it.
#[derive(Default, Serialize, Deserialize)]
struct OlderActs {
    #[serde(default, skip_serializing)]
    title: Option<String>,
    /// An empty list: no time is announced.
    #[serde(default, skip_serializing)]
    starts: Option<Vec<i64>>,
    #[serde(default, skip_serializing)]
    end: bool,
}

impl OlderActs {
    fn acts(self) -> Vec<(Act, Texts)> {
        let start = self.starts.map(|starts| {
            starts.first().map(|unix_ms| Start {
                unix_ms: *unix_ms,
                zone: None,
            })
        });
        let corrects = self.title.is_some() || start.is_some();
        let correction = Correction {
            title: self.title,
            start,
            ..Correction::default()
        };
        let correction = corrects.then_some(Act::Correct(correction));
        let acts = correction.into_iter().chain(self.end.then_some(Act::End));
        acts.map(|act| (act, Texts::new())).collect()
    }
}

impl Amendment {
    /// Whether an event can be so.
    ///
    /// # Errors
    /// The operator's: a title, language or time that cannot be.
    pub fn check(&self, now_unix_ms: i64) -> Result<(), NewEventError> {
        for (act, _) in &self.acts {
            let (title, start) = match act {
                Act::Correct(correction) => {
                    let start = correction.start.as_ref().and_then(Option::as_ref);
                    (correction.title.as_ref(), start)
                }
                Act::Postpone { start } => (None, start.as_ref()),
                _ => (None, None),
            };
            if let Some(title) = title {
                checked_title(title)?;
            }
            if let Some(start) = start {
                check_start(start.unix_ms, now_unix_ms)?;
            }
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
            recorded: self.recorded,
            acts: self.acts.clone(),
        }
    }

    /// What waits already, and this after it.
    pub(crate) fn then(self, later: &Self) -> Self {
        Self {
            acts: self
                .acts
                .into_iter()
                .chain(later.acts.iter().cloned())
                .collect(),
            lang: later.lang.clone().or(self.lang),
            recorded: later.recorded.or(self.recorded),
            embedding: later.embedding.clone().or(self.embedding),
            renew_links: self.renew_links || later.renew_links,
            delete: self.delete || later.delete,
        }
    }

    pub(crate) fn encode(&self, now_unix_ms: i64) -> Vec<u8> {
        let acts = self.acts.iter();
        let stored = StoredAmendment {
            v: VERSION,
            acts: acts
                .map(|(act, why)| encode_act(act, why, now_unix_ms))
                .collect(),
            older: OlderActs::default(),
            lang: self.lang.clone(),
            recorded: self.recorded,
            embed: self.embedding.clone(),
            renew_links: self.renew_links,
            delete: self.delete,
        };
        serde_json::to_vec(&stored).expect("an amendment is always JSON")
    }

    /// # Errors
    /// One sentence: what waits was damaged, edited, or written by another version.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, String> {
        let stored: StoredAmendment = serde_json::from_slice(bytes)
            .map_err(|error| format!("what is to be changed is not readable: {error}"))?;
        if !(1..=VERSION).contains(&stored.v) {
            return Err(format!(
                "what is to be changed has version {}, this server reads 1 to {VERSION}",
                stored.v
            ));
        }
        let acts = if stored.v == 1 {
            stored.older.acts()
        } else {
            let acts = stored.acts.into_iter().map(decode_act);
            acts.collect::<Result<_, _>>()?
        };
        Ok(Self {
            acts,
            lang: stored.lang,
            recorded: stored.recorded,
            embedding: stored.embed,
            renew_links: stored.renew_links,
            delete: stored.delete,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titled(title: &str) -> (Act, Texts) {
        let correction = Correction {
            title: Some(title.to_owned()),
            ..Correction::default()
        };
        (Act::Correct(correction), Texts::new())
    }

    fn starting(unix_ms: i64) -> (Act, Texts) {
        let start = Start {
            unix_ms,
            zone: None,
        };
        let correction = Correction {
            start: Some(Some(start)),
            ..Correction::default()
        };
        (Act::Correct(correction), Texts::new())
    }

    fn acts<const N: usize>(acts: [(Act, Texts); N]) -> Amendment {
        Amendment {
            acts: acts.into(),
            ..Amendment::default()
        }
    }

    #[test]
    fn what_waits_is_read_as_it_was_asked_for() {
        for amendment in [
            Amendment::default(),
            Amendment {
                recorded: Some(false),
                renew_links: true,
                ..acts([titled("É"), (Act::Resume, Texts::new())])
            },
            Amendment {
                lang: Some("fr".to_owned()),
                delete: true,
                ..acts([starting(-5), (Act::End, Texts::new())])
            },
        ] {
            assert_eq!(Amendment::decode(&amendment.encode(0)), Ok(amendment));
        }
        let newer = br#"{"v":3}"#;
        let expected = "what is to be changed has version 3, this server reads 1 to 2";
        assert_eq!(Amendment::decode(newer), Err(expected.to_owned()));
    }

    #[test]
    fn what_a_version_before_has_asked_for_is_still_done() {
        let older = br#"{"v":1,"title":"A","starts":[-5],"end":true,"recorded":false}"#;
        let correction = Correction {
            title: Some("A".to_owned()),
            start: Some(Some(Start {
                unix_ms: -5,
                zone: None,
            })),
            ..Correction::default()
        };
        let expected = Amendment {
            recorded: Some(false),
            ..acts([
                (Act::Correct(correction), Texts::new()),
                (Act::End, Texts::new()),
            ])
        };
        assert_eq!(Amendment::decode(older), Ok(expected));
    }

    #[test]
    fn what_is_asked_for_later_stands_above_what_waits_and_no_act_is_lost() {
        let first = Amendment {
            recorded: Some(false),
            lang: Some("fr".to_owned()),
            ..acts([titled("A")])
        };
        let later = Amendment {
            lang: Some("en".to_owned()),
            ..acts([titled("B")])
        };
        let both = first.then(&later);
        assert_eq!(both.acts, [titled("A"), titled("B")]);
        assert_eq!(both.lang.as_deref(), Some("en"));
        assert_eq!(both.recorded, Some(false));
    }

    #[test]
    fn what_no_event_can_be_is_refused_as_when_one_is_made() {
        let now = 1_800_000_000_000;
        let wrong = [
            acts([titled(" ")]),
            acts([starting(i64::MAX)]),
            acts([starting(now - 2 * 86_400_000)]),
            Amendment {
                lang: Some("tlh".to_owned()),
                ..Amendment::default()
            },
        ];
        assert!(wrong.iter().all(|amendment| amendment.check(now).is_err()));
        assert_eq!(Amendment::default().check(now), Ok(()));
    }
}
