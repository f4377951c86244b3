//! What the program says to whoever started it.

use std::io::Write as _;

/// Prints to standard output. Who reads there may have heard enough (`| head`): that is no fault.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
