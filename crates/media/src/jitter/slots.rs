//! The packets waiting, in order of sequence.

use std::collections::VecDeque;

use crate::opus::{PacketSource, ReceivedPacket};

/// What [`Slots::insert`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inserted {
    New,
    /// A primary took the place of its RED copy, which may be coarser.
    Replaced,
    Duplicate,
}

/// Sorted by sequence, without duplicates. The owner keeps it below its limit.
#[derive(Debug, Default)]
pub(super) struct Slots {
    slots: VecDeque<ReceivedPacket>,
}

impl Slots {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn contains(&self, sequence: u64) -> bool {
        self.find(sequence).is_ok()
    }

    fn find(&self, sequence: u64) -> Result<usize, usize> {
        self.slots
            .binary_search_by_key(&sequence, |held| held.sequence)
    }

    /// Sequence and timestamp of the oldest.
    pub(super) fn front(&self) -> Option<(u64, u64)> {
        self.slots
            .front()
            .map(|held| (held.sequence, held.timestamp))
    }

    /// Sequence and timestamp of the one after the oldest.
    pub(super) fn second(&self) -> Option<(u64, u64)> {
        self.slots
            .get(1)
            .map(|held| (held.sequence, held.timestamp))
    }

    pub(super) fn front_payload(&self) -> Option<&[u8]> {
        self.slots.front().map(|held| &held.bytes[..])
    }

    pub(super) fn insert(&mut self, packet: ReceivedPacket) -> Inserted {
        match self.find(packet.sequence) {
            Ok(at) => {
                let held = &mut self.slots[at];
                if packet.from == PacketSource::RedCopy || held.from == PacketSource::Primary {
                    return Inserted::Duplicate;
                }
                *held = packet;
                Inserted::Replaced
            }
            Err(at) => {
                self.slots.insert(at, packet);
                Inserted::New
            }
        }
    }

    /// Takes the oldest out.
    pub(super) fn pop_front(&mut self) -> Option<ReceivedPacket> {
        self.slots.pop_front()
    }
}
