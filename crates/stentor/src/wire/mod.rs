//! Wire forms: what the conversation looks like as JSON, to listeners, to stage pages and on disk.
//!
//! The domain knows nothing of serialisation; every name that leaves the process is written here, once.

pub(crate) mod snapshot;
pub(crate) mod stage;
pub(crate) mod status;
