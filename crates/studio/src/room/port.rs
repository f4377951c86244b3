//! How a room's thread is reached: one bounded queue for everything, so that order is kept.
//!
//! Sound is dropped before the queue is full, and counted; the rest of the queue belongs to commands. A room that has not
//! run for seconds has a full queue: what must not be lost all the same (connections coming and going, orders, the end)
//! then waits beside it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError};
use stentor_core::stage::{SeatOrder, SessionKind};
use stentor_core::{SeatId, SessionId};

use crate::error::StudioFault;
use crate::limits::{ROOM_COMMANDS_MAX, ROOM_MESSAGES_MAX, ROOM_OVERFLOW_MAX};
use crate::peer::{CloseReason, PeerEvent};

/// Sound and commands together.
const QUEUE_MAX: usize = ROOM_MESSAGES_MAX + ROOM_COMMANDS_MAX;

/// What a room's thread is told.
pub(crate) enum Message {
    /// A peer says something.
    Peer(SessionId, PeerEvent),
    /// An offer was answered; the peer will come.
    Expect {
        session: SessionId,
        seat: SeatId,
        kind: SessionKind,
        sends: bool,
        hears: bool,
        reply: Sender<Result<(), StudioFault>>,
    },
    /// End a session.
    Close(SessionId, CloseReason),
    /// Desired state of a strip.
    Order(SeatOrder),
    /// "This is how you sound".
    Loopback(SeatId, bool),
    /// Something to put into the programme.
    Notice(Vec<u8>),
    /// An in-process voice, looped.
    Line {
        seat: SeatId,
        session: SessionId,
        pcm: Vec<f32>,
    },
    /// End the room.
    Stop,
}

impl Message {
    /// What nobody would say again: it is kept when the queue is full. How many there can be is bounded by sessions and seats.
    const fn must_arrive(&self) -> bool {
        match self {
            Self::Peer(_, event) => !matches!(event, PeerEvent::Packet(_)),
            Self::Close(..) | Self::Order(_) | Self::Stop => true,
            // Who asks for these is told that they were not taken.
            Self::Expect { .. } | Self::Loopback(..) | Self::Notice(_) | Self::Line { .. } => false,
        }
    }

    /// Whether this makes an older message pointless: an order is the whole desired state of its seat.
    fn supersedes(&self, older: &Self) -> bool {
        matches!((self, older), (Self::Order(new), Self::Order(old)) if new.seat == old.seat)
    }
}

/// The way to a room's thread.
#[derive(Clone)]
pub(crate) struct RoomPort {
    queue: Sender<Message>,
    shared: Arc<Shared>,
}

/// A room's thread's own end.
pub(crate) struct RoomInbox {
    queue: Receiver<Message>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    sound_dropped: AtomicU64,
    /// What must arrive and found the queue full, in its order; at most [`ROOM_OVERFLOW_MAX`].
    overflow: Mutex<VecDeque<Message>>,
    overflowing: AtomicBool,
}

impl Shared {
    fn overflow(&self) -> MutexGuard<'_, VecDeque<Message>> {
        self.overflow.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RoomPort {
    /// The queue, both ends.
    pub(crate) fn new() -> (Self, RoomInbox) {
        let (sender, receiver) = crossbeam_channel::bounded(QUEUE_MAX);
        let shared = Arc::new(Shared::default());
        let inbox = RoomInbox {
            queue: receiver,
            shared: shared.clone(),
        };
        let port = Self {
            queue: sender,
            shared,
        };
        (port, inbox)
    }

    /// Passes on what a peer says. Never blocks.
    pub(crate) fn peer(&self, session: SessionId, event: PeerEvent) {
        let is_sound = matches!(event, PeerEvent::Packet(_));
        let full = is_sound && self.queue.len() >= ROOM_MESSAGES_MAX;
        if full || self.give(Message::Peer(session, event)) == Err(StudioFault::Busy) {
            self.shared.sound_dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Queues a command. Never blocks.
    ///
    /// # Errors
    ///
    /// When the queue is full and the message is one that its sender can say again; when the room has stopped.
    pub(crate) fn give(&self, message: Message) -> Result<(), StudioFault> {
        if !message.must_arrive() {
            return self.send(message).map_err(|(fault, _)| fault);
        }
        // Held over both steps: what comes later must not overtake what waits here.
        let mut overflow = self.shared.overflow();
        let message = if overflow.is_empty() {
            match self.send(message) {
                Err((StudioFault::Busy, message)) => message,
                sent => return sent.map_err(|(fault, _)| fault),
            }
        } else {
            message
        };
        overflow.retain(|older| !message.supersedes(older));
        if overflow.len() >= ROOM_OVERFLOW_MAX {
            return Err(StudioFault::Busy);
        }
        overflow.push_back(message);
        self.shared.overflowing.store(true, Ordering::Release);
        Ok(())
    }

    fn send(&self, message: Message) -> Result<(), (StudioFault, Message)> {
        self.queue.try_send(message).map_err(|error| match error {
            TrySendError::Full(message) => (StudioFault::Busy, message),
            TrySendError::Disconnected(message) => (StudioFault::Stopped, message),
        })
    }
}

impl RoomInbox {
    /// Takes what waits now, in its order. What is sent meanwhile is not waited for.
    pub(crate) fn drain(&self, mut take: impl FnMut(Message)) {
        for _ in 0..self.queue.len() {
            if let Ok(message) = self.queue.try_recv() {
                take(message);
            }
        }
        if self.shared.overflowing.swap(false, Ordering::Acquire) {
            // While this is held nothing that must arrive is queued: all that is in the queue came before the overflow.
            let mut overflow = self.shared.overflow();
            let mut waiting: VecDeque<Message> = self.queue.try_iter().take(QUEUE_MAX).collect();
            waiting.append(&mut overflow);
            drop(overflow);
            waiting.into_iter().for_each(take);
        }
    }

    /// The next message, waited for until a moment.
    pub(crate) fn recv_deadline(&self, due: Instant) -> Result<Message, RecvTimeoutError> {
        self.queue.recv_deadline(due)
    }

    /// Packets that found the queue full.
    pub(crate) fn sound_dropped(&self) -> u64 {
        self.shared.sound_dropped.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use stentor_media::opus::OpusPacket;

    use super::*;

    fn sound() -> PeerEvent {
        PeerEvent::Packet(OpusPacket::default())
    }

    fn order(seat: u32, version: u64) -> Message {
        Message::Order(SeatOrder {
            seat: SeatId(seat),
            session: None,
            on_stage: true,
            on_air: true,
            muted: true,
            version,
        })
    }

    /// What the room's thread finds, in words.
    fn drained(inbox: &RoomInbox) -> Vec<String> {
        let mut found = Vec::new();
        inbox.drain(|message| {
            found.push(match message {
                Message::Order(order) => format!("order {} v{}", order.seat.0, order.version),
                Message::Close(session, _) => format!("close {}", session.0),
                Message::Peer(session, PeerEvent::Connected) => format!("connected {}", session.0),
                Message::Loopback(..) => "loopback".to_owned(),
                Message::Stop => "stop".to_owned(),
                _ => "other".to_owned(),
            });
        });
        found
    }

    fn fill(port: &RoomPort) -> usize {
        (0..)
            .take_while(|_| port.give(Message::Loopback(SeatId(1), true)).is_ok())
            .count()
    }

    #[test]
    fn sound_leaves_room_for_commands() {
        let (port, inbox) = RoomPort::new();
        for _ in 0..ROOM_MESSAGES_MAX + 10 {
            port.peer(SessionId(1), sound());
        }
        assert_eq!(
            (inbox.queue.len(), inbox.sound_dropped()),
            (ROOM_MESSAGES_MAX, 10)
        );
        assert_eq!(fill(&port), ROOM_COMMANDS_MAX);
        drop(inbox);
        assert_eq!(port.give(Message::Stop), Err(StudioFault::Stopped));
    }

    #[test]
    fn what_must_arrive_waits_beside_a_full_queue_and_keeps_its_order() {
        let (port, inbox) = RoomPort::new();
        let queued = fill(&port);
        for version in 1..=3 {
            port.give(order(7, version)).unwrap();
        }
        port.peer(SessionId(5), PeerEvent::Connected);
        port.give(Message::Close(SessionId(4), CloseReason::Asked))
            .unwrap();
        port.give(Message::Stop).unwrap();
        assert_eq!(inbox.sound_dropped(), 0);
        let found = drained(&inbox);
        assert_eq!(found.len(), queued + 4);
        assert_eq!(
            found[queued..],
            ["order 7 v3", "connected 5", "close 4", "stop"]
        );
        // And then the queue serves again.
        port.give(order(7, 4)).unwrap();
        assert_eq!(inbox.queue.len(), 1);
        assert_eq!(drained(&inbox), ["order 7 v4"]);
    }

    #[test]
    fn the_overflow_is_bounded_and_says_so() {
        let (port, inbox) = RoomPort::new();
        fill(&port);
        for session in 0..ROOM_OVERFLOW_MAX as u64 {
            port.give(Message::Close(SessionId(session), CloseReason::Asked))
                .unwrap();
        }
        assert_eq!(port.give(Message::Stop), Err(StudioFault::Busy));
        assert_eq!(inbox.shared.overflow().len(), ROOM_OVERFLOW_MAX);
    }
}
