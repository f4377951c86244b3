//! A connection as the HTTP library reads and writes it: one request at a time, as [`RequestReader`] gives it. Where the library would
//! answer by itself with a bare status, a sentence is written instead.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::deadlines::Deadlines;
use super::request_reader::{MayRead, RequestReader};
use super::transport::Transport;
use crate::edge::Edge;
use crate::faces::{SERVER, raw_bad_head, raw_refusal};
use crate::gate::{Ask, Attempt, HeadFault, judge};
use crate::limits::{AcceptLimits, LINGER_BYTES_MAX};

/// Read of a head at once, bytes.
const HEAD_READ_BYTES: usize = 4 * 1024;

/// What the HTTP library reads and writes.
pub(super) struct HttpIo {
    transport: Transport,
    reader: RequestReader,
    deadlines: Arc<Deadlines>,
    edge: Edge,
    limits: Arc<AcceptLimits>,
    /// The last answer was written; what the peer still sends is discarded, up to a limit.
    lingers: bool,
    discarded: usize,
}

impl HttpIo {
    pub(super) fn new(
        transport: Transport,
        ahead: Bytes,
        deadlines: Arc<Deadlines>,
        edge: Edge,
        limits: Arc<AcceptLimits>,
    ) -> Self {
        Self {
            transport,
            reader: RequestReader::new(ahead),
            deadlines,
            edge,
            limits,
            lingers: false,
            discarded: 0,
        }
    }

    /// The transport, and the bytes that are read and not parsed yet: what the library still holds, then what it has not taken.
    pub(super) fn into_parts(self, held: Bytes) -> (Transport, Bytes) {
        let ahead = self.reader.into_held();
        let ahead = match (held.is_empty(), ahead.is_empty()) {
            (true, _) => ahead,
            (_, true) => held,
            _ => [held, ahead].concat().into(),
        };
        (self.transport, ahead)
    }

    fn transport(&mut self) -> Pin<&mut (dyn AsyncReadWrite + '_)> {
        match &mut self.transport {
            Transport::Plain(plain) => Pin::new(plain),
            Transport::Tls(tls) => Pin::new(&mut **tls),
        }
    }

    /// Writes a refusal. It fits into an empty socket buffer; where the buffer is not empty, the rest is dropped.
    fn write_refusal(&mut self, cx: &mut Context<'_>, response: &[u8]) -> Poll<io::Result<()>> {
        let written = ready!(self.transport().poll_write(cx, response));
        self.linger();
        Poll::Ready(written.map(|_| ()))
    }

    /// From now on only the peer's reading what it was told is waited for.
    fn linger(&mut self) {
        self.lingers = true;
        self.deadlines.refusal_sent();
    }

    /// Tells the peer why its head is refused, and lets the library see the end.
    fn refuse(&mut self, cx: &mut Context<'_>, response: &[u8]) -> io::Error {
        let _ = self.write_refusal(cx, response);
        let _ = self.transport().poll_flush(cx);
        io::ErrorKind::InvalidData.into()
    }

    /// Reads until there is a head that the library may have; ready with false at the end of what the peer sends.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        loop {
            if self.reader.is_begun() {
                self.deadlines.received();
                match self.reader.look(&self.limits) {
                    Ok(true) => break,
                    Ok(false) => {}
                    Err(fault) => {
                        let outcome = judge(&Attempt::new(Ask::Head { fault }));
                        self.edge.count().refuse_if(outcome.reason());
                        return Poll::Ready(Err(self.refuse(cx, &raw_bad_head(fault))));
                    }
                }
            }
            let mut space = [0; HEAD_READ_BYTES];
            let mut came = ReadBuf::new(&mut space);
            ready!(self.transport().poll_read(cx, &mut came))?;
            if came.filled().is_empty() {
                return Poll::Ready(Ok(false));
            }
            self.reader.hold(came.filled());
        }
        self.deadlines.set_body_open(true);
        Poll::Ready(Ok(true))
    }

    /// Reads and discards until the peer has closed: closing with unread bytes sends a reset, which may overtake the response.
    fn discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.discarded < LINGER_BYTES_MAX {
            let mut space = [0; 4096];
            let mut buf = ReadBuf::new(&mut space);
            match ready!(self.transport().poll_read(cx, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => self.discarded += buf.filled().len(),
                _ => break,
            }
        }
        Poll::Ready(())
    }
}

/// The status of a response that the HTTP library made by itself, because it could not read a head or a body. Ours are known by their
/// `Server`.
fn status_of_library(buf: &[u8]) -> Option<StatusCode> {
    let rest = buf
        .strip_prefix(b"HTTP/1.1 ")
        .or_else(|| buf.strip_prefix(b"HTTP/1.0 "))?;
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

/// What the library says is wrong by that status.
fn head_fault(status: StatusCode) -> HeadFault {
    match status {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE | StatusCode::URI_TOO_LONG => {
            HeadFault::TooLarge
        }
        StatusCode::HTTP_VERSION_NOT_SUPPORTED => HeadFault::Version,
        _ => HeadFault::Unreadable,
    }
}

trait AsyncReadWrite: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> AsyncReadWrite for T {}

impl AsyncRead for HttpIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Some(outcome) = this.deadlines.head_refusal() {
            if let Some(response) = raw_refusal(outcome) {
                let _ = this.refuse(cx, &response);
            }
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        if this.reader.wants_head() && !ready!(this.poll_head(cx))? {
            return Poll::Ready(Ok(()));
        }
        match this.reader.may_read() {
            MayRead::Held(bytes) => {
                buf.put_slice(&this.reader.give(bytes.min(buf.remaining())));
            }
            MayRead::Socket(most) => {
                let space = buf.initialize_unfilled_to(most.min(buf.remaining()));
                let mut part = ReadBuf::new(space);
                ready!(this.transport().poll_read(cx, &mut part))?;
                let read = part.filled().len();
                buf.advance(read);
                this.reader.note_read(read);
            }
            // The answer wakes this task, and then the connection goes on elsewhere.
            MayRead::Nothing => return Poll::Pending,
        }
        this.deadlines.set_body_open(this.reader.is_open());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for HttpIo {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(status) = status_of_library(buf) {
            let fault = head_fault(status);
            if let Err(outcome) = judge(&Attempt::new(Ask::Head { fault })).allowed() {
                ready!(self.write_refusal(cx, &raw_bad_head(fault)))?;
                self.edge.count().refuse_if(outcome.reason());
                return Poll::Ready(Ok(buf.len()));
            }
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
            && status_of_library(only).is_some()
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
        // RFC 9112 section 9.6; something else than HTTP ends as it says itself.
        if !self.lingers && !self.reader.is_upgrade() {
            self.linger();
        }
        if self.lingers {
            ready!(self.discard(cx));
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_library_refusals_are_known_and_ours_are_not() {
        for version in ["1.1", "1.0"] {
            let bare = format!(
                "HTTP/{version} 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            );
            assert_eq!(
                status_of_library(bare.as_bytes()),
                Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
            );
        }
        let ours = b"HTTP/1.1 404 Not Found\r\nserver: Stentor\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(status_of_library(ours), None);
        assert_eq!(status_of_library(b"HTTP/1.1 200 OK\r\n\r\n"), None);
        assert_eq!(status_of_library(b"HTTP/1.1 4"), None);
        assert_eq!(status_of_library(b""), None);
    }
}
