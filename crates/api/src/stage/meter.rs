//! How many bytes a page may send, whatever frames they are: not every frame is shown to whoever reads messages.
//!
//! A library answers pings and collects fragments by itself, so a flood of those, or of empty fragments of a message that never ends, is
//! seen here only.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use stentor_event::SeatBudget;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that fails when more is read from it than a page may send.
pub(super) struct Metered<T> {
    stream: T,
    budget: Arc<SeatBudget>,
    exceeded: Arc<AtomicBool>,
}

impl<T> Metered<T> {
    pub(super) fn new(stream: T) -> Self {
        Self {
            stream,
            // Of its own, until it is known whose it is.
            budget: Arc::new(SeatBudget::full(Instant::now())),
            exceeded: Arc::default(),
        }
    }

    /// It is known whose it is: what is read from now on is counted with what the seat's other pages send, and those before.
    pub(super) fn charge(&mut self, budget: Arc<SeatBudget>) {
        self.budget = budget;
    }

    /// Becomes true when it fails for that.
    pub(super) fn exceeded(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.exceeded)
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Metered<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let read = buf.filled().len() - before;
        if self.budget.take_bytes(Instant::now(), read) {
            return Poll::Ready(Ok(()));
        }
        self.exceeded.store(true, Ordering::Relaxed);
        Poll::Ready(Err(io::Error::other("more was sent than a page may send")))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Metered<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
