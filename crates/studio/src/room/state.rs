//! The state of a room: everything about it by which somebody decides, whole and bounded.
//!
//! A room does not report what happened but what is so. Whoever follows it compares the newest state with the one acted
//! on before ([`RoomStatus::changes_since`]) and misses nothing by being slow: what it did not see is not so any more.

use std::collections::BTreeMap;

use stentor_core::event::Alarm;
use stentor_core::stage::{AppliedMute, ConnectFailure, SessionKind};
use stentor_core::{SeatId, SessionId};

/// What is so in a room now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoomStatus {
    /// Every session whose offer was answered and that is not over: at most
    /// [`SESSIONS_MAX`](crate::limits::SESSIONS_MAX).
    pub sessions: BTreeMap<SessionId, SessionStatus>,
    /// The newest attempt to connect that came to nothing, of each seat that has none that came up since.
    pub failed: BTreeMap<SeatId, FailedAttempt>,
    /// The mixer does not keep its time ([`Alarm::MixerLate`]).
    pub mixer_late: bool,
    /// There is speech in the mix and none in what is published ([`Alarm::OutputSilent`]).
    pub output_silent: bool,
}

/// What is so of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionStatus {
    /// Whose.
    pub seat: SeatId,
    /// What it is.
    pub kind: SessionKind,
    /// It is connected, as the n-th session of this room; `None` while it is expected. Its strip is muted at first.
    pub connected: Option<u64>,
    /// Nothing at all arrives from it at the moment.
    pub interrupted: bool,
    /// What the mixer does with its strip; `None` before the first tick, and for one that only listens.
    pub mute: Option<AppliedMute>,
    /// A voice comes from it that is too quiet to be brought to the others' level, or has too much noise around it.
    pub out_of_reach: bool,
}

/// An attempt to connect that came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailedAttempt {
    /// The session that was answered.
    pub session: SessionId,
    /// What went wrong.
    pub why: ConnectFailure,
}

/// One difference between two states of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomStatusChange {
    /// A session is over.
    Disconnected {
        /// Whose.
        seat: SeatId,
        /// Which.
        session: SessionId,
    },
    /// A session is connected.
    Connected {
        /// Whose.
        seat: SeatId,
        /// Which.
        session: SessionId,
        /// What it is.
        kind: SessionKind,
    },
    /// Nothing arrives from a session any more, or something does again.
    Interrupted {
        /// Whose.
        seat: SeatId,
        /// Which.
        session: SessionId,
        /// Since now, or no more.
        on: bool,
    },
    /// An attempt to connect came to nothing.
    ConnectFailed {
        /// Whose.
        seat: SeatId,
        /// Which.
        attempt: FailedAttempt,
    },
    /// The mixer does what an order said.
    MuteApplied {
        /// Whose strip.
        seat: SeatId,
        /// Which session feeds it.
        session: SessionId,
        /// What it does.
        applied: AppliedMute,
    },
    /// A voice can no longer be brought to the others' level, or can again.
    OutOfReach {
        /// Whose.
        seat: SeatId,
        /// Which session.
        session: SessionId,
        /// Since now, or no more.
        on: bool,
    },
    /// Something of our own fails, or works again.
    Alarm {
        /// What.
        alarm: Alarm,
        /// Since now, or no more.
        on: bool,
    },
}

impl RoomStatus {
    /// What has changed since `before`: first what is over, then who came, in their order, then who tried in vain, then interruptions,
    /// mutes and levels, then alarms.
    ///
    /// What came and went between the two is in neither, and in no change.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Vec<RoomStatusChange> {
        let over = before
            .sessions
            .iter()
            .filter(|(id, old)| !self.sessions.get(id).is_some_and(|new| new.continues(old)));
        let mut changes: Vec<RoomStatusChange> = over
            .map(|(&session, old)| RoomStatusChange::Disconnected {
                seat: old.seat,
                session,
            })
            .collect();
        changes.extend(self.connected_since(before));
        let failed = self.failed.iter();
        let failed = failed.filter(|&(seat, attempt)| before.failed.get(seat) != Some(attempt));
        changes.extend(
            failed.map(|(&seat, &attempt)| RoomStatusChange::ConnectFailed { seat, attempt }),
        );
        changes.extend(self.interruptions_since(before));
        changes.extend(self.mutes_since(before));
        changes.extend(self.reach_since(before));
        let alarms = [
            (Alarm::MixerLate, self.mixer_late, before.mixer_late),
            (
                Alarm::OutputSilent,
                self.output_silent,
                before.output_silent,
            ),
        ];
        let alarms = alarms.into_iter().filter(|(_, on, was)| on != was);
        changes.extend(alarms.map(|(alarm, on, _)| RoomStatusChange::Alarm { alarm, on }));
        changes
    }

    fn connected_since<'a>(
        &'a self,
        before: &'a Self,
    ) -> impl Iterator<Item = RoomStatusChange> + 'a {
        let mut connected: Vec<_> = self
            .since(before)
            .filter(|(_, new, old)| new.connected != old.and_then(|old| old.connected))
            .filter_map(|(session, new, _)| Some((new.connected?, session, new)))
            .collect();
        connected.sort_unstable_by_key(|&(nth, ..)| nth);
        connected
            .into_iter()
            .map(|(_, session, new)| RoomStatusChange::Connected {
                seat: new.seat,
                session,
                kind: new.kind,
            })
    }

    fn mutes_since<'a>(&'a self, before: &'a Self) -> impl Iterator<Item = RoomStatusChange> + 'a {
        self.since(before).filter_map(|(session, new, old)| {
            let was = old.and_then(|old| old.mute);
            let applied = new.mute.filter(|applied| Some(*applied) != was)?;
            Some(RoomStatusChange::MuteApplied {
                seat: new.seat,
                session,
                applied,
            })
        })
    }

    fn interruptions_since<'a>(
        &'a self,
        before: &'a Self,
    ) -> impl Iterator<Item = RoomStatusChange> + 'a {
        let changed = self
            .since(before)
            .filter(|(_, new, old)| new.interrupted != old.is_some_and(|old| old.interrupted));
        changed.map(|(session, new, _)| RoomStatusChange::Interrupted {
            seat: new.seat,
            session,
            on: new.interrupted,
        })
    }

    fn reach_since<'a>(&'a self, before: &'a Self) -> impl Iterator<Item = RoomStatusChange> + 'a {
        let changed = self
            .since(before)
            .filter(|(_, new, old)| new.out_of_reach != old.is_some_and(|old| old.out_of_reach));
        changed.map(|(session, new, _)| RoomStatusChange::OutOfReach {
            seat: new.seat,
            session,
            on: new.out_of_reach,
        })
    }

    /// The sessions there are, each with what it was before, if it was there.
    fn since<'a>(
        &'a self,
        before: &'a Self,
    ) -> impl Iterator<Item = (SessionId, &'a SessionStatus, Option<&'a SessionStatus>)> {
        self.sessions.iter().map(|(&id, new)| {
            let old = before.sessions.get(&id).filter(|old| new.continues(old));
            (id, new, old)
        })
    }
}

impl SessionStatus {
    /// Whether it is the same connection as `old`, and not one made anew under the same number.
    fn continues(&self, old: &Self) -> bool {
        old.connected.is_none() || old.connected == self.connected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MUTED: AppliedMute = AppliedMute {
        muted: true,
        version: 0,
    };

    fn session(seat: u32, connected: Option<u64>, mute: Option<AppliedMute>) -> SessionStatus {
        SessionStatus {
            seat: SeatId(seat),
            kind: SessionKind::Browser,
            connected,
            interrupted: false,
            mute,
            out_of_reach: false,
        }
    }

    fn state(sessions: &[(u64, SessionStatus)]) -> RoomStatus {
        let sessions = sessions.iter().map(|&(id, of)| (SessionId(id), of));
        RoomStatus {
            sessions: sessions.collect(),
            ..RoomStatus::default()
        }
    }

    fn connected(seat: u32, session: u64) -> RoomStatusChange {
        RoomStatusChange::Connected {
            seat: SeatId(seat),
            session: SessionId(session),
            kind: SessionKind::Browser,
        }
    }

    #[test]
    fn nothing_changed_is_no_change() {
        let now = state(&[(1, session(1, Some(1), Some(MUTED)))]);
        assert_eq!(now.changes_since(&now), []);
        let expected = state(&[(1, session(1, None, None))]);
        assert_eq!(expected.changes_since(&RoomStatus::default()), []);
    }

    #[test]
    fn who_came_is_told_in_the_order_of_coming_after_who_went() {
        let before = state(&[
            (5, session(1, Some(1), Some(MUTED))),
            (7, session(2, None, None)),
        ]);
        let now = state(&[
            (6, session(3, Some(3), None)),
            (7, session(2, Some(4), None)),
            (8, session(1, Some(2), Some(MUTED))),
        ]);
        let changes = now.changes_since(&before);
        let disconnected = RoomStatusChange::Disconnected {
            seat: SeatId(1),
            session: SessionId(5),
        };
        assert_eq!(
            changes[..4],
            [
                disconnected,
                connected(1, 8),
                connected(3, 6),
                connected(2, 7)
            ]
        );
        assert_eq!(
            changes[4..],
            [RoomStatusChange::MuteApplied {
                seat: SeatId(1),
                session: SessionId(8),
                applied: MUTED,
            }]
        );
    }

    #[test]
    fn what_came_and_went_meanwhile_is_no_change() {
        let before = state(&[]);
        let between = state(&[(1, session(1, Some(1), None))]);
        assert_eq!(between.changes_since(&before), [connected(1, 1)]);
        assert_eq!(state(&[]).changes_since(&before), []);
    }

    #[test]
    fn a_connection_made_anew_under_the_same_number_is_over_and_there_again() {
        let before = state(&[(1, session(1, Some(1), Some(MUTED)))]);
        let over = RoomStatusChange::Disconnected {
            seat: SeatId(1),
            session: SessionId(1),
        };
        let expected = state(&[(1, session(1, None, None))]);
        assert_eq!(expected.changes_since(&before), [over]);
        let again = state(&[(1, session(1, Some(2), None))]);
        assert_eq!(again.changes_since(&before), [over, connected(1, 1)]);
    }

    #[test]
    fn an_attempt_in_vain_is_told_once_and_told_anew_when_it_fails_otherwise() {
        let failed = |session, why| {
            let attempt = FailedAttempt {
                session: SessionId(session),
                why,
            };
            let mut status = RoomStatus::default();
            status.failed.insert(SeatId(1), attempt);
            (
                status,
                RoomStatusChange::ConnectFailed {
                    seat: SeatId(1),
                    attempt,
                },
            )
        };
        let (none, no_change) = (RoomStatus::default(), [] as [RoomStatusChange; 0]);
        let (first, first_change) = failed(4, ConnectFailure::NeverReached);
        let (again, again_change) = failed(5, ConnectFailure::NeverReached);
        let (other, other_change) = failed(5, ConnectFailure::Handshake);
        assert_eq!(first.changes_since(&none), [first_change]);
        assert_eq!(first.changes_since(&first), no_change);
        assert_eq!(again.changes_since(&first), [again_change]);
        assert_eq!(other.changes_since(&again), [other_change]);
        assert_eq!(none.changes_since(&other), no_change);
    }

    #[test]
    fn a_voice_that_cannot_be_brought_to_its_level_is_told_and_told_when_it_can() {
        let fine = session(1, Some(1), Some(MUTED));
        let out = SessionStatus {
            out_of_reach: true,
            ..fine
        };
        let told = |on| RoomStatusChange::OutOfReach {
            seat: SeatId(1),
            session: SessionId(1),
            on,
        };
        let (fine, out) = (state(&[(1, fine)]), state(&[(1, out)]));
        assert_eq!(out.changes_since(&fine), [told(true)]);
        assert_eq!(fine.changes_since(&out), [told(false)]);
        assert_eq!(out.changes_since(&out), []);
    }

    #[test]
    fn a_session_from_which_nothing_arrives_is_told_and_told_when_something_does() {
        let there = session(1, Some(1), Some(MUTED));
        let away = SessionStatus {
            interrupted: true,
            ..there
        };
        let told = |on| RoomStatusChange::Interrupted {
            seat: SeatId(1),
            session: SessionId(1),
            on,
        };
        let (there, away) = (state(&[(1, there)]), state(&[(1, away)]));
        assert_eq!(away.changes_since(&there), [told(true)]);
        assert_eq!(there.changes_since(&away), [told(false)]);
        assert_eq!(away.changes_since(&away), []);
    }

    #[test]
    fn an_alarm_is_told_when_it_begins_and_when_it_ends() {
        let (calm, mut alarmed) = (RoomStatus::default(), RoomStatus::default());
        alarmed.output_silent = true;
        for (now, before, on) in [(&alarmed, &calm, true), (&calm, &alarmed, false)] {
            let alarm = Alarm::OutputSilent;
            assert_eq!(
                now.changes_since(before),
                [RoomStatusChange::Alarm { alarm, on }]
            );
        }
    }
}
