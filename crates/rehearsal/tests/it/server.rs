//! A server of one stream that behaves, or misbehaves in one way.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use stentor_media::package::manifest::Manifest;
use stentor_media::package::{Chunk, Packager, PackagerConfig, Published};
use stentor_media::rendition::Rendition;

/// Chunks of the stream: 200 ms each.
const CHUNKS: u64 = 40;

/// Published before the first listener can come.
const PAST_CHUNKS: u64 = 5;

/// By HLS a newcomer begins three seconds back, so more is there before it.
const HLS_PAST_CHUNKS: u64 = 20;

/// Chunks of a segment.
const SEGMENT_CHUNKS: u64 = 2;

/// Segments a playlist lists: 3.2 s. One that lists the last alone loses what comes between two looks at it.
const SEGMENTS_LISTED: u64 = 8;

/// What a newcomer gets at once.
const BURST_CHUNKS: u64 = 3;

/// The first chunk that misbehaves: the third after the burst.
const WRONG_FROM: u64 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Good,
    /// Each chunk has a notice with it, which says "ten minutes late".
    Notices,
    /// The sound is silence.
    Silence,
    /// One chunk is missing.
    Gap,
    /// One chunk comes twice.
    Twice,
    /// One chunk has another number than it should.
    Misnumbered,
    /// One bit of each chunk is not as published.
    Altered,
    /// One chunk has its boxes in another order.
    Disorder,
    /// Nothing comes for 1.2 s, then all of it.
    Pause,
    /// The connection ends in the middle of a chunk.
    Cut,
    Refuse,
    /// Half a head, and no more.
    HalfHead,
    /// Not a byte.
    Mute,
    /// Nobody chunks the body: bytes until the connection ends.
    Unframed,
}

struct FakeServer {
    manner: Behaviour,
    base: SystemTime,
    chunks: Vec<Chunk>,
}

/// Serves in this manner.
pub(crate) fn serve(manner: Behaviour) -> SocketAddr {
    let show = FakeServer::new(manner, PAST_CHUNKS);
    // A listener that leaves in the middle is no failure of this server.
    accept(move |stream| drop(show.answer(stream)))
}

/// Serves segments and their playlist in this manner.
pub(crate) fn serve_hls(manner: Behaviour) -> SocketAddr {
    let show = FakeServer::new(manner, HLS_PAST_CHUNKS);
    accept(move |stream| drop(show.answer(stream)))
}

/// The stream over TLS, with a certificate that nobody has a reason to trust.
pub(crate) fn serve_tls(manner: Behaviour) -> SocketAddr {
    let made = rcgen::generate_simple_self_signed(["elsewhere.test".to_owned()]);
    let made = made.expect("it has a name");
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .expect("they belong together");
    let (show, config) = (FakeServer::new(manner, PAST_CHUNKS), Arc::new(config));
    accept(move |stream| {
        let connection = ServerConnection::new(Arc::clone(&config)).expect("it is configured");
        drop(show.answer(StreamOwned::new(connection, stream)));
    })
}

/// Hands each connection to `answer` on a thread of its own, for as long as the test process lives.
pub(crate) fn accept(answer: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            thread::spawn(move || answer(stream));
        }
    });
    address
}

impl FakeServer {
    fn new(manner: Behaviour, past_chunks: u64) -> Self {
        let base = SystemTime::now() - Duration::from_millis(200 * past_chunks);
        let unix_us = base
            .duration_since(SystemTime::UNIX_EPOCH)
            .expect("it is after 1970")
            .as_micros() as i64;
        let config = PackagerConfig {
            first_position: 57_600,
            epoch_unix_ms: 0,
        };
        let mut packager = Packager::new(config).expect("the position is a boundary");
        let mut out = Vec::new();
        for tick in 0..CHUNKS as i64 * 10 {
            if manner == Behaviour::Notices && tick % 10 == 0 {
                let notice = packager.notice(br#"{"why":"ten minutes late"}"#);
                notice.expect("it is short");
            }
            let level = if manner == Behaviour::Silence {
                0.0
            } else {
                0.3
            };
            let pcm: [f32; 960] = std::array::from_fn(|at| level * (at as f32 * 0.0327).sin());
            packager
                .push(&pcm, unix_us + tick * 20_000, &mut out)
                .expect("it encodes");
        }
        let chunks = out.into_iter().filter_map(|published| match published {
            Published::Chunk(chunk) if chunk.rendition == Rendition::Full => Some(chunk),
            _ => None,
        });
        Self {
            manner,
            base,
            chunks: chunks.collect(),
        }
    }

    fn answer(&self, mut stream: impl Read + Write) -> std::io::Result<()> {
        let mut asked = request(&mut stream)?;
        while asked.starts_with("GET /e/x/48/i") || asked.starts_with("GET /e/x/48/hls/") {
            self.by_hls(&mut stream, &asked)?;
            asked = request(&mut stream)?;
        }
        if asked.starts_with("GET /e/x/48/manifest.json ") {
            return self.manifest(stream);
        }
        if !asked.starts_with("GET /e/x/48/live.mp4 ") {
            return stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        }
        match self.manner {
            Behaviour::Refuse => stream.write_all(
                b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n",
            ),
            Behaviour::HalfHead => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Ty")?;
                until_it_leaves(stream)
            }
            Behaviour::Mute => until_it_leaves(stream),
            _ => self.stream(stream),
        }
    }

    /// One answer of those that a listener by HLS asks for, one after the other.
    fn by_hls(&self, mut stream: impl Write, asked: &str) -> std::io::Result<()> {
        let body = match asked
            .split(' ')
            .nth(1)
            .and_then(|path| path.rsplit('/').next())
        {
            Some("index.m3u8") if self.manner == Behaviour::Refuse => None,
            Some("index.m3u8") => Some(self.playlist().into_bytes()),
            Some("init.mp4") => Some(Packager::head().to_vec()),
            Some(segment) => segment
                .strip_suffix(".m4s")
                .and_then(|number| number.parse().ok())
                .and_then(|number| self.segment(number)),
            None => None,
        };
        let Some(body) = body else {
            return stream
                .write_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
        };
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"
        )?;
        stream.write_all(&body)
    }

    fn playlist(&self) -> String {
        let end = self.published() / SEGMENT_CHUNKS;
        let listed = if self.manner == Behaviour::Gap {
            1
        } else {
            SEGMENTS_LISTED
        };
        let first = end.saturating_sub(listed);
        let mut text = format!(
            "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:{first}\n#EXT-X-MAP:URI=\"init.mp4\"\n"
        );
        for number in first..end {
            text += &format!("#EXTINF:0.4,\nhls/{number}.m4s\n");
        }
        text
    }

    /// `None` for one that a server without it would refuse.
    fn segment(&self, number: u64) -> Option<Vec<u8>> {
        if self.manner == Behaviour::Cut {
            return None;
        }
        let from = (number * SEGMENT_CHUNKS) as usize;
        let chunks = &self.chunks[from..from + SEGMENT_CHUNKS as usize];
        let mut bytes: Vec<u8> = chunks
            .iter()
            .flat_map(|chunk| chunk.bytes.to_vec())
            .collect();
        if self.manner == Behaviour::Altered {
            *bytes.last_mut()? ^= 1;
        }
        Some(bytes)
    }

    fn published(&self) -> u64 {
        let since = self.base.elapsed().unwrap_or_default();
        (since.as_millis() as u64 / 200).min(CHUNKS)
    }

    fn manifest(&self, mut stream: impl Write) -> std::io::Result<()> {
        let mut manifest = Manifest::new(Rendition::Full);
        let published = &self.chunks[..self.published() as usize];
        published.iter().for_each(|chunk| manifest.add(chunk));
        let json = manifest.to_json();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{json}",
            json.len()
        )
    }

    fn stream(&self, mut stream: impl Write) -> std::io::Result<()> {
        let framed = self.manner != Behaviour::Unframed;
        let framing = if framed {
            "Transfer-Encoding: chunked\r\n"
        } else {
            ""
        };
        write!(stream, "HTTP/1.1 200 OK\r\n{framing}\r\n")?;
        let mut send = |bytes: &[u8]| {
            if framed {
                let size = format!("{:x}\r\n", bytes.len());
                stream.write_all(&[size.as_bytes(), bytes, b"\r\n"].concat())
            } else {
                stream.write_all(bytes)
            }
        };
        send(&Packager::head())?;
        let first = self.published().saturating_sub(BURST_CHUNKS);
        for (index, number) in (first..CHUNKS).enumerate() {
            let due = self.base + Duration::from_millis(200 * (number + 1));
            thread::sleep(due.duration_since(SystemTime::now()).unwrap_or_default());
            let chunk = &self.chunks[number as usize].bytes[..];
            let wrong = index as u64 == BURST_CHUNKS + WRONG_FROM;
            match self.manner {
                Behaviour::Gap if wrong => {}
                Behaviour::Twice if wrong => send(&[chunk, chunk].concat())?,
                Behaviour::Misnumbered if wrong => {
                    let mut other = chunk.to_vec();
                    let mfhd = other.windows(4).position(|kind| kind == b"mfhd");
                    other[mfhd.expect("a chunk has one") + 11] ^= 1;
                    send(&other)?;
                }
                Behaviour::Altered => {
                    let mut other = chunk.to_vec();
                    *other.last_mut().expect("it has bytes") ^= 1;
                    send(&other)?;
                }
                Behaviour::Disorder if wrong => {
                    // prft has 32 bytes.
                    let (prft, rest) = chunk.split_at(32);
                    send(&[rest, prft].concat())?;
                }
                Behaviour::Pause if wrong => {
                    thread::sleep(Duration::from_millis(1_200));
                    send(chunk)?;
                }
                Behaviour::Cut if wrong => {
                    send(&chunk[..200])?;
                    return Ok(());
                }
                _ => send(chunk)?,
            }
        }
        Ok(())
    }
}

/// Holds a connection without another word. Who asked says nothing more, so reading ends when it leaves.
fn until_it_leaves(mut stream: impl Read) -> std::io::Result<()> {
    while stream.read(&mut [0; 64])? > 0 {}
    Ok(())
}

/// One head of a request; its body is none.
fn request(stream: &mut impl Read) -> std::io::Result<String> {
    let mut buffer = [0; 4_096];
    let mut asked = String::new();
    while !asked.ends_with("\r\n\r\n") {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        asked.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    Ok(asked)
}
