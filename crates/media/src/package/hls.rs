//! HLS playlists (RFC 8216) over immutable numbered segments.

use std::collections::VecDeque;
use std::fmt::Write;

use jiff::Timestamp;

use super::cmaf;
use crate::rendition::{Rendition, SAMPLE_RATE_HZ, SEGMENT_MS, SEGMENT_SAMPLES};
use crate::tags::Tags;

/// Segments a media playlist lists: 36 s, so that a phone which slept for half a minute still finds its place.
pub const PLAYLIST_SEGMENTS_MAX: usize = 10;

/// Segments that must stay available: those listed, and those of the oldest playlist that a client may still be reading
/// (RFC 8216 §6.2.2: the length of the segment plus that of the playlist).
pub const SEGMENTS_AVAILABLE_MIN: usize = 2 * PLAYLIST_SEGMENTS_MAX + 1;

/// Name of the head, next to the media playlist.
pub const HEAD_NAME: &str = "init.mp4";

/// What notices may add to the bit rate of a segment at its peak: about 3.6 kB in 3.6 s.
const NOTICE_ALLOWANCE_BITS_PER_S: u32 = 8_000;

const _: () = assert!(SEGMENT_SAMPLES == SEGMENT_MS as u64 * (SAMPLE_RATE_HZ as u64 / 1_000));

/// What the numbers of a playlist go on from, in this run of the server and in the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlaylistCounts {
    /// How often it has begun anew.
    pub discontinuities: u64,
    /// Numbers of segments that were left out there: there was no sound at their time.
    pub skipped: u64,
    /// The number after the last segment that was listed. A run that was over before it listed one leaves it as it was.
    pub next: u64,
}

/// The media playlist of one rendition while it grows.
#[derive(Debug)]
pub struct MediaPlaylist {
    epoch_unix_ms: i64,
    counts: PlaylistCounts,
    /// What is listed, in a row.
    numbers: VecDeque<u64>,
    /// The first number since it has begun anew.
    anew_at: Option<u64>,
}

impl MediaPlaylist {
    /// An empty playlist of an event whose timeline begins at `epoch_unix_ms`.
    #[must_use]
    pub fn new(epoch_unix_ms: i64) -> Self {
        Self {
            epoch_unix_ms,
            counts: PlaylistCounts::default(),
            numbers: VecDeque::with_capacity(PLAYLIST_SEGMENTS_MAX + 1),
            anew_at: None,
        }
    }

    /// Lists one more segment; the oldest goes when there are more than [`PLAYLIST_SEGMENTS_MAX`].
    pub fn add(&mut self, number: u64) {
        if self.numbers.is_empty() && self.counts.discontinuities > 0 {
            self.counts.skipped += number.saturating_sub(self.counts.next);
            self.anew_at = Some(number);
        }
        self.counts.next = number + 1;
        self.numbers.push_back(number);
        if self.numbers.len() > PLAYLIST_SEGMENTS_MAX {
            self.numbers.pop_front();
        }
    }

    /// It goes on from a run before; if there was none, nothing has begun anew yet.
    pub fn go_on_from(&mut self, counts: PlaylistCounts) {
        self.counts = counts;
    }

    /// Lists nothing any more: what follows does not go on from what was.
    pub fn begin_anew(&mut self) {
        self.numbers.clear();
        self.anew_at = None;
        self.counts.discontinuities += 1;
    }

    /// What its numbers go on from.
    #[must_use]
    pub const fn counts(&self) -> PlaylistCounts {
        self.counts
    }

    /// Whether it lists nothing yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// What it lists, for whoever writes it in another form.
    pub(crate) fn listed(&self) -> Listed<impl Iterator<Item = u64> + Clone> {
        let first = self.numbers.front().copied().unwrap_or(0);
        let anew_at = self.anew_at.filter(|anew_at| *anew_at >= first);
        Listed {
            sequence: first.saturating_sub(self.counts.skipped),
            // One that is listed itself is not counted (§4.3.3.3).
            discontinuity_sequence: self.counts.discontinuities - u64::from(anew_at.is_some()),
            anew_at,
            numbers: self.numbers.iter().copied(),
        }
    }

    /// The playlist, with paths relative to its own: `init.mp4` and `hls/{number}.m4s`.
    ///
    /// After a restart the list begins anew, with a discontinuity, the same in all renditions. Its segments are named by their place on the
    /// timeline, in which there is a hole then; its media sequence has none, for players wait for a number that is left out (hls.js for ever,
    /// with no error, also where it is named as missing by `EXT-X-GAP`).
    #[must_use]
    pub fn render(&self) -> String {
        let listed = self.listed();
        let mut text = format!(
            "#EXTM3U\n\
             #EXT-X-VERSION:7\n\
             #EXT-X-INDEPENDENT-SEGMENTS\n\
             #EXT-X-TARGETDURATION:{target}\n\
             #EXT-X-MEDIA-SEQUENCE:{sequence}\n\
             #EXT-X-DISCONTINUITY-SEQUENCE:{run}\n\
             #EXT-X-MAP:URI=\"{HEAD_NAME}\"\n",
            target = SEGMENT_MS.div_ceil(1_000),
            sequence = listed.sequence,
            run = listed.discontinuity_sequence,
        );
        if let Some(first) = listed.numbers.clone().next() {
            let offset_ms = first * u64::from(SEGMENT_MS);
            let start_unix_ms = self.epoch_unix_ms.saturating_add_unsigned(offset_ms);
            text.push_str("#EXT-X-PROGRAM-DATE-TIME:");
            text.push_str(&iso_8601(start_unix_ms));
            text.push('\n');
        }
        for number in listed.numbers {
            if listed.anew_at == Some(number) {
                text.push_str("#EXT-X-DISCONTINUITY\n");
            }
            let (seconds, millis) = (SEGMENT_MS / 1_000, SEGMENT_MS % 1_000);
            writeln!(text, "#EXTINF:{seconds}.{millis:03},\nhls/{number}.m4s")
                .expect("writing to a string cannot fail");
        }
        text
    }
}

/// What a playlist lists.
pub(crate) struct Listed<N> {
    /// Media sequence number of the first segment.
    pub(crate) sequence: u64,
    pub(crate) discontinuity_sequence: u64,
    /// The number before which there is a discontinuity.
    pub(crate) anew_at: Option<u64>,
    /// The segments, in a row.
    pub(crate) numbers: N,
}

/// A variant of the programme beside [`Rendition::ALL`], as the multivariant playlist lists it (§4.3.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    /// Bits per second that no segment exceeds.
    pub bandwidth: u32,
    /// Bits per second on average.
    pub average_bandwidth: u32,
    /// What must be decoded (RFC 6381).
    pub codecs: &'static str,
    /// Where its media playlist is, relative to the multivariant one.
    pub uri: &'static str,
}

/// The multivariant playlist, with paths relative to its own: `48/index.m3u8` and so on, best first; and what the programme says of itself
/// (§4.3.4.4). `further` variants come last: players begin with the first one that they can play.
#[must_use]
pub fn multivariant(tags: &Tags, further: &[Variant]) -> String {
    let mut text = String::from("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    for (name, value) in tags.comments() {
        let name = name.to_ascii_lowercase();
        let value = quoted_string(value);
        writeln!(
            text,
            "#EXT-X-SESSION-DATA:DATA-ID=\"com.apple.hls.{name}\",VALUE={value}"
        )
        .expect("writing to a string cannot fail");
    }
    for rendition in Rendition::ALL {
        let average = container_bits_per_s(rendition);
        // Lower case: browsers and hls.js know `opus`, and take a missing CODECS for AAC.
        let uri = format!("{}/index.m3u8", rendition.name());
        let peak = average + NOTICE_ALLOWANCE_BITS_PER_S;
        list_variant(&mut text, peak, average, "opus", &uri);
    }
    for variant in further {
        let Variant {
            bandwidth,
            average_bandwidth,
            codecs,
            uri,
        } = *variant;
        list_variant(&mut text, bandwidth, average_bandwidth, codecs, uri);
    }
    text
}

fn list_variant(text: &mut String, peak: u32, average: u32, codecs: &str, uri: &str) {
    writeln!(
        text,
        "#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={average},CODECS=\"{codecs}\"\n{uri}",
    )
    .expect("writing to a string cannot fail");
}

/// As a quoted string of a playlist, which has no double quote and no line break in it (§4.2).
fn quoted_string(value: &str) -> String {
    let value = value.replace('"', "\u{201d}").replace(['\r', '\n'], " ");
    format!("\"{value}\"")
}

/// Bits per second of a rendition with its container, without notices.
fn container_bits_per_s(rendition: Rendition) -> u32 {
    let mut packets = cmaf::Packets::default();
    let silence = vec![0; rendition.packet_bytes()];
    (0..rendition.frames_per_chunk()).for_each(|_| packets.push(&silence));
    let content = cmaf::ChunkContent {
        sequence: 0,
        position: 0,
        capture_unix_us: 0,
        frame_samples: rendition.frame_samples() as u32,
        packets: &packets,
        notices: &[],
    };
    (cmaf::chunk(&content).len() as u32 * 8 * 1_000).div_ceil(rendition.chunk_ms())
}

/// Whether a segment begins at `position`.
pub(crate) const fn begins_segment(position: u64) -> bool {
    position.is_multiple_of(SEGMENT_SAMPLES)
}

/// Milliseconds since 1970 as `2026-11-22T20:00:00.000Z`, proleptic Gregorian. Years beyond 9999 are that year's end.
#[must_use]
pub fn iso_8601(unix_ms: i64) -> String {
    let nearest = if unix_ms < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    let time = Timestamp::from_millisecond(unix_ms).unwrap_or(nearest);
    format!("{time:.3}")
}
