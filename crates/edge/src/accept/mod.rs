//! Where connections come in: accepts, tells protocols apart, limits. One task per connection, HTTP/1 only.
//!
//! Our own accept loop, because the stock ones set no header timeout and no caps. It does three things in order: caps
//! (`caps`) before anything is read; a look at the first bytes (`sniff`) without taking them; then TLS and the hand-over to a
//! shard (`hand`), or of ICE-TCP to the studio. Whom a shard sends home is served here (`http1`). Deadlines are kept in one place (`watch`).

mod body;
mod caps;
mod connection;
mod file;
mod hand;
mod http1;
mod request;
mod secured;
mod sniff;
mod socket;
pub mod tls;
mod watch;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore, mpsc, watch as channel};
use tokio::task::JoinSet;
use tower_service::Service;

pub(crate) use caps::Permit;
pub use request::RequestBody;

use crate::counters::{Refusal, add};
use crate::edge::Edge;
use crate::faces::raw_sentence;
use crate::limits::{
    AcceptLimits, FAREWELL_MS, FAREWELLS_MAX, LINGER_BYTES_MAX, LISTEN_BACKLOG, descriptor_limit,
};
use crate::shard::ShardPool;
use caps::Caps;

/// Any error that a body may end with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An accepted ICE-TCP connection with nothing consumed (non-blocking), and where it comes from.
pub type Handover = (std::net::TcpStream, SocketAddr);

/// What a connection is told for which there is no room.
pub(crate) const FULL: &str =
    "This server has as many connections as it can serve; try again in a few seconds.";

/// Clients sent home by shards and not yet taken in. Beyond: they wait on their way.
const HOMECOMERS_MAX: usize = 256;

/// How long accepting rests when the process has no descriptor left, ms.
const NO_DESCRIPTOR_PAUSE_MS: u64 = 50;

/// How often it is looked whether the listeners have left, ms.
const LEAVING_LOOK_MS: u64 = 10;

/// Who asks. The fallback finds it among the extensions of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The other end of the connection: of the proxy, where there is one in front.
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
    /// What its answers are made of.
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
    pub tls: Option<tls::Tls>,
    /// Where ICE-TCP connections go; without it they are closed.
    pub handover: Option<mpsc::Sender<Handover>>,
    /// See [`Fallback`].
    pub fallback: S,
    /// `true`, or the sender gone: stop accepting, end answers cleanly, return.
    pub shutdown: channel::Receiver<bool>,
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
    socket.bind(&addr.into())?;
    socket.listen(LISTEN_BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Returns when shutdown is asked. The guard of the value is dropped here, so that a caller can be moved between threads.
async fn told(shutdown: &mut channel::Receiver<bool>) {
    let _ = shutdown.wait_for(|down| *down).await;
}

/// What every connection of one listener shares.
struct Shared<S> {
    edge: Edge,
    limits: AcceptLimits,
    tls: Option<tls::Tls>,
    handover: Option<mpsc::Sender<Handover>>,
    fallback: S,
    shutdown: channel::Receiver<bool>,
    farewells: Arc<Semaphore>,
    shards: ShardPool,
    /// Whose turn it is to give a connection to a shard.
    handing: Mutex<()>,
}

/// Accepts and serves until shutdown is asked; returns when every answer has finished or `shutdown_ms` has passed.
///
/// Shutdown drains the edge: its listeners' answers end cleanly, on every port it is served on.
pub async fn serve<S: Fallback>(edge: Edge, listener: TcpListener, config: AcceptConfig<S>) {
    let descriptors = descriptor_limit();
    let allowed = config.limits.connections_allowed(descriptors);
    tracing::info!(
        port = listener.local_addr().map_or(0, |addr| addr.port()),
        listeners = config.limits.listeners_allowed(descriptors),
        bound_by = config.limits.listeners_bound_by(descriptors),
        connections = allowed,
        "what the limits and the descriptors of this process allow on this port: so many listeners, and so many connections that are none yet"
    );
    let caps = Arc::new(Caps::new(&config.limits, allowed));
    let (home, mut homecomers) = mpsc::channel(HOMECOMERS_MAX);
    let shards = ShardPool::new(edge.clone(), config.limits.clone(), descriptors, home);
    edge.gauges()
        .allow(config.limits.listeners_allowed(descriptors), allowed);
    let mut shutdown = config.shutdown.clone();
    let shared = Arc::new(Shared {
        edge,
        limits: config.limits,
        tls: config.tls,
        handover: config.handover,
        fallback: config.fallback,
        shutdown: config.shutdown,
        farewells: Arc::new(Semaphore::new(FAREWELLS_MAX)),
        shards,
        handing: Mutex::default(),
    });
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = told(&mut shutdown) => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, addr)) => accept(&shared, &caps, stream, addr, &mut connections),
                Err(error) => rest_after(&shared.edge, &error).await,
            },
            Some(client) = homecomers.recv() => {
                connections.spawn(connection::come_home(shared.clone(), client));
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    shared.edge.drain();
    let left = async {
        while caps.open() > 0 || !connections.is_empty() {
            tokio::select! {
                // Who was on the way home when it was asked is still answered.
                Some(client) = homecomers.recv() => {
                    connections.spawn(connection::come_home(shared.clone(), client));
                }
                Some(_) = connections.join_next() => {}
                () = tokio::time::sleep(Duration::from_millis(LEAVING_LOOK_MS)) => {}
            }
        }
    };
    let limit = Duration::from_millis(shared.limits.shutdown_ms);
    if tokio::time::timeout(limit, left).await.is_err() {
        tracing::info!(
            cut = caps.open(),
            "did not finish within the time of shutdown"
        );
        connections.shutdown().await;
    }
}

async fn rest_after(edge: &Edge, error: &io::Error) {
    // ECONNABORTED and the like concern one connection. EMFILE and ENFILE (24 and 23 on every Unix) concern all: what
    // waits stays in the backlog, and accepting at once again would only burn the processor.
    if matches!(error.raw_os_error(), Some(23 | 24)) {
        edge.count().refuse(Refusal::NoDescriptor);
        tracing::warn!("no descriptor is left for a new connection; raise `ulimit -Hn`");
        tokio::time::sleep(Duration::from_millis(NO_DESCRIPTOR_PAUSE_MS)).await;
    }
}

fn accept<S: Fallback>(
    shared: &Arc<Shared<S>>,
    caps: &Arc<Caps>,
    stream: TcpStream,
    addr: SocketAddr,
    connections: &mut JoinSet<()>,
) {
    add(&shared.edge.count().accepted, 1);
    match caps.admit(addr.ip()) {
        Ok(permit) => {
            tune(&stream, &shared.limits);
            let permit = permit.counted(shared.edge.clone());
            connections.spawn(connection::run(shared.clone(), stream, addr, permit));
        }
        Err(why) => {
            shared.edge.count().refuse(why);
            add(&shared.edge.count().closed, 1);
            let Ok(turn) = shared.farewells.clone().try_acquire_owned() else {
                return;
            };
            if shared.tls.is_some() {
                // A sentence would need a handshake, which is what there is no room for.
                return;
            }
            connections.spawn(async move {
                let _turn = turn;
                farewell(stream, &raw_sentence(StatusCode::SERVICE_UNAVAILABLE, FULL)).await;
            });
        }
    }
}

/// Socket options that keep latency and kernel memory low. Each is a help, not a need: failures are let pass.
fn tune(stream: &TcpStream, limits: &AcceptLimits) {
    let _ = stream.set_nodelay(true);
    let socket = SockRef::from(stream);
    #[cfg(target_os = "linux")]
    {
        let _ = socket.set_tcp_notsent_lowat(limits.unsent_bytes_max);
        // A peer that vanished acknowledges nothing: the kernel gives up on it as we would on one that stalls.
        let _ = socket.set_tcp_user_timeout(Some(Duration::from_millis(limits.live_stall_ms)));
    }
    let _ = (socket, limits);
}

/// Says something to a peer that is let go, and waits a moment until it has read it.
async fn farewell(mut stream: TcpStream, words: &[u8]) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let said = async {
        stream.write_all(words).await?;
        stream.shutdown().await?;
        // Closing with unread bytes sends a reset, which may overtake the words.
        let mut unread = 0;
        let mut buffer = [0; 4096];
        while unread < LINGER_BYTES_MAX {
            match stream.read(&mut buffer).await? {
                0 => break,
                n => unread += n,
            }
        }
        io::Result::Ok(())
    };
    let _ = tokio::time::timeout(Duration::from_millis(FAREWELL_MS), said).await;
}
