//! The machine itself: inputs are handed to the event and to the stage, and what follows from both is drawn once a step.

use super::abandoned::{Abandoned, AbandonedTimer};
use super::idle::IdleTimer;
use super::input::{Amendment, Command, Input};
use super::notices::NoticePacer;
use super::view::{SeatView, View};
use crate::event::{Alarm, EventInfo, EventState, Phase};
use crate::id::{PageId, SeatId};
use crate::limits::NAME_CHARS_MAX;
use crate::now::Now;
use crate::output::{NoticeKind, Outbox, Output};
use crate::principal::Principal;
use crate::refusal::Refusal;
use crate::schedule::{By, Standing};
use crate::stage::{Role, Seat, SeatTable};
use crate::step::StepContext;
use crate::text::cut;
use alloc::string::ToString;
use alloc::vec::Vec;

/// The seat of the host of a new event.
pub const FIRST_HOST: SeatId = SeatId(1);

/// One event's conversation.
#[derive(Clone, Debug)]
pub struct Conversation {
    pub(super) event: EventState,
    pub(super) stage: SeatTable,
    pub(super) listeners: u64,
    /// Stage pages that are open.
    pub(super) pages: usize,
    pub(super) idle: IdleTimer,
    pub(super) abandoned: AbandonedTimer,
    pub(super) notices: NoticePacer,
}

impl Conversation {
    /// A new event: announced, or a draft, with one invited seat, the host's ([`FIRST_HOST`]).
    #[must_use]
    pub fn new(info: EventInfo, now: Now) -> Self {
        let mut host_name = cut(&info.host_name, NAME_CHARS_MAX);
        if host_name.is_empty() {
            host_name = "Host".to_string();
        }
        let host = Seat::new(FIRST_HOST, host_name, Role::Host);
        Self {
            event: EventState::new(&info, now),
            stage: SeatTable::new(Vec::from([host]), FIRST_HOST.0 + 1),
            listeners: 0,
            pages: 0,
            idle: IdleTimer::default(),
            abandoned: AbandonedTimer::default(),
            notices: NoticePacer::new(0, now),
        }
    }

    /// Takes one thing that happened and says what must be done about it, and about the time that has passed.
    ///
    /// ```
    /// use stentor_core::Now;
    /// use stentor_core::conversation::{Conversation, FIRST_HOST, Input, Outbox, Output};
    /// use stentor_core::event::{EventCommand, EventInfo, Phase};
    /// use stentor_core::schedule::{Act, ScheduleCommand};
    ///
    /// let mut now = Now { mono_ms: 0, unix_ms: 1_763_668_800_000 };
    /// let info = EventInfo {
    ///     title: "Fifty men".into(),
    ///     start: None,
    ///     draft: false,
    ///     host_name: "Homer".into(),
    ///     recorded: true,
    /// };
    /// let mut conversation = Conversation::new(info, now);
    /// let mut out = Outbox::new();
    ///
    /// // Nothing here has a clock: the caller moves the time.
    /// now.mono_ms += 20;
    /// let version = conversation.view().schedule_version;
    /// let command = EventCommand::Schedule(ScheduleCommand::new(Act::GoOnAir, version)).into();
    /// conversation.step(now, Input::Command { by: FIRST_HOST, command }, &mut out);
    ///
    /// assert_eq!(conversation.phase(), Phase::OnAir);
    /// // What is to be done about it: keep it first, then tell listeners and stage pages.
    /// let outputs: Vec<Output> = out.drain().collect();
    /// assert!(matches!(outputs[..], [Output::PersistFirst, Output::Notice(_), Output::StageChanged]));
    /// ```
    pub fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        let mut cx = StepContext::new(now, self.phase(), self.event.schedule.version(), out);
        match input {
            Input::Command { by, command } => self.command(by, command, &mut cx),
            Input::Join { page, seat } => self.join(page, seat, &mut cx),
            Input::Reserve {
                seat,
                session,
                kind,
                page,
            } => self.stage.reserve(seat, session, kind, page, &mut cx),
            Input::Amend(amendment) => self.amend(amendment, &mut cx),
            Input::LinksRenewed => self.stage.links_renewed(&mut cx),
            Input::Flood { seat } => self.stage.flooded(seat, &mut cx),
            Input::ConnectFailed { seat, why } => self.stage.connect_failed(seat, why, &mut cx),
            Input::OutOfReach { seat, session, on } => self.stage.out_of_reach(seat, session, on),
            Input::AdmitOnArrival { seat } => self.stage.admit_on_arrival(seat, &mut cx),
            Input::SessionUp {
                seat,
                session,
                kind,
            } => self.stage.session_up(seat, session, kind, &mut cx),
            Input::SessionInterrupted { seat, session, on } => {
                self.stage.session_interrupted(seat, session, on, &mut cx);
            }
            Input::SessionDown { seat, session } => self.stage.session_down(seat, session, &mut cx),
            Input::MuteApplied {
                seat,
                session,
                applied,
            } => self.stage.mute_applied(seat, session, applied, &mut cx),
            Input::Levels(levels) => self.stage.hear(levels, &mut cx),
            Input::Listeners { now: listeners } => {
                cx.changes.listeners |= self.listeners != listeners;
                self.listeners = listeners;
            }
            Input::Demand => self.idle.occupied(now),
            Input::Pages { open } => self.pages = open,
            Input::Alarm { alarm, on } => self.alarm(alarm, on, &mut cx),
            Input::Tick => {}
        }
        self.conclude(&mut cx);
    }

    /// Where the event is in its life.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.event.phase()
    }

    /// Whether the mixer is suspended, because nobody is there.
    #[must_use]
    pub const fn mixer_suspended(&self) -> bool {
        self.idle.suspended()
    }

    /// How it stands.
    #[must_use]
    pub const fn standing(&self) -> &Standing {
        self.event.schedule.standing()
    }

    /// The announced beginning, in milliseconds since 1970.
    #[must_use]
    pub fn starts_unix_ms(&self) -> Option<i64> {
        self.standing().start.as_ref().map(|start| start.unix_ms)
    }

    /// Ends the event when it is on air and nobody has been there for so many milliseconds; `None`: never.
    pub const fn end_when_abandoned(&mut self, after_ms: Option<u64>) {
        self.abandoned.end_after(after_ms);
    }

    /// What pages show, now. It copies every text: once for each change is enough.
    #[must_use]
    pub fn view(&self) -> View {
        let event = &self.event;
        View {
            schedule: event.schedule.standing().clone(),
            schedule_version: event.schedule.version(),
            condition: event.condition.current(),
            alarms: Alarm::ALL
                .into_iter()
                .filter(|alarm| event.alarms.is_on(*alarm))
                .collect(),
            listeners: self.listeners,
            message: event.message.clone(),
            recorded: event.recorded,
            ends_unix_ms: self.abandoned.ends_unix_ms(),
            notice_id: self.notices.last_id(),
            seats: self.stage.iter().map(SeatView::of).collect(),
        }
    }

    /// A page may also be opened after the end: it says so.
    fn join(&self, page: PageId, seat: SeatId, cx: &mut StepContext<'_>) {
        cx.out.push(match self.stage.active(seat) {
            Some(_) => Output::Joined { page, seat },
            None => Output::JoinRefused {
                page,
                reason: Refusal::NoSuchSender,
            },
        });
    }

    fn command(&mut self, by: SeatId, command: Command, cx: &mut StepContext<'_>) {
        let what = command.code();
        if let Err(reason) = self.obey(by, command, cx) {
            cx.out.push(Output::Refused { by, what, reason });
        }
    }

    fn obey(
        &mut self,
        by: SeatId,
        command: Command,
        cx: &mut StepContext<'_>,
    ) -> Result<(), Refusal> {
        let sender = self.stage.active(by).ok_or(Refusal::NoSuchSender)?;
        let by = Principal {
            seat: by,
            hosts: sender.role.hosts(),
        };
        match command {
            Command::Stage(command) => self.stage.obey(by, command, cx)?,
            Command::Event(command) => {
                if self.event.obey(by, command, cx.now)? {
                    cx.changes.public();
                    cx.changes.persist = true;
                }
            }
        }
        Ok(())
    }

    fn follow_phase(&mut self, cx: &mut StepContext<'_>) {
        if cx.phase != self.phase() {
            cx.phase = self.phase();
            self.stage.follow_phase(cx);
        }
    }

    /// The operator's word stands above everybody's.
    fn amend(&mut self, amendment: Amendment, cx: &mut StepContext<'_>) {
        let Amendment { recorded, acts } = amendment;
        let event = &mut self.event;
        let mut amended = recorded
            .is_some_and(|recorded| core::mem::replace(&mut event.recorded, recorded) != recorded);
        for (act, why) in acts {
            let what = act.code();
            match event.schedule.amend(act, why, cx.now) {
                Ok(changed) => amended |= changed,
                Err(reason) => cx.out.push(Output::AmendmentRefused { what, reason }),
            }
        }
        if amended {
            cx.changes.public();
            cx.changes.persist = true;
        }
    }

    fn alarm(&mut self, alarm: Alarm, on: bool, cx: &mut StepContext<'_>) {
        if self.event.set_alarm(alarm, on) {
            cx.changes.stage = true;
            cx.out.push(Output::Alarm { alarm, on });
        }
    }

    /// What follows from the time and from what has just changed, once per step.
    fn conclude(&mut self, cx: &mut StepContext<'_>) {
        self.follow_schedule(cx);
        self.stage.expire_reservations(cx);
        self.stage.expire_speaking(cx);
        if self.event.observe(cx.now, self.stage.presence()) {
            cx.changes.public();
        }
        self.follow_occupancy(cx);
        self.stage.follow_pre_listens(cx);
        self.stage.follow_warnings(cx);
        if let Some(notice) = self.notices.due(cx.now, &cx.changes) {
            // Stage pages show the number of listeners at the pace of the notices; who speaks they see in the levels.
            cx.changes.stage |= notice.kind != NoticeKind::Speaking;
            cx.out.push(Output::Notice(notice));
        }
        if cx.changes.stage {
            cx.out.push(Output::StageChanged);
        }
        if cx.changes.persist && !cx.persisted_first {
            cx.out.push(Output::Persist);
        }
    }

    /// What the time brings about, and what follows from a change of the schedule, whoever has made it.
    fn follow_schedule(&mut self, cx: &mut StepContext<'_>) {
        let somebody = self.stage.presence().anybody_present;
        if self.event.schedule.follow_time(cx.now, somebody) {
            cx.changes.public();
            cx.changes.persist = true;
        }
        self.keep_first(cx);
        self.follow_phase(cx);
    }

    /// What has happened is written down before anybody is told of it.
    fn keep_first(&self, cx: &mut StepContext<'_>) {
        if self.event.schedule.version() != cx.schedule_version && !cx.persisted_first {
            cx.persisted_first = true;
            cx.out.push(Output::PersistFirst);
        }
    }

    /// Suspends the mixer when nobody has been there for a while, and resumes it as soon as somebody is.
    fn follow_occupancy(&mut self, cx: &mut StepContext<'_>) {
        let on_stage = self.pages > 0 || self.stage.has_sessions();
        match self
            .abandoned
            .observe(cx.now, cx.phase.is_running() && !on_stage)
        {
            Abandoned::Unchanged => {}
            Abandoned::Shown => cx.changes.public(),
            Abandoned::Over => {
                self.event.schedule.end(By::Itself, cx.now);
                cx.changes.public();
                cx.changes.persist = true;
                self.keep_first(cx);
                self.follow_phase(cx);
            }
        }
        let somebody = self.listeners > 0 || on_stage;
        if somebody || cx.phase.is_running() {
            self.idle.occupied(cx.now);
        }
        match self.idle.change(cx.now) {
            Some(true) => cx.out.push(Output::SuspendMixer),
            Some(false) => {
                cx.out.push(Output::ResumeMixer);
                // Who comes now is told everything with the first sound.
                cx.changes.listeners_view = true;
            }
            None => {}
        }
    }
}
