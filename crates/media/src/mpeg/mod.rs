//! The frames of AAC-LC in ADTS (ISO/IEC 13818-7 §6.2) and of MP3 (ISO/IEC 11172-3 §2.4.1), as an encoder of another program writes them,
//! and the tag (ID3v2.4) that stands before them.
//!
//! [`FrameReader`] finds where each frame begins and ends; nothing here decodes one. The bytes are a stranger's: what is no frame is left
//! out and counted.

mod header;
mod id3;
mod reader;

pub use header::{FRAME_BYTES_MAX, FrameHeader, FrameKind, HEADER_BYTES};
pub use id3::{tag, timestamp_tag};
pub use reader::{Frame, FrameReader};
