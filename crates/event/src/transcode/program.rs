//! The program: where it is, which version, and whether it does what is asked of it.

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use stentor_media::mpeg::{FrameKind, FrameReader};
use stentor_media::rendition::SAMPLE_RATE_HZ;
use stentor_media::tags::Tags;
use stentor_media::transcode::{AAC_KBIT_PER_S, MP3_KBIT_PER_S};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::child::{Child, Claim, Pipes};
use super::said::{self, LastLine};

/// What it is called in the folders of `PATH`.
const NAME: &str = "ffmpeg";
/// Where it is looked for when there is no `PATH`.
const FOLDERS: &str = "/usr/local/bin:/usr/bin:/bin";
/// How long it may take to encode a second, or to say its version. It is started from the disk, on a machine that is starting.
const TRIED_WITHIN: Duration = Duration::from_secs(10);
/// Bytes it may answer with when it is tried: ten times what a second takes.
const TRIAL_BYTES_MAX: u64 = 256 * 1024;
/// Of the 47 frames of AAC and the 42 of MP3 that a second has, so many must come.
const TRIAL_FRAMES: usize = 35;
/// Characters of a version.
const VERSION_CHARS_MAX: usize = 60;
/// Files of replays that are made at once, of all events.
const FILES_AT_ONCE: usize = 1;

/// Where to look for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FfmpegSource {
    /// In the folders of `PATH`.
    Path,
    /// This one.
    File(PathBuf),
}

/// An ffmpeg that has shown that it encodes AAC and MP3 as it is asked to.
#[derive(Debug)]
pub struct Ffmpeg {
    program: PathBuf,
    version: String,
    pub(super) files: Semaphore,
}

impl Ffmpeg {
    /// Finds it, and lets it encode a second of silence: whatever is wrong with it is known before anybody listens.
    ///
    /// # Errors
    /// [`FfmpegError`], the operator's.
    pub async fn find(source: &FfmpegSource) -> Result<Self, FfmpegError> {
        let program = match source {
            FfmpegSource::Path => in_path().ok_or(FfmpegError::NotFound)?,
            FfmpegSource::File(file) => file.clone(),
        };
        let version = version(&program).await?;
        if let Err(why) = timeout(TRIED_WITHIN, trial(&program))
            .await
            .unwrap_or_else(|_| Err(hangs()))
        {
            return Err(FfmpegError::Unfit {
                program,
                version,
                why,
            });
        }
        Ok(Self {
            program,
            version,
            files: Semaphore::new(FILES_AT_ONCE),
        })
    }

    /// Where it is.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Which version it says it is.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }
}

/// Why there is no AAC and no MP3. The operator's.
#[derive(Debug, thiserror::Error)]
pub enum FfmpegError {
    /// It is not installed.
    #[error("there is no ffmpeg in the folders of PATH")]
    NotFound,
    /// It cannot be started.
    #[error("{} cannot be started: {source}", program.display())]
    NotStarted {
        /// The file.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is another program, too old, or built without what is needed.
    #[error("{} ({version}) does not encode AAC and MP3 as it is asked to: {why}", program.display())]
    Unfit {
        /// The file.
        program: PathBuf,
        /// What it says of itself.
        version: String,
        /// What it did instead.
        why: String,
    },
}

fn in_path() -> Option<PathBuf> {
    let folders = env::var_os("PATH").unwrap_or_else(|| FOLDERS.into());
    env::split_paths(&folders)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(NAME))
        .find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

fn hangs() -> String {
    format!("it was not done within {} s", TRIED_WITHIN.as_secs())
}

/// The first line it says of itself.
async fn version(program: &Path) -> Result<String, FfmpegError> {
    let started = Child::start(program, &["-version".to_owned()], Claim::Live);
    let (_child, Pipes { stdout, .. }) = started.map_err(|source| FfmpegError::NotStarted {
        program: program.to_owned(),
        source,
    })?;
    let mut said = Vec::new();
    let mut answer = stdout.take(4_096);
    let _ = timeout(TRIED_WITHIN, answer.read_to_end(&mut said)).await;
    let said = String::from_utf8_lossy(&said);
    let line = said.lines().next().unwrap_or_default();
    let line = line
        .split_once(" Copyright")
        .map_or(line, |(before, _)| before);
    let line: String = line
        .chars()
        .filter(|c| !c.is_control())
        .take(VERSION_CHARS_MAX)
        .collect();
    Ok(if line.is_empty() {
        "no version told".to_owned()
    } else {
        line
    })
}

/// Lets it encode a second; what is wrong with it.
async fn trial(program: &Path) -> Result<(), String> {
    let started = Child::start(program, &live_args(), Claim::Live);
    let (mut child, pipes) = started.map_err(|error| error.to_string())?;
    let Pipes {
        mut stdin,
        stdout,
        stderr,
    } = pipes;
    let last = LastLine::default();
    let said = said::read_quietly(stderr, last.clone());
    let feed = async move {
        // One that does not want it says why.
        let _ = stdin.write_all(&vec![0; 2 * SAMPLE_RATE_HZ as usize]).await;
    };
    let mut bytes = Vec::new();
    let mut output = stdout.take(TRIAL_BYTES_MAX);
    let (read, (), ()) = tokio::join!(output.read_to_end(&mut bytes), feed, said);
    read.map_err(|error| error.to_string())?;
    drop(output);
    let mut reader = FrameReader::new();
    reader.push(&bytes);
    let mut frames = [0_usize; 2];
    while let Some(frame) = reader.next_frame() {
        frames[usize::from(frame.kind == FrameKind::Mp3)] += 1;
    }
    let last = last.get();
    if frames.iter().all(|count| *count >= TRIAL_FRAMES) && reader.left_out() == 0 {
        return Ok(());
    }
    if !last.is_empty() {
        return Err(last);
    }
    let ended = child.wait().await.map(|status| status.to_string());
    Err(format!(
        "of a second it made {} frames of AAC, {} of MP3 and {} other bytes ({})",
        frames[0],
        frames[1],
        reader.left_out(),
        ended.unwrap_or_default()
    ))
}

/// Samples in, frames of both encodings out of one pipe: each frame is written at once and is shorter than what a pipe takes whole
/// (`PIPE_BUF`, pipe(7)), and each says by its header which it is.
///
/// Without a bit reservoir a frame of MP3 stands alone, so that a listener can begin with any.
pub(super) fn live_args() -> Vec<String> {
    let args = format!(
        "{HYGIENE} -threads 1 -f s16le -ar {SAMPLE_RATE_HZ} -ac 1 -i pipe:0 \
         -map 0:a -threads 1 -c:a aac -b:a {AAC_KBIT_PER_S}k -f adts -flush_packets 1 pipe:1 \
         -map 0:a -threads 1 {MP3} -reservoir 0 -id3v2_version 0 -write_xing 0 -f mp3 -flush_packets 1 pipe:1",
        MP3 = mp3()
    );
    words(&args)
}

/// A file of ours in, a file of MP3 with these tags out.
pub(super) fn file_args(tags: &Tags) -> Vec<String> {
    let mut args = words(&format!(
        "{HYGIENE} -threads 1 -f mp4 -i pipe:0 -map 0:a -map_metadata -1 -threads 1 {} -ac 1 -ar {SAMPLE_RATE_HZ} -id3v2_version 3 -f mp3",
        mp3()
    ));
    for (name, value) in tags.comments() {
        let name = match name {
            "ORGANIZATION" => "publisher",
            name => name,
        };
        // An argument ends at a zero.
        let value = value.replace('\0', "");
        args.extend([
            "-metadata".to_owned(),
            format!("{}={value}", name.to_ascii_lowercase()),
        ]);
    }
    args.push("pipe:1".to_owned());
    args
}

/// It asks nobody, says what goes wrong and nothing else, and opens nothing but its pipes.
const HYGIENE: &str = "-nostdin -hide_banner -nostats -loglevel error -protocol_whitelist pipe";

fn mp3() -> String {
    format!("-c:a libmp3lame -b:a {MP3_KBIT_PER_S}k")
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_argument_whatever_is_in_it() {
        let tags = Tags {
            title: "-i /etc/passwd\0 \"x\" ; rm".to_owned(),
            artist: "Ada".to_owned(),
            ..Tags::default()
        };
        let args = file_args(&tags);
        assert!(
            args.contains(&"title=-i /etc/passwd \"x\" ; rm".to_owned()),
            "{args:?}"
        );
        assert!(args.contains(&"artist=Ada".to_owned()));
        assert_eq!(args.last().map(String::as_str), Some("pipe:1"));
        assert!(args.iter().all(|arg| !arg.contains('\0')));
    }

    #[test]
    fn a_frame_is_shorter_than_what_a_pipe_takes_whole() {
        // AAC: 6,144 bits a channel (ISO/IEC 13818-7 §8.2.2), and its header.
        const PIPE_BUF: u32 = 4_096;
        const { assert!(6_144 / 8 + 7 < PIPE_BUF) };
        const { assert!(MP3_KBIT_PER_S * 1_000 / 8 * 1_152 / SAMPLE_RATE_HZ < PIPE_BUF) };
    }
}
