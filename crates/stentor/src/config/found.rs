//! A setting as it was found: where, and what stood there. It knows nothing of what a setting means.

use std::fmt;
use std::path::PathBuf;

/// Characters of a value that are shown again; of what is longer the beginning is.
const SHOWN_CHARS_MAX: usize = 80;

/// Where a setting was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// In the file named with `--config`.
    File {
        /// As it was named.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// In this variable of the environment.
    Variable(String),
    /// On the command line, with its dashes.
    Flag(String),
}

/// What stood there.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Number(i128),
    Switch(bool),
    List(Vec<Self>),
    /// What no setting is, as it was written: a date, a table.
    Other(String),
}

/// One setting.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    pub(super) name: String,
    pub(super) origin: Origin,
    pub(super) value: Value,
}

impl Found {
    /// What a flag was given.
    pub(crate) fn flag(flag: &str, key: &str, text: &str) -> Self {
        Self {
            name: key.to_owned(),
            origin: Origin::Flag(flag.to_owned()),
            value: Value::Text(text.to_owned()),
        }
    }

    /// What a flag was given that may be given again.
    pub(crate) fn flags(flag: &str, key: &str, texts: &[String]) -> Self {
        Self {
            value: Value::List(texts.iter().cloned().map(Value::Text).collect()),
            ..Self::flag(flag, key, "")
        }
    }

    /// A flag that stands alone.
    pub(crate) fn switch(flag: &str, key: &str) -> Self {
        Self {
            value: Value::Switch(true),
            ..Self::flag(flag, key, "")
        }
    }
}

impl Origin {
    /// Whether values are written as in a file, with quotation marks and brackets.
    pub(super) fn is_file(&self) -> bool {
        matches!(self, Self::File { .. })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line } => write!(f, "{} line {line}", path.display()),
            Self::Variable(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "\"{}\"", shown(text)),
            Self::Number(number) => write!(f, "{number}"),
            Self::Switch(on) => write!(f, "{on}"),
            Self::List(values) => {
                let values: Vec<_> = values.iter().take(4).map(Self::to_string).collect();
                write!(f, "[{}]", values.join(", "))
            }
            Self::Other(text) => f.write_str(&shown(text)),
        }
    }
}

/// Of one line, however long and whatever is in it.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::new();
    for char in text.chars().take(SHOWN_CHARS_MAX) {
        if char.is_control() {
            shown.extend(char.escape_debug());
        } else {
            shown.push(char);
        }
    }
    if text.chars().nth(SHOWN_CHARS_MAX).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_again_is_one_line_of_a_bounded_length() {
        assert_eq!(shown("a\nb\u{1b}[0m"), "a\\nb\\u{1b}[0m");
        let long = "é".repeat(SHOWN_CHARS_MAX + 1);
        assert_eq!(shown(&long).chars().count(), SHOWN_CHARS_MAX + 1);
        assert_eq!(
            shown(&long[2..]).chars().last(),
            Some('é'),
            "as much as fits is whole"
        );
    }
}
