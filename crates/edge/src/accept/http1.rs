//! HTTP/1.1 on one connection: its requests, its deadlines, and its rest between two requests.
//!
//! Served here is what the shards do not serve: handlers, with their request bodies. When a response has left, the connection goes to a
//! shard again, with what has come behind the request. Where none takes it, it rests here as a socket and a deadline: what the library holds
//! for it (buffers, some 20 kB) is given back, and made anew for the next request.

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

use super::config::{ConnectionInfo, Fallback};
use super::context::AcceptContext;
use super::deadlines::Deadlines;
use super::dispatch::NotDispatched;
use super::http_io::HttpIo;
use super::live_slot::LiveSlot;
use super::request::{Asked, respond};
use super::{dispatch, shutdown};
use crate::faces::raw_refusal;
use crate::gate::{Ask, Attempt, Missed, Outcome, judge};
use crate::limits::AcceptLimits;
use crate::shard::LiveResponse;

/// How the HTTP library's own minimum bounds its buffer, bytes.
const HEADER_BYTES_MIN: usize = 8 * 1024;

/// What comes next for a connection.
enum Step {
    /// Nothing: it was closed, by either side, or is a WebSocket now.
    Done,
    /// All requests were answered; until more comes nothing is needed but the socket.
    Idle,
    /// It is a listener's, and a shard's from now on.
    Live(Box<LiveResponse>),
    /// It has missed a deadline.
    Late(Missed),
}

/// Serves requests until the connection ends or goes to a shard.
pub(super) async fn serve_connection<S: Fallback>(
    shared: &Arc<AcceptContext<S>>,
    client: NotDispatched,
    deadlines: Arc<Deadlines>,
    info: ConnectionInfo,
) {
    let NotDispatched {
        mut transport,
        read_ahead: mut ahead,
    } = client;
    let slot = LiveSlot::default();
    let service = service_fn(|request| {
        let asked = Asked {
            deadlines: deadlines.clone(),
            slot: slot.clone(),
            info,
        };
        let response = respond(shared.clone(), asked, request);
        async { Ok::<_, Infallible>(response.await) }
    });
    let library = library(&shared.limits);
    let mut stop = pin!(shutdown::requested(shared.shutdown.clone()));
    let mut stopping = false;
    let mut timer = DeadlineTimer {
        limits: &shared.limits,
        deadlines: &deadlines,
        sleep: pin!(sleep_until(Instant::now())),
    };
    loop {
        if let Err(outcome) = transport.admit_to_serve() {
            shared.edge.count().refuse_if(outcome.reason());
            if let Some(response) = raw_refusal(outcome) {
                // It fits into an empty socket buffer; where the buffer is not empty, the rest is dropped.
                let _ = transport.tcp().try_write(&response);
            }
            return;
        }
        let io = HttpIo::new(
            transport,
            ahead,
            deadlines.clone(),
            shared.edge.clone(),
            shared.limits.clone(),
        );
        // Boxed, so that an idle connection does not hold the room for it.
        let mut connection = Box::new(
            library
                .serve_connection(TokioIo::new(io), &service)
                .with_upgrades(),
        );
        if stopping {
            Pin::new(&mut *connection).graceful_shutdown();
        }
        let step = poll_fn(|cx| {
            if Pin::new(&mut *connection).poll(cx).is_ready() {
                return Poll::Ready(Step::Done);
            }
            if let Some(live) = slot.take() {
                return Poll::Ready(Step::Live(live));
            }
            if !stopping && stop.as_mut().poll(cx).is_ready() {
                stopping = true;
                Pin::new(&mut *connection).graceful_shutdown();
                if Pin::new(&mut *connection).poll(cx).is_ready() {
                    return Poll::Ready(Step::Done);
                }
            }
            // After the connection was polled, since that is what moves its deadline.
            if let Poll::Ready(missed) = timer.poll(cx) {
                return Poll::Ready(Step::Late(missed));
            }
            if !stopping && deadlines.is_idle() {
                return Poll::Ready(Step::Idle);
            }
            Poll::Pending
        })
        .await;
        match step {
            Step::Done => return,
            Step::Live(live) => {
                // There are no parts of an upgraded connection; this one's request is still waiting for its response.
                let Some(parts) = connection.into_parts() else {
                    return;
                };
                let (transport, _) = parts.io.into_inner().into_parts(Bytes::new());
                // Boxed, as above.
                return Box::pin(dispatch::listener(shared, transport, *live)).await;
            }
            Step::Late(missed) => {
                let outcome = refused(shared, missed, info);
                match outcome {
                    Outcome::Reset { .. } => return deadlines.reset_on_drop(),
                    Outcome::Refuse { .. } => deadlines.refuse_head(outcome),
                    Outcome::Allow | Outcome::Close { .. } => {
                        Pin::new(&mut *connection).graceful_shutdown();
                    }
                }
                // Polled once more, to write the refusal or to close in order; not waited for.
                return poll_fn(|cx| {
                    let _ = Pin::new(&mut *connection).poll(cx);
                    Poll::Ready(())
                })
                .await;
            }
            Step::Idle => {
                let Some(parts) = connection.into_parts() else {
                    return;
                };
                (transport, ahead) = parts.io.into_inner().into_parts(parts.read_buf);
                match dispatch::client(shared, transport, info.addr, true, ahead).await {
                    Ok(()) => return,
                    Err(kept) => (transport, ahead) = (kept.transport, kept.read_ahead),
                }
                if !ahead.is_empty() {
                    continue;
                }
                // Whatever ends the rest is looked at above.
                poll_fn(|cx| {
                    stopping = stop.as_mut().poll(cx).is_ready();
                    let woken = stopping
                        || transport.tcp().poll_read_ready(cx).is_ready()
                        || timer.poll(cx).is_ready();
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

/// The outcome of a missed deadline, counted.
fn refused<S>(shared: &AcceptContext<S>, missed: Missed, info: ConnectionInfo) -> Outcome {
    let outcome = judge(&Attempt::new(Ask::Time { missed }).by(info.addr.ip()));
    shared.edge.count().refuse_if(outcome.reason());
    outcome
}

/// The HTTP library with our limits.
fn library(limits: &AcceptLimits) -> http1::Builder {
    let header_bytes_max = limits.header_bytes_max.max(HEADER_BYTES_MIN);
    let mut library = http1::Builder::new();
    // The library's own header timeout also ends idle connections, and silently: `Deadlines` tells the two apart.
    library
        .timer(TokioTimer::new())
        // A client that has said everything may close its side (RFC 9112 section 9.6).
        .half_close(true)
        .header_read_timeout(None)
        .max_headers(limits.headers_max)
        .max_header_size(header_bytes_max)
        .max_buf_size(header_bytes_max);
    library
}

/// Ready when a deadline has passed.
struct DeadlineTimer<'a> {
    limits: &'a AcceptLimits,
    deadlines: &'a Deadlines,
    sleep: Pin<&'a mut Sleep>,
}

impl DeadlineTimer<'_> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Missed> {
        while let Some((at, missed)) = self.deadlines.next(self.limits) {
            if at <= Instant::now() {
                return Poll::Ready(missed);
            }
            // A deadline that moved away needs nothing: the timer fires early and is set again.
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
