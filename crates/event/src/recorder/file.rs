//! One recording on disk: append-only fragmented MP4, always cut to its last whole chunk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::path::Path;

use stentor_media::record;

/// What a kill can leave torn at the end of a file, in bytes: less than two of the largest chunks.
pub(super) const TORN_BYTES_MAX: u64 = 64 * 1024;
/// Unreadable recordings set aside per name; past it that recording fails, with the alarm.
const SET_ASIDE_MAX: u32 = 9;

/// A recording that is open for appending.
pub(super) struct RecordingFile {
    file: File,
    /// Length up to the last whole chunk; a failed write is cut back to it.
    len: u64,
    unsynced: bool,
}

impl RecordingFile {
    /// Opens a file where it was left, without what was torn; a new one begins with `head`.
    ///
    /// # Errors
    /// The disk's, or as many unreadable files as are kept.
    pub(super) fn open(path: &Path, head: &[u8]) -> io::Result<Self> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let mut len = record::recover(BufReader::new(&mut file))
            .map_err(io::Error::other)?
            .valid_bytes;
        if file.metadata()?.len().saturating_sub(len) > TORN_BYTES_MAX {
            // More than a kill can tear: whatever it is, it is not ours to cut off.
            set_aside(path)?;
            return Self::open(path, head);
        }
        file.set_len(len)?;
        file.seek(SeekFrom::End(0))?;
        if len == 0 {
            file.write_all(head)?;
            len = head.len() as u64;
        }
        Ok(Self {
            file,
            len,
            unsynced: true,
        })
    }

    /// Appends one chunk, whole or not at all.
    ///
    /// # Errors
    /// The disk's.
    pub(super) fn append(&mut self, chunk: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all(chunk) {
            // A half-written chunk would hide all that follow it.
            self.file.set_len(self.len)?;
            self.file.seek(SeekFrom::Start(self.len))?;
            return Err(error);
        }
        self.len += chunk.len() as u64;
        self.unsynced = true;
        Ok(())
    }

    /// Brings what was appended onto the disk.
    ///
    /// # Errors
    /// The disk's.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if self.unsynced {
            self.file.sync_data()?;
            self.unsynced = false;
        }
        Ok(())
    }
}

/// Renames a file nobody here can read, so that it is kept and a new one can begin.
fn set_aside(path: &Path) -> io::Result<()> {
    let free = (1..=SET_ASIDE_MAX)
        .map(|n| path.with_extension(format!("unread-{n}.mp4")))
        .find(|aside| !aside.exists());
    let aside = free.ok_or_else(|| {
        io::Error::other(format!(
            "{SET_ASIDE_MAX} unreadable recordings were set aside already"
        ))
    })?;
    tracing::error!(from = %path.display(), to = %aside.display(), "a recording cannot be read and is set aside");
    fs::rename(path, aside)
}
