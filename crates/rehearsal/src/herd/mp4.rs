//! Reading a live stream of fragmented MP4 (ISO/IEC 14496-12) as it comes, for many listeners at once.
//!
//! `stentor_media::verify` reads the same form and keeps every chunk; this reader keeps nothing of a chunk but its numbers
//! and, where asked, the state of a hash, and allocates nothing when boxes come whole. Between chunks it holds no buffer.
//! It checks what a listener can check alone: that the boxes come in order, and that they agree with one another.

use sha2::{Digest, Sha256};
use stentor_media::package::{CADENCE_SCHEME, NOTICE_SCHEME};

use super::boxes::{Fields, HEADER_BYTES, StreamError, child, header};

/// Largest box other than `mdat`, in bytes: twice the longest notice.
pub const SMALL_BOX_BYTES_MAX: u32 = 32 * 1024;

/// Largest `mdat`, in bytes: some minutes of sound.
pub const DATA_BYTES_MAX: u32 = 1024 * 1024;

/// Most packets of a chunk.
pub const PACKETS_MAX: u32 = 1_024;

/// Seconds from 1900, where NTP counts from, to 1970 (RFC 5905 §6).
const NTP_UNIX_OFFSET_S: i64 = 2_208_988_800;

/// What was found in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen<'a> {
    /// The head, which may come again.
    Head,
    /// A notice inside the chunk that follows.
    Notice {
        /// The same notice has the same number in every rendition.
        id: u32,
        /// JSON in UTF-8.
        payload: &'a [u8],
    },
    /// How this listener is served from here on; it belongs to no chunk.
    Cadence {
        /// JSON in UTF-8.
        payload: &'a [u8],
    },
    /// A whole chunk.
    Chunk(Chunk),
}

/// The numbers of one chunk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Chunk {
    /// Position of its first sample on the timeline (`tfdt`), in samples at 48 kHz.
    pub position: u64,
    /// How many samples at 48 kHz it lasts.
    pub samples: u64,
    /// `mfhd`.
    pub sequence: u32,
    /// When its first sample was captured (`prft`), in microseconds since 1970.
    pub capture_unix_us: i64,
    /// Its length in bytes.
    pub bytes: u32,
    /// Of these, sound.
    pub sound_bytes: u32,
    /// SHA-256 of all of it, where that was asked for.
    pub sha256: Option<[u8; 32]>,
}

/// Reads one stream.
#[derive(Debug, Default)]
pub struct Reader {
    expected: Expected,
    /// Beginning of a box that is not whole.
    carry: Vec<u8>,
    /// Bytes of the `mdat` that are to come.
    data_left: u32,
    /// Bytes of all packets, as `moof` says.
    packets_bytes: u64,
    frame_samples: u32,
    /// Chunks read so far.
    chunks: u32,
    reference_position: u64,
    chunk: Chunk,
    hasher: Option<Box<Sha256>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Expected {
    #[default]
    FileType,
    Movie,
    /// A notice, a reference time, or the head again.
    ChunkStart,
    /// Behind a notice: another one or the reference time.
    Reference,
    Fragment,
    Data,
    /// Inside it.
    MoreData,
}

/// Which chunks to hash: the first, and every so many.
#[derive(Debug, Clone, Copy)]
pub struct Hashing {
    /// Every so many chunks; 0 is none at all.
    pub every: u32,
    /// Shifts which ones, so that listeners share the work.
    pub offset: u32,
}

impl Hashing {
    fn wants(self, chunk: u32) -> bool {
        self.every != 0 && (chunk == 0 || (chunk + self.offset).is_multiple_of(self.every))
    }
}

impl Reader {
    /// Takes all of `input` and tells `sink` what is in it.
    ///
    /// # Errors
    /// [`StreamError`] if it is not a stream as Stentor publishes it. Nothing behind that can be read.
    pub fn read(
        &mut self,
        hashing: Hashing,
        mut input: &[u8],
        mut sink: impl FnMut(Seen<'_>),
    ) -> Result<(), StreamError> {
        while !input.is_empty() {
            if self.expected == Expected::MoreData {
                let (now, later) = input.split_at(input.len().min(self.data_left as usize));
                input = later;
                self.data(now, &mut sink);
                continue;
            }
            if self.carry.is_empty()
                && let Some(size) = self.size(input)?
                && let Some((whole, later)) = input.split_at_checked(size)
            {
                self.take(hashing, whole, &mut sink)?;
                input = later;
                continue;
            }
            let wanted = match self.size(&self.carry)? {
                Some(size) => size,
                None => HEADER_BYTES,
            };
            let missing = wanted - self.carry.len();
            let (now, later) = input.split_at(input.len().min(missing));
            self.carry.extend_from_slice(now);
            input = later;
            if self.size(&self.carry)? == Some(self.carry.len()) {
                let whole = std::mem::take(&mut self.carry);
                self.take(hashing, &whole, &mut sink)?;
            }
        }
        Ok(())
    }

    /// Bytes to have before the box that begins here can be taken: all of it, of an `mdat` its header. `None` while even
    /// the header is not whole.
    fn size(&self, bytes: &[u8]) -> Result<Option<usize>, StreamError> {
        let Some((size, kind)) = header(bytes) else {
            return Ok(None);
        };
        let limit = if kind == *b"mdat" {
            DATA_BYTES_MAX
        } else {
            SMALL_BOX_BYTES_MAX
        };
        if size < HEADER_BYTES as u32 || size > limit {
            return Err(StreamError::Size {
                kind,
                got: size,
                limit,
            });
        }
        Ok(Some(if kind == *b"mdat" {
            HEADER_BYTES
        } else {
            size as usize
        }))
    }

    fn take(
        &mut self,
        hashing: Hashing,
        whole: &[u8],
        sink: &mut impl FnMut(Seen<'_>),
    ) -> Result<(), StreamError> {
        let (size, kind) = header(whole).unwrap_or_default();
        let body = &whole[HEADER_BYTES..];
        if self.expected == Expected::ChunkStart
            && kind == *b"emsg"
            && let Some(Event::Cadence(payload)) = event(body)?
        {
            sink(Seen::Cadence { payload });
            return Ok(());
        }
        let begins = self.expected == Expected::ChunkStart && matches!(&kind, b"emsg" | b"prft");
        if begins {
            self.chunk = Chunk::default();
            self.hasher = hashing.wants(self.chunks).then(|| Box::new(Sha256::new()));
        }
        self.expected = match (self.expected, &kind) {
            (Expected::FileType | Expected::ChunkStart, b"ftyp") => Expected::Movie,
            (Expected::Movie, b"moov") => {
                self.frame_samples = frame_samples(body)?;
                sink(Seen::Head);
                Expected::ChunkStart
            }
            (Expected::ChunkStart | Expected::Reference, b"emsg") => {
                if let Some(Event::Notice(id, payload)) = event(body)? {
                    sink(Seen::Notice { id, payload });
                }
                Expected::Reference
            }
            (Expected::ChunkStart | Expected::Reference, b"prft") => {
                let mut fields = Fields::of(kind, body);
                fields.skip(8)?;
                self.chunk.capture_unix_us = unix_us_of_ntp(fields.u64()?);
                self.reference_position = fields.u64()?;
                Expected::Fragment
            }
            (Expected::Fragment, b"moof") => {
                self.fragment(body)?;
                Expected::Data
            }
            (Expected::Data, b"mdat") => {
                self.data_left = size - HEADER_BYTES as u32;
                self.chunk.sound_bytes = self.data_left;
                if u64::from(self.data_left) != self.packets_bytes {
                    return Err(StreamError::DataLength {
                        expected: self.packets_bytes,
                        got: self.data_left,
                    });
                }
                Expected::MoreData
            }
            (expected, _) => {
                return Err(StreamError::OutOfPlace {
                    kind,
                    expected: expected.name(),
                });
            }
        };
        if matches!(self.expected, Expected::ChunkStart | Expected::Movie) {
            return Ok(());
        }
        self.chunk.bytes = self.chunk.bytes.saturating_add(whole.len() as u32);
        if let Some(hasher) = &mut self.hasher {
            hasher.update(whole);
        }
        if self.expected == Expected::MoreData && self.data_left == 0 {
            self.data(&[], sink);
        }
        Ok(())
    }

    /// A piece of `mdat`.
    fn data(&mut self, piece: &[u8], sink: &mut impl FnMut(Seen<'_>)) {
        self.data_left -= piece.len() as u32;
        self.chunk.bytes = self.chunk.bytes.saturating_add(piece.len() as u32);
        if let Some(hasher) = &mut self.hasher {
            hasher.update(piece);
        }
        if self.data_left > 0 {
            return;
        }
        self.expected = Expected::ChunkStart;
        self.chunks = self.chunks.wrapping_add(1);
        self.chunk.sha256 = self.hasher.take().map(|hasher| hasher.finalize().into());
        sink(Seen::Chunk(self.chunk));
    }

    fn fragment(&mut self, moof: &[u8]) -> Result<(), StreamError> {
        const SAMPLE_DURATION: u32 = 0x8;
        const SAMPLE_SIZE: u32 = 0x10;
        const SAMPLE_SIZES: u32 = 0x200;
        let mut mfhd = Fields::of(*b"mfhd", child(moof, *b"mfhd")?);
        mfhd.skip(4)?;
        self.chunk.sequence = mfhd.u32()?;
        let traf = child(moof, *b"traf")?;
        let mut tfhd = Fields::of(*b"tfhd", child(traf, *b"tfhd")?);
        let flags = tfhd.u32()? & 0x00ff_ffff;
        tfhd.skip(4)?;
        // What comes before the two fields we read (§8.8.7), by the flags that announce it.
        tfhd.skip(if flags & 1 != 0 { 8 } else { 0 } + if flags & 2 != 0 { 4 } else { 0 })?;
        let frame_samples = if flags & SAMPLE_DURATION != 0 {
            tfhd.u32()?
        } else {
            self.frame_samples
        };
        let common = if flags & SAMPLE_SIZE != 0 {
            Some(tfhd.u32()?)
        } else {
            None
        };
        let mut tfdt = Fields::of(*b"tfdt", child(traf, *b"tfdt")?);
        let version = tfdt.u32()? >> 24;
        self.chunk.position = if version == 0 {
            tfdt.u32()?.into()
        } else {
            tfdt.u64()?
        };
        if self.chunk.position != self.reference_position {
            return Err(StreamError::ReferenceElsewhere {
                expected: self.chunk.position,
                got: self.reference_position,
            });
        }
        let mut trun = Fields::of(*b"trun", child(traf, *b"trun")?);
        let flags = trun.u32()? & 0x00ff_ffff;
        let packets = trun.u32()?;
        if packets > PACKETS_MAX {
            return Err(StreamError::Packets { got: packets });
        }
        self.chunk.samples = u64::from(packets) * u64::from(frame_samples);
        trun.skip(4)?;
        self.packets_bytes = match common {
            Some(size) => u64::from(packets) * u64::from(size),
            None if flags & SAMPLE_SIZES != 0 => {
                let mut sum = 0;
                for _ in 0..packets {
                    sum += u64::from(trun.u32()?);
                }
                sum
            }
            None => return Err(StreamError::Missing { kind: *b"trun" }),
        };
        Ok(())
    }
}

impl Expected {
    const fn name(self) -> &'static str {
        match self {
            Self::FileType => "'ftyp'",
            Self::Movie => "'moov'",
            Self::ChunkStart => "the beginning of a chunk",
            Self::Reference => "'emsg' or 'prft'",
            Self::Fragment => "'moof'",
            Self::Data | Self::MoreData => "'mdat'",
        }
    }
}

fn frame_samples(moov: &[u8]) -> Result<u32, StreamError> {
    let mut trex = Fields::of(*b"trex", child(child(moov, *b"mvex")?, *b"trex")?);
    trex.skip(12)?;
    trex.u32()
}

/// What an `emsg` of ours is, with its payload.
enum Event<'a> {
    /// With its number.
    Notice(u32, &'a [u8]),
    Cadence(&'a [u8]),
}

/// `None` for an event that is not ours (ISO/IEC 23009-1 §5.10.3.3).
fn event(emsg: &[u8]) -> Result<Option<Event<'_>>, StreamError> {
    let mut fields = Fields::of(*b"emsg", emsg);
    if fields.u32()? >> 24 != 1 {
        return Ok(None);
    }
    fields.skip(16)?;
    let id = fields.u32()?;
    let scheme = fields.string()?;
    fields.string()?;
    Ok(if scheme == NOTICE_SCHEME.as_bytes() {
        Some(Event::Notice(id, fields.rest))
    } else if scheme == CADENCE_SCHEME.as_bytes() {
        Some(Event::Cadence(fields.rest))
    } else {
        None
    })
}

/// Microseconds since 1970 of a 32.32 fixed point NTP time of the era that began in 1900.
fn unix_us_of_ntp(ntp: u64) -> i64 {
    let seconds = (ntp >> 32) as i64 - NTP_UNIX_OFFSET_S;
    seconds * 1_000_000 + (((ntp & 0xffff_ffff) * 1_000_000) >> 32) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use stentor_media::package::{Packager, PackagerConfig, Published};
    use stentor_media::rendition::Rendition;

    const ALL: Hashing = Hashing {
        every: 1,
        offset: 0,
    };

    /// Head and chunks of a second and a half, with a notice.
    fn published(rendition: Rendition) -> (Vec<u8>, Vec<stentor_media::package::Chunk>) {
        let config = PackagerConfig {
            first_position: 57_600,
            epoch_unix_ms: 0,
        };
        let mut packager = Packager::new(config).expect("a packager");
        let mut out = Vec::new();
        packager.notice(b"{\"t\":1}").expect("it is short");
        for tick in 0..120 {
            let capture = 1_795_000_000_000_000 + tick * 20_000;
            packager
                .push(&[0.1; 960], capture, &mut out)
                .expect("it encodes");
        }
        let chunks = out.into_iter().filter_map(|published| match published {
            Published::Chunk(chunk) if chunk.rendition == rendition => Some(chunk),
            _ => None,
        });
        (Packager::head().to_vec(), chunks.collect())
    }

    #[test]
    fn what_the_packager_writes_is_read_however_it_is_cut() {
        for rendition in Rendition::ALL {
            let (mut stream, chunks) = published(rendition);
            assert!(!chunks.is_empty());
            let word = stentor_media::package::cadence("{}");
            stream.extend(&word);
            for chunk in &chunks {
                stream.extend(&chunk.bytes);
                stream.extend(&word);
            }
            for cut in [1, 2, 3, 7, 8, 9, 100, 1_001, stream.len()] {
                let mut reader = Reader::default();
                let (mut read, mut heads, mut notices) = (Vec::new(), 0, Vec::new());
                let mut words = 0;
                for piece in stream.chunks(cut) {
                    reader
                        .read(ALL, piece, |seen| match seen {
                            Seen::Head => heads += 1,
                            Seen::Notice { payload, .. } => notices.push(payload.to_vec()),
                            Seen::Cadence { payload } => words += payload.len(),
                            Seen::Chunk(chunk) => read.push(chunk),
                        })
                        .expect("it is a stream");
                }
                assert_eq!(words, 2 * (chunks.len() + 1));
                assert_eq!((heads, &notices[..]), (1, &[b"{\"t\":1}".to_vec()][..]));
                assert_eq!(read.len(), chunks.len());
                for (read, chunk) in read.iter().zip(&chunks) {
                    assert_eq!(read.sha256, Some(chunk.sha256));
                    assert_eq!(read.bytes as usize, chunk.bytes.len());
                    let sound = rendition.packet_bytes() * rendition.frames_per_chunk() as usize;
                    assert_eq!(read.sound_bytes as usize, sound);
                    assert_eq!(read.samples, rendition.chunk_samples());
                    assert_eq!(read.position, chunk.sequence * read.samples);
                    assert_eq!(u64::from(read.sequence), chunk.sequence + 1);
                    assert_eq!(read.capture_unix_us, chunk.capture_unix_us);
                }
                assert_eq!(reader.carry.capacity(), 0, "an idle reader holds no buffer");
            }
        }
    }

    #[test]
    fn only_the_first_and_every_nth_chunk_are_hashed() {
        let (mut stream, chunks) = published(Rendition::Full);
        chunks.iter().for_each(|chunk| stream.extend(&chunk.bytes));
        let hashed = |every, offset| {
            let mut hashed = Vec::new();
            let hashing = Hashing { every, offset };
            Reader::default()
                .read(hashing, &stream, |seen| {
                    if let Seen::Chunk(chunk) = seen {
                        hashed.push(chunk.sha256.is_some());
                    }
                })
                .expect("it is a stream");
            hashed
                .iter()
                .map(|&yes| if yes { 'x' } else { '-' })
                .collect::<String>()
        };
        assert_eq!(hashed(4, 0), "x---x---x---");
        assert_eq!(hashed(4, 1), "x--x---x---x");
        assert_eq!(hashed(0, 0), "------------");
    }

    #[test]
    fn boxes_out_of_order_and_contradictions_are_told() {
        let (head, chunks) = published(Rendition::Full);
        let error = |bytes: &[u8]| {
            let mut reader = Reader::default();
            reader
                .read(ALL, bytes, |_| ())
                .expect_err("it is no stream")
        };
        let chunk = &chunks[1].bytes[..];
        assert!(matches!(error(chunk), StreamError::OutOfPlace { .. }));
        let without_prft = [&head[..], &chunk[32..]].concat();
        assert!(matches!(
            error(&without_prft),
            StreamError::OutOfPlace {
                kind: [b'm', b'o', b'o', b'f'],
                ..
            }
        ));
        let mut elsewhere = [&head[..], chunk].concat();
        elsewhere[head.len() + 31] ^= 1;
        assert!(matches!(
            error(&elsewhere),
            StreamError::ReferenceElsewhere { .. }
        ));
        assert!(matches!(error(b"OggS\0\x02\0\0"), StreamError::Size { .. }));
        let mut shorter = [&head[..], chunk].concat();
        let mdat = shorter.len() - 1_200 - 8;
        shorter[mdat + 3] -= 1;
        assert!(matches!(error(&shorter), StreamError::DataLength { .. }));
    }
}
