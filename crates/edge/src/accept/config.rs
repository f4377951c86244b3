//! What a port is opened with: its socket, its limits, its certificate, and the service for what is neither a stream nor a document.
//! Types only; the accept loop is [`super::serve()`].

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tower_service::Service;

use super::request_body::{BoxError, RequestBody};
use super::tls::Tls;
use crate::gate::Permit;
use crate::limits::{AcceptLimits, LISTEN_BACKLOG, RECEIVE_BUFFER_BYTES};

/// An accepted ICE-TCP connection.
#[derive(Debug)]
pub struct IceTcpConnection {
    /// The connection, with nothing consumed (non-blocking).
    pub stream: std::net::TcpStream,
    /// Where it comes from.
    pub peer: SocketAddr,
    /// Its place among the connections of the port: to be dropped when it is closed, not before.
    pub permit: ConnectionPermit,
}

/// A connection's place among those of the port, and of its network. Dropped, it is free.
pub struct ConnectionPermit {
    _held: Permit,
}

impl ConnectionPermit {
    pub(super) const fn new(held: Permit) -> Self {
        Self { _held: held }
    }
}

impl fmt::Debug for ConnectionPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionPermit").finish_non_exhaustive()
    }
}

/// The connection a request came on. The fallback finds it among the extensions of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionInfo {
    /// The other end of the connection; where a proxy is in front, the proxy.
    pub addr: SocketAddr,
    /// Whether the connection is TLS on our side.
    pub tls: bool,
}

/// Answers what is neither a stream nor a document; an axum `Router` is one.
pub trait Fallback:
    Service<
        Request<RequestBody>,
        Response = Response<Self::Body>,
        Error = Infallible,
        Future: Send + 'static,
    > + Clone
    + Send
    + Sync
    + 'static
{
    /// The body of its responses.
    type Body: Body<Data = Bytes, Error: Into<BoxError>> + Unpin + Send + 'static;
}

impl<S, B> Fallback for S
where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Body = B;
}

/// How connections are accepted and served.
pub struct AcceptConfig<S> {
    /// Bounds of connections.
    pub limits: AcceptLimits,
    /// With it the port speaks TLS only, without it plain HTTP only.
    pub tls: Option<Tls>,
    /// Where accepted ICE-TCP connections go; without it they are closed.
    pub ice_tcp: Option<mpsc::Sender<IceTcpConnection>>,
    /// See [`Fallback`].
    pub fallback: S,
    /// `true`, or a sender that is gone: stop accepting, end responses cleanly, return.
    pub shutdown: watch::Receiver<bool>,
}

/// A listening socket with our backlog, reusable at once after a restart; an IPv6 address also takes IPv4 where the
/// system allows it.
///
/// # Errors
/// When the system refuses: the port is taken, or needs rights this process does not have.
pub fn bind(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    if addr.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    // Every connection has it from here. It helps and is not needed, so a failure is ignored.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES);
    socket.bind(&addr.into())?;
    socket.listen(LISTEN_BACKLOG)?;
    TcpListener::from_std(socket.into())
}
