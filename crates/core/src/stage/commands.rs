//! What people on the stage and in the green room want, obeyed or refused.
//!
//! A co-host can do all that the host can. A command either does what it says or changes nothing.

use super::hearing::stop_hearing;
use super::loopback::set_loopback;
use super::seat::{Place, Role};
use super::sessions::close_all;
use super::table::SeatTable;
use crate::id::SeatId;
use crate::limits::{NAME_CHARS_MAX, SEATS_MAX};
use crate::output::{Output, SessionEndReason};
use crate::principal::Principal;
use crate::refusal::Refusal;
use crate::step::StepContext;
use crate::text::checked;
use alloc::string::String;

/// What can be asked of the stage. Each states the result that is wanted, never a change to be applied twice.
///
/// `version` is the version its sender saw. If the state has moved on, the command is refused, unless the state
/// already is what the command asks for, or it closes a microphone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StageCommand {
    /// Mute: oneself, or anybody as a host. Unmute: only oneself, or a line-in as a host; nobody opens the microphone
    /// of another person.
    SetMuted {
        /// Whose microphone.
        seat: SeatId,
        /// Wanted.
        muted: bool,
        /// Version of the mute state as seen.
        version: u64,
    },
    /// From the green room to the stage. Hosts, also for themselves.
    Admit {
        /// Who.
        seat: SeatId,
        /// Although nothing was heard of them yet.
        unheard: bool,
    },
    /// Hear one who waits in the green room, alone. Hosts.
    PreListen {
        /// Whom; `None`: nobody any more.
        seat: Option<SeatId>,
    },
    /// From the stage to the green room; mutes a person. Hosts, and everybody for themselves.
    ToGreenRoom {
        /// Who.
        seat: SeatId,
    },
    /// Out of the event; the link is dead and the session is closed. Hosts, and everybody but the host for themselves.
    Remove {
        /// Who.
        seat: SeatId,
    },
    /// Between guest and co-host. Hosts.
    SetRole {
        /// Who.
        seat: SeatId,
        /// [`Role::Guest`] or [`Role::CoHost`].
        role: Role,
    },
    /// Makes a guest or co-host the host; the host becomes a co-host. Hosts; this is how a co-host succeeds a lost host.
    HandOver {
        /// Who becomes host.
        seat: SeatId,
    },
    /// A new seat. Hosts.
    Invite {
        /// As listeners will read it.
        name: String,
        /// Any but [`Role::Host`].
        role: Role,
    },
    /// Another name. Hosts, and everybody for themselves.
    Rename {
        /// Who.
        seat: SeatId,
        /// As listeners will read it.
        name: String,
    },
    /// Hear one's own microphone in the green room, or no longer. Everybody for themselves.
    SetLoopback {
        /// The sender's own seat.
        seat: SeatId,
        /// Wanted.
        on: bool,
    },
    /// See the link of a seat again. Hosts.
    ShowLink {
        /// Whose.
        seat: SeatId,
    },
    /// The page of this seat has a session and knows the mute state of this version: from here on it may be heard.
    Ready {
        /// The sender's own seat.
        seat: SeatId,
        /// Version of the mute state the page shows.
        muted_version: u64,
    },
}

impl StageCommand {
    /// The word a page uses for it, also in a refusal.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SetMuted { .. } => "mute",
            Self::Admit { .. } => "admit",
            Self::PreListen { .. } => "pre_listen",
            Self::ToGreenRoom { .. } => "green_room",
            Self::Remove { .. } => "remove",
            Self::SetRole { .. } => "role",
            Self::HandOver { .. } => "hand_over",
            Self::Invite { .. } => "invite",
            Self::Rename { .. } => "rename",
            Self::SetLoopback { .. } => "loopback",
            Self::ShowLink { .. } => "link",
            Self::Ready { .. } => "ready",
        }
    }
}

impl SeatTable {
    /// Does what is asked, or says why not.
    pub(crate) fn obey(
        &mut self,
        by: Principal,
        command: StageCommand,
        cx: &mut StepContext<'_>,
    ) -> Result<(), Refusal> {
        match command {
            StageCommand::Rename { seat, name } => self.rename(by, seat, &name, cx),
            StageCommand::ShowLink { seat } => self.show_link(by, seat, cx),
            StageCommand::SetLoopback { seat, on: false } => self.set_loopback(by, seat, false, cx),
            _ if cx.phase.is_over() => Err(Refusal::EventEnded),
            StageCommand::SetMuted {
                seat,
                muted,
                version,
            } => self.set_muted(by, seat, muted, version, cx),
            StageCommand::Admit { seat, unheard } => self.admit(by, seat, unheard, cx),
            StageCommand::PreListen { seat } => self.pre_listen(by, seat, cx),
            StageCommand::ToGreenRoom { seat } => self.send_to_green_room(by, seat, cx),
            StageCommand::Remove { seat } => self.remove(by, seat, cx),
            StageCommand::SetRole { seat, role } => self.set_role(by, seat, role, cx),
            StageCommand::HandOver { seat } => self.hand_over(by, seat, cx),
            StageCommand::Invite { name, role } => self.invite(by, &name, role, cx),
            StageCommand::SetLoopback { seat, on } => self.set_loopback(by, seat, on, cx),
            StageCommand::Ready {
                seat,
                muted_version,
            } => self.ready(by, seat, muted_version, cx),
        }
    }

    /// The event has just entered `cx.phase`: at the end every session is closed, on air those on stage are heard.
    pub(crate) fn follow_phase(&mut self, cx: &mut StepContext<'_>) {
        for seat in self.iter_mut() {
            if cx.phase.is_over() {
                close_all(seat, SessionEndReason::Ended, cx);
            } else if seat.on_stage() && seat.session.is_some() {
                cx.out.push(Output::Mixer(seat.order(cx.phase)));
            }
        }
    }

    fn rename(
        &mut self,
        by: Principal,
        seat: SeatId,
        name: &str,
        cx: &mut StepContext<'_>,
    ) -> Result<(), Refusal> {
        by.must_host_or_be(seat)?;
        let name = checked_name(name)?;
        let held = self.target(seat)?;
        if held.name != name {
            held.name = name;
            cx.changes.seat(held.on_stage());
            cx.changes.persist = true;
        }
        Ok(())
    }

    fn set_muted(
        &mut self,
        by: Principal,
        seat: SeatId,
        muted: bool,
        version: u64,
        cx: &mut StepContext<'_>,
    ) -> Result<(), Refusal> {
        by.must_host_or_be(seat)?;
        let held = self.target(seat)?;
        if held.muted == muted {
            return Ok(());
        }
        if !muted && by.seat != seat && !held.is_line() {
            return Err(Refusal::UnmuteOther);
        }
        // Whoever closes a microphone means it, whatever they had seen: a key that is released within the time of a message must not leave it open.
        if !muted {
            Refusal::unless_version(held.mute_version, version)?;
        }
        held.set_muted(muted);
        held.muted_by_host = muted && by.seat != seat;
        if muted {
            stop_hearing(held, cx);
        }
        cx.out.push(Output::Mixer(held.order(cx.phase)));
        cx.changes.seat(held.on_stage());
        cx.changes.persist = true;
        Ok(())
    }

    fn admit(
        &mut self,
        by: Principal,
        seat: SeatId,
        unheard: bool,
        cx: &mut StepContext<'_>,
    ) -> Result<(), Refusal> {
        by.must_host()?;
        self.bring_on_stage(seat, unheard, cx)
    }

    fn send_to_green_room(
        &mut self,
        by: Principal,
        seat: SeatId,
        cx: &mut StepContext<'_>,
    ) -> Result<(), Refusal> {
        by.must_host_or_be(seat)?;
        let held = self.target(seat)?;
        match held.place {
            Place::GreenRoom => return Ok(()),
            Place::Invited | Place::Removed => return Err(Refusal::NotConnected),
            Place::OnStage => {}
        }
        stop_hearing(held, cx);
        held.place = Place::GreenRoom;
        // A host's word stands above what the operator said before.
        held.admit_on_arrival = false;
        // Whoever chats in the green room must not find themselves live when they are admitted again.
        if !held.is_line() {
            held.set_muted(true);
        }
        cx.out.push(Output::Mixer(held.order(cx.phase)));
        cx.changes.public();
        cx.changes.persist = true;
        Ok(())
    }

    fn remove(
        &mut self,
        by: Principal,
        seat: SeatId,
        cx: &mut StepContext<'_>,
    ) -> Result<(), Refusal> {
        by.must_host_or_be(seat)?;
        let held = self.target(seat)?;
        if held.role == Role::Host {
            return Err(Refusal::HostStays);
        }
        cx.changes.seat(held.on_stage());
        cx.changes.persist = true;
        held.place = Place::Removed;
        held.set_muted(true);
        close_all(held, SessionEndReason::Removed, cx);
        self.give_up_reservations(seat, cx);
        Ok(())
    }

    fn set_role(
        &mut self,
        by: Principal,
        seat: SeatId,
        role: Role,
        cx: &mut StepContext<'_>,
    ) -> Result<(), Refusal> {
        by.must_host()?;
        let held = self.target(seat)?;
        if held.role == role {
            return Ok(());
        }
        match (held.role, role) {
            (Role::Host, _) => Err(Refusal::HostStays),
            (Role::Guest | Role::CoHost, Role::Guest | Role::CoHost) => {
                held.role = role;
                cx.changes.seat(held.on_stage());
                cx.changes.persist = true;
                Ok(())
            }
            _ => Err(Refusal::RoleNotGiven),
        }
    }

    fn hand_over(
        &mut self,
        by: Principal,
        seat: SeatId,
        cx: &mut StepContext<'_>,
    ) -> Result<(), Refusal> {
        by.must_host()?;
        match self.target(seat)?.role {
            Role::Host => Ok(()),
            Role::Guest | Role::CoHost => {
                self.make_host(seat);
                cx.changes.public();
                cx.changes.persist = true;
                Ok(())
            }
            Role::LineIn | Role::Monitor => Err(Refusal::RoleNotGiven),
        }
    }

    fn invite(
        &mut self,
        by: Principal,
        name: &str,
        role: Role,
        cx: &mut StepContext<'_>,
    ) -> Result<(), Refusal> {
        by.must_host()?;
        if role == Role::Host {
            return Err(Refusal::RoleNotGiven);
        }
        let name = checked_name(name)?;
        let full = Refusal::SeatsFull { max: SEATS_MAX };
        let seat = self.add(name, role).map_err(|_| full)?;
        cx.out.push(Output::Invited { by: by.seat, seat });
        cx.changes.stage = true;
        cx.changes.persist = true;
        Ok(())
    }

    fn show_link(
        &mut self,
        by: Principal,
        seat: SeatId,
        cx: &mut StepContext<'_>,
    ) -> Result<(), Refusal> {
        by.must_host()?;
        // Whoever has the host's link is the host: a co-host becomes it by being made it.
        if self.target(seat)?.role == Role::Host && seat != by.seat {
            return Err(Refusal::NotAllowed);
        }
        cx.out.push(Output::ShowLink { by: by.seat, seat });
        Ok(())
    }

    fn set_loopback(
        &mut self,
        by: Principal,
        seat: SeatId,
        on: bool,
        cx: &mut StepContext<'_>,
    ) -> Result<(), Refusal> {
        by.must_be(seat)?;
        let held = self.target(seat)?;
        if on && held.role == Role::Monitor {
            return Err(Refusal::ReceiveOnly);
        }
        if on && held.on_stage() {
            return Err(Refusal::NotInGreenRoom);
        }
        set_loopback(held, on, cx);
        Ok(())
    }

    fn ready(
        &mut self,
        by: Principal,
        seat: SeatId,
        muted_version: u64,
        cx: &mut StepContext<'_>,
    ) -> Result<(), Refusal> {
        by.must_be(seat)?;
        let held = self.target(seat)?;
        let version = held.mute_version;
        let session = held.session.as_mut().ok_or(Refusal::NotConnected)?;
        Refusal::unless_version(version, muted_version)?;
        cx.changes.stage |= !session.ready;
        session.ready = true;
        let page = session.page;
        cx.changes.persist |= held.page != page;
        held.page = page;
        cx.out.push(Output::Mixer(held.order(cx.phase)));
        Ok(())
    }
}

fn checked_name(name: &str) -> Result<String, Refusal> {
    let name = checked(name, NAME_CHARS_MAX)?;
    if name.is_empty() {
        Err(Refusal::NameEmpty)
    } else {
        Ok(name)
    }
}
