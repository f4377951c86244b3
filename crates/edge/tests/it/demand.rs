//! What nobody asks for may rest: who asks is known, and is served as soon as there is something.

use std::sync::Arc;
use std::time::Duration;

use stentor_edge::{CacheClass, Demand, Document, Stream};
use tokio::time::timeout;

use crate::client::{Client, ask, get, listen};
use crate::server::{Server, Setup, chunk, open, start};
use crate::support::eventually;

const LIVE: &str = "/e/demo/48/live.mp4";
const PLAYLIST: &str = "/e/demo/48/index.m3u8";

struct Programme {
    server: Server,
    stream: Arc<Stream>,
    demand: Arc<Demand>,
}

/// A stream, its playlist, and a page that is none of it.
fn programme() -> Programme {
    let server = start(Setup::default());
    let demand = server.edge.open_demand().unwrap();
    let stream = open(&server.edge, 0..10);
    stream.mark_demand_on(&demand);
    let documents = server.edge.documents();
    let page = Document::new("text/html", CacheClass::Short(1), "page");
    documents.put("/e/demo", page).unwrap();
    let programme = Programme {
        server,
        stream,
        demand,
    };
    programme.put_playlist("old");
    programme
}

impl Programme {
    fn put_playlist(&self, text: &'static str) {
        let playlist = Document::new("application/vnd.apple.mpegurl", CacheClass::Short(1), text);
        let documents = self.server.edge.documents();
        documents
            .put_marking(PLAYLIST, playlist, &self.demand)
            .unwrap();
    }

    fn suspend(&self) {
        self.stream.suspend();
        let documents = self.server.edge.documents();
        documents.await_demand(PLAYLIST, &self.demand).unwrap();
    }
}

#[tokio::test]
async fn whoever_asks_for_the_programme_is_demand_and_whoever_reads_about_it_is_not() {
    let programme = programme();
    let addr = programme.server.addr;
    for path in ["/e/demo", "/e/demo/status.json", "/nowhere", "/e/demo/48"] {
        get(addr, path).await;
        assert!(!programme.demand.take(), "{path}");
    }
    for path in [PLAYLIST, "/e/demo/48/7.m4s", "/e/demo/48/99.m4s"] {
        get(addr, path).await;
        assert!(programme.demand.take(), "{path}");
        ask(addr, "OPTIONS", path, &[]).await;
        assert!(!programme.demand.take(), "{path}");
    }
    let mut listener = listen(addr, LIVE).await;
    assert!(programme.demand.take());
    // To go on listening is no question: that is in the count.
    programme.stream.publish(10, chunk(10)).unwrap();
    for s in 7..=10 {
        assert_eq!(listener.said().await, format!("<{s}>"));
    }
    assert!(!programme.demand.take());
    assert_eq!(programme.stream.listeners(), 1);
}

#[tokio::test]
async fn a_listener_of_a_suspended_stream_waits_and_then_hears_the_newest_at_once() {
    let programme = programme();
    programme.suspend();
    let mut client = Client::connect(programme.server.addr).await;
    client.request("GET", LIVE, &[]).await;
    assert_eq!(client.head().await.unwrap().status, 200);
    programme.demand.arisen().await;
    for s in 100..170 {
        programme.stream.publish(s, chunk(s)).unwrap();
    }
    // Nothing of it leaves as long as there may be something newer; it is counted in all the same.
    assert_eq!(programme.stream.listeners(), 1);
    programme.stream.publish(170, chunk(170)).unwrap();
    programme.stream.resume();
    assert_eq!(client.said().await, "<head>");
    for s in 168..=170 {
        assert_eq!(client.said().await, format!("<{s}>"));
    }
    programme.stream.publish(171, chunk(171)).unwrap();
    assert_eq!(client.said().await, "<171>");
}

#[tokio::test]
async fn a_suspended_stream_ends_as_any_other() {
    let programme = programme();
    programme.suspend();
    let mut client = Client::connect(programme.server.addr).await;
    client.request("GET", LIVE, &[]).await;
    assert_eq!(client.head().await.unwrap().status, 200);
    programme.stream.end();
    assert_eq!(client.chunk().await, None);
}

#[tokio::test]
async fn a_playlist_that_is_made_on_demand_is_waited_for() {
    let programme = programme();
    programme.suspend();
    let mut client = Client::connect(programme.server.addr).await;
    client.request("GET", PLAYLIST, &[]).await;
    programme.demand.arisen().await;
    programme.put_playlist("new");
    let answer = client.answer("GET").await.unwrap();
    assert_eq!((answer.status, answer.text()), (200, "new"));
    // The connection serves on, and so does the document.
    client.request("GET", PLAYLIST, &[]).await;
    assert_eq!(client.answer("GET").await.unwrap().text(), "new");
}

#[tokio::test]
async fn a_playlist_that_is_not_made_in_time_may_be_asked_for_again() {
    let programme = programme();
    programme.suspend();
    let answer = get(programme.server.addr, PLAYLIST).await;
    answer.is_sentence(503, "ask again in a second");
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(answer.header("stentor-state"), None, "it does not leave");
    // And one that is given up is not there.
    programme.server.edge.documents().remove(PLAYLIST);
    assert_eq!(get(programme.server.addr, PLAYLIST).await.status, 404);
    eventually("nobody is left", || {
        programme.server.open_connections() == 0
    })
    .await;
}

#[tokio::test]
async fn a_promise_in_the_place_of_a_promise_is_waited_for_as_well() {
    let programme = programme();
    programme.suspend();
    let mut client = Client::connect(programme.server.addr).await;
    client.request("GET", PLAYLIST, &[]).await;
    programme.demand.arisen().await;
    let later = programme.server.edge.open_demand().unwrap();
    for _ in 0..3 {
        later.take();
        let documents = programme.server.edge.documents();
        documents.await_demand(PLAYLIST, &later).unwrap();
        let asked_again = timeout(Duration::from_secs(10), later.arisen());
        asked_again.await.expect("it was given up");
    }
    programme.put_playlist("new");
    let answer = client.answer("GET").await.unwrap();
    assert_eq!((answer.status, answer.text()), (200, "new"));
}
