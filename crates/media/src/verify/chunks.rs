//! Reading a head and chunks back into positions, capture times, notices and Opus packets.

use std::fmt;

use bytes::{Bytes, BytesMut};

use super::boxes::{BoxError, BoxReader, Children, EndOfFields, Fields, Kind, Mp4Box};
use crate::package::{CADENCE_SCHEME, NOTICE_SCHEME, cmaf};
use crate::rendition::SAMPLE_RATE_HZ;

/// Largest chunk with all its notices, in bytes.
pub const CHUNK_BYTES_MAX: usize = 1024 * 1024;

/// Most Opus packets one chunk may have. A stem has 50.
pub const SAMPLES_PER_CHUNK_MAX: u32 = 1_024;

/// What a head says of its track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// `ftyp` and `moov`.
    pub bytes: Bytes,
    /// Duration of one Opus packet, in samples.
    pub frame_samples: u32,
    /// Samples to leave out at the beginning (RFC 7845 §4.2).
    pub pre_skip: u16,
}

/// A chunk, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadChunk {
    /// All of it, as published.
    pub bytes: Bytes,
    /// Position of the first sample (`tfdt`).
    pub position: u64,
    /// When the first sample was captured (`prft`), in microseconds since 1970.
    pub capture_unix_us: i64,
    /// Duration of one Opus packet, in samples, where it is not as the head says.
    pub frame_samples: Option<u32>,
    /// The notices it carries.
    pub notices: Vec<Notice>,
    /// Bytes of each Opus packet.
    pub sizes: Vec<u16>,
    /// The Opus packets, one beside the other.
    pub data: Bytes,
}

impl ReadChunk {
    /// Reads exactly one chunk.
    ///
    /// # Errors
    /// [`ChunkError`] if the bytes are anything else.
    pub fn parse(bytes: &[u8]) -> Result<Self, ChunkError> {
        let mut rest = bytes;
        match ChunkReader::new().read(&mut rest)? {
            Some(Item::Chunk(chunk)) if rest.is_empty() => Ok(chunk),
            _ => Err(ChunkError::NotOneChunk { got: bytes.len() }),
        }
    }

    /// The Opus packets in order.
    pub fn packets(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.data[..];
        self.sizes.iter().map(move |&size| {
            // The sizes add up to the data: checked when the chunk was read.
            let (packet, later) = rest.split_at(usize::from(size));
            rest = later;
            packet
        })
    }
}

/// One line for the listener, as it travels in an `emsg`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The same notice has the same number in every rendition.
    pub id: u32,
    /// The payload, JSON in UTF-8.
    pub payload: Bytes,
}

/// What a [`ChunkReader`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// The head. A stream may send it again.
    Head(Head),
    /// The next chunk.
    Chunk(ReadChunk),
    /// How this listener is served from here on: the payload, JSON in UTF-8. It belongs to no chunk.
    Cadence(Bytes),
}

/// Puts the boxes of a stream together to heads and chunks. Holds at most one of them.
#[derive(Debug)]
pub struct ChunkReader {
    boxes: BoxReader,
    whole_bytes: u64,
    /// Boxes of the item in the making.
    bytes: BytesMut,
    notices: Vec<Notice>,
    file_type_seen: bool,
    reference: Option<Reference>,
    fragment: Option<Fragment>,
}

#[derive(Debug)]
struct Reference {
    unix_us: i64,
    position: u64,
}

/// What a `moof` says.
#[derive(Debug)]
struct Fragment {
    position: u64,
    frame_samples: Option<u32>,
    sizes: Vec<u16>,
    data_offset: usize,
    bytes: usize,
}

impl Default for ChunkReader {
    fn default() -> Self {
        Self::new()
    }
}

impl ChunkReader {
    /// A reader at the beginning of a head or a chunk.
    #[must_use]
    pub fn new() -> Self {
        Self {
            boxes: BoxReader::with_limit(CHUNK_BYTES_MAX),
            whole_bytes: 0,
            bytes: BytesMut::new(),
            notices: Vec::new(),
            file_type_seen: false,
            reference: None,
            fragment: None,
        }
    }

    /// Takes bytes off the front of `input` until a head or a chunk is whole. `None` means that all of `input` was taken.
    ///
    /// # Errors
    /// [`ChunkError`] when what comes cannot be part of a stream of ours. The reader is of no use then.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<Item>, ChunkError> {
        while let Some(next) = self.boxes.read(input)? {
            let got = self.bytes.len() + next.bytes.len();
            if got > CHUNK_BYTES_MAX {
                return Err(ChunkError::TooLarge {
                    got,
                    limit: CHUNK_BYTES_MAX,
                });
            }
            self.bytes.extend_from_slice(&next.bytes);
            if let Some(item) = self.take(&next)? {
                self.whole_bytes = self.boxes.taken_bytes();
                return Ok(Some(item));
            }
        }
        Ok(None)
    }

    /// Bytes of all whole heads and chunks read so far: what of a torn file is good.
    #[must_use]
    pub const fn whole_bytes(&self) -> u64 {
        self.whole_bytes
    }

    fn take(&mut self, next: &Mp4Box) -> Result<Option<Item>, ChunkError> {
        let out_of_place = Err(ChunkError::OutOfPlace { kind: next.kind });
        let in_head = self.file_type_seen;
        match &next.kind {
            b"ftyp" if self.bytes.len() == next.bytes.len() => self.file_type_seen = true,
            b"moov" if in_head => {
                let (frame_samples, pre_skip) = movie(next.body())?;
                self.file_type_seen = false;
                return Ok(Some(Item::Head(Head {
                    bytes: self.bytes.split().freeze(),
                    frame_samples,
                    pre_skip,
                })));
            }
            _ if in_head => return out_of_place,
            b"emsg" if self.reference.is_none() => match event_message(next)? {
                Event::Notice(notice) => self.notices.push(notice),
                Event::Cadence(payload) if self.bytes.len() == next.bytes.len() => {
                    self.bytes.clear();
                    return Ok(Some(Item::Cadence(payload)));
                }
                Event::Cadence(_) => return out_of_place,
                // Events of others may stand beside ours.
                Event::Other => {}
            },
            b"prft" if self.reference.is_none() => self.reference = Some(reference(next.body())?),
            b"moof" if self.reference.is_some() && self.fragment.is_none() => {
                self.fragment = Some(fragment(next.body(), next.bytes.len())?);
            }
            b"mdat" => match (self.reference.take(), self.fragment.take()) {
                (Some(reference), Some(fragment)) => {
                    return self
                        .whole_chunk(&reference, fragment, next)
                        .map(|chunk| Some(Item::Chunk(chunk)));
                }
                _ => return out_of_place,
            },
            _ => return out_of_place,
        }
        Ok(None)
    }

    fn whole_chunk(
        &mut self,
        reference: &Reference,
        fragment: Fragment,
        data: &Mp4Box,
    ) -> Result<ReadChunk, ChunkError> {
        if reference.position != fragment.position {
            return Err(ChunkError::ReferenceElsewhere {
                got: reference.position,
                expected: fragment.position,
            });
        }
        // §8.8.7: the offset counts from the first byte of the moof.
        let header_bytes = data.bytes.len() - data.body().len();
        let (expected, got) = (fragment.bytes + header_bytes, fragment.data_offset);
        if got != expected {
            return Err(ChunkError::DataElsewhere { got, expected });
        }
        let expected = fragment.sizes.iter().map(|&size| usize::from(size)).sum();
        let got = data.body().len();
        if got != expected {
            return Err(ChunkError::DataLength { got, expected });
        }
        Ok(ReadChunk {
            bytes: self.bytes.split().freeze(),
            position: fragment.position,
            capture_unix_us: reference.unix_us,
            frame_samples: fragment.frame_samples,
            notices: std::mem::take(&mut self.notices),
            sizes: fragment.sizes,
            data: data.bytes.slice(header_bytes..),
        })
    }
}

/// Follows the path of box types from `body` down and returns what is inside the last one.
fn descend<'a>(body: &'a [u8], path: &[[u8; 4]]) -> Result<&'a [u8], ChunkError> {
    path.iter().try_fold(body, |body, &wanted| {
        for child in Children::new(body) {
            let (kind, body) = child?;
            if kind == wanted {
                return Ok(body);
            }
        }
        Err(ChunkError::Missing { kind: wanted })
    })
}

/// Runs `read` over a box's fields; what ends too early is an error that names the box.
fn fields<T>(
    kind: [u8; 4],
    body: &[u8],
    read: impl FnOnce(&mut Fields<'_>) -> Result<T, EndOfFields>,
) -> Result<T, ChunkError> {
    read(&mut Fields::new(body)).map_err(|EndOfFields| {
        BoxError::Truncated {
            kind,
            got: body.len(),
        }
        .into()
    })
}

fn unsupported(kind: [u8; 4], got: impl Into<u64>) -> ChunkError {
    ChunkError::Unsupported {
        kind,
        got: got.into(),
    }
}

/// Frame duration and pre-skip from a `moov`.
fn movie(moov: &[u8]) -> Result<(u32, u16), ChunkError> {
    let mdia = descend(moov, &[*b"trak", *b"mdia"])?;
    let timescale = fields(*b"mdhd", descend(mdia, &[*b"mdhd"])?, |f| {
        let (version, _) = f.version_and_flags()?;
        f.skip(if version == 0 { 8 } else { 16 })?;
        f.u32()
    })?;
    if timescale != SAMPLE_RATE_HZ {
        return Err(unsupported(*b"mdhd", timescale));
    }
    let stsd = descend(mdia, &[*b"minf", *b"stbl", *b"stsd"])?;
    // A full box with a count stands before the entries.
    let entries = stsd.get(8..).ok_or(BoxError::Truncated {
        kind: *b"stsd",
        got: stsd.len(),
    })?;
    let opus = descend(entries, &[*b"Opus"])?;
    // The fields of an audio sample entry (§12.2.3) stand before its boxes.
    let inside = opus.get(28..).ok_or(BoxError::Truncated {
        kind: *b"Opus",
        got: opus.len(),
    })?;
    let pre_skip = fields(*b"dOps", descend(inside, &[*b"dOps"])?, |f| {
        f.skip(2).and_then(|()| f.u16())
    })?;
    let frame_samples = fields(*b"trex", descend(moov, &[*b"mvex", *b"trex"])?, |f| {
        f.skip(12).and_then(|()| f.u32())
    })?;
    // RFC 6716 §2.1.4: 2.5 ms to 120 ms.
    if !(120..=5_760).contains(&frame_samples) {
        return Err(unsupported(*b"trex", frame_samples));
    }
    Ok((frame_samples, pre_skip))
}

/// What an `emsg` is.
enum Event {
    Notice(Notice),
    Cadence(Bytes),
    Other,
}

fn event_message(emsg: &Mp4Box) -> Result<Event, ChunkError> {
    fields(*b"emsg", emsg.body(), |f| {
        let (version, _) = f.version_and_flags()?;
        if version != 1 {
            return Ok(Err(unsupported(*b"emsg", version)));
        }
        f.skip(16)?;
        let id = f.u32()?;
        let scheme = f.string()?;
        f.string()?;
        let payload = emsg.bytes.slice_ref(f.rest());
        Ok(Ok(if scheme == NOTICE_SCHEME.as_bytes() {
            Event::Notice(Notice { id, payload })
        } else if scheme == CADENCE_SCHEME.as_bytes() {
            Event::Cadence(payload)
        } else {
            Event::Other
        }))
    })?
}

fn reference(prft: &[u8]) -> Result<Reference, ChunkError> {
    let (version, ntp, position) = fields(*b"prft", prft, |f| {
        let (version, _) = f.version_and_flags()?;
        f.skip(4)?;
        Ok((version, f.u64()?, f.u64()?))
    })?;
    if version != 1 {
        return Err(unsupported(*b"prft", version));
    }
    Ok(Reference {
        unix_us: cmaf::unix_us_of_ntp(ntp),
        position,
    })
}

/// Reads the one form of `moof` that we write: one track, one run, sizes constant or listed.
fn fragment(moof: &[u8], bytes: usize) -> Result<Fragment, ChunkError> {
    const DEFAULT_BASE_IS_MOOF: u32 = 0x02_0000;
    const DEFAULT_SAMPLE_DURATION: u32 = 0x8;
    const DEFAULT_SAMPLE_SIZE: u32 = 0x10;
    const DATA_OFFSET: u32 = 0x1;
    const SAMPLE_SIZES: u32 = 0x200;
    let traf = descend(moof, &[*b"traf"])?;
    let (flags, frame_samples, common) = fields(*b"tfhd", descend(traf, &[*b"tfhd"])?, |f| {
        let (_, flags) = f.version_and_flags()?;
        f.skip(4)?;
        let mut present = |flag| (flags & flag != 0).then(|| f.u32()).transpose();
        let duration = present(DEFAULT_SAMPLE_DURATION)?;
        Ok((flags, duration, present(DEFAULT_SAMPLE_SIZE)?))
    })?;
    if flags & !(DEFAULT_SAMPLE_DURATION | DEFAULT_SAMPLE_SIZE) != DEFAULT_BASE_IS_MOOF {
        return Err(unsupported(*b"tfhd", flags));
    }
    let position = fields(*b"tfdt", descend(traf, &[*b"tfdt"])?, |f| {
        let (version, _) = f.version_and_flags()?;
        if version == 0 {
            f.u32().map(u64::from)
        } else {
            f.u64()
        }
    })?;
    let trun = descend(traf, &[*b"trun"])?;
    let (flags, count, data_offset) = fields(*b"trun", trun, |f| {
        Ok((f.version_and_flags()?.1, f.u32()?, f.u32()?))
    })?;
    if flags != DATA_OFFSET | if common.is_none() { SAMPLE_SIZES } else { 0 } {
        return Err(unsupported(*b"trun", flags));
    }
    if count > SAMPLES_PER_CHUNK_MAX {
        return Err(ChunkError::TooManySamples {
            got: count,
            limit: SAMPLES_PER_CHUNK_MAX,
        });
    }
    let mut listed = Fields::new(&trun[12..]);
    let sizes = (0..count).map(|_| {
        let size = match common {
            Some(size) => size,
            None => listed.u32().map_err(|EndOfFields| BoxError::Truncated {
                kind: *b"trun",
                got: trun.len(),
            })?,
        };
        u16::try_from(size).map_err(|_| unsupported(*b"trun", size))
    });
    Ok(Fragment {
        position,
        frame_samples,
        sizes: sizes.collect::<Result<_, _>>()?,
        data_offset: data_offset as usize,
        bytes,
    })
}

/// Why bytes are not a stream of ours. Always the sender's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChunkError {
    /// It does not even consist of boxes.
    Box(BoxError),
    /// A box stands where it must not.
    OutOfPlace {
        /// Type of the box.
        kind: [u8; 4],
    },
    /// A box that must be there is not.
    Missing {
        /// Type of the box.
        kind: [u8; 4],
    },
    /// A box says something that we never write.
    Unsupported {
        /// Type of the box.
        kind: [u8; 4],
        /// The version, flags or value it has.
        got: u64,
    },
    /// A chunk with its notices is too large.
    TooLarge {
        /// Its bytes so far.
        got: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// A chunk has too many packets.
    TooManySamples {
        /// How many it claims.
        got: u32,
        /// The limit.
        limit: u32,
    },
    /// `prft` speaks of another position than `tfdt`.
    ReferenceElsewhere {
        /// Position in `prft`.
        got: u64,
        /// Position in `tfdt`.
        expected: u64,
    },
    /// `trun` points elsewhere than to the `mdat` that follows.
    DataElsewhere {
        /// The offset it has.
        got: usize,
        /// The offset of the data.
        expected: usize,
    },
    /// `mdat` has another length than the packets together.
    DataLength {
        /// Its length.
        got: usize,
        /// Bytes of all packets.
        expected: usize,
    },
    /// The bytes are not exactly one chunk.
    NotOneChunk {
        /// How many bytes they are.
        got: usize,
    },
}

impl From<BoxError> for ChunkError {
    fn from(error: BoxError) -> Self {
        Self::Box(error)
    }
}

impl fmt::Display for ChunkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Box(error) => error.fmt(f),
            Self::OutOfPlace { kind } => write!(f, "a box {} stands where it must not", Kind(kind)),
            Self::Missing { kind } => write!(f, "the box {} is missing", Kind(kind)),
            Self::Unsupported { kind, got } => {
                write!(
                    f,
                    "the box {} has the version, flags or value {got:#x}, which we never write",
                    Kind(kind)
                )
            }
            Self::TooLarge { got, limit } => {
                write!(f, "a chunk has {got} bytes and the limit is {limit}")
            }
            Self::TooManySamples { got, limit } => {
                write!(f, "a chunk has {got} packets and the limit is {limit}")
            }
            Self::ReferenceElsewhere { got, expected } => {
                write!(
                    f,
                    "the capture time belongs to position {got} and the chunk is at {expected}"
                )
            }
            Self::DataElsewhere { got, expected } => {
                write!(
                    f,
                    "the packets are said to begin at byte {got} and begin at {expected}"
                )
            }
            Self::DataLength { got, expected } => {
                write!(
                    f,
                    "the packets have {expected} bytes together and there are {got}"
                )
            }
            Self::NotOneChunk { got } => write!(f, "{got} bytes are not exactly one chunk"),
        }
    }
}

impl std::error::Error for ChunkError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Box(error) => Some(error),
            _ => None,
        }
    }
}
