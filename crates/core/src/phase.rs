//! Where an event is in its life.

use crate::codes::codes;

/// Where an event is in its life. What leads from one to the next is an [`Act`](crate::schedule::Act); which acts are possible where is in
/// [`crate::schedule`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Phase {
    /// Being prepared: the public is not shown that it exists.
    Draft,
    /// The public knows of it. Its address answers, and nothing is to be heard yet.
    Announced,
    /// Not yet, but soon: listeners who come are in the lobby and hear the bed.
    Doors,
    /// The programme carries the stage.
    OnAir,
    /// Paused by a host: listeners stay where they are, hear the bed and read why.
    Held,
    /// Over. The address stays and gives the replay, if one is offered.
    Ended,
    /// It will not take place. The address stays and says so.
    Cancelled,
}

codes!(Phase {
    Self::Draft => "draft",
    Self::Announced => "announced",
    Self::Doors => "doors",
    Self::OnAir => "on_air",
    Self::Held => "held",
    Self::Ended => "ended",
    Self::Cancelled => "cancelled",
});

impl Phase {
    /// All of them, in the order of an evening.
    pub const ALL: [Self; 7] = [
        Self::Draft,
        Self::Announced,
        Self::Doors,
        Self::OnAir,
        Self::Held,
        Self::Ended,
        Self::Cancelled,
    ];

    /// The one with this word.
    #[must_use]
    pub fn named(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.code() == code)
    }

    /// Nothing will come any more.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Ended | Self::Cancelled)
    }

    /// It has begun and is not over: on air, or held.
    #[must_use]
    pub const fn is_running(self) -> bool {
        matches!(self, Self::OnAir | Self::Held)
    }

    /// It has not begun, and may still.
    #[must_use]
    pub const fn is_ahead(self) -> bool {
        matches!(self, Self::Draft | Self::Announced | Self::Doors)
    }
}
