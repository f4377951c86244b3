//! Prints for whoever started the program.

use std::io::{self, ErrorKind, Write as _};

/// Prints to standard output. Who reads there may have heard enough (`| head`): that is no fault.
///
/// # Errors
/// Where it cannot be written for another reason, as on a full disk.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// One line of JSON.
pub(crate) fn as_json(value: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string(value).expect("what is told is always JSON");
    text.push('\n');
    text
}
