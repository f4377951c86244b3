//! The replay: the programme's recording made into one file that every player can seek in.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter};
use std::path::{Path, PathBuf};

use stentor_media::record;

use super::recording::Recording;

/// The replay of an event's folder, if it was made.
pub(crate) fn replay_file(folder: &Path) -> Option<PathBuf> {
    let path = folder.join("replay.mp4");
    path.is_file().then_some(path)
}

/// Makes the replay of a folder whose event ended without one (the server was killed in between).
///
/// # Errors
/// The disk's, or a recording that holds no whole chunk.
pub(crate) fn make_replay(folder: &Path) -> io::Result<PathBuf> {
    let (part, done) = (folder.join("replay.mp4.part"), folder.join("replay.mp4"));
    let input = BufReader::new(File::open(folder.join(Recording::Programme.file_name()))?);
    let mut output = BufWriter::new(File::create(&part)?);
    let summary = record::finalise(&mut [input], &mut output).map_err(io::Error::other)?;
    output
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?
        .sync_all()?;
    fs::rename(&part, &done)?;
    tracing::info!(?summary, "replay made");
    Ok(done)
}
