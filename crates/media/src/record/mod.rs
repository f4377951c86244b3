//! Recordings: the bytes of a stream, appended to a file while the event runs, and what is made of them afterwards.
//!
//! The file that grows is the stream itself, a head and chunks, so that nothing but the last chunk can be lost however the
//! process ends. [`recover`] says how much of a torn file is good; [`finalise`] makes one file of one or several such
//! files which any player can seek in. Files are opened by others: here are readers and writers only.

mod align;
mod error;
mod finalise;
mod layout;
mod recover;

pub use align::align;
pub use error::RecordError;
pub use finalise::{Finalised, finalise};
pub use layout::{Gap, RECORDING_SAMPLES_MAX};
pub use recover::{Recovered, recover};
