//! Frames out of what comes in pieces.

use bytes::{Buf, Bytes, BytesMut};

use super::header::{FRAME_BYTES_MAX, FrameHeader, FrameKind, HEADER_BYTES};

/// A whole frame with its header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Which encoding.
    pub kind: FrameKind,
    /// All of it.
    pub bytes: Bytes,
}

/// Finds frames of both encodings in one stream of bytes, in any order. Each says by its header which it is.
///
/// Where no frame begins it looks for the next place where one does, byte by byte; there it wants another one right behind it, since
/// two bytes that look like the beginning of a frame stand in most of them. It holds what was given to it and is not taken yet, so
/// whoever gives it pieces takes all frames after each: then at most two frames are left.
#[derive(Debug, Default)]
pub struct FrameReader {
    waiting: BytesMut,
    /// What was last looked at was no frame.
    lost: bool,
    left_out: u64,
}

impl FrameReader {
    /// A reader of a stream that begins with a frame.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
    }

    /// Bytes so far that were part of no frame.
    #[must_use]
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Bytes that wait for the rest of their frame.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The next frame, if it is whole.
    pub fn next_frame(&mut self) -> Option<Frame> {
        loop {
            let Some(header) = header_at(&self.waiting, 0)? else {
                self.leave_out();
                continue;
            };
            debug_assert!(header.bytes <= FRAME_BYTES_MAX);
            if self.waiting.len() < header.bytes {
                return None;
            }
            if self.lost && header_at(&self.waiting, header.bytes)?.is_none() {
                self.leave_out();
                continue;
            }
            self.lost = false;
            return Some(Frame {
                kind: header.kind,
                bytes: self.waiting.split_to(header.bytes).freeze(),
            });
        }
    }

    /// Leaves bytes out up to where a frame may begin.
    fn leave_out(&mut self) {
        let begins = self.waiting.iter().skip(1).position(|&byte| byte == 0xff);
        let bytes = begins.map_or(self.waiting.len(), |at| at + 1);
        self.waiting.advance(bytes);
        self.left_out += bytes as u64;
        self.lost = true;
    }
}

/// The header at an offset, if a frame begins there; `None` while its bytes are not all there.
fn header_at(bytes: &[u8], at: usize) -> Option<Option<FrameHeader>> {
    let header = bytes.get(at..)?.first_chunk::<HEADER_BYTES>()?;
    Some(FrameHeader::parse(*header))
}
