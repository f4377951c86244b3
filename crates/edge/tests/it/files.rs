//! Documents on disk: the replay, with seek, in bounded memory.

use std::io::{Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::path::PathBuf;

use http::HeaderMap;
use stentor_edge::{AcceptLimits, CacheClass, Document, EdgeLimits, FileDocument, RefusalReason};

use crate::alone::{alone, resident_bytes};
use crate::client::{Client, ask, get};
use crate::server::{Server, Setup, short_limits, start};
use crate::support::{eventually, not_run};
use crate::tls::{shake, tls};

const REPLAY: &str = "/e/demo/replay.mp4";

/// A file that goes when the test does.
struct Replay(PathBuf);

impl Replay {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("stentor-edge-{}-{name}", std::process::id())))
    }

    fn document(&self) -> FileDocument {
        FileDocument {
            content_type: "audio/mp4".into(),
            cache: CacheClass::Short(60),
            file: self.0.clone(),
            headers: HeaderMap::new(),
        }
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Byte `i` of the file is `i % 251`, so that an offset shows in the bytes.
fn pattern(from: u64, n: u64) -> Vec<u8> {
    (from..from + n).map(|i| (i % 251) as u8).collect()
}

fn with_replay(name: &str, bytes: u64, setup: Setup) -> (Server, Replay) {
    let replay = Replay::new(name);
    std::fs::write(&replay.0, pattern(0, bytes)).unwrap();
    let server = start(setup);
    server
        .edge
        .documents()
        .put_file(REPLAY, replay.document())
        .unwrap();
    (server, replay)
}

#[tokio::test]
async fn a_file_is_served_whole_and_in_parts() {
    let (server, _replay) = with_replay("parts", 1_000_000, Setup::default());
    let whole = get(server.addr, REPLAY).await;
    assert_eq!(whole.status, 200);
    assert!(whole.body == pattern(0, 1_000_000));
    assert_eq!(whole.header("content-type"), Some("audio/mp4"));
    assert_eq!(whole.header("cache-control"), Some("public, max-age=60"));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    for (range, from, n) in [
        ("bytes=500000-500999", 500_000, 1000),
        ("bytes=999990-", 999_990, 10),
        ("bytes=-300000", 700_000, 300_000),
        ("bytes=0-0", 0, 1),
    ] {
        let part = ask(server.addr, "GET", REPLAY, &[("Range", range)]).await;
        assert_eq!(part.status, 206);
        assert!(part.body == pattern(from, n), "{range}");
        let expected = format!("bytes {from}-{}/1000000", from + n - 1);
        assert_eq!(part.header("content-range"), Some(expected.as_str()));
    }
    let outside = ask(server.addr, "GET", REPLAY, &[("Range", "bytes=1000000-")]).await;
    outside.is_sentence(416, "1000000 bytes");
    let tag = whole.header("etag").unwrap();
    let same = ask(server.addr, "GET", REPLAY, &[("If-None-Match", tag)]).await;
    assert_eq!(same.status, 304);
    assert_eq!(ask(server.addr, "OPTIONS", REPLAY, &[]).await.status, 204);
}

#[test]
fn two_hundred_megabytes_are_served_in_bounded_memory_to_readers_who_stall() {
    alone(
        "files::two_hundred_megabytes_are_served_in_bounded_memory_to_readers_who_stall",
        serve_two_hundred_megabytes(),
    );
}

async fn serve_two_hundred_megabytes() {
    let replay = Replay::new("large");
    let mut file = std::fs::File::create(&replay.0).unwrap();
    // Sparse: zeros but for the last bytes.
    file.seek(SeekFrom::Start(200_000_000 - 4)).unwrap();
    file.write_all(b"last").unwrap();
    let server = start(Setup::default());
    server
        .edge
        .documents()
        .put_file(REPLAY, replay.document())
        .unwrap();
    let before = resident_bytes();
    let mut readers = Vec::new();
    for _ in 0..20 {
        let mut reader = Client::connect(server.addr).await;
        reader.request("GET", REPLAY, &[]).await;
        assert_eq!(reader.head().await.unwrap().status, 200);
        readers.push(reader);
    }
    // They take nothing more, so that nothing more is sent once the sockets are full.
    let sent = || server.edge.counters().bytes_sent;
    let (mut last, mut unchanged) = (sent(), 0);
    eventually("sending has come to rest", || {
        let now = sent();
        unchanged = if now == last { unchanged + 1 } else { 0 };
        last = now;
        unchanged == 20
    })
    .await;
    let grown = resident_bytes().saturating_sub(before);
    assert!(
        grown < 20 * 512 * 1024,
        "20 stalled answers hold {grown} bytes"
    );
    drop(readers);
    let tail = ask(server.addr, "GET", REPLAY, &[("Range", "bytes=-4")]).await;
    assert_eq!(tail.text(), "last");
}

/// Whether the system tells what it has of a file in memory; where it does not, shards leave files to the runtime.
fn reads_without_waiting(path: &std::path::Path) -> bool {
    let file = std::fs::File::open(path).unwrap();
    let mut byte = [0];
    let slices = &mut [std::io::IoSliceMut::new(&mut byte)];
    let read = rustix::io::preadv2(&file, slices, 0, rustix::io::ReadWriteFlags::NOWAIT);
    read != Err(rustix::io::Errno::OPNOTSUPP)
}

#[tokio::test]
async fn a_crowd_reads_one_recording_at_once_each_at_its_own_pace() {
    const READERS: usize = 300;
    const BYTES: u64 = 3_000_000;
    let (server, replay) = with_replay("crowd", BYTES, Setup::default());
    if !reads_without_waiting(&replay.0) {
        not_run("the temporary folder's filesystem cannot read without waiting");
        return;
    }
    let mut readers = Vec::new();
    for reader in 0..READERS {
        let from = (reader * 1_000) as u64;
        let range = format!("bytes={from}-");
        let mut client = Client::connect(server.addr).await;
        client.request("GET", REPLAY, &[("Range", &range)]).await;
        assert_eq!(client.head().await.unwrap().status, 206);
        readers.push((client, from));
    }
    // All are in the middle of it.
    let whole = std::sync::Arc::new(pattern(0, BYTES));
    let mut reading = tokio::task::JoinSet::new();
    for (mut client, from) in readers {
        let whole = whole.clone();
        reading.spawn(async move {
            let rest = client.exactly((BYTES - from) as usize).await;
            assert!(rest == whole[from as usize..], "from {from}");
            client
        });
    }
    let mut readers = reading.join_all().await;
    let asked_again = &mut readers[0];
    asked_again
        .request("GET", REPLAY, &[("Range", "bytes=-4")])
        .await;
    assert_eq!(
        asked_again.answer("GET").await.unwrap().body,
        pattern(BYTES - 4, 4)
    );
    assert_eq!(server.edge.counters().refused(RefusalReason::FilesFull), 0);
}

#[tokio::test]
async fn it_is_known_who_is_in_the_middle_of_a_recording() {
    let (server, replay) = with_replay("middle", 50_000_000, Setup::default());
    if !reads_without_waiting(&replay.0) {
        not_run("the temporary folder's filesystem cannot read without waiting");
        return;
    }
    let mut reader = Client::connect(server.addr).await;
    reader.request("GET", REPLAY, &[]).await;
    assert_eq!(reader.head().await.unwrap().status, 200);
    eventually("somebody reads", || server.edge.reading() == 1).await;
    reader.exactly(50_000_000).await;
    eventually("nobody reads", || server.edge.reading() == 0).await;
    let mut goes = Client::connect(server.addr).await;
    goes.request("GET", REPLAY, &[]).await;
    eventually("another reads", || server.edge.reading() == 1).await;
    // While this server leaves, a replay is given as before.
    server.edge.announce_shutdown(60_000);
    reader
        .request("GET", REPLAY, &[("Range", "bytes=0-9")])
        .await;
    assert_eq!(reader.head().await.unwrap().status, 206);
    drop((reader, goes));
    eventually("all have gone", || server.edge.reading() == 0).await;
}

#[tokio::test]
async fn a_recording_is_the_same_over_tls() {
    let setup = Setup {
        tls: Some(tls()),
        ..Setup::default()
    };
    let (server, _replay) = with_replay("tls", 1_000_000, setup);
    let mut client = Client::over(shake(server.addr, &[]).await.unwrap());
    for from in [0, 999_990] {
        let range = format!("bytes={from}-");
        client.request("GET", REPLAY, &[("Range", &range)]).await;
        let part = client.answer("GET").await.unwrap();
        assert!(part.body == pattern(from, 1_000_000 - from), "from {from}");
    }
}

#[tokio::test]
async fn a_replaced_file_has_another_tag_and_a_stale_range_gets_the_whole() {
    let (server, replay) = with_replay("replaced", 1000, Setup::default());
    let tag = get(server.addr, REPLAY)
        .await
        .header("etag")
        .unwrap()
        .to_owned();
    std::fs::write(&replay.0, pattern(3, 500)).unwrap();
    let headers = [("Range", "bytes=0-9"), ("If-Range", tag.as_str())];
    let answer = ask(server.addr, "GET", REPLAY, &headers).await;
    assert_eq!((answer.status, answer.body.len()), (200, 500));
    assert_ne!(answer.header("etag"), Some(tag.as_str()));
}

#[tokio::test]
async fn a_file_of_the_same_length_that_was_written_after_the_clock_was_set_back_is_another() {
    let (server, replay) = with_replay("clock", 1000, Setup::default());
    let before = get(server.addr, REPLAY).await;
    let tag = before.header("etag").unwrap();
    std::fs::write(&replay.0, vec![b'z'; 1000]).unwrap();
    let an_hour_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3_600);
    let file = std::fs::File::options().write(true).open(&replay.0);
    file.unwrap().set_modified(an_hour_ago).unwrap();
    let headers = [("If-None-Match", tag)];
    let fresh = ask(server.addr, "GET", REPLAY, &headers).await;
    assert_eq!((fresh.status, fresh.body), (200, vec![b'z'; 1000]));
    let headers = [("Range", "bytes=0-9"), ("If-Range", tag)];
    let whole = ask(server.addr, "GET", REPLAY, &headers).await;
    assert_eq!((whole.status, whole.body.len()), (200, 1000));
}

#[tokio::test]
async fn a_vanished_file_is_one_clear_sentence() {
    let (server, replay) = with_replay("vanished", 1000, Setup::default());
    std::fs::remove_file(&replay.0).unwrap();
    let answer = get(server.addr, REPLAY).await;
    answer.is_sentence(404, "no longer here");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_one_clear_sentence_and_not_said_to_be_gone() {
    let (server, replay) = with_replay("unreadable", 1000, Setup::default());
    std::fs::remove_file(&replay.0).unwrap();
    std::os::unix::fs::symlink(&replay.0, &replay.0).unwrap();
    let answer = get(server.addr, REPLAY).await;
    answer.is_sentence(503, "cannot be read");
    assert_eq!(answer.header("retry-after"), Some("30"));
}

/// A server with a recording that no shard opens: the way to it cannot be looked up without waiting.
fn with_slow_replay(name: &str, setup: Setup) -> (Server, Replay, std::fs::File) {
    let (server, replay) = with_replay(name, 50_000_000, setup);
    let file = std::fs::File::open(&replay.0).unwrap();
    let way = format!("/proc/self/fd/{}", file.as_raw_fd()).into();
    let slow = FileDocument {
        file: way,
        ..replay.document()
    };
    server.edge.documents().put_file(REPLAY, slow).unwrap();
    (server, replay, file)
}

#[tokio::test]
async fn readers_through_the_runtime_are_bounded_and_give_their_place_back() {
    let setup = Setup {
        edge: EdgeLimits {
            file_answers_max: 1,
            ..EdgeLimits::default()
        },
        limits: short_limits(),
        ..Setup::default()
    };
    let (server, _replay, _file) = with_slow_replay("bounded", setup);
    let mut reader = Client::connect(server.addr).await;
    reader.request("GET", REPLAY, &[]).await;
    assert_eq!(reader.head().await.unwrap().status, 200);
    let refused = get(server.addr, REPLAY).await;
    refused.is_sentence(503, "read at once");
    assert_eq!(refused.header("retry-after"), Some("2"));
    server.refused(RefusalReason::FilesFull, 1).await;
    // The first one takes nothing, so it is let go, and its place is free.
    server.refused(RefusalReason::WriteStall, 1).await;
    eventually("its connection is gone", || server.open_connections() <= 1).await;
    assert_eq!(
        ask(server.addr, "GET", REPLAY, &[("Range", "bytes=0-9")])
            .await
            .status,
        206
    );
}

#[tokio::test]
async fn of_the_places_of_readers_through_the_runtime_one_network_has_its_share() {
    let setup = Setup {
        edge: EdgeLimits {
            file_answers_max: 8,
            ..EdgeLimits::default()
        },
        limits: AcceptLimits {
            proxies: Vec::new(),
            ..AcceptLimits::default()
        },
        ..Setup::default()
    };
    let (server, _replay, _file) = with_slow_replay("shares", setup);
    let read_from = |from: &'static str, version: &'static str| async move {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
        let mut client = Client::over(socket.connect(server.addr).await.unwrap());
        client
            .send(format!("GET {REPLAY} HTTP/{version}\r\nHost: x\r\n\r\n"))
            .await;
        let status = client.head().await.expect("no answer").status;
        (status, client)
    };
    let (first, one) = read_from("127.0.9.1", "1.0").await;
    let (second, _two) = read_from("127.0.9.2", "1.1").await;
    let (third, _) = read_from("127.0.9.3", "1.0").await;
    assert_eq!((first, second, third), (200, 200, 503));
    let (other, _other) = read_from("127.0.8.1", "1.0").await;
    assert_eq!(other, 200);
    server.refused(RefusalReason::FilesFull, 1).await;
    drop(one);
    eventually("its place is free", || server.edge.reading() == 2).await;
    let (again, _again) = read_from("127.0.9.3", "1.0").await;
    assert_eq!(again, 200);
}

#[tokio::test]
async fn conditions_and_dates_are_obeyed_on_disk_and_in_memory_and_only_get_has_parts() {
    let (server, _replay) = with_replay("conditions", 1000, Setup::default());
    let text = Document::new("text/plain", CacheClass::NoStore, "0123456789");
    server.edge.documents().put("/text", text).unwrap();
    for path in [REPLAY, "/text"] {
        let whole = get(server.addr, path).await;
        let tag = whole.header("etag").unwrap();
        for (method, name, value, status) in [
            ("HEAD", "Range", "bytes=0-1", 200),
            ("HEAD", "Range", "bytes=5000-", 200),
            ("GET", "Range", "bytes=0-1", 206),
            ("GET", "If-Match", "\"zzz\"", 412),
            ("HEAD", "If-Match", "\"zzz\"", 412),
            ("GET", "If-Match", tag, 200),
            ("GET", "If-Match", "*", 200),
            (
                "GET",
                "If-Unmodified-Since",
                "Sat, 01 Jan 2000 00:00:00 GMT",
                412,
            ),
            (
                "GET",
                "If-Unmodified-Since",
                "Sat, 01 Jan 2050 00:00:00 GMT",
                200,
            ),
            ("GET", "If-Unmodified-Since", "never", 200),
            ("GET", "If-None-Match", tag, 304),
        ] {
            let answer = ask(server.addr, method, path, &[(name, value)]).await;
            assert_eq!(answer.status, status, "{method} {path} {name}: {value}");
        }
        let head = ask(server.addr, "HEAD", path, &[("Range", "bytes=5-9")]).await;
        let length = head.header("content-length");
        assert_eq!(length, whole.header("content-length"), "{path}");
        let both = [("If-Match", "\"zzz\""), ("Range", "bytes=0-1")];
        assert_eq!(ask(server.addr, "GET", path, &both).await.status, 412);
    }
    let dated = get(server.addr, REPLAY).await;
    let since = dated.header("last-modified").unwrap();
    let headers = [("If-Modified-Since", since)];
    assert_eq!(ask(server.addr, "GET", REPLAY, &headers).await.status, 304);
}
