//! What a session is.

/// What a session is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SessionKind {
    /// A stage page: sends a microphone, hears the others. Must confirm the mute state before it is heard.
    Browser,
    /// A line-in over WHIP: sends only, has nobody to press a button.
    LineIn,
    /// Hears only (WHEP). It is no part of the stage and stands beside the seat's speaking session.
    Monitor,
}
