//! Which recordings an event makes, and under which keys they are kept.

use bytes::Bytes;
use stentor_cluster::key::Key;
use stentor_core::SeatId;
use stentor_media::package::{Packager, StemPackager};

use crate::about::{About, without_accent};
use crate::recordings::below;

/// Characters of a name that become part of a file's.
const NAME_CHARS_MAX: usize = 40;

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

    /// What its file begins with.
    pub(super) fn head(self, about: &About) -> Bytes {
        match self {
            Self::Programme => Packager::tagged_head(&about.tags),
            Self::Speaker(seat) => StemPackager::head(&about.of_speaker(seat)),
        }
    }

    pub(crate) fn key(self, event: &Key) -> Key {
        below(event, &format!("{}.mp4", self.stem()))
    }

    /// Where the `n`th of those that cannot be read is kept.
    pub(super) fn unread_key(self, event: &Key, n: u32) -> Key {
        below(event, &format!("{}.unread-{n}.mp4", self.stem()))
    }
}

/// Where one speaker's recording is kept that plays along with the replay: under the speaker's name, and the number of the seat.
pub(crate) fn stem_key(event: &Key, seat: SeatId, name: &str) -> Key {
    let name = file_name(name);
    below(event, &format!("stem-{seat}{name}.mp4"))
}

/// A name as part of a file's name, behind a hyphen: letters and digits without accents; nothing where there is none.
fn file_name(name: &str) -> String {
    let mut plain = String::new();
    for c in name.chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' => plain.push(c),
            _ => match without_accent(c) {
                letters if letters.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                    plain.push_str(letters);
                }
                _ if plain.ends_with('-') => {}
                _ => plain.push('-'),
            },
        }
    }
    plain.truncate(NAME_CHARS_MAX);
    let plain = plain.trim_matches('-');
    if plain.is_empty() {
        String::new()
    } else {
        format!("-{plain}")
    }
}

/// The seat whose recording this is, if it is one of an event's.
pub(crate) fn speaker_of(event: &Key, key: &Key) -> Option<SeatId> {
    let name = key.as_str().strip_prefix(event.as_str())?;
    let seat = name.strip_prefix("/speaker-")?.strip_suffix(".mp4")?;
    seat.parse().ok().map(SeatId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_is_called_as_its_speaker_whatever_the_name() {
        let event = Key::new("talk").expect("a key");
        for (name, file) in [
            ("Ada", "stem-3-Ada.mp4"),
            ("Zoé Müller", "stem-3-Zoe-Muller.mp4"),
            ("../../etc/passwd", "stem-3-etc-passwd.mp4"),
            ("日本", "stem-3.mp4"),
            ("A / B", "stem-3-A-B.mp4"),
        ] {
            let key = stem_key(&event, SeatId(3), name);
            assert_eq!(key.as_str(), format!("talk/{file}"));
        }
        let long = stem_key(&event, SeatId(u32::MAX), &"é".repeat(64));
        assert!(long.as_str().len() < 80, "{long}");
    }

    #[test]
    fn only_the_recordings_of_speakers_are_theirs() {
        let event = Key::new("talk").expect("a key");
        let seat = |name: &str| speaker_of(&event, &Key::new(name).expect("a key"));
        assert_eq!(seat("talk/speaker-12.mp4"), Some(SeatId(12)));
        for other in [
            "talk/programme.mp4",
            "talk/speaker-12.unread-1.mp4",
            "talk/stem-12-Ada.mp4",
            "talk-2/speaker-12.mp4",
            "talk/speaker-x.mp4",
        ] {
            assert_eq!(seat(other), None, "{other}");
        }
    }
}
