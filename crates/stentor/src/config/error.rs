//! What is wrong with a configuration, as the one sentence the operator gets.

use std::path::PathBuf;

use super::found::Origin;

/// What the operator has to mend before the server can start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file named with `--config` is not there.
    #[error("configuration file {} does not exist", .0.display())]
    NoFile(PathBuf),
    /// What is named with `--config` is a folder.
    #[error("configuration file {} is a folder: name the file in it", .0.display())]
    NotAFile(PathBuf),
    /// It cannot be read.
    #[error("configuration file {} cannot be read: {why}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// In one line.
        why: String,
    },
    /// It is not TOML.
    #[error("{} line {line} column {column} is not TOML: {why}", path.display())]
    Toml {
        /// Which file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What the parser says.
        why: String,
    },
    /// A name that is none, a value that does not fit, or settings that contradict each other.
    #[error("{}", sentence(origin, what))]
    Setting {
        /// Where it was found.
        origin: Origin,
        /// The rest of the sentence.
        what: String,
    },
}

impl ConfigError {
    /// Whether it is the command line that has to be mended.
    pub(crate) fn is_of_flag(&self) -> bool {
        matches!(
            self,
            Self::Setting {
                origin: Origin::Flag(_),
                ..
            }
        )
    }
}

/// In a file, what is wrong stands behind where; a variable and a flag are what the sentence is about.
fn sentence(origin: &Origin, what: &str) -> String {
    let colon = if origin.is_file() { ":" } else { "" };
    format!("{origin}{colon} {what}")
}
