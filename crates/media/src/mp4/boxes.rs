//! Boxes and their fields (ISO/IEC 14496-12 §4.2), borrowed from the bytes they stand in.

use super::error::StreamError;
use super::kind::BoxKind;

/// Size and type.
pub(super) const HEADER_BYTES: usize = 8;

/// The same with a 64-bit size.
const LARGE_HEADER_BYTES: usize = 16;

/// What stands before the body of a box.
#[derive(Debug, Clone, Copy)]
pub(super) struct BoxHeader {
    pub(super) kind: BoxKind,
    pub(super) header_bytes: usize,
    /// Of the whole box; at least `header_bytes`.
    pub(super) box_bytes: u64,
}

impl BoxHeader {
    /// Reads the header at the beginning of `bytes`; the number of bytes it takes to know more where it is not whole.
    #[inline(always)]
    pub(super) fn read(bytes: &[u8]) -> Result<Result<Self, usize>, StreamError> {
        let Some(&[s0, s1, s2, s3, k0, k1, k2, k3]) = bytes.first_chunk() else {
            return Ok(Err(HEADER_BYTES));
        };
        let kind = BoxKind([k0, k1, k2, k3]);
        let size = u32::from_be_bytes([s0, s1, s2, s3]);
        if size as usize >= HEADER_BYTES {
            return Ok(Ok(Self {
                kind,
                header_bytes: HEADER_BYTES,
                box_bytes: size.into(),
            }));
        }
        Self::read_unusual(kind, size, &bytes[HEADER_BYTES..])
    }

    /// The sizes that mean something else, or nothing.
    #[cold]
    fn read_unusual(
        kind: BoxKind,
        size: u32,
        rest: &[u8],
    ) -> Result<Result<Self, usize>, StreamError> {
        let got = match (size, rest.first_chunk()) {
            (0, _) => return Err(StreamError::Endless { kind }),
            (1, None) => return Ok(Err(LARGE_HEADER_BYTES)),
            (1, Some(large)) => u64::from_be_bytes(*large),
            (size, _) => {
                return Err(StreamError::TooSmall {
                    kind,
                    got: size.into(),
                });
            }
        };
        if got < LARGE_HEADER_BYTES as u64 {
            return Err(StreamError::TooSmall { kind, got });
        }
        Ok(Ok(Self {
            kind,
            header_bytes: LARGE_HEADER_BYTES,
            box_bytes: got,
        }))
    }
}

/// The boxes in bytes that are all in memory, one after the other: type and body.
#[derive(Debug, Clone)]
pub struct Boxes<'a> {
    rest: &'a [u8],
}

impl<'a> Boxes<'a> {
    /// The boxes in `bytes`: a file, or the body of a box that holds others.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }
}

impl<'a> Iterator for Boxes<'a> {
    type Item = Result<(BoxKind, &'a [u8]), StreamError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        // After an error nothing more can be found.
        let rest = std::mem::take(&mut self.rest);
        match BoxHeader::read(rest) {
            Ok(Ok(header)) => {
                let size = usize::try_from(header.box_bytes).unwrap_or(usize::MAX);
                let Some((whole, later)) = rest.split_at_checked(size) else {
                    return Some(Err(truncated(header.kind, rest)));
                };
                self.rest = later;
                Some(Ok((header.kind, &whole[header.header_bytes..])))
            }
            Ok(Err(_)) if rest.is_empty() => None,
            Ok(Err(_)) => Some(Err(truncated(BoxKind(*b"????"), rest))),
            Err(error) => Some(Err(error)),
        }
    }
}

#[cold]
const fn truncated(kind: BoxKind, rest: &[u8]) -> StreamError {
    StreamError::Truncated {
        kind,
        got: rest.len(),
    }
}

/// The bodies of the first box of each kind among the boxes in `body`, in one pass.
#[inline]
pub(super) fn find<'a, const N: usize>(
    body: &'a [u8],
    kinds: [&[u8; 4]; N],
) -> Result<[&'a [u8]; N], StreamError> {
    let mut found = [None; N];
    for child in Boxes::new(body) {
        let (kind, inside) = child?;
        if let Some(at) = kinds.iter().position(|wanted| **wanted == kind.0) {
            found[at].get_or_insert(inside);
        }
    }
    let mut bodies: [&[u8]; N] = [&[]; N];
    for ((slot, inside), kind) in bodies.iter_mut().zip(found).zip(kinds) {
        *slot = inside.ok_or(StreamError::Missing {
            kind: BoxKind(*kind),
        })?;
    }
    Ok(bodies)
}

/// Reads a box's fields; what ends too early is an error that names the box.
#[inline]
pub(super) fn fields<'a, T>(
    kind: &[u8; 4],
    body: &'a [u8],
    read: impl FnOnce(&mut Fields<'a>) -> Result<T, EndOfFields>,
) -> Result<T, StreamError> {
    read(&mut Fields { rest: body }).map_err(|EndOfFields| StreamError::Truncated {
        kind: BoxKind(*kind),
        got: body.len(),
    })
}

/// Big-endian fields of a box, one after the other.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

/// The fields ended before the one that was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct EndOfFields;

impl<'a> Fields<'a> {
    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], EndOfFields> {
        let (field, rest) = self.rest.split_first_chunk().ok_or(EndOfFields)?;
        self.rest = rest;
        Ok(*field)
    }

    #[inline]
    pub(super) fn u16(&mut self) -> Result<u16, EndOfFields> {
        self.array().map(u16::from_be_bytes)
    }

    #[inline]
    pub(super) fn u32(&mut self) -> Result<u32, EndOfFields> {
        self.array().map(u32::from_be_bytes)
    }

    #[inline]
    pub(super) fn u64(&mut self) -> Result<u64, EndOfFields> {
        self.array().map(u64::from_be_bytes)
    }

    #[inline]
    pub(super) fn bytes(&mut self, count: usize) -> Result<&'a [u8], EndOfFields> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(EndOfFields)?;
        self.rest = rest;
        Ok(bytes)
    }

    #[inline]
    pub(super) fn skip(&mut self, count: usize) -> Result<(), EndOfFields> {
        self.bytes(count).map(|_| ())
    }

    /// The version and flags of a full box.
    #[inline]
    pub(super) fn version_and_flags(&mut self) -> Result<(u8, u32), EndOfFields> {
        let word = self.u32()?;
        Ok(((word >> 24) as u8, word & 0x00ff_ffff))
    }

    /// Bytes up to a zero byte, which is taken too.
    pub(super) fn string(&mut self) -> Result<&'a [u8], EndOfFields> {
        let end = self.rest.iter().position(|&byte| byte == 0);
        let (string, rest) = self.rest.split_at(end.ok_or(EndOfFields)?);
        self.rest = &rest[1..];
        Ok(string)
    }

    #[inline]
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }
}
