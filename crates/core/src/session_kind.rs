//! What a session is, and why one does not come about.

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

/// Why an attempt to connect came to nothing, as far as the server sees it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ConnectFailure {
    /// Nothing reached us: a firewall between, or a page that was closed.
    NeverReached,
    /// ICE reached us and DTLS did not come to an end: an RSA certificate, for example.
    Handshake,
}
