//! The bytes of one flush, shared by all who get them.

use std::sync::Arc;

/// Bytes for everybody: what a listener gets at one flush.
pub(crate) type FlushBytes = Arc<[u8]>;

/// What a new listener is sent first: the head of the answer and of the stream, and the newest flush.
#[derive(Debug, Clone)]
pub(crate) struct StreamStart {
    pub(crate) head: FlushBytes,
    pub(crate) newest: FlushBytes,
}
