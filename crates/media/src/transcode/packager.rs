//! Frames of AAC as HLS segments of packed audio, and of MP3 as chunks of an endless stream.
//!
//! Segments are packed audio (RFC 8216 §3.4) and not fragmented MP4: they are for what does not know Opus, and of that much does not know
//! fragmented MP4 in HLS either (iOS before 10, Android before 8, speakers of whose makers some name nothing but ADTS, MP3 and transport streams).

use std::collections::VecDeque;
use std::fmt::Write;

use bytes::Bytes;

use super::grid::{FRAMES_EARLY, encoder_start, first_frame, piece_of};
use crate::mpeg::{Frame, FrameKind, timestamp_tag};
use crate::package::hls::{MediaPlaylist, PlaylistCounts, Variant, iso_8601};
use crate::rendition::{SAMPLE_RATE_HZ, SEGMENT_MS};

/// Bit rate of AAC-LC, mono. So that its variant asks for less than the best Opus one does, and players that choose by bandwidth stay with that.
pub const AAC_KBIT_PER_S: u32 = 48;

/// Bit rate of MP3, mono, constant: every frame has 192 bytes.
pub const MP3_KBIT_PER_S: u32 = 64;

/// The last frames of a run, which are never used: an encoder that is told to leave fills them up with silence.
const HELD_BACK_FRAMES: usize = 3;

/// AAC as the multivariant playlist lists it. An encoder may save bits for later, and spend 6,144 of them in one segment (ISO/IEC 13818-7
/// §8.2.2); a header has 56 a frame; and it keeps its rate on average only.
pub const AAC_VARIANT: Variant = Variant {
    bandwidth: 60_000,
    average_bandwidth: 52_000,
    codecs: "mp4a.40.2",
    uri: "aac/index.m3u8",
};

/// What is made of frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transcoded {
    /// A whole HLS segment of AAC; the playlist lists it from now on.
    Segment {
        /// Position of the segment divided by its length, as in all other renditions.
        number: u64,
        /// A tag with its time, and frames.
        bytes: Bytes,
    },
    /// The next chunk of MP3.
    Mp3 {
        /// Position of the chunk divided by its length.
        sequence: u64,
        /// Whole frames.
        bytes: Bytes,
    },
}

/// Puts frames together, run after run of an encoder.
pub struct TranscodePackager {
    epoch_unix_ms: i64,
    playlist: MediaPlaylist,
    /// The last segment that was listed.
    listed: Option<u64>,
    aac: Track,
    mp3: Track,
}

impl TranscodePackager {
    /// For an event whose timeline begins at `epoch_unix_ms`; its playlist goes on from `counts`.
    #[must_use]
    pub fn new(epoch_unix_ms: i64, counts: PlaylistCounts) -> Self {
        let mut playlist = MediaPlaylist::new(epoch_unix_ms);
        playlist.go_on_from(counts);
        Self {
            epoch_unix_ms,
            playlist,
            listed: None,
            aac: Track::new(FrameKind::Aac),
            mp3: Track::new(FrameKind::Mp3),
        }
    }

    /// A run of an encoder begins, and sound from `kept_from` on is there for it: what was missing before stays so, and the playlist will
    /// begin anew. Gives the position of the first sample it must be fed: what is before `kept_from` is silence.
    #[must_use]
    pub fn begin(&mut self, kept_from: u64) -> u64 {
        let tracks = [&mut self.aac, &mut self.mp3];
        let missing = tracks.map(|track| track.go_on_at(kept_from));
        let start = encoder_start(missing[0].min(missing[1]));
        for track in [&mut self.aac, &mut self.mp3] {
            track.coming = start / track.kind.samples();
            track.held.clear();
        }
        start
    }

    /// The position up to which both encodings are there.
    #[must_use]
    pub fn done_to(&self) -> u64 {
        self.aac.position().min(self.mp3.position())
    }

    /// Takes the next frame of this run, and appends what is whole to `out`.
    pub fn take(&mut self, frame: &Frame, out: &mut Vec<Transcoded>) {
        match frame.kind {
            FrameKind::Aac => {
                let Some((number, bytes)) = self.aac.take(&frame.bytes) else {
                    return;
                };
                if self.listed.is_some_and(|listed| listed + 1 != number) {
                    self.playlist.begin_anew();
                }
                self.listed = Some(number);
                self.playlist.add(number);
                out.push(Transcoded::Segment { number, bytes });
            }
            FrameKind::Mp3 => {
                let whole = self.mp3.take(&frame.bytes);
                out.extend(whole.map(|(sequence, bytes)| Transcoded::Mp3 { sequence, bytes }));
            }
        }
    }

    /// The media playlist of AAC, with paths relative to its own; `None` while it lists nothing.
    #[must_use]
    pub fn playlist(&self) -> Option<String> {
        let listed = self.playlist.listed();
        let first = listed.numbers.clone().next()?;
        let mut text = format!(
            "#EXTM3U\n\
             #EXT-X-VERSION:3\n\
             #EXT-X-TARGETDURATION:{target}\n\
             #EXT-X-MEDIA-SEQUENCE:{sequence}\n\
             #EXT-X-DISCONTINUITY-SEQUENCE:{run}\n\
             #EXT-X-PROGRAM-DATE-TIME:{time}\n",
            target = SEGMENT_MS.div_ceil(1_000),
            sequence = listed.sequence,
            run = listed.discontinuity_sequence,
            time = iso_8601(self.begins_unix_ms(first)),
        );
        for number in listed.numbers {
            if listed.anew_at == Some(number) {
                text.push_str("#EXT-X-DISCONTINUITY\n");
            }
            let samples = segment_position(number + 1) - segment_position(number);
            let us = samples * 1_000_000 / u64::from(SAMPLE_RATE_HZ);
            let (seconds, us) = (us / 1_000_000, us % 1_000_000);
            writeln!(text, "#EXTINF:{seconds}.{us:06},\nhls/{number}.aac")
                .expect("writing to a string cannot fail");
        }
        Some(text)
    }

    fn begins_unix_ms(&self, segment: u64) -> i64 {
        let ms = segment_position(segment) / (u64::from(SAMPLE_RATE_HZ) / 1_000);
        self.epoch_unix_ms.saturating_add_unsigned(ms)
    }
}

/// Where a segment begins, in samples.
const fn segment_position(number: u64) -> u64 {
    first_frame(FrameKind::Aac, number) * FrameKind::Aac.samples()
}

/// One encoding on its way.
struct Track {
    kind: FrameKind,
    /// Number of the next frame of this run, [`FRAMES_EARLY`] late.
    coming: u64,
    /// Number of the next frame that is wanted.
    next: u64,
    /// The segment or chunk in the making.
    piece: Option<Vec<u8>>,
    /// Frames that are used when as many more have come.
    held: VecDeque<Bytes>,
}

impl Track {
    fn new(kind: FrameKind) -> Self {
        Self {
            kind,
            coming: 0,
            next: 0,
            piece: None,
            held: VecDeque::with_capacity(HELD_BACK_FRAMES + 1),
        }
    }

    const fn position(&self) -> u64 {
        self.next * self.kind.samples()
    }

    /// Goes on where it was, or at the first frame that begins at `kept_from` or later; gives the position.
    fn go_on_at(&mut self, kept_from: u64) -> u64 {
        let first = kept_from.div_ceil(self.kind.samples());
        if self.next < first {
            self.next = first;
            self.piece = None;
        }
        self.position()
    }

    /// The segment or chunk that is whole now, and its number.
    fn take(&mut self, frame: &Bytes) -> Option<(u64, Bytes)> {
        self.held.push_back(frame.clone());
        if self.held.len() <= HELD_BACK_FRAMES {
            return None;
        }
        let frame = self.held.pop_front()?;
        let number = self.coming.checked_sub(FRAMES_EARLY);
        self.coming += 1;
        let number = number.filter(|number| *number == self.next)?;
        self.next += 1;
        let piece = piece_of(self.kind, number);
        if number == first_frame(self.kind, piece) {
            self.piece = Some(self.beginning(number));
        }
        // Only whole ones are published.
        let bytes = self.piece.as_mut()?;
        bytes.extend_from_slice(&frame);
        let ends = piece_of(self.kind, self.next) != piece;
        let whole = if ends { self.piece.take() } else { None };
        whole.map(|bytes| (piece, Bytes::from(bytes)))
    }

    fn beginning(&self, frame: u64) -> Vec<u8> {
        match self.kind {
            // 90 kHz.
            FrameKind::Aac => timestamp_tag(frame * self.kind.samples() * 15 / 8),
            FrameKind::Mp3 => Vec::new(),
        }
    }
}
