//! What the director orders about, as far as it does: the room, and whoever keeps the snapshots. A test brings its own.

use std::pin::Pin;

use stentor_core::SeatId;
use stentor_core::SessionId;
use stentor_core::stage::SeatOrder;
use stentor_studio::Room;

use crate::snapshot_writer::SnapshotWriter;

/// What the director has done in a room. It never waits; a room that is gone needs nothing.
pub(crate) trait DirectedRoom: Send {
    /// What the mixer shall do with a seat.
    fn order(&self, order: SeatOrder);
    /// Ends a session.
    fn close(&self, session: SessionId);
    /// The page of a session has closed its line, or is there again.
    fn doubt(&self, session: SessionId, on: bool);
    /// Whether a seat hears its own microphone.
    fn loopback(&self, seat: SeatId, on: bool);
    /// Lets a host's session hear one who waits in the green room, alone, or nobody any more.
    fn pre_listen(&self, by: SessionId, seat: Option<SeatId>);
    /// Tells every listener, inside the programme.
    fn notice(&self, text: String);
    /// Mixes nothing until it is resumed.
    fn suspend(&self);
    /// Mixes again.
    fn resume(&self);
    /// Ends the room.
    fn stop(&self);
}

/// Keeps what a restart would need.
pub(crate) trait KeepSnapshot: Send {
    /// The conversation as it should be found after a restart. Only the newest matters; it never waits.
    fn keep(&self, snapshot: Vec<u8>);
    /// Ready once the newest is in the store.
    fn kept(&self) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

impl KeepSnapshot for SnapshotWriter {
    fn keep(&self, snapshot: Vec<u8>) {
        self.snapshot(snapshot);
    }

    fn kept(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(self.written())
    }
}

impl DirectedRoom for Room {
    fn order(&self, order: SeatOrder) {
        Self::order(self, order);
    }

    fn close(&self, session: SessionId) {
        Self::close(self, session);
    }

    fn doubt(&self, session: SessionId, on: bool) {
        Self::doubt(self, session, on);
    }

    fn loopback(&self, seat: SeatId, on: bool) {
        Self::loopback(self, seat, on);
    }

    fn pre_listen(&self, by: SessionId, seat: Option<SeatId>) {
        Self::pre_listen(self, by, seat);
    }

    fn notice(&self, text: String) {
        if let Err(error) = Self::notice(self, text.into_bytes()) {
            tracing::error!(%error, "listeners were not told");
        }
    }

    fn suspend(&self) {
        Self::suspend(self);
    }

    fn resume(&self) {
        Self::resume(self);
    }

    fn stop(&self) {
        Self::stop(self);
    }
}
