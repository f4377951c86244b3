//! What a conversation wants done.

use crate::codes::codes;
use crate::event::Alarm;
use crate::id::{PageId, SeatId, SessionId};
use crate::limits::OUTBOX_MAX;
use crate::refusal::Refusal;
use crate::session_kind::SessionKind;
use alloc::vec::Vec;

/// One thing to do. Those of one step are to be done in their order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// To the mixer.
    Mixer(SeatOrder),
    /// To the studio: end this session, and tell its page why.
    CloseSession {
        /// Whose session it is or was.
        seat: SeatId,
        /// Which.
        session: SessionId,
        /// Why.
        reason: SessionEndReason,
    },
    /// To the mixer: nobody is there to hear anything; stop until [`Self::ResumeMixer`].
    SuspendMixer,
    /// To the mixer: somebody is there again; go on. It runs until it is told otherwise for the first time.
    ResumeMixer,
    /// To a page: it is shown the stage from now on.
    Joined {
        /// Which page.
        page: PageId,
        /// Whose link it was opened with.
        seat: SeatId,
    },
    /// To a page: it is not shown the stage.
    JoinRefused {
        /// Which page.
        page: PageId,
        /// Why not.
        reason: Refusal,
    },
    /// To whoever made the offer: it may be answered under this number.
    Reserved {
        /// Whose session it will be.
        seat: SeatId,
        /// Which.
        session: SessionId,
        /// What it will be, whatever was asked for.
        kind: SessionKind,
        /// Whether it may have one of the places that are kept for hosts and co-hosts.
        staff: bool,
    },
    /// To whoever made the offer: it may not be answered.
    ReservationRefused {
        /// Which session is not to be.
        session: SessionId,
        /// Why not.
        reason: Refusal,
    },
    /// To the studio: a session that was reserved did not come up in time, or gave way to newer ones. It is to be closed if it exists.
    ReservationExpired {
        /// Whose it would have been.
        seat: SeatId,
        /// Which.
        session: SessionId,
    },
    /// To the studio: whether a seat hears its own microphone, a moment later.
    Loopback {
        /// Who.
        seat: SeatId,
        /// Wanted.
        on: bool,
    },
    /// To the studio: a host hears one who waits in the green room, alone; or nobody any more.
    PreListen {
        /// The host's session.
        by: SessionId,
        /// Who is heard.
        seat: Option<SeatId>,
    },
    /// To every listener, inside the programme. What to say is in [`crate::conversation::Conversation::view`].
    Notice(Notice),
    /// To the seat itself and to the hosts.
    Warn {
        /// Whose trouble it is.
        seat: SeatId,
        /// What.
        warning: SeatWarning,
    },
    /// To the seat itself and to the hosts: the trouble is over.
    WarnCleared {
        /// Whose trouble it was.
        seat: SeatId,
        /// What.
        warning: SeatWarning,
    },
    /// To the hosts: something of our own began or ceased to fail.
    Alarm {
        /// What.
        alarm: Alarm,
        /// Whether it fails.
        on: bool,
    },
    /// To the sender of a command that was not obeyed.
    Refused {
        /// Who asked.
        by: SeatId,
        /// What for: [`crate::conversation::Command::code`].
        what: &'static str,
        /// Why not.
        reason: Refusal,
    },
    /// A new seat waits for its link; tell `by` when it is made.
    Invited {
        /// Who invited.
        by: SeatId,
        /// The new seat.
        seat: SeatId,
    },
    /// To every stage page: the link it was opened with opens nothing any more, and it is to be closed.
    DismissPages,
    /// To a host: the link of a seat.
    ShowLink {
        /// Who asked for it.
        by: SeatId,
        /// Whose link.
        seat: SeatId,
    },
    /// To every stage page: the state it shows has changed. At most once a step.
    StageChanged,
    /// To the log: what an operator wanted was not done.
    AmendmentRefused {
        /// What: [`crate::schedule::Act::code`].
        what: &'static str,
        /// Why not.
        reason: Refusal,
    },
    /// To the store: the event's history has grown, and [`crate::conversation::Conversation::snapshot`] with it. To be written before the
    /// outputs that follow are carried out, so that nobody is told what a restart would not know. At most once a step, and instead of
    /// [`Self::Persist`].
    PersistFirst,
    /// To the store: [`crate::conversation::Conversation::snapshot`] has changed. At most once a step, and the last output of it: a
    /// full disk must not keep a microphone open.
    Persist,
}

/// What the mixer shall do with a seat: desired state, complete, so that a lost or repeated order does no harm.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SeatOrder {
    /// Whose strip.
    pub seat: SeatId,
    /// The session this was decided for. Strips of any other session of the seat stay muted: a session the core has not
    /// seen yet must not profit from what was decided for the one before.
    pub session: Option<SessionId>,
    /// Whether the others on stage hear it, also before the event is on air and after its end.
    pub on_stage: bool,
    /// Whether it is part of the programme: on stage, and the event on air. A place on stage that was taken before the
    /// beginning is not heard by the lobby.
    pub on_air: bool,
    /// Whether it is silenced. True as long as the session has not confirmed that it knows the mute state.
    pub muted: bool,
    /// Version of the mute state this order carries; comes back with the mixer's acknowledgement.
    pub version: u64,
}

/// What the mixer does with a strip, and by which order ([`SeatOrder::version`]).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct AppliedMute {
    /// Whether it is muted.
    pub muted: bool,
    /// The version of the order; 0 for a session that has had none.
    pub version: u64,
}

/// Why a session is ended by us.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SessionEndReason {
    /// The seat came back with a newer session; the newer one wins.
    Replaced,
    /// The seat was removed, or is not known.
    Removed,
    /// The event is over.
    Ended,
    /// A session that sends was opened for a seat that only hears.
    ReceiveOnly,
    /// The link it was opened with opens nothing any more.
    LinkRenewed,
}

impl SessionEndReason {
    /// The word used in every wire format.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Replaced => "replaced",
            Self::Removed => "removed",
            Self::Ended => "ended",
            Self::ReceiveOnly => "receive_only",
            Self::LinkRenewed => "link_renewed",
        }
    }
}

/// Something that must be told to every listener.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Notice {
    /// Grows with every notice of the event, also over a restart.
    pub id: u64,
    /// How much of the view it carries.
    pub kind: NoticeKind,
}

/// How much of the view a notice carries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NoticeKind {
    /// Everything a newcomer must know.
    Full,
    /// Only who is speaking.
    Speaking,
    /// Only how many listen.
    Listeners,
}

/// What is wrong with one seat, for whoever has it and for the hosts. The gravest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SeatWarning {
    /// Its link is used to ask for more than anybody needs: a host may want to remove it.
    Flooding,
    /// It reaches us, and the handshake of its media fails: its certificate is one that we cannot verify (RSA), for example.
    HandshakeFailed,
    /// It was answered, and nothing of its media reaches us: a firewall between.
    NotReached,
    /// Unmuted, but held, because its page has not confirmed the mute state: nobody hears it.
    NotReady,
    /// Unmuted or in the green room, but nothing but digital silence comes.
    SilentMicrophone,
    /// A voice comes that is too quiet, or has too much noise around it, to be brought to the others' level.
    TooQuiet,
}

codes!(SeatWarning {
    Self::Flooding => "flooding",
    Self::HandshakeFailed => "handshake_failed",
    Self::NotReached => "not_reached",
    Self::NotReady => "not_ready",
    Self::SilentMicrophone => "silent_microphone",
    Self::TooQuiet => "too_quiet",
});

/// What the steps want done, in order. To be drained after each step.
///
/// Holds what one step can produce at worst ([`OUTBOX_MAX`]); beyond it outputs are dropped and counted, which a caller
/// that drains never sees.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    outputs: Vec<Output>,
    dropped: u64,
}

impl Outbox {
    /// An empty one.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            outputs: Vec::new(),
            dropped: 0,
        }
    }

    /// What is in it.
    #[must_use]
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// Takes everything out, in order.
    pub fn drain(&mut self) -> impl Iterator<Item = Output> + '_ {
        self.outputs.drain(..)
    }

    /// How many outputs did not fit since it was made.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    pub(crate) fn push(&mut self, output: Output) {
        if self.outputs.len() < OUTBOX_MAX {
            self.outputs.push(output);
        } else {
            self.dropped += 1;
        }
    }
}
