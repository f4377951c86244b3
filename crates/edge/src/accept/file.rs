//! Responses read from disk: one descriptor and one read ahead for each, however long the file.

use std::future::Future;
use std::io::{self, SeekFrom};
use std::net::SocketAddr;
use std::ops::Range;
use std::pin::pin;
use std::task::{Context, Poll, ready};

use bytes::{BufMut, Bytes, BytesMut};
use http::{Response, StatusCode};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::sync::OwnedSemaphorePermit;

use super::context::AcceptContext;
use crate::documents::CacheClass;
use crate::faces::{FileRequest, FileResponse, FileVersion, busy, file_answer, refusal, sentence};
use crate::gate::{Ask, Attempt, ResourceUsage, judge};
use crate::limits::FILE_READ_BYTES;
use crate::prefix::PrefixShare;

/// One network may read one in so many of the recordings that are read here at once.
const PREFIX_PART: usize = 4;

/// What became of a request for a file.
pub(super) enum Opened {
    Body(Response<()>, FileBody),
    Whole(Response<Bytes>),
}

/// Opens the file and makes the response, for somebody at that address.
pub(super) async fn open<S>(
    shared: &AcceptContext<S>,
    ask: &FileRequest,
    peer: SocketAddr,
) -> Opened {
    let edge = &shared.edge;
    let max = edge.limits().file_answers_max;
    let permit = edge.files().clone().try_acquire_owned().ok();
    let used = match permit {
        Some(_) => max - edge.files().available_permits() - 1,
        None => max,
    };
    let responses = ResourceUsage::of(used, max);
    let judged = |prefix| judge(&Attempt::new(Ask::File { responses, prefix })).allowed();
    let share = match shared.prefix_of(peer.ip()) {
        None => judged(None).map(|()| None),
        Some(prefix) => {
            let prefix_max = max.div_ceil(PREFIX_PART) as u64;
            let take = |used| {
                let max = prefix_max;
                judged(Some(ResourceUsage { used, max }))
            };
            shared.files.take(prefix, take).map(Some)
        }
    };
    let (permit, share) = match (permit, share) {
        (Some(permit), Ok(share)) => (permit, share),
        (_, Err(outcome)) => {
            edge.count().refuse_if(outcome.reason());
            return Opened::Whole(refusal(outcome));
        }
        // Not so: where there is no permit it is not allowed.
        (None, Ok(_)) => return Opened::Whole(busy(1, "Try again in a second.")),
    };
    let permit = FilePermit {
        _of_all: permit,
        _of_prefix: share,
    };
    match open_part(ask, permit).await {
        Ok(opened) => opened,
        // An operator has taken it away; whoever published it finds that out by itself.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Opened::Whole(sentence(
            StatusCode::NOT_FOUND,
            CacheClass::NoStore,
            "This recording is no longer here.",
        )),
        Err(error) => {
            tracing::error!(file = %ask.file().display(), %error, "a document cannot be read");
            Opened::Whole(busy(
                30,
                "This recording cannot be read at the moment; the operator has been told.",
            ))
        }
    }
}

async fn open_part(ask: &FileRequest, permit: FilePermit) -> io::Result<Opened> {
    let mut file = File::open(ask.file()).await?;
    let metadata = file.metadata().await?;
    match file_answer(ask, &FileVersion::of(&metadata)) {
        FileResponse::Nothing(response) => Ok(Opened::Whole(response)),
        FileResponse::Bytes(response, part) => {
            file.set_max_buf_size(FILE_READ_BYTES);
            if part.start > 0 {
                file.seek(SeekFrom::Start(part.start)).await?;
            }
            Ok(Opened::Body(response, FileBody::new(file, &part, permit)))
        }
    }
}

/// Part of a file, read as it is taken.
pub(super) struct FileBody {
    file: File,
    remaining: u64,
    buffer: BytesMut,
    _permit: FilePermit,
}

/// A place among those who read, and among those of the same network.
struct FilePermit {
    _of_all: OwnedSemaphorePermit,
    _of_prefix: Option<PrefixShare>,
}

impl FileBody {
    fn new(file: File, part: &Range<u64>, permit: FilePermit) -> Self {
        Self {
            file,
            remaining: part.end - part.start,
            buffer: BytesMut::new(),
            _permit: permit,
        }
    }

    /// Bytes that have not been given yet.
    pub(super) fn remaining(&self) -> u64 {
        self.remaining
    }

    /// The next bytes; at most [`FILE_READ_BYTES`].
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if self.remaining == 0 {
            return Poll::Ready(None);
        }
        let want = self.remaining.min(FILE_READ_BYTES as u64) as usize;
        self.buffer.reserve(want);
        // The future keeps nothing between polls: what is being read is kept by the file.
        let mut space = (&mut self.buffer).limit(want);
        let read = pin!(self.file.read_buf(&mut space));
        let n = match ready!(read.poll(cx)) {
            Ok(n) => n,
            Err(error) => return Poll::Ready(Some(Err(error))),
        };
        if n == 0 {
            let shorter = io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the file became shorter while it was being read",
            );
            return Poll::Ready(Some(Err(shorter)));
        }
        self.remaining -= n as u64;
        Poll::Ready(Some(Ok(self.buffer.split().freeze())))
    }
}
