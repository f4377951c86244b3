//! The packets waiting, in order of sequence. Payload memory is used again.

use std::collections::VecDeque;

/// One packet.
#[derive(Debug, Default)]
pub(super) struct Slot {
    pub(super) seq: u64,
    pub(super) timestamp: u64,
    pub(super) payload: Vec<u8>,
    pub(super) redundant: bool,
}

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
    slots: VecDeque<Slot>,
    spare: Vec<Vec<u8>>,
}

impl Slots {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn contains(&self, seq: u64) -> bool {
        self.slots
            .binary_search_by_key(&seq, |slot| slot.seq)
            .is_ok()
    }

    /// Sequence and timestamp of the oldest.
    pub(super) fn front(&self) -> Option<(u64, u64)> {
        self.slots.front().map(|slot| (slot.seq, slot.timestamp))
    }

    /// Sequence and timestamp of the one after the oldest.
    pub(super) fn second(&self) -> Option<(u64, u64)> {
        self.slots.get(1).map(|slot| (slot.seq, slot.timestamp))
    }

    pub(super) fn front_payload(&self) -> Option<&[u8]> {
        self.slots.front().map(|slot| slot.payload.as_slice())
    }

    pub(super) fn insert(
        &mut self,
        seq: u64,
        timestamp: u64,
        payload: &[u8],
        redundant: bool,
    ) -> Inserted {
        match self.slots.binary_search_by_key(&seq, |slot| slot.seq) {
            Ok(at) => {
                let held = &mut self.slots[at];
                if redundant || !held.redundant {
                    return Inserted::Duplicate;
                }
                held.payload.clear();
                held.payload.extend_from_slice(payload);
                held.timestamp = timestamp;
                held.redundant = false;
                Inserted::Replaced
            }
            Err(at) => {
                let mut bytes = self.spare.pop().unwrap_or_default();
                bytes.clear();
                bytes.extend_from_slice(payload);
                self.slots.insert(
                    at,
                    Slot {
                        seq,
                        timestamp,
                        payload: bytes,
                        redundant,
                    },
                );
                Inserted::New
            }
        }
    }

    /// Moves the oldest into `slot`, whose memory is kept for later. Returns whether there was one.
    pub(super) fn pop_front_into(&mut self, slot: &mut Slot) -> bool {
        let Some(front) = self.slots.pop_front() else {
            return false;
        };
        let old = core::mem::replace(slot, front);
        // As many spare buffers as there can be packets: the owner's limit bounds both.
        if self.spare.len() < super::PACKETS_MAX {
            self.spare.push(old.payload);
        }
        true
    }
}
