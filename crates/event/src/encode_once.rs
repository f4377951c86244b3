//! A value for many readers, and the one text made from it.

use std::sync::OnceLock;

/// A value that many readers show as the same text: the first who needs the text makes it, the others borrow it.
///
/// The event publishes values; how they look on the wire is the business of whoever serves them.
#[derive(Debug)]
pub struct EncodeOnce<T> {
    value: T,
    text: OnceLock<String>,
}

impl<T> EncodeOnce<T> {
    /// Nothing is encoded yet.
    pub const fn new(value: T) -> Self {
        Self {
            value,
            text: OnceLock::new(),
        }
    }

    /// The value itself.
    pub const fn value(&self) -> &T {
        &self.value
    }

    /// The text `encode` makes of it. Every reader must bring the same encoding: only the first one's is used.
    pub fn text(&self, encode: impl FnOnce(&T) -> String) -> &str {
        self.text.get_or_init(|| encode(&self.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_made_once_for_all_readers() {
        let shown = EncodeOnce::new(7);
        assert_eq!(shown.text(|seven| format!("{seven}")), "7");
        assert_eq!(shown.text(|_| unreachable!("it was made already")), "7");
    }
}
