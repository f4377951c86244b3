//! What the people on the stage want, obeyed or refused.
//!
//! A co-host can do all that the host can. A command either does what it says or changes nothing.

use super::hearing::hush;
use super::output::{CloseReason, Output};
use super::sessions::close_all;
use super::turn::Turn;
use super::{Command, Conversation, Refusal, text};
use crate::SeatId;
use crate::event::{Message, Phase};
use crate::limits::{MESSAGE_CHARS_MAX, NAME_CHARS_MAX, ON_STAGE_MAX, SEATS_MAX};
use crate::stage::{Place, Role, Seat, SessionKind};
use alloc::string::String;

type Answer = Result<(), Refusal>;

/// Who asks, with what their role allows at this moment.
#[derive(Clone, Copy)]
struct Sender {
    seat: SeatId,
    hosts: bool,
}

impl Sender {
    fn must_host(self) -> Answer {
        if self.hosts {
            Ok(())
        } else {
            Err(Refusal::NotAllowed)
        }
    }

    fn must_host_or_be(self, seat: SeatId) -> Answer {
        if self.seat == seat {
            Ok(())
        } else {
            self.must_host()
        }
    }
}

impl Conversation {
    pub(super) fn command(&mut self, by: SeatId, command: Command, turn: &mut Turn<'_>) {
        let what = command.code();
        if let Err(reason) = self.obey(by, command, turn) {
            turn.out.push(Output::Refused { by, what, reason });
        }
    }

    fn obey(&mut self, by: SeatId, command: Command, turn: &mut Turn<'_>) -> Answer {
        let sender = self.table.live(by).ok_or(Refusal::NoSuchSender)?;
        let by = Sender {
            seat: by,
            hosts: sender.role.hosts(),
        };
        match command {
            Command::SetPhase { phase, version } => self.set_phase(by, phase, version, turn),
            Command::SetMessage { fr, en } => self.set_message(by, &fr, &en, turn),
            Command::Rename { seat, name } => self.rename(by, seat, &name, turn),
            _ if self.ended() => Err(Refusal::EventEnded),
            Command::SetMuted {
                seat,
                muted,
                version,
            } => self.set_muted(by, seat, muted, version, turn),
            Command::Admit { seat } => self.admit(by, seat, turn),
            Command::ToGreenRoom { seat } => self.send_to_green_room(by, seat, turn),
            Command::Remove { seat } => self.remove(by, seat, turn),
            Command::SetRole { seat, role } => self.set_role(by, seat, role, turn),
            Command::HandOver { seat } => self.hand_over(by, seat, turn),
            Command::Invite { name, role } => self.invite(by, &name, role, turn),
            Command::Ready {
                seat,
                muted_version,
            } => self.ready(by, seat, muted_version, turn),
        }
    }

    fn target(&mut self, seat: SeatId) -> Result<&mut Seat, Refusal> {
        self.table
            .live_mut(seat)
            .ok_or(Refusal::NoSuchSeat { seat })
    }

    fn set_phase(&mut self, by: Sender, phase: Phase, version: u64, turn: &mut Turn<'_>) -> Answer {
        by.must_host()?;
        let from = self.phase.phase;
        if phase == from {
            return Ok(());
        }
        if self.ended() {
            return Err(Refusal::EventEnded);
        }
        must_match(self.phase.version, version)?;
        if phase < from {
            return Err(Refusal::PhaseBackwards { from, to: phase });
        }
        self.phase.enter(phase, turn.now);
        turn.changes.public();
        turn.changes.persist = true;
        for seat in self.table.iter_mut() {
            if phase == Phase::Ended {
                close_all(seat, CloseReason::Ended, false, turn);
            } else if seat.on_stage() && seat.session.is_some() {
                turn.out.push(Output::Mixer(seat.order(true)));
            }
        }
        Ok(())
    }

    fn set_message(&mut self, by: Sender, fr: &str, en: &str, turn: &mut Turn<'_>) -> Answer {
        by.must_host()?;
        let message = Message {
            fr: text::checked(fr, MESSAGE_CHARS_MAX)?,
            en: text::checked(en, MESSAGE_CHARS_MAX)?,
        };
        let message = (message != Message::default()).then_some(message);
        if self.message != message {
            self.message = message;
            turn.changes.public();
            turn.changes.persist = true;
        }
        Ok(())
    }

    fn rename(&mut self, by: Sender, seat: SeatId, name: &str, turn: &mut Turn<'_>) -> Answer {
        by.must_host_or_be(seat)?;
        let name = checked_name(name)?;
        let held = self.target(seat)?;
        if held.name != name {
            held.name = name;
            turn.changes.seat(held.on_stage());
            turn.changes.persist = true;
        }
        Ok(())
    }

    fn set_muted(
        &mut self,
        by: Sender,
        seat: SeatId,
        muted: bool,
        version: u64,
        turn: &mut Turn<'_>,
    ) -> Answer {
        by.must_host_or_be(seat)?;
        let on_air = self.on_air();
        let held = self.target(seat)?;
        if held.muted == muted {
            return Ok(());
        }
        if !muted && by.seat != seat && !held.is_line() {
            return Err(Refusal::UnmuteOther);
        }
        must_match(held.mute_version, version)?;
        held.set_muted(muted);
        if muted {
            hush(held, turn);
        }
        turn.out.push(Output::Mixer(held.order(on_air)));
        turn.changes.seat(held.on_stage());
        turn.changes.persist = true;
        Ok(())
    }

    fn admit(&mut self, by: Sender, seat: SeatId, turn: &mut Turn<'_>) -> Answer {
        by.must_host()?;
        let on_air = self.on_air();
        let full = self.table.on_stage_count() >= ON_STAGE_MAX;
        let held = self.target(seat)?;
        if held.role == Role::Monitor {
            return Err(Refusal::ReceiveOnly);
        }
        if held.on_stage() {
            return Ok(());
        }
        // Nobody goes on stage whose microphone was not heard in the green room.
        let session = held.session.as_mut().ok_or(Refusal::NotConnected)?;
        if full {
            return Err(Refusal::StageFull { max: ON_STAGE_MAX });
        }
        session.ready |= session.kind == SessionKind::LineIn;
        held.place = Place::OnStage;
        turn.out.push(Output::Mixer(held.order(on_air)));
        turn.changes.public();
        turn.changes.persist = true;
        Ok(())
    }

    fn send_to_green_room(&mut self, by: Sender, seat: SeatId, turn: &mut Turn<'_>) -> Answer {
        by.must_host_or_be(seat)?;
        let on_air = self.on_air();
        let held = self.target(seat)?;
        match held.place {
            Place::GreenRoom => return Ok(()),
            Place::Invited | Place::Removed => return Err(Refusal::NotConnected),
            Place::OnStage => {}
        }
        hush(held, turn);
        held.place = Place::GreenRoom;
        // Whoever chats in the green room must not find themselves live when they are admitted again.
        if !held.is_line() {
            held.set_muted(true);
        }
        turn.out.push(Output::Mixer(held.order(on_air)));
        turn.changes.public();
        turn.changes.persist = true;
        Ok(())
    }

    fn remove(&mut self, by: Sender, seat: SeatId, turn: &mut Turn<'_>) -> Answer {
        by.must_host_or_be(seat)?;
        let on_air = self.on_air();
        let held = self.target(seat)?;
        if held.role == Role::Host {
            return Err(Refusal::HostStays);
        }
        turn.changes.seat(held.on_stage());
        turn.changes.persist = true;
        held.place = Place::Removed;
        held.set_muted(true);
        close_all(held, CloseReason::Removed, on_air, turn);
        Ok(())
    }

    fn set_role(&mut self, by: Sender, seat: SeatId, role: Role, turn: &mut Turn<'_>) -> Answer {
        by.must_host()?;
        let held = self.target(seat)?;
        if held.role == role {
            return Ok(());
        }
        match (held.role, role) {
            (Role::Host, _) => Err(Refusal::HostStays),
            (Role::Guest | Role::CoHost, Role::Guest | Role::CoHost) => {
                held.role = role;
                turn.changes.seat(held.on_stage());
                turn.changes.persist = true;
                Ok(())
            }
            _ => Err(Refusal::RoleNotGiven),
        }
    }

    fn hand_over(&mut self, by: Sender, seat: SeatId, turn: &mut Turn<'_>) -> Answer {
        by.must_host()?;
        match self.target(seat)?.role {
            Role::Host => Ok(()),
            Role::Guest | Role::CoHost => {
                self.table.hand_over(seat);
                turn.changes.public();
                turn.changes.persist = true;
                Ok(())
            }
            Role::LineIn | Role::Monitor => Err(Refusal::RoleNotGiven),
        }
    }

    fn invite(&mut self, by: Sender, name: &str, role: Role, turn: &mut Turn<'_>) -> Answer {
        by.must_host()?;
        if role == Role::Host {
            return Err(Refusal::RoleNotGiven);
        }
        let name = checked_name(name)?;
        let full = Refusal::SeatsFull { max: SEATS_MAX };
        let seat = self.table.add(name, role).map_err(|_| full)?;
        turn.out.push(Output::Invited { by: by.seat, seat });
        turn.changes.stage = true;
        turn.changes.persist = true;
        Ok(())
    }

    fn ready(
        &mut self,
        by: Sender,
        seat: SeatId,
        muted_version: u64,
        turn: &mut Turn<'_>,
    ) -> Answer {
        if by.seat != seat {
            return Err(Refusal::NotAllowed);
        }
        let on_air = self.on_air();
        let held = self.target(seat)?;
        let version = held.mute_version;
        let session = held.session.as_mut().ok_or(Refusal::NotConnected)?;
        must_match(version, muted_version)?;
        turn.changes.stage |= !session.ready;
        session.ready = true;
        turn.out.push(Output::Mixer(held.order(on_air)));
        Ok(())
    }
}

fn must_match(expected: u64, got: u64) -> Answer {
    if expected == got {
        Ok(())
    } else {
        Err(Refusal::StaleVersion { expected, got })
    }
}

fn checked_name(name: &str) -> Result<String, Refusal> {
    let name = text::checked(name, NAME_CHARS_MAX)?;
    if name.is_empty() {
        Err(Refusal::NameEmpty)
    } else {
        Ok(name)
    }
}
