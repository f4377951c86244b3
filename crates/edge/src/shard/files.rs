//! Files as a shard reads them: opened once for all who ask, and only as far as that does not wait for a disk.
//!
//! When an event has ended, everybody asks for its recording at once, and the system has it in memory. What it has not is
//! fetched by the system while the shard goes on; who asked for it is looked after again in the next tick.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, IoSliceMut};
use std::num::NonZeroU64;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};

use http::HeaderValue;
use rustix::fs::{Advice, fadvise};
use rustix::io::{Errno, ReadWriteFlags, preadv2};

use crate::faces::file_etag;

/// Files open at once in one shard's table. Beyond: their readers go home.
pub(super) const FILES_MAX: usize = 16;

/// What the system is asked to fetch at once, bytes.
const FETCH_BYTES: NonZeroU64 = NonZeroU64::new(1024 * 1024).unwrap();

/// See the module.
#[derive(Default)]
pub(super) struct Files {
    open: HashMap<PathBuf, Weak<OpenFile>>,
}

/// One version of a file. It is closed when nobody is given any of it any more.
pub(super) struct OpenFile {
    file: File,
    pub(super) length: u64,
    pub(super) etag: HeaderValue,
}

impl Files {
    /// The file as it is now; `None` when there is no room for one more.
    pub(super) fn open(&mut self, path: &Path) -> io::Result<Option<Rc<OpenFile>>> {
        let etag = file_etag(&fs::metadata(path)?);
        let known = self.open.get(path).and_then(Weak::upgrade);
        if let Some(known) = known.filter(|known| known.etag == etag) {
            return Ok(Some(known));
        }
        self.open.retain(|_, file| file.strong_count() > 0);
        if self.open.len() >= FILES_MAX {
            return Ok(None);
        }
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        let opened = Rc::new(OpenFile {
            file,
            length: metadata.len(),
            etag: file_etag(&metadata),
        });
        self.open.insert(path.to_owned(), Rc::downgrade(&opened));
        Ok(Some(opened))
    }
}

impl OpenFile {
    /// Reads what is in memory of it from there on; `None` while that is nothing yet.
    ///
    /// # Errors
    /// `UnexpectedEof` when it has become shorter; what else the system says.
    pub(super) fn read_at(&self, space: &mut [u8], at: u64) -> io::Result<Option<usize>> {
        let slices = &mut [IoSliceMut::new(space)];
        let read = match preadv2(&self.file, slices, at, ReadWriteFlags::NOWAIT) {
            Ok(count) => count,
            Err(Errno::AGAIN) => {
                fadvise(&self.file, at, Some(FETCH_BYTES), Advice::WillNeed)?;
                return Ok(None);
            }
            // Some filesystems do not know how not to wait.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => self.file.read_at(space, at)?,
            Err(error) => return Err(error.into()),
        };
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Some(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that goes when the test does.
    struct Written(PathBuf);

    impl Written {
        fn new(name: &str, text: &str) -> Self {
            let name = format!("stentor-shard-{}-{name}", std::process::id());
            let path = std::env::temp_dir().join(name);
            fs::write(&path, text).unwrap();
            Self(path)
        }
    }

    impl Drop for Written {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    fn all_of(file: &OpenFile) -> String {
        let mut space = [0; 100];
        let read = loop {
            if let Some(read) = file.read_at(&mut space, 0).unwrap() {
                break read;
            }
        };
        String::from_utf8(space[..read].to_vec()).unwrap()
    }

    #[test]
    fn a_file_is_opened_once_for_all_and_again_when_it_has_changed() {
        let written = Written::new("changed", "one");
        let mut files = Files::default();
        let first = files.open(&written.0).unwrap().unwrap();
        let second = files.open(&written.0).unwrap().unwrap();
        assert!(Rc::ptr_eq(&first, &second));
        fs::remove_file(&written.0).unwrap();
        fs::write(&written.0, "three").unwrap();
        let third = files.open(&written.0).unwrap().unwrap();
        assert!(!Rc::ptr_eq(&first, &third));
        assert_eq!(
            (all_of(&first), all_of(&third)),
            ("one".into(), "three".into())
        );
        assert!(files.open(Path::new("/nowhere/at/all")).is_err());
    }

    #[test]
    fn so_many_may_be_open_and_one_that_nobody_reads_makes_room() {
        let written: Vec<_> = (0..=FILES_MAX)
            .map(|n| Written::new(&format!("many-{n}"), "text"))
            .collect();
        let mut files = Files::default();
        let mut open: Vec<_> = written[..FILES_MAX]
            .iter()
            .map(|written| files.open(&written.0).unwrap().unwrap())
            .collect();
        let one_more = &written[FILES_MAX].0;
        assert!(files.open(one_more).unwrap().is_none());
        open.pop();
        assert!(files.open(one_more).unwrap().is_some());
    }

    #[test]
    fn a_file_that_became_shorter_is_an_error_and_not_silence() {
        let written = Written::new("shorter", "long enough");
        let file = Files::default().open(&written.0).unwrap().unwrap();
        fs::write(&written.0, "").unwrap();
        let error = file.read_at(&mut [0; 10], 0).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
