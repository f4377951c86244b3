//! How a room is doing, in numbers. Counters run since the room was opened.

use stentor_core::{SeatId, SessionId};
use stentor_media::mix::StripStats;

use crate::latest::Report;
use crate::peer::DisconnectReason;

/// How a room is doing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RoomStats {
    /// Position of the programme, in samples since the epoch.
    pub position: u64,
    /// Ticks done.
    pub ticks: u64,
    /// Ticks that began more than a tick (20 ms) late.
    pub ticks_late: u64,
    /// Worst lateness of a tick in the last second, in microseconds.
    pub late_us_max: u64,
    /// Longest work of a tick in the last second, in microseconds.
    pub work_us_max: u64,
    /// Times the clock was set anew because the machine had stopped us for more than a second.
    pub clock_resets: u64,
    /// Packets that found the room's queue full.
    pub packets_dropped: u64,
    /// Times the mixer panicked and was made anew; each cost 20 ms of silence.
    pub mixer_restarts: u64,
    /// Notices that never left because newer ones came before the next chunk, all renditions summed.
    pub notices_dropped: u64,
    /// Sessions that ended, by reason.
    pub disconnects: Disconnects,
    /// One line per speaking session.
    pub seats: Vec<SeatStats>,
}

impl Report for RoomStats {
    fn take_over(&mut self, unseen: &Self) {
        self.late_us_max = self.late_us_max.max(unseen.late_us_max);
        self.work_us_max = self.work_us_max.max(unseen.work_us_max);
    }
}

/// Sessions that ended, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Disconnects {
    /// [`DisconnectReason::Goodbye`].
    pub goodbye: u64,
    /// [`DisconnectReason::Requested`].
    pub requested: u64,
    /// [`DisconnectReason::NeverConnected`].
    pub never_connected: u64,
    /// [`DisconnectReason::HandshakeFailed`].
    pub handshake_failed: u64,
    /// [`DisconnectReason::Replaced`].
    pub replaced: u64,
    /// [`DisconnectReason::Silent`].
    pub silent: u64,
    /// [`DisconnectReason::Flooding`].
    pub flooding: u64,
    /// [`DisconnectReason::ProtocolError`].
    pub protocol_error: u64,
    /// [`DisconnectReason::Panicked`].
    pub panicked: u64,
    /// [`DisconnectReason::RoomClosed`].
    pub room_closed: u64,
}

impl Disconnects {
    pub(super) const fn count(&mut self, reason: DisconnectReason) {
        let counter = match reason {
            DisconnectReason::Goodbye => &mut self.goodbye,
            DisconnectReason::Requested => &mut self.requested,
            DisconnectReason::NeverConnected => &mut self.never_connected,
            DisconnectReason::HandshakeFailed => &mut self.handshake_failed,
            DisconnectReason::Replaced => &mut self.replaced,
            DisconnectReason::Silent => &mut self.silent,
            DisconnectReason::Flooding => &mut self.flooding,
            DisconnectReason::ProtocolError => &mut self.protocol_error,
            DisconnectReason::Panicked => &mut self.panicked,
            DisconnectReason::RoomClosed => &mut self.room_closed,
        };
        *counter += 1;
    }

    /// Every reason's name in metrics, with how many ended for it.
    #[must_use]
    pub const fn by_reason(&self) -> [(&'static str, u64); 10] {
        [
            ("goodbye", self.goodbye),
            ("requested", self.requested),
            ("never_connected", self.never_connected),
            ("handshake_failed", self.handshake_failed),
            ("replaced", self.replaced),
            ("silent", self.silent),
            ("flooding", self.flooding),
            ("protocol_error", self.protocol_error),
            ("panicked", self.panicked),
            ("room_closed", self.room_closed),
        ]
    }
}

/// How one speaking session is doing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeatStats {
    /// Whose.
    pub seat: SeatId,
    /// Which.
    pub session: SessionId,
    /// Its line into the mixer: what was lost, recovered and concealed, its delay and drift.
    pub line: StripStats,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_counted_under_its_own_name() {
        for (reason, name) in [
            (DisconnectReason::Goodbye, "goodbye"),
            (DisconnectReason::Requested, "requested"),
            (DisconnectReason::NeverConnected, "never_connected"),
            (DisconnectReason::HandshakeFailed, "handshake_failed"),
            (DisconnectReason::Replaced, "replaced"),
            (DisconnectReason::Silent, "silent"),
            (DisconnectReason::Flooding, "flooding"),
            (DisconnectReason::ProtocolError, "protocol_error"),
            (DisconnectReason::Panicked, "panicked"),
            (DisconnectReason::RoomClosed, "room_closed"),
        ] {
            let mut disconnects = Disconnects::default();
            disconnects.count(reason);
            let counted = disconnects.by_reason();
            let ones: Vec<_> = counted.into_iter().filter(|(_, n)| *n > 0).collect();
            assert_eq!(ones, [(name, 1)]);
        }
    }
}
