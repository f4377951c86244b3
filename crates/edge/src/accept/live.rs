//! From a connection to a listener: the answer's head, and the socket's way to a shard.
//!
//! Nothing of the connection is left here afterwards. The answer says `Connection: close`: when the programme is over, its
//! listeners go elsewhere, and each to another place.

use std::io;
use std::time::{Duration, SystemTime};

use bytes::{BufMut, Bytes, BytesMut};
use http::{Response, StatusCode, Version};
use stentor_core::admission::Rung;
use tokio::time::{Instant, sleep};

use super::Shared;
use super::socket::Transport;
use crate::counters::Refusal;
use crate::faces::raw_sentence;
use crate::shard::Newcomer;
use crate::stream::Place;

/// How long a newcomer waits for a shard that is behind. Beyond: 503.
const HAND_WITHIN: Duration = Duration::from_secs(2);

/// How often it is tried.
const HAND_AGAIN: Duration = Duration::from_millis(5);

/// An answer that is to be taken over by a shard.
pub(super) struct Live {
    pub(super) answer: Bytes,
    pub(super) chunked: bool,
    pub(super) rung: Rung,
    pub(super) place: Place,
}

/// The head of an endless answer. Without a length, so framed where the client knows how (RFC 9112 section 6.3).
pub(super) fn head(response: &Response<()>, version: Version) -> Bytes {
    let mut head = BytesMut::with_capacity(512);
    head.put_slice(b"HTTP/1.1 200 OK\r\n");
    for (name, value) in response.headers() {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            head.put_slice(part);
        }
    }
    if version != Version::HTTP_10 {
        head.put_slice(b"transfer-encoding: chunked\r\n");
    }
    let date = httpdate::fmt_http_date(SystemTime::now());
    head.put_slice(format!("connection: close\r\ndate: {date}\r\n\r\n").as_bytes());
    head.freeze()
}

/// Hands the socket over, or says why that cannot be.
pub(super) async fn hand<S>(shared: &Shared<S>, transport: Transport, live: Live) {
    let (metered, permit, tls) = transport.dissolve();
    let Some(permit) = permit else { return };
    let mut newcomer = Newcomer {
        answer: live.answer,
        chunked: live.chunked,
        rung: live.rung,
        tls,
        place: live.place,
        permit: permit.moved(),
    };
    let give_up = Instant::now() + HAND_WITHIN;
    loop {
        match shared.shards.hand(metered.tcp(), newcomer) {
            Ok(()) => return,
            Err((error, papers)) if may_pass(error.kind()) && Instant::now() < give_up => {
                newcomer = *papers;
                sleep(HAND_AGAIN).await;
            }
            Err((error, papers)) => {
                tracing::debug!(%error, "no shard takes a listener");
                shared.edge.count().refuse(Refusal::ShardsFull);
                if papers.tls.is_none() {
                    let words = raw_sentence(
                        StatusCode::SERVICE_UNAVAILABLE,
                        "This server has as many listeners as it can serve; try again in a few seconds.",
                    );
                    // An empty socket buffer takes a sentence; one that does not is let go without.
                    let _ = metered.tcp().try_write(&words);
                }
                return;
            }
        }
    }
}

/// The shard is behind, or has just panicked and another takes its place.
fn may_pass(error: io::ErrorKind) -> bool {
    matches!(
        error,
        io::ErrorKind::WouldBlock | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
    )
}
