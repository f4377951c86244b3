//! What a connection costs in memory of this process, measured as it grows: the clients live elsewhere.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use stentor_edge::{AcceptLimits, CacheClass, Document, Edge, RefusalReason, Stream, StreamSpec};

use crate::alone::{Crowd, Does, alone, resident_bytes};
use crate::client::get;
use crate::server::{HEAD, Server, Setup, chunk, spec, start};
use crate::support::eventually;
use crate::tls::tls;

/// More than anything here takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

fn open_to_all(edge: &Edge) -> Arc<Stream> {
    let stream = edge
        .open_stream(StreamSpec {
            listeners_max: 100_000,
            ..spec()
        })
        .unwrap();
    stream.set_head(Bytes::from_static(HEAD.as_bytes()));
    stream.publish(0, chunk(0)).unwrap();
    stream
}

/// Memory of one more of a crowd, bytes, when `before` others have made the allocator and the tables used to it.
async fn grown(server: &Server, before: usize, more: usize, does: Does) -> u64 {
    let _before = crowd(server, before, does).await;
    if [Does::Byte, Does::Dawdle, Does::Listen, Does::Ask].contains(&does) {
        all_shards_start(server).await;
    }
    let resident = resident_bytes();
    let _more = crowd(server, more, does).await;
    resident_bytes().saturating_sub(resident) / more as u64
}

/// What a shard needs itself is not what one more of a crowd costs. Whoever comes starts the next.
async fn all_shards_start(server: &Server) {
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    let since = Instant::now();
    let already = server.open_connections();
    while server.edge.shards() < all {
        get(server.addr, "/nowhere").await;
        assert!(since.elapsed() < DEADLINE, "not all shards have started");
    }
    eventually("who asked has gone", || {
        server.open_connections() == already
    })
    .await;
}

async fn crowd(server: &Server, size: usize, does: Does) -> Crowd {
    let (addr, already) = (server.addr, server.open_connections());
    let coming = tokio::task::spawn_blocking(move || {
        let mut crowd = Crowd::start(addr, size, does);
        crowd.is_in();
        crowd
    });
    let crowd = coming.await.unwrap();
    eventually("all are in", || {
        server.open_connections() == already + size as u64
    })
    .await;
    crowd
}

#[test]
fn a_plain_listener_holds_at_most_512_bytes() {
    alone("memory::a_plain_listener_holds_at_most_512_bytes", async {
        let server = start(Setup::default());
        let _stream = open_to_all(&server.edge);
        let each = grown(&server, 2_000, 8_000, Does::Listen).await;
        println!("{each} bytes");
        assert!(each <= 512, "{each} bytes");
    });
}

#[test]
fn a_listener_over_tls_holds_at_most_16_kib() {
    alone("memory::a_listener_over_tls_holds_at_most_16_kib", async {
        let server = start(Setup {
            tls: Some(tls()),
            ..Setup::default()
        });
        let _stream = open_to_all(&server.edge);
        let each = grown(&server, 300, 1_000, Does::ListenTls).await;
        println!("{each} bytes");
        assert!(each <= 16 * 1024, "{each} bytes");
    });
}

#[test]
fn a_listener_over_tls_that_reads_nothing_holds_at_most_16_kib() {
    let name = "memory::a_listener_over_tls_that_reads_nothing_holds_at_most_16_kib";
    alone(name, async {
        let server = start(Setup {
            tls: Some(tls()),
            ..Setup::default()
        });
        let stream = open_to_all(&server.edge);
        let (few, many) = (50, 1_000);
        let _few = crowd(&server, few, Does::ListenTls).await;
        let before = resident_bytes();
        let _many = crowd(&server, many, Does::ListenTls).await;
        // Until nobody's socket takes anything any more.
        let mut sequence = 1;
        let mut blocked = 0;
        while blocked < (few + many) as u64 {
            assert!(sequence < 1_000, "only {blocked} are blocked");
            let since = server.edge.counters().blocked;
            // More at once than is encrypted at once.
            for _ in 0..3 {
                let fat = Bytes::from(vec![b'.'; 8 * 1024]);
                stream.publish(sequence, fat).unwrap();
                sequence += 1;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
            blocked = server.edge.counters().blocked - since;
        }
        let each = resident_bytes().saturating_sub(before) / many as u64;
        println!("{each} bytes");
        assert!(each <= 16 * 1024, "{each} bytes");
    });
}

#[test]
fn a_client_at_rest_between_two_requests_holds_at_most_512_bytes() {
    let name = "memory::a_client_at_rest_between_two_requests_holds_at_most_512_bytes";
    alone(name, async {
        let server = start(Setup {
            limits: AcceptLimits {
                idle_ms: 60_000,
                ..AcceptLimits::default()
            },
            ..Setup::default()
        });
        let text = Document::new("text/plain", CacheClass::NoStore, "text");
        server.edge.documents().put("/text", text).unwrap();
        let each = grown(&server, 2_000, 8_000, Does::Ask).await;
        println!("{each} bytes");
        assert!(each <= 512, "{each} bytes");
    });
}

/// Long enough for a crowd to come and be measured.
fn patient() -> AcceptLimits {
    AcceptLimits {
        header_ms: 60_000,
        handshake_ms: 60_000,
        request_body_ms: 60_000,
        ..AcceptLimits::default()
    }
}

/// What each of a crowd costs more than the price, bytes: nothing.
fn costs_at_most(name: &str, price: u64, does: Does, (before, more): (usize, usize)) {
    alone(name, async {
        let server = start(Setup {
            limits: patient(),
            tls: matches!(does, Does::Hello | Does::HelloByte).then(tls),
            ..Setup::default()
        });
        let each = grown(&server, before, more, does).await;
        println!("{each} bytes");
        assert!(each <= price, "{each} bytes");
    });
}

#[test]
fn a_newcomer_who_says_nothing_holds_at_most_2_kib() {
    let name = "memory::a_newcomer_who_says_nothing_holds_at_most_2_kib";
    costs_at_most(name, 2 * 1024, Does::Hush, (2_000, 8_000));
}

#[test]
fn a_head_of_which_one_byte_came_holds_at_most_1_kib() {
    let name = "memory::a_head_of_which_one_byte_came_holds_at_most_1_kib";
    costs_at_most(name, 1024, Does::Byte, (2_000, 8_000));
}

#[test]
fn a_head_of_15_kb_that_is_never_finished_holds_at_most_24_kib() {
    // As many as the pool of heads takes; beyond, others give way.
    let name = "memory::a_head_of_15_kb_that_is_never_finished_holds_at_most_24_kib";
    // Of so few, what the allocator keeps beside them counts.
    costs_at_most(name, 24 * 1024, Does::Dawdle, (60, 180));
}

#[test]
fn heads_that_are_never_finished_hold_at_most_so_many_bytes_together() {
    let name = "memory::heads_that_are_never_finished_hold_at_most_so_many_bytes_together";
    alone(name, async {
        let server = start(Setup {
            limits: patient(),
            ..Setup::default()
        });
        let resident = resident_bytes();
        let (addr, size) = (server.addr, 4_000);
        let coming = tokio::task::spawn_blocking(move || {
            let mut crowd = Crowd::start(addr, size, Does::Dawdle);
            crowd.is_in();
            crowd
        });
        let crowd = coming.await.unwrap();
        let full = || server.edge.counters().refused(RefusalReason::HeadsFull);
        eventually("most have given way", || full() > 1_000).await;
        let held = resident_bytes().saturating_sub(resident);
        println!("{held} bytes");
        let shards = server.edge.shards().max(1) as u64;
        // The crowd would take 60 MB; each shard has its pool, its buffers, and what the allocator keeps of both.
        let most = shards * (3 * patient().partial_heads_bytes_max as u64 + 4 * 1024 * 1024);
        assert!(held <= most, "{held} of {most} bytes");
        drop(crowd);
    });
}

#[test]
fn a_body_that_is_awaited_holds_at_most_32_kib() {
    let name = "memory::a_body_that_is_awaited_holds_at_most_32_kib";
    costs_at_most(name, 32 * 1024, Does::Body, (300, 1_000));
}

#[test]
fn a_handshake_that_was_begun_holds_at_most_16_kib() {
    let name = "memory::a_handshake_that_was_begun_holds_at_most_16_kib";
    costs_at_most(name, 16 * 1024, Does::Hello, (200, 800));
}

#[test]
fn a_handshake_of_which_one_byte_came_holds_at_most_3_kib() {
    let name = "memory::a_handshake_of_which_one_byte_came_holds_at_most_3_kib";
    costs_at_most(name, 3 * 1024, Does::HelloByte, (2_000, 8_000));
}
