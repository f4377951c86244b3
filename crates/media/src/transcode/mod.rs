//! The programme for players that do not know Opus: samples for another program that encodes them, and what it gives back, cut as
//! everything else is.
//!
//! [`ProgrammePcm`] decodes the chunks of the best rendition. [`TranscodePackager`] takes frames of AAC and MP3 and numbers what it makes
//! of them by the event's timeline: whichever run of an encoder a frame is from, its place follows from where that run began. So an
//! encoder that died is followed by another one that begins a little before what is missing, and nobody hears a joint.
//!
//! No process is started here: whoever has one gives it the samples and brings the frames.

mod grid;
mod packager;
mod pcm;

pub use grid::{ENCODER_GRID_SAMPLES, MP3_CHUNK_MS, WARM_UP_SAMPLES};
pub use packager::{AAC_KBIT_PER_S, AAC_VARIANT, MP3_KBIT_PER_S, TranscodePackager, Transcoded};
pub use pcm::{HISTORY_CHUNKS_MAX, HOLE_CHUNKS_MAX, Overtaken, ProgrammePcm};
