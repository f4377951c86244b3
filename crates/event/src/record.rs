//! What is known of an event beside its conversation: its record, its links, and its making.
//!
//! It is not the conversation: the title, the seats and the phase belong to that. Only the operator changes a record.

use serde::{Deserialize, Serialize};
use stentor_core::admission::Rung;
use stentor_core::conversation::{self, Conversation, FIRST_HOST, Input, Outbox, Output, Refusal};
use stentor_core::event::EventInfo;
use stentor_core::limits::{START_AHEAD_MS_MAX, START_PAST_MS_MAX, TITLE_CHARS_MAX};
use stentor_core::schedule::{Act, Correction, Start};
use stentor_core::stage::{Role, StageCommand};
use stentor_core::{Now, SeatId, Texts};

use crate::embedding::Embedding;
use crate::lang::Lang;
use crate::links::{self, LinkKey};

/// Characters of a slug.
const SLUG_CHARS_MAX: usize = 64;
/// How far from now an event may start, in days: beyond it the number was most likely not seconds since 1970.
const STARTS_DAYS_MAX: u64 = STARTS_MS_MAX / DAY_MS;
/// The same in milliseconds.
const STARTS_MS_MAX: u64 = START_AHEAD_MS_MAX.unsigned_abs();
/// How long ago it may have been announced to start, in milliseconds: one that is made late in the evening is late, and a date of last year a
/// mistake.
const STARTED_MS_MAX: i64 = START_PAST_MS_MAX;
const DAY_MS: u64 = 86_400_000;

/// Version of the stored form; a newer one is refused rather than misread, older ones are read.
const VERSION: u32 = 2;

/// A record at rest. Title and beginning are not in it: they are the conversation's.
#[derive(Serialize, Deserialize)]
struct StoredRecord {
    v: u32,
    lang: String,
    epoch_unix_ms: i64,
    opens_at: u8,
    /// Since version 2; before, links had a date, and were of no generation.
    #[serde(default)]
    links_generation: u32,
    /// Of what is not said nobody may show it: versions before did not know of it.
    #[serde(default, skip_serializing_if = "Embedding::is_nobody")]
    embed: Embedding,
}

/// What is known of an event beside its conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRecord {
    /// The last part of its address.
    pub slug: String,
    /// Language of its page where none is asked for.
    pub lang: Lang,
    /// Position 0 of its timeline, milliseconds since 1970; also when it was made.
    pub epoch_unix_ms: i64,
    /// The rung on which its doors open.
    pub opens_at: Rung,
    /// Which of its links live: those of this generation. 0 where a version before has made the event, whose links have a date.
    pub links_generation: u32,
    /// Whose pages may show its player.
    pub embedding: Embedding,
}

impl EventRecord {
    /// As the store has it, under its address.
    ///
    /// # Errors
    /// The operator's: a record of another version or edited by hand.
    pub(crate) fn decode(slug: &str, bytes: &[u8]) -> Result<Self, StoredRecordError> {
        let stored: StoredRecord = serde_json::from_slice(bytes)?;
        // Elsewhere it would name a file outside its folder.
        if !is_slug(slug) {
            return Err(NewEventError::Slug(slug.to_owned()).into());
        }
        if !(1..=VERSION).contains(&stored.v) {
            return Err(StoredRecordError::Version { got: stored.v });
        }
        let lang = Lang::parse(&stored.lang).ok_or(NewEventError::Lang(stored.lang))?;
        let opens_at = opening(stored.opens_at)?;
        Ok(Self {
            slug: slug.to_owned(),
            lang,
            epoch_unix_ms: stored.epoch_unix_ms,
            opens_at,
            links_generation: stored.links_generation,
            embedding: stored.embed,
        })
    }

    /// As the store keeps it, under its address.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let stored = StoredRecord {
            v: VERSION,
            lang: self.lang.code().to_owned(),
            epoch_unix_ms: self.epoch_unix_ms,
            opens_at: self.opens_at.number(),
            links_generation: self.links_generation,
            embed: self.embedding.clone(),
        };
        serde_json::to_vec(&stored).expect("a record is always JSON")
    }

    /// The listener's address.
    pub fn listen_link(&self, base_url: &str) -> String {
        format!("{base_url}/e/{}", self.slug)
    }

    /// A place on the stage.
    pub fn stage_link(&self, key: &LinkKey, base_url: &str, seat: SeatId) -> String {
        links::stage_link(key, base_url, &self.slug, seat, self.links_generation)
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
    /// What else is said of it from the first: in other languages, of its series.
    pub told: Correction,
    /// The announced beginning.
    pub start: Option<Start>,
    /// Whether the public is not to know of it yet.
    pub draft: bool,
    /// The host's name.
    pub host: String,
    /// Number of the rung on which its doors open.
    pub opens_at: u8,
    /// Whether what is on air is recorded.
    pub recorded: bool,
    /// Whose pages may show its player.
    pub embedding: Embedding,
}

impl NewEvent {
    /// The record and the first state of a new event, with a guest's seat beside the host's (or those given).
    ///
    /// # Errors
    /// The operator's: a title, slug or language that cannot be.
    pub fn make(
        &self,
        now_unix_ms: i64,
        seats: &[StageCommand],
    ) -> Result<(EventRecord, Conversation), NewEventError> {
        let title = checked_title(&self.title)?;
        let slug = match &self.slug {
            Some(slug) if is_slug(slug) => slug.clone(),
            Some(slug) => return Err(NewEventError::Slug(slug.clone())),
            None => slug_of(title),
        };
        let lang = Lang::parse(&self.lang).ok_or_else(|| NewEventError::Lang(self.lang.clone()))?;
        if let Some(start) = &self.start {
            check_start(start.unix_ms, now_unix_ms)?;
        }
        let record = EventRecord {
            slug,
            lang,
            epoch_unix_ms: now_unix_ms,
            opens_at: opening(self.opens_at)?,
            links_generation: first_generation(now_unix_ms),
            embedding: self.embedding.clone(),
        };
        let now = Now {
            mono_ms: 0,
            unix_ms: now_unix_ms,
        };
        let info = EventInfo {
            title: title.to_owned(),
            start: self.start.clone(),
            draft: self.draft,
            host_name: self.host.trim().to_owned(),
            recorded: self.recorded,
        };
        let mut conversation = Conversation::new(info, now);
        let mut outbox = Outbox::new();
        if self.told != Correction::default() {
            let told = conversation::Amendment {
                recorded: None,
                acts: vec![(Act::Correct(self.told.clone()), Texts::new())],
            };
            conversation.step(now, Input::Amend(told), &mut outbox);
            let refused = outbox.drain().find_map(|output| match output {
                Output::AmendmentRefused { reason, .. } => Some(reason),
                _ => None,
            });
            if let Some(reason) = refused {
                return Err(NewEventError::Refused(reason));
            }
        }
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

/// The generation of an event's first links: seconds since 1970, so that they are not those of an event that had the same address before and was
/// deleted.
fn first_generation(now_unix_ms: i64) -> u32 {
    u32::try_from(now_unix_ms / 1000).unwrap_or(1).max(1)
}

/// A title without the blanks around it.
pub(crate) fn checked_title(title: &str) -> Result<&str, NewEventError> {
    let title = title.trim();
    let got = title.chars().count();
    if (1..=TITLE_CHARS_MAX).contains(&got) {
        Ok(title)
    } else {
        Err(NewEventError::Title { got })
    }
}

/// Whether an event can be announced for that time.
pub(crate) fn check_start(starts_unix_ms: i64, now_unix_ms: i64) -> Result<(), NewEventError> {
    let far = i64::abs_diff(starts_unix_ms, now_unix_ms) > STARTS_MS_MAX;
    if far {
        let days = i64::abs_diff(starts_unix_ms, now_unix_ms).div_ceil(DAY_MS);
        return Err(NewEventError::Starts { days });
    }
    let ago_ms = now_unix_ms - starts_unix_ms;
    if ago_ms > STARTED_MS_MAX {
        return Err(NewEventError::Past {
            hours: ago_ms / 3_600_000,
        });
    }
    Ok(())
}

/// The seat every event made on the command line has beside the host's: the guest whose link is printed.
pub fn guest_seat(lang: &str) -> [StageCommand; 1] {
    let lang = Lang::parse(lang).unwrap_or_default();
    [StageCommand::Invite {
        name: lang.say("seat-guest", &[]).into_owned(),
        role: Role::Guest,
    }]
}

/// The languages there are, by their codes.
fn codes() -> String {
    Lang::all().map(Lang::code).collect::<Vec<_>>().join(", ")
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

pub(crate) fn slug_of(title: &str) -> String {
    let mut slug = String::new();
    let mut lost = false;
    for c in title.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            c if latin(c).is_some() => slug.extend(latin(c)),
            _ => {
                lost |= c.is_alphanumeric();
                if !slug.ends_with('-') && !slug.is_empty() {
                    slug.push('-');
                }
            }
        }
    }
    // Titles that differ in letters an address has not must not have the same one.
    let digits = if lost {
        links::fingerprint(title)
    } else {
        String::new()
    };
    slug.truncate(SLUG_CHARS_MAX - digits.len() - 1);
    let slug = slug.trim_end_matches('-');
    match (slug, digits.as_str()) {
        ("", "") => "event".to_owned(),
        ("", digits) => format!("event-{digits}"),
        (slug, "") => slug.to_owned(),
        (slug, digits) => format!("{slug}-{digits}"),
    }
}

/// A letter of Latin script without its marks; `None` for what is none, or more than one.
fn latin(c: char) -> Option<char> {
    let plain = match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' | 'ĉ' | 'ċ' => 'c',
        'ď' | 'đ' | 'ð' => 'd',
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => 'e',
        'ğ' | 'ģ' => 'g',
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'į' | 'ı' => 'i',
        'ķ' => 'k',
        'ĺ' | 'ļ' | 'ľ' | 'ł' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ő' => 'o',
        'ŕ' | 'ř' => 'r',
        'ß' | 'ś' | 'ş' | 'š' | 'ș' => 's',
        'ţ' | 'ť' | 'ț' => 't',
        'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' | 'ų' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        _ => return None,
    };
    Some(plain)
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
    #[error("lang must be one of {languages}, got \"{0}\"", languages = codes())]
    Lang(String),
    /// Years away from now.
    #[error("an event starts within {STARTS_DAYS_MAX} days of now; got a time {days} days away")]
    Starts {
        /// Days between now and the time that was given, begun ones counted.
        days: u64,
    },
    /// Long over.
    #[error(
        "an event starts in the future, or started within the last 24 hours; got a time {hours} hours ago"
    )]
    Past {
        /// How long ago that is.
        hours: i64,
    },
    /// No rung, or one that lets nobody in.
    #[error(
        "an event opens its doors on rung 0 to {max} of the ladder, got {0}",
        max = Rung::CHEAPEST.number()
    )]
    OpensAt(u8),
    /// What is said of it besides cannot be said.
    #[error("the event cannot be told so: {0}")]
    Refused(Refusal),
}

/// Why the stored record of an event cannot be read. The operator's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoredRecordError {
    /// Damaged, or edited by hand.
    #[error("stored record is not readable: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// Of another version.
    #[error("stored record has version {got}, this server reads 1 to {VERSION}")]
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
        assert_eq!(slug_of("Łódź, Ørsted & Señor"), "lodz-orsted-senor");
        assert_eq!(slug_of("!?"), "event");
        assert!(is_slug(&slug_of(&"Long ".repeat(50))));
    }

    #[test]
    fn a_record_under_what_is_no_address_is_refused() {
        let stored = br#"{"v":2,"lang":"fr","epoch_unix_ms":7,"opens_at":3,"links_generation":4}"#;
        assert_eq!(
            EventRecord::decode("a-1", stored).unwrap().links_generation,
            4
        );
        for slug in ["../../../x", "a/b", "", ".", "A", "a b", "\u{e9}"] {
            let error = EventRecord::decode(slug, stored).unwrap_err().to_string();
            assert!(error.contains("a slug has 1 to 64"), "{error}");
        }
    }

    #[test]
    fn titles_in_other_scripts_have_addresses_of_their_own() {
        let titles = [
            "日本",
            "中国",
            "محادثة مباشرة",
            "Вечерний разговор",
            "שיחה",
            "日本 2026",
            "中国 2026",
        ];
        let slugs: std::collections::BTreeSet<_> =
            titles.iter().map(|title| slug_of(title)).collect();
        assert_eq!(slugs.len(), titles.len(), "{slugs:?}");
        for slug in slugs {
            assert!(is_slug(&slug) && slug.len() > 6, "{slug}");
        }
        assert_eq!(slug_of("日本"), slug_of("日本"));
        assert!(slug_of("日本 2026").starts_with("2026-"));
        assert!(is_slug(&slug_of(&"長い Long ".repeat(50))));
    }

    #[test]
    fn an_event_made_anew_at_the_same_address_has_other_links() {
        let folder = tempfile::tempdir().unwrap();
        let key = LinkKey::load_or_create(folder.path()).unwrap();
        let new = NewEvent {
            title: "Ilios".to_owned(),
            slug: None,
            lang: "en".to_owned(),
            told: Correction::default(),
            start: None,
            draft: false,
            host: "Homer".to_owned(),
            opens_at: 0,
            recorded: true,
            embedding: Default::default(),
        };
        let now_ms = 1_800_000_000_000;
        let (before, _) = new.make(now_ms, &[]).unwrap();
        let token = key.token(&before.slug, FIRST_HOST, before.links_generation);
        let (after, _) = new.make(now_ms + 60_000, &[]).unwrap();
        assert_eq!(after.slug, before.slug);
        let opens = |of: &EventRecord| key.check(&of.slug, &token, of.links_generation, 0);
        assert_eq!(opens(&before), Ok(FIRST_HOST));
        assert_eq!(opens(&after), Err(links::TokenError::Renewed));
        // A generation is never 0, which is that of links with a date.
        assert_eq!(new.make(0, &[]).unwrap().0.links_generation, 1);
    }

    #[test]
    fn what_cannot_be_an_event_is_refused_with_what_came() {
        let new = NewEvent {
            title: " ".to_owned(),
            slug: None,
            lang: "en".to_owned(),
            told: Correction::default(),
            start: None,
            draft: false,
            host: "Ada".to_owned(),
            opens_at: 0,
            recorded: true,
            embedding: Default::default(),
        };
        assert_eq!(
            new.make(0, &[]).err(),
            Some(NewEventError::Title { got: 0 })
        );
        let new = NewEvent {
            title: "T".to_owned(),
            slug: Some("A b".to_owned()),
            ..new
        };
        assert_eq!(
            new.make(0, &[]).err(),
            Some(NewEventError::Slug("A b".to_owned()))
        );
        let new = NewEvent {
            slug: None,
            opens_at: 4,
            ..new
        };
        assert_eq!(new.make(0, &[]).err(), Some(NewEventError::OpensAt(4)));
        let new = NewEvent { opens_at: 3, ..new };
        let now_ms = 1_800_000_000_000;
        let hour_ms = 3_600_000;
        for (starts_unix_ms, fits) in [
            (now_ms + 60_000, true),
            (now_ms - 24 * hour_ms, true),
            (now_ms - 25 * hour_ms, false),
            (now_ms - 400 * 24 * hour_ms, false),
            (12_000, false),
            (i64::MAX, false),
        ] {
            let new = NewEvent {
                slug: None,
                start: Some(Start {
                    unix_ms: starts_unix_ms,
                    zone: None,
                }),
                ..new.clone()
            };
            assert_eq!(new.make(now_ms, &[]).is_ok(), fits, "{starts_unix_ms}");
        }
    }
}
