//! Announcements of another cadence to the listeners of one stream, encoded and framed once for all of them.

use stentor_core::admission::{Rung, StepReason};

use super::stream_buffer::HttpChunk;
use crate::edge::Edge;
use crate::family::CadenceChange;
use crate::stream::Stream;

/// See the module. Made anew when the server announces that it leaves, or is where it is for another reason: every announcement says both.
pub(super) struct CadenceAnnouncements {
    announces: bool,
    leaves_in_ms: Option<u32>,
    why: StepReason,
    by_rung: [Option<(CadenceChange, HttpChunk)>; Rung::COUNT],
}

impl CadenceAnnouncements {
    /// `announces` when another cadence can be announced to the listeners of that stream.
    pub(super) fn encode(edge: &Edge, stream: &Stream, announces: bool) -> Self {
        let leaves_in_ms = edge.leaves_in_ms();
        let framed = |rung| {
            if !announces {
                return None;
            }
            let cadence = CadenceChange::of(stream, rung, leaves_in_ms);
            Some((cadence, HttpChunk::new(&edge.encode_cadence(cadence)?)))
        };
        Self {
            announces,
            leaves_in_ms,
            why: edge.rungs().why,
            by_rung: Rung::ALL.map(framed),
        }
    }

    /// Whether another cadence can be announced to these listeners.
    pub(super) fn announces(&self) -> bool {
        self.announces
    }

    /// Follows the edge. True when listeners are to be told something new now.
    pub(super) fn refresh(&mut self, edge: &Edge, stream: &Stream) -> bool {
        let leaves = self.leaves_in_ms != edge.leaves_in_ms();
        // Another reason alone is told with the next change of cadence: it is no reason for bytes to everybody.
        if leaves || self.why != edge.rungs().why {
            *self = Self::encode(edge, stream, self.announces);
        }
        leaves
    }

    /// The cadence at a rung, and its announcement; `None` where nothing can be announced.
    pub(super) fn at(&self, rung: Rung) -> Option<(CadenceChange, &HttpChunk)> {
        let (cadence, chunk) = self.by_rung[usize::from(rung.number())].as_ref()?;
        Some((*cadence, chunk))
    }
}
