//! The stream of a real server, so that the baseline sends the same sound that the server beside it does.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::{Duration, Instant};

use stentor_media::verify::{ChunkReader, Item};

use super::flush::{FlushBytes, StreamStart};
use crate::http::{self, BodyDecoder, ResponseHead};

/// How long a stream may be silent.
const PATIENCE: Duration = Duration::from_secs(15);

/// Most bytes of one flush: half a minute of sound.
const FLUSH_BYTES_MAX: usize = 256 * 1024;

const HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: audio/mp4; codecs=\"opus\"\r\nTransfer-Encoding: chunked\r\n\r\n";

/// The address of a stream of fragmented MP4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    server: SocketAddr,
    host: String,
    path: String,
}

impl FromStr for Upstream {
    type Err = UpstreamError;

    /// `http://127.0.0.1:8080/e/demo/48/live.mp4`.
    fn from_str(text: &str) -> Result<Self, UpstreamError> {
        let wrong = || UpstreamError::Address {
            got: text.to_owned(),
        };
        let rest = text.strip_prefix("http://").ok_or_else(wrong)?;
        let at = rest.find('/').ok_or_else(wrong)?;
        let (host, path) = rest.split_at(at);
        let mut addresses = host.to_socket_addrs().map_err(|_| wrong())?;
        Ok(Self {
            server: addresses.next().ok_or_else(wrong)?,
            host: host.to_owned(),
            path: path.to_owned(),
        })
    }
}

/// Reads the source and gives every table a piece of whole chunks about every `flush`. Returns when the source ends.
pub(super) fn relay(
    source: &Upstream,
    flush: Duration,
    tables: &[SyncSender<StreamStart>],
    stop: &AtomicBool,
) -> Result<(), UpstreamError> {
    let mut stream = TcpStream::connect_timeout(&source.server, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(&http::request(&source.host, &source.path))?;
    let mut buffer = vec![0; 64 * 1024];
    let mut answer = Vec::new();
    let head = loop {
        let count = stream.read(&mut buffer)?;
        answer.extend_from_slice(&buffer[..count]);
        match ResponseHead::parse(&answer)
            .map_err(|error| UpstreamError::Stream(error.to_string()))?
        {
            Some(head) => break head,
            None if count == 0 => return Err(UpstreamError::Ended),
            None => {}
        }
    };
    if head.status != 200 {
        return Err(UpstreamError::Status { got: head.status });
    }
    let mut body = BodyDecoder::new(head.framing);
    let mut chunks = ChunkReader::new();
    let mut head_bytes: Option<FlushBytes> = None;
    let mut pending = Vec::new();
    let mut due = Instant::now();
    let mut input = answer.split_off(head.head_bytes);
    while !stop.load(Ordering::Relaxed) {
        let mut rest = &input[..];
        let wrong = |error: &dyn fmt::Display| UpstreamError::Stream(error.to_string());
        while let Some(mut piece) = body.next(&mut rest).map_err(|error| wrong(&error))? {
            while let Some(item) = chunks.read(&mut piece).map_err(|error| wrong(&error))? {
                match item {
                    Item::InitSegment(head) => {
                        head_bytes = Some([HEAD, &framed(&head.bytes)].concat().into())
                    }
                    Item::Chunk(chunk) => pending.extend_from_slice(&chunk.bytes),
                    // It belongs to this connection, not to the stream.
                    Item::Cadence(_) => {}
                }
            }
        }
        if body.ended() {
            return Err(UpstreamError::Ended);
        }
        if pending.len() > FLUSH_BYTES_MAX {
            return Err(UpstreamError::Stream(format!(
                "a flush has {} bytes and the limit is {FLUSH_BYTES_MAX}",
                pending.len()
            )));
        }
        if let Some(head) = &head_bytes
            && !pending.is_empty()
            && Instant::now() >= due
        {
            let stream_start = StreamStart {
                head: head.clone(),
                newest: framed(&pending).into(),
            };
            for table in tables {
                // A worker that is behind misses this flush; one that has ended needs none.
                if let Err(TrySendError::Disconnected(_)) = table.try_send(stream_start.clone()) {
                    return Ok(());
                }
            }
            pending.clear();
            // Half a chunk early rather than a chunk late.
            due = Instant::now() + flush.saturating_sub(Duration::from_millis(100));
        }
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Err(UpstreamError::Ended);
        }
        input.clear();
        input.extend_from_slice(&buffer[..count]);
    }
    Ok(())
}

/// As one chunk of HTTP (RFC 9112 §7.1).
fn framed(bytes: &[u8]) -> Vec<u8> {
    let size = format!("{:x}\r\n", bytes.len());
    [size.as_bytes(), bytes, b"\r\n"].concat()
}

/// Why there is no stream to send.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpstreamError {
    /// The text is not the address of a stream.
    #[error(
        "a stream has an address such as http://127.0.0.1:8080/e/demo/48/live.mp4, not {got:?}"
    )]
    Address {
        /// What was given.
        got: String,
    },
    /// The connection failed.
    #[error("the stream cannot be read: {0}")]
    Connection(#[from] io::Error),
    /// The server refused.
    #[error("the stream was refused with status {got}")]
    Status {
        /// With this status.
        got: u16,
    },
    /// The answer is not a stream of ours.
    #[error("this is not a stream of Stentor's: {0}")]
    Stream(String),
    /// The stream has ended.
    #[error("the stream has ended")]
    Ended,
}
