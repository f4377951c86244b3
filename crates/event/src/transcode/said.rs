//! What a child says on its standard error: a few lines of it in the log, and the last one as the reason why it ended.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::ChildStderr;
use tokio::time::Instant;

/// Characters of a line. The rest of it is left out.
const LINE_CHARS_MAX: usize = 200;
/// Lines in the log, each [`SAID_EVERY`]. Beyond: they are counted, and one line says how many.
const LINES_MAX: u32 = 5;
const SAID_EVERY: Duration = Duration::from_secs(10);
/// Bytes that are read at once.
const READ_BYTES: usize = 4 * 1024;

/// The last line that was said.
#[derive(Clone, Debug, Default)]
pub(super) struct LastLine(Arc<Mutex<String>>);

impl LastLine {
    pub(super) fn get(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set(&self, line: &str) {
        line.clone_into(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Reads to the end. `about`: whose child it is, for the log.
pub(super) async fn read(mut stderr: ChildStderr, about: String, last: LastLine) {
    let mut lines = Lines::default();
    let mut quota = Quota::new(Instant::now());
    let mut buffer = vec![0; READ_BYTES];
    while let Ok(bytes @ 1..) = stderr.read(&mut buffer).await {
        lines.push(&buffer[..bytes], |line| {
            last.set(line);
            let (shown, kept_back) = quota.take(Instant::now());
            if kept_back > 0 {
                tracing::warn!(about, kept_back, "further lines of ffmpeg are not shown");
            }
            if shown {
                tracing::warn!(about, "ffmpeg says: {line}");
            }
        });
    }
}

/// The same for one who only wants to know the last line.
pub(super) async fn read_quietly(mut stderr: ChildStderr, last: LastLine) {
    let mut lines = Lines::default();
    let mut buffer = vec![0; READ_BYTES];
    while let Ok(bytes @ 1..) = stderr.read(&mut buffer).await {
        lines.push(&buffer[..bytes], |line| last.set(line));
    }
}

/// Cuts bytes into lines, each without what a terminal would obey.
#[derive(Debug, Default)]
struct Lines {
    line: Vec<u8>,
}

impl Lines {
    fn push(&mut self, bytes: &[u8], mut whole: impl FnMut(&str)) {
        for &byte in bytes {
            match byte {
                b'\n' | b'\r' => {
                    let line = String::from_utf8_lossy(&self.line);
                    let line: String = line.chars().filter(|c| !c.is_control()).collect();
                    if !line.trim().is_empty() {
                        whole(line.trim());
                    }
                    self.line.clear();
                }
                _ if self.line.len() < LINE_CHARS_MAX => self.line.push(byte),
                _ => {}
            }
        }
    }
}

/// How many lines are still shown.
#[derive(Debug)]
struct Quota {
    since: Instant,
    shown: u32,
    kept_back: u64,
}

impl Quota {
    const fn new(now: Instant) -> Self {
        Self {
            since: now,
            shown: 0,
            kept_back: 0,
        }
    }

    /// Whether one more is shown, and how many were not since that was last told.
    fn take(&mut self, now: Instant) -> (bool, u64) {
        let mut told = 0;
        if now.duration_since(self.since) >= SAID_EVERY {
            told = self.kept_back;
            *self = Self::new(now);
        }
        let shown = self.shown < LINES_MAX;
        if shown {
            self.shown += 1;
        } else {
            self.kept_back += 1;
        }
        (shown, told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_and_cleaned() {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        let long = "x".repeat(3 * LINE_CHARS_MAX);
        let text = format!("one\r\n\u{1b}[31mtwo\n\n{long}\nunfinished");
        for piece in text.as_bytes().chunks(7) {
            lines.push(piece, |line| found.push(line.to_owned()));
        }
        let cut = "x".repeat(LINE_CHARS_MAX);
        assert_eq!(found, ["one", "[31mtwo", cut.as_str()]);
    }

    #[test]
    fn a_flood_is_told_of_in_a_few_lines() {
        let start = Instant::now();
        let mut quota = Quota::new(start);
        let shown = (0..10_000).filter(|_| quota.take(start).0).count();
        assert_eq!(shown, LINES_MAX as usize);
        let kept_back = 10_000 - u64::from(LINES_MAX);
        assert_eq!(quota.take(start + SAID_EVERY), (true, kept_back));
    }
}
