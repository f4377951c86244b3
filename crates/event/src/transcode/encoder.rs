//! A child that encodes a programme while it runs: samples go in by one queue, frames come out.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use stentor_media::mpeg::{Frame, FrameReader};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::child::{Child, Claim, Pipes};
use super::program::{Ffmpeg, live_args};
use super::said::{self, LastLine};

/// Blocks of samples that wait for the child: less than a second. Beyond: they are decoded when there is room.
const BLOCKS_MAX: usize = 4;
/// Bytes that are read at once.
const READ_BYTES: usize = 16 * 1024;
/// How long one that has closed its output may take to be gone.
const GONE_WITHIN: Duration = Duration::from_millis(500);

/// What a child is fed.
pub(super) type Input = mpsc::Sender<Vec<u8>>;

/// What comes from a child.
pub(super) struct Output {
    child: Child,
    stdout: ChildStdout,
    reader: FrameReader,
    buffer: Vec<u8>,
    last: LastLine,
    said: JoinHandle<()>,
}

/// Starts a child; when its output is dropped it is killed.
///
/// # Errors
/// The system's.
pub(super) fn start(ffmpeg: &Ffmpeg, event: &str) -> io::Result<(Input, Output)> {
    let (child, pipes) = Child::start(ffmpeg.program(), &live_args(), Claim::Live)?;
    let Pipes {
        stdin,
        stdout,
        stderr,
    } = pipes;
    let (input, blocks) = mpsc::channel(BLOCKS_MAX);
    tokio::spawn(feed(stdin, blocks));
    let last = LastLine::default();
    let said = tokio::spawn(said::read(stderr, event.to_owned(), last.clone()));
    let output = Output {
        child,
        stdout,
        reader: FrameReader::new(),
        buffer: vec![0; READ_BYTES],
        last,
        said,
    };
    Ok((input, output))
}

/// Ends when nothing more will come, or the child wants nothing more; either closes its input.
async fn feed(mut stdin: ChildStdin, mut blocks: mpsc::Receiver<Vec<u8>>) {
    while let Some(block) = blocks.recv().await {
        if stdin.write_all(&block).await.is_err() {
            return;
        }
    }
}

impl Output {
    /// Waits for frames, and appends them; whether there will be more. Nothing is lost when this is given up.
    ///
    /// # Errors
    /// The system's.
    pub(super) async fn read(&mut self, frames: &mut Vec<Frame>) -> io::Result<bool> {
        let bytes = self.stdout.read(&mut self.buffer).await?;
        self.reader.push(&self.buffer[..bytes]);
        frames.extend(std::iter::from_fn(|| self.reader.next_frame()));
        Ok(bytes > 0)
    }

    /// Why it is gone, as far as it is known.
    pub(super) async fn reason(mut self) -> Arc<str> {
        let status = match timeout(GONE_WITHIN, self.child.wait()).await {
            Ok(Ok(status)) => status.to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it closed its output and stays".to_owned(),
        };
        let _ = timeout(GONE_WITHIN, &mut self.said).await;
        let last = self.last.get();
        if last.is_empty() {
            status.into()
        } else {
            format!("{status}; it said: {last}").into()
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.said.abort();
    }
}
