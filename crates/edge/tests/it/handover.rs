//! ICE-TCP on the listeners' port: handed to the studio with nothing consumed.

use std::io::{Read, Write};
use std::time::Duration;

use stentor_edge::RefusalReason;
use stentor_edge::accept::IceTcpConnection;
use tokio::sync::mpsc;

use crate::client::Client;
use crate::server::{Setup, short_limits, start};

/// An RFC 4571 frame with a STUN binding request of 20 bytes and no attributes.
fn stun_frame() -> Vec<u8> {
    let mut frame = vec![0, 20, 0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42];
    frame.extend_from_slice(b"transaction!");
    frame
}

#[tokio::test]
async fn the_studio_gets_the_connection_with_its_first_bytes_untouched() {
    let (sender, mut taken) = mpsc::channel(4);
    let server = start(Setup {
        ice_tcp: Some(sender),
        ..Setup::default()
    });
    let mut client = Client::connect(server.addr).await;
    let frame = stun_frame();
    // In two pieces, of which the first does not tell what it is. The pause lets the server look at the first alone, as it mostly will;
    // what is to come of it is the same if it does not.
    client.send(&frame[..5]).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    client.send(&frame[5..]).await;
    let IceTcpConnection {
        mut stream,
        peer,
        permit,
    } = taken.recv().await.unwrap();
    assert_eq!(peer, client.io.local_addr().unwrap());
    let expected = frame.clone();
    tokio::task::spawn_blocking(move || {
        stream.set_nonblocking(false).unwrap();
        let mut got = vec![0; expected.len()];
        stream.read_exact(&mut got).unwrap();
        assert_eq!(got, expected);
        stream
            .write_all(b"HTTP/1.1 200 said the studio\r\n\r\n")
            .unwrap();
    })
    .await
    .unwrap();
    assert_eq!(client.head().await.unwrap().status, 200);
    // It keeps its place here for as long as the studio has it.
    let counted = || {
        let counters = server.edge.counters();
        (counters.handed_over, counters.closed)
    };
    assert_eq!(counted(), (1, 0));
    drop(permit);
    assert_eq!(counted(), (1, 1));
}

#[tokio::test]
async fn with_nobody_to_take_it_or_no_room_it_is_closed() {
    let server = start(Setup::default());
    let mut client = Client::connect(server.addr).await;
    client.send(stun_frame()).await;
    assert_eq!(client.rest().await, b"");
    server.refused(RefusalReason::HandoverFull, 1).await;

    let (sender, _taken) = mpsc::channel(1);
    let server = start(Setup {
        ice_tcp: Some(sender),
        ..Setup::default()
    });
    for _ in 0..2 {
        Client::connect(server.addr).await.send(stun_frame()).await;
    }
    server.refused(RefusalReason::HandoverFull, 1).await;
}

#[tokio::test]
async fn what_only_begins_like_it_is_closed() {
    let (sender, mut taken) = mpsc::channel(4);
    let server = start(Setup {
        ice_tcp: Some(sender),
        limits: short_limits(),
        ..Setup::default()
    });
    let mut no_cookie = stun_frame();
    no_cookie[7] = 0;
    let mut client = Client::connect(server.addr).await;
    client.send(no_cookie).await;
    assert_eq!(client.rest().await, b"");
    server.refused(RefusalReason::UnknownProtocol, 1).await;
    // Too short to tell, and nothing follows.
    let mut client = Client::connect(server.addr).await;
    client.send(&stun_frame()[..9]).await;
    assert_eq!(client.rest().await, b"");
    server.refused(RefusalReason::HeaderTimeout, 1).await;
    assert!(taken.try_recv().is_err());
}
