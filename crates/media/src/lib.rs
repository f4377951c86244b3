//! Audio as pure functions of packets and samples: decoding, mixing, encoding, packaging, recording formats, and reading
//! all of it back.
//!
//! Opus packets of several speakers go into a [`mix::Mixer`], which gives 20 ms of programme at a time; a
//! [`package::Packager`] encodes it in every [`rendition::Rendition`] and cuts it into chunks, segments and playlists.
//! [`verify`] reads what was published as a stranger would, and [`record`] makes files of it.
//! [`transcode`] is for players that do not know Opus.
//!
//! It opens no file, socket or device, starts no thread and reads no clock: bytes, samples and times are arguments, so the
//! same input gives the same output in the server and in the tests. It knows no rooms, users or HTTP, and no other crate of
//! Stentor.
//!
//! A second of silence, packaged, is five chunks of the best rendition that a stranger can read:
//!
//! ```
//! use stentor_media::package::{Packager, PackagerConfig, Published};
//! use stentor_media::rendition::{Rendition, TICK_SAMPLES};
//! use stentor_media::verify::ReadChunk;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut packager = Packager::new(PackagerConfig { first_position: 0, epoch_unix_ms: 0 })?;
//! let mut published = Vec::new();
//! for tick in 0..50 {
//!     packager.push(&[0.0; TICK_SAMPLES], tick * 20_000, &mut published)?;
//! }
//! let mut positions = Vec::new();
//! for item in &published {
//!     if let Published::Chunk(chunk) = item && chunk.rendition == Rendition::Full {
//!         positions.push(ReadChunk::parse(&chunk.bytes)?.position);
//!     }
//! }
//! assert_eq!(positions, [0, 9_600, 19_200, 28_800, 38_400]);
//! # Ok(())
//! # }
//! ```
//!
//! # Layers
//!
//! | module | what | knows |
//! |---|---|---|
//! | [`rendition`] | the encodings of the programme and the arithmetic of the timeline | nothing else |
//! | [`tags`] | what a programme says of itself to players | nothing else |
//! | [`opus`] | encoding and decoding behind two traits | libopus, `rendition` |
//! | [`jitter`] | the adaptive jitter buffer of one speaker | `opus` (reading a packet's header) |
//! | [`loudness`] | measuring loudness, riding levels, limiting peaks | ebur128, `rendition` |
//! | [`mix`] | the mixer: packets in, programme and returns out | rubato, `jitter`, `loudness`, `opus` |
//! | [`mp4`] | writing boxes, and the one reader of them | `rendition` |
//! | [`mpeg`] | frames of AAC and MP3 as another program writes them, tags before them | `rendition`, `tags` |
//! | [`package`] | chunks, segments, playlists, manifests, Ogg pages | `mp4`, `opus`, `tags` |
//! | [`verify`] | reading back what was published | `mp4`, `package`, `opus`, `tags` |
//! | [`transcode`] | the programme for players without Opus: samples out, frames in | `mpeg`, `opus`, `package`, `verify` |
//! | [`record`] | recovering torn recordings, making seekable files | `verify`, `package` |

pub mod jitter;
pub mod loudness;
pub mod mix;
pub mod mp4;
pub mod mpeg;
pub mod opus;
pub mod package;
pub mod record;
pub mod rendition;
pub mod tags;
pub mod transcode;
pub mod verify;
