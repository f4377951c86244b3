//! What those read who go back while an event is live: which pieces of the recording there are, as JSON for the page and as a playlist for players.
//!
//! Both say the same. The JSON is bounded however long the event is; the playlist grows by a line for each piece, as players want it.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::pieces::{PIECE_MS, Piece, PieceIndex};
use crate::package::hls::iso_8601;
use crate::rendition::SEGMENT_MS;

/// Stretches of sound without a gap that are told apart. Beyond, the shortest gap is not told: who asks for a piece that is in it is told that there
/// is none, and goes on to the next.
pub const SPANS_MAX: usize = 100;

/// Name of the head of the pieces, beside them.
pub const PIECE_HEAD_NAME: &str = "init.mp4";

/// What a name of a piece ends with, behind its number.
pub const PIECE_EXTENSION: &str = "m4s";

/// Which parts of an event so far can be heard again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewindIndex {
    /// Version of this form: 1.
    pub v: u32,
    /// Whether what is on air now is recorded. If not, nobody can go back to it.
    pub recorded: bool,
    /// Whether nothing more will be recorded.
    pub ended: bool,
    /// Whether there is more of the recording than can be gone back to.
    pub full: bool,
    /// When the timeline began, in milliseconds since 1970: a time less this is a position.
    pub epoch_unix_ms: i64,
    /// Length of a piece in milliseconds: a position divided by this is its number.
    pub piece_ms: u32,
    /// Length of a live segment, in the same way: what is newer than the last piece is found in them.
    pub segment_ms: u32,
    /// What can be heard, in order: from and to, in milliseconds since the timeline began. What lies between was not recorded.
    pub spans: Vec<[u64; 2]>,
}

impl RewindIndex {
    /// What can be heard of an event whose timeline began at `epoch_unix_ms`.
    #[must_use]
    pub fn of(index: &PieceIndex, epoch_unix_ms: i64, recorded: bool, ended: bool) -> Self {
        Self {
            v: 1,
            recorded: recorded && !ended,
            ended,
            full: index.is_full(),
            epoch_unix_ms,
            piece_ms: PIECE_MS,
            segment_ms: SEGMENT_MS,
            spans: spans(index.pieces()),
        }
    }

    /// The document as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a structure of numbers is always JSON")
    }
}

fn spans(pieces: &[Piece]) -> Vec<[u64; 2]> {
    let mut spans: Vec<[u64; 2]> = Vec::new();
    for span in pieces.iter().map(Piece::span_ms) {
        match spans.last_mut() {
            Some(last) if last[1] == span.start => last[1] = span.end,
            _ => spans.push([span.start, span.end]),
        }
        if spans.len() > SPANS_MAX {
            let gaps = spans.windows(2).map(|pair| pair[1][0] - pair[0][1]);
            let shortest = gaps.enumerate().min_by_key(|(_, ms)| *ms);
            let at = shortest.map_or(0, |(at, _)| at);
            let later = spans.remove(at + 1);
            spans[at][1] = later[1];
        }
    }
    spans
}

/// The playlist of all pieces (RFC 8216): of type EVENT, so that it only grows and players may go anywhere in it, until it has ended. Paths are
/// relative to its own.
///
/// Where something was not recorded stands a discontinuity with the time at which it goes on, so that players close the gap.
#[must_use]
pub fn rewind_playlist(pieces: &[Piece], epoch_unix_ms: i64, ended: bool) -> String {
    let mut text = format!(
        "#EXTM3U\n\
         #EXT-X-VERSION:7\n\
         #EXT-X-INDEPENDENT-SEGMENTS\n\
         #EXT-X-PLAYLIST-TYPE:EVENT\n\
         #EXT-X-TARGETDURATION:{target}\n\
         #EXT-X-MEDIA-SEQUENCE:0\n\
         #EXT-X-MAP:URI=\"{PIECE_HEAD_NAME}\"\n",
        target = PIECE_MS.div_ceil(1_000),
    );
    let mut before = None;
    for piece in pieces {
        let span = piece.span_ms();
        if before.is_some_and(|before| before != span.start) {
            text.push_str("#EXT-X-DISCONTINUITY\n");
        }
        if before != Some(span.start) {
            let unix_ms = epoch_unix_ms.saturating_add_unsigned(span.start);
            let time = iso_8601(unix_ms);
            writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:{time}").expect(STRING);
        }
        let (ms, number) = (span.end - span.start, piece.number);
        let (seconds, millis) = (ms / 1_000, ms % 1_000);
        writeln!(
            text,
            "#EXTINF:{seconds}.{millis:03},\n{number}.{PIECE_EXTENSION}"
        )
        .expect(STRING);
        before = Some(span.end);
    }
    if ended {
        text.push_str("#EXT-X-ENDLIST\n");
    }
    text
}

const STRING: &str = "writing to a string cannot fail";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rendition::Rendition;

    const CHUNK: u64 = Rendition::Full.chunk_samples();

    /// Of what was recorded from and to these times, in milliseconds.
    fn index(recorded: impl IntoIterator<Item = [u64; 2]>) -> PieceIndex {
        let (mut index, mut bytes) = (PieceIndex::new(), 0);
        for [from, to] in recorded {
            for position in (from * 48..to * 48).step_by(CHUNK as usize) {
                index.add(position, CHUNK, bytes..bytes + 1_350);
                bytes += 1_350;
            }
        }
        index.end();
        index
    }

    #[test]
    fn the_page_is_told_what_was_recorded_and_what_was_not() {
        let index = index([[10_000, 70_000], [95_000, 120_000]]);
        let told = RewindIndex::of(&index, 1_795_377_600_000, true, false);
        assert_eq!(
            told.to_json(),
            r#"{"v":1,"recorded":true,"ended":false,"full":false,"epoch_unix_ms":1795377600000,"piece_ms":28800,"segment_ms":3600,"spans":[[10000,70000],[95000,120000]]}"#
        );
    }

    #[test]
    fn what_is_told_is_bounded_and_what_cannot_be_told_is_the_shortest_gap() {
        // Held for a minute more each time, from the second time on.
        let mut recorded = vec![[0, 28_800]];
        for held in 1..=SPANS_MAX as u64 {
            let from = recorded[recorded.len() - 1][1] + held * 28_800;
            recorded.push([from, from + 28_800]);
        }
        let told = RewindIndex::of(&index(recorded.clone()), 0, true, false);
        assert_eq!(told.spans.len(), SPANS_MAX);
        assert_eq!(told.spans[0], [0, recorded[1][1]]);
        assert_eq!(told.spans[1..], recorded[2..]);
        let bytes = told.to_json().len();
        assert!(bytes < 4_000, "{bytes}");
    }

    #[test]
    fn the_playlist_only_grows_and_closes_its_gaps() {
        let all = index([[0, 57_600], [60_000, 61_000]]);
        let before = rewind_playlist(&all.pieces()[..2], 1_795_377_600_000, false);
        let now = rewind_playlist(all.pieces(), 1_795_377_600_000, true);
        let added = now.strip_prefix(&before).expect("what was listed stays");
        assert_eq!(
            added,
            "#EXT-X-DISCONTINUITY\n\
             #EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:01:00.000Z\n\
             #EXTINF:1.000,\n2.m4s\n\
             #EXT-X-ENDLIST\n"
        );
        assert!(before.ends_with("\n#EXTINF:28.800,\n0.m4s\n#EXTINF:28.800,\n1.m4s\n"));
    }

    #[test]
    fn eight_hours_are_a_playlist_of_thirty_kilobytes() {
        let index = index([[0, 8 * 3_600_000]]);
        let bytes = rewind_playlist(index.pieces(), 0, false).len();
        assert!(bytes < 30_000, "{bytes}");
        assert_eq!(RewindIndex::of(&index, 0, true, false).spans.len(), 1);
    }
}
