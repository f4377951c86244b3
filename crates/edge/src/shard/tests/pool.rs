//! Shards on threads of their own: how they are started and shared, and what happens when one panics.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use stentor_core::admission::Rung;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::super::backoff::RETRY_MS;
use super::super::handoff::{Handoff, LiveResponse, ServeAs};
use super::super::pool::{HandoffError, ShardPool};
use crate::edge::{Edge, EdgeConfig};
use crate::gate::Permit;
use crate::limits::AcceptLimits;
use crate::stream::{Stream, StreamSpec};
use crate::testing::support::eventually;
use crate::testing::{spec, subscribe};

/// Longer than anything a test waits for.
const PATIENCE: Duration = Duration::from_secs(10);

struct Scene {
    edge: Edge,
    pool: ShardPool,
    stream: Arc<Stream>,
    port: TcpListener,
    next: u64,
}

/// At most two shards, of so many sockets each.
fn scene(sockets_max: usize) -> Scene {
    scene_with(sockets_max, || Ok(()))
}

fn scene_with(sockets_max: usize, before_start: fn() -> io::Result<()>) -> Scene {
    scene_of(EdgeConfig::default(), sockets_max, before_start)
}

fn scene_of(config: EdgeConfig, sockets_max: usize, before_start: fn() -> io::Result<()>) -> Scene {
    let edge = Edge::new(config);
    let stream = edge
        .open_stream(StreamSpec {
            chunk_ms: 10,
            flush_ms: 10,
            burst_ms: 20,
            ring_chunks: 1_000,
            ..spec()
        })
        .unwrap();
    stream.set_head(Bytes::from_static(b"h"));
    let (returned, _) = mpsc::channel(1);
    let pool = ShardPool::new(edge.clone(), AcceptLimits::default(), None, returned).limited(
        2,
        sockets_max,
        before_start,
    );
    Scene {
        edge,
        pool,
        stream,
        port: TcpListener::bind("127.0.0.1:0").unwrap(),
        next: 0,
    }
}

impl Scene {
    fn listener(&self) -> ServeAs {
        ServeAs::Listener(LiveResponse {
            head: Bytes::from_static(b"a"),
            chunked: false,
            rung: Rung::REST,
            subscription: subscribe(&self.edge, "/e/demo/48", Rung::REST),
        })
    }

    /// A listener, once a shard has taken it.
    async fn listen(&self) -> TcpStream {
        self.connect(|| self.listener()).await.unwrap()
    }

    /// A client that asks for chunks, once a shard has taken it.
    async fn browse(&self) -> TcpStream {
        let client = || ServeAs::Client {
            peer: "127.0.0.1:9".parse().unwrap(),
            kept_alive: false,
            read_ahead: Bytes::new(),
        };
        self.connect(client).await.unwrap()
    }

    /// One try to hand a connection over.
    fn try_once(&self, serve_as: ServeAs) -> Result<TcpStream, HandoffError> {
        let client = TcpStream::connect(self.port.local_addr().unwrap()).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        let (server, _) = self.port.accept().unwrap();
        server.set_nonblocking(true).unwrap();
        let handoff = Handoff {
            tls: None,
            permit: Permit::for_test(),
            serve_as,
        };
        self.pool
            .hand_off(&server, handoff)
            .map(|()| client)
            .map_err(|rejected| rejected.error)
    }

    /// The same, waiting for a shard to be started.
    async fn connect(&self, serve_as: impl Fn() -> ServeAs) -> Result<TcpStream, HandoffError> {
        loop {
            let changed = self.pool.changed();
            match self.try_once(serve_as()) {
                Err(HandoffError::Starting) => timeout(PATIENCE, changed).await.unwrap(),
                other => return other,
            }
        }
    }

    /// Three connections over two shards: two on the first and one on the second.
    async fn over_two_shards<T>(&self, connect: impl AsyncFn() -> T) -> ([T; 2], T) {
        let first = connect().await;
        eventually("a second shard runs", || self.pool.statuses().len() == 2).await;
        // The shard with the fewest sockets takes it, and of two with as many the first.
        let second = connect().await;
        ([first, connect().await], second)
    }

    fn publish(&mut self) {
        let byte = Bytes::from(vec![b'0' + (self.next % 10) as u8]);
        self.stream.publish(self.next, byte).unwrap();
        self.next += 1;
    }
}

fn heard(client: &mut TcpStream, bytes: usize) -> String {
    let mut space = vec![0; bytes];
    client.read_exact(&mut space).unwrap();
    String::from_utf8(space).unwrap()
}

/// The status with which the first chunk is answered; `None` where the connection is cut.
fn asked(client: &mut TcpStream) -> Option<String> {
    let _ = client.write_all(b"GET /e/demo/48/0.m4s HTTP/1.1\r\nHost: h\r\n\r\n");
    let mut space = [0; 12];
    client.read_exact(&mut space).ok()?;
    Some(String::from_utf8(space.into()).unwrap())
}

fn is_cut(client: &mut TcpStream) -> bool {
    client.read(&mut [0]).unwrap_or(0) == 0
}

#[tokio::test]
async fn a_shard_that_panics_takes_only_its_own_listeners_and_another_takes_its_place() {
    let mut scene = scene(100);
    let (mut stay, mut goes) = scene.over_two_shards(async || scene.listen().await).await;
    scene.publish();
    for client in stay.iter_mut().chain([&mut goes]) {
        assert_eq!(heard(client, 3), "ah0");
    }
    let second = scene.pool.statuses()[1].clone();
    second.panics_next.store(true, Ordering::Relaxed);
    // It goes to the shard with the fewest sockets.
    let mut unlucky = scene.listen().await;
    assert!(is_cut(&mut unlucky));
    eventually("the shard is gone", || second.gone.load(Ordering::Acquire)).await;
    assert!(is_cut(&mut goes), "with its shard");
    scene.publish();
    for client in &mut stay {
        assert_eq!(heard(client, 1), "1", "the others notice nothing");
    }
    eventually("they are counted", || scene.stream.listeners() == 2).await;
    let mut again = scene.listen().await;
    assert_eq!(heard(&mut again, 4), "ah01");
    eventually("another runs", || scene.pool.statuses().len() == 2).await;
}

#[tokio::test]
async fn a_shard_that_panics_cuts_its_clients_who_are_answered_when_they_come_again() {
    let mut scene = scene(100);
    scene.publish();
    let (mut stay, mut goes) = scene.over_two_shards(async || scene.browse().await).await;
    let second = scene.pool.statuses()[1].clone();
    second.panics_next.store(true, Ordering::Relaxed);
    let mut unlucky = scene.browse().await;
    assert_eq!(asked(&mut unlucky), None, "it was cut");
    eventually("the shard is gone", || second.gone.load(Ordering::Acquire)).await;
    assert_eq!(asked(&mut goes), None, "with its shard");
    let answered = Some("HTTP/1.1 200".to_owned());
    assert_eq!(asked(&mut stay[0]), answered, "this one notices nothing");
    assert_eq!(asked(&mut scene.browse().await), answered, "it came again");
}

#[tokio::test]
async fn shards_share_the_listeners_and_say_when_they_are_full() {
    let scene = scene(3);
    let mut clients = Vec::new();
    for _ in 0..6 {
        clients.push(scene.listen().await);
    }
    let sockets: Vec<usize> = scene
        .pool
        .statuses()
        .iter()
        .map(|status| status.gauge.sockets.load(Ordering::Relaxed))
        .collect();
    assert_eq!(sockets, [3, 3]);
    let refused = scene.try_once(scene.listener()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "all 2 shards have 3 sockets each, which is what their descriptors allow"
    );
    drop(clients);
    eventually("there is room", || scene.try_once(scene.listener()).is_ok()).await;
}

#[tokio::test]
async fn a_listener_that_talks_is_not_heard_and_one_that_goes_is_forgotten() {
    let mut scene = scene(100);
    let mut talker = scene.listen().await;
    talker.write_all(&[b'x'; 10_000]).unwrap();
    scene.publish();
    assert_eq!(heard(&mut talker, 3), "ah0");
    drop(talker);
    eventually("it is forgotten", || scene.stream.listeners() == 0).await;
}

/// Whether starts may go on in the test below.
static MAY_START: AtomicBool = AtomicBool::new(false);

#[tokio::test]
async fn a_start_that_takes_its_time_blocks_nobody_and_is_waited_for_by_those_who_need_it() {
    let scene = scene_with(100, || {
        while !MAY_START.load(Ordering::Acquire) {
            thread::park_timeout(Duration::from_millis(1));
        }
        Ok(())
    });
    for _ in 0..3 {
        let refused = scene.try_once(scene.listener()).unwrap_err();
        assert!(matches!(refused, HandoffError::Starting), "{refused}");
    }
    // On this one thread of the runtime: whoever waits lets others go on.
    let release = async { MAY_START.store(true, Ordering::Release) };
    let (mut client, ()) = tokio::join!(scene.listen(), release);
    assert_eq!(heard(&mut client, 2), "ah");
    assert_eq!(scene.edge.counters().shard_start_failures, 0);
}

#[tokio::test]
async fn a_start_that_fails_is_counted_and_not_tried_again_for_everybody_who_comes() {
    let scene = scene_with(100, || Err(io::ErrorKind::OutOfMemory.into()));
    let refused = scene.connect(|| scene.listener()).await.unwrap_err();
    assert!(
        matches!(refused, HandoffError::NotStarted { .. }),
        "{refused}"
    );
    let since = Instant::now();
    for _ in 0..50 {
        assert!(scene.try_once(scene.listener()).is_err());
    }
    let failures = scene.edge.counters().shard_start_failures;
    // However slow this machine is: at most one in the shortest wait between two tries.
    let tries_max = 2 + since.elapsed().as_millis() as u64 / RETRY_MS;
    assert!(
        (1..=tries_max).contains(&failures),
        "{failures} tries, at most {tries_max}"
    );
}

#[tokio::test]
async fn each_thread_of_a_shard_says_first_that_it_has_started() {
    static STARTED: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let config = EdgeConfig {
        on_thread_start: Some(|| {
            let name = thread::current().name().unwrap_or_default().to_owned();
            STARTED.lock().unwrap().push(name);
        }),
        ..EdgeConfig::default()
    };
    let scene = scene_of(config, 10, || Ok(()));
    let _served = scene.listen().await;
    let started = STARTED.lock().unwrap();
    assert_eq!(started[..2], ["returns-0", "shard-0"]);
}
