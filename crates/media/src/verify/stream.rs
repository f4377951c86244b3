//! Checking a live stream as it is received: nothing missing, nothing twice, nothing altered, and how late.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::chunks::{ChunkError, ChunkReader, Item, ReadChunk};
use crate::package::manifest::{Manifest, hex};
use crate::rendition::{Rendition, SAMPLE_RATE_HZ};

/// Chunks, and lines of manifests, that are remembered until the other side of the comparison comes. When there is one
/// more the oldest is forgotten and stays uncompared: 51 s at 48 kbit/s, while a manifest reaches back 30 s.
pub const KEPT_CHUNKS_MAX: usize = 256;

/// Reads one listener's stream of one rendition and compares it with the manifests.
#[derive(Debug)]
pub struct StreamVerifier {
    rendition: Rendition,
    reader: ChunkReader,
    next_sequence: Option<u64>,
    /// Received and not compared yet.
    received: BTreeMap<u64, ChunkDigest>,
    /// Listed in a manifest and not received yet.
    listed: BTreeMap<u64, ChunkDigest>,
    totals: StreamTotals,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct ChunkDigest {
    bytes: u64,
    sha256: String,
}

/// Sums over everything received.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StreamTotals {
    /// Bytes received.
    pub bytes: u64,
    /// Whole chunks received.
    pub chunks: u64,
    /// Chunks that should have come in between and did not.
    pub missing: u64,
    /// Chunks that came again or too late.
    pub repeated: u64,
    /// Chunks of the wrong length in samples or off their boundary.
    pub misplaced: u64,
    /// Chunks that a manifest confirmed.
    pub confirmed: u64,
    /// Chunks that a manifest contradicted.
    pub altered: u64,
    /// Notices carried.
    pub notices: u64,
}

/// One thing seen.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifierEvent {
    /// A chunk arrived.
    Chunk {
        /// Its sequence number.
        sequence: u64,
        /// Time from the capture of its last sample to its arrival, in microseconds: what everything between the microphone
        /// bus and here has added, the length of the chunk not counted. Negative only if the two clocks disagree.
        late_us: i64,
        /// The chunk.
        chunk: Box<ReadChunk>,
    },
    /// Chunks are missing between the last one and the one that follows.
    Missing {
        /// The first of them.
        first: u64,
        /// How many.
        count: u64,
    },
    /// A chunk came that should have come before, or came before.
    Repeated {
        /// Its sequence number.
        sequence: u64,
        /// The one that was due.
        expected: u64,
    },
    /// A chunk has the wrong length or does not stand on a boundary.
    Misplaced {
        /// Its position in samples.
        position: u64,
        /// Its length in samples.
        samples: u64,
    },
    /// A chunk is not what the manifest says.
    Altered {
        /// Its sequence number.
        sequence: u64,
    },
}

impl StreamVerifier {
    /// A verifier for a stream that begins with its head, at whatever chunk.
    #[must_use]
    pub fn new(rendition: Rendition) -> Self {
        Self {
            rendition,
            reader: ChunkReader::new(),
            next_sequence: None,
            received: BTreeMap::new(),
            listed: BTreeMap::new(),
            totals: StreamTotals::default(),
        }
    }

    /// Takes what was received at `now_unix_us` and appends what it shows to `findings`.
    ///
    /// # Errors
    /// [`ChunkError`] if the bytes are not a stream of ours; nothing after them can be read.
    pub fn receive(
        &mut self,
        now_unix_us: i64,
        mut bytes: &[u8],
        findings: &mut Vec<VerifierEvent>,
    ) -> Result<(), ChunkError> {
        self.totals.bytes += bytes.len() as u64;
        while let Some(item) = self.reader.read(&mut bytes)? {
            if let Item::Chunk(chunk) = item {
                self.chunk(now_unix_us, chunk, findings);
            }
        }
        Ok(())
    }

    /// Compares with a manifest, fetched at any time: chunks already received at once, later ones when they come.
    pub fn manifest(&mut self, manifest: &Manifest, findings: &mut Vec<VerifierEvent>) {
        for entry in &manifest.chunks {
            let listed = ChunkDigest {
                bytes: entry.len,
                sha256: entry.sha256.clone(),
            };
            match self.received.remove(&entry.seq) {
                Some(received) => self.compare(entry.seq, &received, &listed, findings),
                // What came before was compared with an earlier manifest, or was never for us.
                None if self.next_sequence.is_none_or(|next| entry.seq >= next) => {
                    remember(&mut self.listed, entry.seq, listed);
                }
                None => {}
            }
        }
    }

    /// The sums so far.
    #[must_use]
    pub const fn totals(&self) -> &StreamTotals {
        &self.totals
    }

    fn chunk(&mut self, now_unix_us: i64, chunk: ReadChunk, findings: &mut Vec<VerifierEvent>) {
        let chunk_samples = self.rendition.chunk_samples();
        let samples = chunk.sizes.len() as u64 * self.rendition.frame_samples() as u64;
        let (position, sequence) = (chunk.position, chunk.position / chunk_samples);
        self.totals.chunks += 1;
        self.totals.notices += chunk.notices.len() as u64;
        if samples != chunk_samples || !position.is_multiple_of(chunk_samples) {
            self.totals.misplaced += 1;
            findings.push(VerifierEvent::Misplaced { position, samples });
        }
        match self.next_sequence {
            Some(expected) if sequence < expected => {
                self.totals.repeated += 1;
                findings.push(VerifierEvent::Repeated { sequence, expected });
                return;
            }
            Some(expected) if sequence > expected => {
                let count = sequence - expected;
                self.totals.missing = self.totals.missing.saturating_add(count);
                findings.push(VerifierEvent::Missing {
                    first: expected,
                    count,
                });
            }
            _ => {}
        }
        self.next_sequence = Some(sequence + 1);
        self.identify(sequence, &chunk.bytes, findings);
        let duration_us = (samples * 1_000_000 / u64::from(SAMPLE_RATE_HZ)) as i64;
        let late_us = now_unix_us
            .saturating_sub(chunk.capture_unix_us)
            .saturating_sub(duration_us);
        findings.push(VerifierEvent::Chunk {
            sequence,
            late_us,
            chunk: Box::new(chunk),
        });
    }

    fn identify(&mut self, sequence: u64, bytes: &[u8], findings: &mut Vec<VerifierEvent>) {
        let received = ChunkDigest {
            bytes: bytes.len() as u64,
            sha256: hex(&Sha256::digest(bytes)),
        };
        let listed = self.listed.remove(&sequence);
        // What is listed before this one was missed for good.
        self.listed = self.listed.split_off(&sequence);
        match listed {
            Some(listed) => self.compare(sequence, &received, &listed, findings),
            None => remember(&mut self.received, sequence, received),
        }
    }

    fn compare(
        &mut self,
        sequence: u64,
        received: &ChunkDigest,
        listed: &ChunkDigest,
        findings: &mut Vec<VerifierEvent>,
    ) {
        if received == listed {
            self.totals.confirmed += 1;
        } else {
            self.totals.altered += 1;
            findings.push(VerifierEvent::Altered { sequence });
        }
    }
}

fn remember(kept: &mut BTreeMap<u64, ChunkDigest>, sequence: u64, identity: ChunkDigest) {
    kept.insert(sequence, identity);
    if kept.len() > KEPT_CHUNKS_MAX {
        kept.pop_first();
    }
}
