//! One request: asks the faces, else the fallback, and makes the reply a body the library can write.

use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Request, Response, StatusCode, Version, request};
use http_body::Body;
use hyper::body::Incoming;
use tokio::time::timeout;

use super::body::{BodySource, ResponseBody};
use super::config::{ConnectionInfo, Fallback};
use super::context::AcceptContext;
use super::deadlines::Deadlines;
use super::file::{Opened, open};
use super::request_body::RequestBody;
use crate::counters::add;
use crate::documents::CacheClass;
use crate::edge::Edge;
use crate::faces::{self, Reply, SERVER, busy, sentence};
use crate::gate::{Ask, Attempt, judge};
use crate::heads::live_head;
use crate::limits::DOCUMENT_AWAITED_MAX;
use crate::shard::LiveResponse;

/// A body that is too large is read and discarded up to so many times its limit, so that the response is not lost to a reset.
const DISCARD_TIMES: u64 = 8;

pub(super) async fn respond<S: Fallback>(
    shared: Arc<AcceptContext<S>>,
    deadlines: Arc<Deadlines>,
    info: ConnectionInfo,
    request: Request<Incoming>,
) -> Response<ResponseBody<S::Body>> {
    let in_flight = deadlines.begin_request(!request.body().is_end_stream());
    add(&shared.edge.count().requests, 1);
    let (parts, body) = request.into_parts();
    let (mut response, kind) = match answer(&shared.edge, &parts).await {
        Reply::Whole(response) => whole(response),
        Reply::Awaited(_) => whole(busy(
            1,
            "This is being made because it was asked for; ask again in a second.",
        )),
        Reply::Live(response, subscription, rung) => {
            let chunked = parts.version != Version::HTTP_10;
            deadlines.set_live(LiveResponse {
                rung,
                head: live_head(&response, chunked),
                chunked,
                subscription,
            });
            // The connection is taken from under this request; what waits here is dropped with it.
            std::future::pending().await
        }
        Reply::File(ask) => match open(&shared.edge, &ask).await {
            Opened::Body(response, file) => (response, BodySource::File(file)),
            Opened::Whole(response) => whole(response),
        },
        Reply::Fallback => fall_back(&shared, info, Request::from_parts(parts, body)).await,
    };
    // A connection that becomes a WebSocket is no longer HTTP (RFC 9110 section 15.2.2).
    if shared.edge.is_leaving() && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        // A connection that is kept would bring its client back to us.
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response.map(|()| ResponseBody::new(kind, in_flight))
}

/// What the faces answer, once a document that is being made is there.
async fn answer(edge: &Edge, parts: &request::Parts) -> Reply {
    match faces::answer(edge, parts) {
        Reply::Awaited(document) => {
            // Made or not: what there is then is the answer.
            let _ = timeout(DOCUMENT_AWAITED_MAX, document.made()).await;
            faces::answer(edge, parts)
        }
        reply => reply,
    }
}

fn whole<B>(response: Response<Bytes>) -> (Response<()>, BodySource<B>) {
    let (parts, bytes) = response.into_parts();
    (
        Response::from_parts(parts, ()),
        BodySource::Whole(Some(bytes).filter(|b| !b.is_empty())),
    )
}

async fn fall_back<S: Fallback>(
    shared: &AcceptContext<S>,
    info: ConnectionInfo,
    request: Request<Incoming>,
) -> (Response<()>, BodySource<S::Body>) {
    let max = shared.limits.request_body_bytes_max;
    let mut request = request.map(|b| RequestBody::new(b, &shared.limits, shared.edge.clone()));
    if let Some(announced) = request.body().size_hint().exact()
        && let Err(outcome) = judge(&Attempt::new(Ask::Body {
            bytes: announced,
            bytes_max: max,
        }))
        .allowed()
    {
        shared.edge.count().refuse_if(outcome.reason());
        return too_large(shared, request, announced).await;
    }
    request.extensions_mut().insert(info);
    let mut service = shared.fallback.clone();
    let Ok(()) = poll_fn(|cx| service.poll_ready(cx)).await;
    let Ok(response) = service.call(request).await;
    let (mut parts, body) = response.into_parts();
    parts
        .headers
        .insert(header::SERVER, HeaderValue::from_static(SERVER));
    (Response::from_parts(parts, ()), BodySource::Fallback(body))
}

async fn too_large<S: Fallback>(
    shared: &AcceptContext<S>,
    request: Request<RequestBody>,
    announced: u64,
) -> (Response<()>, BodySource<S::Body>) {
    let max = shared.limits.request_body_bytes_max;
    let waits_to_be_asked = request.headers().contains_key(header::EXPECT);
    if !waits_to_be_asked {
        let body = request.into_body();
        body.discard(max.saturating_mul(DISCARD_TIMES)).await;
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
