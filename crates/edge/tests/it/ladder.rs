//! What a rung means to somebody who comes, and to somebody who is in.

use std::sync::Arc;

use bytes::Bytes;
use stentor_core::admission::Rung;
use stentor_edge::{NodeRungs, RefusalReason, Stream, StreamSpec};

use crate::client::{ask, get, listen};
use crate::server::{HEAD, Server, Setup, spec, start};
use crate::support::eventually;

const BEST: &str = "/e/demo/48/live.mp4";

/// Three renditions of 14.4 s, each chunk named by the rendition and when it begins, ms.
fn family(server: &Server) -> Vec<Arc<Stream>> {
    let streams: Vec<_> = [("48", 200), ("24", 400), ("12", 1_200)]
        .map(|(name, chunk_ms)| {
            let stream = server.edge.open_stream(StreamSpec {
                path: format!("/e/demo/{name}"),
                chunk_ms,
                burst_ms: 1_700,
                ring_chunks: 300,
                ..spec()
            });
            let stream = stream.unwrap();
            stream.set_head(Bytes::from_static(HEAD.as_bytes()));
            stream
        })
        .into();
    server.edge.make_family(&streams, true);
    publish(&streams, 0, 14_400);
    streams
}

fn publish(streams: &[Arc<Stream>], from_ms: u64, to_ms: u64) {
    for stream in streams {
        let name = stream.spec().path.rsplit('/').next().unwrap();
        let chunk_ms = u64::from(stream.spec().chunk_ms);
        for sequence in from_ms / chunk_ms..to_ms / chunk_ms {
            let text = format!("<{name}@{}>", sequence * chunk_ms);
            stream.publish(sequence, Bytes::from(text)).unwrap();
        }
    }
}

fn with_announcements() -> Server {
    start(Setup {
        cadence_encoder: Some(|told, _| Bytes::from(format!("[{}]", told.rung.number()))),
        ..Setup::default()
    })
}

#[tokio::test]
async fn a_newcomer_joins_at_todays_rung_is_told_and_gets_a_burst_that_lasts_for_its_interval() {
    let server = with_announcements();
    let streams = family(&server);
    server.edge.set_rungs(NodeRungs::at(Rung::CHEAPEST));
    let mut listener = listen(server.addr, BEST).await;
    assert_eq!(listener.said().await, "[3]");
    for begins_ms in (1_200..14_400).step_by(1_200) {
        assert_eq!(listener.said().await, format!("<12@{begins_ms}>"));
    }
    assert_eq!([streams[0].listeners(), streams[2].listeners()], [0, 1]);
}

#[tokio::test]
async fn at_rest_nothing_is_said_and_a_smaller_rendition_is_what_was_asked_for() {
    let server = with_announcements();
    family(&server);
    let mut best = listen(server.addr, BEST).await;
    assert_eq!(best.said().await, "<48@12600>");
    let mut least = listen(server.addr, "/e/demo/12/live.mp4").await;
    assert_eq!(least.said().await, "<12@12000>");
}

#[tokio::test]
async fn who_is_in_comes_back_to_the_best_at_a_common_boundary_when_the_crowd_has_gone() {
    let server = with_announcements();
    let streams = family(&server);
    server.edge.set_rungs(NodeRungs::at(Rung::ALL[2]));
    let mut listener = listen(server.addr, BEST).await;
    assert_eq!(listener.said().await, "[2]");
    for begins_ms in (10_000..14_400).step_by(400) {
        assert_eq!(listener.said().await, format!("<24@{begins_ms}>"));
    }
    server.edge.set_rungs(NodeRungs::at(Rung::REST));
    publish(&streams, 14_400, 16_800);
    assert_eq!(listener.said().await, "[0]");
    assert_eq!(listener.said().await, "<48@14400>");
    assert_eq!(listener.said().await, "<48@14600>");
    eventually("it has moved", || streams[1].listeners() == 0).await;
    let counters = streams[1].counters();
    assert_eq!((counters.joined, counters.left), (1, 1));
    assert_eq!(streams[0].listeners(), 1);
}

#[tokio::test]
async fn when_the_doors_are_closed_newcomers_are_told_when_to_ask_and_those_inside_keep_hearing() {
    let server = with_announcements();
    let streams = family(&server);
    server.edge.set_rungs(NodeRungs::at(Rung::CHEAPEST));
    let mut inside = listen(server.addr, BEST).await;
    server.edge.set_rungs(NodeRungs::at(Rung::CLOSED));
    let answer = get(server.addr, BEST).await;
    answer.is_sentence(503, "nobody new");
    assert_eq!(answer.header("retry-after"), Some("15"));
    let head = ask(server.addr, "HEAD", BEST, &[]).await;
    assert_eq!((head.status, head.header("retry-after")), (503, Some("15")));
    // Who asks so does not come.
    assert_eq!(
        server.edge.counters().refused(RefusalReason::DoorsClosed),
        1
    );
    assert_eq!(inside.said().await, "[3]");
    for _ in 0..11 {
        inside.said().await;
    }
    publish(&streams, 14_400, 15_600);
    assert_eq!(inside.said().await, "<12@14400>");
    server.edge.set_rungs(NodeRungs::at(Rung::CHEAPEST));
    listen(server.addr, BEST).await;
}

#[tokio::test]
async fn a_stream_without_a_family_knows_no_rungs() {
    let server = with_announcements();
    let stream = server.edge.open_stream(spec()).unwrap();
    stream.set_head(Bytes::from_static(HEAD.as_bytes()));
    stream.publish(7, Bytes::from_static(b"<7>")).unwrap();
    server.edge.set_rungs(NodeRungs::at(Rung::CLOSED));
    assert_eq!(listen(server.addr, BEST).await.said().await, "<7>");
}
