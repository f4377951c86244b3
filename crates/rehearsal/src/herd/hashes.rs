//! Comparing what listeners received with what was published.
//!
//! A listener hashes the bytes it received and relies on no number that it was sent. Claims with the same hash are counted together,
//! so the table grows with the chunks of the last seconds and not with listeners. A chunk is listed in the published manifest
//! up to 1.2 s after it went out, so claims wait.

use std::collections::BTreeMap;

use stentor_media::package::manifest::Manifest;

/// Chunks whose claims wait for a manifest. When there is one more the oldest goes and its claims stay uncompared.
pub const CLAIMED_CHUNKS_MAX: usize = 2_048;

/// Different hashes of one chunk; further ones are counted as altered at once, since at most one can be right.
pub const HASHES_PER_CHUNK_MAX: usize = 16;

/// Chunks of manifests that are remembered: about four minutes of three renditions.
pub const LISTED_CHUNKS_MAX: usize = 2_048;

/// Which chunk: position and length in samples, which differ between renditions.
pub(crate) type ChunkName = (u64, u64);

/// What the manifests have listed.
#[derive(Debug, Default)]
pub(crate) struct PublishedHashes {
    chunks: BTreeMap<ChunkName, [u8; 32]>,
}

impl PublishedHashes {
    /// Adds the chunks of a manifest. What was listed once stays as it was: a published chunk does not change.
    pub(crate) fn add(&mut self, manifest: &Manifest) {
        let samples = u64::from(manifest.chunk_ms) * 48;
        for entry in &manifest.chunks {
            let (Some(position), Some(sha256)) =
                (entry.seq.checked_mul(samples), unhex(&entry.sha256))
            else {
                continue;
            };
            self.chunks.entry((position, samples)).or_insert(sha256);
        }
        while self.chunks.len() > LISTED_CHUNKS_MAX {
            self.chunks.pop_first();
        }
    }
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    let mut bytes = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| (pair[at] as char).to_digit(16);
        *byte = (digit(0)? << 4 | digit(1)?) as u8;
    }
    Some(bytes)
}

/// What listeners have received and nobody has compared yet.
#[derive(Debug, Default)]
pub(crate) struct HashClaims {
    waiting: BTreeMap<ChunkName, Vec<([u8; 32], u64)>>,
    outcome: HashTotals,
}

/// Results of the comparison: each claim is counted in one of the three.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HashTotals {
    /// The manifest has the same hash.
    pub confirmed: u64,
    /// The manifest has another hash.
    pub altered: u64,
    /// No manifest ever listed the chunk.
    pub uncompared: u64,
}

impl HashClaims {
    /// A listener has received this.
    pub(crate) fn claim(&mut self, chunk: ChunkName, sha256: [u8; 32]) {
        let hashes = self.waiting.entry(chunk).or_default();
        let known = hashes.len();
        match hashes.iter_mut().find(|(hash, _)| *hash == sha256) {
            Some((_, count)) => *count += 1,
            None if known == HASHES_PER_CHUNK_MAX => self.outcome.altered += 1,
            None => hashes.push((sha256, 1)),
        }
        if self.waiting.len() > CLAIMED_CHUNKS_MAX
            && let Some((_, hashes)) = self.waiting.pop_first()
        {
            self.outcome.uncompared += hashes.iter().map(|(_, count)| count).sum::<u64>();
        }
    }

    /// Compares what can be compared.
    pub(crate) fn settle(&mut self, published: &PublishedHashes) {
        let outcome = &mut self.outcome;
        self.waiting.retain(|chunk, hashes| {
            let Some(right) = published.chunks.get(chunk) else {
                return true;
            };
            for (hash, count) in hashes {
                if hash == right {
                    outcome.confirmed += *count;
                } else {
                    outcome.altered += *count;
                }
            }
            false
        });
    }

    /// Whether nothing waits.
    pub(crate) fn settled(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The results; claims that still wait count as uncompared.
    #[must_use]
    pub(crate) fn finish(self) -> HashTotals {
        let waiting = self.waiting.values().flatten();
        HashTotals {
            uncompared: self.outcome.uncompared + waiting.map(|(_, count)| count).sum::<u64>(),
            ..self.outcome
        }
    }
}

impl std::ops::AddAssign for HashTotals {
    fn add_assign(&mut self, other: Self) {
        self.confirmed += other.confirmed;
        self.altered += other.altered;
        self.uncompared += other.uncompared;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stentor_media::package::manifest::{ManifestEntry, hex};
    use stentor_media::rendition::Rendition;

    fn manifest(first: u64, hashes: &[[u8; 32]]) -> Manifest {
        let mut manifest = Manifest::new(Rendition::Full);
        let entry = |(seq, hash): (u64, &[u8; 32])| ManifestEntry {
            seq,
            len: 1,
            sha256: hex(hash),
            capture_us: 0,
        };
        manifest.chunks = (first..).zip(hashes).map(entry).collect();
        manifest
    }

    #[test]
    fn each_claim_is_confirmed_altered_or_uncompared() {
        let mut published = PublishedHashes::default();
        let mut claims = HashClaims::default();
        (0..3).for_each(|_| claims.claim((9_600, 9_600), [1; 32]));
        claims.claim((9_600, 9_600), [7; 32]);
        claims.claim((19_200, 9_600), [2; 32]);
        // The same position in another rendition is another chunk.
        claims.claim((9_600, 19_200), [1; 32]);
        claims.settle(&published);
        published.add(&manifest(1, &[[1; 32], [2; 32]]));
        claims.settle(&published);
        let outcome = claims.finish();
        assert_eq!(
            outcome,
            HashTotals {
                confirmed: 4,
                altered: 1,
                uncompared: 1
            }
        );
    }

    #[test]
    fn a_manifest_that_changes_its_mind_does_not_change_ours() {
        let mut published = PublishedHashes::default();
        published.add(&manifest(1, &[[1; 32]]));
        published.add(&manifest(1, &[[9; 32]]));
        let mut claims = HashClaims::default();
        claims.claim((9_600, 9_600), [9; 32]);
        claims.settle(&published);
        assert_eq!(claims.finish().altered, 1);
    }

    #[test]
    fn tables_stop_at_their_limits_and_no_claim_is_lost() {
        let mut claims = HashClaims::default();
        let many = CLAIMED_CHUNKS_MAX as u64 + 10;
        (0..many).for_each(|at| claims.claim((at * 9_600, 9_600), [1; 32]));
        assert_eq!(claims.waiting.len(), CLAIMED_CHUNKS_MAX);
        assert_eq!(claims.finish().uncompared, many);

        let mut claims = HashClaims::default();
        (0..=HASHES_PER_CHUNK_MAX).for_each(|hash| claims.claim((0, 9_600), [hash as u8; 32]));
        assert_eq!(claims.outcome.altered, 1);

        let mut published = PublishedHashes::default();
        let hashes = vec![[1; 32]; LISTED_CHUNKS_MAX + 5];
        published.add(&manifest(0, &hashes));
        assert_eq!(published.chunks.len(), LISTED_CHUNKS_MAX);
    }

    #[test]
    fn a_hash_that_is_none_lists_nothing() {
        let mut wrong = manifest(1, &[[1; 32]]);
        wrong.chunks[0].sha256.replace_range(0..1, "x");
        let mut published = PublishedHashes::default();
        published.add(&wrong);
        assert!(published.chunks.is_empty());
    }
}
