//! A conversation at rest, as the store keeps it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stentor_core::conversation::{SeatSnapshot, Snapshot};
use stentor_core::event::Phase;
use stentor_core::schedule::Entry;
use stentor_core::stage::{Place, Role};
use stentor_core::{PageKey, SeatId, Texts};

use crate::history::{self, StoredEntry, of_older};
use crate::texts::texts_of;

/// Version of this form; a newer one is refused rather than misread, older ones are read.
const VERSION: u32 = 3;

#[derive(Serialize, Deserialize)]
struct StoredSnapshot {
    v: u32,
    /// Since version 3.
    #[serde(default)]
    history: Vec<StoredEntry>,
    /// What versions before kept instead of a history.
    #[serde(flatten)]
    older: Option<OlderState>,
    message: Option<StoredMessage>,
    /// Until it could be switched, everything on air was recorded.
    #[serde(default = "yes")]
    recorded: bool,
    next_seat: u32,
    notice_id: u64,
    seats: Vec<StoredSeat>,
}

/// Where an event was, as versions 1 and 2 kept it.
#[derive(Serialize, Deserialize)]
struct OlderState {
    title: String,
    starts: Option<i64>,
    phase: String,
    phase_since: i64,
}

impl OlderState {
    fn history(&self) -> Result<Vec<Entry>, String> {
        let phase = match self.phase.as_str() {
            "scheduled" => Phase::Announced,
            "on_air" => Phase::OnAir,
            "ended" => Phase::Ended,
            word => return Err(format!("stored state has the unknown word \"{word}\"")),
        };
        Ok(of_older(&self.title, self.starts, phase, self.phase_since))
    }
}

/// The host's line to listeners.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum StoredMessage {
    /// By language tag: since version 2.
    ByLanguage(BTreeMap<String, String>),
    /// French and English: version 1.
    FrenchAndEnglish(String, String),
}

impl StoredMessage {
    fn of(texts: &Texts) -> Option<Self> {
        let pairs = || {
            texts
                .iter()
                .map(|(tag, text)| (tag.to_string(), text.to_owned()))
        };
        (!texts.is_empty()).then(|| Self::ByLanguage(pairs().collect()))
    }

    fn texts(self) -> Result<Texts, String> {
        let pairs = match self {
            Self::ByLanguage(pairs) => pairs,
            Self::FrenchAndEnglish(fr, en) => {
                BTreeMap::from([("fr".to_owned(), fr), ("en".to_owned(), en)])
            }
        };
        texts_of(&pairs).map_err(|why| format!("stored state has an impossible message: {why}"))
    }
}

#[derive(Serialize, Deserialize)]
struct StoredSeat {
    seat: u32,
    name: String,
    role: String,
    place: String,
    muted: bool,
    mute_version: u64,
    #[serde(default, skip_serializing_if = "is_false")]
    muted_by_host: bool,
    /// In hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    page: Option<String>,
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// Writes a snapshot.
pub(crate) fn encode(snapshot: &Snapshot) -> Vec<u8> {
    let stored = StoredSnapshot {
        v: VERSION,
        history: snapshot.history.iter().map(history::encode).collect(),
        older: None,
        message: StoredMessage::of(&snapshot.message),
        recorded: snapshot.recorded,
        next_seat: snapshot.next_seat,
        notice_id: snapshot.notice_id,
        seats: snapshot
            .seats
            .iter()
            .map(|seat| StoredSeat {
                seat: seat.seat.0,
                name: seat.name.clone(),
                role: seat.role.code().to_owned(),
                place: seat.place.code().to_owned(),
                muted: seat.muted,
                mute_version: seat.mute_version,
                muted_by_host: seat.muted_by_host,
                page: seat.page.map(|PageKey(key)| format!("{key:032x}")),
            })
            .collect(),
    };
    serde_json::to_vec(&stored).expect("a snapshot is always JSON")
}

/// Reads a snapshot.
///
/// # Errors
/// One sentence: the record was damaged, edited, or written by a newer version.
pub(crate) fn decode(bytes: &[u8]) -> Result<Snapshot, String> {
    let stored: StoredSnapshot = serde_json::from_slice(bytes)
        .map_err(|error| format!("stored state is not readable: {error}"))?;
    if !(1..=VERSION).contains(&stored.v) {
        return Err(format!(
            "stored state has version {}, this server reads 1 to {VERSION}",
            stored.v
        ));
    }
    let seats = stored.seats.into_iter().map(|seat| {
        Ok(SeatSnapshot {
            seat: SeatId(seat.seat),
            role: named(&ROLES, Role::code, &seat.role)?,
            place: named(&PLACES, Place::code, &seat.place)?,
            name: seat.name,
            muted: seat.muted,
            mute_version: seat.mute_version,
            muted_by_host: seat.muted_by_host,
            page: seat.page.as_deref().map(page_key).transpose()?,
        })
    });
    Ok(Snapshot {
        history: match stored.older {
            Some(older) if stored.history.is_empty() => older.history()?,
            _ => stored
                .history
                .into_iter()
                .map(history::decode)
                .collect::<Result<_, _>>()?,
        },
        message: stored
            .message
            .map_or_else(|| Ok(Texts::new()), StoredMessage::texts)?,
        recorded: stored.recorded,
        next_seat: stored.next_seat,
        notice_id: stored.notice_id,
        seats: seats.collect::<Result<_, String>>()?,
    })
}

fn page_key(hex: &str) -> Result<PageKey, String> {
    u128::from_str_radix(hex, 16)
        .map(PageKey)
        .map_err(|_| format!("stored state has an impossible page \"{hex}\""))
}

const ROLES: [Role; 5] = [
    Role::Host,
    Role::CoHost,
    Role::Guest,
    Role::LineIn,
    Role::Monitor,
];
const PLACES: [Place; 4] = [
    Place::Invited,
    Place::GreenRoom,
    Place::OnStage,
    Place::Removed,
];

fn named<T: Copy>(all: &[T], code: fn(T) -> &'static str, name: &str) -> Result<T, String> {
    all.iter()
        .copied()
        .find(|value| code(*value) == name)
        .ok_or_else(|| format!("stored state has the unknown word \"{name}\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use stentor_core::LanguageTag;

    fn message(pairs: &[(&str, &str)]) -> Texts {
        let mut message = Texts::new();
        for (language, text) in pairs {
            let language = LanguageTag::parse(language).expect("a tag");
            message.set(language, text).expect("they fit");
        }
        message
    }

    fn snapshot() -> Snapshot {
        Snapshot {
            history: of_older("Ilios", Some(5), Phase::OnAir, 7),
            message: message(&[("fr", "Bientôt"), ("en", "Soon")]),
            recorded: true,
            next_seat: 2,
            notice_id: 9,
            seats: vec![SeatSnapshot {
                seat: SeatId(1),
                name: "Ada".to_owned(),
                role: Role::Host,
                place: Place::OnStage,
                muted: true,
                mute_version: 4,
                muted_by_host: false,
                page: None,
            }],
        }
    }

    #[test]
    fn what_was_written_is_read_again() {
        assert_eq!(decode(&encode(&snapshot())), Ok(snapshot()));
        let mut snapshot = snapshot();
        snapshot.recorded = false;
        snapshot.seats[0].muted_by_host = true;
        for key in [0, 7, u128::MAX] {
            snapshot.seats[0].page = Some(PageKey(key));
            assert_eq!(decode(&encode(&snapshot)).as_ref(), Ok(&snapshot));
        }
    }

    #[test]
    fn a_newer_form_is_refused_with_both_versions() {
        let newer = String::from_utf8(encode(&snapshot()))
            .expect("text")
            .replace("\"v\":3", "\"v\":4");
        assert_eq!(
            decode(newer.as_bytes()),
            Err("stored state has version 4, this server reads 1 to 3".to_owned())
        );
    }

    #[test]
    fn a_record_of_the_first_version_is_read() {
        let stored = r#"{"v":1,"title":"Ilios","starts":5,"phase":"on_air","phase_version":2,"phase_since":7,
            "message":["Bientôt","Soon"],"next_seat":2,"notice_id":9,
            "seats":[{"seat":1,"name":"Ada","role":"host","place":"on_stage","muted":true,"mute_version":4}]}"#;
        assert_eq!(decode(stored.as_bytes()), Ok(snapshot()));

        let silent = stored.replace(r#"["Bientôt","Soon"]"#, "null");
        let expected = Snapshot {
            message: Texts::new(),
            ..snapshot()
        };
        assert_eq!(decode(silent.as_bytes()), Ok(expected));

        let english = stored.replace("Bientôt", "");
        let expected = Snapshot {
            message: message(&[("en", "Soon")]),
            ..snapshot()
        };
        assert_eq!(decode(english.as_bytes()), Ok(expected));
    }

    #[test]
    fn a_message_in_no_language_is_refused_in_one_sentence() {
        let stored = String::from_utf8(encode(&snapshot())).expect("text");
        let strange = stored.replace("\"fr\":", "\"fr_FR\":");
        let error = decode(strange.as_bytes()).expect_err("no tag");
        assert!(
            error.starts_with("stored state has an impossible message: expected a language tag"),
            "{error}"
        );
    }
}
