//! Audio without input or output: decoding, mixing, encoding, packaging, recording formats.

pub mod jitter;
pub mod loudness;
pub mod mix;
pub mod opus;
pub mod package;
pub mod record;
pub mod rendition;
pub mod verify;
