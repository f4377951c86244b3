//! Why the baseline cannot run.

use std::io;
use std::net::SocketAddr;

use super::relay::UpstreamError;
use crate::machine::MachineError;

/// Most descriptor tables, each with a thread.
pub const TABLES_MAX: usize = 1_024;

/// Why the baseline cannot run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BaselineError {
    /// No table, or too many.
    #[error("there are 1 to {TABLES_MAX} tables, not {got}")]
    Tables {
        /// How many were asked for.
        got: usize,
    },
    /// The machine refused.
    #[error(transparent)]
    Machine(MachineError),
    /// The address cannot be listened at.
    #[error("nobody can listen at {address}: {reason}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why not.
        #[source]
        reason: io::Error,
    },
    /// The stream to send on cannot be had.
    #[error(transparent)]
    Upstream(UpstreamError),
    /// A thread panicked.
    #[error("a thread of the baseline panicked")]
    Panicked,
}
