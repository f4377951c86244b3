//! Families: streams that are one programme at different cost, and the cadence that a rung of the ladder gives their listeners
//! (docs/design.md §6).
//!
//! To the edge a family is an order: the first stream is the best, each further one costs less. All number their chunks from the
//! same moment, so that a listener can change from one to another, without a gap, wherever two chunks begin together.

use std::sync::Arc;

use bytes::Bytes;
use stentor_core::admission::{Rung, StepReason};

use crate::prefix::PrefixShare;
use crate::stream::Stream;

/// Encodes the announcement of another cadence, and why the node is where it is: bytes that may stand between any two chunks.
pub type CadenceEncoder = fn(CadenceChange, StepReason) -> Bytes;

/// How a listener is served from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CadenceChange {
    /// The rung it is served on.
    pub rung: Rung,
    /// How often it is sent bytes, ms.
    pub flush_ms: u32,
    /// Sound its player must hold for that, ms.
    pub hold_ms: u32,
    /// This server goes on sending for so long and then exits, ms: the player is to find another one meanwhile.
    pub leaves_in_ms: Option<u32>,
}

impl CadenceChange {
    /// What a listener of that stream must know at that rung.
    pub(crate) fn of(stream: &Stream, rung: Rung, leaves_in_ms: Option<u32>) -> Self {
        let cadence = Cadence::of(stream, rung);
        Self {
            rung,
            flush_ms: cadence.flush_ms,
            hold_ms: cadence.burst_ms,
            leaves_in_ms,
        }
    }
}

/// How listeners of one stream are served at one rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cadence {
    /// How often each is sent bytes, ms.
    pub(crate) flush_ms: u32,
    /// What a new listener is given at once, ms.
    pub(crate) burst_ms: u32,
}

impl Cadence {
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

/// All streams of one programme, the best first.
pub(crate) struct Family {
    streams: Vec<Arc<Stream>>,
    /// Whether another cadence can be announced between the chunks. Where it cannot, current listeners keep theirs.
    announces: bool,
}

impl Family {
    /// Makes a family of streams, the best first; gives the position of each, in the same order.
    pub(crate) fn bind(streams: &[Arc<Stream>], announces: bool) -> Vec<FamilyPosition> {
        let family = Arc::new(Self {
            streams: streams.to_vec(),
            announces,
        });
        let member = |depth: usize| FamilyPosition {
            family: family.clone(),
            depth: depth as u8,
        };
        (0..streams.len()).map(member).collect()
    }

    /// The depth of the stream that somebody who asked for the one at `asked` hears at this rung: that one, or a cheaper one.
    fn depth_at(&self, asked: u8, rung: Rung) -> u8 {
        let last = self.streams.len().saturating_sub(1);
        usize::from(asked).max(rung.depth()).min(last) as u8
    }

    fn stream(&self, depth: u8) -> Option<&Arc<Stream>> {
        self.streams.get(usize::from(depth))
    }
}

/// The place of one stream in its family.
#[derive(Clone)]
pub(crate) struct FamilyPosition {
    family: Arc<Family>,
    /// Counted from the best.
    depth: u8,
}

/// One listener of a stream, counted by it from its making to its drop.
pub struct StreamSubscription {
    stream: Arc<Stream>,
    family: Option<Arc<Family>>,
    /// Where [`Self::stream`] is in the family.
    depth: u8,
    /// Where the stream is that was asked for.
    asked: u8,
    /// Its share of the listeners that its network may have of the stream, where that is bounded; it has no family then that it could move
    /// in.
    share: Option<Box<PrefixShare>>,
}

impl StreamSubscription {
    /// Subscribes somebody who asks for `stream`, of which this is the position, at this rung; see [`Stream::join`] for `admits`.
    pub(crate) fn open<R>(
        stream: Arc<Stream>,
        position: Option<FamilyPosition>,
        rung: Rung,
        admits: impl FnOnce(u64, u64) -> Result<(), R>,
    ) -> Result<Self, R> {
        let Some(FamilyPosition {
            family,
            depth: asked,
        }) = position
        else {
            return Self::join(stream, None, 0, 0, admits);
        };
        let depth = family.depth_at(asked, rung);
        let heard = family.stream(depth).cloned().unwrap_or(stream);
        Self::join(heard, Some(family), depth, asked, admits)
    }

    fn join<R>(
        stream: Arc<Stream>,
        family: Option<Arc<Family>>,
        depth: u8,
        asked: u8,
        admits: impl FnOnce(u64, u64) -> Result<(), R>,
    ) -> Result<Self, R> {
        stream.join(admits)?;
        Ok(Self {
            stream,
            family,
            depth,
            asked,
            share: None,
        })
    }

    /// The same, holding its share.
    pub(crate) fn with_share(mut self, share: Option<PrefixShare>) -> Self {
        self.share = share.map(Box::new);
        self
    }

    /// The stream this listener belongs on when it moves from one rung to another; its present one where that changes nothing. On
    /// the way up it gets no better rendition than it has: it may have come at a higher rung than it is served on.
    pub(crate) fn stream_at(&self, from: Rung, to: Rung) -> Arc<Stream> {
        let family = self.family.as_ref();
        let target = family.and_then(|family| family.stream(self.depth_after(from, to)));
        target.unwrap_or(&self.stream).clone()
    }

    fn depth_after(&self, from: Rung, to: Rung) -> u8 {
        let least = if to > from { self.depth } else { 0 };
        let family = self.family.as_ref();
        family.map_or(0, |family| family.depth_at(self.asked.max(least), to))
    }

    /// Whether its stream is the one for that rung, as far as it asked for it.
    pub(crate) fn belongs_at(&self, rung: Rung) -> bool {
        let family = self.family.as_ref();
        family.is_none_or(|family| family.depth_at(self.asked, rung) == self.depth)
    }

    /// The stream it asked for.
    pub(crate) fn asked(&self) -> Arc<Stream> {
        let family = self.family.as_ref();
        let asked = family.and_then(|family| family.stream(self.asked));
        asked.unwrap_or(&self.stream).clone()
    }

    /// A subscription of the same listener to the stream that [`Self::stream_at`] names.
    pub(crate) fn moved<R>(
        &self,
        from: Rung,
        to: Rung,
        admits: impl FnOnce(u64, u64) -> Result<(), R>,
    ) -> Result<Self, R> {
        let (stream, depth) = (self.stream_at(from, to), self.depth_after(from, to));
        Self::join(stream, self.family.clone(), depth, self.asked, admits)
    }

    /// The stream it hears.
    #[must_use]
    pub fn stream(&self) -> &Arc<Stream> {
        &self.stream
    }

    /// Whether another cadence can be announced to it.
    pub(crate) fn announces(&self) -> bool {
        self.family.as_ref().is_some_and(|family| family.announces)
    }
}

impl Drop for StreamSubscription {
    fn drop(&mut self) {
        self.stream.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::StreamSpec;
    use crate::testing::spec;

    fn stream(name: &str, chunk_ms: u32) -> Arc<Stream> {
        let spec = StreamSpec {
            path: format!("/e/demo/{name}"),
            chunk_ms,
            burst_ms: 1_700,
            listeners_max: 2,
            ..spec()
        };
        Arc::new(Stream::new(spec).unwrap())
    }

    fn while_there_is_room(listening: u64, max: u64) -> Result<(), u64> {
        if listening < max { Ok(()) } else { Err(max) }
    }

    fn join(
        stream: &Arc<Stream>,
        position: Option<&FamilyPosition>,
        rung: Rung,
    ) -> Option<StreamSubscription> {
        StreamSubscription::open(stream.clone(), position.cloned(), rung, while_there_is_room).ok()
    }

    #[test]
    fn a_full_stream_refuses_and_says_how_often() {
        let stream = stream("48", 200);
        let one = join(&stream, None, Rung::REST);
        let _two = join(&stream, None, Rung::REST).unwrap();
        assert!(join(&stream, None, Rung::REST).is_none());
        assert_eq!(stream.counters().refused_full, 1);
        assert_eq!(stream.listeners(), 2);
        drop(one);
        assert_eq!(stream.listeners(), 1);
        assert!(join(&stream, None, Rung::REST).is_some());
        let c = stream.counters();
        assert_eq!((c.joined, c.left, c.listening), (3, 2, 1));
    }

    #[test]
    fn a_rung_gives_less_than_was_asked_for_and_never_more() {
        let family = [stream("48", 200), stream("24", 400), stream("12", 1_200)];
        let members = Family::bind(&family, true);
        let heard = |asked: usize, rung: u8| {
            let rung = Rung::new(rung).unwrap();
            let subscription = join(&family[asked], Some(&members[asked]), rung).unwrap();
            assert!(subscription.belongs_at(rung));
            assert!(Arc::ptr_eq(&subscription.asked(), &family[asked]));
            subscription.stream().spec().path.clone()
        };
        assert_eq!(heard(0, 0), "/e/demo/48");
        assert_eq!(heard(0, 1), "/e/demo/48");
        assert_eq!(heard(0, 2), "/e/demo/24");
        assert_eq!(heard(0, 3), "/e/demo/12");
        assert_eq!(heard(1, 1), "/e/demo/24");
        assert_eq!(heard(2, 0), "/e/demo/12");
    }

    #[test]
    fn who_came_at_a_higher_rung_gets_nothing_better_on_the_way_up_and_the_best_on_the_way_down() {
        let family = [stream("48", 200), stream("24", 400), stream("12", 1_200)];
        let members = Family::bind(&family, true);
        let low = join(&family[0], Some(&members[0]), Rung::ALL[3]).unwrap();
        let path_at = |from: usize, to: usize| {
            let stream = low.stream_at(Rung::ALL[from], Rung::ALL[to]);
            stream.spec().path.clone()
        };
        assert_eq!(path_at(1, 2), "/e/demo/12");
        assert_eq!(path_at(2, 1), "/e/demo/48");
        let moved = low
            .moved(Rung::ALL[3], Rung::ALL[2], while_there_is_room)
            .unwrap();
        assert_eq!(moved.stream().spec().path, "/e/demo/24");
        assert!(moved.announces() && moved.belongs_at(Rung::ALL[2]));
        assert_eq!(family.each_ref().map(|s| s.listeners()), [0, 1, 1]);
    }

    #[test]
    fn a_chunk_longer_than_the_interval_is_sent_when_it_is_there_and_a_burst_outlasts_the_interval()
    {
        let low = stream("12", 1_200);
        for rung in Rung::ALL {
            let cadence = Cadence::of(&low, rung);
            assert_eq!(cadence.flush_ms, rung.flush_ms().max(1_200));
            assert!(cadence.burst_ms > cadence.flush_ms + 200, "{cadence:?}");
        }
    }
}
