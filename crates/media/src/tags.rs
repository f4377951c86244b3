//! What a programme says of itself to players: its title, who speaks, when, and where it comes from.
//!
//! It is written into the head of each form once. It says nothing of who speaks now: that rides in the sound.

/// What a programme says of itself. What is empty is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tags {
    /// What it is called.
    pub title: String,
    /// Who speaks.
    pub artist: String,
    /// When it is or was, as ISO 8601 has a date.
    pub date: String,
    /// Where it comes from.
    pub organization: String,
}

/// Bytes of one tag. What is longer is cut between two characters.
const TAG_BYTES_MAX: usize = 1_024;

impl Tags {
    /// As Vorbis comments have them (RFC 7845 §5.2): name and value.
    pub fn comments(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.given([
            ("TITLE", &self.title),
            ("ARTIST", &self.artist),
            ("DATE", &self.date),
            ("ORGANIZATION", &self.organization),
        ])
    }

    /// As the metadata items of an MP4 file have them: type and value.
    pub(crate) fn items(&self) -> impl Iterator<Item = ([u8; 4], &str)> {
        self.given([
            (*b"\xa9nam", &self.title),
            (*b"\xa9ART", &self.artist),
            (*b"\xa9day", &self.date),
            (*b"\xa9pub", &self.organization),
        ])
    }

    fn given<'a, T, const N: usize>(
        &self,
        all: [(T, &'a String); N],
    ) -> impl Iterator<Item = (T, &'a str)> {
        let cut = all.into_iter().map(|(name, value)| (name, cut(value)));
        cut.filter(|(_, value)| !value.is_empty())
    }
}

fn cut(value: &str) -> &str {
    let mut end = value.len().min(TAG_BYTES_MAX);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    &value[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_left_out_and_what_is_long_is_cut_between_characters() {
        let tags = Tags {
            title: "é".repeat(TAG_BYTES_MAX),
            date: "2026-11-30".to_owned(),
            ..Tags::default()
        };
        let found: Vec<_> = tags
            .comments()
            .map(|(name, value)| (name, value.len()))
            .collect();
        assert_eq!(found, [("TITLE", TAG_BYTES_MAX), ("DATE", 10)]);
        assert_eq!(Tags::default().items().count(), 0);
    }
}
