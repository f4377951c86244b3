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
//! | `prefix` | the networks that connections come from | nothing else |
//! | `path` | which paths may name anything | limits |
//! | `heads` | response heads as bytes | the time of day |
//! | `demand` | whether anybody asks for a programme | nothing else |
//! | [`ring`] | the last chunks of a stream | limits |
//! | [`stream`] | a named ring, and an exact count of its listeners | ring, demand, prefix, heads |
//! | `family` | streams that are one programme at different cost; subscriptions to them | stream, the ladder's table |
//! | [`documents`] | what everyone reads: pages, playlists, status, recordings | limits, paths, demand, heads |
//! | `not_found` | what is answered where nothing is | documents |
//! | `edge` | the handle of everything that is served | all of the above |
//! | `memory` | how much memory this process may have and has | `/proc`, `/sys/fs/cgroup` |
//! | `load` | how loaded this node is, for the ladder | edge, memory; getrusage |
//! | [`gate`] | who is let in, and why not | counters, limits, edge, memory |
//! | [`faces`] | request head in, reply out | edge, gate; httparse; no socket, no runtime |
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
mod memory;
mod not_found;
mod path;
mod prefix;
pub mod ring;
mod shard;
pub mod stream;
#[cfg(test)]
mod testing;

pub use accept::{AcceptConfig, ConnectionInfo, Fallback, RequestBody, bind, serve, tls::Tls};
pub use counters::{EdgeStats, RefusalReason};
pub use demand::Demand;
pub use documents::{
    CacheClass, Document, DocumentBody, DocumentError, Documents, FileDocument, FilePart,
    FileParts, PartsDocument,
};
pub use edge::{Edge, EdgeConfig, NodeRungs};
pub use family::{CadenceChange, CadenceEncoder, StreamSubscription};
pub use gate::descriptors::raise_descriptor_limit;
pub use limits::{AcceptLimits, EdgeLimits};
pub use load::LoadMeter;
pub use not_found::NotFound;
pub use stream::{PublishError, Stream, StreamError, StreamSpec, StreamStats};
