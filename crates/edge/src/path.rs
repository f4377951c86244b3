//! Which paths may name a stream or a document.

use crate::limits::PATH_BYTES_MAX;

/// Whether a path begins with a slash, ends with none (`/` itself may), is short enough and holds visible ASCII only.
pub(crate) fn is_good_path(path: &str) -> bool {
    path.starts_with('/')
        && (path.len() == 1 || !path.ends_with('/'))
        && path.len() <= PATH_BYTES_MAX
        && path.bytes().all(|b| b.is_ascii_graphic())
}

/// The number in a name such as `17.m4s`, of that extension. One address for each number: no sign, no leading zero, or a cache would keep it under
/// many names. A number that is too large for any is the largest there is.
pub(crate) fn number_of_name(name: &str, extension: &str) -> Option<u64> {
    let (number, got) = name.split_once('.')?;
    let canonical = number.bytes().all(|b| b.is_ascii_digit())
        && (number == "0" || !number.starts_with('0'))
        && !number.is_empty();
    (got == extension && canonical).then(|| number.parse().unwrap_or(u64::MAX))
}
