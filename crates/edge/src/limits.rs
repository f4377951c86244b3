//! Every bound of the edge by name, with its unit and what happens when it is reached.
//!
//! The defaults are fit for one machine on the public internet; tests pass shorter ones.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use http::Method;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// How long a request waits for a document that is being made. Two seconds more than a playlist takes after a restart, whose first segment may
/// begin in the middle of one: players that are told 503 or 404 give up for good. And two less than the ten after which players give up
/// who are told nothing. Beyond: 503, and it may ask again in a second.
pub const DOCUMENT_AWAITED_MAX: Duration = Duration::from_secs(8);

/// Requests that wait so at once, on all ports. Beyond: 503 without waiting.
pub const DOCUMENTS_AWAITED_MAX: usize = 1_024;

/// Bounds of what the edge keeps in memory and serves.
#[derive(Clone, Debug)]
pub struct EdgeLimits {
    /// Streams open at once. Beyond: `open_stream` is refused.
    pub streams_max: usize,
    /// Documents kept at once. Beyond: `put` is refused.
    pub documents_max: usize,
    /// Bytes of all in-memory documents, every encoding counted. Beyond: `put` is refused.
    pub documents_bytes_max: u64,
    /// Answers being read from disk at once by the accept side, each holding a descriptor and 64 KiB. Beyond: 503.
    pub file_answers_max: usize,
    /// How often within one ring's length a listener may be overtaken before it is disconnected; its player reconnects.
    pub overtaken_max: u32,
}

impl Default for EdgeLimits {
    fn default() -> Self {
        Self {
            streams_max: 4096,
            documents_max: 65_536,
            documents_bytes_max: 512 * 1024 * 1024,
            file_answers_max: 128,
            overtaken_max: 5,
        }
    }
}

/// Bounds of connections: how many, for how long, and how large their heads may be.
#[derive(Clone, Debug)]
pub struct AcceptLimits {
    /// From the first byte of a request head to its end, ms. Beyond: 408, closed. Also from accept to the first byte. Beyond:
    /// closed without a response.
    pub header_ms: u64,
    /// A ClientHello, from the first byte to the last, ms; then the rest of the TLS handshake, from its first turn on. Beyond: closed.
    pub handshake_ms: u64,
    /// A kept-alive connection without a request, ms. Beyond: closed without a response.
    pub idle_ms: u64,
    /// A response of which the peer takes no byte, ms. Beyond: reset.
    pub write_stall_ms: u64,
    /// The same for a live listener, whose next chunk may be a while away, ms. Beyond: reset.
    pub live_stall_ms: u64,
    /// A request body from head to end, ms. Beyond: the handler gets an error.
    pub request_body_ms: u64,
    /// The body of a `PUT` from head to end, ms: it is a file. Beyond: the handler gets an error.
    pub put_body_ms: u64,
    /// After shutdown was asked for, how long responses may take to finish, ms. Beyond: cut.
    pub shutdown_ms: u64,
    /// A request head, bytes (at least 8,192, which is the least the parser works with). Beyond: 431.
    pub header_bytes_max: usize,
    /// Header fields in one head. Beyond: 431.
    pub headers_max: usize,
    /// A request body, bytes. Beyond: 413, or an error to the handler when the length was not announced.
    pub request_body_bytes_max: u64,
    /// The body of a `PUT`, bytes: it is a file, which handlers read of nobody whom they do not know. Beyond: as of another.
    pub put_body_bytes_max: u64,
    /// Bytes of request heads whose ends have not come, of one shard; less where there is little memory. Beyond: the one that has waited
    /// longest is refused.
    pub partial_heads_bytes_max: usize,
    /// Bytes of all request bodies that are being read; less where there is little memory. Beyond: an error to the handler.
    pub request_bodies_bytes_max: usize,
    /// Open connections of this listener. Beyond: 503 where plain HTTP is spoken, else closed.
    pub connections_max: usize,
    /// Open connections of one IPv4 /24 or IPv6 /64. Beyond: as `connections_max`.
    pub prefix_connections_max: usize,
    /// Networks without a cap per prefix: all who come through a reverse proxy have its address.
    pub proxies: Vec<IpNet>,
    /// Descriptors of the process left for everything but connections: stage, storage, files. What is left bounds the
    /// connections that no shard has.
    pub descriptor_reserve: usize,
    /// Bytes the kernel may hold for a connection beyond what is in flight (`TCP_NOTSENT_LOWAT`); less where there is little memory. Small,
    /// so that a slow listener is noticed by the ring instead of hearing the past.
    pub unsent_bytes_max: u32,
}

impl AcceptLimits {
    /// How large the body of a request with this method may be, in bytes, and how long it may take to arrive, in ms.
    pub(crate) fn body_of(&self, method: &Method) -> (u64, u64) {
        if method == Method::PUT {
            (self.put_body_bytes_max, self.put_body_ms)
        } else {
            (self.request_body_bytes_max, self.request_body_ms)
        }
    }
}

impl Default for AcceptLimits {
    fn default() -> Self {
        Self {
            header_ms: 5_000,
            handshake_ms: 5_000,
            idle_ms: 15_000,
            write_stall_ms: 10_000,
            live_stall_ms: 30_000,
            request_body_ms: 10_000,
            put_body_ms: 60_000,
            shutdown_ms: 5_000,
            header_bytes_max: 16 * 1024,
            headers_max: 64,
            request_body_bytes_max: 256 * 1024,
            put_body_bytes_max: 8 * 1024 * 1024,
            partial_heads_bytes_max: 4 * 1024 * 1024,
            request_bodies_bytes_max: 256 * 1024 * 1024,
            connections_max: 100_000,
            prefix_connections_max: 4_096,
            proxies: loopback().to_vec(),
            descriptor_reserve: 256,
            unsent_bytes_max: 16 * 1024,
        }
    }
}

/// Shards of one port: each has a descriptor table of its own, and so nearly as many sockets as a process may have descriptors.
/// Beyond: 503.
pub const SHARDS_MAX: usize = 64;

/// Recordings that one shard holds open. Beyond: those of others are read on the accept side.
pub const SHARD_FILES_MAX: usize = 16;

/// Largest chunk a ring takes, bytes. Beyond: `publish` is refused.
pub const CHUNK_BYTES_MAX: usize = 1024 * 1024;

/// Longest path of a stream or document, bytes. Beyond: `open_stream` or `put` is refused.
pub const PATH_BYTES_MAX: usize = 512;

/// Refusals being written at once, each by a task of at most a second. Beyond: closed without a response.
pub const REFUSAL_WRITES_MAX: usize = 64;

/// How long a refused peer has to take its response, ms. Beyond: closed.
pub const REFUSAL_WRITE_MS: u64 = 1_000;

/// What is read and discarded after a refusal, so that the response is not lost to a reset, bytes. Beyond: closed.
pub const LINGER_BYTES_MAX: usize = 256 * 1024;

/// What a client must have taken of an answer each `write_stall_ms`, bytes: the least rate of a download. Beyond: reset.
pub const WRITE_BYTES_MIN: u64 = 4 * 1024;

/// What a listener may send, bytes; it is read and thrown away. Beyond: the connection is closed.
pub const TALK_BYTES_MAX: u64 = 16 * 1024;

/// Bytes the kernel keeps of what a connection sends and nobody has read yet (`SO_RCVBUF`; Linux takes twice as much, for its own
/// books). Beyond: the peer has to wait. More than a request needs, and an offer or a frame of the stage.
pub const RECEIVE_BUFFER_BYTES: usize = 16 * 1024;

/// A kept-alive connection that no shard has room for, without a request, ms. Beyond: closed without a response.
pub const IDLE_ON_ACCEPT_SIDE_MS: u64 = 2_000;

/// A ClientHello with the heads of its records, bytes; those of browsers have two thousand. Beyond: closed. The kernel keeps it until it
/// is whole, so it is less than what that takes (`RECEIVE_BUFFER_BYTES`).
pub const CLIENT_HELLO_BYTES_MAX: usize = 8 * 1024;

/// Handshakes computed at once, for each processor. Beyond: they wait for their turn, each network behind its own. Several, so that
/// one network alone can keep all processors busy.
pub const HANDSHAKE_TURNS_PER_PROCESSOR: usize = 8;
/// How long a whole ClientHello may wait for its turn: longer, and whoever sent it has given up.
pub const HANDSHAKE_QUEUE_TIME: Duration = Duration::from_secs(15);

/// Backlog of the listening socket, connections; the kernel lowers it to `net.core.somaxconn`.
pub const LISTEN_BACKLOG: i32 = 4096;

/// One read from disk, bytes.
pub const FILE_READ_BYTES: usize = 64 * 1024;

/// This machine itself.
fn loopback() -> [IpNet; 2] {
    let v4 = Ipv4Net::new_assert(Ipv4Addr::LOCALHOST, 8);
    let v6 = Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128);
    [v4.into(), v6.into()]
}
