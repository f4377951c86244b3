//! Handing a connection to a shard, after which nothing of it is left on the accept side.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout_at};

use super::context::AcceptContext;
use super::transport::Transport;
use crate::faces::raw_refusal;
use crate::gate::{Ask, Attempt, judge};
use crate::shard::{Handoff, HandoffError, LiveResponse, Rejected, ServeAs};

/// How long a connection waits for a shard that is behind. Beyond: a listener gets 503, and a client is served on the accept side.
const HAND_WITHIN: Duration = Duration::from_secs(2);

/// How often the first of those that wait tries.
const HAND_AGAIN: Duration = Duration::from_millis(5);

/// A client that no shard takes.
pub(super) struct NotDispatched {
    pub(super) transport: Transport,
    pub(super) read_ahead: Bytes,
}

/// Hands a client to a shard, with the bytes that were read from it and not answered.
///
/// # Errors
/// With the client, where no shard takes it: then it is served on the accept side.
pub(super) async fn client<S>(
    shared: &AcceptContext<S>,
    transport: Transport,
    peer: SocketAddr,
    kept_alive: bool,
    read_ahead: Bytes,
) -> Result<(), NotDispatched> {
    let (mut counted, permit, tls) = transport.into_parts();
    // Without a permit it was given to somebody else already.
    let Some(permit) = permit else { return Ok(()) };
    let handoff = Handoff {
        tls,
        permit,
        serve_as: ServeAs::Client {
            peer,
            kept_alive,
            read_ahead,
        },
    };
    let Err(Rejected { handoff, .. }) = hand(shared, counted.tcp(), handoff).await else {
        return Ok(());
    };
    let Handoff {
        tls,
        permit,
        serve_as,
    } = *handoff;
    counted.hold(permit);
    let read_ahead = match serve_as {
        ServeAs::Client { read_ahead, .. } => read_ahead,
        ServeAs::Listener(_) => Bytes::new(),
    };
    Err(NotDispatched {
        transport: Transport::new(counted, tls),
        read_ahead,
    })
}

/// Hands a listener to a shard, or refuses it.
pub(super) async fn listener<S>(
    shared: &AcceptContext<S>,
    transport: Transport,
    live: LiveResponse,
) {
    let (counted, permit, tls) = transport.into_parts();
    let Some(permit) = permit else { return };
    let handoff = Handoff {
        tls,
        permit,
        serve_as: ServeAs::Listener(live),
    };
    let Err(Rejected { error, handoff }) = hand(shared, counted.tcp(), handoff).await else {
        return;
    };
    tracing::debug!(%error, "no shard takes a listener");
    let tls = handoff.tls.is_some();
    let outcome = judge(&Attempt::new(Ask::Shard { tls }));
    shared.edge.count().refuse_if(outcome.reason());
    if let Some(response) = raw_refusal(outcome) {
        // It fits into an empty socket buffer; where the buffer is not empty, the rest is dropped.
        let _ = counted.tcp().try_write(&response);
    }
}

/// Hands a connection to a shard. It waits for one that is being started or is behind, as when many come at once: to serve them on the
/// accept side would cost more. One connection tries again and again, the others wait behind it in the order in which they came.
async fn hand<S>(
    shared: &AcceptContext<S>,
    socket: &TcpStream,
    mut handoff: Handoff,
) -> Result<(), Rejected> {
    let give_up = Instant::now() + HAND_WITHIN;
    let Ok(_turn) = timeout_at(give_up, shared.handing.lock()).await else {
        return Err(Rejected::new(HandoffError::Behind, handoff));
    };
    loop {
        // Before the try, so that a start that is over in between is not missed.
        let changed = shared.shards.changed();
        handoff.permit = handoff.permit.moved_to_shard();
        let Err(mut rejected) = shared.shards.hand_off(socket, handoff) else {
            return Ok(());
        };
        // While it waits, its descriptor counts as one of the accept side.
        rejected.handoff.permit = rejected.handoff.permit.kept_here();
        if Instant::now() >= give_up {
            return Err(rejected);
        }
        match rejected.error {
            HandoffError::Starting => {
                let _ = timeout_at(give_up, changed).await;
            }
            HandoffError::Behind | HandoffError::Gone => sleep(HAND_AGAIN).await,
            HandoffError::Full { .. } | HandoffError::NotStarted { .. } | HandoffError::Send(_) => {
                return Err(rejected);
            }
        }
        handoff = *rejected.handoff;
    }
}
