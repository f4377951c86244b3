//! One request: asks the faces, else the fallback, and makes the reply a body the library can write.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Request, Response, StatusCode, Version, request};
use http_body::Body;
use hyper::body::Incoming;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::body::{BodySource, ResponseBody};
use super::config::{ConnectionInfo, Fallback};
use super::context::AcceptContext;
use super::deadlines::Deadlines;
use super::file::{Opened, open};
use super::live_slot::LiveSlot;
use super::request_body::RequestBody;
use crate::counters::add;
use crate::documents::CacheClass;
use crate::edge::Edge;
use crate::faces::{self, Reply, busy, common_where_missing, sentence};
use crate::gate::{Ask, Attempt, judge};
use crate::heads::live_head;
use crate::limits::{DOCUMENT_AWAITED_MAX, DOCUMENTS_AWAITED_MAX};
use crate::shard::LiveResponse;

/// Places for requests that wait for a document.
static AWAITING: Semaphore = Semaphore::const_new(DOCUMENTS_AWAITED_MAX);

/// A body that is too large is read and discarded up to so many times its limit, so that the response is not lost to a reset.
const DISCARD_TIMES: u64 = 8;

/// The connection that a request came on, as far as its answer needs it.
pub(super) struct Asked {
    pub(super) deadlines: Arc<Deadlines>,
    pub(super) slot: LiveSlot,
    pub(super) info: ConnectionInfo,
}

pub(super) async fn respond<S: Fallback>(
    shared: Arc<AcceptContext<S>>,
    asked: Asked,
    request: Request<Incoming>,
) -> Response<ResponseBody<S::Body>> {
    let Asked {
        deadlines,
        slot,
        info,
    } = asked;
    let in_flight = deadlines.begin_request();
    add(&shared.edge.count().requests, 1);
    let (parts, body) = request.into_parts();
    let unread = UnreadBody::of(&parts.headers, &body);
    let (mut response, kind) = match answer(&shared.edge, &parts).await {
        Reply::Whole(response) => whole(response),
        Reply::Awaited(_) => whole(busy(
            1,
            "This is being made because it was asked for; ask again in a second.",
        )),
        Reply::Live(response, subscription, rung) => {
            let chunked = parts.version != Version::HTTP_10;
            slot.put(LiveResponse {
                rung,
                head: live_head(&response, chunked),
                chunked,
                subscription,
            });
            // The connection is taken from under this request; what waits here is dropped with it.
            std::future::pending().await
        }
        Reply::File(ask) => match open(&shared, &ask, info.addr).await {
            Opened::Body(response, file) => (response, BodySource::File(file)),
            Opened::Whole(response) => whole(response),
        },
        Reply::Fallback => {
            let request = Request::from_parts(parts, body);
            fall_back(&shared, info, request, &unread).await
        }
    };
    // A connection that is kept would bring its client back to a server that leaves. One that becomes a WebSocket is no longer HTTP (RFC
    // 9110 section 15.2.2).
    let closes = shared.edge.is_leaving() || unread.closes();
    if closes && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response.map(|()| ResponseBody::new(kind, in_flight))
}

/// Whether what follows a head can be told from what is asked next.
struct UnreadBody {
    /// Only the library knows where it ends: it is chunked, or was to become something else.
    endless: bool,
    /// There is none, or all of it was read.
    read_whole: Arc<AtomicBool>,
}

impl UnreadBody {
    fn of(headers: &HeaderMap, body: &Incoming) -> Self {
        let says = |name: header::HeaderName| headers.contains_key(name);
        Self {
            endless: says(header::TRANSFER_ENCODING) || says(header::UPGRADE),
            read_whole: Arc::new(AtomicBool::new(body.is_end_stream())),
        }
    }

    /// Whether the connection must be closed behind the answer.
    fn closes(&self) -> bool {
        self.endless || !self.read_whole.load(Ordering::Relaxed)
    }
}

/// What the faces answer, once a document that is being made is there.
async fn answer(edge: &Edge, parts: &request::Parts) -> Reply {
    let mut reply = faces::answer(edge, parts);
    if !matches!(reply, Reply::Awaited(_)) {
        return reply;
    }
    let Ok(_place) = AWAITING.try_acquire() else {
        return reply;
    };
    let deadline = Instant::now() + DOCUMENT_AWAITED_MAX;
    // What stands in the place of a promise may be another promise, by who can keep it.
    while let Reply::Awaited(document) = &reply {
        let made = timeout_at(deadline, document.made()).await;
        reply = faces::answer(edge, parts);
        if made.is_err() {
            break;
        }
    }
    reply
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
    unread: &UnreadBody,
) -> (Response<()>, BodySource<S::Body>) {
    let limits = shared.limits.body_of(request.method());
    let (max, _) = limits;
    let mut request = request.map(|body| {
        let read_whole = unread.read_whole.clone();
        let room = shared.body_bytes.clone();
        RequestBody::new(body, limits, shared.edge.clone(), read_whole, room)
    });
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
    common_where_missing(&mut parts.headers, shared.edge.is_public());
    shared.edge.tell_strict_transport(&mut parts.headers);
    (Response::from_parts(parts, ()), BodySource::Fallback(body))
}

async fn too_large<S: Fallback>(
    shared: &AcceptContext<S>,
    request: Request<RequestBody>,
    announced: u64,
) -> (Response<()>, BodySource<S::Body>) {
    let (max, _) = shared.limits.body_of(request.method());
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
