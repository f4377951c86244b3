//! Errors as sentences for people.

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

#[cfg(test)]
mod tests {
    use super::*;
    use stentor_core::conversation::Refusal;

    #[test]
    fn a_refusal_is_told_as_a_whole_sentence() {
        assert_eq!(sentence(&Refusal::EventEnded), "The event is over.");
    }
}
