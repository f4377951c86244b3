//! One event's conversation: the machine that is told what happened and says what must be done.
//!
//! [`Conversation::step`] takes the time and one [`Input`] and fills an [`Outbox`]; [`Conversation::view`] is what pages
//! show, [`Conversation::snapshot`] what survives a restart. Commands are obeyed or refused with a reason; nothing here
//! fails in another way.
//!
//! It is not a mixer and not a page: mute, for instance, is here what is *desired*, with a version; what the mixer does
//! comes back as [`Input::MuteApplied`] and is shown beside it.

mod commands;
mod hearing;
mod input;
mod notices;
mod output;
mod refusal;
mod restore;
mod sessions;
mod snapshot;
mod text;
mod turn;
mod view;

pub use input::{Command, Input};
pub use output::{CloseReason, Notice, NoticeKind, Outbox, Output, Warning};
pub use refusal::Refusal;
pub use snapshot::{SeatSnapshot, Snapshot, SnapshotError};
pub use view::{SeatView, View};

use crate::event::{Alarm, Alarms, ConditionWatch, EventInfo, Message, Phase, PhaseState};
use crate::limits::{NAME_CHARS_MAX, TITLE_CHARS_MAX};
use crate::stage::{Role, Seat, Table};
use crate::{Now, SeatId};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use notices::NoticePacer;
use turn::Turn;

/// The seat of the host of a new event.
pub const FIRST_HOST: SeatId = SeatId(1);

/// One event's conversation.
#[derive(Clone, Debug)]
pub struct Conversation {
    title: String,
    starts_unix_ms: Option<i64>,
    phase: PhaseState,
    condition: ConditionWatch,
    alarms: Alarms,
    message: Option<Message>,
    listeners: u64,
    table: Table,
    notices: NoticePacer,
}

impl Conversation {
    /// A new event: scheduled, with one invited seat, the host's ([`FIRST_HOST`]).
    #[must_use]
    pub fn new(info: EventInfo, now: Now) -> Self {
        let mut host_name = text::cut(&info.host_name, NAME_CHARS_MAX);
        if host_name.is_empty() {
            host_name = "Host".to_string();
        }
        let host = Seat::new(FIRST_HOST, host_name, Role::Host);
        Self {
            title: text::cut(&info.title, TITLE_CHARS_MAX),
            starts_unix_ms: info.starts_unix_ms,
            phase: PhaseState::new(now),
            condition: ConditionWatch::new(now),
            alarms: Alarms::default(),
            message: None,
            listeners: 0,
            table: Table::new(Vec::from([host]), FIRST_HOST.0 + 1),
            notices: NoticePacer::new(0, now),
        }
    }

    /// Takes one thing that happened and says what must be done about it, and about the time that has passed.
    pub fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        let mut turn = Turn::new(now, out);
        match input {
            Input::Command { by, command } => self.command(by, command, &mut turn),
            Input::SessionUp {
                seat,
                session,
                kind,
            } => self.session_up(seat, session, kind, &mut turn),
            Input::SessionDown { seat, session } => self.session_down(seat, session, &mut turn),
            Input::MuteApplied {
                seat,
                session,
                muted,
                version,
            } => self.mute_applied(seat, session, muted, version, &mut turn),
            Input::Levels(levels) => self.levels(levels, &mut turn),
            Input::Listeners { now: listeners } => {
                turn.changes.listeners |= self.listeners != listeners;
                self.listeners = listeners;
            }
            Input::Alarm { alarm, on } => self.alarm(alarm, on, &mut turn),
            Input::Tick => {}
        }
        self.settle(&mut turn);
    }

    /// What pages show, now.
    #[must_use]
    pub fn view(&self) -> View {
        View {
            title: self.title.clone(),
            starts_unix_ms: self.starts_unix_ms,
            phase: self.phase.phase,
            phase_version: self.phase.version,
            phase_since_unix_ms: self.phase.since_unix_ms,
            condition: self.condition.current(),
            alarms: Alarm::ALL
                .into_iter()
                .filter(|alarm| self.alarms.is_on(*alarm))
                .collect(),
            listeners: self.listeners,
            message: self.message.clone(),
            notice_id: self.notices.last_id(),
            seats: self.table.iter().map(seat_view).collect(),
        }
    }

    fn on_air(&self) -> bool {
        self.phase.phase == Phase::OnAir
    }

    fn ended(&self) -> bool {
        self.phase.phase == Phase::Ended
    }

    fn alarm(&mut self, alarm: Alarm, on: bool, turn: &mut Turn<'_>) {
        if self.alarms.set(alarm, on) {
            turn.changes.stage = true;
            turn.out.push(Output::Alarm { alarm, on });
        }
    }

    /// What follows from the time and from what has just changed, once per step.
    fn settle(&mut self, turn: &mut Turn<'_>) {
        self.expire_speaking(turn);
        if self
            .condition
            .look(turn.now, self.phase.phase, self.table.seen(), self.alarms)
        {
            turn.changes.public();
        }
        if let Some(notice) = self.notices.due(turn.now, &turn.changes) {
            // Stage pages show the number of listeners at the pace of the notices; who speaks they see in the levels.
            turn.changes.stage |= notice.kind != NoticeKind::Speaking;
            turn.out.push(Output::Notice(notice));
        }
        if turn.changes.stage {
            turn.out.push(Output::StageChanged);
        }
        if turn.changes.persist {
            turn.out.push(Output::Persist);
        }
    }
}

fn seat_view(seat: &Seat) -> SeatView {
    SeatView {
        seat: seat.id,
        name: seat.name.clone(),
        role: seat.role,
        place: seat.place,
        connected: seat.connected(),
        muted: seat.muted,
        mute_version: seat.mute_version,
        ready: seat.session.is_some_and(|session| session.ready),
        mixer_muted: seat.session.is_none_or(|session| session.mixer_muted),
        speaking: seat.speaking.speaking(),
        silent_microphone: seat.silence.warned(),
    }
}
