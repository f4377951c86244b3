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

#[cfg(test)]
mod tests {
    use stentor_cluster::error::StoreError;
    use stentor_cluster::testing::MemoryBlobs;
    use stentor_media::package::{Packager, PackagerConfig, Published};
    use stentor_media::record;
    use stentor_media::rendition::Rendition;

    use super::super::program::FfmpegSource;
    use super::*;

    fn key(name: &str) -> Key {
        Key::new(name).expect("a key")
    }

    /// Two seconds of a tone as a replay is.
    fn replay() -> Bytes {
        let config = PackagerConfig {
            first_position: 0,
            epoch_unix_ms: 0,
        };
        let mut packager = Packager::new(config).expect("a boundary");
        let mut out = Vec::new();
        let tick: [f32; 960] = std::array::from_fn(|n| (n as f32 * 0.1).sin() * 0.2);
        for _ in 0..100 {
            packager.push(&tick, 0, &mut out).expect("it is encoded");
        }
        let mut recording = Packager::head().to_vec();
        for item in out {
            if let Published::Chunk(chunk) = item
                && chunk.rendition == Rendition::Full
            {
                recording.extend_from_slice(&chunk.bytes);
            }
        }
        let (mut input, mut file) = ([io::Cursor::new(recording)], Vec::new());
        record::finalise(&mut input, &Tags::default(), &mut file).expect("it is whole");
        file.into()
    }

    #[tokio::test]
    async fn a_file_is_made_whole_or_not_at_all() {
        let ffmpeg = Ffmpeg::find(&FfmpegSource::Path).await;
        let ffmpeg = ffmpeg.expect("ffmpeg is installed: `make test` does it");
        let memory = MemoryBlobs::default();
        let blobs: Arc<dyn Blobs> = Arc::new(memory.clone());
        let (from, to) = (key("talk/replay.mp4"), key("talk/replay.mp3"));
        let tags = Tags {
            title: "A talk".to_owned(),
            ..Tags::default()
        };
        let make = || encode_file(&ffmpeg, &blobs, &from, &to, &tags);
        let missing = make().await.expect_err("there is no replay");
        assert!(missing.to_string().contains("replay.mp4"), "{missing}");

        blobs.put(&from, replay()).await.expect("it is kept");
        let bytes = make().await.expect("it is made");
        let made = blobs.get(&to).await.expect("it is there");
        assert_eq!(made.len() as u64, bytes);
        assert!(made.starts_with(b"ID3") && made.windows(6).any(|window| window == b"A talk"));
        // 64 kbit/s.
        assert!((15_000..18_000).contains(&bytes), "{bytes}");

        blobs.delete(&to).await.expect("it is ours");
        blobs
            .put(&from, Bytes::from_static(b"no film"))
            .await
            .expect("it is kept");
        let error = make()
            .await
            .expect_err("nothing can be made of it")
            .to_string();
        assert!(error.starts_with("ffmpeg ended with 0 bytes"), "{error}");
        assert_eq!(blobs.size(&to).await.expect("it is looked for"), None);
    }

    #[tokio::test]
    async fn a_full_disk_leaves_nothing_half() {
        let ffmpeg = Ffmpeg::find(&FfmpegSource::Path).await;
        let ffmpeg = ffmpeg.expect("ffmpeg is installed: `make test` does it");
        let memory = MemoryBlobs::default();
        let blobs: Arc<dyn Blobs> = Arc::new(memory.clone());
        let (from, to) = (key("talk/replay.mp4"), key("talk/replay.mp3"));
        blobs.put(&from, replay()).await.expect("it is kept");
        let mut writer = blobs.create(&to).await.expect("it is begun");
        let (mut child, pipes) =
            Child::start(ffmpeg.program(), &file_args(&Tags::default()), Claim::Idle)
                .expect("it starts");
        feed(&*blobs, &from, pipes.stdin).await.expect("it is read");
        memory.faults().fails(StoreError::Full {
            place: "memory".to_owned(),
        });
        assert!(keep(pipes.stdout, &mut *writer).await.is_err());
        drop(writer);
        memory.faults().works();
        assert!(child.wait().await.is_ok());
        assert_eq!(blobs.size(&to).await.expect("it is looked for"), None);
    }
}
