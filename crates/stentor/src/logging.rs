//! The log, on standard error.

use std::io::IsTerminal;

use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

use crate::error::AppError;

/// Lines of the log that wait for standard error.
const LOG_LINES_MAX: usize = 8_192;

/// The log that was started.
pub(crate) struct Log {
    /// Lines that found the queue full.
    pub(crate) lines_dropped: ErrorCounter,
    /// Writes what waits when it is dropped.
    _guard: WorkerGuard,
}

/// Logs to standard error from a thread of its own: a pipe that nobody reads must not stop the programme. Lines that find
/// its queue full are lost, and counted.
pub(crate) fn start(filter: &str) -> Result<Log, AppError> {
    let filter = EnvFilter::try_new(filter).map_err(|error| AppError::Log(error.to_string()))?;
    let ansi = std::io::stderr().is_terminal();
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(LOG_LINES_MAX)
        .finish(std::io::stderr());
    let lines_dropped = writer.error_counter();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(ansi)
        .init();
    Ok(Log {
        lines_dropped,
        _guard: guard,
    })
}
