//! Which recordings an event makes, and under which keys they are kept.

use stentor_cluster::key::Key;
use stentor_core::SeatId;

/// One recording of an event: a file of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RecordingTrack {
    /// What everyone heard, at the full rendition.
    Programme,
    /// One speaker, before the mix.
    Speaker(SeatId),
}

impl RecordingTrack {
    /// What its file is called, without the ending.
    fn stem(self) -> String {
        match self {
            Self::Programme => "programme".to_owned(),
            Self::Speaker(seat) => format!("speaker-{seat}"),
        }
    }

    pub(super) fn key(self, event: &Key) -> Key {
        below(event, &format!("{}.mp4", self.stem()))
    }

    /// Where the `n`th of those that cannot be read is kept.
    pub(super) fn unread_key(self, event: &Key, n: u32) -> Key {
        below(event, &format!("{}.unread-{n}.mp4", self.stem()))
    }
}

/// Where the replay of an event is kept.
pub(super) fn replay_key(event: &Key) -> Key {
    below(event, "replay.mp4")
}

fn below(event: &Key, name: &str) -> Key {
    Key::new(&format!("{event}/{name}")).expect("an address and a short name make a key")
}
