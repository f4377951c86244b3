//! Peers that take their time: each has its limit, and a slow listener costs nobody else anything.

use std::time::{Duration, Instant};

use bytes::Bytes;
use stentor_edge::{AcceptLimits, EdgeLimits, RefusalReason, StreamSpec};
use tokio::io::AsyncWriteExt;

use crate::client::{Client, get, listen};
use crate::server::{HEAD, Setup, open, short_limits, spec, start};
use crate::support::eventually;

fn short() -> Setup {
    Setup {
        limits: short_limits(),
        ..Setup::default()
    }
}

async fn sleep_ms(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

#[tokio::test]
async fn a_head_that_drips_is_told_so_and_closed() {
    let server = start(short());
    let mut client = Client::connect(server.addr).await;
    let began = Instant::now();
    client.send("GET / HTTP/1.1\r\n").await;
    for _ in 0..4 {
        sleep_ms(50).await;
        // On a busy machine it may be closed by now.
        let _ = client.io.write_all(b"A: b\r\n").await;
    }
    let answer = client.answer("GET").await.expect("no answer");
    answer.is_sentence(408, "too long");
    assert_eq!(client.rest().await, b"");
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(290), "too early: {took:?}");
    server.refused(RefusalReason::HeaderTimeout, 1).await;
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed_without_a_word() {
    let server = start(short());
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(Client::connect(server.addr).await);
    }
    for client in &mut clients {
        assert_eq!(client.rest().await, b"");
    }
    server.refused(RefusalReason::HeaderTimeout, 20).await;
    eventually("all are gone", || server.open_connections() == 0).await;
}

#[tokio::test]
async fn an_idle_connection_is_kept_for_its_time_and_then_closed() {
    const IDLE_MS: u64 = 3_000;
    let server = start(Setup {
        limits: AcceptLimits {
            idle_ms: IDLE_MS,
            ..short_limits()
        },
        ..Setup::default()
    });
    let mut client = Client::connect(server.addr).await;
    let mut asked = Instant::now();
    for nth in 0..3 {
        if nth > 0 {
            // Longer than a head may take, much shorter than a connection may idle.
            sleep_ms(400).await;
        }
        asked = Instant::now();
        client.request("GET", "/x", &[]).await;
        assert_eq!(client.answer("GET").await.unwrap().status, 404);
    }
    assert_eq!(client.rest().await, b"");
    assert!(asked.elapsed() >= Duration::from_millis(IDLE_MS - 10));
    server.refused(RefusalReason::Idle, 1).await;
    // A second head that drips has the head's time.
    let mut client = Client::connect(server.addr).await;
    client.request("GET", "/x", &[]).await;
    client.answer("GET").await.unwrap();
    client.send("GET /y HT").await;
    client
        .answer("GET")
        .await
        .unwrap()
        .is_sentence(408, "too long");
}

#[tokio::test]
async fn a_head_that_begins_right_behind_another_is_not_lost_and_has_its_own_time() {
    let server = start(Setup {
        limits: AcceptLimits {
            header_ms: 2_000,
            ..short_limits()
        },
        ..Setup::default()
    });
    let mut client = Client::connect(server.addr).await;
    client
        .send("GET /x HTTP/1.1\r\nHost: x\r\n\r\nGET /y HT")
        .await;
    assert_eq!(client.answer("GET").await.unwrap().status, 404);
    sleep_ms(100).await;
    client.send("TP/1.1\r\nHost: x\r\n\r\nGET /z HT").await;
    assert_eq!(client.answer("GET").await.unwrap().status, 404);
    let late = client.answer("GET").await.unwrap();
    late.is_sentence(408, "too long");
    server.refused(RefusalReason::HeaderTimeout, 1).await;
}

#[tokio::test]
async fn a_peer_that_closes_midway_is_forgotten() {
    let server = start(Setup::default());
    let stream = open(&server.edge, 0..3);
    let whole = "GET /e/demo/48/live.mp4 HTTP/1.1\r\nHost: x\r\n\r\n";
    for (before, bytes) in ["", "GET / HT", whole].into_iter().enumerate() {
        let mut client = Client::connect(server.addr).await;
        client.send(bytes).await;
        let counters = || server.edge.counters();
        eventually("it is in", || counters().accepted == before as u64 + 1).await;
        if bytes == whole {
            eventually("it listens", || stream.listeners() == 1).await;
        }
        drop(client);
    }
    eventually("all are gone", || {
        server.open_connections() == 0 && stream.listeners() == 0
    })
    .await;
}

/// The same stream with chunks of 10 ms, so that turns come often.
fn open_brisk(edge: &stentor_edge::Edge) -> std::sync::Arc<stentor_edge::Stream> {
    let brisk = StreamSpec {
        chunk_ms: 10,
        flush_ms: 10,
        burst_ms: 30,
        ..spec()
    };
    let stream = edge.open_stream(brisk).unwrap();
    stream.set_head(Bytes::from_static(HEAD.as_bytes()));
    stream
}

/// Chunks of 8 KiB, so that a listener that reads nothing is behind after a few.
fn fat_chunk(sequence: u64) -> Bytes {
    let mut bytes = format!("<{sequence}>").into_bytes();
    bytes.resize(8 * 1024, b'.');
    Bytes::from(bytes)
}

fn sequence_of(chunk: &[u8]) -> u64 {
    let end = chunk.iter().position(|b| *b == b'>').unwrap();
    std::str::from_utf8(&chunk[1..end])
        .unwrap()
        .parse()
        .unwrap()
}

/// A listener with a small receive buffer, so that the kernel cannot hide its slowness for long.
async fn listen_narrowly(addr: std::net::SocketAddr) -> Client {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(8 * 1024).unwrap();
    let mut client = Client::over(socket.connect(addr).await.unwrap());
    client.request("GET", "/e/demo/48/live.mp4", &[]).await;
    assert_eq!(client.head().await.unwrap().status, 200);
    assert_eq!(client.said().await, HEAD);
    client
}

#[tokio::test]
async fn a_slow_listener_is_overtaken_and_jumps_to_live_and_others_notice_nothing() {
    let server = start(Setup::default());
    let stream = open_brisk(&server.edge);
    let mut slow = listen_narrowly(server.addr).await;
    let mut quick = listen(server.addr, "/e/demo/48/live.mp4").await;
    for s in 0..200 {
        stream.publish(s, fat_chunk(s)).unwrap();
        assert_eq!(sequence_of(&quick.chunk().await.unwrap()), s);
    }
    let mut heard = Vec::new();
    while heard.last() != Some(&199) {
        heard.push(sequence_of(&slow.chunk().await.unwrap()));
    }
    assert!(heard.is_sorted(), "never backwards: {heard:?}");
    let jumps: Vec<_> = heard.windows(2).filter(|w| w[1] != w[0] + 1).collect();
    assert_eq!(jumps.len(), 1, "one gap: {jumps:?}");
    assert_eq!(jumps[0][1], 197, "to the burst at the live edge");
    let c = stream.counters();
    assert_eq!(c.overtaken, 1);
    assert_eq!(c.chunks_skipped, jumps[0][1] - jumps[0][0] - 1);
    assert_eq!(
        c.chunks_skipped + heard.len() as u64,
        200,
        "nothing uncounted"
    );
    // And it goes on listening.
    stream.publish(200, fat_chunk(200)).unwrap();
    assert_eq!(sequence_of(&slow.chunk().await.unwrap()), 200);
}

#[tokio::test]
async fn a_listener_overtaken_again_and_again_is_let_go() {
    let server = start(Setup {
        edge: EdgeLimits {
            overtaken_max: 2,
            ..EdgeLimits::default()
        },
        ..Setup::default()
    });
    let stream = server
        .edge
        .open_stream(StreamSpec {
            ring_chunks: 6,
            ..spec()
        })
        .unwrap();
    stream.set_head(Bytes::from_static(HEAD.as_bytes()));
    let mut slow = listen_narrowly(server.addr).await;
    let mut sequence = 0;
    for _ in 0..2000 {
        if stream.counters().dropped_slow > 0 {
            break;
        }
        for _ in 0..40 {
            stream.publish(sequence, fat_chunk(sequence)).unwrap();
            sequence += 1;
        }
        // Reads a little: enough for the server to try again, too little to keep up.
        for _ in 0..4 {
            let mut space = [0; 4096];
            let reading = tokio::io::AsyncReadExt::read(&mut slow.io, &mut space);
            let _ = tokio::time::timeout(Duration::from_millis(5), reading).await;
        }
    }
    let c = stream.counters();
    assert_eq!((c.overtaken, c.dropped_slow), (3, 1));
    eventually("it is gone", || stream.listeners() == 0).await;
}

#[tokio::test]
async fn a_listener_that_stops_reading_is_reset_after_its_limit_and_others_hear_on() {
    let server = start(short());
    let stream = open_brisk(&server.edge);
    let deaf = listen_narrowly(server.addr).await;
    let mut quick = listen(server.addr, "/e/demo/48/live.mp4").await;
    let mut sequence = 0;
    let began = Instant::now();
    while stream.listeners() == 2 {
        assert!(
            began.elapsed() < Duration::from_secs(8),
            "the deaf one is still in"
        );
        stream.publish(sequence, fat_chunk(sequence)).unwrap();
        assert_eq!(sequence_of(&quick.chunk().await.unwrap()), sequence);
        sequence += 1;
        sleep_ms(10).await;
    }
    assert!(
        began.elapsed() >= Duration::from_millis(1_000),
        "not before its limit"
    );
    server.refused(RefusalReason::WriteStall, 1).await;
    assert_eq!(stream.counters().left, 1);
    drop(deaf);
}

#[tokio::test]
async fn a_listener_that_reads_a_byte_a_second_is_reset_like_one_that_reads_nothing() {
    let server = start(Setup {
        limits: AcceptLimits {
            live_stall_ms: 2_500,
            ..AcceptLimits::default()
        },
        ..Setup::default()
    });
    let stream = open_brisk(&server.edge);
    let mut slow = listen_narrowly(server.addr).await;
    let mut quick = listen(server.addr, "/e/demo/48/live.mp4").await;
    let mut sequence = 0;
    let (began, mut read_at) = (Instant::now(), Instant::now());
    let (mut bytes, mut cut) = (0, false);
    while stream.listeners() == 2 {
        assert!(began.elapsed() < Duration::from_secs(9), "it still listens");
        stream.publish(sequence, fat_chunk(sequence)).unwrap();
        assert_eq!(sequence_of(&quick.chunk().await.unwrap()), sequence);
        sequence += 1;
        if read_at.elapsed() >= Duration::from_secs(1) {
            read_at = Instant::now();
            bytes += tokio::io::AsyncReadExt::read(&mut slow.io, &mut [0])
                .await
                .unwrap();
        }
        sleep_ms(10).await;
    }
    assert!(bytes >= 2, "it read {bytes} bytes and was let go too early");
    server.refused(RefusalReason::WriteStall, 1).await;
    // What the kernel had taken for it can still be read; then it is cut, not ended.
    while !cut {
        let mut space = [0; 64 * 1024];
        match tokio::io::AsyncReadExt::read(&mut slow.io, &mut space).await {
            Ok(0) => panic!("an end that was never said"),
            Ok(_) => {}
            Err(error) => cut = error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}

#[tokio::test]
async fn a_reader_of_one_byte_now_and_then_does_not_hold_an_answer_for_ever() {
    let server = start(short());
    let body = Bytes::from(vec![b'x'; 20_000_000]);
    let document =
        stentor_edge::Document::new("text/plain", stentor_edge::CacheClass::NoStore, body);
    server.edge.documents().put("/large", document).unwrap();
    let mut client = Client::connect(server.addr).await;
    client.request("GET", "/large", &[]).await;
    let began = Instant::now();
    while server.edge.counters().refused(RefusalReason::WriteStall) == 0 {
        assert!(began.elapsed() < Duration::from_secs(8), "it still holds");
        let mut one = [0];
        let reading = tokio::io::AsyncReadExt::read(&mut client.io, &mut one);
        let _ = tokio::time::timeout(Duration::from_millis(50), reading).await;
        // Now and then: without the pause the kernel is emptied as fast as this loop turns.
        sleep_ms(50).await;
    }
    eventually("it is gone", || server.open_connections() == 0).await;
}

#[tokio::test]
async fn a_long_answer_that_is_being_read_is_not_cut_by_any_limit() {
    let server = start(short());
    let body = Bytes::from(vec![b'x'; 12_000_000]);
    let document =
        stentor_edge::Document::new("text/plain", stentor_edge::CacheClass::NoStore, body);
    server.edge.documents().put("/large", document).unwrap();
    let mut client = Client::connect(server.addr).await;
    client.request("GET", "/large", &[]).await;
    client.head().await.unwrap();
    let began = Instant::now();
    let mut read = 0;
    let mut space = vec![0; 500_000];
    while read < 11_000_000 {
        let n = tokio::io::AsyncReadExt::read(&mut client.io, &mut space)
            .await
            .unwrap();
        assert!(n > 0, "cut after {read} bytes and {:?}", began.elapsed());
        read += n;
        sleep_ms(if n > 100_000 { 80 } else { 10 }).await;
    }
    assert!(
        began.elapsed() > Duration::from_millis(1_200),
        "too quick to show anything"
    );
}

#[tokio::test]
async fn a_listener_that_sends_a_little_is_not_heard_and_one_that_sends_much_is_let_go() {
    let server = start(Setup::default());
    let stream = open(&server.edge, 0..0);
    let mut quiet = listen(server.addr, "/e/demo/48/live.mp4").await;
    let mut talker = listen(server.addr, "/e/demo/48/live.mp4").await;
    let mut shouter = listen(server.addr, "/e/demo/48/live.mp4").await;
    let before = server.edge.counters().bytes_received;
    talker.send([b'j'; 16 * 1024 - 1]).await;
    let junk = vec![b'j'; 1_000_000];
    let _ = tokio::time::timeout(Duration::from_secs(5), shouter.io.write_all(&junk)).await;
    server.refused(RefusalReason::Talks, 1).await;
    eventually("it is gone", || stream.listeners() == 2).await;
    stream.publish(0, Bytes::from_static(b"<0>")).unwrap();
    assert_eq!(talker.said().await, "<0>");
    assert_eq!(quiet.said().await, "<0>");
    let taken = server.edge.counters().bytes_received - before;
    assert!(taken <= 64 * 1024, "the server took {taken} bytes of junk");
}

#[tokio::test]
async fn the_kernel_keeps_little_of_what_nobody_reads() {
    let server = start(Setup::default());
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_send_buffer_size(4 * 1024).unwrap();
    let mut client = Client::over(socket.connect(server.addr).await.unwrap());
    // A handler that does not read its body yet.
    client
        .send("POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 250000\r\n\r\n")
        .await;
    let mut taken = 0;
    loop {
        let writing = client.io.write(&[b'v'; 1_024]);
        match tokio::time::timeout(Duration::from_millis(300), writing).await {
            Ok(Ok(bytes)) => taken += bytes,
            Ok(Err(_)) | Err(_) => break,
        }
    }
    // Twice what is asked for, as Linux counts, what our own end holds, and what the library has read.
    assert!(taken <= 96 * 1024, "{taken} bytes");
}

#[tokio::test]
async fn many_half_open_connections_keep_nobody_out() {
    let server = start(Setup {
        limits: AcceptLimits {
            header_ms: 60_000,
            ..AcceptLimits::default()
        },
        ..Setup::default()
    });
    let _stream = open(&server.edge, 0..3);
    let mut held = Vec::new();
    for i in 0..300 {
        let mut client = Client::connect(server.addr).await;
        if i % 2 == 0 {
            client.send("GET / HTTP/1.1\r\nHost:").await;
        }
        held.push(client);
    }
    // Long before any of them has had its time.
    assert_eq!(get(server.addr, "/e/demo/48/1.m4s").await.text(), "<1>");
    assert_eq!(
        server.edge.counters().refused(RefusalReason::HeaderTimeout),
        0
    );
}
