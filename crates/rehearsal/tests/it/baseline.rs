//! What the baseline sends.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use crate::processes::{BaselineProcess, eventually, herd};
use crate::server::{Behaviour, serve};

/// A port that was free a moment ago.
fn port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it has an address")
}

/// The address, when somebody listens there.
fn up(address: SocketAddr) -> SocketAddr {
    eventually("somebody listens", || TcpStream::connect(address).ok());
    address
}

/// A listener of the stream that is sent there: until its own has come, a baseline refuses. It stays, because one that leaves
/// moves another to its place, who then gets a flush twice or not at all.
fn first_listener(address: SocketAddr) -> TcpStream {
    eventually("the stream is sent on", || {
        let mut connection = TcpStream::connect(address).ok()?;
        connection.write_all(b"GET / HTTP/1.1\r\n\r\n").ok()?;
        connection.read_exact(&mut [0; 12]).ok()?;
        Some(connection)
    })
}

#[test]
fn everyone_gets_the_same_bytes_at_every_flush() {
    let listen = port();
    let flags = [
        "--bytes-per-flush",
        "1000",
        "--flush-ms",
        "100",
        "--tables",
        "2",
    ];
    let _baseline = BaselineProcess::run(listen, &[&flags[..], &["--phases", "4"]].concat());
    let said = herd(
        up(listen),
        &["--raw", "--listeners", "40", "--rate", "400/s"],
    );
    assert_eq!(said.code, Some(0), "{}", said.complaint);
    assert_eq!(said.number("/held_at_end"), 40);
    // Twenty flushes in two seconds, and one at the beginning. A busy machine sends fewer, and never more.
    let each = said.number("/bytes") / 40;
    assert!((5_000..=22_000).contains(&each), "{each}");
}

#[test]
fn the_stream_of_a_server_is_sent_on_as_it_is() {
    let listen = port();
    let origin = serve(Behaviour::Good);
    let from = format!("http://{origin}/e/x/48/live.mp4");
    let _baseline = BaselineProcess::run(
        listen,
        &["--from", &from, "--flush-ms", "200", "--phases", "4"],
    );
    let manifest = format!("http://{origin}/e/x/48/manifest.json");
    let _first = first_listener(listen);
    let said = herd(listen, &["--buffer-ms", "300", "--manifest", &manifest]);
    assert_eq!(said.number("/held_at_end"), 10, "{:#}", said.report);
    assert_eq!((said.number("/gaps"), said.number("/repeated")), (0, 0));
    assert!(said.number("/chunks") > 10 * 6);
    let confirmed = said.number("/hashes/confirmed");
    assert_eq!(confirmed, said.number("/chunks"), "{:#}", said.report);
}

#[test]
fn a_baseline_without_its_stream_ends() {
    let origin = serve(Behaviour::Refuse);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_baseline"))
        .args(["--listen", &port().to_string()])
        .args(["--from", &format!("http://{origin}/e/x/48/live.mp4")])
        .output()
        .expect("the baseline runs");
    assert_eq!(output.status.code(), Some(1));
    let sentence = String::from_utf8_lossy(&output.stderr);
    assert!(sentence.contains("refused with status 503"), "{sentence}");
}
