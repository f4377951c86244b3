//! Reading a stream of fragments as it comes.

use super::boxes::{BoxHeader, fields};
use super::error::StreamError;
use super::event::{Event, Notice};
use super::fragment::{Fragment, TrackHeader};
use super::kind::BoxKind;
use super::ntp::unix_us_of_ntp;

/// Largest box other than `mdat`, in bytes: twice the longest notice.
pub const BOX_BYTES_MAX: usize = 32 * 1024;

/// Largest `mdat`, in bytes: some minutes of sound. Ours have 8 kB at most.
pub const DATA_BYTES_MAX: usize = 1024 * 1024;

/// The next piece of a stream. `bytes` are those of the box itself, header included; all pieces together are the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// `ftyp`: a head begins.
    FileType {
        /// The box.
        bytes: &'a [u8],
    },
    /// `moov`: the head is whole. It may come again.
    Track {
        /// The box.
        bytes: &'a [u8],
        /// What it says of the track.
        header: TrackHeader,
    },
    /// How this listener is served from here on. It stands between two chunks and belongs to neither.
    Cadence {
        /// The box.
        bytes: &'a [u8],
        /// JSON in UTF-8.
        payload: &'a [u8],
    },
    /// `emsg`: the chunk that begins, or has begun, carries an event.
    Event {
        /// The box.
        bytes: &'a [u8],
        /// The notice, unless it is an event of somebody else.
        notice: Option<Notice<'a>>,
    },
    /// `prft`: when the first sample of the chunk was captured. The chunk begins with it unless events came before.
    CaptureTime {
        /// The box.
        bytes: &'a [u8],
        /// Microseconds since 1970.
        unix_us: i64,
    },
    /// `moof`.
    Fragment {
        /// The box.
        bytes: &'a [u8],
        /// What it says.
        fragment: Fragment<'a>,
    },
    /// The header of `mdat`, whose length is that of all packets.
    DataHeader {
        /// The header.
        bytes: &'a [u8],
        /// Bytes of data that follow.
        data_bytes: u32,
    },
    /// A piece of what is in `mdat`, as it came.
    Data {
        /// The piece.
        bytes: &'a [u8],
        /// Whether the chunk is whole with it.
        last: bool,
    },
}

impl<'a> Part<'a> {
    /// The bytes it stands in.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        match self {
            Self::FileType { bytes }
            | Self::Track { bytes, .. }
            | Self::Cadence { bytes, .. }
            | Self::Event { bytes, .. }
            | Self::CaptureTime { bytes, .. }
            | Self::Fragment { bytes, .. }
            | Self::DataHeader { bytes, .. }
            | Self::Data { bytes, .. } => bytes,
        }
    }
}

/// Takes a stream apart, for many listeners at once: it borrows what it gives, allocates nothing when boxes come whole, and
/// between two chunks holds no buffer.
///
/// It checks what can be checked without keeping a chunk: that boxes come in their order, and agree with one another.
#[derive(Debug, Default)]
pub struct StreamReader {
    order: Order,
    /// Beginning of a box that is not whole.
    carry: Vec<u8>,
    /// The box in `carry` was given out; its memory is returned at the next call.
    spent: bool,
}

/// Which box may come next, and what the ones before have said.
#[derive(Debug, Default)]
struct Order {
    expected: Expected,
    /// Bytes of `mdat` that are to come.
    data_left: u32,
    reference_position: u64,
    /// Bytes of all packets, as `moof` says.
    packets_bytes: u64,
    /// Length of `moof`.
    fragment_bytes: u64,
    /// Where the data begins, counted from the first byte of `moof`, as it says itself.
    data_offset: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Expected {
    /// A head or a chunk.
    #[default]
    Anything,
    FileType,
    Movie,
    /// An event, a reference time, or the head again.
    ChunkStart,
    /// Behind an event: another one or the reference time.
    Reference,
    Fragment,
    Data,
    /// Inside it.
    MoreData,
}

impl StreamReader {
    /// A reader at the beginning of a head or a chunk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A reader of a stream that must begin with a head.
    #[must_use]
    pub fn from_head() -> Self {
        Self {
            order: Order {
                expected: Expected::FileType,
                ..Order::default()
            },
            ..Self::default()
        }
    }

    /// Takes the next part off the front of `input`. `None` means that all of `input` was taken; to be called until then.
    ///
    /// # Errors
    /// [`StreamError`] when what comes cannot be part of a stream of ours. The reader is of no use then: there is no way to
    /// find the next box.
    // Inlined, so that a part goes to where it is used without being moved through memory.
    #[inline(always)]
    pub fn next<'a, 'i: 'a>(
        &'a mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<Part<'a>>, StreamError> {
        if self.spent {
            self.carry = Vec::new();
            self.spent = false;
        }
        if self.order.expected == Expected::MoreData {
            return Ok(self.order.data(input));
        }
        let (header, bytes): (_, &'a [u8]) = 'whole: {
            if self.carry.is_empty() {
                if input.is_empty() {
                    return Ok(None);
                }
                if let Ok(header) = BoxHeader::read(input)?
                    && let Some((whole, later)) = input.split_at_checked(whole_bytes(&header)?)
                {
                    *input = later;
                    break 'whole (header, whole);
                }
            }
            let Some(header) = self.gather(input)? else {
                return Ok(None);
            };
            self.spent = true;
            (header, &self.carry)
        };
        self.order.take(&header, bytes).map(Some)
    }

    /// Puts a box together that comes in pieces; gives its header when it is whole in `carry`.
    fn gather(&mut self, input: &mut &[u8]) -> Result<Option<BoxHeader>, StreamError> {
        loop {
            let wanted = match BoxHeader::read(&self.carry)? {
                Err(wanted) => wanted,
                Ok(header) => match whole_bytes(&header)? {
                    whole if whole == self.carry.len() => return Ok(Some(header)),
                    whole => whole,
                },
            };
            if input.is_empty() {
                return Ok(None);
            }
            let (now, later) = input.split_at(input.len().min(wanted - self.carry.len()));
            self.carry.extend_from_slice(now);
            *input = later;
        }
    }

    /// Bytes held of a box that is not whole yet.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.carry.capacity()
    }
}

/// Bytes to have before a box can be taken: all of it, of an `mdat` its header.
#[inline]
fn whole_bytes(header: &BoxHeader) -> Result<usize, StreamError> {
    let is_data = header.kind.0 == *b"mdat";
    let limit = if is_data {
        DATA_BYTES_MAX
    } else {
        BOX_BYTES_MAX
    };
    if header.box_bytes > limit as u64 {
        return Err(StreamError::TooLarge {
            kind: header.kind,
            got: header.box_bytes,
            limit,
        });
    }
    Ok(if is_data {
        header.header_bytes
    } else {
        header.box_bytes as usize
    })
}

impl Order {
    /// Takes a whole box, of an `mdat` its header. Inlined as `next` is.
    #[inline(always)]
    fn take<'a>(&mut self, header: &BoxHeader, bytes: &'a [u8]) -> Result<Part<'a>, StreamError> {
        let body = &bytes[header.header_bytes..];
        match (self.expected, &header.kind.0) {
            (Expected::Anything | Expected::FileType | Expected::ChunkStart, b"ftyp") => {
                self.expected = Expected::Movie;
                Ok(Part::FileType { bytes })
            }
            (Expected::Movie, b"moov") => {
                self.expected = Expected::ChunkStart;
                let header = TrackHeader::read(body)?;
                Ok(Part::Track { bytes, header })
            }
            (Expected::Anything | Expected::ChunkStart | Expected::Reference, b"emsg") => {
                let notice = match Event::read(body)? {
                    Event::Cadence(_) if self.expected == Expected::Reference => {
                        return Err(self.out_of_place(header.kind));
                    }
                    Event::Cadence(payload) => return Ok(Part::Cadence { bytes, payload }),
                    Event::Notice(notice) => Some(notice),
                    Event::Other => None,
                };
                self.expected = Expected::Reference;
                Ok(Part::Event { bytes, notice })
            }
            (Expected::Anything | Expected::ChunkStart | Expected::Reference, b"prft") => {
                self.expected = Expected::Fragment;
                let unix_us = self.reference(body)?;
                Ok(Part::CaptureTime { bytes, unix_us })
            }
            (Expected::Fragment, b"moof") => {
                self.expected = Expected::Data;
                let fragment = self.fragment(body, bytes.len())?;
                Ok(Part::Fragment { bytes, fragment })
            }
            (Expected::Data, b"mdat") => {
                self.expected = Expected::MoreData;
                let data_bytes = self.data_header(header)?;
                Ok(Part::DataHeader { bytes, data_bytes })
            }
            _ => Err(self.out_of_place(header.kind)),
        }
    }

    const fn out_of_place(&self, kind: BoxKind) -> StreamError {
        StreamError::OutOfPlace {
            kind,
            expected: self.expected.name(),
        }
    }

    #[inline]
    fn reference(&mut self, prft: &[u8]) -> Result<i64, StreamError> {
        let (version, ntp, position) = fields(b"prft", prft, |f| {
            let (version, _) = f.version_and_flags()?;
            f.skip(4)?;
            Ok((version, f.u64()?, f.u64()?))
        })?;
        if version != 1 {
            return Err(StreamError::Unsupported {
                kind: BoxKind(*b"prft"),
                got: version.into(),
            });
        }
        self.reference_position = position;
        Ok(unix_us_of_ntp(ntp))
    }

    #[inline]
    fn fragment<'a>(
        &mut self,
        moof: &'a [u8],
        moof_bytes: usize,
    ) -> Result<Fragment<'a>, StreamError> {
        let fragment = Fragment::read(moof)?;
        if fragment.position != self.reference_position {
            return Err(StreamError::ReferenceElsewhere {
                got: self.reference_position,
                expected: fragment.position,
            });
        }
        self.packets_bytes = fragment.packets_bytes.into();
        self.fragment_bytes = moof_bytes as u64;
        self.data_offset = fragment.data_offset.into();
        Ok(fragment)
    }

    #[inline]
    fn data_header(&mut self, header: &BoxHeader) -> Result<u32, StreamError> {
        // §8.8.7: the offset counts from the first byte of the moof.
        let expected = self.fragment_bytes + header.header_bytes as u64;
        if self.data_offset != expected {
            return Err(StreamError::DataElsewhere {
                got: self.data_offset,
                expected,
            });
        }
        let got = header.box_bytes - header.header_bytes as u64;
        if got != self.packets_bytes {
            return Err(StreamError::DataLength {
                got,
                expected: self.packets_bytes,
            });
        }
        // Below `DATA_BYTES_MAX`.
        self.data_left = got as u32;
        Ok(self.data_left)
    }

    /// A piece of `mdat`. One without packets ends without a byte.
    #[inline]
    fn data<'i>(&mut self, input: &mut &'i [u8]) -> Option<Part<'i>> {
        if input.is_empty() && self.data_left > 0 {
            return None;
        }
        let (bytes, later) = input.split_at(input.len().min(self.data_left as usize));
        *input = later;
        self.data_left -= bytes.len() as u32;
        let last = self.data_left == 0;
        if last {
            self.expected = Expected::ChunkStart;
        }
        Some(Part::Data { bytes, last })
    }
}

impl Expected {
    const fn name(self) -> &'static str {
        match self {
            Self::Anything => "a head or a chunk",
            Self::FileType => "'ftyp'",
            Self::Movie => "'moov'",
            Self::ChunkStart => "the beginning of a chunk",
            Self::Reference => "'emsg' or 'prft'",
            Self::Fragment => "'moof'",
            Self::Data | Self::MoreData => "'mdat'",
        }
    }
}
