//! The body of a request as a handler reads it: bounded in bytes and in time.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, timeout};

use crate::edge::Edge;
use crate::gate::{Ask, Attempt, Missed, judge};

/// Any error that a body may end with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of a request as the fallback gets it: bounded in bytes and in time.
pub struct RequestBody {
    inner: Incoming,
    /// Bytes read so far.
    read: u64,
    bytes_max: u64,
    limit_ms: u64,
    /// Made when the body is first waited for: most requests have none.
    deadline: Option<Pin<Box<Sleep>>>,
    edge: Edge,
    /// Set when there is nothing more to read.
    read_whole: Arc<AtomicBool>,
    /// Room for what is read, of all bodies together, one permit a byte; and what this one has of it. Whoever reads it keeps it until it is
    /// whole, and most are not meant to become so.
    room: Arc<Semaphore>,
    taken: Option<OwnedSemaphorePermit>,
}

impl RequestBody {
    /// Of at most so many bytes, which come within so many milliseconds.
    pub(super) fn new(
        inner: Incoming,
        (bytes_max, limit_ms): (u64, u64),
        edge: Edge,
        read_whole: Arc<AtomicBool>,
        room: Arc<Semaphore>,
    ) -> Self {
        Self {
            read_whole,
            room,
            taken: None,
            inner,
            read: 0,
            bytes_max,
            limit_ms,
            deadline: None,
            edge,
        }
    }

    /// Reads up to so many bytes and drops them, so that the response is not lost to a reset; within the time of a body.
    pub(super) async fn discard(mut self, mut bytes_max: u64) {
        let reading = async {
            while let Some(Ok(frame)) = self.inner.frame().await {
                let bytes = frame.data_ref().map_or(0, |d| d.len() as u64);
                let Some(left) = bytes_max.checked_sub(bytes) else {
                    break;
                };
                bytes_max = left;
            }
        };
        let _ = timeout(Duration::from_millis(self.limit_ms), reading).await;
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let limit_ms = self.limit_ms;
        self.deadline
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(Duration::from_millis(limit_ms))))
            .as_mut()
            .poll(cx)
    }

    /// Takes room for so many bytes more; false where there is none.
    fn take_room(&mut self, bytes: usize) -> bool {
        let Ok(bytes) = u32::try_from(bytes) else {
            return false;
        };
        match self.room.clone().try_acquire_many_owned(bytes) {
            Ok(more) => {
                match &mut self.taken {
                    Some(taken) => taken.merge(more),
                    None => self.taken = Some(more),
                }
                true
            }
            Err(_) => false,
        }
    }

    /// Ends the body where the gate does not allow to read on, with that sentence.
    fn judged(&self, ask: Ask, why: impl FnOnce() -> String) -> Result<(), BoxError> {
        judge(&Attempt::new(ask)).allowed().map_err(|outcome| {
            self.edge.count().refuse_if(outcome.reason());
            why().into()
        })
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) else {
            ready!(self.poll_deadline(cx));
            let (missed, limit_ms) = (Missed::Body, self.limit_ms);
            self.judged(Ask::Time { missed }, || {
                format!("The request body took longer than {limit_ms} ms to arrive.")
            })?;
            return Poll::Pending;
        };
        let frame = frame.transpose()?;
        if frame.is_none() || self.inner.is_end_stream() {
            self.read_whole.store(true, Ordering::Relaxed);
        }
        let Some(frame) = frame else {
            return Poll::Ready(None);
        };
        let came = frame.data_ref().map_or(0, Bytes::len);
        self.read += came as u64;
        let (bytes, bytes_max) = (self.read, self.bytes_max);
        self.judged(Ask::Body { bytes, bytes_max }, || {
            format!("The request body has more than {bytes_max} bytes.")
        })?;
        if !self.take_room(came) {
            let left = self.room.available_permits() as u64;
            let (bytes, bytes_max) = (came as u64, left);
            self.judged(Ask::Body { bytes, bytes_max }, || {
                "This server reads as many request bodies as it has room for; try again in a few seconds.".to_owned()
            })?;
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
