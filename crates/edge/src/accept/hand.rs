//! A connection's way to a shard. Nothing of it is left here afterwards.

use std::net::SocketAddr;
use std::time::Duration;

use http::StatusCode;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout_at};

use super::Shared;
use super::socket::Transport;
use crate::counters::Refusal;
use crate::faces::raw_sentence;
use crate::shard::{Handoff, HandoffError, LiveResponse, Rejected, ServeAs};

/// How long somebody waits for a shard that is behind. Beyond: a listener gets 503, and a client is served here.
const HAND_WITHIN: Duration = Duration::from_secs(2);

/// How often the first of them tries.
const HAND_AGAIN: Duration = Duration::from_millis(5);

/// Hands a client over, or gives it back where no shard takes it: then it is served here.
pub(super) async fn client<S>(
    shared: &Shared<S>,
    transport: Transport,
    peer: SocketAddr,
    kept_alive: bool,
) -> Option<Transport> {
    let (mut metered, permit, tls) = transport.dissolve();
    let handoff = Handoff {
        tls,
        permit: permit?,
        serve_as: ServeAs::Client { peer, kept_alive },
    };
    let Rejected { handoff, .. } = hand(shared, metered.tcp(), handoff).await.err()?;
    metered.hold(handoff.permit);
    Some(Transport::new(metered, handoff.tls))
}

/// Hands a listener over, or says why that cannot be.
pub(super) async fn listener<S>(shared: &Shared<S>, transport: Transport, live: LiveResponse) {
    let (metered, permit, tls) = transport.dissolve();
    let Some(permit) = permit else { return };
    let handoff = Handoff {
        tls,
        permit,
        serve_as: ServeAs::Listener(live),
    };
    let Err(Rejected { error, handoff }) = hand(shared, metered.tcp(), handoff).await else {
        return;
    };
    tracing::debug!(%error, "no shard takes a listener");
    shared.edge.count().refuse(Refusal::ShardsFull);
    if handoff.tls.is_none() {
        let words = raw_sentence(
            StatusCode::SERVICE_UNAVAILABLE,
            "This server has as many listeners as it can serve; try again in a few seconds.",
        );
        // An empty socket buffer takes a sentence; one that does not is let go without.
        let _ = metered.tcp().try_write(&words);
    }
}

/// Hands a connection over, waiting for a shard that is being started or is behind, as when many come at once: to serve them on the
/// accept side would cost more. One tries, and the others wait behind it in the order in which they came.
async fn hand<S>(
    shared: &Shared<S>,
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
        handoff.permit = handoff.permit.moved();
        let Err(mut rejected) = shared.shards.hand_off(socket, handoff) else {
            return Ok(());
        };
        // While it waits, its descriptor is one of this side's.
        rejected.handoff.permit = rejected.handoff.permit.stays();
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
