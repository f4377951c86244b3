//! The history of an event, and the acts that wait to become part of it, as the store keeps them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stentor_core::event::Phase;
use stentor_core::schedule::{
    Act, By, Correction, Entry, Fact, Picture, ReplayCut, ReplayOffer, Start, Zone,
};
use stentor_core::{Languages, SeatId, Texts};

use crate::texts::{languages_of, texts_of};

/// One entry. Which fields it has depends on what happened.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredEntry {
    at: i64,
    by: StoredBy,
    is: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    why: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    titles: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    languages: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    series: Option<String>,
    /// An empty list: no picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    picture: Option<Vec<StoredPicture>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    about: Option<BTreeMap<String, String>>,
    /// An empty list: no time is announced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start: Option<Vec<StoredStart>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    on: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chapter: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<i64>,
}

/// An announced beginning.
#[derive(Serialize, Deserialize)]
struct StoredStart {
    at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zone: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredPicture {
    name: [u8; 16],
    width: u16,
    height: u16,
}

/// Who: a word, or the number of a seat.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum StoredBy {
    Seat(u32),
    Word(String),
}

const ITSELF: &str = "itself";
const OPERATOR: &str = "operator";

/// As it is kept.
pub(crate) fn encode(entry: &Entry) -> StoredEntry {
    let mut stored = StoredEntry {
        at: entry.at_unix_ms,
        by: match entry.by {
            By::Itself => StoredBy::Word(ITSELF.to_owned()),
            By::Operator => StoredBy::Word(OPERATOR.to_owned()),
            By::Seat(SeatId(seat)) => StoredBy::Seat(seat),
        },
        is: entry.fact.code().to_owned(),
        why: pairs(&entry.why),
        title: None,
        titles: None,
        languages: None,
        series: None,
        picture: None,
        about: None,
        start: None,
        until: None,
        on: None,
        chapter: None,
        from: None,
        to: None,
    };
    match &entry.fact {
        Fact::Made { title, start } => {
            stored.title = Some(title.clone());
            stored.start = Some(stored_start(start.as_ref()));
        }
        Fact::Held { until_unix_ms } => stored.until = *until_unix_ms,
        Fact::Postponed { start } => stored.start = Some(stored_start(start.as_ref())),
        Fact::Corrected(Correction {
            title,
            titles,
            languages,
            series,
            picture,
            description,
            start,
            automatic,
        }) => {
            stored.title.clone_from(title);
            stored.titles = titles.as_ref().map(pairs);
            let tags = |of: &Languages| of.iter().map(ToString::to_string).collect();
            stored.languages = languages.as_ref().map(tags);
            stored.series.clone_from(series);
            stored.picture =
                picture.map(|picture| picture.map(stored_picture).into_iter().collect());
            stored.about = description.as_ref().map(pairs);
            stored.start = start.as_ref().map(|start| stored_start(start.as_ref()));
            stored.on = *automatic;
        }
        Fact::ReplayOffered(offer) => {
            // A version before knows yes and no: it withholds what is offered later.
            stored.on = Some(*offer == ReplayOffer::AtOnce);
            if let ReplayOffer::From(from) = offer {
                stored.from = Some(*from);
            }
        }
        Fact::ReplayCut(cut) => (stored.from, stored.to) = (cut.from_unix_ms, cut.to_unix_ms),
        Fact::Chapter { at_unix_ms, title } => {
            stored.chapter = Some(*at_unix_ms);
            stored.title.clone_from(title);
        }
        Fact::Announced
        | Fact::DoorsOpened
        | Fact::WentOnAir
        | Fact::Resumed
        | Fact::Ended
        | Fact::Cancelled
        | Fact::ReplayDeleted => {}
    }
    stored
}

/// # Errors
/// One sentence: it was damaged, edited, or written by a newer version.
pub(crate) fn decode(stored: StoredEntry) -> Result<Entry, String> {
    let lacks = |what: &str| {
        format!(
            "stored history has an entry \"{}\" without {what}",
            stored.is
        )
    };
    let by = match &stored.by {
        StoredBy::Seat(seat) => By::Seat(SeatId(*seat)),
        StoredBy::Word(word) if word == ITSELF => By::Itself,
        StoredBy::Word(word) if word == OPERATOR => By::Operator,
        StoredBy::Word(word) => {
            return Err(format!("stored history has the unknown word \"{word}\""));
        }
    };
    let start = stored
        .start
        .as_ref()
        .map(|start| start_of(start))
        .transpose()?;
    let title = stored.title.clone();
    let fact = match stored.is.as_str() {
        "made" => Fact::Made {
            title: title.ok_or_else(|| lacks("a title"))?,
            start: start.flatten(),
        },
        "announced" => Fact::Announced,
        "doors_opened" => Fact::DoorsOpened,
        "went_on_air" => Fact::WentOnAir,
        "held" => Fact::Held {
            until_unix_ms: stored.until,
        },
        "resumed" => Fact::Resumed,
        "postponed" => Fact::Postponed {
            start: start.flatten(),
        },
        "ended" => Fact::Ended,
        "cancelled" => Fact::Cancelled,
        "corrected" => Fact::Corrected(Correction {
            title,
            titles: stored.titles.as_ref().map(texts).transpose()?,
            languages: stored.languages.as_deref().map(languages).transpose()?,
            series: stored.series,
            picture: stored
                .picture
                .map(|picture| picture.first().map(picture_of)),
            description: stored.about.as_ref().map(texts).transpose()?,
            start,
            automatic: stored.on,
        }),
        "replay_offered" => {
            let at_once = stored.on.ok_or_else(|| lacks("yes or no"))?;
            Fact::ReplayOffered(match stored.from {
                Some(from) => ReplayOffer::From(from),
                None if at_once => ReplayOffer::AtOnce,
                None => ReplayOffer::Withheld,
            })
        }
        "replay_cut" => Fact::ReplayCut(ReplayCut {
            from_unix_ms: stored.from,
            to_unix_ms: stored.to,
        }),
        "replay_deleted" => Fact::ReplayDeleted,
        "chapter" => Fact::Chapter {
            at_unix_ms: stored.chapter.ok_or_else(|| lacks("a time"))?,
            title,
        },
        word => return Err(format!("stored history has the unknown word \"{word}\"")),
    };
    Ok(Entry {
        at_unix_ms: stored.at,
        by,
        fact,
        why: texts(&stored.why)?,
    })
}

/// What an operator asks for, as it waits in the store: as the entry that it will be.
pub(crate) fn encode_act(act: &Act, why: &Texts, now_unix_ms: i64) -> StoredEntry {
    let fact = match act.clone() {
        Act::Announce => Fact::Announced,
        Act::OpenDoors => Fact::DoorsOpened,
        Act::GoOnAir => Fact::WentOnAir,
        Act::Hold { until_unix_ms } => Fact::Held { until_unix_ms },
        Act::Resume => Fact::Resumed,
        Act::Postpone { start } => Fact::Postponed { start },
        Act::End => Fact::Ended,
        Act::Cancel => Fact::Cancelled,
        Act::Correct(correction) => Fact::Corrected(correction),
        Act::OfferReplay(offer) => Fact::ReplayOffered(offer),
        Act::CutReplay(cut) => Fact::ReplayCut(cut),
        Act::DeleteReplay => Fact::ReplayDeleted,
        Act::Chapter { at_unix_ms, title } => Fact::Chapter {
            at_unix_ms: at_unix_ms.unwrap_or(now_unix_ms),
            title,
        },
    };
    encode(&Entry {
        at_unix_ms: now_unix_ms,
        by: By::Operator,
        fact,
        why: why.clone(),
    })
}

/// # Errors
/// One sentence: it was damaged, edited, or written by a newer version.
pub(crate) fn decode_act(stored: StoredEntry) -> Result<(Act, Texts), String> {
    let Entry { fact, why, .. } = decode(stored)?;
    let act = match fact {
        Fact::Made { .. } => return Err("nothing can be asked to be made once more".to_owned()),
        Fact::Announced => Act::Announce,
        Fact::DoorsOpened => Act::OpenDoors,
        Fact::WentOnAir => Act::GoOnAir,
        Fact::Held { until_unix_ms } => Act::Hold { until_unix_ms },
        Fact::Resumed => Act::Resume,
        Fact::Postponed { start } => Act::Postpone { start },
        Fact::Ended => Act::End,
        Fact::Cancelled => Act::Cancel,
        Fact::Corrected(correction) => Act::Correct(correction),
        Fact::ReplayOffered(offer) => Act::OfferReplay(offer),
        Fact::ReplayCut(cut) => Act::CutReplay(cut),
        Fact::ReplayDeleted => Act::DeleteReplay,
        Fact::Chapter { at_unix_ms, title } => Act::Chapter {
            at_unix_ms: Some(at_unix_ms),
            title,
        },
    };
    Ok((act, why))
}

/// The history of an event that a version before kept without one.
pub(crate) fn of_older(
    title: &str,
    starts_unix_ms: Option<i64>,
    phase: Phase,
    since_unix_ms: i64,
) -> Vec<Entry> {
    let entry = |fact| Entry {
        at_unix_ms: since_unix_ms,
        by: By::Operator,
        fact,
        why: Texts::new(),
    };
    let start = starts_unix_ms.map(|unix_ms| Start {
        unix_ms,
        zone: None,
    });
    let made = Fact::Made {
        title: title.to_owned(),
        start,
    };
    let mut history = vec![entry(made), entry(Fact::Announced)];
    if phase.is_running() {
        history.push(entry(Fact::WentOnAir));
    } else if phase.is_over() {
        history.push(entry(Fact::Ended));
    }
    history
}

fn stored_start(start: Option<&Start>) -> Vec<StoredStart> {
    let stored = start.map(|start| StoredStart {
        at: start.unix_ms,
        zone: start.zone.as_ref().map(Zone::to_string),
    });
    stored.into_iter().collect()
}

fn start_of(stored: &[StoredStart]) -> Result<Option<Start>, String> {
    let Some(first) = stored.first() else {
        return Ok(None);
    };
    let zone = first.zone.as_deref().map(Zone::parse).transpose();
    Ok(Some(Start {
        unix_ms: first.at,
        zone: zone.map_err(|error| format!("stored history has an impossible zone: {error}"))?,
    }))
}

fn stored_picture(picture: Picture) -> StoredPicture {
    let Picture {
        name,
        width,
        height,
    } = picture;
    StoredPicture {
        name,
        width,
        height,
    }
}

fn picture_of(stored: &StoredPicture) -> Picture {
    Picture {
        name: stored.name,
        width: stored.width,
        height: stored.height,
    }
}

fn languages(tags: &[String]) -> Result<Languages, String> {
    languages_of(tags).map_err(|why| format!("stored history has impossible languages: {why}"))
}

fn pairs(texts: &Texts) -> BTreeMap<String, String> {
    let pairs = texts
        .iter()
        .map(|(tag, text)| (tag.to_string(), text.to_owned()));
    pairs.collect()
}

fn texts(pairs: &BTreeMap<String, String>) -> Result<Texts, String> {
    texts_of(pairs).map_err(|why| format!("stored history has an impossible text: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<Entry> {
        let texts = texts_of(&BTreeMap::from([("de".to_owned(), "Gleich".to_owned())])).unwrap();
        let start = Some(Start {
            unix_ms: 7,
            zone: Zone::parse("Europe/Berlin").ok(),
        });
        let facts = [
            Fact::Made {
                title: "Ilios".to_owned(),
                start: start.clone(),
            },
            Fact::Announced,
            Fact::DoorsOpened,
            Fact::Postponed { start: None },
            Fact::Postponed {
                start: start.clone(),
            },
            Fact::Corrected(Correction {
                title: None,
                description: Some(texts.clone()),
                start: Some(None),
                automatic: Some(true),
                titles: Some(texts.clone()),
                languages: languages_of(&["de", "ar"]).ok(),
                series: Some("The war".to_owned()),
                picture: Some(Some(Picture {
                    name: [200; 16],
                    width: 4,
                    height: 3,
                })),
            }),
            Fact::Corrected(Correction {
                picture: Some(None),
                ..Correction::default()
            }),
            Fact::Corrected(Correction {
                title: Some("Troy".to_owned()),
                ..Correction::default()
            }),
            Fact::WentOnAir,
            Fact::Held {
                until_unix_ms: Some(9),
            },
            Fact::Resumed,
            Fact::Chapter {
                at_unix_ms: 8,
                title: Some("One".to_owned()),
            },
            Fact::Ended,
            Fact::Cancelled,
            Fact::ReplayOffered(ReplayOffer::Withheld),
            Fact::ReplayOffered(ReplayOffer::AtOnce),
            Fact::ReplayOffered(ReplayOffer::From(9)),
            Fact::ReplayCut(ReplayCut {
                from_unix_ms: Some(8),
                to_unix_ms: Some(9),
            }),
            Fact::ReplayCut(ReplayCut::default()),
            Fact::ReplayDeleted,
        ];
        let by = [By::Itself, By::Operator, By::Seat(SeatId(3))];
        let made = facts.into_iter().zip(by.into_iter().cycle());
        made.map(|(fact, by)| Entry {
            at_unix_ms: 5,
            by,
            fact,
            why: texts.clone(),
        })
        .collect()
    }

    #[test]
    fn every_entry_is_read_as_it_was_written() {
        let known: std::collections::BTreeSet<_> =
            entries().iter().map(|entry| entry.fact.code()).collect();
        assert_eq!(known.len(), Fact::CODES.len(), "{known:?}");
        for entry in entries() {
            let json = serde_json::to_string(&encode(&entry)).expect("an entry is JSON");
            let stored = serde_json::from_str(&json).expect("and is read");
            assert_eq!(decode(stored), Ok(entry), "{json}");
        }
    }

    #[test]
    fn what_a_version_before_has_decided_about_a_replay_is_so_still() {
        for (on, offer) in [
            ("true", ReplayOffer::AtOnce),
            ("false", ReplayOffer::Withheld),
        ] {
            let json = format!(r#"{{"at":5,"by":1,"is":"replay_offered","on":{on}}}"#);
            let entry = decode(serde_json::from_str(&json).expect("JSON")).expect("an entry");
            assert_eq!(entry.fact, Fact::ReplayOffered(offer));
        }
    }

    #[test]
    fn an_act_that_waits_is_read_as_it_was_asked_for() {
        for entry in entries().into_iter().skip(1) {
            let (act, why) = decode_act(encode(&entry)).expect("an act");
            let again = decode(encode_act(&act, &why, 5)).expect("an entry");
            assert_eq!((again.fact, again.why), (entry.fact, entry.why));
        }
        let made = entries().swap_remove(0);
        assert!(decode_act(encode(&made)).is_err(), "nothing is made twice");
    }

    #[test]
    fn an_entry_that_lacks_something_is_refused_in_one_sentence() {
        for (json, expected) in [
            (r#"{"at":1,"by":"operator","is":"made"}"#, "without a title"),
            (
                r#"{"at":1,"by":"king","is":"ended"}"#,
                "unknown word \"king\"",
            ),
            (
                r#"{"at":1,"by":1,"is":"danced"}"#,
                "unknown word \"danced\"",
            ),
            (r#"{"at":1,"by":1,"is":"chapter"}"#, "without a time"),
            (
                r#"{"at":1,"by":1,"is":"postponed","start":[{"at":1,"zone":".."}]}"#,
                "impossible zone",
            ),
        ] {
            let stored = serde_json::from_str(json).expect("JSON");
            let error = decode(stored).expect_err("refused");
            assert!(error.contains(expected), "{error}");
        }
    }
}
