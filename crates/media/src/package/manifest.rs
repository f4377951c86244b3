//! The manifest: what the last chunks of a rendition must look like, for gap repair and verification.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::published::Chunk;
use crate::rendition::Rendition;

/// How far back a manifest reaches, in milliseconds of sound.
pub const MANIFEST_MS: u32 = 30_000;

/// The manifest document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this format: 1.
    pub v: u32,
    /// [`Rendition::name`].
    pub rendition: String,
    /// Length of each chunk in milliseconds.
    pub chunk_ms: u32,
    /// Oldest first, without a hole inside one run of the server.
    pub chunks: VecDeque<ManifestEntry>,
}

/// One chunk in a [`Manifest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestEntry {
    /// Sequence number.
    pub seq: u64,
    /// Length in bytes.
    pub len: u64,
    /// SHA-256 of the bytes, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// When the first sample was captured, in microseconds since 1970.
    pub capture_us: i64,
}

impl Manifest {
    /// A manifest that lists nothing yet.
    #[must_use]
    pub fn new(rendition: Rendition) -> Self {
        Self {
            v: 1,
            rendition: rendition.name().to_owned(),
            chunk_ms: rendition.chunk_ms(),
            chunks: VecDeque::with_capacity((MANIFEST_MS / rendition.chunk_ms()) as usize + 1),
        }
    }

    /// Adds the newest chunk; the oldest goes when the list reaches further back than [`MANIFEST_MS`].
    pub fn add(&mut self, chunk: &Chunk) {
        self.chunks.push_back(ManifestEntry {
            seq: chunk.sequence,
            len: chunk.bytes.len() as u64,
            sha256: hex(&chunk.sha256),
            capture_us: chunk.capture_unix_us,
        });
        if self.chunks.len() > (MANIFEST_MS / self.chunk_ms) as usize {
            self.chunks.pop_front();
        }
    }

    /// The document as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a structure of strings and numbers is always JSON")
    }
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}
