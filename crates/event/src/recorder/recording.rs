//! Which recordings an event makes, and what their files are called.

use stentor_core::SeatId;

/// One recording of an event: a file of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Recording {
    /// What everyone heard, at the full rendition.
    Programme,
    /// One speaker, before the mix.
    Speaker(SeatId),
}

impl Recording {
    pub(super) fn file_name(self) -> String {
        match self {
            Self::Programme => "programme.mp4".to_owned(),
            Self::Speaker(seat) => format!("speaker-{seat}.mp4"),
        }
    }
}
