//! How many may come: in all and of one network, and that room is given back.

use stentor_edge::{AcceptLimits, RefusalReason};

use crate::client::{Client, get};
use crate::server::{Setup, start};
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
