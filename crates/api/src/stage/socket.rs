//! The stage's WebSocket: one per open stage page.
//!
//! The token comes in the first message, not in the URL. What everybody sees is sent as the newest state only, so a slow
//! page skips states instead of piling them up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use stentor_core::SeatId;
use stentor_event::{Joined, OpenEvent, PAGE_MESSAGES_MAX, PageMessage};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::budget::{Budget, MESSAGES_PER_S_MAX};
use super::wire::{self, ClientMessage, Request};
use crate::problem::Problem;
use crate::state::ApiState;

/// Bytes of one message of a page: two host's messages in full, with room.
const MESSAGE_BYTES_MAX: usize = 16 * 1024;
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
/// What a page is told that says something else first.
const HELLO_EXPECTED: &str = "expected {\"do\":\"hello\",\"token\":…} first";

/// Opens the socket of an event that is open here.
pub(crate) async fn open(
    State(state): State<Arc<ApiState>>,
    Path(slug): Path<String>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    let Some(event) = state.events.event(&slug) else {
        return Problem::no_event(&slug).into_response();
    };
    match upgrade {
        Ok(upgrade) => upgrade
            .max_message_size(MESSAGE_BYTES_MAX)
            .max_frame_size(MESSAGE_BYTES_MAX)
            .on_upgrade(move |socket| async move { converse(socket, event).await }),
        Err(_) => Problem::new(
            StatusCode::UPGRADE_REQUIRED,
            "this address speaks WebSocket (RFC 6455)",
        )
        .into_response(),
    }
}

async fn converse(mut socket: WebSocket, event: Arc<OpenEvent>) {
    let Some(seat) = hello(&mut socket, &event).await else {
        return;
    };
    let (sender, messages) = mpsc::channel(PAGE_MESSAGES_MAX);
    let joined = match event.join(seat, sender).await {
        Some(Ok(joined)) => joined,
        Some(Err(_)) => {
            let _ = send(&mut socket, wire::message(&PageMessage::Removed)).await;
            return;
        }
        None => return,
    };
    let page = joined.page;
    let whip = format!("/api/v1/events/{}/whip?page={}", event.slug(), page.0);
    let welcome = wire::welcome(
        seat,
        joined.role,
        event.slug(),
        &joined.title,
        &whip,
        &event.listen_link(),
    );
    if send(&mut socket, welcome).await {
        serve(&mut socket, &event, seat, joined, messages).await;
    }
    event.leave(page).await;
}

/// Waits for the first message and finds out who it is. A wrong token gets its sentence and the end.
async fn hello(socket: &mut WebSocket, event: &OpenEvent) -> Option<SeatId> {
    let Ok(Some(Ok(Message::Text(text)))) = timeout(HELLO_WITHIN, socket.recv()).await else {
        let _ = send(socket, wire::not_understood("no_hello", HELLO_EXPECTED)).await;
        return None;
    };
    let refused = match ClientMessage::parse(&text, None) {
        Ok(Request::Hello { token }) => match event.seat_of(&token) {
            Ok(seat) => return Some(seat),
            Err(error) => wire::not_understood("wrong_token", &error.to_string()),
        },
        Ok(_) => wire::not_understood("no_hello", HELLO_EXPECTED),
        Err(why) => wire::not_understood("no_hello", &why),
    };
    let _ = send(socket, refused).await;
    None
}

async fn serve(
    socket: &mut WebSocket,
    event: &OpenEvent,
    seat: SeatId,
    mut joined: Joined,
    mut messages: mpsc::Receiver<PageMessage>,
) {
    let mut pings = interval(PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut alive = interval(ALIVE_EVERY);
    alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = Instant::now();
    let mut budget = Budget::full(heard);
    joined.state.mark_changed();
    loop {
        let sent = tokio::select! {
            message = messages.recv() => match message {
                Some(message) => send(socket, wire::message(&message)).await && !message.is_last(),
                // The director forgot this page: it read too slowly, or the event is gone.
                None => return,
            },
            changed = joined.state.changed() => {
                if changed.is_err() { return }
                let state = joined.state.borrow_and_update().clone();
                alive.reset();
                send(socket, state.text(wire::state)).await
            }
            changed = joined.levels.changed() => {
                if changed.is_err() { return }
                let levels = joined.levels.borrow_and_update().clone();
                alive.reset();
                send(socket, levels.text(wire::levels)).await
            }
            _ = alive.tick() => send(socket, wire::alive()).await,
            _ = pings.tick() => {
                heard.elapsed() < SILENT_AFTER
                    && matches!(timeout(SEND_WITHIN, socket.send(Message::Ping(Vec::new().into()))).await, Ok(Ok(())))
            }
            message = socket.recv() => {
                heard = Instant::now();
                match message {
                    Some(Ok(Message::Text(text))) if budget.take(heard) => obey(socket, event, seat, &text).await,
                    Some(Ok(Message::Text(_))) => {
                        let why = format!("this page sends too much: it may send {MESSAGES_PER_S_MAX} messages a second");
                        let _ = send(socket, wire::not_understood("too_many", &why)).await;
                        return;
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => true,
                    Some(Ok(Message::Binary(_))) => {
                        send(socket, wire::not_understood("binary", "expected text, got binary")).await
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                }
            }
        };
        if !sent {
            return;
        }
    }
}

async fn obey(socket: &mut WebSocket, event: &OpenEvent, seat: SeatId, text: &str) -> bool {
    match ClientMessage::parse(text, Some(seat)) {
        Ok(Request::Command(command)) => event.command(seat, command).await,
        Ok(Request::Hello { .. }) => true,
        Err(why) => send(socket, wire::not_understood("not_understood", &why)).await,
    }
}

async fn send(socket: &mut WebSocket, text: impl Into<Utf8Bytes>) -> bool {
    matches!(
        timeout(SEND_WITHIN, socket.send(Message::Text(text.into()))).await,
        Ok(Ok(()))
    )
}
