//! The stage's WebSocket: what pages ask for and what they are shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stentor_core::SeatId;
use stentor_core::conversation::{Command, SeatWarning, View};
use stentor_core::event::EventCommand;
use stentor_core::stage::{Place, Role, StageCommand};
use stentor_event::links::TokenError;
use stentor_event::texts::{TextsForm, texts_of};
use stentor_event::{PageKey, PageMessage, StageLevels, json};

use crate::act_form::ActForm;
use crate::schedule_form::ScheduleForm;
use crate::sentence::{hex_128, sentence};

/// What a page is told whose token opens nothing, or nothing any more.
pub(super) const WRONG_TOKEN: &str = "wrong_token";

/// One message of a page. Unknown fields are ignored, unknown verbs are not.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "do", rename_all = "snake_case")]
pub(super) enum ClientMessage {
    /// The first message of a page that did not say before the socket who it is.
    Hello {
        token: String,
        /// The page's own number: 128 bits in hexadecimal, kept when it is reloaded.
        #[serde(default)]
        #[cfg_attr(test, ts(optional))]
        page: Option<String>,
    },
    Ready {
        muted_version: u64,
    },
    Mute {
        seat: u32,
        muted: bool,
        version: u64,
    },
    Admit {
        seat: u32,
        /// Although nothing was heard of them yet.
        #[serde(default)]
        #[cfg_attr(test, ts(optional))]
        force: Option<bool>,
    },
    /// Hear one who waits in the green room, alone; null: nobody any more. For hosts.
    PreListen {
        seat: Option<u32>,
    },
    /// Record what is on air, or no longer. For hosts.
    Record {
        on: bool,
    },
    GreenRoom {
        seat: u32,
    },
    Remove {
        seat: u32,
    },
    HandOver {
        seat: u32,
    },
    Role {
        seat: u32,
        #[cfg_attr(test, ts(type = "Role"))]
        role: String,
    },
    Invite {
        name: String,
        #[cfg_attr(test, ts(type = "Role"))]
        role: String,
    },
    Rename {
        seat: u32,
        name: String,
    },
    /// Lead the event through its evening. For hosts.
    Act(Box<ActForm>),
    /// The host's line to listeners: a text by the tag of each language.
    Message {
        #[serde(flatten)]
        by_language: BTreeMap<String, String>,
    },
    /// "This is how you sound": hear oneself in the green room.
    Loopback {
        on: bool,
    },
    /// The link of a seat once more; for hosts.
    Link {
        seat: u32,
    },
}

/// What an [`ClientMessage`] is for the server.
#[derive(Debug)]
pub(super) enum Request {
    Hello {
        token: String,
        page: Option<PageKey>,
    },
    Command(Command),
}

impl ClientMessage {
    /// Reads one text message.
    ///
    /// # Errors
    /// One sentence that says what was expected and what came.
    pub(super) fn parse(text: &str, by: Option<SeatId>) -> Result<Request, String> {
        let message: Self = serde_json::from_str(text)
            .map_err(|error| format!("expected a message of the stage: {error}"))?;
        let role = |name: &str| {
            [Role::CoHost, Role::Guest, Role::LineIn, Role::Monitor]
                .into_iter()
                .find(|role| role.code() == name)
                .ok_or_else(|| {
                    format!("expected role co_host, guest, line_in or monitor, got \"{name}\"")
                })
        };
        let own = by.unwrap_or(SeatId(0));
        Ok(Request::Command(Command::Stage(match message {
            Self::Hello { token, page } => {
                let page = page.as_deref().and_then(hex_128).map(PageKey);
                return Ok(Request::Hello { token, page });
            }
            Self::Record { on } => {
                return Ok(Request::Command(EventCommand::SetRecorded { on }.into()));
            }
            Self::Act(form) => {
                return Ok(Request::Command(
                    EventCommand::Schedule(form.command()?).into(),
                ));
            }
            Self::Message { by_language } => {
                let message = texts_of(&by_language)?;
                return Ok(Request::Command(
                    EventCommand::SetMessage { message }.into(),
                ));
            }
            Self::Loopback { on } => StageCommand::SetLoopback { seat: own, on },
            Self::Link { seat } => StageCommand::ShowLink { seat: SeatId(seat) },
            Self::Ready { muted_version } => StageCommand::Ready {
                seat: own,
                muted_version,
            },
            Self::Mute {
                seat,
                muted,
                version,
            } => StageCommand::SetMuted {
                seat: SeatId(seat),
                muted,
                version,
            },
            Self::Admit { seat, force } => StageCommand::Admit {
                seat: SeatId(seat),
                unheard: force == Some(true),
            },
            Self::PreListen { seat } => StageCommand::PreListen {
                seat: seat.map(SeatId),
            },
            Self::GreenRoom { seat } => StageCommand::ToGreenRoom { seat: SeatId(seat) },
            Self::Remove { seat } => StageCommand::Remove { seat: SeatId(seat) },
            Self::HandOver { seat } => StageCommand::HandOver { seat: SeatId(seat) },
            Self::Role { seat, role: name } => StageCommand::SetRole {
                seat: SeatId(seat),
                role: role(&name)?,
            },
            Self::Invite {
                name,
                role: as_role,
            } => StageCommand::Invite {
                name,
                role: role(&as_role)?,
            },
            Self::Rename { seat, name } => StageCommand::Rename {
                seat: SeatId(seat),
                name,
            },
        })))
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "is", rename_all = "snake_case")]
enum ServerMessage<'a> {
    Welcome {
        seat: u32,
        #[cfg_attr(test, ts(type = "Role"))]
        role: &'static str,
        event: EventForm<'a>,
        whip: &'a str,
        listen: &'a str,
    },
    State {
        #[cfg_attr(test, ts(type = "Phase"))]
        phase: &'static str,
        /// Of the schedule, to be sent back with an act.
        version: u64,
        #[cfg_attr(test, ts(type = "Condition"))]
        condition: &'static str,
        since: i64,
        // The announced beginning.
        starts: Option<i64>,
        // When it went on air first.
        on_air_since: Option<i64>,
        schedule: Box<ScheduleForm<'a>>,
        listeners: u64,
        #[cfg_attr(test, ts(type = "Texts | null"))]
        message: Option<TextsForm<'a>>,
        #[cfg_attr(test, ts(type = "Alarm[]"))]
        alarms: Vec<&'static str>,
        /// Whether what is on air is recorded.
        recorded: bool,
        /// When it is ended because everybody has left it, in milliseconds since 1970.
        ends: Option<i64>,
        seats: Vec<SeatForm<'a>>,
    },
    Levels {
        seats: Vec<(u32, f32, bool)>,
        lufs: f32,
        peak: f32,
    },
    Invited {
        seat: u32,
        name: &'a str,
        link: &'a str,
    },
    Refused {
        what: &'a str,
        code: &'a str,
        why: &'a str,
    },
    Warning {
        seat: u32,
        #[cfg_attr(test, ts(type = "SeatWarning"))]
        warning: &'static str,
        on: bool,
    },
    Alarm {
        #[cfg_attr(test, ts(type = "Alarm"))]
        kind: &'static str,
        on: bool,
    },
    Removed,
    Replaced,
    Ended,
    /// There was nothing to say.
    Alive,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(super) struct EventForm<'a> {
    pub(super) slug: &'a str,
    pub(super) title: &'a str,
    /// Its default language.
    pub(super) lang: &'static str,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
struct SeatForm<'a> {
    seat: u32,
    name: &'a str,
    #[cfg_attr(test, ts(type = "Role"))]
    role: &'static str,
    #[cfg_attr(test, ts(type = "Place"))]
    place: &'static str,
    connected: bool,
    muted: bool,
    mute_version: u64,
    mixer_muted: bool,
    speaking: bool,
    ready: bool,
    muted_by_host: bool,
    heard: bool,
    pre_listens: Option<u32>,
    #[cfg_attr(test, ts(type = "SeatWarning | null"))]
    warning: Option<&'static str>,
}

/// The first message to a page.
pub(super) fn welcome(
    seat: SeatId,
    role: Role,
    event: EventForm<'_>,
    whip: &str,
    listen: &str,
) -> String {
    json(&ServerMessage::Welcome {
        seat: seat.0,
        role: role.code(),
        event,
        whip,
        listen,
    })
}

/// The whole stage, the same for every stage page.
pub(super) fn state(view: &View) -> String {
    json(&ServerMessage::State {
        phase: view.phase().code(),
        version: view.schedule_version,
        condition: view.condition.kind.code(),
        since: view.since_unix_ms(),
        starts: view.starts_unix_ms(),
        on_air_since: view
            .schedule
            .on_air_unix_ms
            .filter(|_| view.phase().is_running()),
        schedule: Box::new(ScheduleForm::of(&view.schedule)),
        listeners: view.listeners,
        message: TextsForm::of(&view.message),
        alarms: view.alarms.iter().map(|alarm| alarm.code()).collect(),
        recorded: view.recorded,
        ends: view.ends_unix_ms,
        seats: view
            .seats
            .iter()
            .filter(|seat| seat.place != Place::Removed)
            .map(|seat| SeatForm {
                seat: seat.seat.0,
                name: &seat.name,
                role: seat.role.code(),
                place: seat.place.code(),
                connected: seat.connected,
                muted: seat.muted,
                mute_version: seat.mute_version,
                mixer_muted: seat.mixer_muted,
                speaking: seat.speaking,
                ready: seat.ready,
                muted_by_host: seat.muted_by_host,
                heard: seat.heard,
                pre_listens: seat.pre_listens.map(|seat| seat.0),
                warning: seat.warning.map(SeatWarning::code),
            })
            .collect(),
    })
}

/// Levels of everybody (dBFS) and the loudness of the programme (LUFS, dBTP).
pub(super) fn levels(levels: &StageLevels) -> String {
    // JSON has no minus infinity; -99 is below anything a meter shows.
    let finite = |value: f32| {
        if value.is_finite() {
            (value * 10.0).round() / 10.0
        } else {
            -99.0
        }
    };
    json(&ServerMessage::Levels {
        seats: levels
            .seats
            .iter()
            .map(|level| {
                (
                    level.seat.0,
                    f32::from(level.dbfs_tenths) / 10.0,
                    level.voice,
                )
            })
            .collect(),
        lufs: finite(levels.lufs),
        peak: finite(levels.true_peak),
    })
}

/// A word for a line on which nothing else is said.
pub(super) fn alive() -> String {
    json(&ServerMessage::Alive)
}

/// A message to one page.
pub(super) fn message(message: &PageMessage) -> String {
    match *message {
        PageMessage::Refused { what, reason } => json(&ServerMessage::Refused {
            what,
            code: reason.code(),
            why: &sentence(&reason),
        }),
        PageMessage::Invited {
            seat,
            ref name,
            ref link,
        } => json(&ServerMessage::Invited {
            seat: seat.0,
            name,
            link,
        }),
        PageMessage::Warning { seat, warning, on } => json(&ServerMessage::Warning {
            seat: seat.0,
            warning: warning.code(),
            on,
        }),
        PageMessage::Alarm { alarm, on } => json(&ServerMessage::Alarm {
            kind: alarm.code(),
            on,
        }),
        PageMessage::LinkRenewed => not_understood(WRONG_TOKEN, &TokenError::Renewed.to_string()),
        PageMessage::Removed => json(&ServerMessage::Removed),
        PageMessage::Replaced => json(&ServerMessage::Replaced),
        PageMessage::Ended => json(&ServerMessage::Ended),
    }
}

/// A message that could not be read, or one this server cannot obey at the moment.
pub(super) fn not_understood(code: &str, why: &str) -> String {
    json(&ServerMessage::Refused {
        what: "message",
        code,
        why: &sentence(&why),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::act_form::StartForm;
    use crate::recordings::{RecordingFileForm, RecordingsForm, ReplayTimesForm, SpanForm};
    use crate::schedule_form::{LastForm, ReplayForm};
    use stentor_core::conversation::Refusal;
    use stentor_core::event::Alarm;
    use stentor_core::schedule::{Act, Fact};
    use stentor_typescript::TypesFile;

    #[test]
    fn the_pages_types_are_those_of_these_forms() {
        TypesFile::new(
            "web/stage/wire.ts",
            "// Generated from crates/api/src/stage/wire.rs: the messages of the stage's WebSocket.\n\n\
             import { type Condition, type Phase, type Role, type Texts } from '../shared/wire.ts';",
        )
        .words("Place", Place::CODES)
        .words("SeatWarning", SeatWarning::CODES)
        .words("Alarm", Alarm::CODES)
        .words("Refusal", Refusal::CODES)
        .words("Act", Act::CODES)
        .words("Fact", Fact::CODES)
        .form::<StartForm>()
        .form::<ActForm>()
        .form::<ScheduleForm<'_>>()
        .form::<ReplayForm>()
        .form::<LastForm>()
        .form::<EventForm<'_>>()
        .form::<SeatForm<'_>>()
        .form::<ServerMessage<'_>>()
        .form::<ClientMessage>()
        .form::<RecordingsForm>()
        .form::<ReplayTimesForm>()
        .form::<SpanForm>()
        .form::<RecordingFileForm>()
        .assert_written();
    }

    #[test]
    fn a_command_is_read_with_the_seat_of_its_sender() {
        let asked = ClientMessage::parse(r#"{"do":"ready","muted_version":7}"#, Some(SeatId(3)))
            .expect("valid");
        assert!(matches!(
            asked,
            Request::Command(Command::Stage(StageCommand::Ready {
                seat: SeatId(3),
                muted_version: 7
            }))
        ));
    }

    #[test]
    fn an_unknown_verb_or_role_is_named_in_one_sentence() {
        let verb = ClientMessage::parse(r#"{"do":"shout"}"#, None).expect_err("unknown");
        assert!(verb.contains("shout"), "{verb}");
        let role = ClientMessage::parse(r#"{"do":"invite","name":"A","role":"king"}"#, None)
            .expect_err("unknown");
        assert_eq!(
            role,
            "expected role co_host, guest, line_in or monitor, got \"king\""
        );
    }

    #[test]
    fn silence_is_a_number_in_json() {
        let silence = StageLevels {
            seats: Vec::new(),
            lufs: f32::NEG_INFINITY,
            true_peak: f32::NAN,
        };
        assert!(levels(&silence).contains("\"lufs\":-99.0"));
    }
}
