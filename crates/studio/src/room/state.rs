//! The state of a room: everything about it by which somebody decides, whole and bounded.
//!
//! A room does not report what happened but what is so. Whoever follows it compares the newest state with the one acted
//! on before ([`RoomStatus::changes_since`]) and misses nothing by being slow: what it did not see is not so any more.

use std::collections::BTreeMap;

use stentor_core::event::Alarm;
use stentor_core::stage::{AppliedMute, SessionKind};
use stentor_core::{SeatId, SessionId};

/// What is so in a room now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoomStatus {
    /// Every session whose offer was answered and that is not over: at most
    /// [`SESSIONS_MAX`](crate::limits::SESSIONS_MAX).
    pub sessions: BTreeMap<SessionId, SessionStatus>,
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
    /// What the mixer does with its strip; `None` before the first tick, and for one that only listens.
    pub mute: Option<AppliedMute>,
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
    /// The mixer does what an order said.
    MuteApplied {
        /// Whose strip.
        seat: SeatId,
        /// Which session feeds it.
        session: SessionId,
        /// What it does.
        applied: AppliedMute,
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
    /// What has changed since `before`: first what is over, then who came, in their order, then mutes, then alarms.
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
        changes.extend(self.mutes_since(before));
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
            mute,
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
