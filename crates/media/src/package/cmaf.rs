//! The head (initialisation segment) and the chunks of an Opus track in CMAF (ISO/IEC 23000-19), that is fragmented
//! MP4 (ISO/IEC 14496-12) after "Encapsulation of Opus in ISO Base Media File Format" 0.8.1.
//!
//! A chunk is `[emsg]* prft moof mdat`. It carries no `roll` sample group: 28 bytes a chunk to every listener, which no
//! player we know reads from a fragment; the finalised recording has it.
//!
//! The head is the same for every rendition, and a chunk states what differs from it. So a listener can go from one
//! rendition to another in the middle of a response, at a boundary that both share, and its player sees one track.

use bytes::Bytes;

use crate::mp4::{BoxWriter, CADENCE_SCHEME, NOTICE_SCHEME, ntp_of_unix_us};
use crate::rendition::{SAMPLE_RATE_HZ, TICK_SAMPLES};
use crate::tags::Tags;

/// What the encoder adds before the sound: its look-ahead, in samples. Written as `PreSkip` (RFC 7845 §4.2) and taken
/// back by an edit list, so that a sample is presented at the very position at which it entered the encoder.
pub const PRE_SKIP_SAMPLES: u16 = 312;

/// The only track.
pub(crate) const TRACK_ID: u32 = 1;

/// `value` of the `emsg` boxes that carry notices: the version of what is inside.
pub const NOTICE_VALUE: &str = "1";

/// Samples of a frame where a fragment does not say otherwise.
const FRAME_SAMPLES: u32 = TICK_SAMPLES as u32;

/// No rotation, no scaling (ISO/IEC 14496-12 §6.2.2).
const UNITY_MATRIX: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

/// Opus packets in order, one beside the other.
#[derive(Debug, Default)]
pub(crate) struct Packets {
    data: Vec<u8>,
    sizes: Vec<u32>,
}

impl Packets {
    pub(crate) fn push(&mut self, packet: &[u8]) {
        self.data.extend_from_slice(packet);
        self.sizes.push(packet.len() as u32);
    }

    pub(crate) fn clear(&mut self) {
        self.data.clear();
        self.sizes.clear();
    }

    pub(crate) fn count(&self) -> usize {
        self.sizes.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }

    /// The packets one by one.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.data.as_slice();
        self.sizes.iter().map(move |&size| {
            let (packet, tail) = rest.split_at(size as usize);
            rest = tail;
            packet
        })
    }

    /// The size that all packets have, if they all have one.
    fn common_size(&self) -> Option<u32> {
        let first = *self.sizes.first()?;
        self.sizes
            .iter()
            .all(|&size| size == first)
            .then_some(first)
    }
}

/// `ftyp` and `moov`: the same for every rendition, run and event.
pub(crate) fn head() -> Vec<u8> {
    tagged_head(&Tags::default())
}

/// The same with what the programme says of itself.
pub(crate) fn tagged_head(tags: &Tags) -> Vec<u8> {
    let mut w = BoxWriter::with_capacity(640);
    w.boxed(*b"ftyp", |w| {
        w.raw(b"iso6");
        w.u32(0);
        w.raw(b"iso6");
        w.raw(b"cmfc");
    });
    w.boxed(*b"moov", |w| {
        movie_header(w, 0);
        w.boxed(*b"trak", |w| {
            track_header(w, 0);
            // A duration of 0 means "to the end of the fragments" (ISO/IEC 14496-12 §8.6.6).
            edit_list(w, 0);
            w.boxed(*b"mdia", |w| {
                media_header(w, 0);
                media_information(w, |w| {
                    w.full(*b"stts", 0, 0, |w| w.u32(0));
                    w.full(*b"stsc", 0, 0, |w| w.u32(0));
                    w.full(*b"stsz", 0, 0, |w| w.zeros(8));
                    w.full(*b"stco", 0, 0, |w| w.u32(0));
                });
            });
        });
        w.boxed(*b"mvex", |w| {
            w.full(*b"trex", 0, 0, |w| {
                w.u32(TRACK_ID);
                w.u32(1); // sample description
                w.u32(FRAME_SAMPLES);
                w.u32(0); // size: each fragment says it
                w.u32(0x0200_0000); // depends on no other sample: every Opus packet is a sync sample
            });
        });
        user_data(w, tags, |_| {});
    });
    w.into_bytes()
}

/// What goes into one chunk.
#[derive(Debug)]
pub(crate) struct ChunkContent<'a> {
    pub(crate) sequence: u64,
    /// Position of the first sample, also the decode time.
    pub(crate) position: u64,
    /// When the first sample was captured.
    pub(crate) capture_unix_us: i64,
    /// Samples of one Opus packet.
    pub(crate) frame_samples: u32,
    pub(crate) packets: &'a Packets,
    /// Identifier and payload of each notice.
    pub(crate) notices: &'a [(u32, Bytes)],
}

/// `[emsg]* prft moof mdat`.
pub(crate) fn chunk(content: &ChunkContent<'_>) -> Vec<u8> {
    let data = content.packets.data.as_slice();
    let notice_bytes: usize = content
        .notices
        .iter()
        .map(|(_, payload)| payload.len() + 64)
        .sum();
    let mut w =
        BoxWriter::with_capacity(160 + notice_bytes + data.len() + 4 * content.packets.count());
    for (id, payload) in content.notices {
        event_message(&mut w, content.position, *id, payload);
    }
    producer_reference_time(&mut w, content.position, content.capture_unix_us);

    let moof_at = w.len();
    let mut data_offset_at = 0;
    w.boxed(*b"moof", |w| {
        // The field has 32 bits and only has to grow from one fragment to the next (§8.8.5); it may wrap.
        w.full(*b"mfhd", 0, 0, |w| {
            w.u32(content.sequence.wrapping_add(1) as u32)
        });
        w.boxed(*b"traf", |w| {
            let common = content.packets.common_size();
            const DEFAULT_BASE_IS_MOOF: u32 = 0x02_0000;
            const DEFAULT_SAMPLE_DURATION: u32 = 0x8;
            const DEFAULT_SAMPLE_SIZE: u32 = 0x10;
            let duration = Some(content.frame_samples).filter(|samples| *samples != FRAME_SAMPLES);
            w.full(
                *b"tfhd",
                0,
                DEFAULT_BASE_IS_MOOF
                    | duration.map_or(0, |_| DEFAULT_SAMPLE_DURATION)
                    | common.map_or(0, |_| DEFAULT_SAMPLE_SIZE),
                |w| {
                    w.u32(TRACK_ID);
                    if let Some(samples) = duration {
                        w.u32(samples);
                    }
                    if let Some(size) = common {
                        w.u32(size);
                    }
                },
            );
            w.full(*b"tfdt", 1, 0, |w| w.u64(content.position));
            const DATA_OFFSET: u32 = 0x1;
            const SAMPLE_SIZES: u32 = 0x200;
            w.full(
                *b"trun",
                0,
                DATA_OFFSET | if common.is_none() { SAMPLE_SIZES } else { 0 },
                |w| {
                    w.u32(content.packets.count() as u32);
                    data_offset_at = w.len();
                    w.u32(0);
                    if common.is_none() {
                        content.packets.sizes.iter().for_each(|&size| w.u32(size));
                    }
                },
            );
        });
    });
    let mdat_payload_offset = (w.len() - moof_at + 8) as u32;
    w.patch_u32(data_offset_at, mdat_payload_offset);
    w.boxed(*b"mdat", |w| w.raw(data));
    w.into_bytes()
}

/// `emsg` version 1 (ISO/IEC 23009-1 §5.10.3.3): a notice that belongs to the chunk it stands before.
fn event_message(w: &mut BoxWriter, position: u64, id: u32, payload: &[u8]) {
    event(w, NOTICE_SCHEME, position, id, payload);
}

/// A box that tells one listener how it is served from here on: due as soon as it is read, it stands between two chunks and
/// belongs to neither. `json` is the payload.
#[must_use]
pub fn cadence(json: &str) -> Bytes {
    let mut w = BoxWriter::with_capacity(64 + json.len());
    event(&mut w, CADENCE_SCHEME, 0, 0, json.as_bytes());
    Bytes::from(w.into_bytes())
}

fn event(w: &mut BoxWriter, scheme: &str, position: u64, id: u32, payload: &[u8]) {
    w.full(*b"emsg", 1, 0, |w| {
        w.u32(SAMPLE_RATE_HZ);
        w.u64(position);
        w.u32(0); // it lasts until the next one
        w.u32(id);
        w.raw(scheme.as_bytes());
        w.u8(0);
        w.raw(NOTICE_VALUE.as_bytes());
        w.u8(0);
        w.raw(payload);
    });
}

/// `prft` version 1 (ISO/IEC 14496-12 §8.16.5).
fn producer_reference_time(w: &mut BoxWriter, position: u64, capture_unix_us: i64) {
    /// The time stands in a fixed relation (8) to the moment that was recorded (16).
    const CAPTURED: u32 = 24;
    w.full(*b"prft", 1, CAPTURED, |w| {
        w.u32(TRACK_ID);
        w.u64(ntp_of_unix_us(capture_unix_us));
        w.u64(position);
    });
}

/// `mvhd`; `duration` in samples.
pub(crate) fn movie_header(w: &mut BoxWriter, duration: u64) {
    w.full(*b"mvhd", 1, 0, |w| {
        w.zeros(16);
        w.u32(SAMPLE_RATE_HZ);
        w.u64(duration);
        w.u32(0x1_0000); // rate 1
        w.u16(0x0100); // volume 1
        w.zeros(10);
        UNITY_MATRIX.iter().for_each(|&value| w.u32(value));
        w.zeros(24);
        w.u32(TRACK_ID + 1);
    });
}

/// `tkhd`; `duration` in samples.
pub(crate) fn track_header(w: &mut BoxWriter, duration: u64) {
    const ENABLED_IN_MOVIE: u32 = 3;
    w.full(*b"tkhd", 1, ENABLED_IN_MOVIE, |w| {
        w.zeros(16);
        w.u32(TRACK_ID);
        w.zeros(4);
        w.u64(duration);
        w.zeros(8);
        w.zeros(4); // layer, alternate group
        w.u16(0x0100); // volume 1
        w.zeros(2);
        UNITY_MATRIX.iter().for_each(|&value| w.u32(value));
        w.zeros(8); // width, height
    });
}

/// `edts` with one edit that leaves out the encoder's look-ahead; `duration` in samples of what is presented.
pub(crate) fn edit_list(w: &mut BoxWriter, duration: u64) {
    w.boxed(*b"edts", |w| {
        w.full(*b"elst", 1, 0, |w| {
            w.u32(1);
            w.u64(duration);
            w.u64(u64::from(PRE_SKIP_SAMPLES));
            w.u32(0x1_0000); // rate 1
        });
    });
}

/// `mdhd` and `hdlr`; `duration` in samples.
pub(crate) fn media_header(w: &mut BoxWriter, duration: u64) {
    w.full(*b"mdhd", 1, 0, |w| {
        w.zeros(16);
        w.u32(SAMPLE_RATE_HZ);
        w.u64(duration);
        w.u16(0x55c4); // language "und"
        w.zeros(2);
    });
    w.full(*b"hdlr", 0, 0, |w| {
        w.zeros(4);
        w.raw(b"soun");
        w.zeros(12);
        // No name: players show it as the title.
        w.u8(0);
    });
}

/// `udta` with what the programme says of itself, as most players read it, and behind it what `more` writes; nothing where neither says
/// anything.
pub(crate) fn user_data(w: &mut BoxWriter, tags: &Tags, more: impl FnOnce(&mut BoxWriter)) {
    let mut data = BoxWriter::default();
    if tags.items().next().is_some() {
        metadata(&mut data, tags);
    }
    more(&mut data);
    if data.len() > 0 {
        w.boxed(*b"udta", |w| w.raw(&data.into_bytes()));
    }
}

fn metadata(w: &mut BoxWriter, tags: &Tags) {
    const UTF_8: u32 = 1;
    w.full(*b"meta", 0, 0, |w| {
        w.full(*b"hdlr", 0, 0, |w| {
            w.zeros(4);
            w.raw(b"mdirappl");
            w.zeros(9);
        });
        w.boxed(*b"ilst", |w| {
            for (kind, value) in tags.items() {
                w.boxed(kind, |w| {
                    w.full(*b"data", 0, UTF_8, |w| {
                        w.zeros(4); // no country, no language
                        w.raw(value.as_bytes());
                    });
                });
            }
        });
    });
}

/// `minf` with the Opus sample entry, and behind it in `stbl` the tables that `tables` writes.
pub(crate) fn media_information(w: &mut BoxWriter, tables: impl FnOnce(&mut BoxWriter)) {
    w.boxed(*b"minf", |w| {
        w.full(*b"smhd", 0, 0, |w| w.zeros(4));
        w.boxed(*b"dinf", |w| {
            w.full(*b"dref", 0, 0, |w| {
                w.u32(1);
                const IN_THIS_FILE: u32 = 1;
                w.full(*b"url ", 0, IN_THIS_FILE, |_| {});
            });
        });
        w.boxed(*b"stbl", |w| {
            w.full(*b"stsd", 0, 0, |w| {
                w.u32(1);
                opus_sample_entry(w);
            });
            tables(w);
        });
    });
}

/// `Opus` with `dOps` (Opus in ISOBMFF §4.3.1, §4.3.2): unlike `OpusHead` it is big-endian and of version 0.
fn opus_sample_entry(w: &mut BoxWriter) {
    w.boxed(*b"Opus", |w| {
        w.zeros(6);
        w.u16(1); // data reference
        w.zeros(8);
        w.u16(1); // channels
        w.u16(16); // sample size, fixed by the specification
        w.zeros(4);
        w.u32(SAMPLE_RATE_HZ << 16);
        w.boxed(*b"dOps", |w| {
            w.u8(0); // version
            w.u8(1); // channels
            w.u16(PRE_SKIP_SAMPLES);
            w.u32(SAMPLE_RATE_HZ);
            w.u16(0); // gain
            w.u8(0); // mapping family
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::ReadChunk;

    #[test]
    fn packets_of_different_sizes_are_listed_one_by_one() {
        let mut packets = Packets::default();
        let sounds: [&[u8]; 4] = [b"abc", b"", b"d", b"efghij"];
        sounds.iter().for_each(|sound| packets.push(sound));
        let content = ChunkContent {
            sequence: 7,
            position: 960,
            capture_unix_us: 5,
            frame_samples: FRAME_SAMPLES,
            packets: &packets,
            notices: &[],
        };
        let read = ReadChunk::parse(&chunk(&content)).expect("it is a chunk");
        assert_eq!(read.sizes, [3, 0, 1, 6]);
        assert_eq!(read.packets().collect::<Vec<_>>(), sounds);
    }
}
