//! The stage's WebSocket: one per open stage page.
//!
//! The token comes before the socket, among the protocols that are offered: whoever has none of this event gets an answer and no socket.
//! Older pages bring it in their first message; for those there are few places, which nobody needs who brings it before. What everybody
//! sees is sent as the newest state only, so a slow page skips states instead of piling them up.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Request as HttpRequest, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{SinkExt, StreamExt};
use stentor_core::SeatId;
use stentor_event::{Joined, OpenEvent, PAGE_MESSAGES_MAX, PageKey, PageMessage, SeatBudget};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::meter::Metered;
use super::upgrade::{Offered, Upgrade};
use super::wire::{self, ClientMessage, Request};
use crate::bearer::{bearer, unauthorised};
use crate::problem::Problem;
use crate::state::ApiState;

/// Bytes of one message of a page: two host's messages in full, with room.
const MESSAGE_BYTES_MAX: usize = 16 * 1024;
/// Bytes read from a page at once: its messages are far shorter.
const READ_BYTES: usize = 2 * 1024;
/// Bytes that may wait to be sent to a page beside the message that is being sent: states of a full stage.
const WRITE_BYTES_MAX: usize = 256 * 1024;
/// Sockets that have not said whose they are. Beyond it 503: a page that brings its token before needs no such place.
pub(crate) const STRANGERS_MAX: usize = 64;
/// How long a page may take to say who it is.
const HELLO_WITHIN: Duration = Duration::from_secs(5);
/// How often a page is pinged.
const PING_EVERY: Duration = Duration::from_secs(10);
/// A page hears something at least so often. Script cannot see pings, and a line whose path has died without a word looks like one on
/// which there is nothing to say: so there always is (`DOUBTED_MS` in `web/stage/socket.ts` counts on it).
const ALIVE_EVERY: Duration = Duration::from_millis(250);
/// A page that was not heard for so long is gone.
const SILENT_AFTER: Duration = Duration::from_secs(30);
/// How long one send may take before the page counts as gone.
const SEND_WITHIN: Duration = Duration::from_secs(5);
/// How long a page that was told why it must go may take to close its end. A connection that is dropped while something of its page is
/// on the way is reset, and the page loses what it was told.
const CLOSED_WITHIN: Duration = Duration::from_secs(5);
/// What a page is told that asks for more than it may.
const TOO_MANY: &str = "too_many";
/// What a page is told that says something else first.
const HELLO_EXPECTED: &str = "expected {\"do\":\"hello\",\"token\":…} first";

/// Whose page it is.
pub(super) struct Guest {
    pub(super) seat: SeatId,
    /// Its own number, if it has one.
    pub(super) page: Option<PageKey>,
    /// What it came with, to be looked at once more when it is in: links may be renewed meanwhile.
    pub(super) token: Option<String>,
}

/// A socket, whatever is underneath.
type Socket<T> = WebSocketStream<Metered<T>>;

/// Opens the socket of an event that is open here.
pub(crate) async fn open(
    State(state): State<Arc<ApiState>>,
    Path(slug): Path<String>,
    request: HttpRequest<Body>,
) -> Response {
    try_open(&state, &slug, request).unwrap_or_else(IntoResponse::into_response)
}

fn try_open(
    state: &ApiState,
    slug: &str,
    mut request: HttpRequest<Body>,
) -> Result<Response, Problem> {
    let event = state.event(slug)?;
    let offered = Offered::of(request.headers());
    let seat = match &offered.token {
        Some(token) => Some(event.seat_of(token).map_err(|error| unauthorised(&error))?),
        None if request.headers().contains_key(header::AUTHORIZATION) => {
            let seat = bearer(&event, request.headers())?;
            // A page asks so whether there is a server and it is let in, before it opens a socket.
            if !request.headers().contains_key(header::UPGRADE) {
                return Ok((
                    StatusCode::NO_CONTENT,
                    [(header::CACHE_CONTROL, "no-store")],
                )
                    .into_response());
            }
            Some(seat)
        }
        None => None,
    };
    let upgrade = Upgrade::of(&mut request)?;
    let page = offered.page;
    let token = offered.token.clone();
    let guest = seat.map(|seat| Guest { seat, page, token });
    let place = match guest {
        Some(_) => None,
        None => Some(Arc::clone(&state.strangers).try_acquire_owned().map_err(|_| {
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "too many connections have not said whose they are; bring the token before, or try again",
            )
            .with(header::RETRY_AFTER, "1")
        })?),
    };
    Ok(upgrade.answer(&offered, move |connection| {
        converse(connection, event, guest, place)
    }))
}

pub(super) async fn converse<T: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    connection: Metered<T>,
    event: Arc<OpenEvent>,
    guest: Option<Guest>,
    place: Option<OwnedSemaphorePermit>,
) {
    let exceeded = connection.exceeded();
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BYTES_MAX)
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX));
    let mut socket = WebSocketStream::from_raw_socket(connection, Role::Server, Some(config)).await;
    let guest = match guest {
        Some(guest) => Some(guest),
        None => hello(&mut socket, &event).await,
    };
    drop(place);
    if let Some(guest) = guest {
        // In a box of its own: whoever has not said who it is must not hold room for all that.
        Box::pin(join(socket, &event, guest, &exceeded)).await;
    }
}

async fn join<T: AsyncRead + AsyncWrite + Unpin>(
    mut socket: Socket<T>,
    event: &OpenEvent,
    guest: Guest,
    exceeded: &AtomicBool,
) {
    let (seat, key) = (guest.seat, guest.page);
    let budget = event.budget(seat);
    if !budget.take_join(Instant::now()) {
        let why = "this link opens too many pages: it may open one a second";
        let _ = send(&mut socket, wire::not_understood(TOO_MANY, why)).await;
        return event.report_flood(seat).await;
    }
    socket.get_mut().charge(Arc::clone(&budget));
    let (sender, messages) = mpsc::channel(PAGE_MESSAGES_MAX);
    let joined = match event.join(seat, key, sender).await {
        Some(Ok(joined)) => joined,
        Some(Err(_)) => {
            let _ = send(&mut socket, wire::message(&PageMessage::Removed)).await;
            return close(&mut socket).await;
        }
        None => return,
    };
    let page = joined.page;
    // From here on a renewal finds this page; one before it has made the token worthless.
    if let Some(Err(error)) = guest.token.as_deref().map(|token| event.seat_of(token)) {
        let refused = wire::not_understood("wrong_token", &error.to_string());
        event.leave(page).await;
        let _ = send(&mut socket, refused).await;
        return close(&mut socket).await;
    }
    let mut whip = format!("/api/v1/events/{}/whip?page={}", event.slug(), page.0);
    // So that the voice is known as this page's, though it comes back before the line does.
    if let Some(PageKey(key)) = key {
        let _ = write!(whip, "&key={key:032x}");
    }
    let welcome = wire::welcome(
        seat,
        joined.role,
        wire::EventForm {
            slug: event.slug(),
            title: &joined.title,
            lang: joined.lang.code(),
        },
        &whip,
        event.listen_link(),
    );
    let mut left = Left::Gone;
    if send(&mut socket, welcome).await {
        left = serve(&mut socket, event, seat, &budget, joined, messages).await;
        if left == Left::Flooding || exceeded.load(Ordering::Relaxed) {
            event.report_flood(seat).await;
        }
    }
    event.leave(page).await;
    if left == Left::Told {
        close(&mut socket).await;
    }
}

/// Waits for the first message and finds out who it is. A wrong token gets its sentence and the end.
async fn hello<T: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut Socket<T>,
    event: &OpenEvent,
) -> Option<Guest> {
    let Ok(Some(Ok(Message::Text(text)))) = timeout(HELLO_WITHIN, socket.next()).await else {
        let _ = send(socket, wire::not_understood("no_hello", HELLO_EXPECTED)).await;
        return None;
    };
    let refused = match ClientMessage::parse(&text, None) {
        Ok(Request::Hello { token, page }) => match event.seat_of(&token) {
            Ok(seat) => {
                let token = Some(token);
                return Some(Guest { seat, page, token });
            }
            Err(error) => wire::not_understood(wire::WRONG_TOKEN, &error.to_string()),
        },
        Ok(_) => wire::not_understood("no_hello", HELLO_EXPECTED),
        Err(why) => wire::not_understood("no_hello", &why),
    };
    let _ = send(socket, refused).await;
    close(socket).await;
    None
}

/// Why a page is served no longer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    /// It is gone.
    Gone,
    /// It was told why it must go.
    Told,
    /// It sends more than it may.
    Flooding,
}

async fn serve<T: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut Socket<T>,
    event: &OpenEvent,
    seat: SeatId,
    budget: &SeatBudget,
    mut joined: Joined,
    mut messages: mpsc::Receiver<PageMessage>,
) -> Left {
    let mut pings = interval(PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut alive = interval(ALIVE_EVERY);
    alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = Instant::now();
    joined.state.mark_changed();
    loop {
        let sent = tokio::select! {
            message = messages.recv() => match message {
                Some(message) if message.is_last() => {
                    let _ = send(socket, wire::message(&message)).await;
                    return Left::Told;
                }
                Some(message) => send(socket, wire::message(&message)).await,
                // The director forgot this page: it read too slowly, or the event is gone.
                None => false,
            },
            changed = joined.state.changed() => {
                if changed.is_err() { return Left::Gone }
                let state = joined.state.borrow_and_update().clone();
                alive.reset();
                send(socket, state.text(wire::state)).await
            }
            // There are none any more when the event is over, and it is still led: its replay is published, or withheld.
            Ok(()) = joined.levels.changed() => {
                let levels = joined.levels.borrow_and_update().clone();
                alive.reset();
                send(socket, levels.text(wire::levels)).await
            }
            _ = alive.tick() => send(socket, wire::alive()).await,
            _ = pings.tick() => {
                heard.elapsed() < SILENT_AFTER && send_message(socket, Message::Ping(Vec::new().into())).await
            }
            message = socket.next() => {
                heard = Instant::now();
                let Some(Ok(message)) = message else { return Left::Gone };
                if !budget.take_frame(heard) {
                    let why = format!("this page sends too much: it may send {} messages a second", SeatBudget::FRAMES_PER_S);
                    let _ = send(socket, wire::not_understood(TOO_MANY, &why)).await;
                    return Left::Flooding;
                }
                if message.is_binary() {
                    let _ = send(socket, wire::not_understood("binary", "expected text, got binary")).await;
                    return Left::Told;
                }
                obey(socket, event, seat, message).await
            }
        };
        if !sent {
            return Left::Gone;
        }
    }
}

/// Does what a page wants; `false` ends it.
async fn obey<T: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut Socket<T>,
    event: &OpenEvent,
    seat: SeatId,
    message: Message,
) -> bool {
    match message {
        Message::Text(text) => match ClientMessage::parse(&text, Some(seat)) {
            Ok(Request::Command(command)) => event.command(seat, command).await,
            Ok(Request::Hello { .. }) => true,
            Err(why) => send(socket, wire::not_understood("not_understood", &why)).await,
        },
        Message::Ping(_) | Message::Pong(_) => true,
        Message::Binary(_) | Message::Close(_) | Message::Frame(_) => false,
    }
}

/// Ends a socket in both directions; what a page still says is not obeyed.
async fn close<T: AsyncRead + AsyncWrite + Unpin>(socket: &mut Socket<T>) {
    if send_message(socket, Message::Close(None)).await {
        let rest = async { while let Some(Ok(_)) = socket.next().await {} };
        let _ = timeout(CLOSED_WITHIN, rest).await;
    }
}

async fn send<T: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut Socket<T>,
    text: impl Into<Utf8Bytes>,
) -> bool {
    send_message(socket, Message::Text(text.into())).await
}

async fn send_message<T: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut Socket<T>,
    message: Message,
) -> bool {
    matches!(timeout(SEND_WITHIN, socket.send(message)).await, Ok(Ok(())))
}
