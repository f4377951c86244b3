//! What a host asks of an event's schedule, as pages and programs write it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stentor_core::schedule::{Act, Correction, ReplayCut, ReplayOffer, ScheduleCommand, Start};
use stentor_event::announcement::zone;
use stentor_event::texts::{languages_of, texts_of};
use utoipa::ToSchema;

/// An act. Which fields count depends on which act it is; those of others are ignored.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(default)]
pub(crate) struct ActForm {
    /// Which: announce, open_doors, go_on_air, hold, resume, postpone, end, cancel, correct, offer_replay, cut_replay, delete_replay or chapter.
    #[cfg_attr(test, ts(type = "Act"))]
    act: String,
    /// The version of the schedule that its sender saw.
    version: u64,
    /// Why, by language.
    #[cfg_attr(test, ts(optional, type = "Texts"))]
    why: Option<BTreeMap<String, String>>,
    /// When it begins, for `postpone` and `correct`; null: nobody knows yet.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<StartForm>)]
    #[cfg_attr(test, ts(optional, type = "StartForm | null"))]
    start: Option<Option<StartForm>>,
    /// When it goes on, for `hold`.
    #[cfg_attr(test, ts(optional))]
    until: Option<i64>,
    /// What it is called, for `correct`; the name of a `chapter`, null to take it away.
    #[cfg_attr(test, ts(optional, type = "string | null"))]
    title: Option<String>,
    /// What it is called in its other languages, for `correct`.
    #[cfg_attr(test, ts(optional, type = "Texts"))]
    titles: Option<BTreeMap<String, String>>,
    /// In which languages it is told beside its default one, for `correct`.
    #[cfg_attr(test, ts(optional))]
    languages: Option<Vec<String>>,
    /// The series it belongs to, for `correct`; blank: none.
    #[cfg_attr(test, ts(optional))]
    series: Option<String>,
    /// What it is about, by language, for `correct`.
    #[cfg_attr(test, ts(optional, type = "Texts"))]
    about: Option<BTreeMap<String, String>>,
    /// Whether it goes on air by itself, for `correct`.
    #[cfg_attr(test, ts(optional))]
    automatic: Option<bool>,
    /// Whether the public may hear the recording, for `offer_replay`.
    #[cfg_attr(test, ts(optional))]
    on: Option<bool>,
    /// From when on the public may hear the recording, for `offer_replay`; without it at once. Where a `cut_replay` begins; without it nothing is cut off
    /// the beginning.
    #[cfg_attr(test, ts(optional))]
    from: Option<i64>,
    /// Where a `cut_replay` ends; without it nothing is cut off the end.
    #[cfg_attr(test, ts(optional))]
    to: Option<i64>,
    /// Where a `chapter` begins; without it now.
    #[cfg_attr(test, ts(optional))]
    at: Option<i64>,
}

/// An announced beginning.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct StartForm {
    /// Milliseconds since 1970.
    at: i64,
    /// The zone in which it was meant (IANA).
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    zone: Option<String>,
}

/// Tells a field that is null from one that is not there.
fn given<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<StartForm>>, D::Error> {
    Option::deserialize(from).map(Some)
}

impl StartForm {
    fn start(self) -> Result<Start, String> {
        let zone = self.zone.as_deref().map(zone).transpose();
        Ok(Start {
            unix_ms: self.at,
            zone: zone.map_err(|error| error.to_string())?,
        })
    }
}

impl ActForm {
    /// What it is for the conversation.
    ///
    /// # Errors
    /// One sentence that says what was expected and what came.
    pub(crate) fn command(self) -> Result<ScheduleCommand, String> {
        let start = match self.start {
            Some(Some(start)) => Some(Some(start.start()?)),
            Some(None) => Some(None),
            None => None,
        };
        let act = match self.act.as_str() {
            "announce" => Act::Announce,
            "open_doors" => Act::OpenDoors,
            "go_on_air" => Act::GoOnAir,
            "hold" => Act::Hold {
                until_unix_ms: self.until,
            },
            "resume" => Act::Resume,
            "postpone" => Act::Postpone {
                start: start.flatten(),
            },
            "end" => Act::End,
            "cancel" => Act::Cancel,
            "correct" => Act::Correct(Correction {
                title: self.title,
                titles: self.titles.as_ref().map(texts_of).transpose()?,
                languages: self.languages.as_deref().map(languages_of).transpose()?,
                series: self.series,
                picture: None,
                description: self.about.as_ref().map(texts_of).transpose()?,
                start,
                automatic: self.automatic,
            }),
            "offer_replay" => {
                let on = self.on.ok_or("expected \"on\" with \"offer_replay\"")?;
                Act::OfferReplay(match (on, self.from) {
                    (true, None) => ReplayOffer::AtOnce,
                    (true, Some(from)) => ReplayOffer::From(from),
                    (false, None) => ReplayOffer::Withheld,
                    (false, Some(_)) => {
                        return Err("expected \"from\" with \"on\": true, got false".to_owned());
                    }
                })
            }
            "cut_replay" => Act::CutReplay(ReplayCut {
                from_unix_ms: self.from,
                to_unix_ms: self.to,
            }),
            "delete_replay" => Act::DeleteReplay,
            "chapter" => Act::Chapter {
                at_unix_ms: self.at,
                title: self.title,
            },
            other => {
                let known = Act::CODES.join(", ");
                return Err(format!("expected one of {known}, got \"{other}\""));
            }
        };
        Ok(ScheduleCommand {
            act,
            version: self.version,
            why: self
                .why
                .as_ref()
                .map(texts_of)
                .transpose()?
                .unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<ScheduleCommand, String> {
        let form: ActForm = serde_json::from_str(json).expect("a form");
        form.command()
    }

    #[test]
    fn every_act_is_read_by_its_word() {
        for code in Act::CODES {
            let command = read(&format!(r#"{{"act":"{code}","version":3,"on":true}}"#));
            let command = command.expect("an act");
            assert_eq!((command.act.code(), command.version), (*code, 3));
        }
    }

    #[test]
    fn a_beginning_that_nobody_knows_is_told_from_one_that_is_not_spoken_of() {
        let corrected = |json| match read(json).expect("an act").act {
            Act::Correct(correction) => correction.start,
            other => panic!("{other:?}"),
        };
        assert_eq!(corrected(r#"{"act":"correct"}"#), None);
        assert_eq!(corrected(r#"{"act":"correct","start":null}"#), Some(None));
        let start = corrected(r#"{"act":"correct","start":{"at":5,"zone":"Europe/Paris"}}"#);
        let start = start.flatten().expect("a beginning");
        assert_eq!(start.unix_ms, 5);
        assert_eq!(
            start.zone.map(|zone| zone.to_string()).as_deref(),
            Some("Europe/Paris")
        );
    }

    #[test]
    fn a_replay_is_offered_at_once_from_a_moment_on_or_not_and_cut() {
        for (json, offer) in [
            (r#""on":true"#, ReplayOffer::AtOnce),
            (r#""on":true,"from":5"#, ReplayOffer::From(5)),
            (r#""on":false"#, ReplayOffer::Withheld),
        ] {
            let command = read(&format!(r#"{{"act":"offer_replay",{json}}}"#));
            assert_eq!(command.map(|said| said.act), Ok(Act::OfferReplay(offer)));
        }
        let cut = read(r#"{"act":"cut_replay","to":9}"#).map(|said| said.act);
        let expected = ReplayCut {
            from_unix_ms: None,
            to_unix_ms: Some(9),
        };
        assert_eq!(cut, Ok(Act::CutReplay(expected)));
    }

    #[test]
    fn what_is_no_act_language_or_zone_is_named_in_one_sentence() {
        for (json, expected) in [
            (r#"{"act":"dance"}"#, "got \"dance\""),
            (
                r#"{"act":"hold","why":{"fr_FR":"x"}}"#,
                "expected a language tag",
            ),
            (
                r#"{"act":"postpone","start":{"at":5,"zone":"../x"}}"#,
                "expected the name of a time zone",
            ),
            (
                r#"{"act":"correct","titles":{"fr_FR":"x"}}"#,
                "expected a language tag",
            ),
            (
                r#"{"act":"correct","languages":["aa","ab","ac","ad","ae","af","ag","ah"]}"#,
                "at most 7 languages beside its own, got 8",
            ),
            (r#"{"act":"offer_replay"}"#, "expected \"on\""),
            (
                r#"{"act":"offer_replay","on":false,"from":5}"#,
                "expected \"from\" with \"on\": true",
            ),
        ] {
            let error = read(json).expect_err("refused");
            assert!(error.contains(expected), "{error}");
        }
    }
}
