//! The edge as a library: opens one, publishes a stream of bytes, serves it on loopback, and reads it as a listener would.
//!
//! Run it with `cargo run -p stentor-edge --example loopback`.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use stentor_edge::{AcceptConfig, AcceptLimits, Edge, EdgeConfig, StreamSpec, bind, serve};
use tokio::sync::watch;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let edge = Edge::new(EdgeConfig::default());
    let stream = edge.open_stream(StreamSpec {
        path: "/demo".into(),
        live_name: Some("live.txt".into()),
        chunk_ext: Some("txt".into()),
        head_name: None,
        content_type: "text/plain".into(),
        chunk_ms: 200,
        flush_ms: 200,
        burst_ms: 600,
        ring_chunks: 20,
        listeners_max: 10,
    })?;
    stream.set_head(Bytes::from_static(b"head,"));
    for (sequence, chunk) in ["one,", "two,", "three"].into_iter().enumerate() {
        stream.publish(sequence as u64, Bytes::from_static(chunk.as_bytes()))?;
    }

    let listener = bind(([127, 0, 0, 1], 0).into())?;
    let addr = listener.local_addr()?;
    let (stop, shutdown) = watch::channel(false);
    let config = AcceptConfig {
        limits: AcceptLimits::default(),
        tls: None,
        ice_tcp: None,
        fallback: Router::new(),
        shutdown,
    };
    let serving = tokio::spawn(serve(edge, listener, config));

    println!("one chunk: {}", get(addr, "/demo/1.txt").await??);
    let listening = get(addr, "/demo/live.txt");
    while stream.listeners() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Without an end a live response goes on for ever.
    stream.end();
    println!("the stream: {}", listening.await??);

    stop.send(true)?;
    serving.await?;
    Ok(())
}

/// The response to a request by HTTP/1.0, whose body ends with the connection.
fn get(addr: SocketAddr, path: &str) -> tokio::task::JoinHandle<std::io::Result<String>> {
    let request = format!("GET {path} HTTP/1.0\r\nHost: {addr}\r\n\r\n");
    tokio::task::spawn_blocking(move || {
        let mut connection = TcpStream::connect(addr)?;
        connection.write_all(request.as_bytes())?;
        let mut response = String::new();
        connection.read_to_string(&mut response)?;
        Ok(response)
    })
}
