//! AAC and MP3 of the programme, for players that do not know Opus, made by an `ffmpeg` that the system has: a child process for each event
//! whose programme runs, and one for the file of a replay.
//!
//! What it is fed are samples and what it gives back are frames; it opens no file and no connection, has no environment, and the lowest
//! claim to the processor and to memory. Whatever becomes of it, nothing else waits: the programme hands its chunks to a queue that
//! drops. A child that dies or stands still is followed by another one, which begins where the last one was lost.
//!
//! No library in our process instead: encoders of AAC are of a licence or a quality of their own, and a fault in one would be ours.

mod backoff;
mod child;
mod encoder;
mod faces;
mod feed;
mod file;
mod job;
mod program;
mod run;
mod said;

pub(crate) use faces::Faces;
pub(crate) use feed::Feed;
pub(crate) use file::encode_file;
pub(crate) use job::FeedParts;
pub use program::{Ffmpeg, FfmpegError, FfmpegSource};
