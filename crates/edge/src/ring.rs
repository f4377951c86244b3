//! The last chunks of a rendition, shared by all listeners of a node.
//!
//! No sockets and no clock: the publisher appends, senders follow by ordinal. Nothing is queued per listener. Not thread-safe:
//! [`crate::stream`] is.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::limits::CHUNK_BYTES_MAX;

/// Why a chunk was not taken. The publisher's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// Sequence numbers must grow; gaps are allowed (a studio restarts at a later boundary).
    #[error("chunk {got} was published after chunk {last}")]
    NotAfter {
        /// The last sequence number taken.
        last: u64,
        /// The one offered.
        got: u64,
    },
    /// The chunk is larger than a ring takes.
    #[error("a chunk may have {max} bytes, and this one has {got}")]
    TooLarge {
        /// [`CHUNK_BYTES_MAX`].
        max: usize,
        /// Bytes offered.
        got: usize,
    },
    /// The stream has ended.
    #[error("the stream has ended and takes no more chunks")]
    Ended,
}

/// What is known of a sequence number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Its bytes.
    Found(Bytes),
    /// Older than the ring.
    Past,
    /// Between two chunks of the ring, but never published.
    Missing,
    /// Not published yet.
    Future,
    /// Later than the last chunk of an ended stream.
    Never,
}

struct Chunk {
    sequence: u64,
    bytes: Bytes,
}

/// The last chunks of one rendition.
pub struct Ring {
    chunks: VecDeque<Chunk>,
    /// Ordinal of `chunks[0]`.
    first: u64,
    /// Chunks kept; the oldest leaves when one more comes.
    capacity: usize,
    ended: bool,
}

impl Ring {
    /// A ring of `capacity` chunks (at least 1).
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.max(1);
        Self {
            chunks: VecDeque::with_capacity(capacity),
            first: 0,
            capacity,
            ended: false,
        }
    }

    /// Takes the next chunk.
    ///
    /// # Errors
    /// When the number does not grow, the chunk is too large, or the stream has ended.
    pub fn publish(&mut self, sequence: u64, bytes: Bytes) -> Result<(), PublishError> {
        if self.ended {
            return Err(PublishError::Ended);
        }
        if bytes.len() > CHUNK_BYTES_MAX {
            return Err(PublishError::TooLarge {
                max: CHUNK_BYTES_MAX,
                got: bytes.len(),
            });
        }
        if let Some(last) = self.chunks.back()
            && sequence <= last.sequence
        {
            return Err(PublishError::NotAfter {
                last: last.sequence,
                got: sequence,
            });
        }
        if self.chunks.len() == self.capacity {
            self.chunks.pop_front();
            self.first += 1;
        }
        self.chunks.push_back(Chunk { sequence, bytes });
        Ok(())
    }

    /// Ends the stream: nothing will follow.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Whether nothing will follow.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// How many chunks were ever taken.
    #[must_use]
    pub fn published(&self) -> u64 {
        self.first + self.chunks.len() as u64
    }

    /// Ordinal of the oldest chunk kept. The ordinal of a chunk is how many the ring had taken before it; unlike sequence
    /// numbers ordinals have no gaps, so their difference is a number of chunks.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The chunks from an ordinal on, or from the oldest kept if that is later, with their sequence numbers.
    pub fn since(&self, ordinal: u64) -> impl Iterator<Item = (u64, &Bytes)> {
        let from = ordinal.saturating_sub(self.first) as usize;
        self.chunks
            .range(from.min(self.chunks.len())..)
            .map(|chunk| (chunk.sequence, &chunk.bytes))
    }

    /// The chunk of that sequence number.
    #[must_use]
    pub fn lookup(&self, sequence: u64) -> Lookup {
        let beyond = || {
            if self.ended {
                Lookup::Never
            } else {
                Lookup::Future
            }
        };
        let (Some(first), Some(last)) = (self.chunks.front(), self.chunks.back()) else {
            return beyond();
        };
        if sequence > last.sequence {
            return beyond();
        }
        if sequence < first.sequence {
            return Lookup::Past;
        }
        match self.chunks.binary_search_by_key(&sequence, |c| c.sequence) {
            Ok(i) => Lookup::Found(self.chunks[i].bytes.clone()),
            Err(_) => Lookup::Missing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(n: u64) -> Bytes {
        Bytes::from(n.to_string())
    }

    fn ring_of(capacity: usize, sequences: impl IntoIterator<Item = u64>) -> Ring {
        let mut ring = Ring::new(capacity);
        for s in sequences {
            ring.publish(s, bytes(s)).unwrap();
        }
        ring
    }

    fn since(ring: &Ring, ordinal: u64) -> Vec<u64> {
        ring.since(ordinal)
            .inspect(|(sequence, b)| assert_eq!(**b, bytes(*sequence)))
            .map(|(sequence, _)| sequence)
            .collect()
    }

    #[test]
    fn what_is_no_longer_kept_is_not_given_and_can_be_counted() {
        let ring = ring_of(4, 0..20);
        assert_eq!(ring.first(), 16);
        assert_eq!(since(&ring, 3), [16, 17, 18, 19]);
        assert_eq!(since(&ring, 20), [0; 0]);
        assert_eq!(since(&ring, u64::MAX), [0; 0]);
    }

    #[test]
    fn an_ended_ring_gives_what_it_has_and_takes_no_more() {
        let mut ring = ring_of(4, 0..2);
        ring.end();
        assert_eq!(since(&ring, 0), [0, 1]);
        assert_eq!(ring.publish(2, bytes(2)), Err(PublishError::Ended));
        assert_eq!(ring.lookup(2), Lookup::Never);
    }

    #[test]
    fn a_lookup_tells_past_missing_and_future_apart() {
        let ring = ring_of(3, [1, 2, 5, 6]);
        assert_eq!(ring.lookup(1), Lookup::Past);
        assert_eq!(ring.lookup(2), Lookup::Found(bytes(2)));
        assert_eq!(ring.lookup(4), Lookup::Missing);
        assert_eq!(ring.lookup(7), Lookup::Future);
        assert_eq!(ring.lookup(u64::MAX), Lookup::Future);
        assert_eq!(Ring::new(3).lookup(0), Lookup::Future);
    }

    #[test]
    fn numbers_must_grow_and_sizes_are_bounded() {
        let mut ring = ring_of(3, [7]);
        assert_eq!(
            ring.publish(7, bytes(7)),
            Err(PublishError::NotAfter { last: 7, got: 7 })
        );
        let at_the_limit = Bytes::from(vec![0; CHUNK_BYTES_MAX]);
        ring.publish(8, at_the_limit).unwrap();
        let over = Bytes::from(vec![0; CHUNK_BYTES_MAX + 1]);
        assert!(matches!(
            ring.publish(9, over),
            Err(PublishError::TooLarge { .. })
        ));
        ring.publish(u64::MAX - 1, bytes(9)).unwrap();
    }
}
