//! An evening in a second way: who holds the event needs no HTTP to open it, speak, listen and find the recording.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use stentor_core::conversation::{FIRST_HOST, View};
use stentor_core::event::{EventCommand, Phase};
use stentor_core::schedule::{Act, ScheduleCommand};
use stentor_core::stage::{Place, SessionKind, StageCommand};
use stentor_edge::Stream;
use stentor_edge::faces::Reply;
use stentor_edge::ring::Lookup;
use stentor_event::testing::{SLUG, TestServer};
use stentor_event::{
    ConnectError, ConnectRequest, Endpoint, Joined, OfferingPage, PAGE_MESSAGES_MAX, PageMessage,
};
use stentor_media::opus::{Decode, OpusDecoder};
use stentor_media::verify::{ReadChunk, read_tags};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::registry::asks;
use crate::speaker::Offering;

/// How long anything may take before the test fails, also on a busy machine.
const WITHIN: Duration = Duration::from_secs(60);
/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A server around one event, in a folder of its own.
pub(crate) async fn server() -> (TestServer, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (TestServer::start(folder.path()).await, folder)
}

/// Waits until something is so; the test fails if it never is.
pub(crate) async fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let found = timeout(WITHIN, async {
        loop {
            if let Some(found) = look() {
                return found;
            }
            sleep(LOOK_EVERY).await;
        }
    });
    found.await.unwrap_or_else(|_| panic!("never: {what}"))
}

/// The stage as its pages are shown it, once it is as wanted.
async fn shown(page: &mut Joined, what: &str, is: impl Fn(&View) -> bool) -> View {
    let found = page.state.wait_for(|state| is(state.value()));
    let state = timeout(WITHIN, found).await;
    let state = state.unwrap_or_else(|_| panic!("never shown: {what}"));
    state.expect("the event is there").value().clone()
}

fn host(view: &View) -> &stentor_core::conversation::SeatView {
    view.seat(FIRST_HOST).expect("an event has a host")
}

/// The last chunk of a stream whose sound is louder than a whisper.
fn loud_chunk(stream: &Stream, from: &mut u64) -> Option<u64> {
    loop {
        match stream.lookup(*from) {
            Lookup::Found(bytes) if loudness(&bytes) > 1e-3 => return Some(*from),
            Lookup::Found(_) | Lookup::Past | Lookup::Missing => *from += 1,
            Lookup::Future | Lookup::Never => return None,
        }
    }
}

/// Mean square of a chunk's samples.
fn loudness(chunk: &[u8]) -> f32 {
    let chunk = ReadChunk::parse(chunk).expect("what is published is a chunk");
    let mut decoder = OpusDecoder::new().unwrap();
    let mut pcm = [0.0; 5760];
    let mut squares = Vec::new();
    for packet in chunk.packets() {
        let count = decoder.decode(packet, &mut pcm).expect("Opus");
        squares.extend(pcm[..count].iter().map(|sample| sample * sample));
    }
    squares.iter().sum::<f32>() / squares.len().max(1) as f32
}

fn chunks_in(file: &Path) -> u64 {
    let bytes = std::fs::File::open(file).expect("a recording");
    let recovered = stentor_media::record::recover(std::io::BufReader::new(bytes));
    recovered.expect("it can be read").chunks
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_opened_spoken_at_published_and_recorded_without_http() {
    let (server, folder) = server().await;
    let recording = |file| folder.path().join("recordings").join(SLUG).join(file);
    let event = server.event();
    let (sender, mut messages) = mpsc::channel(PAGE_MESSAGES_MAX);
    let mut page = event.join(FIRST_HOST, None, sender).await.unwrap().unwrap();

    let offering = Offering::new();
    let connected = event
        .connect(
            FIRST_HOST,
            ConnectRequest {
                endpoint: Endpoint::Whip,
                page: Some(OfferingPage {
                    id: page.page,
                    key: None,
                }),
                original_sound: false,
                offer: offering.offer.clone(),
            },
        )
        .await
        .unwrap();
    let _voice = offering.accept(&connected.answer, server.studio);
    let view = shown(&mut page, "the host is connected", |view| {
        host(view).connected
    })
    .await;

    let version = host(&view).mute_version;
    let admit = StageCommand::Admit {
        seat: FIRST_HOST,
        unheard: true,
    };
    assert!(event.command(FIRST_HOST, admit.into()).await);
    let ready = StageCommand::Ready {
        seat: FIRST_HOST,
        muted_version: version,
    };
    assert!(event.command(FIRST_HOST, ready.into()).await);
    let view = shown(&mut page, "the host is on stage", |view| {
        host(view).place == Place::OnStage && host(view).ready
    })
    .await;
    let unmute = StageCommand::SetMuted {
        seat: FIRST_HOST,
        muted: false,
        version: host(&view).mute_version,
    };
    assert!(event.command(FIRST_HOST, unmute.into()).await);
    let begin = EventCommand::Schedule(ScheduleCommand::new(Act::GoOnAir, view.schedule_version));
    assert!(event.command(FIRST_HOST, begin.into()).await);
    let view = shown(&mut page, "the host is heard", |view| {
        view.phase() == Phase::OnAir && !host(view).mixer_muted
    })
    .await;

    let stream = server
        .edge
        .stream("/e/talk/48")
        .expect("the best rendition");
    let mut from = 0;
    eventually("a chunk with the host's voice", || {
        loud_chunk(&stream, &mut from)
    })
    .await;
    eventually("the stem of the host", || {
        recording("speaker-1.mp4").exists().then_some(())
    })
    .await;

    let Reply::Live(response, ..) = asks(&server, "/e/talk/48/live.mp4") else {
        panic!("a listener is let in");
    };
    assert_eq!(response.headers()["icy-name"], "A talk");
    let heads = ["48", "24", "12"].map(|rendition| {
        match asks(&server, &format!("/e/talk/{rendition}/init.mp4")) {
            Reply::Whole(response) => read_tags(response.body()).expect("a head"),
            _ => panic!("a head is there"),
        }
    });
    let [tags, others @ ..] = heads;
    assert_eq!((&*tags.title, &*tags.artist), ("A talk", "Ada"));
    assert_eq!((tags.date.len(), &*tags.organization), (10, "here"));
    assert_eq!(others, [tags.clone(), tags.clone()]);

    let stats = eventually("what the room counts, with the host's line", || {
        let stats = event.stats();
        let room = stats.room.as_ref()?;
        let heard = room
            .seats
            .first()
            .is_some_and(|seat| seat.line.received > 0);
        (heard && stats.counters.chunks_recorded > 0).then_some(stats)
    })
    .await;
    assert!(stats.is_on_air && stats.is_live());
    assert_eq!(stats.sessions[0], (SessionKind::Browser, 1));
    assert!(stats.counters.snapshots_written > 0);
    assert!(stats.counters.bytes_recorded > 0);
    assert_eq!(stats.counters.outputs_dropped, 0);

    let end = EventCommand::Schedule(ScheduleCommand::new(Act::End, view.schedule_version));
    assert!(event.command(FIRST_HOST, end.into()).await);
    eventually("the room has stopped", || (!event.has_room()).then_some(())).await;
    eventually("the stream has ended", || stream.ended().then_some(())).await;
    let segments = server.edge.stream("/e/talk/48/hls").expect("its segments");
    eventually("the segments have ended", || segments.ended().then_some(())).await;
    assert!(!event.stats().is_live(), "what is over has no figures");
    let events = server.events.stats();
    assert_eq!((events.with_room, events.ended), (0, 1));
    eventually("the replay", || {
        recording("replay.mp4").exists().then_some(())
    })
    .await;
    assert!(chunks_in(&recording("programme.mp4")) > 0);
    eventually("the host's own recording, by name", || {
        recording("stem-1-Ada.mp4").exists().then_some(())
    })
    .await;
    for file in ["programme.mp4", "replay.mp4", "stem-1-Ada.mp4"] {
        let bytes = std::fs::read(recording(file)).expect("a recording");
        assert_eq!(read_tags(&bytes), Ok(tags.clone()), "{file}");
    }
    assert!(
        std::iter::from_fn(|| messages.try_recv().ok())
            .any(|message| message == PageMessage::Ended)
    );
    let kept = timeout(WITHIN, async {
        loop {
            let restored = stentor_event::catalog::restore(&*server.records, SLUG).await;
            if restored.unwrap().conversation.view().phase() == Phase::Ended {
                return;
            }
            sleep(LOOK_EVERY).await;
        }
    });
    kept.await.expect("the end is in the store");
}

#[tokio::test]
async fn an_offer_is_refused_by_whose_fault_it_is() {
    let (server, _folder) = server().await;
    let event = server.event();
    let connect = |seat, endpoint, offer: &str| {
        let event = Arc::clone(&event);
        let request = ConnectRequest {
            endpoint,
            page: None,
            original_sound: false,
            offer: offer.to_owned(),
        };
        async move { event.connect(seat, request).await }
    };
    let good = Offering::new().offer;
    let error = connect(FIRST_HOST, Endpoint::Whip, "nonsense").await;
    assert!(matches!(error, Err(ConnectError::Offer(_))), "{error:?}");
    let receives = good.replace("a=sendrecv", "a=recvonly");
    let error = connect(FIRST_HOST, Endpoint::Whip, &receives).await;
    assert!(
        matches!(error, Err(ConnectError::Direction { .. })),
        "{error:?}"
    );
    let error = connect(stentor_core::SeatId(77), Endpoint::Whip, &good).await;
    assert!(matches!(error, Err(ConnectError::Refused(_))), "{error:?}");
}

#[tokio::test]
async fn a_link_opens_its_own_seat_and_no_other_event() {
    let (server, _folder) = server().await;
    let event = server.event();
    assert_eq!(event.seat_of(&server.token(FIRST_HOST)), Ok(FIRST_HOST));
    let elsewhere = server.token_of("other", FIRST_HOST, 1);
    assert!(event.seat_of(&elsewhere).is_err());
}
