//! How many may come: in all and of one network, and that room is given back.

use stentor_edge::{AcceptLimits, RefusalReason};

use crate::client::{Client, get};
use crate::server::{Setup, open, start};
use crate::support::eventually;

fn capped(connections_max: usize, prefix_connections_max: usize) -> Setup {
    Setup {
        limits: AcceptLimits {
            connections_max,
            prefix_connections_max,
            proxies: Vec::new(),
            ..AcceptLimits::default()
        },
        ..Setup::default()
    }
}

#[tokio::test]
async fn beyond_the_cap_newcomers_are_told_and_nobody_inside_is_put_out() {
    let server = start(capped(5, 100));
    let mut inside = Vec::new();
    for _ in 0..5 {
        let mut client = Client::connect(server.addr).await;
        client.request("GET", "/x", &[]).await;
        assert_eq!(client.answer("GET").await.unwrap().status, 404);
        inside.push(client);
    }
    let refused = get(server.addr, "/x").await;
    refused.is_sentence(503, "as many connections as it can serve");
    assert_eq!(refused.header("retry-after"), Some("5"));
    assert_eq!(refused.header("connection"), Some("close"));
    server.refused(RefusalReason::ConnectionsFull, 1).await;
    for client in &mut inside {
        client.request("GET", "/x", &[]).await;
        assert_eq!(client.answer("GET").await.unwrap().status, 404);
    }
    inside.pop();
    eventually("there is room", || server.open_connections() < 5).await;
    assert_eq!(get(server.addr, "/x").await.status, 404);
}

#[tokio::test]
async fn one_network_cannot_take_all_the_room() {
    let server = start(capped(100, 3));
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(Client::connect(server.addr).await);
    }
    eventually("three are in", || server.open_connections() == 3).await;
    assert_eq!(get(server.addr, "/x").await.status, 503);
    server.refused(RefusalReason::PrefixFull, 1).await;
    // From another /24 there is room.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.9.1:0".parse().unwrap()).unwrap();
    let mut other = Client::over(socket.connect(server.addr).await.unwrap());
    other.request("GET", "/x", &[]).await;
    assert_eq!(other.answer("GET").await.unwrap().status, 404);
}

#[tokio::test]
async fn a_flood_that_only_connects_is_refused_in_bounded_work() {
    let server = start(capped(10, 100));
    let mut flood = Vec::new();
    for _ in 0..300 {
        flood.push(Client::connect(server.addr).await);
    }
    eventually("all are judged", || server.edge.counters().accepted == 300).await;
    assert_eq!(
        server
            .edge
            .counters()
            .refused(RefusalReason::ConnectionsFull),
        290
    );
    assert_eq!(server.open_connections(), 10);
    drop(flood);
    eventually("there is room", || server.open_connections() == 0).await;
    assert_eq!(get(server.addr, "/x").await.status, 404);
}

async fn listen_from(server: &crate::server::Server, from: &str) -> (u16, Client) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    let mut client = Client::over(socket.connect(server.addr).await.unwrap());
    client.request("GET", "/e/demo/48/live.mp4", &[]).await;
    let status = client.head().await.expect("no answer").status;
    (status, client)
}

#[tokio::test]
async fn of_a_stream_that_few_may_hear_one_network_has_its_share() {
    let server = start(capped(100, 100));
    let stream = open(&server.edge, 0..1);
    stream.limit_listeners_of_prefix(2);
    let mut inside = Vec::new();
    for n in 1..=2 {
        let (status, client) = listen_from(&server, &format!("127.0.9.{n}")).await;
        assert_eq!(status, 200);
        inside.push(client);
    }
    let (status, _) = listen_from(&server, "127.0.9.3").await;
    assert_eq!(status, 503);
    server.refused(RefusalReason::PrefixFull, 1).await;
    let (status, _other) = listen_from(&server, "127.0.8.1").await;
    assert_eq!(status, 200, "another network");
    inside.pop();
    eventually("it has left", || stream.listeners() == 2).await;
    let (status, _) = listen_from(&server, "127.0.9.3").await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn one_network_cannot_take_all_the_places_of_handlers() {
    // Eight are served here at once, and of one network a quarter of them.
    let server = start(capped(8, 100));
    let body = |n: u8| async move {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket
            .bind(format!("127.0.{n}.1:0").parse().unwrap())
            .unwrap();
        let mut client = Client::over(socket.connect(server.addr).await.unwrap());
        client
            .send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbo")
            .await;
        client
    };
    let (mut one, mut two) = (body(9).await, body(9).await);
    let mut third = body(9).await;
    assert_eq!(third.answer("POST").await.unwrap().status, 503);
    server.refused(RefusalReason::PrefixFull, 1).await;
    let mut other = body(8).await;
    for client in [&mut one, &mut two, &mut other] {
        client.send("dy").await;
        assert_eq!(client.answer("POST").await.unwrap().text(), "body");
    }
    let mut again = body(9).await;
    again.send("dy").await;
    assert_eq!(again.answer("POST").await.unwrap().text(), "body");
}
