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
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::Problem;
use crate::app::{OpenEvent, Running};
use crate::director::{Call, Joined, MAIL_MAX, Mail};
use crate::event::unix_ms_now;
use crate::wire::stage::{self, Ask, Asked};

/// Bytes of one message of a page: two host's messages in full, with room.
const MESSAGE_BYTES_MAX: usize = 16 * 1024;
/// Messages a page may send in a second, on average over ten; a hand on a slider stays far below.
const MESSAGES_PER_S_MAX: f64 = 20.0;
/// How long a page may take to say who it is.
const HELLO_WITHIN: Duration = Duration::from_secs(5);
/// How often a page is pinged.
const PING_EVERY: Duration = Duration::from_secs(10);
/// A page that was not heard for so long is gone.
const SILENT_AFTER: Duration = Duration::from_secs(30);
/// How long one send may take before the page counts as gone.
const SEND_WITHIN: Duration = Duration::from_secs(5);

/// Opens the socket of an event that is open here.
pub(super) async fn open(
    State(running): State<Arc<Running>>,
    Path(slug): Path<String>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    let Some(event) = running.event(&slug) else {
        return Problem::new(
            StatusCode::NOT_FOUND,
            format!("there is no event \"{slug}\" here"),
        )
        .into_response();
    };
    match upgrade {
        Ok(upgrade) => upgrade
            .max_message_size(MESSAGE_BYTES_MAX)
            .max_frame_size(MESSAGE_BYTES_MAX)
            .on_upgrade(move |socket| async move { converse(socket, running, event).await }),
        Err(_) => Problem::new(
            StatusCode::UPGRADE_REQUIRED,
            "this address speaks WebSocket (RFC 6455)",
        )
        .into_response(),
    }
}

async fn converse(mut socket: WebSocket, running: Arc<Running>, event: Arc<OpenEvent>) {
    let Some(seat) = hello(&mut socket, &running, &event).await else {
        return;
    };
    let (mailbox, mail) = mpsc::channel(MAIL_MAX);
    let (reply, joined) = oneshot::channel();
    event
        .director
        .call(Call::Join {
            seat,
            mailbox,
            reply,
        })
        .await;
    let joined = match joined.await {
        Ok(Ok(joined)) => joined,
        Ok(Err(_)) => {
            let _ = send(&mut socket, stage::removed()).await;
            return;
        }
        Err(_) => return,
    };
    let page = joined.page;
    let whip = format!("/api/v1/events/{}/whip?page={}", event.record.slug, page.0);
    let listen = event.record.listen_link(&running.base_url);
    let welcome = stage::welcome(
        seat,
        joined.role,
        &event.record.slug,
        &joined.title,
        &whip,
        &listen,
    );
    if send(&mut socket, welcome).await {
        serve(&mut socket, &event, seat, joined, mail).await;
    }
    event.director.call(Call::Leave { page }).await;
}

/// Waits for the first message and finds out who it is. A wrong token gets its sentence and the end.
async fn hello(socket: &mut WebSocket, running: &Running, event: &OpenEvent) -> Option<SeatId> {
    let Ok(Some(Ok(Message::Text(text)))) = timeout(HELLO_WITHIN, socket.recv()).await else {
        let _ = send(
            socket,
            stage::not_understood("no_hello", "expected {\"do\":\"hello\",\"token\":…} first"),
        )
        .await;
        return None;
    };
    let refused = match Ask::parse(&text, None) {
        Ok(Asked::Hello { token }) => {
            match running
                .key
                .check(&event.record.slug, &token, unix_ms_now() / 1000)
            {
                Ok(seat) => return Some(seat),
                Err(error) => stage::not_understood("wrong_token", &error.to_string()),
            }
        }
        Ok(_) => stage::not_understood("no_hello", "expected {\"do\":\"hello\",\"token\":…} first"),
        Err(why) => stage::not_understood("no_hello", &why),
    };
    let _ = send(socket, refused).await;
    None
}

async fn serve(
    socket: &mut WebSocket,
    event: &OpenEvent,
    seat: SeatId,
    mut joined: Joined,
    mut mail: mpsc::Receiver<Mail>,
) {
    let mut pings = interval(PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = Instant::now();
    let mut budget = Budget::full(heard);
    joined.state.mark_changed();
    loop {
        let sent = tokio::select! {
            personal = mail.recv() => match personal {
                Some(Mail::Text(text)) => send(socket, text).await,
                Some(Mail::Last(text)) => { let _ = send(socket, text).await; return }
                // The director forgot this page: it read too slowly, or the event is gone.
                None => return,
            },
            changed = joined.state.changed() => {
                if changed.is_err() { return }
                let state = joined.state.borrow_and_update().clone();
                send(socket, state.as_ref()).await
            }
            changed = joined.levels.changed() => {
                if changed.is_err() { return }
                let levels = joined.levels.borrow_and_update().clone();
                send(socket, levels.as_ref()).await
            }
            _ = pings.tick() => {
                heard.elapsed() < SILENT_AFTER
                    && matches!(timeout(SEND_WITHIN, socket.send(Message::Ping(Vec::new().into()))).await, Ok(Ok(())))
            }
            message = socket.recv() => {
                heard = Instant::now();
                match message {
                    Some(Ok(Message::Text(text))) if budget.take(heard) => obey(socket, event, seat, &text).await,
                    Some(Ok(Message::Text(_))) => {
                        let why = "this page sends too much: it may send 20 messages a second";
                        let _ = send(socket, stage::not_understood("too_many", why)).await;
                        return;
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => true,
                    Some(Ok(Message::Binary(_))) => {
                        send(socket, stage::not_understood("binary", "expected text, got binary")).await
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
    let call = match Ask::parse(text, Some(seat)) {
        Ok(Asked::Command(command)) => Call::Command { by: seat, command },
        Ok(Asked::Loopback(on)) => Call::Loopback { by: seat, on },
        Ok(Asked::Link(of)) => Call::Link { by: seat, seat: of },
        Ok(Asked::Hello { .. }) => return true,
        Err(why) => return send(socket, stage::not_understood("not_understood", &why)).await,
    };
    event.director.call(call).await
}

async fn send(socket: &mut WebSocket, text: impl Into<Utf8Bytes>) -> bool {
    matches!(
        timeout(SEND_WITHIN, socket.send(Message::Text(text.into()))).await,
        Ok(Ok(()))
    )
}

/// A token bucket for one page's messages.
struct Budget {
    left: f64,
    at: Instant,
}

impl Budget {
    const BURST: f64 = MESSAGES_PER_S_MAX * 10.0;

    fn full(now: Instant) -> Self {
        Self {
            left: Self::BURST,
            at: now,
        }
    }

    fn take(&mut self, now: Instant) -> bool {
        self.left =
            (self.left + (now - self.at).as_secs_f64() * MESSAGES_PER_S_MAX).min(Self::BURST);
        self.at = now;
        let allowed = self.left >= 1.0;
        if allowed {
            self.left -= 1.0;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_may_burst_and_then_sends_at_the_rate() {
        let start = Instant::now();
        let mut budget = Budget::full(start);
        assert_eq!((0..1000).filter(|_| budget.take(start)).count(), 200);
        let later = start + Duration::from_secs(1);
        assert_eq!((0..1000).filter(|_| budget.take(later)).count(), 20);
    }
}
