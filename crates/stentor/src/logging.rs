//! The log, on standard error.

use std::io::IsTerminal;

use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};
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
pub(crate) fn start(config: &Config) -> Result<Log, AppError> {
    let filter =
        EnvFilter::try_new(&config.log).map_err(|error| AppError::Log(error.to_string()))?;
    let ansi = std::io::stderr().is_terminal();
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(LOG_LINES_MAX)
        .finish(std::io::stderr());
    let lines_dropped = writer.error_counter();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer);
    match config.log_format {
        LogFormat::Text => log.with_ansi(ansi).init(),
        // Flat, so that a line's own fields stand beside its time and level.
        LogFormat::Json => log
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .init(),
    }
    Ok(Log {
        lines_dropped,
        _guard: guard,
    })
}
