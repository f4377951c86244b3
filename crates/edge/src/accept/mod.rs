//! The accept side: takes connections from the kernel, tells protocols apart, shakes hands, and serves what the shards do not.
//!
//! HTTP/1 only, one task per connection. Its way: `serve` → `connection` → `sniff` → (`tls_stream`) → `dispatch`, which hands it to
//! a shard; or, for what the shards return, `http1` → `request` → `body`. Each of them may end it.
//!
//! # Layers
//!
//! | module | what |
//! |---|---|
//! | [`tls`] | certificates |
//! | `request_body` | the body of a request, bounded |
//! | [`config`] | what a port is opened with |
//! | `shutdown` | the signal to stop |
//! | `handshake_turns` | whose handshake is computed next |
//! | `context` | what all connections of a port share |
//! | `refuse` | telling a peer why it is not served |
//! | `sniff` | which protocol the first bytes are of |
//! | `client_hello` | whether a ClientHello has come whole |
//! | `live_slot` | the answer that makes a connection a listener's |
//! | `deadlines` | by when something must have happened |
//! | `counted` | the TCP stream, counted and timed |
//! | `tls_stream` | a TLS session over it |
//! | `transport` | either of the two |
//! | `handshake` | a plain connection becomes a TLS session |
//! | `dispatch` | handing a connection to a shard |
//! | `file` | responses read from disk |
//! | `body` | what a response is made of |
//! | `request_reader` | which bytes are whose request |
//! | `http_io` | the connection as the HTTP library reads and writes it |
//! | `request` | one request |
//! | `http1` | the requests of one connection |
//! | `connection` | one connection from accept to close |
//! | `serve` | the accept loop |

mod body;
mod client_hello;
pub mod config;
mod connection;
mod context;
mod counted;
mod deadlines;
mod dispatch;
mod file;
mod handshake;
mod handshake_turns;
mod http1;
mod http_io;
mod live_slot;
mod refuse;
mod request;
mod request_body;
mod request_reader;
mod serve;
mod shutdown;
mod sniff;
pub mod tls;
mod tls_stream;
mod transport;

pub use config::{
    AcceptConfig, ConnectionInfo, ConnectionPermit, Fallback, IceTcpConnection, bind,
};
pub use request_body::{BoxError, RequestBody};
pub use serve::serve;
