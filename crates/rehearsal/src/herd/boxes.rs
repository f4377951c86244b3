//! The boxes of an MP4 (ISO/IEC 14496-12 §4.2) and their fields, from a server that nobody vouches for.

use std::fmt;

use super::mp4::PACKETS_MAX;

/// Size and type.
pub(crate) const HEADER_BYTES: usize = 8;

pub(crate) fn header(bytes: &[u8]) -> Option<(u32, [u8; 4])> {
    let (size, rest) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(*size), *rest.first_chunk()?))
}

/// The inside of the first box of a kind among the boxes in `body`.
pub(crate) fn child(body: &[u8], kind: [u8; 4]) -> Result<&[u8], StreamError> {
    let mut rest = body;
    while let Some((size, this)) = header(rest) {
        let Some((whole, later)) = rest
            .split_at_checked(size as usize)
            .filter(|(whole, _)| whole.len() >= HEADER_BYTES)
        else {
            return Err(StreamError::Truncated { kind: this });
        };
        if this == kind {
            return Ok(&whole[HEADER_BYTES..]);
        }
        rest = later;
    }
    Err(StreamError::Missing { kind })
}

/// Big-endian fields of a box, one after the other.
pub(crate) struct Fields<'a> {
    kind: [u8; 4],
    pub(crate) rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) const fn of(kind: [u8; 4], rest: &'a [u8]) -> Self {
        Self { kind, rest }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], StreamError> {
        let truncated = StreamError::Truncated { kind: self.kind };
        let (field, rest) = self.rest.split_first_chunk().ok_or(truncated)?;
        self.rest = rest;
        Ok(*field)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, StreamError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, StreamError> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn skip(&mut self, bytes: usize) -> Result<(), StreamError> {
        let truncated = StreamError::Truncated { kind: self.kind };
        self.rest = self.rest.get(bytes..).ok_or(truncated)?;
        Ok(())
    }

    /// Bytes up to a zero byte, which is taken too.
    pub(crate) fn string(&mut self) -> Result<&'a [u8], StreamError> {
        let truncated = StreamError::Truncated { kind: self.kind };
        let end = self.rest.iter().position(|&byte| byte == 0);
        let (string, rest) = self.rest.split_at(end.ok_or(truncated)?);
        self.rest = &rest[1..];
        Ok(string)
    }
}

/// Why bytes are not a stream: always the server's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamError {
    /// A box of an impossible size, which is also what other formats look like.
    Size {
        /// Its type.
        kind: [u8; 4],
        /// Its size in bytes.
        got: u32,
        /// The limit in bytes.
        limit: u32,
    },
    /// A box stands where it must not.
    OutOfPlace {
        /// Its type.
        kind: [u8; 4],
        /// What should stand there.
        expected: &'static str,
    },
    /// A box that must be there is not.
    Missing {
        /// Its type.
        kind: [u8; 4],
    },
    /// A box ends before its fields do.
    Truncated {
        /// Its type.
        kind: [u8; 4],
    },
    /// Too many packets in one chunk.
    Packets {
        /// How many.
        got: u32,
    },
    /// `prft` speaks of another position than `tfdt`.
    ReferenceElsewhere {
        /// Position in `tfdt`.
        expected: u64,
        /// Position in `prft`.
        got: u64,
    },
    /// `mdat` has another length than the packets together.
    DataLength {
        /// Bytes of all packets.
        expected: u64,
        /// Its length.
        got: u32,
    },
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size { kind, got, limit } => write!(
                f,
                "a box '{}' of {got} bytes cannot be one (8 to {limit})",
                kind.escape_ascii()
            ),
            Self::OutOfPlace { kind, expected } => write!(
                f,
                "a box '{}' stands where {expected} should",
                kind.escape_ascii()
            ),
            Self::Missing { kind } => write!(f, "the box '{}' is missing", kind.escape_ascii()),
            Self::Truncated { kind } => {
                write!(f, "the box '{}' ends too early", kind.escape_ascii())
            }
            Self::Packets { got } => {
                write!(
                    f,
                    "a chunk has {got} packets and the limit is {PACKETS_MAX}"
                )
            }
            Self::ReferenceElsewhere { expected, got } => write!(
                f,
                "the capture time belongs to position {got}, the chunk to {expected}"
            ),
            Self::DataLength { expected, got } => write!(
                f,
                "the packets have {expected} bytes together and 'mdat' has {got}"
            ),
        }
    }
}

impl std::error::Error for StreamError {}
