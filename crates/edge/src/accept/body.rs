//! The body of an answer, whatever it is made of. It yields shared bytes: nothing is allocated or copied per listener.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::BoxError;
use super::file::FileBody;
use super::watch::InFlight;

/// What the bytes come from.
pub(super) enum Kind<B> {
    /// All of it at once; `None` when it was given.
    Whole(Option<Bytes>),
    /// Part of a file.
    File(FileBody),
    /// The fallback's own.
    Fallback(B),
}

/// A body that keeps its answer in flight while it exists.
pub(super) struct AnswerBody<B> {
    kind: Kind<B>,
    _in_flight: InFlight,
}

impl<B> AnswerBody<B> {
    pub(super) fn new(kind: Kind<B>, in_flight: InFlight) -> Self {
        Self {
            kind,
            _in_flight: in_flight,
        }
    }
}

impl<B> Body for AnswerBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.kind {
            Kind::Whole(bytes) => Poll::Ready(bytes.take().map(|b| Ok(Frame::data(b)))),
            Kind::File(file) => file
                .poll_next(cx)
                .map(|read| read.map(|r| r.map(Frame::data).map_err(Into::into))),
            Kind::Fallback(body) => Pin::new(body)
                .poll_frame(cx)
                .map(|frame| frame.map(|f| f.map_err(Into::into))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Whole(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Kind::File(file) => file.remaining() == 0,
            Kind::Fallback(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64))
            }
            Kind::File(file) => SizeHint::with_exact(file.remaining()),
            Kind::Fallback(body) => body.size_hint(),
        }
    }
}
