//! One request: asks the faces, else the fallback, and makes the answer a body the writer can take.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Request, Response, StatusCode, Version};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::{Sleep, timeout};

use super::body::{AnswerBody, Kind};
use super::file::{Opened, open};
use super::watch::Pulse;
use super::{BoxError, Fallback, Peer, Shared};
use crate::counters::{Refusal, add};
use crate::documents::CacheClass;
use crate::edge::Edge;
use crate::faces::{self, Reply, SERVER, sentence};
use crate::heads::live_head;
use crate::limits::AcceptLimits;
use crate::shard::LiveResponse;

/// A body that is too large is read and thrown away up to so many times its limit, so that the answer is not lost.
const TOO_LARGE_READ_TIMES: u64 = 8;

pub(super) async fn respond<S: Fallback>(
    shared: Arc<Shared<S>>,
    pulse: Arc<Pulse>,
    peer: Peer,
    request: Request<Incoming>,
) -> Response<AnswerBody<S::Body>> {
    let in_flight = pulse.begin(!request.body().is_end_stream());
    add(&shared.edge.count().requests, 1);
    let (parts, body) = request.into_parts();
    let (mut response, kind) = match faces::answer(&shared.edge, &parts) {
        Reply::Whole(response) => whole(response),
        Reply::Live(response, place, rung) => {
            let chunked = parts.version != Version::HTTP_10;
            pulse.go_live(LiveResponse {
                rung,
                head: live_head(&response, chunked),
                chunked,
                place,
            });
            // The connection is taken from under this request; what waits here is dropped with it.
            std::future::pending().await
        }
        Reply::File(ask) => match open(&shared.edge, &ask).await {
            Opened::Body(response, file) => (response, Kind::File(file)),
            Opened::Whole(response) => whole(response),
        },
        Reply::NotMine => fall_back(&shared, peer, Request::from_parts(parts, body)).await,
    };
    // One that becomes a WebSocket is no HTTP connection any more (RFC 9110 section 15.2.2).
    if shared.edge.is_leaving() && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        // A connection that is kept would bring its client back to us.
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response.map(|()| AnswerBody::new(kind, in_flight))
}

fn whole<B>(response: Response<Bytes>) -> (Response<()>, Kind<B>) {
    let (parts, bytes) = response.into_parts();
    (
        Response::from_parts(parts, ()),
        Kind::Whole(Some(bytes).filter(|b| !b.is_empty())),
    )
}

async fn fall_back<S: Fallback>(
    shared: &Shared<S>,
    peer: Peer,
    request: Request<Incoming>,
) -> (Response<()>, Kind<S::Body>) {
    let max = shared.limits.request_body_bytes_max;
    let mut request = request.map(|b| RequestBody::new(b, &shared.limits, shared.edge.clone()));
    if let Some(announced) = request.body().inner.size_hint().exact()
        && announced > max
    {
        return too_large(shared, request, announced).await;
    }
    request.extensions_mut().insert(peer);
    let mut service = shared.fallback.clone();
    let Ok(()) = poll_fn(|cx| service.poll_ready(cx)).await;
    let Ok(response) = service.call(request).await;
    let (mut parts, body) = response.into_parts();
    parts
        .headers
        .insert(header::SERVER, HeaderValue::from_static(SERVER));
    (Response::from_parts(parts, ()), Kind::Fallback(body))
}

async fn too_large<S: Fallback>(
    shared: &Shared<S>,
    request: Request<RequestBody>,
    announced: u64,
) -> (Response<()>, Kind<S::Body>) {
    shared.edge.count().refuse(Refusal::BadBody);
    let max = shared.limits.request_body_bytes_max;
    let waits_to_be_asked = request.headers().contains_key(header::EXPECT);
    if !waits_to_be_asked {
        let body = request.into_body();
        body.throw_away(max.saturating_mul(TOO_LARGE_READ_TIMES))
            .await;
    }
    let mut response = sentence(
        StatusCode::PAYLOAD_TOO_LARGE,
        CacheClass::NoStore,
        &format!("A request body may have {max} bytes here; this one has {announced}."),
    );
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    whole(response)
}

/// The body of a request as the fallback gets it: bounded in bytes and in time.
pub struct RequestBody {
    inner: Incoming,
    left: u64,
    bytes_max: u64,
    limit_ms: u64,
    /// Made when the body is first waited for: most requests have none.
    deadline: Option<Pin<Box<Sleep>>>,
    edge: Edge,
}

impl RequestBody {
    fn new(inner: Incoming, limits: &AcceptLimits, edge: Edge) -> Self {
        Self {
            inner,
            left: limits.request_body_bytes_max,
            bytes_max: limits.request_body_bytes_max,
            limit_ms: limits.request_body_ms,
            deadline: None,
            edge,
        }
    }

    /// Reads and forgets up to so many bytes, within the time of a body.
    async fn throw_away(mut self, mut bytes_max: u64) {
        let reading = async {
            while let Some(Ok(frame)) = self.inner.frame().await {
                let bytes = frame.data_ref().map_or(0, |d| d.len() as u64);
                let Some(left) = bytes_max.checked_sub(bytes) else {
                    break;
                };
                bytes_max = left;
            }
        };
        let _ = timeout(Duration::from_millis(self.limit_ms), reading).await;
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let limit_ms = self.limit_ms;
        self.deadline
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(Duration::from_millis(limit_ms))))
            .as_mut()
            .poll(cx)
    }

    fn fail(&mut self, why: String) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.edge.count().refuse(Refusal::BadBody);
        Poll::Ready(Some(Err(why.into())))
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) else {
            ready!(self.poll_deadline(cx));
            let limit_ms = self.limit_ms;
            return self.fail(format!(
                "The request body took longer than {limit_ms} ms to arrive."
            ));
        };
        let Some(frame) = frame.transpose()? else {
            return Poll::Ready(None);
        };
        let bytes = frame.data_ref().map_or(0, |d| d.len() as u64);
        if bytes > self.left {
            self.left = 0;
            let max = self.bytes_max;
            return self.fail(format!("The request body has more than {max} bytes."));
        }
        self.left -= bytes;
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
