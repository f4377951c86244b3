//! Heads that are wrong, huge or hostile: one clear sentence, or a close where nobody listens; never a panic.

use stentor_edge::{AcceptLimits, RefusalReason};
use tokio::io::AsyncWriteExt;

use crate::client::{Answer, Client, ask, get};
use crate::server::{Server, Setup, open, short_limits, start};
use crate::support::eventually;

async fn raw(server: &Server, bytes: impl AsRef<[u8]>) -> Answer {
    let mut client = Client::connect(server.addr).await;
    client.send(bytes).await;
    let answer = client.answer("GET").await.expect("no answer");
    assert_eq!(
        client.rest().await,
        b"",
        "the connection ends after a bad head"
    );
    answer
}

#[tokio::test]
async fn what_cannot_be_read_gets_a_sentence_and_a_close() {
    let server = start(Setup::default());
    let bad = [
        "GET\r\n\r\n",
        "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA\0: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\n: no name\r\n\r\n",
        "G@T / HTTP/1.1\r\nHost: x\r\n\r\n",
    ];
    for head in bad {
        raw(&server, head).await.is_sentence(400, "HTTP/1.1");
    }
    server
        .refused(RefusalReason::BadHead, bad.len() as u64)
        .await;
    eventually("all connections close", || server.open_connections() == 0).await;
}

/// Heads that a server may guess about, and this one does not, each with the status and a word of the sentence.
const GUESSES: [(&str, u16, &str); 14] = [
    ("GET / HTTP/9.9\r\nHost: x\r\n\r\n", 505, "HTTP/1.1"),
    ("GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505, "HTTP/1.1"),
    ("GET / HTTP/1.1\nHost: x\n\n", 400, "carriage return"),
    (
        "GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n",
        400,
        "carriage return",
    ),
    ("GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", 400, "fragment"),
    ("GET a HTTP/1.1\r\nHost: x\r\n\r\n", 400, "slash"),
    ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, "names a host"),
    ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "names a host"),
    ("GET / HTTP/1.1\r\nHost: x@y\r\n\r\n", 400, "names a host"),
    (
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        400,
        "where its body ends",
    ),
    (
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        400,
        "where its body ends",
    ),
    (
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        "where its body ends",
    ),
    (
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        400,
        "where its body ends",
    ),
    (
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        501,
        "transfer coding",
    ),
];

#[tokio::test]
async fn what_may_mean_two_things_is_refused_and_not_guessed() {
    let server = start(Setup::default());
    for (head, status, word) in GUESSES {
        raw(&server, head).await.is_sentence(status, word);
    }
    let times = GUESSES.len() as u64;
    server.refused(RefusalReason::BadHead, times).await;
}

#[tokio::test]
async fn behind_a_request_for_a_handler_the_same_heads_are_refused_in_the_same_words() {
    let server = start(Setup::default());
    let first = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody";
    for (head, status, word) in GUESSES {
        let mut client = Client::connect(server.addr).await;
        client.send([first, head].concat()).await;
        assert_eq!(client.answer("POST").await.unwrap().text(), "body");
        let answer = client.answer("GET").await.expect("no answer");
        answer.is_sentence(status, word);
        assert_eq!(client.rest().await, b"", "{head:?}");
    }
}

#[tokio::test]
async fn a_later_minor_version_is_served_as_1_1_wherever_it_is_served() {
    let server = start(Setup::default());
    let _stream = open(&server.edge, 0..2);
    for (path, text) in [("/e/demo/48/1.m4s", "<1>"), ("/peer", "tls: false")] {
        let mut client = Client::connect(server.addr).await;
        for minor in [2, 9, 1] {
            let head = format!("GET {path} HTTP/1.{minor}\r\nHost: x\r\n\r\n");
            client.send(head).await;
            let answer = client.answer("GET").await.expect("no answer");
            assert!(
                answer.text().contains(text),
                "{path} by 1.{minor}: {answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn who_has_said_everything_and_closes_its_side_is_answered() {
    let server = start(Setup::default());
    let _stream = open(&server.edge, 0..2);
    for (head, text) in [
        ("GET /e/demo/48/1.m4s HTTP/1.1\r\nHost: x\r\n\r\n", "<1>"),
        (
            "GET /e/demo/48/1.m4s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            "<1>",
        ),
        ("GET /e/demo/48/1.m4s HTTP/1.0\r\n\r\n", "<1>"),
        ("GET /peer HTTP/1.1\r\nHost: x\r\n\r\n", "tls"),
        (
            "GET /peer HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            "tls",
        ),
        ("GET /peer HTTP/1.0\r\n\r\n", "tls"),
        (
            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody",
            "body",
        ),
    ] {
        let mut client = Client::connect(server.addr).await;
        client.send(head).await;
        client.io.shutdown().await.unwrap();
        let answer = client.answer("GET").await.expect("no answer");
        assert!(answer.text().contains(text), "{head:?}: {answer:?}");
        assert_eq!(client.rest().await, b"", "{head:?}");
    }
    eventually("all are gone", || server.open_connections() == 0).await;
}

#[tokio::test]
async fn an_answer_that_comes_before_a_body_is_not_lost() {
    let server = start(Setup::default());
    let text = stentor_edge::Document::new("text/plain", stentor_edge::CacheClass::NoStore, "text");
    server.edge.documents().put("/text", text).unwrap();
    for (path, status) in [("/text", 405), ("/nowhere", 404), ("/peer", 200)] {
        for fields in [
            "Content-Length: 100000",
            "Transfer-Encoding: chunked",
            "Content-Length: 100000\r\nExpect: 100-continue",
        ] {
            let mut client = Client::connect(server.addr).await;
            client
                .send(format!(
                    "POST {path} HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n"
                ))
                .await;
            // It comes in pieces, some of them behind the answer.
            for _ in 0..20 {
                let _ = client.io.write_all(&[b'v'; 1_000]).await;
                tokio::task::yield_now().await;
            }
            let answer = client.answer("POST").await.expect("no answer");
            assert_eq!(answer.status, status, "{path} {fields}");
            assert_eq!(
                answer.header("connection"),
                Some("close"),
                "{path} {fields}"
            );
        }
    }
}

#[tokio::test]
async fn a_head_that_is_too_long_or_has_too_many_fields_is_told_so() {
    let server = start(Setup::default());
    let long_path = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "p".repeat(100_000));
    let long_field = format!(
        "GET / HTTP/1.1\r\nHost: x\r\nA: {}\r\n\r\n",
        "v".repeat(200_000)
    );
    let mut many = "GET / HTTP/1.1\r\nHost: x\r\n".to_owned();
    for i in 0..64 {
        many.push_str(&format!("A{i}: b\r\n"));
    }
    many.push_str("\r\n");
    for head in [long_path, long_field, many] {
        raw(&server, head).await.is_sentence(431, "too large");
    }
    // At the limit it is still read: 64 fields, 15 KB.
    let mut most = "GET /x HTTP/1.1\r\nHost: x\r\n".to_owned();
    for i in 0..62 {
        most.push_str(&format!("A{i}: {}\r\n", "v".repeat(200)));
    }
    most.push_str("Connection: close\r\n\r\n");
    let mut client = Client::connect(server.addr).await;
    client.send(most).await;
    assert_eq!(client.answer("GET").await.unwrap().status, 404);
}

#[tokio::test]
async fn a_request_names_exactly_one_host() {
    let server = start(Setup::default());
    let _stream = open(&server.edge, 0..2);
    for (hosts, n) in [("", "has 0"), ("Host: a\r\nHost: b\r\n", "has 2")] {
        let mut client = Client::connect(server.addr).await;
        let head = format!("GET /e/demo/48/1.m4s HTTP/1.1\r\n{hosts}\r\n");
        client.send(head).await;
        client.answer("GET").await.unwrap().is_sentence(400, n);
    }
    // HTTP/1.0 knows no Host.
    let mut client = Client::connect(server.addr).await;
    client.send("GET /e/demo/48/1.m4s HTTP/1.0\r\n\r\n").await;
    assert_eq!(client.answer("GET").await.unwrap().text(), "<1>");
}

#[tokio::test]
async fn http2_is_not_spoken() {
    let server = start(Setup::default());
    let mut client = Client::connect(server.addr).await;
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    let came = client.rest().await;
    assert!(!came.starts_with(b"HTTP/2"), "{came:?}");
    eventually("it is closed", || server.open_connections() == 0).await;
    // An offer to upgrade is not taken.
    let headers = [
        ("Upgrade", "h2c"),
        ("Connection", "Upgrade, HTTP2-Settings"),
    ];
    assert_eq!(ask(server.addr, "GET", "/x", &headers).await.status, 404);
}

#[tokio::test]
async fn random_bytes_never_hurt() {
    let server = start(Setup {
        limits: short_limits(),
        ..Setup::default()
    });
    let mut random = 0x2545_F491_4F6C_DD1Du64;
    for round in 0..150 {
        let mut bytes = if round % 2 == 0 {
            b"GET /e/demo/48/live.mp4 HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\n\r\n".to_vec()
        } else {
            Vec::new()
        };
        for _ in 0..40 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let byte = (random >> 32) as u8;
            match bytes.len() {
                0..40 => bytes.push(byte),
                n => bytes[(random % n as u64) as usize] = byte,
            }
        }
        let mut client = Client::connect(server.addr).await;
        client.send(bytes).await;
        drop(client);
    }
    eventually("all are gone", || server.open_connections() == 0).await;
    assert_eq!(get(server.addr, "/x").await.status, 404);
}

#[tokio::test]
async fn a_body_for_the_fallback_is_bounded_in_bytes() {
    let mut limits = short_limits();
    limits.request_body_bytes_max = 1000;
    limits.put_body_bytes_max = 2000;
    let server = start(Setup {
        limits,
        ..Setup::default()
    });
    let with = async |method: &str, length: usize, sent: usize| {
        let mut client = Client::connect(server.addr).await;
        let head =
            format!("{method} /echo HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n");
        client.send(head).await;
        let _ = AsyncWriteExt::write_all(&mut client.io, &vec![b'x'; sent]).await;
        client.answer(method).await.expect("no answer")
    };
    let post = async |length: usize, sent: usize| with("POST", length, sent).await;
    // A file may be larger.
    assert_eq!(with("PUT", 2000, 2000).await.status, 200);
    with("PUT", 2001, 2001).await.is_sentence(413, "2000 bytes");
    let good = post(1000, 1000).await;
    assert_eq!((good.status, good.body.len()), (200, 1000));
    post(1001, 1001).await.is_sentence(413, "1000 bytes");
    post(1_000_000, 1_000_000).await.is_sentence(413, "1000000");
    // Without a length it shows while it comes.
    let mut client = Client::connect(server.addr).await;
    client
        .send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n")
        .await;
    client.send([b'x'; 0x400]).await;
    client.send("\r\n0\r\n\r\n").await;
    let answer = client.answer("POST").await.unwrap();
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("more than 1000 bytes"));
    // And in time.
    assert!(post(10, 5).await.text().contains("longer than 300 ms"));
    server.refused(RefusalReason::BadBody, 5).await;
}

#[tokio::test]
async fn bodies_that_are_read_have_so_many_bytes_together_and_give_them_back() {
    let server = start(Setup {
        limits: AcceptLimits {
            request_bodies_bytes_max: 100_000,
            ..AcceptLimits::default()
        },
        ..Setup::default()
    });
    let began = async |bytes: usize| {
        let mut client = Client::connect(server.addr).await;
        client
            .send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n")
            .await;
        client.send(vec![b'v'; bytes]).await;
        client
    };
    let before = server.edge.counters().bytes_received;
    let mut first = began(59_999).await;
    let read = || server.edge.counters().bytes_received - before;
    eventually("most of it is read", || read() > 59_999).await;
    let mut second = began(60_000).await;
    let refused = second.answer("POST").await.expect("no answer");
    assert!(refused.text().contains("as it has room for"), "{refused:?}");
    server.refused(RefusalReason::BadBody, 1).await;
    first.send("v").await;
    assert_eq!(first.answer("POST").await.unwrap().body.len(), 60_000);
    let mut third = began(60_000).await;
    assert_eq!(third.answer("POST").await.unwrap().body.len(), 60_000);
}

#[tokio::test]
async fn the_fallback_knows_who_asks() {
    let server = start(Setup::default());
    let answer = get(server.addr, "/peer").await;
    assert!(answer.text().contains("127.0.0.1"), "{}", answer.text());
    assert!(answer.text().contains("tls: false"));
    assert_eq!(answer.header("server"), Some("Stentor"));
}
