//! The body of a response, whatever it is made of. It yields shared bytes: nothing is copied.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::deadlines::InFlight;
use super::file::FileBody;
use super::request_body::BoxError;

/// What the bytes come from.
pub(super) enum BodySource<B> {
    /// All of it at once; `None` when it was taken.
    Whole(Option<Bytes>),
    /// Part of a file.
    File(FileBody),
    /// The fallback's own.
    Fallback(B),
}

/// A body whose response counts as in flight while it exists.
pub(super) struct ResponseBody<B> {
    source: BodySource<B>,
    _in_flight: InFlight,
}

impl<B> ResponseBody<B> {
    pub(super) fn new(source: BodySource<B>, in_flight: InFlight) -> Self {
        Self {
            source,
            _in_flight: in_flight,
        }
    }
}

impl<B> Body for ResponseBody<B>
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
        match &mut self.source {
            BodySource::Whole(bytes) => Poll::Ready(bytes.take().map(|b| Ok(Frame::data(b)))),
            BodySource::File(file) => file
                .poll_next(cx)
                .map(|read| read.map(|r| r.map(Frame::data).map_err(Into::into))),
            BodySource::Fallback(body) => Pin::new(body)
                .poll_frame(cx)
                .map(|frame| frame.map(|f| f.map_err(Into::into))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            BodySource::Whole(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            BodySource::File(file) => file.remaining() == 0,
            BodySource::Fallback(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            BodySource::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64))
            }
            BodySource::File(file) => SizeHint::with_exact(file.remaining()),
            BodySource::Fallback(body) => body.size_hint(),
        }
    }
}
