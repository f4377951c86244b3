//! A TLS session over a connection, read and written asynchronously.
//!
//! The handshake is the library's. Afterwards a session goes between the accept side and the shards and back, for which the
//! library's own stream is not made: it can be taken apart, but not put together again.

use std::io::{self, IoSlice, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustls::ServerConnection;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::counted::CountedTcp;

/// A session whose handshake is over.
pub(super) struct TlsStream {
    counted: CountedTcp,
    session: Box<ServerConnection>,
    /// The end of what we send was said (RFC 8446 section 6.1).
    closed: bool,
}

impl TlsStream {
    pub(super) fn new(counted: CountedTcp, session: Box<ServerConnection>) -> Self {
        Self {
            counted,
            session,
            closed: false,
        }
    }

    pub(super) fn counted(&self) -> &CountedTcp {
        &self.counted
    }

    pub(super) fn counted_mut(&mut self) -> &mut CountedTcp {
        &mut self.counted
    }

    pub(super) fn into_inner(self) -> (CountedTcp, Box<ServerConnection>) {
        (self.counted, self.session)
    }

    /// Sends the ciphertext that waits.
    fn push(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.session.wants_write() {
            let mut below = TlsIo {
                counted: &mut self.counted,
                cx,
            };
            ready!(poll_of(self.session.write_tls(&mut below)))?;
        }
        Poll::Ready(Ok(()))
    }

    fn write_with(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(&mut rustls::Writer<'_>) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        // Nothing is encrypted ahead of what the socket takes.
        ready!(self.push(cx))?;
        let taken = write(&mut self.session.writer())?;
        match self.push(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(taken)),
        }
    }
}

impl AsyncRead for TlsStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            match this.session.reader().read(buf.initialize_unfilled()) {
                Ok(count) => {
                    buf.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
            let mut below = TlsIo {
                counted: &mut this.counted,
                cx,
            };
            ready!(poll_of(this.session.read_tls(&mut below)))?;
            if let Err(error) = this.session.process_new_packets() {
                // An alert tells the peer why; where the socket does not take it, the connection ends without.
                let _ = this.push(cx);
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, error)));
            }
        }
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write_with(cx, |writer| writer.write(buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write_with(cx, |writer| writer.write_vectored(bufs))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.push(cx))?;
        Pin::new(&mut self.counted).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.closed {
            self.closed = true;
            self.session.send_close_notify();
        }
        ready!(self.push(cx))?;
        Pin::new(&mut self.counted).poll_shutdown(cx)
    }
}

/// The connection as the session reads and writes it: `WouldBlock` where it is to be waited for.
struct TlsIo<'a, 'c> {
    counted: &'a mut CountedTcp,
    cx: &'a mut Context<'c>,
}

impl Read for TlsIo<'_, '_> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let mut buf = ReadBuf::new(space);
        let polled = Pin::new(&mut *self.counted).poll_read(self.cx, &mut buf);
        result_of(polled).map(|()| buf.filled().len())
    }
}

impl Write for TlsIo<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        result_of(Pin::new(&mut *self.counted).poll_write(self.cx, bytes))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        result_of(Pin::new(&mut *self.counted).poll_write_vectored(self.cx, slices))
    }

    fn flush(&mut self) -> io::Result<()> {
        result_of(Pin::new(&mut *self.counted).poll_flush(self.cx))
    }
}

fn result_of<T>(polled: Poll<io::Result<T>>) -> io::Result<T> {
    match polled {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

fn poll_of<T>(result: io::Result<T>) -> Poll<io::Result<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
        result => Poll::Ready(result),
    }
}
