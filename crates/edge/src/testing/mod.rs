//! What the unit tests of more than one module need.

pub(crate) mod support;

use stentor_core::admission::Rung;

use crate::edge::Edge;
use crate::family::Subscription;
use crate::stream::StreamSpec;

/// A stream at `/e/demo/48` with every kind of URL, 200 ms chunks and room for a thousand listeners; tests change what they
/// are about.
pub(crate) fn spec() -> StreamSpec {
    StreamSpec {
        path: "/e/demo/48".into(),
        live_name: Some("live.mp4".into()),
        chunk_ext: Some("m4s".into()),
        head_name: Some("init.mp4".into()),
        content_type: "audio/mp4".into(),
        chunk_ms: 200,
        flush_ms: 200,
        burst_ms: 600,
        ring_chunks: 200,
        listeners_max: 1_000,
    }
}

/// A listener of an open stream, who joins at that rung whatever the limits say.
pub(crate) fn subscribe(edge: &Edge, path: &str, rung: Rung) -> Subscription {
    let open = edge.open_stream_at(path).unwrap();
    let admitted = |_, _| Ok::<(), ()>(());
    Subscription::open(open.stream, open.membership, rung, admitted).unwrap()
}
