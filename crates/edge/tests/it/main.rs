//! What the edge does on real sockets, by behaviour. The client is our own, so that nothing polite stands between a test
//! and the wire.

use stentor_edge::StreamSpec;

mod alone;
mod client;
mod parts;
mod server;
#[path = "../../src/testing/support.rs"]
mod support;

mod caps;
mod chunks;
mod clients;
mod demand;
mod documents;
mod fallback;
mod files;
mod handover;
mod heads;
mod ladder;
mod listening;
mod luck;
mod memory;
mod missing;
mod shutdown;
mod slow;
mod tls;
