//! What the unit tests of more than one module need.

pub(crate) mod support;

use stentor_core::admission::Rung;

use crate::edge::Edge;
use crate::family::StreamSubscription;
use crate::stream::StreamSpec;

pub(crate) use support::spec;

/// A listener of an open stream, who joins at that rung whatever the limits say.
pub(crate) fn subscribe(edge: &Edge, path: &str, rung: Rung) -> StreamSubscription {
    let open = edge.open_stream_at(path).unwrap();
    let admitted = |_, _| Ok::<(), ()>(());
    StreamSubscription::open(open.stream, open.position, rung, admitted).unwrap()
}
