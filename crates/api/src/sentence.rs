//! Errors as sentences for people, and numbers as pages write them.

use std::fmt::Display;

/// An error as a sentence that a person reads alone: errors begin in lower case and have no full stop.
pub(crate) fn sentence(error: &impl Display) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    let first = chars.next().map(char::to_uppercase);
    first
        .into_iter()
        .flatten()
        .chain(chars)
        .chain(['.'])
        .collect()
}

/// 128 bits in hexadecimal, exactly.
pub(crate) fn hex_128(text: &str) -> Option<u128> {
    let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u128::from_str_radix(text, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use stentor_core::conversation::Refusal;

    #[test]
    fn only_128_bits_are_a_number_of_a_page() {
        assert_eq!(hex_128(&"f".repeat(32)), Some(u128::MAX));
        for wrong in [
            "",
            "ff",
            &"f".repeat(33),
            &"g".repeat(32),
            "+0000000000000000000000000000001",
        ] {
            assert_eq!(hex_128(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_refusal_is_told_as_a_whole_sentence() {
        assert_eq!(sentence(&Refusal::EventEnded), "The event is over.");
    }
}
