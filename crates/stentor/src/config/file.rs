//! The configuration file: TOML, one line a setting.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::error::ConfigError;
use super::found::{Found, Origin, Value, shown};

/// Bytes of a configuration file: whoever names a disk or a recording has mistyped.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// Every setting of a file, in the order of the file.
///
/// # Errors
/// The operator's: a file that is not there, cannot be read, or is not TOML.
pub(super) fn read(path: &Path) -> Result<Vec<Found>, ConfigError> {
    let text = text(path)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let (line, column) = place(text, at);
        ConfigError::Toml {
            path: path.to_owned(),
            line,
            column,
            why: error.message().trim().replace('\n', ", "),
        }
    })?;
    let mut found: Vec<_> = table
        .get_ref()
        .iter()
        .map(|(name, value)| (name.span().start, name, value))
        .collect();
    found.sort_by_key(|(at, ..)| *at);
    let found = found.into_iter().map(|(at, name, value)| Found {
        name: name.get_ref().to_string(),
        origin: Origin::File {
            path: path.to_owned(),
            line: place(text, at).0,
        },
        value: self::value(value.get_ref(), &text[value.span()]),
    });
    Ok(found.collect())
}

fn text(path: &Path) -> Result<String, ConfigError> {
    let unreadable = |why: String| ConfigError::Unreadable {
        path: path.to_owned(),
        why,
    };
    let file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => ConfigError::NoFile(path.to_owned()),
        ErrorKind::PermissionDenied => unreadable("this user may not read it".to_owned()),
        _ => unreadable(error.to_string()),
    })?;
    let is_folder = file.metadata().is_ok_and(|about| about.is_dir());
    if is_folder {
        return Err(ConfigError::NotAFile(path.to_owned()));
    }
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(error.to_string()))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(unreadable(format!(
            "it has more than {FILE_BYTES_MAX} bytes"
        )));
    }
    String::from_utf8(bytes).map_err(|error| {
        let line = 1 + error.as_bytes()[..error.utf8_error().valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        unreadable(format!("line {line} is not UTF-8"))
    })
}

/// Line and column of a byte, both from 1.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..at.min(text.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
    (line, column)
}

/// `written` is how it stands in the file.
fn value(value: &DeValue<'_>, written: &str) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::Other(shown(written)), Value::Number),
        DeValue::Boolean(on) => Value::Switch(*on),
        DeValue::Array(values) => Value::List(
            values
                .iter()
                .map(|value| self::value(value.get_ref(), "that"))
                .collect(),
        ),
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => {
            Value::Other(shown(written.lines().next().unwrap_or_default()))
        }
    }
}
