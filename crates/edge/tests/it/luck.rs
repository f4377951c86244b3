//! Bad luck: descriptors or memory run out, a crowd connects and says nothing, a listener vanishes, the clock goes back.
//! Those inside hear on; those outside wait or are told.

use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use stentor_edge::RefusalReason;
use tokio::net::TcpSocket;
use tokio::sync::watch;

use crate::alone::{Crowd, Does, alone, alone_through, status_bytes};
use crate::client::{Client, get, listen};
use crate::server::{HEAD, Setup, chunk, open, short_limits, start};
use crate::support::{eventually, not_run};

const LIVE: &str = "/e/demo/48/live.mp4";
/// What only a failure takes, however busy the machine is.
const DEADLINE: Duration = Duration::from_secs(60);

#[test]
fn twenty_thousand_that_only_connect_silence_nobody_and_are_gone_in_time() {
    const CROWD: usize = 20_000;
    let flood = async {
        let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
        let server = start(Setup::default());
        let stream = open(&server.edge, 0..1);
        let mut inside = listen(server.addr, LIVE).await;
        assert_eq!(inside.said().await, "<0>");
        let addr = server.addr;
        let (all_gone, mut gone) = watch::channel(false);
        let published = stream.clone();
        // Whoever is inside hears every chunk all the while.
        let hears = tokio::spawn(async move {
            let (mut sequence, mut latest) = (0, Duration::ZERO);
            while !*gone.borrow_and_update() {
                sequence += 1;
                let since = Instant::now();
                published.publish(sequence, chunk(sequence)).unwrap();
                assert_eq!(inside.said().await, format!("<{sequence}>"));
                latest = latest.max(since.elapsed());
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            (inside, sequence, latest)
        });
        let crowd = std::thread::spawn(move || {
            let mut parts = Crowd::of(addr, CROWD, Does::Connect);
            let let_go = parts.iter_mut().map(|part| {
                part.is_in();
                part.let_go()
            });
            let_go.fold((0, 0), |all, part| (all.0 + part.0, all.1 + part.1))
        });
        eventually("they are at the door", || {
            server.edge.counters().accepted > CROWD as u64 / 2
        })
        .await;
        // Somebody who wants to listen is told to try again, until those who say nothing have had their time.
        let asked = Instant::now();
        let mut outside = loop {
            let mut client = Client::connect(addr).await;
            client.request("GET", LIVE, &[]).await;
            match client.head().await {
                Some(answer) if answer.status == 200 => break client,
                Some(answer) => assert_eq!(answer.status, 503, "{answer:?}"),
                None => {}
            }
            assert!(asked.elapsed() < DEADLINE, "kept out");
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        assert_eq!(outside.said().await, HEAD);
        while !crowd.is_finished() {
            assert!(asked.elapsed() < DEADLINE, "they are kept");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        all_gone.send_replace(true);
        let (_inside, chunks, latest) = hears.await.unwrap();
        println!("{chunks} chunks heard, the latest after {latest:?}");
        assert!(chunks > 20, "{chunks} chunks");
        let (told, silently) = crowd.join().unwrap();
        println!("{told} told, {silently} closed without a word");
        assert_eq!(told + silently, CROWD, "nobody hangs");
        eventually("all are gone", || server.open_connections() == 2).await;
        let c = server.edge.counters();
        let judged =
            c.refused(RefusalReason::HeaderTimeout) + c.refused(RefusalReason::ConnectionsFull);
        assert!(judged >= CROWD as u64, "{judged} have a reason");
        assert_eq!(stream.listeners(), 2);
    };
    alone(
        "luck::twenty_thousand_that_only_connect_silence_nobody_and_are_gone_in_time",
        flood,
    );
}

#[test]
fn without_a_descriptor_newcomers_wait_and_are_served_when_there_is_one() {
    let name = "luck::without_a_descriptor_newcomers_wait_and_are_served_when_there_is_one";
    alone(name, async {
        let server = start(Setup::default());
        let stream = open(&server.edge, 0..1);
        let mut inside = listen(server.addr, LIVE).await;
        assert_eq!(inside.said().await, "<0>");
        // Of one process with the server: they have their descriptors before there are none.
        let sockets: Vec<TcpSocket> = (0..8).map(|_| TcpSocket::new_v4().unwrap()).collect();
        let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        let open: Vec<u64> = std::fs::read_dir("/proc/self/fd")
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok())
            .collect();
        let room_for_one = (0..).find(|number| !open.contains(number)).unwrap() + 1;
        setrlimit(Resource::RLIMIT_NOFILE, room_for_one, most).unwrap();
        let mut sockets = sockets.into_iter();
        // Of whom nobody knows yet what they speak, they stay where they were accepted.
        let mut silent = Vec::new();
        for socket in sockets.by_ref().take(2) {
            silent.push(socket.connect(server.addr).await.unwrap());
        }
        let mut waiting = Vec::new();
        for socket in sockets {
            let mut client = Client::over(socket.connect(server.addr).await.unwrap());
            client.request("GET", "/e/demo/48/0.m4s", &[]).await;
            waiting.push(client);
        }
        eventually("accepting fails", || {
            server.edge.counters().refused(RefusalReason::NoDescriptor) > 0
        })
        .await;
        // The listing of the descriptors had one itself: there is room for two.
        assert!(server.edge.counters().accepted <= 3, "nobody had to wait");
        stream.publish(1, chunk(1)).unwrap();
        assert_eq!(inside.said().await, "<1>", "who is inside hears on");
        // They make room for some that wait in the backlog, and each of these goes on to a shard and makes room for the next.
        drop(silent);
        for mut client in waiting {
            assert_eq!(client.answer("GET").await.expect("no answer").text(), "<0>");
        }
        let tries = server.edge.counters().refused(RefusalReason::NoDescriptor);
        assert!(tries < 200, "{tries} tries: accepting does not rest");
    });
}

/// What a thread needs, so that a shard cannot be started with less.
const LESS_THAN_A_STACK: u64 = 1024 * 1024;

#[test]
fn a_process_takes_the_descriptors_it_may_have() {
    let name = "luck::a_process_takes_the_descriptors_it_may_have";
    alone(name, async {
        let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        setrlimit(Resource::RLIMIT_NOFILE, 256, most).unwrap();
        stentor_edge::raise_descriptor_limit();
        let now = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert_eq!(now, (most.min(1 << 20), most));
    });
}

fn allow_memory(more: Option<u64>) {
    let (_, most) = getrlimit(Resource::RLIMIT_AS).unwrap();
    let now = more.map_or(most, |more| status_bytes("VmSize:") + more);
    setrlimit(Resource::RLIMIT_AS, now, most).unwrap();
}

#[test]
fn without_memory_for_a_shard_a_listener_is_told_and_where_there_is_one_it_is_taken_in() {
    let name =
        "luck::without_memory_for_a_shard_a_listener_is_told_and_where_there_is_one_it_is_taken_in";
    alone(name, async {
        let server = start(Setup::default());
        let stream = open(&server.edge, 0..1);
        allow_memory(Some(LESS_THAN_A_STACK));
        let told = get(server.addr, LIVE).await;
        told.is_sentence(503, "as many listeners as it can serve");
        server.refused(RefusalReason::ShardsFull, 1).await;
        assert_eq!(stream.listeners(), 0);
        // What no shard takes is served on the accept side.
        let mut kept = Client::connect(server.addr).await;
        for _ in 0..20 {
            kept.request("GET", "/e/demo/48/0.m4s", &[]).await;
            assert_eq!(kept.answer("GET").await.unwrap().text(), "<0>");
        }
        let failures = server.edge.counters().shard_start_failures;
        assert!(
            (1..20).contains(&failures),
            "{failures} tries: not one for each that came"
        );
        allow_memory(None);
        let since = Instant::now();
        let mut first = loop {
            let mut client = Client::connect(server.addr).await;
            client.request("GET", LIVE, &[]).await;
            if client.head().await.is_some_and(|head| head.status == 200) {
                break client;
            }
            assert!(since.elapsed() < DEADLINE, "kept out");
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        assert_eq!(first.said().await, HEAD);
        // A shard that starts while memory is taken away would fail in the library's hands. Whoever comes starts the next.
        let all = std::thread::available_parallelism().map_or(1, usize::from);
        while server.edge.shards() < all {
            get(server.addr, "/e/demo/48/0.m4s").await;
            assert!(since.elapsed() < DEADLINE, "not all shards have started");
        }
        let refused = server.edge.counters().refused(RefusalReason::ShardsFull);
        // The first shard has room, though it would not be the next.
        allow_memory(Some(LESS_THAN_A_STACK));
        let mut second = listen(server.addr, LIVE).await;
        for listener in [&mut first, &mut second] {
            assert_eq!(listener.said().await, "<0>");
        }
        stream.publish(1, chunk(1)).unwrap();
        for listener in [&mut first, &mut second] {
            assert_eq!(listener.said().await, "<1>");
        }
        assert_eq!(
            server.edge.counters().refused(RefusalReason::ShardsFull),
            refused
        );
    });
}

/// A network of its own, of which the loopback can be taken down.
const APART: [&str; 5] = ["unshare", "--user", "--map-root-user", "--net", "--"];

/// Whether this machine lets anybody have one.
fn may_be_apart() -> bool {
    Command::new(APART[0])
        .args(&APART[1..])
        .args(["ip", "link", "show", "lo"])
        .output()
        .is_ok_and(|done| done.status.success())
}

fn set_loopback(state: &str) {
    let done = Command::new("ip")
        .args(["link", "set", "lo", state])
        .status()
        .unwrap();
    assert!(done.success());
}

#[test]
fn a_listener_that_vanished_without_a_word_is_let_go_when_its_patience_is_over() {
    if !may_be_apart() {
        not_run("this machine has no network namespaces for us, or no `ip`");
        return;
    }
    let name = "luck::a_listener_that_vanished_without_a_word_is_let_go_when_its_patience_is_over";
    alone_through(&APART, name, async {
        // Just made, it has nothing up. Whatever else this is, others depend on its loopback.
        let up = Command::new("ip").args(["link", "show", "up"]).output();
        assert!(up.unwrap().stdout.is_empty(), "not a network of our own");
        set_loopback("up");
        let server = start(Setup {
            limits: short_limits(),
            ..Setup::default()
        });
        let stream = open(&server.edge, 0..1);
        let mut vanishes = listen(server.addr, LIVE).await;
        assert_eq!(vanishes.said().await, "<0>");
        set_loopback("down");
        let since = Instant::now();
        // Little enough for the kernel to keep it all: it is not the room that runs out.
        let mut sequence = 1;
        while stream.listeners() > 0 {
            assert!(
                since.elapsed() < Duration::from_secs(5),
                "its place is kept"
            );
            stream.publish(sequence, chunk(sequence)).unwrap();
            sequence += 1;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(since.elapsed() >= Duration::from_millis(900), "too early");
        server.refused(RefusalReason::WriteStall, 1).await;
        let blocked = server.edge.counters().blocked;
        assert_eq!(blocked, 0, "its stall was seen at our end already");
        eventually("its connection is gone", || server.open_connections() == 0).await;
    });
}
