//! A stream as one shard serves it: its copy of the chunks, and its listeners by the rung they are served at.

use std::sync::Arc;

use stentor_core::admission::Rung;

use super::cadence::CadenceAnnouncements;
use super::stream_buffer::StreamBuffer;
use super::wheel::FlushWheel;
use crate::edge::Edge;
use crate::family::Cadence;
use crate::stream::Stream;

/// See the module.
pub(super) struct ShardStream {
    pub(super) buffer: StreamBuffer,
    /// One for each rung at which some of the listeners are served.
    pub(super) wheels: Vec<FlushWheel>,
    pub(super) cadences: CadenceAnnouncements,
}

impl ShardStream {
    pub(super) fn new(edge: &Edge, stream: &Arc<Stream>, announces: bool) -> Self {
        let mut buffer = StreamBuffer::new(stream.clone());
        buffer.sync();
        Self {
            buffer,
            wheels: Vec::new(),
            cadences: CadenceAnnouncements::encode(edge, stream, announces),
        }
    }

    pub(super) fn is_of(&self, stream: &Arc<Stream>) -> bool {
        Arc::ptr_eq(self.buffer.stream(), stream)
    }

    /// The index of the wheel of a rung, which is made when it is first needed.
    pub(super) fn wheel_at(&mut self, rung: Rung) -> usize {
        if let Some(known) = self.wheels.iter().position(|wheel| wheel.rung() == rung) {
            return known;
        }
        let stream = self.buffer.stream();
        let (flush_ms, chunk_ms) = (Cadence::of(stream, rung).flush_ms, stream.spec().chunk_ms);
        let wheel = FlushWheel::new(rung, flush_ms.into(), chunk_ms.into());
        self.wheels.push(wheel);
        self.wheels.len() - 1
    }

    /// Takes what was published, and follows the rung at which the node serves its listeners. True when all listeners are to be flushed
    /// at once because the server leaves, or because they have waited for the stream; else those are due whose slots are.
    pub(super) fn sync(&mut self, edge: &Edge, now_ms: u64) -> bool {
        let suspended = self.buffer.suspended();
        let published = self.buffer.sync();
        let resumed = suspended && !self.buffer.suspended();
        let leaves = self.cadences.refresh(edge, self.buffer.stream());
        let urgent = leaves || resumed || published && self.buffer.closing();
        // Where nothing can be announced, listeners stay at the rung at which they came.
        let announces = self.cadences.announces();
        let rung = edge.served_rung();
        for wheel in &mut self.wheels {
            if announces {
                wheel.follow(rung, now_ms);
            }
            if published && !urgent {
                wheel.request_flush();
            }
        }
        urgent
    }

    /// The rung at which somebody is served who joins at `rung`: a lower one while there is not yet enough sound to outlast the interval
    /// of that rung.
    pub(super) fn entry_rung(&self, rung: Rung) -> Rung {
        let stream = self.buffer.stream();
        let lasts = |rung: Rung| self.buffer.has_burst(Cadence::of(stream, rung).burst_ms);
        let mut rung = rung;
        while let Some(below) = rung.below().filter(|_| !lasts(rung)) {
            rung = below;
        }
        rung
    }

    pub(super) fn is_unheard(&self) -> bool {
        self.wheels.iter().all(FlushWheel::is_empty)
    }
}
