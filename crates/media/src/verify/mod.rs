//! Reading back what was published, as a stranger on the network does: chunks, whole streams, and the sound itself.
//!
//! Every reader here takes bytes from outside: it is incremental, holds a bounded amount, and answers nonsense with an
//! error, never with a panic. It reads the form that [`crate::package`] writes; it is not a general MP4 demultiplexer.

mod chunks;
pub mod confidence;
mod stream;
mod tags;

pub use chunks::{
    CHUNK_BYTES_MAX, ChunkError, ChunkReader, InitSegment, Item, ReadChunk, ReadNotice,
};
pub use stream::{KEPT_CHUNKS_MAX, StreamTotals, StreamVerifier, VerifierEvent};
pub use tags::read_tags;
