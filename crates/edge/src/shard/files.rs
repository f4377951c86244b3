//! Files as a shard reads them: opened once for all readers, and read only as far as that does not wait for a disk.
//!
//! When an event has ended, everybody asks for its recording at once, and the system has it in memory. What it has not, it is asked to
//! prefetch while the shard goes on; the client is served again in the next tick.

use std::fs::{File, Metadata};
use std::io::{self, IoSliceMut};
use std::num::NonZeroU64;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};

use rustix::fs::{Advice, CWD, Mode, OFlags, ResolveFlags, fadvise, openat2};
use rustix::io::{Errno, ReadWriteFlags, preadv2};

use super::table_bound::TableBound;
use crate::faces::FileVersion;
use crate::limits::SHARD_FILES_MAX;

/// Prefetched at once, bytes.
const PREFETCH_BYTES: NonZeroU64 = NonZeroU64::new(1024 * 1024).unwrap();

/// See the module.
#[derive(Default)]
pub(super) struct Files {
    /// All versions that are still read by somebody.
    open: Vec<(PathBuf, Weak<OpenFile>)>,
}

/// One version of a file. It is closed when its last reader is through.
pub(super) struct OpenFile {
    file: TableBound<File>,
    /// Of a file that grows, the one that it had when it was opened first.
    pub(super) version: FileVersion,
    inode: Inode,
}

/// Which file of the system it is, whatever is in it.
#[derive(PartialEq, Eq)]
struct Inode {
    device: u64,
    number: u64,
}

impl Inode {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            number: metadata.ino(),
        }
    }
}

impl Files {
    /// The file as it is now; `None` when there is no room for one more, or when reading it could wait for a disk.
    ///
    /// One that grows is the same as long as it is the same file: bytes that were appended since it was opened are read like the others.
    pub(super) fn open(&mut self, path: &Path, grows: bool) -> io::Result<Option<Rc<OpenFile>>> {
        let Some(file) = open_now(path)? else {
            return Ok(None);
        };
        let metadata = file.metadata()?;
        let (version, inode) = (FileVersion::of(&metadata), Inode::of(&metadata));
        self.open.retain(|(_, file)| file.strong_count() > 0);
        let of_path = self.open.iter().filter(|(name, _)| name == path);
        let mut known = of_path.filter_map(|(_, file)| file.upgrade());
        let is_same = |known: &Rc<OpenFile>| {
            if grows {
                known.inode == inode
            } else {
                known.version == version
            }
        };
        if let Some(known) = known.find(is_same) {
            return Ok(Some(known));
        }
        if self.open.len() >= SHARD_FILES_MAX {
            return Ok(None);
        }
        if let Err(Errno::OPNOTSUPP | Errno::NOSYS) = read_now(&file, &mut [0], 0) {
            return Ok(None);
        }
        let opened = Rc::new(OpenFile {
            file: TableBound::new(file),
            version,
            inode,
        });
        self.open.push((path.to_owned(), Rc::downgrade(&opened)));
        Ok(Some(opened))
    }
}

impl OpenFile {
    /// Reads what the system has in memory of it from an offset on; `None` while that is nothing.
    ///
    /// # Errors
    /// `UnexpectedEof` when it has become shorter; otherwise what the system says.
    pub(super) fn read_at(&self, space: &mut [u8], at: u64) -> io::Result<Option<usize>> {
        match read_now(&self.file, space, at) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => Ok(Some(count)),
            Err(Errno::AGAIN) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Asks the system to read it from the disk from an offset on.
    pub(super) fn prefetch(&self, at: u64) {
        // If it cannot, nothing comes, and the reader runs into its deadline.
        let _ = fadvise(&*self.file, at, Some(PREFETCH_BYTES), Advice::WillNeed);
    }
}

/// Opens a path that the system has in its cache; `None` where it would have to look it up on a disk, or cannot say (before Linux 5.12,
/// or where a sandbox forbids it). A network filesystem may still ask its server: recordings belong on a local one.
fn open_now(path: &Path) -> io::Result<Option<File>> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    match openat2(CWD, path, flags, Mode::empty(), ResolveFlags::CACHED) {
        Ok(fd) => Ok(Some(fd.into())),
        Err(Errno::AGAIN | Errno::NOSYS | Errno::INVAL | Errno::PERM) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn read_now(file: &File, space: &mut [u8], at: u64) -> Result<usize, Errno> {
    preadv2(
        file,
        &mut [IoSliceMut::new(space)],
        at,
        ReadWriteFlags::NOWAIT,
    )
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use tempfile::TempDir;

    use super::*;
    use crate::testing::support::not_run;

    /// A file in a folder that goes when the test does.
    struct Written {
        _folder: TempDir,
        path: PathBuf,
    }

    impl Written {
        fn new(text: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("recording");
            fs::write(&path, text).unwrap();
            Self {
                _folder: folder,
                path,
            }
        }
    }

    fn all_of(file: &OpenFile) -> String {
        let mut space = [0; 100];
        let read = loop {
            match file.read_at(&mut space, 0).unwrap() {
                Some(read) => break read,
                None => file.prefetch(0),
            }
        };
        String::from_utf8(space[..read].to_vec()).unwrap()
    }

    /// `None` where the temporary folder's filesystem cannot read without waiting: then shards open nothing.
    fn opened(files: &mut Files, written: &Written) -> Option<Rc<OpenFile>> {
        let opened = files.open(&written.path, false).unwrap();
        if opened.is_none() {
            not_run("the temporary folder's filesystem cannot read without waiting");
        }
        opened
    }

    #[test]
    fn a_file_is_opened_once_for_all_and_again_when_it_has_changed() {
        let written = Written::new("one");
        let mut files = Files::default();
        let Some(first) = opened(&mut files, &written) else {
            return;
        };
        let second = opened(&mut files, &written).unwrap();
        assert!(Rc::ptr_eq(&first, &second));
        fs::remove_file(&written.path).unwrap();
        fs::write(&written.path, "three").unwrap();
        let third = opened(&mut files, &written).unwrap();
        assert!(!Rc::ptr_eq(&first, &third));
        assert_eq!(
            (all_of(&first), all_of(&third)),
            ("one".into(), "three".into())
        );
        // An error, or that it would have to be looked up.
        let nowhere = files.open(Path::new("/nowhere/at/all"), false);
        assert!(!matches!(nowhere, Ok(Some(_))));
    }

    #[test]
    fn a_file_that_grows_is_open_once_for_whatever_was_appended_since() {
        let written = Written::new("one");
        let mut files = Files::default();
        let Some(first) = opened(&mut files, &written) else {
            return;
        };
        fs::OpenOptions::new()
            .append(true)
            .open(&written.path)
            .and_then(|mut file| file.write_all(b", two"))
            .unwrap();
        let grown = files.open(&written.path, true).unwrap().unwrap();
        assert!(Rc::ptr_eq(&first, &grown));
        assert_eq!(all_of(&grown), "one, two");
        let other = opened(&mut files, &written).unwrap();
        assert!(
            !Rc::ptr_eq(&first, &other),
            "another version of a file that does not"
        );
        fs::rename(&written.path, written.path.with_extension("aside")).unwrap();
        fs::write(&written.path, "anew").unwrap();
        let anew = files.open(&written.path, true).unwrap().unwrap();
        assert_eq!(all_of(&anew), "anew");
    }

    #[test]
    fn so_many_versions_may_be_open_and_one_that_nobody_reads_makes_room() {
        let written = Written::new("");
        let mut files = Files::default();
        let mut open = Vec::new();
        for version in 0..SHARD_FILES_MAX {
            fs::write(&written.path, "v".repeat(version + 1)).unwrap();
            let Some(file) = opened(&mut files, &written) else {
                return;
            };
            open.push(file);
        }
        fs::write(&written.path, "one more").unwrap();
        assert!(files.open(&written.path, false).unwrap().is_none());
        open.pop();
        assert!(files.open(&written.path, false).unwrap().is_some());
    }

    #[test]
    fn a_file_that_became_shorter_is_an_error_and_not_silence() {
        let written = Written::new("long enough");
        let Some(file) = opened(&mut Files::default(), &written) else {
            return;
        };
        fs::write(&written.path, "").unwrap();
        let error = file.read_at(&mut [0; 10], 0).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
