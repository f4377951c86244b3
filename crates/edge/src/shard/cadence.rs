//! Announcements of another cadence to the listeners of one stream, encoded and framed once for all of them.

use stentor_core::admission::Rung;

use super::stream_buffer::HttpChunk;
use crate::edge::Edge;
use crate::family::Told;
use crate::stream::Stream;

/// See the module. Made anew when the server announces that it leaves, which every announcement says.
pub(super) struct CadenceFrames {
    leaves_in_ms: Option<u32>,
    by_rung: [Option<(Told, HttpChunk)>; Rung::COUNT],
}

impl CadenceFrames {
    pub(super) fn encode(edge: &Edge, stream: &Stream) -> Self {
        let leaves_in_ms = edge.leaves_in_ms();
        let framed = |rung| {
            stream.kin().filter(|kin| kin.told)?;
            let cadence = Told::of(stream, rung, leaves_in_ms);
            Some((cadence, HttpChunk::new(&edge.word(cadence)?)))
        };
        Self {
            leaves_in_ms,
            by_rung: Rung::ALL.map(framed),
        }
    }

    /// Follows the edge. True when listeners are to be told something new now.
    pub(super) fn refresh(&mut self, edge: &Edge, stream: &Stream) -> bool {
        let changed = self.leaves_in_ms != edge.leaves_in_ms();
        if changed {
            *self = Self::encode(edge, stream);
        }
        changed
    }

    /// The cadence at a rung, and its announcement; `None` where nothing can be announced.
    pub(super) fn at(&self, rung: Rung) -> Option<(Told, &HttpChunk)> {
        let (cadence, chunk) = self.by_rung[usize::from(rung.number())].as_ref()?;
        Some((*cadence, chunk))
    }
}
