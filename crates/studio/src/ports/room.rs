//! How a room's thread is reached: one bounded queue for everything, so that order is kept.
//!
//! Packets are dropped before the queue is full, and counted; the rest of the queue belongs to commands. A room that has
//! not run for seconds has a full queue: what must not be lost all the same (connections coming and going, orders, the
//! end) then waits beside it, in a list of its own, and a room that waits for its queue is told to look there. A room that mixes is
//! woken by nobody: it looks before each tick.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossbeam_channel::{
    Receiver, RecvError, RecvTimeoutError, Sender, TryRecvError, TrySendError,
};
use stentor_core::stage::SeatOrder;
use stentor_core::{SeatId, SessionId};

use crate::error::StudioFault;
use crate::limits::{ROOM_COMMANDS_MAX, ROOM_MESSAGES_MAX, ROOM_OVERFLOW_MAX};
use crate::peer::{DisconnectReason, ExpectedSession, PeerEvent};

/// Packets and commands together.
const QUEUE_MAX: usize = ROOM_MESSAGES_MAX + ROOM_COMMANDS_MAX;

/// A message to a room's thread.
pub(crate) enum RoomMessage {
    /// An event of a peer.
    Peer(SessionId, PeerEvent),
    /// An offer was answered; the peer will come.
    Expect {
        session: SessionId,
        expected: ExpectedSession,
        reply: Sender<Result<(), StudioFault>>,
    },
    /// End a session.
    Close(SessionId, DisconnectReason),
    /// Desired state of a strip.
    Order(SeatOrder),
    /// Let a speaker in the green room hear themselves, or no longer.
    Loopback(SeatId, bool),
    /// Let a session hear who waits in the green room, or no longer.
    PreListen(SessionId, Option<SeatId>),
    /// A notice to put into the programme.
    Notice(Vec<u8>),
    /// An in-process voice, looped.
    PlayVoice {
        seat: SeatId,
        session: SessionId,
        pcm: Vec<f32>,
    },
    /// Mix no more as soon as that can be taken up again.
    Suspend,
    /// Mix again.
    Resume,
    /// End the room.
    Stop,
    /// Look beside the queue.
    Look,
}

impl RoomMessage {
    /// What nobody would send again is kept when the queue is full. How many there can be is bounded by sessions and seats.
    const fn must_arrive(&self) -> bool {
        match self {
            Self::Peer(_, event) => !matches!(event, PeerEvent::Packet(_)),
            Self::Close(..) | Self::Order(_) | Self::Suspend | Self::Resume | Self::Stop => true,
            // Who asks for these is told that they were not taken.
            Self::Expect { .. }
            | Self::Loopback(..)
            | Self::PreListen(..)
            | Self::Notice(_)
            | Self::PlayVoice { .. }
            | Self::Look => false,
        }
    }

    /// Whether an older message need not be delivered any more: an order is the whole desired state of its seat, and the room runs
    /// or it does not.
    fn supersedes(&self, older: &Self) -> bool {
        match (self, older) {
            (Self::Order(new), Self::Order(old)) => new.seat == old.seat,
            (Self::Suspend | Self::Resume, Self::Suspend | Self::Resume) => true,
            _ => false,
        }
    }
}

/// Sends to a room's thread.
#[derive(Clone)]
pub(crate) struct RoomPort {
    queue: Sender<RoomMessage>,
    shared: Arc<RoomQueue>,
}

/// The receiving end, which the room's thread owns.
pub(crate) struct RoomInbox {
    queue: Receiver<RoomMessage>,
    shared: Arc<RoomQueue>,
}

#[derive(Default)]
struct RoomQueue {
    packets_dropped: AtomicU64,
    /// What must arrive and found the queue full, in its order; at most [`ROOM_OVERFLOW_MAX`].
    overflow: Mutex<VecDeque<RoomMessage>>,
    overflowing: AtomicBool,
}

impl RoomQueue {
    fn overflow(&self) -> MutexGuard<'_, VecDeque<RoomMessage>> {
        self.overflow.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RoomPort {
    /// The queue, both ends.
    pub(crate) fn new() -> (Self, RoomInbox) {
        let (sender, receiver) = crossbeam_channel::bounded(QUEUE_MAX);
        let shared = Arc::new(RoomQueue::default());
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

    /// Sends an event of a peer. Never blocks.
    pub(crate) fn peer(&self, session: SessionId, event: PeerEvent) {
        let is_packet = matches!(event, PeerEvent::Packet(_));
        let full = is_packet && self.queue.len() >= ROOM_MESSAGES_MAX;
        if full || self.send(RoomMessage::Peer(session, event)) == Err(StudioFault::Busy) {
            self.shared.packets_dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Queues a command. Never blocks.
    ///
    /// # Errors
    ///
    /// When the queue is full and the message is one that its sender can say again; when the room has stopped.
    pub(crate) fn send(&self, message: RoomMessage) -> Result<(), StudioFault> {
        if !message.must_arrive() {
            return self.try_send(message).map_err(|(fault, _)| fault);
        }
        // Held over both steps: what comes later must not overtake what waits here.
        let mut overflow = self.shared.overflow();
        let message = if overflow.is_empty() {
            match self.try_send(message) {
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
        drop(overflow);
        // The queue may have been emptied since it was found full, by a room that now waits for it. If it is still full, the room has
        // something to wake up for, and then looks here.
        let _ = self.try_send(RoomMessage::Look);
        Ok(())
    }

    fn try_send(&self, message: RoomMessage) -> Result<(), (StudioFault, RoomMessage)> {
        self.queue.try_send(message).map_err(|error| match error {
            TrySendError::Full(message) => (StudioFault::Busy, message),
            TrySendError::Disconnected(message) => (StudioFault::Stopped, message),
        })
    }
}

impl RoomInbox {
    /// Takes what waits now, in its order. What is sent meanwhile is not waited for. Gives whether anybody can still send.
    pub(crate) fn drain(&self, mut take: impl FnMut(RoomMessage)) -> bool {
        let mut is_open = true;
        for _ in 0..self.queue.len().max(1) {
            match self.queue.try_recv() {
                Ok(message) => take(message),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => is_open = false,
            }
        }
        if self.shared.overflowing.swap(false, Ordering::Acquire) {
            // While this is held nothing that must arrive is queued: all that is in the queue came before the overflow.
            let mut overflow = self.shared.overflow();
            let mut waiting: VecDeque<RoomMessage> =
                self.queue.try_iter().take(QUEUE_MAX).collect();
            waiting.append(&mut overflow);
            drop(overflow);
            waiting.into_iter().for_each(take);
        }
        is_open
    }

    /// The next message of the queue, waited for. What waits beside it makes one come ([`RoomMessage::Look`]), and is found by
    /// [`Self::drain`].
    pub(crate) fn recv(&self) -> Result<RoomMessage, RecvError> {
        self.queue.recv()
    }

    /// The same, waited for that long.
    pub(crate) fn recv_timeout(&self, longest: Duration) -> Result<RoomMessage, RecvTimeoutError> {
        self.queue.recv_timeout(longest)
    }

    /// Packets that found the queue full.
    pub(crate) fn packets_dropped(&self) -> u64 {
        self.shared.packets_dropped.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use stentor_media::opus::ReceivedPacket;

    use super::*;

    fn packet() -> PeerEvent {
        PeerEvent::Packet(ReceivedPacket::default())
    }

    fn order(seat: u32, version: u64) -> RoomMessage {
        RoomMessage::Order(SeatOrder {
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
                RoomMessage::Order(order) => format!("order {} v{}", order.seat.0, order.version),
                RoomMessage::Close(session, _) => format!("close {}", session.0),
                RoomMessage::Peer(session, PeerEvent::Connected) => {
                    format!("connected {}", session.0)
                }
                RoomMessage::Loopback(..) => "loopback".to_owned(),
                RoomMessage::Stop => "stop".to_owned(),
                _ => "other".to_owned(),
            });
        });
        found
    }

    fn fill(port: &RoomPort) -> usize {
        (0..)
            .take_while(|_| port.send(RoomMessage::Loopback(SeatId(1), true)).is_ok())
            .count()
    }

    #[test]
    fn packets_leave_room_for_commands() {
        let (port, inbox) = RoomPort::new();
        for _ in 0..ROOM_MESSAGES_MAX + 10 {
            port.peer(SessionId(1), packet());
        }
        assert_eq!(
            (inbox.queue.len(), inbox.packets_dropped()),
            (ROOM_MESSAGES_MAX, 10)
        );
        assert_eq!(fill(&port), ROOM_COMMANDS_MAX);
        drop(inbox);
        assert_eq!(port.send(RoomMessage::Stop), Err(StudioFault::Stopped));
    }

    #[test]
    fn what_must_arrive_waits_beside_a_full_queue_and_keeps_its_order() {
        let (port, inbox) = RoomPort::new();
        let queued = fill(&port);
        for version in 1..=3 {
            port.send(order(7, version)).unwrap();
        }
        port.peer(SessionId(5), PeerEvent::Connected);
        port.send(RoomMessage::Close(
            SessionId(4),
            DisconnectReason::Requested,
        ))
        .unwrap();
        port.send(RoomMessage::Stop).unwrap();
        assert_eq!(inbox.packets_dropped(), 0);
        let found = drained(&inbox);
        assert_eq!(found.len(), queued + 4);
        assert_eq!(
            found[queued..],
            ["order 7 v3", "connected 5", "close 4", "stop"]
        );
        // And then the queue serves again.
        port.send(order(7, 4)).unwrap();
        assert_eq!(inbox.queue.len(), 1);
        assert_eq!(drained(&inbox), ["order 7 v4"]);
    }

    /// The moment between "the queue is full" and "it waits beside it" is when a room may empty its queue and fall asleep.
    #[test]
    fn a_room_that_sleeps_is_woken_for_what_waits_beside_its_queue() {
        for waits in [
            order(7, 1),
            RoomMessage::Resume,
            RoomMessage::Close(SessionId(4), DisconnectReason::Requested),
        ] {
            let (port, inbox) = RoomPort::new();
            fill(&port);
            port.send(order(9, 1)).unwrap();
            // The room takes what is in the queue and sees no overflow yet.
            inbox.shared.overflowing.store(false, Ordering::Release);
            while inbox.queue.try_recv().is_ok() {}
            port.send(waits).unwrap();
            assert!(matches!(inbox.recv(), Ok(RoomMessage::Look)));
            let mut found = 0;
            inbox.drain(|_| found += 1);
            assert_eq!(found, 2);
        }
    }

    #[test]
    fn an_inbox_that_nobody_can_send_to_gives_what_waits_and_says_so() {
        let (port, inbox) = RoomPort::new();
        assert!(inbox.drain(|_| unreachable!("nothing waits")));
        port.send(order(7, 1)).unwrap();
        drop(port);
        assert!(inbox.drain(|_| ()));
        assert!(!inbox.drain(|_| unreachable!("it was taken")));
    }

    #[test]
    fn the_overflow_is_bounded_and_says_so() {
        let (port, inbox) = RoomPort::new();
        fill(&port);
        for session in 0..ROOM_OVERFLOW_MAX as u64 {
            port.send(RoomMessage::Close(
                SessionId(session),
                DisconnectReason::Requested,
            ))
            .unwrap();
        }
        assert_eq!(port.send(RoomMessage::Stop), Err(StudioFault::Busy));
        assert_eq!(inbox.shared.overflow().len(), ROOM_OVERFLOW_MAX);
    }
}
