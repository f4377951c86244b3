//! The accept loop of one port: takes connections from the kernel, judges each, and gives it a task; at shutdown it drains.
//!
//! Our own loop, because the stock ones set no header timeout and no limits.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore, mpsc};
use tokio::task::JoinSet;

use super::config::{AcceptConfig, Fallback};
use super::context::AcceptContext;
use super::handshake_turns::HandshakeTurns;
use super::{connection, refuse, shutdown};
use crate::counters::add;
use crate::edge::Edge;
use crate::faces::raw_refusal;
use crate::gate::{Ask, Attempt, ConnectionLimiter, Resources, Room, judge};
use crate::limits::{AcceptLimits, REFUSAL_WRITES_MAX};
use crate::shard::ShardPool;

/// Connections that shards returned and that have no task yet. Beyond: they wait in the channel of their shard.
const RETURNED_MAX: usize = 256;

/// How long accepting pauses when the process has no descriptor left, ms.
const NO_DESCRIPTOR_PAUSE_MS: u64 = 50;

/// How often it is said at most that there is no descriptor left; how often that happens is counted.
const WARN_EACH: Duration = Duration::from_secs(60);

/// How often a port that shuts down checks whether its connections have gone, ms.
const DRAIN_POLL_MS: u64 = 10;

/// Accepts and serves until shutdown is asked for; returns when every response has finished or `shutdown_ms` has passed.
///
/// Shutdown drains the edge: the responses of its listeners end cleanly, on every port it is served on.
pub async fn serve<S: Fallback>(edge: Edge, listener: TcpListener, config: AcceptConfig<S>) {
    let resources = Resources::of_this_process();
    let room = Room::of(&config.limits, resources, config.tls.is_some());
    // At a port of the operator's nobody listens.
    if edge.is_public() {
        announce(&room, listener.local_addr().map_or(0, |addr| addr.port()));
    }
    let limits = room.bounds(config.limits);
    let limiter = Arc::new(ConnectionLimiter::new(&limits, room));
    let (returns, mut returned) = mpsc::channel(RETURNED_MAX);
    let descriptors = resources.descriptors;
    let shards = ShardPool::new(edge.clone(), limits.clone(), descriptors, returns);
    edge.gauges().allow(room.connections, room.accept_side);
    let mut shutdown = pin!(shutdown::requested(config.shutdown.clone()));
    let shared = Arc::new(AcceptContext {
        edge,
        limits: Arc::new(limits),
        tls: config.tls,
        ice_tcp: config.ice_tcp,
        fallback: config.fallback,
        shutdown: config.shutdown,
        refusal_writes: Arc::new(Semaphore::new(REFUSAL_WRITES_MAX)),
        handshakes: HandshakeTurns::new(room.handshakes),
        body_bytes: Arc::new(Semaphore::new(room.body_bytes)),
        files: Arc::default(),
        shards,
        handing: Mutex::default(),
    });
    let mut connections = JoinSet::new();
    let mut warnings = Pace::default();
    loop {
        tokio::select! {
            () = shutdown.as_mut() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, addr)) => accept(&shared, &limiter, stream, addr, &mut connections),
                Err(error) => pause_after(&shared.edge, &error, &mut warnings).await,
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

/// Says how many may come and why not more, in a sentence of its own: a collector of logs may show nothing else.
fn announce(room: &Room, port: u16) {
    let (listeners, bound) = (room.connections, room.bound);
    tracing::info!(
        port,
        "room for {listeners} listeners, bounded by {}; raise {} for more",
        bound.name(),
        bound.raise()
    );
    tracing::debug!(port, ?room, "the room for everything");
}

/// When something that happens again and again is said: at once, and then once each [`WARN_EACH`].
#[derive(Default)]
struct Pace {
    said_at: Option<Instant>,
}

impl Pace {
    fn is_due(&mut self, now: Instant) -> bool {
        let is_due = self
            .said_at
            .is_none_or(|said_at| now.duration_since(said_at) >= WARN_EACH);
        if is_due {
            self.said_at = Some(now);
        }
        is_due
    }
}

/// Pauses when accepting failed for want of descriptors.
async fn pause_after(edge: &Edge, error: &io::Error, warnings: &mut Pace) {
    // ECONNABORTED and the like concern one connection. EMFILE and ENFILE (24 and 23 on every Unix) concern all: what
    // waits stays in the backlog, and accepting again at once would only burn the processor.
    if matches!(error.raw_os_error(), Some(23 | 24)) {
        let outcome = judge(&Attempt::new(Ask::Descriptor));
        edge.count().refuse_if(outcome.reason());
        if warnings.is_due(Instant::now()) {
            tracing::warn!("no descriptor is left for a new connection; raise `ulimit -Hn`");
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_twenty_times_a_second_is_said_once_a_minute() {
        let mut pace = Pace::default();
        let began = Instant::now();
        let moments = (0..3 * 60 * 20).map(|n| Duration::from_millis(n * NO_DESCRIPTOR_PAUSE_MS));
        let said: Vec<_> = moments
            .filter(|after| pace.is_due(began + *after))
            .map(|after| after.as_secs())
            .collect();
        assert_eq!(said, [0, 60, 120]);
    }
}
