//! Shards: threads that copy one programme to hundreds of thousands of sockets, and answer plain requests for what is in memory.
//!
//! [`crate::accept`] accepts a connection and does the TLS handshake. Once the connection speaks HTTP, its socket is handed to a shard.
//! There it is a *client*: requests for documents, chunks and recordings are answered at once; a client that asks for a stream
//! becomes a *listener*, which costs a cursor; a client that asks for anything else is returned to the accept side.
//!
//! A shard is one thread with one poller and, where the system allows it, a descriptor table of its own, so that the limit of open
//! files counts per shard and not per process. Nothing is shared between shards while they send. A shard that panics cuts its own
//! connections, which reconnect; the others go on.
//!
//! It is not an HTTP server: there are no request bodies, no handlers and no timers here. A request for a handler is returned; all others
//! are answered here, also those for what is not there, and heads that are wrong.
//!
//! # Layers
//!
//! | module | what | knows |
//! |---|---|---|
//! | [`clock`] | the time since a shard began | |
//! | [`backoff`] | when a failed start may be tried again | |
//! | [`table`] | descriptor tables, sending sockets from one to another, and the rules of I/O safety | |
//! | [`local`] | an owned descriptor that must stay in its table | `table` |
//! | [`wheel`] | when each listener is flushed | |
//! | [`stream_buffer`] | a shard's own copy of a stream, framed for HTTP | |
//! | [`cadence`] | announcements of another cadence, framed | `stream_buffer` |
//! | [`shard_stream`] | a stream as a shard serves it | the three above |
//! | [`nonblocking_write`] | a socket that takes what it can | |
//! | [`lag`] | how a listener keeps up | |
//! | [`listener`] | one listener: a cursor, and what it is sent when it is flushed | `stream_buffer`, `nonblocking_write`, `lag` |
//! | [`blocked_look`] | how many listeners are blocked | |
//! | [`socket`] | a plain or TLS socket | `nonblocking_write`, `local` |
//! | [`files`] | recordings, read without waiting for a disk | `local` |
//! | [`head_pool`] | what clients keep of heads | |
//! | [`handoff`] | what a connection brings to a shard | |
//! | [`returns`] | the way back to the accept side | `table`, `local` |
//! | [`context`] | what both parts of a shard work with | `clock`, `handoff` |
//! | [`effect`] | what serving a client leaves to others | `handoff`, `socket` |
//! | [`pending`], [`client`], [`clients`] | the clients: what is left to send to one, one, all | nothing of listeners |
//! | [`listeners`] | all listeners | nothing of clients |
//! | [`run`] | the thread, and effects of clients on listeners | both |
//! | [`pool`] | all shards of a port, from outside | `run`, `returns` |

mod backoff;
mod blocked_look;
mod cadence;
mod client;
mod clients;
mod clock;
mod context;
mod effect;
mod fd_table;
mod files;
mod handoff;
mod head_pool;
mod lag;
mod listener;
mod listeners;
mod nonblocking_write;
mod pending;
mod pool;
mod returns;
mod run;
mod shard_stream;
mod socket;
mod stream_buffer;
mod table_bound;
#[cfg(test)]
mod tests;
mod wheel;

pub(crate) use handoff::{Handoff, LiveResponse, ServeAs};
pub(crate) use pool::{HandoffError, Rejected, ShardPool};
pub(crate) use returns::{ReturnState, Returned};
