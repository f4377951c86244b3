//! The accept loop of one port: takes connections from the kernel, judges each, and gives it a task; at shutdown it drains.
//!
//! Our own loop, because the stock ones set no header timeout and no limits.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore, mpsc};
use tokio::task::JoinSet;

use super::config::{AcceptConfig, Fallback};
use super::context::AcceptContext;
use super::{connection, refuse, shutdown};
use crate::counters::add;
use crate::edge::Edge;
use crate::faces::raw_refusal;
use crate::gate::{Ask, Attempt, ConnectionLimiter, FairQueue, Room, descriptors, judge};
use crate::limits::{AcceptLimits, REFUSAL_WRITES_MAX};
use crate::memory;
use crate::shard::ShardPool;

/// Connections that shards returned and that have no task yet. Beyond: they wait in the channel of their shard.
const RETURNED_MAX: usize = 256;

/// How long accepting pauses when the process has no descriptor left, ms.
const NO_DESCRIPTOR_PAUSE_MS: u64 = 50;

/// How often a port that shuts down checks whether its connections have gone, ms.
const DRAIN_POLL_MS: u64 = 10;

/// Accepts and serves until shutdown is asked for; returns when every response has finished or `shutdown_ms` has passed.
///
/// Shutdown drains the edge: the responses of its listeners end cleanly, on every port it is served on.
pub async fn serve<S: Fallback>(edge: Edge, listener: TcpListener, config: AcceptConfig<S>) {
    let limit = descriptors::limit();
    let room = Room::of(&config.limits, limit, memory::max_bytes());
    tracing::info!(
        port = listener.local_addr().map_or(0, |addr| addr.port()),
        listeners = room.connections,
        bound_by = room.bound_by,
        connections = room.accept_side,
        served = room.served,
        "what limits, descriptors and memory allow on this port: so many listeners, so many connections that are none yet, and of these so many that are served by handlers"
    );
    let limiter = Arc::new(ConnectionLimiter::new(&config.limits, room));
    let (returns, mut returned) = mpsc::channel(RETURNED_MAX);
    let shards = ShardPool::new(edge.clone(), config.limits.clone(), limit, returns);
    edge.gauges().allow(room.connections, room.accept_side);
    let mut shutdown = pin!(shutdown::requested(config.shutdown.clone()));
    let shared = Arc::new(AcceptContext {
        edge,
        limits: Arc::new(config.limits),
        tls: config.tls,
        ice_tcp: config.ice_tcp,
        fallback: config.fallback,
        shutdown: config.shutdown,
        refusal_writes: Arc::new(Semaphore::new(REFUSAL_WRITES_MAX)),
        handshakes: FairQueue::new(room.handshakes),
        body_bytes: Arc::new(Semaphore::new(room.body_bytes)),
        files: Arc::default(),
        shards,
        handing: Mutex::default(),
    });
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = shutdown.as_mut() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, addr)) => accept(&shared, &limiter, stream, addr, &mut connections),
                Err(error) => pause_after(&shared.edge, &error).await,
            },
            Some(client) = returned.recv() => {
                connections.spawn(connection::serve_returned(shared.clone(), client));
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    shared.edge.drain();
    let left = async {
        while limiter.open() > 0 || !connections.is_empty() {
            tokio::select! {
                // A connection that a shard was returning when shutdown was asked for is still served.
                Some(client) = returned.recv() => {
                    connections.spawn(connection::serve_returned(shared.clone(), client));
                }
                Some(_) = connections.join_next() => {}
                () = tokio::time::sleep(Duration::from_millis(DRAIN_POLL_MS)) => {}
            }
        }
    };
    let drain = Duration::from_millis(shared.limits.shutdown_ms);
    if tokio::time::timeout(drain, left).await.is_err() {
        tracing::info!(
            cut = limiter.open(),
            "did not finish within the time of shutdown"
        );
        connections.shutdown().await;
    }
}

/// Pauses when accepting failed for want of descriptors.
async fn pause_after(edge: &Edge, error: &io::Error) {
    // ECONNABORTED and the like concern one connection. EMFILE and ENFILE (24 and 23 on every Unix) concern all: what
    // waits stays in the backlog, and accepting again at once would only burn the processor.
    if matches!(error.raw_os_error(), Some(23 | 24)) {
        let outcome = judge(&Attempt::new(Ask::Descriptor));
        edge.count().refuse_if(outcome.reason());
        tracing::warn!("no descriptor is left for a new connection; raise `ulimit -Hn`");
        tokio::time::sleep(Duration::from_millis(NO_DESCRIPTOR_PAUSE_MS)).await;
    }
}

fn accept<S: Fallback>(
    shared: &Arc<AcceptContext<S>>,
    limiter: &Arc<ConnectionLimiter>,
    stream: TcpStream,
    addr: SocketAddr,
    connections: &mut JoinSet<()>,
) {
    add(&shared.edge.count().accepted, 1);
    match limiter.admit(addr.ip(), shared.tls.is_some()) {
        Ok(permit) => {
            tune(&stream, &shared.limits);
            let permit = permit.counted_for(shared.edge.clone());
            connections.spawn(connection::run(shared.clone(), stream, addr, permit));
        }
        Err(outcome) => {
            shared.edge.count().refuse_if(outcome.reason());
            add(&shared.edge.count().closed, 1);
            let Some(response) = raw_refusal(outcome) else {
                return;
            };
            // While `REFUSAL_WRITES_MAX` are being written, further ones are closed without a response.
            let Ok(permit) = shared.refusal_writes.clone().try_acquire_owned() else {
                return;
            };
            connections.spawn(async move {
                let _permit = permit;
                refuse::send_refusal(stream, &response).await;
            });
        }
    }
}

/// Socket options that keep latency and kernel memory low. Each helps and none is needed, so failures are ignored.
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
