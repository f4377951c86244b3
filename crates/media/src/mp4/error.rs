//! Why bytes are not a stream of ours.

use super::kind::BoxKind;

/// Why bytes are not a stream as [`crate::package`] writes it. Always the sender's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// The size field says "to the end of the file" (§4.2): nothing we write has it, and a stream has no end.
    #[error("a box {kind} has no end")]
    Endless {
        /// Type of the box.
        kind: BoxKind,
    },
    /// The size is smaller than the box's own header.
    #[error("a box {kind} claims {got} bytes, less than its header")]
    TooSmall {
        /// Type of the box.
        kind: BoxKind,
        /// The size it claims, in bytes.
        got: u64,
    },
    /// The size is above the limit, which is also what other formats look like.
    #[error("a box {kind} claims {got} bytes and the limit is {limit}")]
    TooLarge {
        /// Type of the box.
        kind: BoxKind,
        /// The size it claims, in bytes.
        got: u64,
        /// The limit in bytes.
        limit: usize,
    },
    /// A box ends before its fields do, or reaches beyond the one that holds it.
    #[error("the box {kind} ends too early: there are {got} bytes for it")]
    Truncated {
        /// Type of the box.
        kind: BoxKind,
        /// Bytes there were for it.
        got: usize,
    },
    /// A box stands where it must not.
    #[error("a box {kind} stands where {expected} should")]
    OutOfPlace {
        /// Type of the box.
        kind: BoxKind,
        /// What should stand there.
        expected: &'static str,
    },
    /// A box that must be there is not.
    #[error("the box {kind} is missing")]
    Missing {
        /// Type of the box.
        kind: BoxKind,
    },
    /// A box says something that we never write.
    #[error("the box {kind} has the version, flags or value {got:#x}, which we never write")]
    Unsupported {
        /// Type of the box.
        kind: BoxKind,
        /// The version, flags or value it has.
        got: u64,
    },
    /// A chunk has too many packets.
    #[error("a chunk has {got} packets and the limit is {limit}")]
    TooManyPackets {
        /// How many it claims.
        got: u32,
        /// The limit.
        limit: u32,
    },
    /// `prft` speaks of another position than `tfdt`.
    #[error("the capture time belongs to position {got} and the chunk is at {expected}")]
    ReferenceElsewhere {
        /// Position in `prft`.
        got: u64,
        /// Position in `tfdt`.
        expected: u64,
    },
    /// `trun` points elsewhere than to the `mdat` that follows.
    #[error("the packets are said to begin at byte {got} and begin at {expected}")]
    DataElsewhere {
        /// The offset it has, from the first byte of `moof`.
        got: u64,
        /// The offset of the data.
        expected: u64,
    },
    /// `mdat` has another length than the packets together.
    #[error("the packets have {expected} bytes together and there are {got}")]
    DataLength {
        /// Its length in bytes.
        got: u64,
        /// Bytes of all packets.
        expected: u64,
    },
}
