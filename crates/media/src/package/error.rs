//! What packaging refuses.

use crate::opus::CodecError;

/// Why something could not be packaged as asked. All are our own fault: the caller is another part of Stentor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// The programme must begin where the chunks of all renditions begin together; a stem at a tick.
    #[error("the first position must be a multiple of {step} samples and is {got}")]
    Misaligned {
        /// The position that was given, in samples.
        got: u64,
        /// It must be a multiple of this, in samples.
        step: u64,
    },
    /// A notice is longer than a chunk may carry.
    #[error("a notice may have {limit} bytes and has {got}")]
    NoticeTooLong {
        /// Length of the notice in bytes.
        got: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The encoder refused. The timeline goes on: silence of the right length stands in the place.
    #[error(transparent)]
    Codec(#[from] CodecError),
}
