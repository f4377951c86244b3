//! Wire forms: what the conversation looks like as JSON, to listeners, to stage pages and on disk.
//!
//! The domain knows nothing of serialisation; every name that leaves the process is written here, once.

mod message;
pub(crate) mod snapshot;
pub(crate) mod stage;
pub(crate) mod status;

/// An error as a sentence that a person reads alone: errors begin in lower case and have no full stop.
pub(crate) fn sentence(error: &impl std::fmt::Display) -> String {
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
