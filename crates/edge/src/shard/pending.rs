//! What is left to send of an answer to a client: bytes in memory, or a range of a recording.
//!
//! It owns no copy: a body is a reference to what is in memory, and a range of a file is read into the shard's one buffer when the
//! socket takes it.

use std::io::{self, IoSlice};
use std::ops::Range;
use std::rc::Rc;

use bytes::{Buf, Bytes};
use http::{Method, Response};

use super::files::{Files, OpenFile};
use super::nonblocking_write::NonblockingWrite;
use crate::edge::Edge;
use crate::faces::{AfterAnswer, FileRequest, FileResponse, file_answer};
use crate::gate::{Ask, Attempt, ResourceUsage, judge};
use crate::heads::{part_head, whole_head};
use crate::limits::AcceptLimits;

/// Sent to one client before others are served, bytes, and at most one piece more.
const QUANTUM_BYTES: usize = 256 * 1024;

/// What a shard lends to the client that it serves.
pub(super) struct ServeContext<'a> {
    pub(super) edge: &'a Edge,
    pub(super) limits: &'a AcceptLimits,
    pub(super) files: &'a mut Files,
    pub(super) buffer: &'a mut [u8],
    /// Read of a file at once, bytes: as much as the socket takes at once.
    pub(super) piece_bytes: usize,
    pub(super) now_ms: u64,
}

/// See the module. Beside it, what the client has sent behind the request that is being answered.
#[derive(Default)]
pub(super) struct PendingResponse {
    head: Bytes,
    body: Bytes,
    file: Option<FileRange>,
    pub(super) read_ahead: Bytes,
    /// The connection is closed behind it.
    pub(super) closes: bool,
}

/// What is left to send of a file.
struct FileRange {
    file: Rc<OpenFile>,
    range: Range<u64>,
    /// Since when the next bytes have been waited for, ms.
    waiting_since_ms: Option<u64>,
}

/// How far sending came.
pub(super) enum Sent {
    All,
    /// [`QUANTUM_BYTES`]: others are served first.
    Quantum,
    /// The next bytes of the file are not in memory yet.
    FileNotReady,
}

impl PendingResponse {
    /// An answer that is in memory.
    pub(super) fn memory(
        method: &Method,
        mut response: Response<Bytes>,
        after: AfterAnswer,
    ) -> Self {
        after.tell(&mut response);
        Self {
            head: whole_head(method, &response).into(),
            body: response.into_body(),
            closes: after == AfterAnswer::Close,
            ..Self::default()
        }
    }

    /// The answer to a request for a file; `None` if it cannot be opened here.
    pub(super) fn file(
        files: &mut Files,
        request: &FileRequest,
        after: AfterAnswer,
    ) -> Option<Self> {
        let file = files.open(request.file(), request.is_growing()).ok()??;
        Some(match file_answer(request, &file.version) {
            FileResponse::Nothing(response) => Self::memory(request.method(), response, after),
            FileResponse::Bytes(mut response, range) => {
                after.tell(&mut response);
                Self {
                    head: part_head(&response).into(),
                    file: Some(FileRange {
                        file,
                        range,
                        waiting_since_ms: None,
                    }),
                    closes: after == AfterAnswer::Close,
                    ..Self::default()
                }
            }
        })
    }

    /// What a client that is let go is told.
    pub(super) fn farewell(refusal: Vec<u8>) -> Self {
        Self {
            head: refusal.into(),
            closes: true,
            ..Self::default()
        }
    }

    /// Nothing to send, and a client that is to be served again later.
    pub(super) fn nothing(read_ahead: Bytes) -> Self {
        Self {
            read_ahead,
            ..Self::default()
        }
    }

    /// Whether it is a recording.
    pub(super) fn is_file(&self) -> bool {
        self.file.is_some()
    }

    /// Sends what the socket takes; `WouldBlock` until it takes more.
    pub(super) fn send(
        &mut self,
        cx: &mut ServeContext<'_>,
        socket: &mut impl NonblockingWrite,
    ) -> io::Result<Sent> {
        let mut sent = 0;
        while !(self.head.is_empty() && self.body.is_empty()) {
            if sent >= QUANTUM_BYTES {
                return Ok(Sent::Quantum);
            }
            let slices = [IoSlice::new(&self.head), IoSlice::new(&self.body)];
            let count = write(socket, &slices)?;
            let of_head = count.min(self.head.len());
            self.head.advance(of_head);
            self.body.advance(count - of_head);
            sent += count;
        }
        while let Some(file) = self.file.as_mut().filter(|file| !file.range.is_empty()) {
            if sent >= QUANTUM_BYTES {
                return Ok(Sent::Quantum);
            }
            let Some(piece) = file.read(cx)? else {
                return Ok(Sent::FileNotReady);
            };
            let count = write(socket, &[IoSlice::new(piece)])?;
            file.range.start += count as u64;
            sent += count;
        }
        socket.flush().map(|()| Sent::All)
    }
}

impl FileRange {
    /// The next piece, if it is in memory.
    fn read<'a>(&mut self, cx: &'a mut ServeContext<'_>) -> io::Result<Option<&'a [u8]>> {
        let (at, left) = (self.range.start, self.range.end - self.range.start);
        let want = left.min(cx.piece_bytes as u64) as usize;
        let piece = &mut cx.buffer[..want];
        let read = self.file.read_at(piece, at);
        if let Ok(Some(count)) = read {
            self.waiting_since_ms = None;
            return Ok(Some(&piece[..count]));
        }
        let since_ms = *self.waiting_since_ms.get_or_insert_with(|| {
            self.file.prefetch(at);
            cx.now_ms
        });
        let waited_ms = ResourceUsage {
            used: cx.now_ms.saturating_sub(since_ms),
            max: cx.limits.write_stall_ms,
        };
        let ask = Ask::FileBytes {
            readable: read.is_ok(),
            waited_ms,
        };
        let Err(outcome) = judge(&Attempt::new(ask)).allowed() else {
            return Ok(None);
        };
        cx.edge.count().refuse_if(outcome.reason());
        Err(io::ErrorKind::InvalidData.into())
    }
}

fn write(socket: &mut impl NonblockingWrite, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    loop {
        match socket.write_vectored(slices) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            written => return written,
        }
    }
}
