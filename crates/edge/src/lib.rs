//! Where people listen: accepting connections and copying the same bytes to all of them.
//!
//! A *stream* is a head and numbered chunks of bytes in a [`ring`]; a *document* is a small public object that is the same
//! for everyone. [`faces`] decide, without touching a socket, what a request is answered with. [`accept`] takes connections from the
//! kernel, limits them, shakes hands, and serves what needs a library or a handler; the shards serve everything that is in memory, and
//! recordings. Whether anybody is let in is decided in one place, the [`gate`].
//!
//! The edge knows nothing of media: to it a chunk is a name, a sequence number and bytes. It knows no rooms, people or clocks of the
//! programme either; whatever is neither a stream nor a document goes to the fallback service.
//!
//! # Layers
//!
//! | module | what | knows |
//! |---|---|---|
//! | [`limits`] | every bound by name, with its unit | nothing else |
//! | [`counters`] | what came in, what was refused and why | nothing else |
//! | `gauges` | what there is now: sockets and busy time of each shard | nothing else |
//! | `path` | which paths may name anything | limits |
//! | `demand` | whether anybody asks for a programme | nothing else |
//! | [`ring`] | the last chunks of a stream | limits |
//! | [`stream`] | a named ring, and an exact count of its listeners | ring, demand |
//! | `family` | streams that are one programme at different cost; subscriptions to them | stream, the ladder's table |
//! | [`documents`] | what everyone reads: pages, playlists, status, recordings | limits, paths, demand |
//! | `edge` | the handle of everything that is served | all of the above |
//! | `load` | how loaded this node is, for the ladder | edge; `/proc`, `/sys/fs/cgroup`, getrusage |
//! | [`gate`] | who is let in, and why not | counters, limits, edge |
//! | [`faces`] | request head in, reply out | edge, gate; httparse; no socket, no runtime |
//! | `heads` | response heads as bytes | the time of day |
//! | `shard` | listeners and clients by the hundred thousand, a thread for each table of descriptors | faces, gate; mio, nix, rustix, rustls |
//! | [`accept`] | sockets, TLS, deadlines; one task per connection | all of the above; tokio, hyper, rustls |

pub mod accept;
pub mod counters;
mod demand;
pub mod documents;
mod edge;
pub mod faces;
mod family;
pub mod gate;
mod gauges;
mod heads;
pub mod limits;
mod load;
mod path;
pub mod ring;
mod shard;
pub mod stream;
#[cfg(test)]
mod testing;

pub use accept::{AcceptConfig, ConnectionInfo, Fallback, RequestBody, bind, serve, tls::Tls};
pub use counters::{EdgeStats, RefusalReason};
pub use demand::Demand;
pub use documents::{CacheClass, Document, DocumentBody, DocumentError, Documents, FileDocument};
pub use edge::{Edge, EdgeConfig, NodeRungs};
pub use family::{CadenceChange, CadenceEncoder, StreamSubscription};
pub use gate::descriptors::raise_descriptor_limit;
pub use limits::{AcceptLimits, EdgeLimits};
pub use load::LoadMeter;
pub use stream::{PublishError, Stream, StreamError, StreamSpec, StreamStats};
