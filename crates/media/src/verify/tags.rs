//! What a file or a stream says of itself in its head, as players read it.

use crate::mp4::{Boxes, StreamError};
use crate::tags::Tags;

/// Version and flags, which stand before what a full box holds (ISO/IEC 14496-12 §4.2).
const FULL_BOX_BYTES: usize = 4;

/// The same of an item's data, with its country and language.
const DATA_HEAD_BYTES: usize = 8;

/// Reads the metadata items of a head (`moov/udta/meta/ilst`), which may have anything behind it. What is not there is empty.
///
/// # Errors
/// When the boxes up to them are none.
pub fn read_tags(bytes: &[u8]) -> Result<Tags, StreamError> {
    let movie = inside(bytes, b"moov")?;
    let meta = inside(inside(movie, b"udta")?, b"meta")?;
    let list = inside(meta.get(FULL_BOX_BYTES..).unwrap_or_default(), b"ilst")?;
    let item = |kind| -> Result<String, StreamError> {
        let data = inside(inside(list, kind)?, b"data")?;
        let text = data.get(DATA_HEAD_BYTES..).unwrap_or_default();
        Ok(String::from_utf8_lossy(text).into_owned())
    };
    Ok(Tags {
        title: item(b"\xa9nam")?,
        artist: item(b"\xa9ART")?,
        date: item(b"\xa9day")?,
        organization: item(b"\xa9pub")?,
    })
}

/// What the first box of a kind holds; nothing where there is none.
fn inside<'a>(bytes: &'a [u8], kind: &[u8; 4]) -> Result<&'a [u8], StreamError> {
    for found in Boxes::new(bytes) {
        let (found, body) = found?;
        if found.0 == *kind {
            return Ok(body);
        }
    }
    Ok(&[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::Packager;

    #[test]
    fn a_head_is_read_as_it_was_written_whatever_follows() {
        let tags = Tags {
            title: "Über\u{00a0}alles: \u{65e5}\u{672c}".to_owned(),
            artist: "Ada".to_owned(),
            date: "2026-05-01".to_owned(),
            organization: "radio.example.org".to_owned(),
        };
        let mut stream = Packager::tagged_head(&tags).to_vec();
        assert_eq!(read_tags(&stream), Ok(tags));
        stream.extend_from_slice(b"\0\0\x10\0moof and not all of it");
        assert!(read_tags(&stream).is_ok());
        assert_eq!(read_tags(&Packager::head()), Ok(Tags::default()));
        assert!(read_tags(b"\0\0\0\x04moov").is_err());
    }

    #[test]
    fn a_part_of_the_tags_is_read_too() {
        let tags = Tags {
            title: "A talk".to_owned(),
            ..Tags::default()
        };
        assert_eq!(read_tags(&Packager::tagged_head(&tags)), Ok(tags));
    }
}
