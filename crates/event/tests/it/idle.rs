//! An event that nobody is in: nothing is mixed until somebody comes, who then hears at once.

use std::sync::Arc;

use http::Request;
use stentor_edge::faces::{Reply, answer};
use stentor_edge::ring::Lookup;
use stentor_edge::{Edge, Stream};
use stentor_event::testing::{SLUG, TestServer};
use stentor_media::package::LEAD_IN_MS;
use stentor_media::rendition::Rendition;
use tempfile::TempDir;

use crate::evening::{eventually, server};

fn ask(edge: &Edge, below: &str) -> Reply {
    let request = Request::get(format!("/e/{SLUG}{below}")).header("host", "here");
    let (head, ()) = request.body(()).unwrap().into_parts();
    answer(edge, &head)
}

/// An event in which nothing is mixed, because nobody is there, with its best rendition; and what keeps it.
async fn suspended_event() -> (TestServer, Arc<Stream>, TempDir) {
    let (server, folder) = server().await;
    let stream = server
        .edge
        .stream("/e/talk/48")
        .expect("the best rendition");
    eventually("nobody is there, so nothing is mixed", || {
        stream.suspended().then_some(())
    })
    .await;
    (server, stream, folder)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_without_anybody_is_suspended_until_somebody_comes_and_hears() {
    let (server, stream, _folder) = suspended_event().await;
    // All that was mixed is what it is resumed with.
    let mixed = stream.counters().published;
    let lead_in = u64::from(LEAD_IN_MS / Rendition::Full.chunk_ms());
    assert!(mixed >= lead_in, "{mixed} of {lead_in} chunks");

    let Reply::Live(_, listener, _) = ask(&server.edge, "/48/live.mp4") else {
        panic!("a listener is let in");
    };
    eventually("the listener is given sound", || {
        (!stream.suspended()).then_some(())
    })
    .await;
    eventually("and it goes on", || {
        (stream.counters().published > mixed + lead_in).then_some(())
    })
    .await;
    assert_eq!(stream.listeners(), 1);
    drop(listener);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_playlist_is_there_when_it_was_asked_for() {
    let (server, _stream, _folder) = suspended_event().await;
    let Reply::Awaited(_) = ask(&server.edge, "/48/index.m3u8") else {
        panic!("nobody had asked for it");
    };
    let playlist = eventually("the playlist", || {
        match ask(&server.edge, "/48/index.m3u8") {
            Reply::Whole(response) => Some(response.into_body()),
            _ => None,
        }
    })
    .await;
    let text = String::from_utf8(playlist.to_vec()).unwrap();
    let segments = server.edge.stream("/e/talk/48/hls").expect("its segments");
    let numbers: Vec<u64> = text
        .lines()
        .filter_map(|line| {
            line.strip_prefix("hls/")?
                .strip_suffix(".m4s")?
                .parse()
                .ok()
        })
        .collect();
    assert!(!numbers.is_empty(), "{text}");
    for number in numbers {
        assert!(
            matches!(segments.lookup(number), Lookup::Found(_)),
            "{number}"
        );
    }
}
