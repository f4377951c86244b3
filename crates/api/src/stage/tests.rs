//! Sockets without a network: what one costs, and what becomes of those that send too much.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use stentor_core::conversation::{FIRST_HOST, SeatWarning};
use stentor_event::testing::TestServer;
use stentor_event::{OpenEvent, PAGE_MESSAGES_MAX, PageMessage, SeatBudget};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::meter::Metered;
use super::socket::{Guest, converse};

/// How long anything may take before a test fails, also on a busy machine.
const WITHIN: Duration = Duration::from_secs(30);

/// What a socket may cost that has not said whose it is, bytes.
const PENDING_BYTES_MAX: u64 = 8 * 1024;

type Client = WebSocketStream<DuplexStream>;

async fn event() -> (TestServer, Arc<OpenEvent>, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let server = TestServer::start(folder.path()).await;
    let event = server.event();
    (server, event, folder)
}

/// The client's end of a socket of the host.
fn raw(event: &Arc<OpenEvent>) -> DuplexStream {
    let (client, connection) = duplex(64 * 1024);
    let guest = Guest {
        seat: FIRST_HOST,
        page: None,
        token: None,
    };
    let event = Arc::clone(event);
    tokio::spawn(converse(Metered::new(connection), event, Some(guest), None));
    client
}

async fn open(event: &Arc<OpenEvent>) -> Client {
    let mut client = WebSocketStream::from_raw_socket(raw(event), Role::Client, None).await;
    let welcome = timeout(WITHIN, client.next()).await.expect("it is served");
    let text = welcome.expect("it is open").expect("a message").into_text();
    assert!(text.expect("text").contains("\"is\":\"welcome\""));
    client
}

/// Another page of the host, and whether it is told that the seat floods.
async fn told_of_flooding(messages: &mut mpsc::Receiver<PageMessage>) -> bool {
    let told = timeout(WITHIN, async {
        while let Some(message) = messages.recv().await {
            if let PageMessage::Warning {
                warning: SeatWarning::Flooding,
                on: true,
                seat,
            } = message
            {
                return seat == FIRST_HOST;
            }
        }
        false
    });
    told.await.unwrap_or(false)
}

#[test]
fn a_socket_that_has_not_said_whose_it_is_has_a_price() {
    const SOCKETS: u64 = 64;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (_server, event, _folder) = runtime.block_on(event());
    let places = Arc::new(Semaphore::new(SOCKETS as usize));
    let pipes: Vec<_> = (0..SOCKETS).map(|_| duplex(64)).collect();
    let (clients, connections): (Vec<_>, Vec<_>) = pipes.into_iter().unzip();
    let cost = allocation_counter::measure(|| {
        runtime.block_on(async {
            for connection in connections {
                let place = Arc::clone(&places).try_acquire_owned().ok();
                let event = Arc::clone(&event);
                tokio::spawn(converse(Metered::new(connection), event, None, place));
            }
            tokio::task::yield_now().await;
        });
    });
    assert_eq!(places.available_permits(), 0, "each of them waits");
    let each = u64::try_from(cost.bytes_current).expect("they take room") / SOCKETS;
    assert!(each <= PENDING_BYTES_MAX, "{each} bytes");
    // When they are gone their places are free.
    drop(clients);
    runtime.block_on(async {
        let all = places.acquire_many(SOCKETS as u32);
        let all = timeout(WITHIN, all).await.expect("they end");
        all.expect("the places are there").forget();
    });
}

#[tokio::test]
async fn frames_of_every_kind_are_counted_and_a_page_that_sends_too_many_is_closed_and_named() {
    let kinds: [fn() -> Message; 5] = [
        || Message::Ping(Vec::new().into()),
        || Message::Pong(Vec::new().into()),
        || Message::Ping(vec![7; 125].into()),
        || Message::text("{\"do\":\"loopback\",\"on\":false}"),
        || Message::text(""),
    ];
    for (n, kind) in kinds.into_iter().enumerate() {
        let (_server, event, _folder) = event().await;
        let (sender, mut messages) = mpsc::channel(PAGE_MESSAGES_MAX);
        event.join(FIRST_HOST, None, sender).await.unwrap().unwrap();
        let (mut sink, mut stream) = open(&event).await.split();
        // What it is told is read meanwhile, or the server would wait for it.
        let reads = tokio::spawn(async move { while let Some(Ok(_)) = stream.next().await {} });
        let floods = async {
            let mut sent = 0;
            while sink.send(kind()).await.is_ok() {
                sent += 1;
                assert!(sent < 5_000, "{n}: nobody stops it");
            }
        };
        timeout(WITHIN, floods).await.expect("it is closed");
        reads.await.expect("it was closed");
        assert!(told_of_flooding(&mut messages).await, "{n}");
    }
}

/// Sends texts that mean nothing until the socket is closed, `most` at most; how many of them were answered.
async fn flood(client: Client, most: usize) -> usize {
    let (mut sink, mut stream) = client.split();
    let reads = tokio::spawn(async move {
        let mut answered = 0;
        while let Some(Ok(message)) = stream.next().await {
            let text = message.into_text().unwrap_or_default();
            answered += usize::from(text.contains("\"code\":\"not_understood\""));
        }
        answered
    });
    let text = format!("{:60}", "{}");
    for _ in 0..most {
        if sink.send(Message::text(text.clone())).await.is_err() {
            break;
        }
    }
    let _ = sink.send(Message::Close(None)).await;
    timeout(WITHIN, reads).await.expect("it is closed").unwrap()
}

#[tokio::test]
async fn a_page_that_is_opened_anew_goes_on_with_what_is_left_to_its_seat() {
    let (_server, event, _folder) = event().await;
    let start = Instant::now();
    assert_eq!(flood(open(&event).await, 150).await, 150);
    let answered = flood(open(&event).await, 1_000).await;
    let come_back = start.elapsed().as_secs_f64() * f64::from(SeatBudget::FRAMES_PER_S);
    assert!(answered <= 50 + come_back.ceil() as usize, "{answered}");
}

#[tokio::test]
async fn a_link_that_opens_page_after_page_is_refused_and_named() {
    let (_server, event, _folder) = event().await;
    let (sender, _messages) = mpsc::channel(PAGE_MESSAGES_MAX);
    let mut watching = event.join(FIRST_HOST, None, sender).await.unwrap().unwrap();
    let mut refused = 0;
    for _ in 0..30 {
        let mut client = WebSocketStream::from_raw_socket(raw(&event), Role::Client, None).await;
        let first = timeout(WITHIN, client.next()).await.expect("it is served");
        let text = first.expect("it is open").expect("a message").into_text();
        let text = text.expect("text");
        if text.contains("\"code\":\"too_many\"") {
            refused += 1;
            assert!(client.next().await.is_none_or(|end| end.is_err()));
        } else {
            assert!(text.contains("\"is\":\"welcome\""), "{text}");
        }
    }
    assert!(refused > 0);
    let flooding = watching.state.wait_for(|state| {
        let host = state.value().seat(FIRST_HOST);
        host.is_some_and(|host| host.warning == Some(SeatWarning::Flooding))
    });
    let told = timeout(WITHIN, flooding).await;
    told.expect("hosts are told").expect("the event is there");
}

#[tokio::test]
async fn bytes_that_are_no_message_yet_are_counted_too() {
    // Masked frames (RFC 6455 section 5.2): the begin of a text that goes on for ever, in pieces of nothing, and the same in large pieces.
    let empty = [0x00, 0x80, 0, 0, 0, 0].repeat(1_000);
    let pings = [0x89, 0x80, 0, 0, 0, 0].repeat(1_000);
    let mut large = vec![0x00, 0xfe, 0x04, 0x00, 0, 0, 0, 0];
    large.resize(8 + 1_024, b'x');
    for (begins, piece) in [(true, empty), (false, pings), (true, large)] {
        let (_server, event, _folder) = event().await;
        let (sender, _messages) = mpsc::channel(PAGE_MESSAGES_MAX);
        event.join(FIRST_HOST, None, sender).await.unwrap().unwrap();
        let (mut reads, mut writes) = tokio::io::split(raw(&event));
        let reads = tokio::spawn(async move {
            let mut read = vec![0; 4_096];
            while reads.read(&mut read).await.is_ok_and(|read| read > 0) {}
        });
        if begins {
            writes.write_all(&[0x01, 0x80, 0, 0, 0, 0]).await.unwrap();
        }
        let floods = async {
            let mut sent = 0;
            while writes.write_all(&piece).await.is_ok() {
                sent += piece.len();
                assert!(sent < 2_000_000, "nobody stops it");
            }
        };
        timeout(WITHIN, floods).await.expect("it is closed");
        reads.await.expect("it was closed");
    }
}

#[tokio::test]
async fn what_is_not_text_ends_the_socket_after_a_word() {
    let (_server, event, _folder) = event().await;
    let mut client = open(&event).await;
    client.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    let word = |message: &Message| matches!(message, Message::Text(text) if text.contains("\"code\":\"binary\""));
    let told = async {
        while let Some(Ok(message)) = client.next().await {
            if word(&message) {
                return true;
            }
        }
        false
    };
    assert!(timeout(WITHIN, told).await.expect("it is answered"));
    // What was on its way meanwhile is still taken: whoever finds the connection dropped loses the word.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let more = Message::text("{\"do\":\"loopback\",\"on\":true}");
    client.send(more).await.expect("it is still there");
    let ends = timeout(WITHIN, client.next()).await.expect("it ends");
    assert!(matches!(ends, Some(Ok(Message::Close(_)))), "{ends:?}");
}

#[tokio::test]
async fn an_event_that_is_over_is_led_on() {
    let (server, event, _folder) = event().await;
    let (sender, _messages) = mpsc::channel(PAGE_MESSAGES_MAX);
    let joined = event.join(FIRST_HOST, None, sender).await.unwrap().unwrap();
    server.end().await;
    // Its room is closed, and nothing more is measured there.
    let mut levels = joined.levels;
    let gone = async { while levels.changed().await.is_ok() {} };
    timeout(WITHIN, gone).await.expect("it closes");
    let mut client = open(&event).await;
    let version = joined.state.borrow().value().schedule_version;
    let act =
        format!("{{\"do\":\"act\",\"act\":\"offer_replay\",\"on\":false,\"version\":{version}}}");
    client.send(Message::text(act)).await.unwrap();
    let told = async {
        while let Some(Ok(message)) = client.next().await {
            if matches!(&message, Message::Text(text) if text.contains("\"replay\":{\"on\":false"))
            {
                return true;
            }
        }
        false
    };
    assert!(timeout(WITHIN, told).await.expect("it is answered"));
}

#[tokio::test]
async fn a_busy_hand_is_served() {
    let (_server, event, _folder) = event().await;
    let mut client = open(&event).await;
    for n in 0..150 {
        let text = format!("{{\"do\":\"loopback\",\"on\":{}}}", n % 2 == 0);
        client.send(Message::text(text)).await.unwrap();
    }
    client.send(Message::Ping(vec![1].into())).await.unwrap();
    let answered = async {
        while let Some(Ok(message)) = client.next().await {
            if matches!(message, Message::Pong(_)) {
                return true;
            }
        }
        false
    };
    assert!(timeout(WITHIN, answered).await.expect("it is served"));
}
