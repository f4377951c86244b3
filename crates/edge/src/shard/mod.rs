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
//! It is not an HTTP server: there are no request bodies, no handlers and no timers here, and what is not a plain request is never
//! refused here but returned.
//!
//! | module | what |
//! |---|---|
//! | [`clock`] | time since the shard began |
//! | [`table`] | descriptor tables, and sending sockets from one to another |
//! | [`stream_buffer`] | a shard's own copy of a stream, framed for HTTP |
//! | [`listener`] | one listener: a cursor, and what it is sent when it is flushed |
//! | [`socket`] | a plain or TLS socket |
//! | [`wheel`] | when each listener is flushed |
//! | [`files`] | recordings, read without waiting for a disk |
//! | [`handoff`] | what a connection brings to a shard |
//! | [`returns`] | the way back to the accept side |
//! | [`client`], [`cohort`], [`run`] | the thread and what it does for clients and listeners |
//! | [`pool`] | all shards of a port, from outside |

mod client;
mod clock;
mod cohort;
mod files;
mod handoff;
mod listener;
mod pool;
mod returns;
mod run;
mod socket;
mod stream_buffer;
mod table;
mod wheel;

pub(crate) use handoff::{Handoff, LiveResponse, ServeAs};
pub(crate) use pool::{ShardPool, capacity};
pub(crate) use returns::{ReturnState, Returned};
