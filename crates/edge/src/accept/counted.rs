//! The TCP stream of one connection, counted and timed where the kernel is met, below TLS.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::deadlines::Deadlines;
use crate::counters::add;
use crate::edge::Edge;
use crate::gate::{Outcome, Permit};
use crate::prefix::Prefix;

/// A TCP stream that counts its bytes and notes its progress. It holds the permit, so that a connection is counted for as long as
/// its descriptor exists, also after an upgrade to WebSocket.
pub(super) struct CountedTcp {
    tcp: TcpStream,
    deadlines: Arc<Deadlines>,
    edge: Edge,
    permit: Option<Permit>,
}

impl CountedTcp {
    pub(super) fn new(
        tcp: TcpStream,
        deadlines: Arc<Deadlines>,
        edge: Edge,
        permit: Permit,
    ) -> Self {
        Self {
            tcp,
            deadlines,
            edge,
            permit: Some(permit),
        }
    }

    pub(super) fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// The network it comes from; none where all who come have one address.
    pub(super) fn prefix(&self) -> Option<Prefix> {
        self.permit.as_ref().and_then(Permit::prefix)
    }

    /// To be called before the connection is served here: whether there is room for that.
    pub(super) fn admit_to_serve(&mut self, tls: bool) -> Result<(), Outcome> {
        match &mut self.permit {
            Some(permit) => permit.serve_on_accept_side(tls),
            None => Ok(()),
        }
    }

    /// The permit, for whoever takes the connection over.
    pub(super) fn take_permit(&mut self) -> Option<Permit> {
        self.permit.take()
    }

    /// The permit again, after [`Self::take_permit`].
    pub(super) fn hold(&mut self, permit: Permit) {
        self.permit = Some(permit);
    }

    fn note_written(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &result {
            Poll::Pending => self.deadlines.send_blocked(),
            Poll::Ready(Ok(n)) if *n > 0 => {
                self.deadlines.sent(*n as u64);
                add(&self.edge.count().bytes_sent, *n as u64);
            }
            Poll::Ready(_) => {}
        }
        result
    }
}

impl Drop for CountedTcp {
    fn drop(&mut self) {
        if self.deadlines.resets_on_drop() {
            let _ = self.tcp.set_zero_linger();
        }
    }
}

impl AsyncRead for CountedTcp {
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

impl AsyncWrite for CountedTcp {
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
        // Whoever flushes has had all that it wrote taken.
        self.deadlines.flushed();
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
