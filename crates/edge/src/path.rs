//! Which paths may name a stream or a document.

use crate::limits::PATH_BYTES_MAX;

/// Whether a path begins with a slash, ends with none (`/` itself may), is short enough and holds visible ASCII only.
pub(crate) fn is_good_path(path: &str) -> bool {
    path.starts_with('/')
        && (path.len() == 1 || !path.ends_with('/'))
        && path.len() <= PATH_BYTES_MAX
        && path.bytes().all(|b| b.is_ascii_graphic())
}
