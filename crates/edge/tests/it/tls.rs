//! TLS on the port: handshakes within their time, plain HTTP told off, certificates replaced while running.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme};
use stentor_edge::limits::CLIENT_HELLO_BYTES_MAX;
use stentor_edge::{AcceptLimits, RefusalReason, Tls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::alone::alone;
use crate::client::Client;
use crate::server::{Setup, chunk, open, short_limits, start};
use crate::support::eventually;

struct Pair {
    chain: String,
    key: String,
}

fn pair() -> Pair {
    let made = rcgen::generate_simple_self_signed(["edge.test".to_owned()]).unwrap();
    Pair {
        chain: made.cert.pem(),
        key: made.signing_key.serialize_pem(),
    }
}

pub(crate) fn tls() -> Tls {
    let Pair { chain, key } = pair();
    Tls::from_pem(chain.as_bytes(), key.as_bytes()).unwrap()
}

/// Takes any certificate: what is tested here is the server.
#[derive(Debug)]
struct Anyone;

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        aws_lc_rs::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

pub(crate) fn client_config(alpn: &[&[u8]]) -> ClientConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anyone))
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|p| p.to_vec()).collect();
    config
}

pub(crate) async fn shake(
    addr: std::net::SocketAddr,
    alpn: &[&[u8]],
) -> std::io::Result<TlsStream<TcpStream>> {
    let tcp = TcpStream::connect(addr).await?;
    let name = ServerName::try_from("edge.test").unwrap();
    TlsConnector::from(Arc::new(client_config(alpn)))
        .connect(name, tcp)
        .await
}

#[tokio::test]
async fn a_listener_hears_over_tls() {
    let server = start(Setup {
        tls: Some(tls()),
        ..Setup::default()
    });
    let stream = open(&server.edge, 0..1);
    let io = shake(server.addr, &[b"h2", b"http/1.1"]).await.unwrap();
    assert_eq!(io.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let mut client = Client::over(io);
    client.request("GET", "/peer", &[]).await;
    assert!(
        client
            .answer("GET")
            .await
            .unwrap()
            .text()
            .contains("tls: true")
    );
    client.request("GET", "/e/demo/48/live.mp4", &[]).await;
    assert_eq!(client.head().await.unwrap().status, 200);
    for expected in ["<head>", "<0>"] {
        assert_eq!(client.said().await, expected);
    }
    for s in 1..20 {
        stream.publish(s, chunk(s)).unwrap();
        assert_eq!(client.said().await, format!("<{s}>"));
    }
    drop(client);
    eventually("it has left", || stream.listeners() == 0).await;
}

#[tokio::test]
async fn plain_http_on_this_port_gets_one_clear_sentence() {
    let server = start(Setup {
        tls: Some(tls()),
        ..Setup::default()
    });
    let mut client = Client::connect(server.addr).await;
    client.request("GET", "/e/demo", &[]).await;
    let answer = client.answer("GET").await.unwrap();
    answer.is_sentence(400, "https");
    assert_eq!(client.rest().await, b"");
    server.refused(RefusalReason::PlainOnTls, 1).await;
}

#[tokio::test]
async fn tls_on_a_plain_port_is_closed_and_counted() {
    let server = start(Setup::default());
    assert!(shake(server.addr, &[]).await.is_err());
    server.refused(RefusalReason::TlsOnPlain, 1).await;
}

#[tokio::test]
async fn a_handshake_that_stalls_or_is_nonsense_is_closed() {
    let server = start(Setup {
        tls: Some(tls()),
        limits: short_limits(),
        ..Setup::default()
    });
    let began = Instant::now();
    let mut stalls = Client::connect(server.addr).await;
    // A record header that promises 512 bytes.
    stalls.send([0x16, 3, 1, 2, 0, 1]).await;
    assert_eq!(stalls.rest().await, b"");
    assert!(began.elapsed() >= Duration::from_millis(290));
    assert!(began.elapsed() < Duration::from_secs(2));
    server.refused(RefusalReason::HandshakeTimeout, 1).await;
    let mut nonsense = Client::connect(server.addr).await;
    nonsense.send([0x16; 600]).await;
    nonsense.rest().await;
    server.refused(RefusalReason::HandshakeFailed, 1).await;
    eventually("all are gone", || server.open_connections() == 0).await;
}

/// Some that are silent after what they said first have their handshakes for a minute, from more networks than fill all turns with one
/// handshake each; somebody else shakes hands meanwhile.
fn silence_delays_nobody(name: &str, said: &[u8]) {
    const NETWORKS: u8 = 12;
    const OF_EACH: usize = 128;
    alone(name, async {
        stentor_edge::raise_descriptor_limit();
        let server = start(Setup {
            tls: Some(tls()),
            limits: AcceptLimits {
                header_ms: 60_000,
                handshake_ms: 60_000,
                proxies: Vec::new(),
                ..AcceptLimits::default()
            },
            ..Setup::default()
        });
        let mut silent = Vec::new();
        for network in 0..NETWORKS {
            for _ in 0..OF_EACH {
                let socket = TcpSocket::new_v4().unwrap();
                socket.bind(([127, 2, network, 1], 0).into()).unwrap();
                let mut connection = socket.connect(server.addr).await.unwrap();
                connection.write_all(said).await.unwrap();
                silent.push(connection);
            }
        }
        let all = silent.len() as u64;
        eventually("all are in", || server.open_connections() == all).await;
        for _ in 0..3 {
            let shaken = timeout(Duration::from_secs(10), shake(server.addr, &[]));
            shaken.await.expect("no turn within ten seconds").unwrap();
        }
        assert_eq!(
            server
                .edge
                .counters()
                .refused(RefusalReason::HandshakeTimeout),
            0
        );
    });
}

#[test]
fn many_networks_that_say_one_byte_each_delay_nobody() {
    let name = "tls::many_networks_that_say_one_byte_each_delay_nobody";
    silence_delays_nobody(name, &[0x16]);
}

#[test]
fn many_networks_that_are_silent_after_a_whole_hello_delay_nobody() {
    let name = "tls::many_networks_that_are_silent_after_a_whole_hello_delay_nobody";
    let server = ServerName::try_from("edge.test").unwrap();
    let config = Arc::new(client_config(&[]));
    let mut hello = Vec::new();
    let mut session = ClientConnection::new(config, server).unwrap();
    session.write_tls(&mut hello).unwrap();
    silence_delays_nobody(name, &hello);
}

#[tokio::test]
async fn a_hello_of_almost_8_kib_is_answered_and_a_larger_one_closed() {
    let server = start(Setup {
        tls: Some(tls()),
        ..Setup::default()
    });
    let offered = |many: u8| {
        let names = (0..many).map(|n| vec![b'a' + n; 255]);
        names.chain([b"http/1.1".to_vec()]).collect::<Vec<_>>()
    };
    let names = offered(24);
    let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
    const { assert!(24 * 256 + 1_500 < CLIENT_HELLO_BYTES_MAX) };
    shake(server.addr, &names).await.unwrap();
    let names = offered(40);
    let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
    const { assert!(40 * 256 > CLIENT_HELLO_BYTES_MAX) };
    assert!(shake(server.addr, &names).await.is_err());
    server.refused(RefusalReason::HandshakeFailed, 1).await;
}

#[tokio::test]
async fn a_hello_that_comes_byte_by_byte_is_answered() {
    let server = start(Setup {
        tls: Some(tls()),
        ..Setup::default()
    });
    let mut tcp = TcpStream::connect(server.addr).await.unwrap();
    tcp.set_nodelay(true).unwrap();
    let name = ServerName::try_from("edge.test").unwrap();
    let mut session = ClientConnection::new(Arc::new(client_config(&[])), name).unwrap();
    let mut hello = Vec::new();
    session.write_tls(&mut hello).unwrap();
    for byte in hello {
        tcp.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut answer = [0; 1];
    tcp.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, [0x16], "a handshake record");
}

#[tokio::test]
async fn a_client_that_wants_only_http2_is_refused_in_the_handshake() {
    let server = start(Setup {
        tls: Some(tls()),
        ..Setup::default()
    });
    assert!(shake(server.addr, &[b"h2"]).await.is_err());
    server.refused(RefusalReason::HandshakeFailed, 1).await;
}

#[tokio::test]
async fn a_client_that_speaks_http_1_0_alone_is_served_and_one_that_speaks_neither_is_not() {
    let server = start(Setup {
        tls: Some(tls()),
        ..Setup::default()
    });
    let _stream = open(&server.edge, 0..1);
    for (offered, chosen) in [
        (&[&b"http/1.0"[..]][..], &b"http/1.0"[..]),
        (&[b"http/1.0", b"http/1.1"], b"http/1.1"),
        (&[b"h2", b"http/1.0"], b"http/1.0"),
    ] {
        let io = shake(server.addr, offered).await.unwrap();
        assert_eq!(io.get_ref().1.alpn_protocol(), Some(chosen));
        let mut client = Client::over(io);
        client.send("GET /e/demo/48/0.m4s HTTP/1.0\r\n\r\n").await;
        assert_eq!(client.answer("GET").await.unwrap().text(), "<0>");
    }
    assert!(shake(server.addr, &[b"h2"]).await.is_err());
}

#[tokio::test]
async fn a_bad_head_gets_its_sentence_over_tls_too() {
    let server = start(Setup {
        tls: Some(tls()),
        limits: short_limits(),
        ..Setup::default()
    });
    let mut client = Client::over(shake(server.addr, &[]).await.unwrap());
    client.send("GET / HTTP/9.9\r\n\r\n").await;
    client
        .answer("GET")
        .await
        .unwrap()
        .is_sentence(505, "HTTP/1.1");
    let mut client = Client::over(shake(server.addr, &[]).await.unwrap());
    client.send("GET / HT").await;
    client
        .answer("GET")
        .await
        .unwrap()
        .is_sentence(408, "too long");
}

#[tokio::test]
async fn a_new_certificate_is_used_for_newcomers_and_those_inside_stay() {
    let handle = tls();
    let server = start(Setup {
        tls: Some(handle.clone()),
        ..Setup::default()
    });
    let first = shake(server.addr, &[]).await.unwrap();
    let certificate =
        |io: &TlsStream<TcpStream>| io.get_ref().1.peer_certificates().unwrap()[0].to_vec();
    let before = certificate(&first);
    let Pair { chain, key } = pair();
    handle.reload(chain.as_bytes(), key.as_bytes()).unwrap();
    let second = shake(server.addr, &[]).await.unwrap();
    assert_ne!(before, certificate(&second));
    let mut inside = Client::over(first);
    inside.request("GET", "/x", &[]).await;
    assert_eq!(inside.answer("GET").await.unwrap().status, 404);
}
