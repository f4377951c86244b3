//! Frames on ICE-TCP connections: two bytes of length, then the datagram (RFC 4571 §2).

use crate::limits::DATAGRAM_BYTES_MAX;

/// A frame longer than [`DATAGRAM_BYTES_MAX`] was announced; the connection cannot be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameTooLong {
    /// Bytes announced.
    pub got: usize,
}

impl std::fmt::Display for FrameTooLong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "expected a frame of at most {DATAGRAM_BYTES_MAX} bytes, got {}",
            self.got
        )
    }
}

impl std::error::Error for FrameTooLong {}

/// Cuts a byte stream into frames; holds at most one unfinished frame.
#[derive(Debug, Default)]
pub struct Deframer {
    buffer: Vec<u8>,
}

impl Deframer {
    /// Takes bytes and gives each frame that is complete.
    ///
    /// # Errors
    ///
    /// When a frame is announced that is longer than any datagram we read.
    pub fn push(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8])) -> Result<(), FrameTooLong> {
        self.buffer.extend_from_slice(bytes);
        let mut at = 0;
        loop {
            let rest = &self.buffer[at..];
            let Some(head) = rest.first_chunk::<2>() else {
                break;
            };
            let length = usize::from(u16::from_be_bytes(*head));
            if length > DATAGRAM_BYTES_MAX {
                return Err(FrameTooLong { got: length });
            }
            let Some(frame) = rest.get(2..2 + length) else {
                break;
            };
            each(frame);
            at += 2 + length;
        }
        self.buffer.drain(..at);
        Ok(())
    }
}

/// The two bytes before a frame; `None` for what does not fit a frame.
#[must_use]
pub fn head(datagram: &[u8]) -> Option<[u8; 2]> {
    u16::try_from(datagram.len()).ok().map(u16::to_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_whole_however_the_stream_is_cut() {
        let mut stream = Vec::new();
        for frame in [&b"one"[..], b"", b"three"] {
            stream.extend(head(frame).unwrap());
            stream.extend(frame);
        }
        for cut in 1..stream.len() {
            let mut deframer = Deframer::default();
            let mut frames = Vec::new();
            for part in stream.chunks(cut) {
                deframer.push(part, |f| frames.push(f.to_vec())).unwrap();
            }
            assert_eq!(frames, [b"one".to_vec(), b"".to_vec(), b"three".to_vec()]);
            assert!(deframer.buffer.is_empty());
        }
    }

    #[test]
    fn the_longest_frame_passes_and_a_longer_one_ends_the_connection() {
        let mut deframer = Deframer::default();
        let mut longest = (DATAGRAM_BYTES_MAX as u16).to_be_bytes().to_vec();
        longest.resize(2 + DATAGRAM_BYTES_MAX, 7);
        let mut lengths = Vec::new();
        deframer.push(&longest, |f| lengths.push(f.len())).unwrap();
        assert_eq!(lengths, [DATAGRAM_BYTES_MAX]);
        let got = DATAGRAM_BYTES_MAX + 1;
        assert_eq!(
            deframer.push(&(got as u16).to_be_bytes(), |_| ()),
            Err(FrameTooLong { got })
        );
    }
}
