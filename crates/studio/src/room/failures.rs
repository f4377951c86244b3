//! Why people did not get in: of each seat, the newest attempt to connect that came to nothing.

use std::collections::BTreeMap;

use stentor_core::stage::ConnectFailure;
use stentor_core::{SeatId, SessionId};

use super::state::FailedAttempt;
use crate::limits::SESSIONS_MAX;
use crate::peer::DisconnectReason;

/// At most one for each of [`SESSIONS_MAX`] seats; the seat that was invited first is forgotten first.
#[derive(Debug, Default)]
pub(super) struct FailedAttempts(BTreeMap<SeatId, FailedAttempt>);

impl FailedAttempts {
    /// Takes why a session ended, if that was before it was connected.
    pub(super) fn note(&mut self, seat: SeatId, session: SessionId, reason: DisconnectReason) {
        let why = match reason {
            DisconnectReason::NeverConnected => ConnectFailure::NeverReached,
            DisconnectReason::HandshakeFailed => ConnectFailure::Handshake,
            _ => return,
        };
        if self.0.len() >= SESSIONS_MAX && !self.0.contains_key(&seat) {
            self.0.pop_first();
        }
        self.0.insert(seat, FailedAttempt { session, why });
    }

    /// A session of the seat came up.
    pub(super) fn forget(&mut self, seat: SeatId) {
        self.0.remove(&seat);
    }

    pub(super) const fn by_seat(&self) -> &BTreeMap<SeatId, FailedAttempt> {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_each_seat_is_kept_and_their_number_is_bounded() {
        let mut failed = FailedAttempts::default();
        for n in 0..3 * SESSIONS_MAX as u32 {
            let session = SessionId(u64::from(n));
            failed.note(SeatId(n), session, DisconnectReason::HandshakeFailed);
        }
        assert_eq!(failed.by_seat().len(), SESSIONS_MAX);
        let last = SeatId(3 * SESSIONS_MAX as u32 - 1);
        failed.note(last, SessionId(9_999), DisconnectReason::NeverConnected);
        let newest = FailedAttempt {
            session: SessionId(9_999),
            why: ConnectFailure::NeverReached,
        };
        assert_eq!(failed.by_seat().get(&last), Some(&newest));
        for reason in [
            DisconnectReason::Goodbye,
            DisconnectReason::Replaced,
            DisconnectReason::Silent,
        ] {
            failed.note(last, SessionId(10_000), reason);
        }
        assert_eq!(failed.by_seat().get(&last), Some(&newest));
        failed.forget(last);
        assert_eq!(failed.by_seat().get(&last), None);
    }
}
