//! Streams that are one programme at different cost, and what a rung of the ladder makes of them (DESIGN §6).
//!
//! To the edge a family is an order: the first is the best, the next costs less. All number their chunks from the same
//! moment, so that where two chunks begin together a listener goes from one stream to the other without a gap.

use std::sync::{Arc, Weak};

use bytes::Bytes;
use stentor_core::admission::Rung;

use crate::stream::Stream;

/// How a listener is served from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// As on which rung.
    pub rung: Rung,
    /// How often it is sent bytes, ms.
    pub flush_ms: u32,
    /// Sound it must hold for that, ms.
    pub hold_ms: u32,
    /// This server sends for so long yet, ms: another one is to be found meanwhile.
    pub leaves_in_ms: Option<u32>,
}

impl Told {
    /// What a listener of that stream must know.
    pub(crate) fn of(stream: &Stream, rung: Rung, leaves_in_ms: Option<u32>) -> Self {
        let terms = Terms::of(stream, rung);
        Self {
            rung,
            flush_ms: terms.flush_ms,
            hold_ms: terms.burst_ms,
            leaves_in_ms,
        }
    }
}

/// Makes what tells a listener that: bytes that may stand between any two chunks.
pub type Word = fn(Told) -> Bytes;

/// What a stream knows of its family.
pub(crate) struct Kin {
    /// Its place, counted from the best.
    pub(crate) depth: u8,
    /// All of them, the best first.
    members: Arc<[Weak<Stream>]>,
    /// Whether its listeners can be told; where they cannot, those who are in stay as they are.
    pub(crate) told: bool,
}

impl Kin {
    /// Makes a family of streams, the best first.
    pub(crate) fn bind(streams: &[Arc<Stream>], told: bool) {
        let members: Arc<[_]> = streams.iter().map(Arc::downgrade).collect();
        for (depth, stream) in streams.iter().enumerate() {
            stream.bind(Self {
                depth: depth as u8,
                members: members.clone(),
                told,
            });
        }
    }

    /// The member that somebody who asked for `asked` hears at this rung: what was asked for, or less.
    pub(crate) fn at(&self, asked: u8, rung: Rung) -> Option<Arc<Stream>> {
        self.members.get(self.depth_at(asked, rung))?.upgrade()
    }

    /// Its place in the family.
    pub(crate) fn depth_at(&self, asked: u8, rung: Rung) -> usize {
        let last = self.members.len().saturating_sub(1);
        usize::from(asked).max(rung.depth()).min(last)
    }
}

/// How listeners of one stream are served at one rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// How often each is sent bytes, ms.
    pub(crate) flush_ms: u32,
    /// What a newcomer is given at once, ms.
    pub(crate) burst_ms: u32,
}

impl Terms {
    pub(crate) fn of(stream: &Stream, rung: Rung) -> Self {
        let spec = stream.spec();
        let at_rest = Self {
            flush_ms: spec.flush_ms.max(spec.chunk_ms),
            burst_ms: spec.burst_ms,
        };
        if rung == Rung::REST {
            return at_rest;
        }
        Self {
            flush_ms: at_rest.flush_ms.max(rung.flush_ms()),
            burst_ms: at_rest.burst_ms.max(rung.burst_ms()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::StreamSpec;

    fn stream(name: &str, chunk_ms: u32) -> Arc<Stream> {
        let spec = StreamSpec {
            path: format!("/e/demo/{name}"),
            live_name: Some("live.mp4".into()),
            chunk_ext: None,
            head_name: None,
            content_type: "audio/mp4".into(),
            chunk_ms,
            flush_ms: 200,
            burst_ms: 1_700,
            ring_chunks: 200,
            listeners_max: 1,
        };
        Arc::new(Stream::new(spec).unwrap())
    }

    #[test]
    fn a_rung_gives_less_than_was_asked_for_and_never_more() {
        let family = [stream("48", 200), stream("24", 400), stream("12", 1_200)];
        Kin::bind(&family, true);
        let heard = |asked: usize, rung: u8| {
            let kin = family[asked].kin().unwrap();
            let heard = kin.at(asked as u8, Rung::new(rung).unwrap()).unwrap();
            heard.spec().path.clone()
        };
        assert_eq!(heard(0, 0), "/e/demo/48");
        assert_eq!(heard(0, 1), "/e/demo/48");
        assert_eq!(heard(0, 2), "/e/demo/24");
        assert_eq!(heard(0, 3), "/e/demo/12");
        assert_eq!(heard(1, 1), "/e/demo/24");
        assert_eq!(heard(2, 0), "/e/demo/12");
    }

    #[test]
    fn a_chunk_longer_than_the_interval_is_sent_when_it_is_there_and_a_burst_outlasts_the_interval()
    {
        let low = stream("12", 1_200);
        for rung in Rung::ALL {
            let terms = Terms::of(&low, rung);
            assert_eq!(terms.flush_ms, rung.flush_ms().max(1_200));
            assert!(terms.burst_ms > terms.flush_ms + 200, "{terms:?}");
        }
    }
}
