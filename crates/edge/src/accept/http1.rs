//! HTTP/1.1 on one connection: its requests, its deadlines, and its rest between two requests.
//!
//! Here is served what the shards do not: bodies, handlers, clients that are not kept, and heads that are wrong. When an answer has left and nothing
//! more has come, the connection goes (back) to a shard. Where none takes it, it rests here as a socket and a deadline: what the
//! library holds for it (buffers, some 20 kB) is given back, and made anew when the next request comes.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::time::{Instant, Sleep, sleep_until};

use super::connection::asked_to_stop;
use super::hand;
use super::request::respond;
use super::socket::{Socket, Transport};
use super::watch::Pulse;
use super::{Fallback, Peer, Shared};
use crate::counters::Refusal;
use crate::limits::AcceptLimits;
use crate::shard::LiveResponse;

/// How the HTTP library's own minimum bounds its buffer, bytes.
const HEADER_BYTES_MIN: usize = 8 * 1024;

/// What comes next for a connection.
enum Next {
    /// It was closed, by either side, or is something else now.
    Over,
    /// Everything asked was answered; until more comes nothing is needed but the socket.
    Rest,
    /// Its answer is a shard's.
    Live(Box<LiveResponse>),
    /// Something took too long.
    Late(Refusal),
}

/// Serves requests until the connection ends or goes elsewhere.
pub(super) async fn serve<S: Fallback>(
    shared: &Arc<Shared<S>>,
    mut transport: Transport,
    mut ahead: Bytes,
    pulse: Arc<Pulse>,
    peer: Peer,
) {
    let service = service_fn(|request| {
        let answer = respond(shared.clone(), pulse.clone(), peer, request);
        async { Ok::<_, Infallible>(answer.await) }
    });
    let library = library(&shared.limits);
    let mut stop = pin!(asked_to_stop(shared.shutdown.clone()));
    let mut stopping = false;
    let mut alarm = Alarm {
        limits: &shared.limits,
        pulse: &pulse,
        sleep: pin!(sleep_until(Instant::now())),
    };
    loop {
        let socket = Socket::new(transport, ahead, pulse.clone(), shared.edge.clone());
        // Boxed, so that a connection at rest does not hold the room for it.
        let mut connection = Box::new(
            library
                .serve_connection(TokioIo::new(socket), &service)
                .with_upgrades(),
        );
        if stopping {
            Pin::new(&mut *connection).graceful_shutdown();
        }
        let next = poll_fn(|cx| {
            if Pin::new(&mut *connection).poll(cx).is_ready() {
                return Poll::Ready(Next::Over);
            }
            if let Some(live) = pulse.take_live() {
                return Poll::Ready(Next::Live(live));
            }
            if !stopping && stop.as_mut().poll(cx).is_ready() {
                stopping = true;
                Pin::new(&mut *connection).graceful_shutdown();
                if Pin::new(&mut *connection).poll(cx).is_ready() {
                    return Poll::Ready(Next::Over);
                }
            }
            // After the connection was polled, since that is what moves its deadline.
            if let Poll::Ready(why) = alarm.poll(cx) {
                return Poll::Ready(Next::Late(why));
            }
            if !stopping && pulse.rests() {
                return Poll::Ready(Next::Rest);
            }
            Poll::Pending
        })
        .await;
        match next {
            Next::Over => return,
            Next::Live(live) => {
                // Nothing of it was upgraded: its request is still waiting for an answer.
                let Some(parts) = connection.into_parts() else {
                    return;
                };
                let (transport, _) = parts.io.into_inner().into_parts(Bytes::new());
                // Boxed, as above.
                return Box::pin(hand::listener(shared, transport, *live)).await;
            }
            Next::Late(why) => {
                shared.edge.count().refuse(why);
                match why {
                    Refusal::WriteStall => pulse.reset_on_drop(),
                    Refusal::HeaderTimeout if pulse.is_mid_head() => pulse.give_up(),
                    _ => Pin::new(&mut *connection).graceful_shutdown(),
                }
                if why != Refusal::WriteStall {
                    // Once more, to say so or to close in order; not waited for.
                    poll_fn(|cx| {
                        let _ = Pin::new(&mut *connection).poll(cx);
                        Poll::Ready(())
                    })
                    .await;
                }
                return;
            }
            Next::Rest => {
                let Some(parts) = connection.into_parts() else {
                    return;
                };
                (transport, ahead) = parts.io.into_inner().into_parts(parts.read_buf);
                if !ahead.is_empty() {
                    continue;
                }
                match hand::client(shared, transport, peer.addr, true).await {
                    None => return,
                    Some(stays) => transport = stays,
                }
                // Whatever ends the rest is looked at again above.
                poll_fn(|cx| {
                    stopping = stop.as_mut().poll(cx).is_ready();
                    let woken = stopping
                        || transport.tcp().poll_read_ready(cx).is_ready()
                        || alarm.poll(cx).is_ready();
                    if woken {
                        Poll::Ready(())
                    } else {
                        Poll::Pending
                    }
                })
                .await;
            }
        }
    }
}

/// The HTTP library with our limits.
fn library(limits: &AcceptLimits) -> http1::Builder {
    let header_bytes_max = limits.header_bytes_max.max(HEADER_BYTES_MIN);
    let mut library = http1::Builder::new();
    // The library's own header timeout also ends idle connections and says nothing: `Pulse` tells the two apart.
    library
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_headers(limits.headers_max)
        .max_header_size(header_bytes_max)
        .max_buf_size(header_bytes_max);
    library
}

/// Goes off when a deadline of the pulse has passed.
struct Alarm<'a> {
    limits: &'a AcceptLimits,
    pulse: &'a Pulse,
    sleep: Pin<&'a mut Sleep>,
}

impl Alarm<'_> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Refusal> {
        while let Some((at, why)) = self.pulse.deadline(self.limits) {
            if at <= Instant::now() {
                return Poll::Ready(why);
            }
            // A deadline that moved away needs nothing: the alarm goes off early and is set again.
            if self.sleep.is_elapsed() || self.sleep.deadline() > at {
                self.sleep.as_mut().reset(at);
            }
            if self.sleep.as_mut().poll(cx).is_pending() {
                break;
            }
        }
        Poll::Pending
    }
}
