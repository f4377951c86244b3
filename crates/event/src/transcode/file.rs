//! A file of MP3 out of a file of ours, with all the time it takes.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use stentor_cluster::blobs::{BlobWriter, Blobs, BlobsError};
use stentor_cluster::key::Key;
use stentor_media::tags::Tags;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::time::timeout;

use super::child::{Child, Claim, Pipes};
use super::program::{Ffmpeg, file_args};
use super::said::{self, LastLine};

/// Bytes that are read and written at once.
const PIECE_BYTES: usize = 256 * 1024;
/// How long the child may give out nothing: it is last in line for the processor, and somebody else may need all of it for a while.
const STANDS_STILL_AFTER: Duration = Duration::from_mins(10);

/// Makes a blob of MP3 out of one of MP4. It takes the place of what was there when it is whole; whatever goes wrong before, nothing is
/// left. One is made at a time; others wait.
///
/// # Errors
/// The disk's, ffmpeg's, or a blob that is not there.
pub(crate) async fn encode_file(
    ffmpeg: &Ffmpeg,
    blobs: &Arc<dyn Blobs>,
    from: &Key,
    to: &Key,
    tags: &Tags,
) -> io::Result<u64> {
    let _turn = ffmpeg.files.acquire().await.map_err(io::Error::other)?;
    if blobs.size(from).await?.is_none() {
        return Err(BlobsError::NotFound { key: from.clone() }.into());
    }
    let mut writer = blobs.create(to).await?;
    let (mut child, pipes) = Child::start(ffmpeg.program(), &file_args(tags), Claim::Idle)?;
    let Pipes {
        stdin,
        stdout,
        stderr,
    } = pipes;
    let last = LastLine::default();
    let said = tokio::spawn(said::read_quietly(stderr, last.clone()));
    // Whichever fails ends the other: dropped, its pipe is closed.
    tokio::try_join!(feed(&**blobs, from, stdin), keep(stdout, &mut *writer))?;
    let status = timeout(STANDS_STILL_AFTER, child.wait()).await??;
    let _ = said.await;
    if !status.success() || writer.size() == 0 {
        let bytes = writer.size();
        return Err(io::Error::other(format!(
            "ffmpeg ended with {bytes} bytes and {status}: {}",
            last.get()
        )));
    }
    Ok(writer.finish().await?)
}

async fn feed(blobs: &dyn Blobs, from: &Key, mut stdin: ChildStdin) -> io::Result<()> {
    let mut offset = 0;
    loop {
        let piece = blobs.range(from, offset, PIECE_BYTES).await?;
        if piece.is_empty() {
            return Ok(());
        }
        offset += piece.len() as u64;
        if let Err(error) = stdin.write_all(&piece).await {
            // One that wants no more says by its exit why.
            return match error.kind() {
                io::ErrorKind::BrokenPipe => Ok(()),
                _ => Err(error),
            };
        }
    }
}

async fn keep(mut stdout: ChildStdout, writer: &mut dyn BlobWriter) -> io::Result<()> {
    let mut piece = Vec::with_capacity(PIECE_BYTES);
    loop {
        let read = timeout(STANDS_STILL_AFTER, stdout.read_buf(&mut piece)).await??;
        if read == 0 || piece.len() >= PIECE_BYTES / 2 {
            let bytes = Bytes::from(std::mem::replace(
                &mut piece,
                Vec::with_capacity(PIECE_BYTES),
            ));
            if !bytes.is_empty() {
                writer.append(bytes).await?;
            }
        }
        if read == 0 {
            return Ok(());
        }
    }
}
