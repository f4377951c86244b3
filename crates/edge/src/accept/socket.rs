//! The bytes of a connection: counted and timed at the kernel, TLS or not above it, and a word for heads that cannot be read.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::StatusCode;
use rustls::ServerConnection;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::caps::Permit;
use super::secured::Secured;
use super::watch::Pulse;
use crate::counters::{Refusal, add};
use crate::edge::Edge;
use crate::faces::{SERVER, raw_sentence};
use crate::limits::LINGER_BYTES_MAX;

/// A TCP connection that counts its bytes and stamps its progress. It holds the permit, so a connection is counted for
/// as long as its descriptor exists, also after an upgrade to WebSocket.
pub(super) struct Metered {
    tcp: TcpStream,
    pulse: Arc<Pulse>,
    edge: Edge,
    permit: Option<Permit>,
}

impl Metered {
    pub(super) fn new(tcp: TcpStream, pulse: Arc<Pulse>, edge: Edge, permit: Permit) -> Self {
        Self {
            tcp,
            pulse,
            edge,
            permit: Some(permit),
        }
    }

    pub(super) fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// The permit again, after [`Transport::dissolve`].
    pub(super) fn hold(&mut self, permit: Permit) {
        self.permit = Some(permit);
    }

    fn note_written(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &result {
            Poll::Pending => self.pulse.blocked(),
            Poll::Ready(Ok(n)) if *n > 0 => {
                self.pulse.wrote();
                add(&self.edge.count().bytes_sent, *n as u64);
            }
            Poll::Ready(_) => {}
        }
        result
    }
}

impl Drop for Metered {
    fn drop(&mut self) {
        if self.pulse.is_reset_on_drop() {
            let _ = self.tcp.set_zero_linger();
        }
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.tcp).poll_read(cx, buf))?;
        add(
            &self.edge.count().bytes_received,
            (buf.filled().len() - before) as u64,
        );
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Metered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.tcp).poll_write(cx, buf);
        self.note_written(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.tcp).poll_write_vectored(cx, bufs);
        self.note_written(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

/// Plain or TLS.
pub(super) enum Transport {
    Plain(Metered),
    Tls(Box<Secured>),
}

impl Transport {
    pub(super) fn new(metered: Metered, tls: Option<Box<ServerConnection>>) -> Self {
        match tls {
            None => Self::Plain(metered),
            Some(session) => Self::Tls(Box::new(Secured::new(metered, session))),
        }
    }

    pub(super) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(metered) => metered.tcp(),
            Self::Tls(tls) => tls.metered().tcp(),
        }
    }

    /// What a shard needs: the socket (whose drop closes it here only), what counts it, and its encryption.
    pub(super) fn dissolve(self) -> (Metered, Option<Permit>, Option<Box<ServerConnection>>) {
        let (mut metered, tls) = match self {
            Self::Plain(metered) => (metered, None),
            Self::Tls(tls) => {
                let (metered, session) = tls.into_inner();
                (metered, Some(session))
            }
        };
        let permit = metered.permit.take();
        (metered, permit, tls)
    }
}

/// What the HTTP library reads and writes.
pub(super) struct Socket {
    transport: Transport,
    /// What was read before and belongs to the next request.
    ahead: Bytes,
    pulse: Arc<Pulse>,
    edge: Edge,
    /// A head could not be read and that was said; what the peer still sends is thrown away, up to a limit.
    refused: bool,
    thrown_away: usize,
}

impl Socket {
    pub(super) fn new(transport: Transport, ahead: Bytes, pulse: Arc<Pulse>, edge: Edge) -> Self {
        Self {
            transport,
            ahead,
            pulse,
            edge,
            refused: false,
            thrown_away: 0,
        }
    }

    /// What was read and not understood yet is what the library still holds, and behind it what it has not taken.
    pub(super) fn into_parts(self, held: Bytes) -> (Transport, Bytes) {
        let ahead = match (held.is_empty(), self.ahead.is_empty()) {
            (true, _) => self.ahead,
            (_, true) => held,
            _ => [held, self.ahead].concat().into(),
        };
        (self.transport, ahead)
    }

    fn transport(&mut self) -> Pin<&mut (dyn AsyncReadWrite + '_)> {
        match &mut self.transport {
            Transport::Plain(plain) => Pin::new(plain),
            Transport::Tls(tls) => Pin::new(&mut **tls),
        }
    }

    /// Says in a sentence what the HTTP library would say with a bare status. Short enough for an empty socket buffer, so
    /// what does not fit is let go.
    fn refuse(&mut self, cx: &mut Context<'_>, status: StatusCode) -> Poll<io::Result<()>> {
        let text = match status {
            StatusCode::REQUEST_TIMEOUT => "The request took too long to arrive.",
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE | StatusCode::URI_TOO_LONG => {
                "The head of the request is too large."
            }
            StatusCode::HTTP_VERSION_NOT_SUPPORTED => "This server speaks HTTP/1.1.",
            _ => "This is not a request that can be understood as HTTP/1.1.",
        };
        let words = raw_sentence(status, text);
        let written = ready!(self.transport().poll_write(cx, &words));
        self.refused = true;
        self.pulse.said_farewell();
        Poll::Ready(written.map(|_| ()))
    }

    /// Reads and forgets until the peer has closed: closing with unread bytes sends a reset, which may overtake the words.
    fn throw_away(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.thrown_away < LINGER_BYTES_MAX {
            let mut space = [0; 4096];
            let mut buf = ReadBuf::new(&mut space);
            match ready!(self.transport().poll_read(cx, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => self.thrown_away += buf.filled().len(),
                _ => break,
            }
        }
        Poll::Ready(())
    }
}

/// The status of an answer that the HTTP library made by itself, because it could not read a head. Ours are known by
/// their `Server`.
fn librarys_own(buf: &[u8]) -> Option<StatusCode> {
    let rest = buf.strip_prefix(b"HTTP/1.1 ")?;
    if !rest.starts_with(b"4") && !rest.starts_with(b"5") {
        return None;
    }
    let end = buf.windows(4).position(|w| w == b"\r\n\r\n")?;
    let server = [b"\r\nserver: ", SERVER.as_bytes()].concat();
    let ours = buf[..end].windows(server.len()).any(|w| w == server);
    if ours {
        None
    } else {
        StatusCode::from_bytes(rest.get(..3)?).ok()
    }
}

trait AsyncReadWrite: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> AsyncReadWrite for T {}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.pulse.has_given_up() {
            let _ = self.refuse(cx, StatusCode::REQUEST_TIMEOUT);
            let _ = self.transport().poll_flush(cx);
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buf.filled().len();
        if self.ahead.is_empty() {
            ready!(self.transport().poll_read(cx, buf))?;
        } else {
            let count = self.ahead.len().min(buf.remaining());
            buf.put_slice(&self.ahead.split_to(count));
        }
        if buf.filled().len() > before {
            self.pulse.heard();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(status) = librarys_own(buf) {
            ready!(self.refuse(cx, status))?;
            self.edge.count().refuse(Refusal::BadHead);
            return Poll::Ready(Ok(buf.len()));
        }
        self.transport().poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // A refusal of the library is alone in its buffer: nothing is in flight when it reads a head.
        if let Some(only) = bufs.iter().find(|b| !b.is_empty())
            && librarys_own(only).is_some()
        {
            return self.poll_write(cx, only);
        }
        self.transport().poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.transport {
            Transport::Plain(plain) => plain.is_write_vectored(),
            Transport::Tls(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.transport().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.transport().poll_shutdown(cx))?;
        if self.refused {
            ready!(self.throw_away(cx));
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_librarys_own_refusals_are_known_and_ours_are_not() {
        let bare = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(
            librarys_own(bare),
            Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
        );
        let ours = b"HTTP/1.1 404 Not Found\r\nserver: Stentor\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(librarys_own(ours), None);
        assert_eq!(librarys_own(b"HTTP/1.1 200 OK\r\n\r\n"), None);
        assert_eq!(librarys_own(b"HTTP/1.1 4"), None);
        assert_eq!(librarys_own(b""), None);
    }
}
