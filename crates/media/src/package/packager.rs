//! The packager of the programme.

use std::collections::VecDeque;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::cmaf::{self, ChunkContent, Packets};
use super::encoding::FrameEncoder;
use super::error::PackageError;
use super::manifest::Manifest;
use super::published::{Chunk, Published};
use super::{hls, ogg};
use crate::opus::{Encode, EncoderProfile, OpusEncoder};
use crate::rendition::{
    COMMON_BOUNDARY_SAMPLES, Rendition, SEGMENT_MS, SEGMENT_SAMPLES, TICK_SAMPLES,
};
use crate::tags::Tags;

/// Longest notice, in bytes. A full stage of long names in two languages stays below.
pub const NOTICE_BYTES_MAX: usize = 31 * 1024;

/// Notices that wait for the next chunk of a rendition. When one more comes the oldest is given up: a newer notice says
/// more than an older one, and a full one comes at least every ten seconds.
pub const NOTICES_PENDING_MAX: usize = 32;

/// Sound that a programme resumes with after it was suspended, in milliseconds: wherever it resumes, three whole segments (RFC 8216
/// §6.3.3: a player starts no closer to the end), and what a listener is given at once by the slowest cadence.
pub const LEAD_IN_MS: u32 = 4 * SEGMENT_MS;

/// Where a programme begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackagerConfig {
    /// Position of the first sample on the event's timeline; a multiple of [`COMMON_BOUNDARY_SAMPLES`].
    pub first_position: u64,
    /// When the event's timeline began, in milliseconds since 1970. Fixed for ever when the event is made.
    pub epoch_unix_ms: i64,
}

/// Encodes the programme in all renditions and cuts it for all faces.
pub struct Packager {
    /// Position of the next tick.
    position: u64,
    renditions: [RenditionPackager; Rendition::ALL.len()],
    next_notice: u32,
    notices_dropped: u64,
}

impl Packager {
    /// A packager whose first tick stands at `config.first_position`.
    ///
    /// # Errors
    /// [`PackageError::Misaligned`] if the renditions do not all begin a chunk there; [`PackageError::Codec`] if the
    /// encoders cannot be had.
    pub fn new(config: PackagerConfig) -> Result<Self, PackageError> {
        let encoder = |rendition| -> Result<Box<dyn Encode>, PackageError> {
            Ok(Box::new(OpusEncoder::new(EncoderProfile::Programme(
                rendition,
            ))?))
        };
        let [full, mid, low] = Rendition::ALL.map(encoder);
        Self::with_encoders(config, [full?, mid?, low?])
    }

    /// As [`new`](Self::new), with encoders of the caller's: one for each of [`Rendition::ALL`], set up as
    /// [`EncoderProfile::Programme`] says.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_encoders(
        config: PackagerConfig,
        encoders: [Box<dyn Encode>; Rendition::ALL.len()],
    ) -> Result<Self, PackageError> {
        if !config
            .first_position
            .is_multiple_of(COMMON_BOUNDARY_SAMPLES)
        {
            return Err(PackageError::Misaligned {
                got: config.first_position,
                step: COMMON_BOUNDARY_SAMPLES,
            });
        }
        let [full, mid, low] = encoders;
        let packager =
            |rendition, encoder| RenditionPackager::new(rendition, encoder, config.epoch_unix_ms);
        Ok(Self {
            position: config.first_position,
            renditions: [
                packager(Rendition::Full, full),
                packager(Rendition::Mid, mid),
                packager(Rendition::Low, low),
            ],
            next_notice: 0,
            notices_dropped: 0,
        })
    }

    /// The playlists go on from a run before.
    pub fn go_on_from(&mut self, counts: hls::PlaylistCounts) {
        for rendition in &mut self.renditions {
            rendition.playlist.go_on_from(counts);
        }
    }

    /// Position of the next tick, in samples since the epoch.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// `ftyp` and `moov`: the same for every rendition, run and event.
    #[must_use]
    pub fn head() -> Bytes {
        Bytes::from(cmaf::head())
    }

    /// The same with what it says of itself: what a recording begins with.
    #[must_use]
    pub fn tagged_head(tags: &Tags) -> Bytes {
        Bytes::from(cmaf::tagged_head(tags))
    }

    /// The two header pages of the Ogg face.
    #[must_use]
    pub fn ogg_head(tags: &Tags) -> Bytes {
        Bytes::from(ogg::head(tags))
    }

    /// The page of the Ogg face that follows chunk `sequence` when the event is over.
    #[must_use]
    pub fn last_ogg_page(sequence: u64) -> Bytes {
        Bytes::from(ogg::last_page(sequence + 1))
    }

    /// The HLS multivariant playlist, with `further` variants behind its own.
    #[must_use]
    pub fn multivariant_playlist(tags: &Tags, further: &[hls::Variant]) -> String {
        hls::multivariant(tags, further)
    }

    /// Puts a notice into the next chunk of every rendition.
    ///
    /// # Errors
    /// [`PackageError::NoticeTooLong`] above [`NOTICE_BYTES_MAX`].
    pub fn notice(&mut self, payload: &[u8]) -> Result<(), PackageError> {
        if payload.len() > NOTICE_BYTES_MAX {
            return Err(PackageError::NoticeTooLong {
                got: payload.len(),
                limit: NOTICE_BYTES_MAX,
            });
        }
        let payload = Bytes::copy_from_slice(payload);
        let id = self.next_notice;
        self.next_notice = id.wrapping_add(1);
        for rendition in &mut self.renditions {
            if rendition.notices.len() == NOTICES_PENDING_MAX {
                rendition.notices.pop_front();
                self.notices_dropped += 1;
            }
            rendition.notices.push_back((id, payload.clone()));
        }
        Ok(())
    }

    /// Notices that never left because [`NOTICES_PENDING_MAX`] newer ones came before the next chunk, all renditions summed.
    #[must_use]
    pub const fn notices_dropped(&self) -> u64 {
        self.notices_dropped
    }

    /// Whether it can be suspended here: chunks of all renditions begin, and there is a lead-in to resume with.
    #[must_use]
    pub fn can_suspend(&self) -> bool {
        let whole = |rendition: &RenditionPackager| rendition.has_lead_in();
        self.position.is_multiple_of(COMMON_BOUNDARY_SAMPLES) && self.renditions.iter().all(whole)
    }

    /// Goes on at `position`, whose first sample is captured at `capture_unix_us`, after nothing was pushed for a while. What led up to
    /// the pause is published once more as what leads up to `position`: up to [`LEAD_IN_MS`], and nothing before where the pause began.
    /// So whoever comes finds sound, and since the encoders go on as well, no joint is heard. Notices that waited are given up.
    ///
    /// Playlist and manifest of each rendition are given out once, when all they list is; after a longer pause they begin anew.
    ///
    /// # Errors
    /// [`PackageError::Misaligned`] unless the pause began and ends at a common boundary.
    pub fn resume(
        &mut self,
        position: u64,
        capture_unix_us: i64,
        out: &mut Vec<Published>,
    ) -> Result<(), PackageError> {
        let aligned = |position: &u64| position.is_multiple_of(COMMON_BOUNDARY_SAMPLES);
        if let Some(&got) = [self.position, position].iter().find(|at| !aligned(at)) {
            let step = COMMON_BOUNDARY_SAMPLES;
            return Err(PackageError::Misaligned { got, step });
        }
        let position = position.max(self.position);
        for rendition in &mut self.renditions {
            rendition.resume(self.position, position, capture_unix_us, out);
        }
        self.position = position;
        Ok(())
    }

    /// Takes 20 ms of the programme, captured at `capture_unix_us`, and appends what is ready to `out`.
    ///
    /// # Errors
    /// [`PackageError::Codec`] if an encoder failed. Everything due was published all the same, with silence in the place
    /// of what could not be encoded: the caller reports and goes on.
    pub fn push(
        &mut self,
        pcm: &[f32; TICK_SAMPLES],
        capture_unix_us: i64,
        out: &mut Vec<Published>,
    ) -> Result<(), PackageError> {
        let tick_start = self.position;
        self.position += TICK_SAMPLES as u64;
        let mut result = Ok(());
        for rendition in &mut self.renditions {
            if let Err(error) = rendition.push(pcm, tick_start, capture_unix_us, out) {
                result = Err(error);
            }
        }
        result
    }
}

/// One rendition on its way.
struct RenditionPackager {
    rendition: Rendition,
    encoder: FrameEncoder<Box<dyn Encode>>,
    packets: Packets,
    /// The packets of the last chunks, oldest first: [`LEAD_IN_MS`] of them.
    lead_in: VecDeque<Packets>,
    /// Capture time of the first sample of the chunk in the making.
    capture_unix_us: i64,
    notices: VecDeque<(u32, Bytes)>,
    /// Chunks of the segment in the making; `None` until a segment begins, since only whole segments are published.
    segment: Option<Vec<u8>>,
    playlist: hls::MediaPlaylist,
    manifest: Manifest,
}

impl RenditionPackager {
    fn new(rendition: Rendition, encoder: Box<dyn Encode>, epoch_unix_ms: i64) -> Self {
        Self {
            rendition,
            encoder: FrameEncoder::with_encoder(
                encoder,
                rendition.frame_samples(),
                rendition.packet_bytes(),
            ),
            packets: Packets::default(),
            lead_in: VecDeque::with_capacity(lead_in_chunks(rendition) + 1),
            capture_unix_us: 0,
            notices: VecDeque::with_capacity(NOTICES_PENDING_MAX),
            segment: None,
            playlist: hls::MediaPlaylist::new(epoch_unix_ms),
            manifest: Manifest::new(rendition),
        }
    }

    fn push(
        &mut self,
        pcm: &[f32; TICK_SAMPLES],
        tick_start: u64,
        capture_unix_us: i64,
        out: &mut Vec<Published>,
    ) -> Result<(), PackageError> {
        let chunk_samples = self.rendition.chunk_samples();
        if tick_start.is_multiple_of(chunk_samples) {
            self.capture_unix_us = capture_unix_us;
        }
        let encoded = self.encoder.push(pcm, |packet| self.packets.push(packet));
        let tick_end = tick_start + TICK_SAMPLES as u64;
        if tick_end.is_multiple_of(chunk_samples) {
            let packets = std::mem::take(&mut self.packets);
            let ends_segment = self.publish_chunk(tick_end - chunk_samples, &packets, out);
            if tick_end.is_multiple_of(COMMON_BOUNDARY_SAMPLES) {
                out.push(self.manifest());
            }
            if ends_segment {
                out.push(self.playlist());
            }
            self.remember(packets);
        }
        Ok(encoded?)
    }

    fn has_lead_in(&self) -> bool {
        self.lead_in.len() == lead_in_chunks(self.rendition)
    }

    fn remember(&mut self, packets: Packets) {
        self.lead_in.push_back(packets);
        if self.lead_in.len() > lead_in_chunks(self.rendition)
            && let Some(mut oldest) = self.lead_in.pop_front()
        {
            oldest.clear();
            self.packets = oldest;
        }
    }

    /// See [`Packager::resume`]; nothing was published at or after `unused`.
    fn resume(
        &mut self,
        unused: u64,
        position: u64,
        capture_unix_us: i64,
        out: &mut Vec<Published>,
    ) {
        self.notices.clear();
        let chunk_samples = self.rendition.chunk_samples();
        if position.saturating_sub(self.lead_in.len() as u64 * chunk_samples) > unused {
            self.segment = None;
            self.playlist.begin_anew();
            self.manifest = Manifest::new(self.rendition);
        }
        let lead_in = std::mem::take(&mut self.lead_in);
        for (back, packets) in (1..=lead_in.len() as u64).rev().zip(&lead_in) {
            let before = back * chunk_samples;
            if let Some(start) = position
                .checked_sub(before)
                .filter(|start| *start >= unused)
            {
                let before_us = i64::try_from(before * 125 / 6).unwrap_or(i64::MAX);
                self.capture_unix_us = capture_unix_us.saturating_sub(before_us);
                self.publish_chunk(start, packets, out);
            }
        }
        self.lead_in = lead_in;
        if !self.playlist.is_empty() {
            out.push(self.playlist());
        }
        out.push(self.manifest());
    }

    /// What lists the segments there are.
    fn playlist(&self) -> Published {
        Published::Playlist {
            rendition: self.rendition,
            counts: self.playlist.counts(),
            text: self.playlist.render(),
        }
    }

    /// What lists the chunks there are.
    fn manifest(&self) -> Published {
        Published::Manifest {
            rendition: self.rendition,
            json: self.manifest.to_json(),
        }
    }

    /// Gives out a chunk, and the segment that ends with it; whether one does. What lists them is given out by whoever calls.
    fn publish_chunk(
        &mut self,
        position: u64,
        packets: &Packets,
        out: &mut Vec<Published>,
    ) -> bool {
        let sequence = position / self.rendition.chunk_samples();
        let end = position + self.rendition.chunk_samples();
        let bytes = Bytes::from(cmaf::chunk(&ChunkContent {
            sequence,
            position,
            capture_unix_us: self.capture_unix_us,
            frame_samples: self.rendition.frame_samples() as u32,
            packets,
            notices: self.notices.make_contiguous(),
        }));
        let chunk = Chunk {
            rendition: self.rendition,
            sequence,
            sha256: Sha256::digest(&bytes).into(),
            bytes: bytes.clone(),
            capture_unix_us: self.capture_unix_us,
            duration_ms: self.rendition.chunk_ms(),
        };
        self.manifest.add(&chunk);
        out.push(Published::Chunk(chunk));
        if self.rendition == Rendition::Full {
            out.push(Published::Ogg {
                sequence,
                bytes: Bytes::from(ogg::media_page(sequence, end, packets)),
            });
        }
        self.notices.clear();
        self.grow_segment(position, &bytes, out)
    }

    fn grow_segment(&mut self, position: u64, chunk: &[u8], out: &mut Vec<Published>) -> bool {
        if hls::begins_segment(position) {
            self.segment = Some(Vec::with_capacity(
                chunk.len() * (self.rendition.chunks_per_segment() as usize + 1),
            ));
        }
        let Some(segment) = &mut self.segment else {
            return false;
        };
        segment.extend_from_slice(chunk);
        let ends = hls::begins_segment(position + self.rendition.chunk_samples());
        if ends {
            let number = position / SEGMENT_SAMPLES;
            let bytes = Bytes::from(std::mem::take(segment));
            self.playlist.add(number);
            out.push(Published::Segment {
                rendition: self.rendition,
                number,
                bytes,
            });
        }
        ends
    }
}

/// Chunks of a rendition in the lead-in.
const fn lead_in_chunks(rendition: Rendition) -> usize {
    (LEAD_IN_MS / rendition.chunk_ms()) as usize
}
