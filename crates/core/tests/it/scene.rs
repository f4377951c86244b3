//! A conversation on a clock that the test moves.

use stentor_core::conversation::{
    Command, Conversation, FIRST_HOST, Input, NoticeKind, Outbox, Output, Refusal, SeatView, View,
};
use stentor_core::event::{EventCommand, EventInfo, Phase};
use stentor_core::schedule::{Act, ScheduleCommand, Start};
use stentor_core::stage::{Role, SeatLevel, SeatOrder, SessionKind, StageCommand};
use stentor_core::{LanguageTag, Now, SeatId, SessionId, Texts};

pub(crate) const HOST: SeatId = FIRST_HOST;

pub(crate) struct Scene {
    pub(crate) conversation: Conversation,
    pub(crate) now: Now,
    /// Everything put out since the last [`Scene::forget`].
    pub(crate) outputs: Vec<Output>,
    next_session: u64,
}

pub(crate) fn info() -> EventInfo {
    EventInfo {
        title: "Fifty men".into(),
        start: Some(Start {
            unix_ms: 1_000_000,
            zone: None,
        }),
        draft: false,
        host_name: "Homer".into(),
        recorded: true,
    }
}

impl Scene {
    pub(crate) fn new() -> Self {
        let now = Now {
            mono_ms: 5_000,
            unix_ms: 1_700_000_000_000,
        };
        Self::with(Conversation::new(info(), now), now)
    }

    pub(crate) fn with(conversation: Conversation, now: Now) -> Self {
        Self {
            conversation,
            now,
            outputs: Vec::new(),
            next_session: 100,
        }
    }

    /// The host on stage and unmuted, the event on air.
    pub(crate) fn on_air() -> Self {
        let mut scene = Self::new();
        scene.bring_on_stage(HOST);
        scene.unmute(HOST);
        scene.phase(Phase::OnAir);
        scene.wait(1_000);
        scene.forget();
        scene
    }

    pub(crate) fn step(&mut self, input: Input<'_>) -> Vec<Output> {
        let mut out = Outbox::new();
        self.conversation.step(self.now, input, &mut out);
        assert_eq!(out.dropped(), 0);
        let outputs: Vec<_> = out.drain().collect();
        self.outputs.extend(outputs.iter().cloned());
        outputs
    }

    /// Lets time pass in ticks of 100 ms.
    pub(crate) fn wait(&mut self, ms: u64) {
        for _ in 0..ms / 100 {
            self.advance(100);
            self.step(Input::Tick);
        }
        self.advance(ms % 100);
    }

    pub(crate) fn advance(&mut self, ms: u64) {
        self.now.mono_ms += ms;
        self.now.unix_ms += ms as i64;
    }

    pub(crate) fn forget(&mut self) {
        self.outputs.clear();
    }

    /// Gives a command; it must be obeyed.
    pub(crate) fn command(&mut self, by: SeatId, command: impl Into<Command>) -> Vec<Output> {
        let command = command.into();
        let what = format!("{command:?}");
        let outputs = self.step(Input::Command { by, command });
        assert_eq!(refusal_in(&outputs), None, "{what}");
        outputs
    }

    /// Gives a command; it must be refused, and change nothing.
    pub(crate) fn refused(&mut self, by: SeatId, command: impl Into<Command>) -> Refusal {
        let command = command.into();
        let what = format!("{command:?}");
        let before = self.conversation.snapshot();
        let outputs = self.step(Input::Command { by, command });
        let mut after = self.conversation.snapshot();
        after.notice_id = before.notice_id;
        assert_eq!(before, after, "{what}");
        refusal_in(&outputs).unwrap_or_else(|| panic!("{what} was obeyed"))
    }

    pub(crate) fn invite(&mut self, role: Role) -> SeatId {
        let outputs = self.command(
            HOST,
            StageCommand::Invite {
                name: "Ada".into(),
                role,
            },
        );
        outputs
            .iter()
            .find_map(|output| match output {
                Output::Invited { seat, .. } => Some(*seat),
                _ => None,
            })
            .expect("an invitation names its seat")
    }

    pub(crate) fn up(&mut self, seat: SeatId, kind: SessionKind) -> SessionId {
        self.next_session += 1;
        let session = SessionId(self.next_session);
        self.step(Input::SessionUp {
            seat,
            session,
            kind,
        });
        session
    }

    pub(crate) fn down(&mut self, seat: SeatId, session: SessionId) {
        self.step(Input::SessionDown { seat, session });
    }

    /// A page with a microphone, in the green room, that knows the mute state.
    pub(crate) fn browser(&mut self, seat: SeatId) -> SessionId {
        let session = self.up(seat, SessionKind::Browser);
        self.ready(seat);
        session
    }

    pub(crate) fn ready(&mut self, seat: SeatId) {
        let muted_version = self.seat(seat).mute_version;
        self.command(
            seat,
            StageCommand::Ready {
                seat,
                muted_version,
            },
        );
    }

    pub(crate) fn bring_on_stage(&mut self, seat: SeatId) -> SessionId {
        let session = self.browser(seat);
        self.command(HOST, admit(seat));
        session
    }

    /// A new guest, on stage and unmuted.
    pub(crate) fn guest_on_stage(&mut self) -> (SeatId, SessionId) {
        let seat = self.invite(Role::Guest);
        let session = self.bring_on_stage(seat);
        self.unmute(seat);
        (seat, session)
    }

    pub(crate) fn co_host(&mut self) -> SeatId {
        let (seat, _) = self.guest_on_stage();
        self.command(
            HOST,
            StageCommand::SetRole {
                seat,
                role: Role::CoHost,
            },
        );
        seat
    }

    pub(crate) fn mute(&mut self, seat: SeatId) {
        self.set_muted(seat, seat, true);
    }

    pub(crate) fn unmute(&mut self, seat: SeatId) {
        self.set_muted(seat, seat, false);
    }

    pub(crate) fn set_muted(&mut self, by: SeatId, seat: SeatId, muted: bool) {
        let version = self.seat(seat).mute_version;
        self.command(
            by,
            StageCommand::SetMuted {
                seat,
                muted,
                version,
            },
        );
    }

    pub(crate) fn phase(&mut self, phase: Phase) {
        let version = self.view().schedule_version;
        self.command(HOST, lead(act_to(phase), version));
    }

    /// A window in which a microphone gave digital silence, or else sound.
    pub(crate) fn hear(&mut self, seat: SeatId, voice: bool, digital_silence: bool) -> Vec<Output> {
        self.advance(100);
        self.step(Input::Levels(&[SeatLevel {
            seat,
            dbfs_tenths: if digital_silence { -1270 } else { -300 },
            voice,
            digital_silence,
            sound: !digital_silence,
        }]))
    }

    /// A window in which nothing came from a microphone that is not known to be dead.
    pub(crate) fn hear_nothing(&mut self, seat: SeatId) -> Vec<Output> {
        self.advance(100);
        self.step(Input::Levels(&[SeatLevel {
            seat,
            dbfs_tenths: -1200,
            voice: false,
            digital_silence: false,
            sound: false,
        }]))
    }

    pub(crate) fn view(&self) -> View {
        self.conversation.view()
    }

    pub(crate) fn seat(&self, seat: SeatId) -> SeatView {
        self.view().seat(seat).expect("the seat exists").clone()
    }

    pub(crate) fn last_order(&self, seat: SeatId) -> SeatOrder {
        self.outputs
            .iter()
            .rev()
            .find_map(|output| match output {
                Output::Mixer(order) if order.seat == seat => Some(*order),
                _ => None,
            })
            .expect("the mixer was told about this seat")
    }

    pub(crate) fn notices(&self, wanted: NoticeKind) -> usize {
        self.outputs
            .iter()
            .filter(|output| matches!(output, Output::Notice(notice) if notice.kind == wanted))
            .count()
    }
}

/// From the green room to the stage, whether or not anything was heard there.
/// The act that leads to a phase.
pub(crate) fn act_to(phase: Phase) -> Act {
    match phase {
        Phase::Announced => Act::Announce,
        Phase::Doors => Act::OpenDoors,
        Phase::OnAir => Act::GoOnAir,
        Phase::Held => Act::Hold {
            until_unix_ms: None,
        },
        Phase::Ended => Act::End,
        Phase::Cancelled => Act::Cancel,
        Phase::Draft => unreachable!("no act leads back to a draft"),
    }
}

/// What a seat asks of the schedule.
pub(crate) fn lead(act: Act, version: u64) -> EventCommand {
    EventCommand::Schedule(ScheduleCommand::new(act, version))
}

pub(crate) const fn admit(seat: SeatId) -> StageCommand {
    StageCommand::Admit {
        seat,
        unheard: true,
    }
}

/// The same text in French and in English; blank: in no language.
pub(crate) fn message(fr: &str, en: &str) -> EventCommand {
    let mut message = Texts::new();
    for (tag, text) in [("fr", fr), ("en", en)] {
        let language = LanguageTag::parse(tag).expect("a tag");
        message.set(language, text).expect("two languages fit");
    }
    EventCommand::SetMessage { message }
}

pub(crate) fn refusal_in(outputs: &[Output]) -> Option<Refusal> {
    outputs.iter().find_map(|output| match output {
        Output::Refused { reason, .. } => Some(*reason),
        _ => None,
    })
}
