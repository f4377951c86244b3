//! What listeners are told: `status.json`, and the notices that ride inside the sound. The same for everyone.

use serde::{Serialize, Serializer};
use stentor_core::SeatId;
use stentor_core::conversation::{Notice, NoticeKind, View};
use stentor_core::schedule::Zone;

use crate::json::json;
use crate::lang::Lang;
use crate::texts::TextsForm;

/// Version of these documents; a reader ignores what it does not know.
const VERSION: u32 = 1;

/// What becomes of the recording of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Replay {
    /// Not there, and not to be given up: the event runs, or what it recorded is being made ready.
    #[default]
    Awaited,
    /// It can be played.
    Ready,
    /// There is none: the event was never on air, nothing was recorded, or what was recorded cannot be used.
    None,
}

impl Serialize for Replay {
    /// `false`, `true`, `null`: whoever asks only whether there is one to play, asks whether it is true.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Awaited => serializer.serialize_bool(false),
            Self::Ready => serializer.serialize_bool(true),
            Self::None => serializer.serialize_none(),
        }
    }
}

/// What is going on, as `status.json` says it.
#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Status<'a> {
    v: u32,
    id: u64,
    #[cfg_attr(test, ts(type = "Phase"))]
    phase: &'static str,
    #[cfg_attr(test, ts(type = "Condition"))]
    condition: &'static str,
    /// Since when phase and condition are so, milliseconds since 1970.
    since: i64,
    starts: Option<i64>,
    /// The zone in which that was meant, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    zone: Option<&'a str>,
    /// What was announced before, once it is postponed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    was: Option<i64>,
    /// True once it is postponed and nobody knows to when.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, ts(optional, type = "boolean"))]
    open: bool,
    /// Why it stands so, in the languages in which that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional, type = "Texts"))]
    why: Option<TextsForm<'a>>,
    /// When it goes on, while it is held and that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    until: Option<i64>,
    /// When it is ended because everybody has left it, once that is to be expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    ends: Option<i64>,
    /// When this was written, so that a page can correct its own clock.
    now: i64,
    /// The language of `title`, and of whatever was said in one language only.
    lang: &'static str,
    title: &'a str,
    /// What it is called in its other languages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional, type = "Texts"))]
    titles: Option<TextsForm<'a>>,
    listeners: u64,
    stage: Vec<OnStage<'a>>,
    speaking: Vec<u32>,
    /// The host's line, in the languages in which it was written.
    #[cfg_attr(test, ts(type = "Texts | null"))]
    message: Option<TextsForm<'a>>,
    /// True when it can be played, null when there will never be one.
    #[cfg_attr(test, ts(type = "boolean | null"))]
    replay: Replay,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
struct OnStage<'a> {
    seat: u32,
    name: &'a str,
    #[cfg_attr(test, ts(type = "Role"))]
    role: &'static str,
    muted: bool,
    connected: bool,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
struct Delta {
    v: u32,
    id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    speaking: Option<Vec<u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    listeners: Option<u64>,
}

/// Everything a listener's page must know about an event in this language, as JSON.
pub(crate) fn full(view: &View, lang: Lang, now_unix_ms: i64, replay: Replay) -> String {
    json(&status(view, lang, now_unix_ms, replay))
}

/// Everything a listener's page must know.
pub(crate) fn status(view: &View, lang: Lang, now_unix_ms: i64, replay: Replay) -> Status<'_> {
    let schedule = &view.schedule;
    let start = schedule.start.as_ref();
    Status {
        v: VERSION,
        id: view.notice_id,
        phase: view.phase().code(),
        condition: view.condition.kind.code(),
        since: view.since_unix_ms(),
        starts: view.starts_unix_ms(),
        zone: start
            .and_then(|start| start.zone.as_ref())
            .map(Zone::as_str),
        was: schedule
            .postponed_from_unix_ms
            .filter(|_| view.phase().is_ahead()),
        open: schedule.postponed_open && view.phase().is_ahead(),
        why: TextsForm::of(&schedule.why),
        until: schedule.until_unix_ms,
        ends: view.ends_unix_ms,
        now: now_unix_ms,
        lang: lang.code(),
        title: view.title(),
        titles: TextsForm::of(&schedule.titles),
        listeners: view.listeners,
        stage: view
            .on_stage()
            .map(|seat| OnStage {
                seat: seat.seat.0,
                name: &seat.name,
                role: seat.role.code(),
                muted: seat.mixer_muted,
                connected: seat.connected,
            })
            .collect(),
        speaking: seats(view.speaking()),
        // What the host said to those who waited is not true any more when it is over.
        message: TextsForm::of(&view.message).filter(|_| !view.phase().is_over()),
        replay,
    }
}

/// One notice, as much of the view as it carries.
pub(crate) fn notice(
    notice: Notice,
    view: &View,
    lang: Lang,
    now_unix_ms: i64,
    replay: Replay,
) -> String {
    let delta = |speaking, listeners| {
        json(&Delta {
            v: VERSION,
            id: notice.id,
            speaking,
            listeners,
        })
    };
    match notice.kind {
        NoticeKind::Full => full(view, lang, now_unix_ms, replay),
        NoticeKind::Speaking => delta(Some(seats(view.speaking())), None),
        NoticeKind::Listeners => delta(None, Some(view.listeners)),
    }
}

fn seats(ids: impl Iterator<Item = SeatId>) -> Vec<u32> {
    ids.map(|seat| seat.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use stentor_core::conversation::Conversation;
    use stentor_core::event::{ConditionKind, EventInfo, Phase};
    use stentor_core::limits::{
        LANGUAGES_MAX, MESSAGE_CHARS_MAX, NAME_CHARS_MAX, ON_STAGE_MAX, TITLE_CHARS_MAX,
    };
    use stentor_core::stage::{Place, Role};
    use stentor_core::{LanguageTag, Now, Texts};
    use stentor_media::package::NOTICE_BYTES_MAX;
    use stentor_typescript::TypesFile;

    #[test]
    fn the_pages_types_are_those_of_these_forms() {
        TypesFile::new(
            "web/shared/wire.ts",
            "// Generated from crates/event/src/status.rs: what is going on at an event, as status.json and the notices inside the sound say it.\n\
             // Times are Unix milliseconds by the server's clock.\n\n\
             /** A text by the tags of its languages. */\n\
             export type Texts = { [language: string]: string };",
        )
        .words("Phase", Phase::CODES)
        .words("Condition", ConditionKind::CODES)
        .words("Role", Role::CODES)
        .form::<OnStage<'_>>()
        .form::<Status<'_>>()
        .form::<Delta>()
        .assert_written();
    }

    #[test]
    fn the_longest_that_can_be_said_fits_a_notice() {
        let now = Now {
            mono_ms: 0,
            unix_ms: 1_800_000_000_000,
        };
        let long = |chars| "\u{1f5e3}".repeat(chars);
        let info = EventInfo {
            title: long(TITLE_CHARS_MAX),
            host_name: long(NAME_CHARS_MAX),
            start: None,
            draft: false,
            recorded: true,
        };
        let mut view = Conversation::new(info, now).view();
        let in_all = |chars| {
            let mut texts = Texts::new();
            for letter in (b'a'..=b'z').take(LANGUAGES_MAX) {
                let tag = format!(
                    "{}-aaaaaaaa-aaaaaaaa",
                    "x".repeat(7) + &char::from(letter).to_string()
                );
                let tag = LanguageTag::parse(&tag).expect("a tag");
                texts.set(tag, &long(chars)).expect("there is room");
            }
            texts
        };
        view.message = in_all(MESSAGE_CHARS_MAX);
        view.schedule.why = in_all(MESSAGE_CHARS_MAX);
        view.schedule.titles = in_all(TITLE_CHARS_MAX);
        view.seats[0].place = Place::OnStage;
        view.seats = vec![view.seats[0].clone(); ON_STAGE_MAX];
        assert_eq!(view.on_stage().count(), ON_STAGE_MAX);
        let notice = full(&view, Lang::default(), now.unix_ms, Replay::default());
        assert!(notice.len() <= NOTICE_BYTES_MAX, "{}", notice.len());
    }

    #[test]
    fn a_replay_to_wait_for_is_told_from_one_that_will_never_be() {
        let said = [Replay::Awaited, Replay::Ready, Replay::None].map(|replay| json(&replay));
        assert_eq!(said, ["false", "true", "null"]);
    }
}
