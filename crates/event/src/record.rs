//! What never changes about an event: its record, its links, and its making.
//!
//! It is not the conversation: the title, the seats and the phase belong to that.

use serde::{Deserialize, Serialize};
use stentor_core::admission::Rung;
use stentor_core::conversation::{Conversation, FIRST_HOST, Input, Outbox};
use stentor_core::event::EventInfo;
use stentor_core::limits::TITLE_CHARS_MAX;
use stentor_core::stage::{Role, StageCommand};
use stentor_core::{Now, SeatId};

use crate::lang::Lang;
use crate::links::LinkKey;

/// Characters of a slug.
const SLUG_CHARS_MAX: usize = 64;
/// Seconds of a day.
const DAY_S: i64 = 86_400;
/// How far from now an event may start, in days: beyond it the number was most likely not seconds since 1970.
const STARTS_DAYS_MAX: i64 = 3_660;

/// Version of the stored form; another one is refused rather than misread.
const VERSION: u32 = 1;

/// A record at rest. Title and beginning are not in it: they are the conversation's.
#[derive(Serialize, Deserialize)]
struct StoredRecord {
    v: u32,
    lang: String,
    epoch_unix_ms: i64,
    links_expire_unix_s: i64,
    opens_at: u8,
}

/// What never changes about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRecord {
    /// The last part of its address.
    pub slug: String,
    /// Language of its page where none is asked for.
    pub lang: Lang,
    /// Position 0 of its timeline, milliseconds since 1970; also when it was made.
    pub epoch_unix_ms: i64,
    /// When its invitations end, seconds since 1970.
    pub links_expire_unix_s: i64,
    /// The rung on which its doors open.
    pub opens_at: Rung,
}

impl EventRecord {
    /// As the store has it, under its address.
    ///
    /// # Errors
    /// The operator's: a record of another version or edited by hand.
    pub(crate) fn decode(slug: &str, bytes: &[u8]) -> Result<Self, StoredRecordError> {
        let stored: StoredRecord = serde_json::from_slice(bytes)?;
        if stored.v != VERSION {
            return Err(StoredRecordError::Version { got: stored.v });
        }
        let lang = Lang::parse(&stored.lang).ok_or(NewEventError::Lang(stored.lang))?;
        let opens_at = opening(stored.opens_at)?;
        Ok(Self {
            slug: slug.to_owned(),
            lang,
            epoch_unix_ms: stored.epoch_unix_ms,
            links_expire_unix_s: stored.links_expire_unix_s,
            opens_at,
        })
    }

    /// As the store keeps it, under its address.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let stored = StoredRecord {
            v: VERSION,
            lang: self.lang.code().to_owned(),
            epoch_unix_ms: self.epoch_unix_ms,
            links_expire_unix_s: self.links_expire_unix_s,
            opens_at: self.opens_at.number(),
        };
        serde_json::to_vec(&stored).expect("a record is always JSON")
    }

    /// The listener's address.
    pub fn listen_link(&self, base_url: &str) -> String {
        format!("{base_url}/e/{}", self.slug)
    }

    /// A place on the stage. The token is in the fragment: browsers do not send it, so no log has it.
    pub fn stage_link(&self, key: &LinkKey, base_url: &str, seat: SeatId) -> String {
        let token = key.token(&self.slug, seat, self.links_expire_unix_s);
        format!("{base_url}/s/{}#t={token}", self.slug)
    }
}

/// What an operator asks for.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// What it is called.
    pub title: String,
    /// The last part of its address; made from the title where not given.
    pub slug: Option<String>,
    /// Language of its page where none is asked for.
    pub lang: String,
    /// The announced beginning, milliseconds since 1970.
    pub starts_unix_ms: Option<i64>,
    /// The host's name.
    pub host: String,
    /// Number of the rung on which its doors open.
    pub opens_at: u8,
}

impl NewEvent {
    /// The record and the first state of a new event, with a guest's seat beside the host's (or those given).
    ///
    /// # Errors
    /// The operator's: a title, slug or language that cannot be.
    pub fn make(
        &self,
        now_unix_ms: i64,
        invitation_days: u32,
        seats: &[StageCommand],
    ) -> Result<(EventRecord, Conversation), NewEventError> {
        let title = self.title.trim();
        let chars = title.chars().count();
        if chars == 0 || chars > TITLE_CHARS_MAX {
            return Err(NewEventError::Title { got: chars });
        }
        let slug = match &self.slug {
            Some(slug) if is_slug(slug) => slug.clone(),
            Some(slug) => return Err(NewEventError::Slug(slug.clone())),
            None => slug_of(title),
        };
        let lang = Lang::parse(&self.lang).ok_or_else(|| NewEventError::Lang(self.lang.clone()))?;
        if let Some(starts) = self.starts_unix_ms
            && (starts - now_unix_ms).abs() > STARTS_DAYS_MAX * DAY_S * 1000
        {
            return Err(NewEventError::Starts {
                got_s: starts / 1000,
                now_s: now_unix_ms / 1000,
            });
        }
        let record = EventRecord {
            slug,
            lang,
            epoch_unix_ms: now_unix_ms,
            links_expire_unix_s: now_unix_ms / 1000 + i64::from(invitation_days) * DAY_S,
            opens_at: opening(self.opens_at)?,
        };
        let now = Now {
            mono_ms: 0,
            unix_ms: now_unix_ms,
        };
        let info = EventInfo {
            title: title.to_owned(),
            starts_unix_ms: self.starts_unix_ms,
            host_name: self.host.trim().to_owned(),
        };
        let mut conversation = Conversation::new(info, now);
        let mut outbox = Outbox::new();
        for command in seats {
            conversation.step(
                now,
                Input::Command {
                    by: FIRST_HOST,
                    command: command.clone().into(),
                },
                &mut outbox,
            );
        }
        Ok((record, conversation))
    }
}

/// The seat every event made on the command line has beside the host's: the guest whose link is printed.
pub fn guest_seat(lang: &str) -> [StageCommand; 1] {
    let name = if lang == "fr" { "Invité" } else { "Guest" };
    [StageCommand::Invite {
        name: name.to_owned(),
        role: Role::Guest,
    }]
}

/// A rung on which doors can open: one that lets people in.
fn opening(number: u8) -> Result<Rung, NewEventError> {
    Rung::new(number)
        .filter(|rung| rung.admits())
        .ok_or(NewEventError::OpensAt(number))
}

/// Whether a text can be the last part of an event's address.
pub fn is_slug(text: &str) -> bool {
    (1..=SLUG_CHARS_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn slug_of(title: &str) -> String {
    let mut slug = String::new();
    for c in title.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            'à' | 'â' | 'ä' => slug.push('a'),
            'é' | 'è' | 'ê' | 'ë' => slug.push('e'),
            'î' | 'ï' => slug.push('i'),
            'ô' | 'ö' => slug.push('o'),
            'ù' | 'û' | 'ü' => slug.push('u'),
            'ç' => slug.push('c'),
            _ if slug.ends_with('-') || slug.is_empty() => {}
            _ => slug.push('-'),
        }
    }
    slug.truncate(SLUG_CHARS_MAX);
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() {
        "event".to_owned()
    } else {
        slug.to_owned()
    }
}

/// Why an event cannot be made as asked. The operator's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NewEventError {
    /// Empty or too long.
    #[error("a title has 1 to {TITLE_CHARS_MAX} characters, got {got}")]
    Title {
        /// Characters given.
        got: usize,
    },
    /// Not a possible address.
    #[error("a slug has 1 to {SLUG_CHARS_MAX} of a-z, 0-9 and -, got \"{0}\"")]
    Slug(String),
    /// Not a language of the pages.
    #[error("lang must be en or fr, got \"{0}\"")]
    Lang(String),
    /// Years away from now, in seconds since 1970.
    #[error(
        "an event starts within {STARTS_DAYS_MAX} days of now, which is {now_s} in seconds since 1970; got {got_s}"
    )]
    Starts {
        /// The time given.
        got_s: i64,
        /// The time it was given at.
        now_s: i64,
    },
    /// No rung, or one that lets nobody in.
    #[error(
        "an event opens its doors on rung 0 to {max} of the ladder, got {0}",
        max = Rung::CHEAPEST.number()
    )]
    OpensAt(u8),
}

/// Why the stored record of an event cannot be read. The operator's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoredRecordError {
    /// Damaged, or edited by hand.
    #[error("stored record is not readable: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// Of another version.
    #[error("stored record has version {got}, this server reads {VERSION}")]
    Version {
        /// The version it has.
        got: u32,
    },
    /// It says what no event can be.
    #[error("stored record is impossible: {0}")]
    Impossible(#[from] NewEventError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_becomes_an_address() {
        assert_eq!(slug_of("  Ça va ? L’été, enfin !"), "ca-va-l-ete-enfin");
        assert_eq!(slug_of("日本"), "event");
        assert!(is_slug(&slug_of(&"Long ".repeat(50))));
    }

    #[test]
    fn what_cannot_be_an_event_is_refused_with_what_came() {
        let new = NewEvent {
            title: " ".to_owned(),
            slug: None,
            lang: "en".to_owned(),
            starts_unix_ms: None,
            host: "Ada".to_owned(),
            opens_at: 0,
        };
        assert_eq!(
            new.make(0, 1, &[]).err(),
            Some(NewEventError::Title { got: 0 })
        );
        let new = NewEvent {
            title: "T".to_owned(),
            slug: Some("A b".to_owned()),
            ..new
        };
        assert_eq!(
            new.make(0, 1, &[]).err(),
            Some(NewEventError::Slug("A b".to_owned()))
        );
        let new = NewEvent {
            slug: None,
            opens_at: 4,
            ..new
        };
        assert_eq!(new.make(0, 1, &[]).err(), Some(NewEventError::OpensAt(4)));
        let new = NewEvent { opens_at: 3, ..new };
        let now_ms = 1_800_000_000_000;
        for (starts_unix_ms, fits) in [(now_ms + 60_000, true), (12_000, false), (i64::MAX, false)]
        {
            let new = NewEvent {
                slug: None,
                starts_unix_ms: Some(starts_unix_ms),
                ..new.clone()
            };
            assert_eq!(new.make(now_ms, 1, &[]).is_ok(), fits, "{starts_unix_ms}");
        }
    }
}
