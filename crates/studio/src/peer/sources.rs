//! The streams (RFC 3550: sources) that one peer's sound has come as.
//!
//! A packet names its source before it has proved anything, so the table is small, and those that never proved themselves by a packet
//! that could be decrypted are forgotten first.

use crate::limits::SOURCES_PER_PEER_MAX;

#[derive(Debug, Clone, Copy)]
struct Source {
    ssrc: u32,
    /// When it last gave sound, by the table's own count; 0 if it never has.
    proved: u64,
}

/// See the [module](self).
#[derive(Debug, Default)]
pub(super) struct Sources {
    known: Vec<Source>,
    count: u64,
}

/// A source that was not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NewSource {
    /// The one that gave way to it.
    pub(super) forgotten: Option<u32>,
}

impl Sources {
    /// Notes that a packet names a source; `None` if it is known.
    pub(super) fn meet(&mut self, ssrc: u32) -> Option<NewSource> {
        if self.known.iter().any(|source| source.ssrc == ssrc) {
            return None;
        }
        let mut forgotten = None;
        if self.known.len() >= SOURCES_PER_PEER_MAX {
            // The first of equals is the oldest.
            let oldest = self.known.iter().enumerate();
            if let Some((at, _)) = oldest.min_by_key(|(_, source)| source.proved) {
                forgotten = Some(self.known.remove(at).ssrc);
            }
        }
        self.known.push(Source { ssrc, proved: 0 });
        Some(NewSource { forgotten })
    }

    /// Notes that a packet of a source could be decrypted.
    pub(super) fn proved(&mut self, ssrc: u32) {
        self.count += 1;
        if let Some(source) = self.known.iter_mut().find(|source| source.ssrc == ssrc) {
            source.proved = self.count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_sources_that_prove_nothing_forgets_none_that_gives_sound() {
        let mut sources = Sources::default();
        assert_eq!(sources.meet(1), Some(NewSource { forgotten: None }));
        sources.proved(1);
        for ssrc in 100..10_000 {
            let new = sources.meet(ssrc).unwrap();
            assert_ne!(new.forgotten, Some(1));
            assert!(sources.known.len() <= SOURCES_PER_PEER_MAX);
        }
        assert_eq!(sources.meet(1), None);
    }

    #[test]
    fn of_those_that_gave_sound_the_longest_silent_is_forgotten() {
        let mut sources = Sources::default();
        let max = SOURCES_PER_PEER_MAX as u32;
        for ssrc in 0..max {
            sources.meet(ssrc);
            sources.proved(ssrc);
        }
        sources.proved(0);
        assert_eq!(sources.meet(max), Some(NewSource { forgotten: Some(1) }));
        sources.proved(max);
        assert_eq!(
            sources.meet(max + 1),
            Some(NewSource { forgotten: Some(2) })
        );
        // A source that changes and never comes back: the table stays as it is.
        for ssrc in 1_000..2_000 {
            sources.meet(ssrc);
            sources.proved(ssrc);
            assert_eq!(sources.known.len(), SOURCES_PER_PEER_MAX);
        }
    }
}
