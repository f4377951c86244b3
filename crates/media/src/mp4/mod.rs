//! MP4 boxes (ISO/IEC 14496-12): writing them, and reading a stream of fragments from a source that nobody vouches for.
//!
//! [`StreamReader`] is the only reader there is: those who keep chunks ([`crate::verify::ChunkReader`]) and those who only
//! count them stand on it. It borrows what it gives, holds at most one unfinished box, answers nonsense with a
//! [`StreamError`] and never panics. It reads the form that [`crate::package`] writes, one track of Opus in fragments; it is
//! not a general demultiplexer.

mod boxes;
mod error;
mod event;
mod fragment;
mod kind;
mod ntp;
mod stream;
mod write;

pub use boxes::Boxes;
pub use error::StreamError;
pub use event::{CADENCE_SCHEME, NOTICE_SCHEME, Notice};
pub use fragment::{Fragment, PACKETS_PER_CHUNK_MAX, TrackHeader};
pub use kind::BoxKind;
pub use stream::{BOX_BYTES_MAX, DATA_BYTES_MAX, Part, StreamReader};

pub(crate) use ntp::ntp_of_unix_us;
pub(crate) use write::BoxWriter;
