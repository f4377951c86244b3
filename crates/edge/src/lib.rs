//! Where people listen: accepting connections and copying the same bytes to all of them.
//!
//! A *stream* is a head and numbered chunks of bytes in a [`ring`]; a *document* is a small public object that is the same
//! for everyone. [`faces`] decide, without touching a socket, what a request is answered with. [`accept`] lets connections in: it
//! sniffs, limits, shakes hands, and serves what needs a library or a handler; the shards serve all that is in memory, and
//! recordings.
//!
//! The edge knows nothing of media: to it a chunk is a name, a sequence number and bytes (DESIGN §2, rule 4). It knows no
//! rooms, people or clocks of the programme either; whatever is not a stream or a document goes to the fallback service.
//!
//! # Layers
//!
//! | module | what | knows |
//! |---|---|---|
//! | [`ring`] | the last chunks of a stream | nothing else |
//! | [`stream`] | a named ring with its listeners, counted | the ring, its family |
//! | `family` | streams that are one programme at different cost, and what a rung makes of them | the ladder's table |
//! | `load` | how loaded this node is, for the ladder | `/proc`, `/sys/fs/cgroup`, getrusage |
//! | [`documents`] | what everyone reads: pages, playlists, status, replay | HTTP semantics |
//! | `heads` | heads of answers as bytes | the time of day |
//! | [`faces`] | request head in, reply out | HTTP semantics, httparse; no socket, no runtime |
//! | [`accept`] | sockets, TLS, deadlines, caps; one task per connection | tokio, hyper, rustls |
//! | `shard` | listeners and clients by the hundred thousand, a thread for each table of descriptors | mio, nix, rustix, rustls |

pub mod accept;
pub mod counters;
pub mod documents;
mod edge;
pub mod faces;
mod family;
mod heads;
pub mod limits;
mod load;
pub mod ring;
mod shard;
pub mod stream;
#[cfg(test)]
#[path = "../tests/it/support.rs"]
mod support;

pub use accept::{AcceptConfig, Fallback, Peer, RequestBody, bind, serve, tls::Tls};
pub use counters::{EdgeCounters, Refusal};
pub use documents::{Body, CacheClass, Document, DocumentError, Documents, FileDocument};
pub use edge::{Edge, EdgeConfig};
pub use family::{Told, Word};
pub use limits::{AcceptLimits, EdgeLimits, raise_descriptor_limit};
pub use load::LoadMeter;
pub use stream::{PublishError, Stream, StreamCounters, StreamError, StreamSpec};
