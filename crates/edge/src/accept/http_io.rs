//! A connection as the HTTP library reads and writes it. Where the library would answer a head it cannot read with a bare status, a
//! sentence is written instead.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::deadlines::Deadlines;
use super::transport::Transport;
use crate::edge::Edge;
use crate::faces::{SERVER, raw_bad_head, raw_refusal};
use crate::gate::{Ask, Attempt, HeadFault, judge};
use crate::limits::LINGER_BYTES_MAX;

/// What the HTTP library reads and writes.
pub(super) struct HttpIo {
    transport: Transport,
    /// Bytes read before that belong to the next request.
    ahead: Bytes,
    deadlines: Arc<Deadlines>,
    edge: Edge,
    /// A refusal was written; what the peer still sends is discarded, up to a limit.
    refused: bool,
    discarded: usize,
}

impl HttpIo {
    pub(super) fn new(
        transport: Transport,
        ahead: Bytes,
        deadlines: Arc<Deadlines>,
        edge: Edge,
    ) -> Self {
        Self {
            transport,
            ahead,
            deadlines,
            edge,
            refused: false,
            discarded: 0,
        }
    }

    /// The transport, and the bytes that are read and not parsed yet: what the library still holds, then what it has not taken.
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

    /// Writes a refusal. It fits into an empty socket buffer; where the buffer is not empty, the rest is dropped.
    fn write_refusal(&mut self, cx: &mut Context<'_>, response: &[u8]) -> Poll<io::Result<()>> {
        let written = ready!(self.transport().poll_write(cx, response));
        self.refused = true;
        self.deadlines.refusal_sent();
        Poll::Ready(written.map(|_| ()))
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

/// The status of a response that the HTTP library made by itself, because it could not read a head. Ours are known by their
/// `Server`.
fn status_of_library(buf: &[u8]) -> Option<StatusCode> {
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
        if let Some(outcome) = self.deadlines.head_refusal() {
            if let Some(response) = raw_refusal(outcome) {
                let _ = self.write_refusal(cx, &response);
                let _ = self.transport().poll_flush(cx);
            }
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
            self.deadlines.received();
        }
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
                ready!(self.write_refusal(cx, &raw_bad_head(status, fault)))?;
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
        if self.refused {
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
        let bare = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(
            status_of_library(bare),
            Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
        );
        let ours = b"HTTP/1.1 404 Not Found\r\nserver: Stentor\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(status_of_library(ours), None);
        assert_eq!(status_of_library(b"HTTP/1.1 200 OK\r\n\r\n"), None);
        assert_eq!(status_of_library(b"HTTP/1.1 4"), None);
        assert_eq!(status_of_library(b""), None);
    }
}
