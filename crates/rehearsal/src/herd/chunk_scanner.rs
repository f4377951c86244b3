//! What a listener notes of each chunk: its numbers and, where asked, its hash.
//!
//! [`stentor_media::verify`] reads the same stream and keeps every chunk; this keeps nothing of it, so that a thread can
//! read hundreds of thousands of streams. That boxes come in order and agree with one another is checked below it, by
//! [`stentor_media::mp4`].

use sha2::{Digest, Sha256};
use stentor_media::mp4::{Part, StreamError, StreamReader};

/// What was found in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scanned<'a> {
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
    Chunk(ChunkSummary),
}

/// The numbers of one chunk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChunkSummary {
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

/// Which chunks to hash: the first, and every so many.
#[derive(Debug, Clone, Copy)]
pub struct HashSampling {
    /// Every so many chunks; 0 is none at all.
    pub every: u32,
    /// Shifts which ones they are, so that each chunk is hashed by some listener.
    pub offset: u32,
}

impl HashSampling {
    fn wants(self, chunk: u32) -> bool {
        self.every != 0 && (chunk == 0 || (chunk + self.offset).is_multiple_of(self.every))
    }
}

/// Scans one stream, which begins with its head.
#[derive(Debug)]
pub struct ChunkScanner {
    stream: StreamReader,
    notes: Notes,
}

/// What is noted of the chunk that is being read. Its small methods are inlined: they run for each box of each listener.
#[derive(Debug, Default)]
struct Notes {
    /// As the head says.
    frame_samples: u32,
    /// Chunks read so far.
    chunks: u32,
    /// Some of the chunk has come.
    begun: bool,
    chunk: ChunkSummary,
    hasher: Option<Box<Sha256>>,
}

impl Default for ChunkScanner {
    fn default() -> Self {
        Self {
            stream: StreamReader::from_head(),
            notes: Notes::default(),
        }
    }
}

impl ChunkScanner {
    /// Takes all of `input` and tells `sink` what is in it.
    ///
    /// # Errors
    /// [`StreamError`] if it is not a stream as Stentor publishes it. Nothing after that can be read.
    pub fn read(
        &mut self,
        sampling: HashSampling,
        mut input: &[u8],
        mut sink: impl FnMut(Scanned<'_>),
    ) -> Result<(), StreamError> {
        let notes = &mut self.notes;
        while let Some(part) = self.stream.next(&mut input)? {
            match part {
                Part::FileType { .. } => {}
                Part::Track { header, .. } => {
                    notes.frame_samples = header.frame_samples;
                    sink(Scanned::Head);
                }
                Part::Cadence { payload, .. } => sink(Scanned::Cadence { payload }),
                Part::Event { bytes, notice } => {
                    notes.begin(sampling);
                    notes.add(bytes);
                    if let Some(notice) = notice {
                        let (id, payload) = (notice.id, notice.payload);
                        sink(Scanned::Notice { id, payload });
                    }
                }
                Part::CaptureTime { bytes, unix_us } => {
                    notes.begin(sampling);
                    notes.add(bytes);
                    notes.chunk.capture_unix_us = unix_us;
                }
                Part::Fragment { bytes, fragment } => {
                    notes.add(bytes);
                    notes.chunk.sequence = fragment.sequence;
                    notes.chunk.position = fragment.position;
                    let frame_samples = fragment.frame_samples.unwrap_or(notes.frame_samples);
                    notes.chunk.samples = u64::from(fragment.packets) * u64::from(frame_samples);
                }
                Part::DataHeader { bytes, data_bytes } => {
                    notes.add(bytes);
                    notes.chunk.sound_bytes = data_bytes;
                }
                Part::Data { bytes, last } => {
                    notes.add(bytes);
                    if last {
                        notes.finish();
                        sink(Scanned::Chunk(notes.chunk));
                    }
                }
            }
        }
        Ok(())
    }
}

impl Notes {
    #[inline(always)]
    fn begin(&mut self, sampling: HashSampling) {
        if self.begun {
            return;
        }
        self.begun = true;
        // Every other number is set before the chunk is whole.
        self.chunk.bytes = 0;
        self.hasher = sampling.wants(self.chunks).then(|| Box::new(Sha256::new()));
    }

    #[inline(always)]
    fn add(&mut self, bytes: &[u8]) {
        self.chunk.bytes = self.chunk.bytes.saturating_add(bytes.len() as u32);
        if let Some(hasher) = &mut self.hasher {
            hasher.update(bytes);
        }
    }

    #[inline(always)]
    fn finish(&mut self) {
        self.begun = false;
        self.chunks = self.chunks.wrapping_add(1);
        self.chunk.sha256 = self.hasher.take().map(|hasher| hasher.finalize().into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stentor_media::mp4::BoxKind;
    use stentor_media::package::{Packager, PackagerConfig, Published};
    use stentor_media::rendition::Rendition;

    const ALL: HashSampling = HashSampling {
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
                let mut reader = ChunkScanner::default();
                let (mut read, mut heads, mut notices) = (Vec::new(), 0, Vec::new());
                let mut words = 0;
                for piece in stream.chunks(cut) {
                    reader
                        .read(ALL, piece, |seen| match seen {
                            Scanned::Head => heads += 1,
                            Scanned::Notice { payload, .. } => notices.push(payload.to_vec()),
                            Scanned::Cadence { payload } => words += payload.len(),
                            Scanned::Chunk(chunk) => read.push(chunk),
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
                assert_eq!(
                    reader.stream.held_bytes(),
                    0,
                    "an idle reader holds no buffer"
                );
            }
        }
    }

    #[test]
    fn only_the_first_and_every_nth_chunk_are_hashed() {
        let (mut stream, chunks) = published(Rendition::Full);
        chunks.iter().for_each(|chunk| stream.extend(&chunk.bytes));
        let hashed = |every, offset| {
            let mut hashed = Vec::new();
            let hashing = HashSampling { every, offset };
            ChunkScanner::default()
                .read(hashing, &stream, |seen| {
                    if let Scanned::Chunk(chunk) = seen {
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
            let mut reader = ChunkScanner::default();
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
                kind: BoxKind([b'm', b'o', b'o', b'f']),
                ..
            }
        ));
        let mut elsewhere = [&head[..], chunk].concat();
        elsewhere[head.len() + 31] ^= 1;
        assert!(matches!(
            error(&elsewhere),
            StreamError::ReferenceElsewhere { .. }
        ));
        assert!(matches!(
            error(b"OggS\0\x02\0\0"),
            StreamError::TooLarge { .. }
        ));
        let mut shorter = [&head[..], chunk].concat();
        let mdat = shorter.len() - 1_200 - 8;
        shorter[mdat + 3] -= 1;
        assert!(matches!(error(&shorter), StreamError::DataLength { .. }));
    }
}
