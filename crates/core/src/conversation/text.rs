//! Texts that people type and everybody reads.

use super::Refusal;
use alloc::string::{String, ToString};

/// A text as it may be shown, without blanks around it.
pub(super) fn checked(text: &str, chars_max: usize) -> Result<String, Refusal> {
    let text = text.trim();
    let chars = text.chars().count();
    if chars > chars_max {
        return Err(Refusal::TooLong {
            max: chars_max,
            got: chars,
        });
    }
    if text.chars().any(is_forbidden) {
        return Err(Refusal::ControlCharacters);
    }
    Ok(text.to_string())
}

/// A text of the operator's, made showable: what may not be shown is left out, what is too long is cut.
pub(super) fn cut(text: &str, chars_max: usize) -> String {
    text.trim()
        .chars()
        .filter(|char| !is_forbidden(*char))
        .take(chars_max)
        .collect()
}

/// Control characters, line and paragraph separators, and the characters that override the direction of writing
/// (Unicode Standard Annex 9, sections 2.1 to 2.4): with those a name could rewrite the line it stands in.
fn is_forbidden(char: char) -> bool {
    char.is_control() || matches!(char, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
