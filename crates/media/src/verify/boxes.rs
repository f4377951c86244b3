//! Splitting bytes into MP4 boxes (ISO/IEC 14496-12 §4.2), from a source that nobody vouches for.

use std::fmt;

use bytes::{Bytes, BytesMut};

/// Largest box a [`BoxReader`] takes unless told otherwise, in bytes. Our largest is an `mdat` of 8 kB.
pub const BOX_BYTES_MAX: usize = 1024 * 1024;

/// Size and type.
const HEADER_BYTES: usize = 8;

/// The same with a 64-bit size.
const LARGE_HEADER_BYTES: usize = 16;

/// Cuts a stream of bytes into its top-level boxes. Holds at most one unfinished box.
#[derive(Debug)]
pub struct BoxReader {
    buffer: BytesMut,
    bytes_max: usize,
    taken: u64,
}

/// One whole box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mp4Box {
    /// Its four-character type.
    pub kind: [u8; 4],
    /// The box with its header.
    pub bytes: Bytes,
    header_bytes: usize,
}

impl Mp4Box {
    /// What is inside, without the header.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.bytes[self.header_bytes..]
    }
}

impl Default for BoxReader {
    fn default() -> Self {
        Self::new()
    }
}

impl BoxReader {
    /// A reader with the limit [`BOX_BYTES_MAX`].
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(BOX_BYTES_MAX)
    }

    /// A reader that refuses boxes of more than `bytes_max` bytes.
    #[must_use]
    pub fn with_limit(bytes_max: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            bytes_max,
            taken: 0,
        }
    }

    /// Takes bytes off the front of `input` until a box is whole. `None` means that all of `input` was taken and the box is
    /// not whole yet.
    ///
    /// # Errors
    /// [`BoxError`] when the next box cannot be one. It stays so: there is no way to find the next box behind it.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<Mp4Box>, BoxError> {
        loop {
            let wanted = match header(&self.buffer)? {
                Header::Incomplete { wanted } => wanted,
                Header::Complete {
                    kind,
                    header_bytes,
                    box_bytes,
                } => {
                    if box_bytes > self.bytes_max as u64 {
                        return Err(BoxError::TooLarge {
                            kind,
                            got: box_bytes,
                            limit: self.bytes_max,
                        });
                    }
                    let box_bytes = box_bytes as usize;
                    if self.buffer.len() == box_bytes {
                        self.taken += box_bytes as u64;
                        let bytes = self.buffer.split().freeze();
                        return Ok(Some(Mp4Box {
                            kind,
                            bytes,
                            header_bytes,
                        }));
                    }
                    box_bytes
                }
            };
            if input.is_empty() {
                return Ok(None);
            }
            let (now, later) = input.split_at(input.len().min(wanted - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            *input = later;
        }
    }

    /// Bytes of all whole boxes read so far.
    #[must_use]
    pub const fn taken_bytes(&self) -> u64 {
        self.taken
    }

    /// Bytes held of a box that is not whole yet.
    #[must_use]
    pub fn pending_bytes(&self) -> usize {
        self.buffer.len()
    }
}

enum Header {
    /// So many bytes are needed to know more.
    Incomplete { wanted: usize },
    Complete {
        kind: [u8; 4],
        header_bytes: usize,
        box_bytes: u64,
    },
}

fn header(bytes: &[u8]) -> Result<Header, BoxError> {
    let mut fields = Fields::new(bytes);
    let (Ok(size), Ok(kind)) = (fields.u32(), fields.array()) else {
        return Ok(Header::Incomplete {
            wanted: HEADER_BYTES,
        });
    };
    let (header_bytes, box_bytes) = match size {
        // "To the end of the file" (§4.2): nothing we write has it, and a stream has no end.
        0 => return Err(BoxError::Endless { kind }),
        1 => match fields.u64() {
            Ok(large) => (LARGE_HEADER_BYTES, large),
            Err(_) => {
                return Ok(Header::Incomplete {
                    wanted: LARGE_HEADER_BYTES,
                });
            }
        },
        size => (HEADER_BYTES, u64::from(size)),
    };
    if box_bytes < header_bytes as u64 {
        return Err(BoxError::TooSmall {
            kind,
            got: box_bytes,
        });
    }
    Ok(Header::Complete {
        kind,
        header_bytes,
        box_bytes,
    })
}

/// The boxes inside a box that is already in memory.
pub(crate) struct Children<'a> {
    rest: &'a [u8],
}

impl<'a> Children<'a> {
    pub(crate) const fn new(body: &'a [u8]) -> Self {
        Self { rest: body }
    }
}

impl<'a> Iterator for Children<'a> {
    type Item = Result<([u8; 4], &'a [u8]), BoxError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let rest = std::mem::take(&mut self.rest);
        let truncated = |kind| {
            Some(Err(BoxError::Truncated {
                kind,
                got: rest.len(),
            }))
        };
        match header(rest) {
            Err(error) => Some(Err(error)),
            Ok(Header::Incomplete { .. }) => truncated(*b"????"),
            Ok(Header::Complete {
                kind,
                header_bytes,
                box_bytes,
            }) => {
                let Some((this, later)) = usize::try_from(box_bytes)
                    .ok()
                    .and_then(|size| rest.split_at_checked(size))
                else {
                    return truncated(kind);
                };
                self.rest = later;
                Some(Ok((kind, &this[header_bytes..])))
            }
        }
    }
}

/// Reads big-endian fields one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

/// The fields ended before the one that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EndOfFields;

impl<'a> Fields<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], EndOfFields> {
        let (field, rest) = self.rest.split_first_chunk().ok_or(EndOfFields)?;
        self.rest = rest;
        Ok(*field)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, EndOfFields> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, EndOfFields> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, EndOfFields> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn skip(&mut self, bytes: usize) -> Result<(), EndOfFields> {
        self.rest = self.rest.get(bytes..).ok_or(EndOfFields)?;
        Ok(())
    }

    /// The version and flags of a full box.
    pub(crate) fn version_and_flags(&mut self) -> Result<(u8, u32), EndOfFields> {
        let word = self.u32()?;
        Ok(((word >> 24) as u8, word & 0x00ff_ffff))
    }

    /// Bytes up to a zero byte, which is taken too.
    pub(crate) fn string(&mut self) -> Result<&'a [u8], EndOfFields> {
        let end = self
            .rest
            .iter()
            .position(|&byte| byte == 0)
            .ok_or(EndOfFields)?;
        let (string, rest) = self.rest.split_at(end);
        self.rest = &rest[1..];
        Ok(string)
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

/// Why bytes are not a box. Always the sender's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BoxError {
    /// The size field says "to the end of the file".
    Endless {
        /// Type of the box.
        kind: [u8; 4],
    },
    /// The size is smaller than the box's own header.
    TooSmall {
        /// Type of the box.
        kind: [u8; 4],
        /// The size it claims.
        got: u64,
    },
    /// The size is above the limit.
    TooLarge {
        /// Type of the box.
        kind: [u8; 4],
        /// The size it claims.
        got: u64,
        /// The limit in bytes.
        limit: usize,
    },
    /// A box reaches beyond the one that holds it.
    Truncated {
        /// Type of the box.
        kind: [u8; 4],
        /// Bytes there were for it.
        got: usize,
    },
}

impl fmt::Display for BoxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Endless { kind } => write!(f, "a box {} has no end", Kind(*kind)),
            Self::TooSmall { kind, got } => {
                write!(
                    f,
                    "a box {} claims {got} bytes, less than its header",
                    Kind(*kind)
                )
            }
            Self::TooLarge { kind, got, limit } => {
                write!(
                    f,
                    "a box {} claims {got} bytes and the limit is {limit}",
                    Kind(*kind)
                )
            }
            Self::Truncated { kind, got } => {
                write!(
                    f,
                    "a box {} reaches beyond the {got} bytes there are for it",
                    Kind(*kind)
                )
            }
        }
    }
}

impl std::error::Error for BoxError {}

/// Shows a box type, which may be any four bytes.
pub(crate) struct Kind(pub(crate) [u8; 4]);

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.0.escape_ascii())
    }
}
