//! Fetching the published manifests, once for the whole herd.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustls::StreamOwned;
use stentor_media::package::manifest::Manifest;

use super::hashes::PublishedHashes;
use super::run::{RunConfig, Transport};
use super::tls::TlsClient;
use crate::http::{BodyDecoder, ResponseHead};

/// Largest manifest, in bytes: ten times one of 48 kbit/s.
pub const MANIFEST_BYTES_MAX: usize = 256 * 1024;

/// How often they are fetched. They reach 30 s back.
pub const POLL_EVERY: Duration = Duration::from_secs(1);

/// How long connecting, and all the rest, may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Counts of what was fetched.
#[derive(Debug, Clone, Default)]
pub(crate) struct PollTotals {
    pub(crate) fetched: u64,
    pub(crate) failed: u64,
    pub(crate) last_failure: Option<String>,
}

/// Fetches until `stop`.
pub(crate) fn poll(
    config: &RunConfig,
    published: &Mutex<PublishedHashes>,
    stop: &AtomicBool,
) -> PollTotals {
    const NAP: Duration = Duration::from_millis(50);
    let mut polled = PollTotals::default();
    while !config.manifests.is_empty() && !stop.load(Ordering::Relaxed) {
        fetch_all(config, published, &mut polled);
        let naps = POLL_EVERY.as_millis() / NAP.as_millis();
        for _ in 0..naps {
            if !stop.load(Ordering::Relaxed) {
                std::thread::sleep(NAP);
            }
        }
    }
    polled
}

/// Fetches until `done` finds in the list what it looks for, or the last chunks have had time to be listed.
pub(crate) fn poll_rest(
    config: &RunConfig,
    published: &Mutex<PublishedHashes>,
    polled: &mut PollTotals,
    mut done: impl FnMut(&PublishedHashes) -> bool,
) {
    /// A manifest comes every 1.2 s.
    const PAUSES: u32 = 7;
    const PAUSE: Duration = Duration::from_millis(200);
    if config.manifests.is_empty() {
        return;
    }
    for pause in 0..=PAUSES {
        fetch_all(config, published, polled);
        if done(&published.lock().unwrap_or_else(PoisonError::into_inner)) {
            return;
        }
        if pause < PAUSES {
            std::thread::sleep(PAUSE);
        }
    }
}

fn fetch_all(config: &RunConfig, published: &Mutex<PublishedHashes>, polled: &mut PollTotals) {
    for path in &config.manifests {
        match fetch(config, path) {
            Ok(manifest) => {
                polled.fetched += 1;
                let published = published.lock();
                published
                    .unwrap_or_else(PoisonError::into_inner)
                    .add(&manifest);
            }
            Err(failure) => {
                polled.failed += 1;
                polled.last_failure = Some(format!("{path}: {failure}"));
            }
        }
    }
}

/// `manifest` is a path of the run's server, or a whole address where the server under test only relays a stream.
fn fetch(config: &RunConfig, manifest: &str) -> Result<Manifest, String> {
    let text = |error: std::io::Error| error.to_string();
    let (encrypted, elsewhere) = match manifest.split_once("://") {
        None => (matches!(config.transport, Transport::Tls { .. }), None),
        Some(("http", rest)) => (false, Some(rest)),
        Some(("https", rest)) => (true, Some(rest)),
        Some(_) => return Err("the address begins neither with http:// nor https://".to_owned()),
    };
    let (server, host, path) = match elsewhere {
        None => (config.server, &config.host[..], manifest),
        Some(rest) => {
            let at = rest.find('/').ok_or("the address has no path")?;
            let mut servers = rest[..at].to_socket_addrs().map_err(text)?;
            let server = servers.next().ok_or("the host has no address")?;
            (server, &rest[..at], &rest[at..])
        }
    };
    let until = Instant::now() + PATIENCE;
    let tcp = TcpStream::connect_timeout(&server, PATIENCE).map_err(text)?;
    tcp.set_read_timeout(Some(PATIENCE)).map_err(text)?;
    let mut stream: Box<dyn ReadWrite> = if encrypted {
        let client = TlsClient::new(host, false).map_err(|error| error.to_string())?;
        let connection = client.connection().map_err(|error| error.to_string())?;
        Box::new(StreamOwned::new(connection, tcp))
    } else {
        Box::new(tcp)
    };
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAccept: application/json\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).map_err(text)?;
    let mut answer = Vec::new();
    let mut buffer = [0; 16 * 1024];
    // Each read is limited, and so is their sum: an endless answer must not hold up the others.
    while answer.len() <= MANIFEST_BYTES_MAX {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => answer.extend_from_slice(&buffer[..count]),
            // The server closed without close_notify; parsing will show whether the answer is whole.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(text(error)),
        }
        if Instant::now() > until {
            return Err(format!("it took more than {} s", PATIENCE.as_secs()));
        }
    }
    if answer.len() > MANIFEST_BYTES_MAX {
        return Err(format!("it has more than {MANIFEST_BYTES_MAX} bytes"));
    }
    let head = ResponseHead::parse(&answer)
        .map_err(|error| error.to_string())?
        .ok_or("the answer ended within its head")?;
    if head.status != 200 {
        return Err(format!("status {}", head.status));
    }
    let mut body = BodyDecoder::new(head.framing);
    let mut rest = &answer[head.head_bytes..];
    let mut json = Vec::new();
    while let Some(piece) = body.next(&mut rest).map_err(|error| error.to_string())? {
        json.extend_from_slice(piece);
    }
    serde_json::from_slice(&json).map_err(|error| format!("it is no manifest: {error}"))
}

trait ReadWrite: Read + Write {}
impl<T: Read + Write> ReadWrite for T {}
