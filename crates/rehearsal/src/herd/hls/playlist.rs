//! As much of a media playlist (RFC 8216 §4.3) as a listener needs: what there is, in which order, and how long it lasts.

/// Segments a playlist may list. Beyond: it is refused.
pub const PLAYLIST_SEGMENTS_MAX: usize = 256;

/// Longest segment and longest target duration, in seconds. Beyond: the playlist is refused.
pub const DURATION_S_MAX: f64 = 3_600.0;

/// A playlist that was read; its addresses are as they stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Playlist<'a> {
    /// No segment lasts longer, in microseconds (§4.3.3.1).
    pub target_us: u64,
    /// The head that belongs before the segments (§4.3.2.5).
    pub head: Option<&'a str>,
    /// Media sequence number of the first segment (§4.3.3.2).
    pub first: u64,
    /// Address and duration in microseconds of each, in order.
    pub segments: Vec<(&'a str, u64)>,
    /// Whether nothing follows (§4.3.3.4).
    pub ended: bool,
}

impl<'a> Playlist<'a> {
    /// Reads a media playlist. What it does not know it passes over (§6.3.1).
    ///
    /// # Errors
    /// [`PlaylistError`] if it is none, or lists more than a listener takes.
    pub fn parse(text: &'a str) -> Result<Self, PlaylistError> {
        let mut lines = text.lines();
        if lines.next() != Some("#EXTM3U") {
            return Err(PlaylistError::NoPlaylist);
        }
        let mut read = Self {
            target_us: 0,
            head: None,
            first: 0,
            segments: Vec::new(),
            ended: false,
        };
        let mut duration_us = None;
        for line in lines {
            if let Some(value) = line.strip_prefix("#EXT-X-TARGETDURATION:") {
                read.target_us = us(value)?;
            } else if let Some(value) = line.strip_prefix("#EXT-X-MEDIA-SEQUENCE:") {
                read.first = value.parse().map_err(|_| PlaylistError::number(value))?;
            } else if let Some(value) = line.strip_prefix("#EXT-X-MAP:") {
                read.head = Some(uri(value)?);
            } else if let Some(value) = line.strip_prefix("#EXTINF:") {
                let number = value.split_once(',').map_or(value, |(number, _)| number);
                duration_us = Some(us(number)?);
            } else if line == "#EXT-X-ENDLIST" {
                read.ended = true;
            } else if !line.is_empty() && !line.starts_with('#') {
                let duration_us = duration_us.take().ok_or(PlaylistError::NoDuration)?;
                if read.segments.len() == PLAYLIST_SEGMENTS_MAX {
                    return Err(PlaylistError::TooMany);
                }
                read.segments.push((line, duration_us));
            }
        }
        if read.target_us == 0 {
            return Err(PlaylistError::NoTarget);
        }
        Ok(read)
    }
}

/// Microseconds of a decimal number of seconds.
fn us(seconds: &str) -> Result<u64, PlaylistError> {
    match seconds.parse::<f64>() {
        Ok(number) if (0.0..=DURATION_S_MAX).contains(&number) => Ok((number * 1e6).round() as u64),
        _ => Err(PlaylistError::number(seconds)),
    }
}

/// The `URI` among attributes.
fn uri(attributes: &str) -> Result<&str, PlaylistError> {
    let quoted = attributes.split_once("URI=\"");
    let value = quoted.and_then(|(_, rest)| rest.split_once('"'));
    value.map(|(uri, _)| uri).ok_or(PlaylistError::NoAddress)
}

/// Why a text is no media playlist to listen by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaylistError {
    /// It does not begin as one.
    #[error("the answer is no playlist")]
    NoPlaylist,
    /// It has no target duration: a multivariant playlist has none either.
    #[error("the playlist has no target duration, so it is no media playlist")]
    NoTarget,
    /// A segment has no duration.
    #[error("a segment in the playlist has no duration")]
    NoDuration,
    /// Its head has no address.
    #[error("the head in the playlist has no address")]
    NoAddress,
    /// A number is none, or out of bounds.
    #[error("the playlist has {got:?} where a number must be")]
    Number {
        /// What stands there, its beginning.
        got: String,
    },
    /// It lists more than [`PLAYLIST_SEGMENTS_MAX`] segments.
    #[error("the playlist lists more than {PLAYLIST_SEGMENTS_MAX} segments")]
    TooMany,
}

impl PlaylistError {
    fn number(got: &str) -> Self {
        Self::Number {
            got: got.chars().take(20).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_packager_lists_is_read() {
        let mut written = stentor_media::package::hls::MediaPlaylist::new(0);
        (1_000..1_003).for_each(|number| written.add(number));
        let text = written.render();
        let read = Playlist::parse(&text).expect("it is one");
        assert_eq!((read.target_us, read.first), (4_000_000, 1_000));
        assert_eq!((read.head, read.ended), (Some("init.mp4"), false));
        let expected = ["hls/1000.m4s", "hls/1001.m4s", "hls/1002.m4s"];
        assert_eq!(read.segments, expected.map(|uri| (uri, 3_600_000)));
        let ended = text + "#EXT-X-ENDLIST\n";
        assert!(Playlist::parse(&ended).expect("it is one").ended);
    }

    #[test]
    fn what_is_no_media_playlist_is_told() {
        let error = |text: &str| Playlist::parse(text).expect_err("it is none");
        assert_eq!(error("<html>"), PlaylistError::NoPlaylist);
        let multivariant = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n";
        assert_eq!(error(multivariant), PlaylistError::NoTarget);
        assert_eq!(
            error("#EXTM3U\n#EXT-X-TARGETDURATION:4\na.m4s\n"),
            PlaylistError::NoDuration
        );
        for wrong in [
            "#EXTINF:x,",
            "#EXTINF:-1,",
            "#EXTINF:inf,",
            "#EXT-X-MEDIA-SEQUENCE:-1",
        ] {
            let got = error(&format!("#EXTM3U\n{wrong}\n"));
            assert!(matches!(got, PlaylistError::Number { .. }), "{wrong}");
        }
        let segments = "#EXTINF:1,\na.m4s\n".repeat(PLAYLIST_SEGMENTS_MAX + 1);
        let many = format!("#EXTM3U\n#EXT-X-TARGETDURATION:4\n{segments}");
        assert_eq!(error(&many), PlaylistError::TooMany);
    }
}
