//! How an event stands, as pages and programs read it.

use serde::Serialize;

use stentor_core::LanguageTag;
use stentor_core::schedule::{By, ReplayOffer, ReplayStanding, Standing, Zone};
use stentor_event::texts::TextsForm;
use utoipa::ToSchema;

/// What is planned and what has become of it. Times are milliseconds since 1970, by the server's clock.
#[derive(Serialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct ScheduleForm<'a> {
    /// What it is called, in its default language.
    title: &'a str,
    /// What it is called in its other languages.
    #[schema(value_type = Option<Object>)]
    #[cfg_attr(test, ts(type = "Texts | null"))]
    titles: Option<TextsForm<'a>>,
    /// In which languages it is told beside its default one.
    languages: Vec<&'a str>,
    /// The series it belongs to.
    series: Option<&'a str>,
    /// Whether it has a picture of its own.
    picture: bool,
    /// What it is about, by language.
    #[schema(value_type = Option<Object>)]
    #[cfg_attr(test, ts(type = "Texts | null"))]
    about: Option<TextsForm<'a>>,
    /// The zone in which the beginning was meant (IANA), where it is known.
    zone: Option<&'a str>,
    /// What was announced before it was postponed.
    was: Option<i64>,
    /// Postponed, and nobody knows to when.
    open: bool,
    /// Whether it goes on air by itself.
    automatic: bool,
    /// Why it stands so, by language, as whoever brought it about said.
    #[schema(value_type = Option<Object>)]
    #[cfg_attr(test, ts(type = "Texts | null"))]
    why: Option<TextsForm<'a>>,
    /// When it goes on, while it is held and that was said.
    until: Option<i64>,
    /// What was decided about the recording.
    replay: ReplayForm,
    /// What begins when: the time and the name of each chapter.
    #[schema(value_type = Vec<Vec<Object>>)]
    chapters: Vec<(i64, &'a str)>,
    /// Who did something last.
    last: LastForm,
}

/// What was decided about the recording.
#[derive(Serialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct ReplayForm {
    /// Whether the public may hear it, now or later.
    on: bool,
    /// From when on; null: as soon as there is one.
    from: Option<i64>,
    /// Where it begins, if something is cut off.
    cut_from: Option<i64>,
    /// Where it ends, if something is cut off.
    cut_to: Option<i64>,
    /// It was taken away, for good.
    deleted: bool,
}

impl ReplayForm {
    fn of(replay: &ReplayStanding) -> Self {
        Self {
            on: replay.offer != ReplayOffer::Withheld,
            from: match replay.offer {
                ReplayOffer::From(from) => Some(from),
                ReplayOffer::AtOnce | ReplayOffer::Withheld => None,
            },
            cut_from: replay.cut.from_unix_ms,
            cut_to: replay.cut.to_unix_ms,
            deleted: replay.deleted,
        }
    }
}

/// Who did something last, and what.
#[derive(Serialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct LastForm {
    /// The number of their seat; null where it was the operator.
    seat: Option<u32>,
    /// What has happened, by its word.
    #[cfg_attr(test, ts(type = "Fact"))]
    what: &'static str,
    /// When.
    at: i64,
}

impl<'a> ScheduleForm<'a> {
    /// As it stands.
    pub(crate) fn of(standing: &'a Standing) -> Self {
        let start = standing.start.as_ref();
        let last = standing.last_act;
        Self {
            title: &standing.title,
            titles: TextsForm::of(&standing.titles),
            languages: standing.languages.iter().map(LanguageTag::as_str).collect(),
            series: standing.series.as_deref(),
            picture: standing.picture.is_some(),
            about: TextsForm::of(&standing.description),
            zone: start
                .and_then(|start| start.zone.as_ref())
                .map(Zone::as_str),
            was: standing.postponed_from_unix_ms,
            open: standing.postponed_open,
            automatic: standing.automatic,
            why: TextsForm::of(&standing.why),
            until: standing.until_unix_ms,
            replay: ReplayForm::of(&standing.replay),
            chapters: standing
                .chapters
                .iter()
                .map(|(at, title)| (*at, title.as_str()))
                .collect(),
            last: LastForm {
                seat: match last.by {
                    By::Seat(seat) => Some(seat.0),
                    By::Operator | By::Itself => None,
                },
                what: last.what,
                at: last.at_unix_ms,
            },
        }
    }
}

/// How an event stands, whole.
#[derive(Serialize, ToSchema)]
pub(crate) struct StandingForm<'a> {
    /// Where it is in its life.
    #[schema(value_type = PhaseWord)]
    phase: &'static str,
    /// Of the schedule, to be sent back with an act.
    version: u64,
    /// Since when it is there.
    since: i64,
    /// The announced beginning.
    starts: Option<i64>,
    /// All else.
    schedule: ScheduleForm<'a>,
}

impl<'a> StandingForm<'a> {
    /// As it stands, at this version.
    pub(crate) fn of(standing: &'a Standing, version: u64) -> Self {
        Self {
            phase: standing.phase.code(),
            version,
            since: standing.since_unix_ms,
            starts: standing.start.as_ref().map(|start| start.unix_ms),
            schedule: ScheduleForm::of(standing),
        }
    }
}

/// The words for where an event is in its life.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "only its description is read")]
pub(crate) enum PhaseWord {
    /// The public is not told of it yet.
    Draft,
    /// Known, and nothing is to be heard.
    Announced,
    /// Listeners are in the lobby.
    Doors,
    /// The programme carries the stage.
    OnAir,
    /// Paused.
    Held,
    /// Over.
    Ended,
    /// It will not take place.
    Cancelled,
}

#[cfg(test)]
mod tests {
    use super::*;
    use stentor_core::event::Phase;
    use utoipa::PartialSchema as _;

    #[test]
    fn the_description_has_the_words_that_there_are() {
        let described = serde_json::to_value(PhaseWord::schema()).expect("a schema is JSON");
        let words = described["enum"].as_array().expect("words");
        let words: Vec<_> = words.iter().filter_map(|word| word.as_str()).collect();
        assert_eq!(words, Phase::CODES);
    }
}
