//! Names of what is kept: records, streams of the journal, blobs.
//!
//! One alphabet for all, such that every implementation can take a key as it is: a path below a folder, a column, a
//! subject, an object's name. So a key is never escaped, and cannot lead out of the folder it belongs in.

use std::fmt;
use std::sync::Arc;

/// Bytes of a key.
pub const KEY_BYTES_MAX: usize = 200;

/// Bytes of one segment: with an ending it still is a file's name on every common file system (255).
pub const SEGMENT_BYTES_MAX: usize = 100;

/// Segments of a key: folders within folders.
pub const SEGMENTS_MAX: usize = 8;

/// Bytes of a kind.
pub const KIND_BYTES_MAX: usize = 32;

/// A key: segments of `A-Z`, `a-z`, `0-9`, `.`, `_` and `-`, none beginning with a dot, with `/` between them. Keys are
/// compared byte by byte.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<str>);

impl Key {
    /// Reads a key.
    ///
    /// # Errors
    /// The caller's: a text that is no key.
    ///
    /// ```
    /// use stentor_cluster::key::Key;
    ///
    /// assert!(Key::new("demo/programme.mp4").is_ok());
    /// assert!(Key::new("../secret").is_err());
    /// ```
    pub fn new(text: &str) -> Result<Self, KeyError> {
        if text.is_empty() {
            return Err(KeyError::Empty);
        }
        let too_long = |max, got| KeyError::TooLong { max, got };
        if text.len() > KEY_BYTES_MAX {
            return Err(too_long(KEY_BYTES_MAX, text.len()));
        }
        if let Some(at) = text
            .bytes()
            .position(|byte| byte != b'/' && !is_allowed(byte))
        {
            return Err(KeyError::Character { at });
        }
        let segments = text.split('/').count();
        if segments > SEGMENTS_MAX {
            let max = SEGMENTS_MAX;
            return Err(KeyError::TooDeep { max, got: segments });
        }
        for segment in text.split('/') {
            if segment.is_empty() || segment.starts_with('.') {
                return Err(KeyError::Segment);
            }
            if segment.len() > SEGMENT_BYTES_MAX {
                return Err(too_long(SEGMENT_BYTES_MAX, segment.len()));
            }
        }
        Ok(Self(text.into()))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &self.0)
    }
}

/// What a record is a record of: a constant of the program, unlike a key, which may come from a person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Kind(&'static str);

impl Kind {
    /// A kind of this name: at most [`KIND_BYTES_MAX`] of `a-z` and `-`.
    ///
    /// # Panics
    /// For any other name; in a constant that is an error of the compiler.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        assert!(
            !bytes.is_empty() && bytes.len() <= KIND_BYTES_MAX,
            "a kind has 1 to 32 bytes"
        );
        let mut at = 0;
        while at < bytes.len() {
            assert!(
                bytes[at].is_ascii_lowercase() || bytes[at] == b'-',
                "a kind is made of a-z and -"
            );
            at += 1;
        }
        Self(name)
    }

    /// As text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Why a text is no key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyError {
    /// Nothing at all.
    #[error("a key has at least one byte")]
    Empty,
    /// Too long as a whole, or a segment of it.
    #[error(
        "a key has at most {KEY_BYTES_MAX} bytes and {SEGMENT_BYTES_MAX} between two slashes, got {got} where {max} may be"
    )]
    TooLong {
        /// Bytes allowed.
        max: usize,
        /// Bytes given.
        got: usize,
    },
    /// Too many segments.
    #[error("a key has at most {max} segments, got {got}")]
    TooDeep {
        /// Segments allowed.
        max: usize,
        /// Segments given.
        got: usize,
    },
    /// A byte that is not of the alphabet.
    #[error(
        "a key is made of A-Z, a-z, 0-9, \".\", \"_\", \"-\" and \"/\", got something else at byte {at}"
    )]
    Character {
        /// Where, from 0.
        at: usize,
    },
    /// A segment that is empty or begins with a dot.
    #[error("no segment of a key is empty or begins with a dot")]
    Segment,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::{Component, Path};

    #[test]
    fn keys_at_their_limits_are_keys_and_beyond_are_not() {
        let segment = "s".repeat(SEGMENT_BYTES_MAX);
        assert!(Key::new(&segment).is_ok());
        assert_eq!(
            Key::new(&format!("{segment}s")),
            Err(KeyError::TooLong {
                max: SEGMENT_BYTES_MAX,
                got: SEGMENT_BYTES_MAX + 1
            })
        );
        let most = format!(
            "{segment}/{}",
            "t".repeat(KEY_BYTES_MAX - segment.len() - 1)
        );
        assert_eq!(most.len(), KEY_BYTES_MAX);
        assert!(Key::new(&most).is_ok());
        assert_eq!(
            Key::new(&format!("{most}t")),
            Err(KeyError::TooLong {
                max: KEY_BYTES_MAX,
                got: KEY_BYTES_MAX + 1
            })
        );
        assert!(Key::new(&["a"; SEGMENTS_MAX].join("/")).is_ok());
        assert_eq!(
            Key::new(&["a"; SEGMENTS_MAX + 1].join("/")),
            Err(KeyError::TooDeep {
                max: SEGMENTS_MAX,
                got: SEGMENTS_MAX + 1
            })
        );
    }

    #[test]
    fn what_leads_elsewhere_is_no_key() {
        let texts = [
            "",
            "/",
            "/etc/passwd",
            "..",
            "a/..",
            "a/../b",
            "./a",
            "a//b",
            "a/",
            ".hidden",
            "a/.b",
            "a\0b",
            "a\\b",
            "a b",
            "c:d",
            "é",
            "a\n",
            "~/a",
            "%2e%2e/a",
        ];
        for text in texts {
            assert!(Key::new(text).is_err(), "{text:?}");
        }
    }

    /// Texts put together from what is dangerous in a path, many times over, from a seed: whatever is taken for a key
    /// stays below the folder it is joined to.
    #[test]
    fn no_text_that_is_taken_for_a_key_escapes_its_folder() {
        const PARTS: [&str; 16] = [
            "..", ".", "/", "//", "\\", "a", "Z", "0", "-", "_", "\0", " ", "é", "..a", "a..",
            "%2e",
        ];
        let root = Path::new("/folder");
        let mut state = 0x5eed_u64;
        let mut next = move |below: u64| {
            // A linear congruential generator (Knuth, MMIX): the same texts in every run.
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let mut taken = 0;
        for _ in 0..200_000 {
            let parts = 1 + next(9);
            let text: String = (0..parts)
                .map(|_| PARTS[next(PARTS.len() as u64) as usize])
                .collect();
            let Ok(key) = Key::new(&text) else { continue };
            taken += 1;
            let path = root.join(key.as_str());
            assert!(path.starts_with(root), "{text:?}");
            let below = path.strip_prefix(root).expect("it is below");
            assert!(
                below
                    .components()
                    .all(|component| matches!(component, Component::Normal(_))),
                "{text:?}"
            );
            assert_eq!(below.to_str(), Some(key.as_str()), "a key is its own path");
        }
        assert!(
            taken > 1_000,
            "only {taken} texts were keys: the test says nothing"
        );
    }
}
