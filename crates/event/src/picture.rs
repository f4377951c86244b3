//! The picture that a host gives an event: read once, bounded before it is decoded, and written anew.
//!
//! What came is never given out, whatever it was besides a picture (a page, a script, a place where it was taken): what listeners get is a JPEG
//! of ours, of its pixels alone. It takes up to a second of processor time: on a thread that may wait, one at a time.

use std::fmt::Write as _;
use std::io::Cursor;

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits, Rgb, RgbImage};
use sha2::{Digest as _, Sha256};
use stentor_cluster::blobs::{Blobs, BlobsError};
use stentor_cluster::key::Key;
use stentor_core::schedule::Picture;

/// Bytes of a picture as it comes. Beyond: refused, and not read to its end.
pub const PICTURE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Pixels of a picture as it comes: more than a telephone's camera has. Beyond: refused before any of them is decoded.
pub const PICTURE_PIXELS_MAX: u64 = 50_000_000;
/// Pixels of its shorter side. Below: refused, for nobody would see what is on it.
pub const PICTURE_SIDE_MIN: u32 = 200;
/// Pixels of the longer side of what listeners get. What is larger is made smaller.
pub const PICTURE_SIDE_MAX: u32 = 1_600;
/// Memory that decoding may take, in bytes: four for each pixel, and what a decoder needs besides.
const DECODER_BYTES_MAX: u64 = 4 * PICTURE_PIXELS_MAX + 64 * 1024 * 1024;
/// Of 100: above it pictures grow and look the same.
const JPEG_QUALITY: u8 = 82;

/// A picture as it is given out.
#[derive(Clone, Debug)]
pub struct PreparedPicture {
    /// How it is known.
    pub picture: Picture,
    /// It as JPEG.
    pub jpeg: Bytes,
}

/// What came is no picture for an event. Theirs: whoever sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// Another file, or one that is damaged.
    #[error("expected a picture as JPEG, PNG or WebP, got what is none or is damaged")]
    NotAPicture,
    /// Too many bytes.
    #[error("a picture may have {PICTURE_BYTES_MAX} bytes, not more")]
    TooManyBytes,
    /// Too many pixels.
    #[error("a picture may have {PICTURE_PIXELS_MAX} pixels, got {width} × {height}")]
    TooManyPixels {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// Too few pixels.
    #[error(
        "each side of a picture must have at least {PICTURE_SIDE_MIN} pixels, got {width} × {height}"
    )]
    TooSmall {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
}

/// Reads a picture, turns it as its camera was held, and writes it anew.
///
/// # Errors
/// Theirs.
pub fn prepare(bytes: &[u8]) -> Result<PreparedPicture, PictureError> {
    if bytes.len() > PICTURE_BYTES_MAX {
        return Err(PictureError::TooManyBytes);
    }
    let format = image::guess_format(bytes).map_err(|_| PictureError::NotAPicture)?;
    if ![ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP].contains(&format) {
        return Err(PictureError::NotAPicture);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODER_BYTES_MAX);
    reader.limits(limits);
    let mut decoder = reader
        .into_decoder()
        .map_err(|_| PictureError::NotAPicture)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PICTURE_PIXELS_MAX {
        return Err(PictureError::TooManyPixels { width, height });
    }
    if width.min(height) < PICTURE_SIDE_MIN {
        return Err(PictureError::TooSmall { width, height });
    }
    // One that does not say how it was taken is as it is to be seen.
    let orientation = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| PictureError::NotAPicture)?;
    if width.max(height) > PICTURE_SIDE_MAX {
        let (width, height) = fitted(width, height);
        picture = picture.resize_exact(width, height, FilterType::Triangle);
    }
    if let Some(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    let picture = opaque(&picture);
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY)
        .encode_image(&picture)
        .map_err(|_| PictureError::NotAPicture)?;
    let mut name = [0; 16];
    name.copy_from_slice(&Sha256::digest(&jpeg)[..16]);
    let side = |pixels: u32| u16::try_from(pixels).unwrap_or(u16::MAX);
    Ok(PreparedPicture {
        picture: Picture {
            name,
            width: side(picture.width()),
            height: side(picture.height()),
        },
        jpeg: jpeg.into(),
    })
}

/// Sides in the same proportion, the longer one as long as it may be; of a strip the shorter one is at least a pixel.
fn fitted(width: u32, height: u32) -> (u32, u32) {
    let longer = u64::from(width.max(height)).max(1);
    let side = |of: u32| {
        let pixels = u64::from(of) * u64::from(PICTURE_SIDE_MAX) / longer;
        u32::try_from(pixels).unwrap_or(PICTURE_SIDE_MAX).max(1)
    };
    (side(width), side(height))
}

/// What shows through is white.
fn opaque(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let rgba = picture.to_rgba8();
    let mut rgb = RgbImage::new(rgba.width(), rgba.height());
    for (to, from) in rgb.pixels_mut().zip(rgba.pixels()) {
        let [red, green, blue, alpha] = from.0;
        let alpha = u16::from(alpha);
        let over = |colour: u8| {
            let mixed = (u16::from(colour) * alpha + 255 * (255 - alpha)) / 255;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        };
        *to = Rgb([over(red), over(green), over(blue)]);
    }
    rgb
}

/// What the names of all their files begin with.
pub(crate) const FILE_BEGINS: &str = "picture-";

/// What its file and the last part of its address are called: another for each other picture, so that caches may keep it.
fn file_name(picture: &Picture) -> String {
    let mut name = FILE_BEGINS.to_owned();
    for byte in picture.name {
        // Writing to a string does not fail.
        let _ = write!(name, "{byte:02x}");
    }
    name + ".jpg"
}

/// Where it is found.
#[must_use]
pub fn picture_path(slug: &str, picture: &Picture) -> String {
    format!("/e/{slug}/{}", file_name(picture))
}

/// Where it is kept, below its event.
pub(crate) fn picture_key(event: &Key, picture: &Picture) -> Key {
    let key = format!("{event}/{}", file_name(picture));
    Key::new(&key).expect("an address and a short name make a key")
}

/// Keeps the bytes of a picture of an event that nobody runs, for it to be given to it.
///
/// # Errors
/// The operator's.
pub async fn keep(
    blobs: &dyn Blobs,
    event: &Key,
    prepared: &PreparedPicture,
) -> Result<(), BlobsError> {
    let key = picture_key(event, &prepared.picture);
    blobs.put(&key, prepared.jpeg.clone()).await
}

/// Takes the bytes of all pictures of an event away but this one's.
///
/// # Errors
/// The operator's; then some of them may be there.
pub async fn keep_only(
    blobs: &dyn Blobs,
    event: &Key,
    picture: Option<&Picture>,
) -> Result<(), BlobsError> {
    let kept = picture.map(|picture| picture_key(event, picture));
    let begins = format!("{event}/{FILE_BEGINS}");
    for entry in blobs.list(Some(event), None).await? {
        if entry.key.as_str().starts_with(&begins) && Some(&entry.key) != kept.as_ref() {
            blobs.delete(&entry.key).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::png::PngEncoder;
    use image::{ExtendedColorType, ImageEncoder as _, Rgba, RgbaImage};

    fn written(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).expect("a picture");
        bytes.into_inner()
    }

    /// Black, its left half red.
    fn drawn(width: u32, height: u32) -> DynamicImage {
        let red = |x, _| Rgb([if x < width / 2 { 255 } else { 0 }, 0, 0]);
        RgbImage::from_fn(width, height, red).into()
    }

    fn read(prepared: &PreparedPicture) -> RgbImage {
        let picture = image::load_from_memory_with_format(&prepared.jpeg, ImageFormat::Jpeg);
        picture.expect("ours is a JPEG").to_rgb8()
    }

    fn is_red(pixel: &Rgb<u8>) -> bool {
        pixel.0[0] > 200 && pixel.0[1] < 60
    }

    #[test]
    fn a_picture_of_each_format_is_written_anew_and_no_larger_than_it_may_be() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let prepared = prepare(&written(&drawn(2_000, 500), format)).expect("a picture");
            let Picture { width, height, .. } = prepared.picture;
            assert_eq!((u32::from(width), height), (PICTURE_SIDE_MAX, 400));
            let picture = read(&prepared);
            assert_eq!(picture.dimensions(), (PICTURE_SIDE_MAX, 400));
            assert!(is_red(picture.get_pixel(100, 200)), "{format:?}");
            assert!(!is_red(picture.get_pixel(1_500, 200)), "{format:?}");
        }
        let small = prepare(&written(&drawn(300, 200), ImageFormat::Png)).expect("a picture");
        assert_eq!((small.picture.width, small.picture.height), (300, 200));
    }

    #[test]
    fn the_same_picture_has_the_same_name_and_another_another() {
        let name = |width| {
            let bytes = written(&drawn(width, 300), ImageFormat::Png);
            prepare(&bytes).expect("a picture").picture.name
        };
        assert_eq!(name(300), name(300));
        assert_ne!(name(300), name(301));
    }

    /// An APP1 segment that says: turned by 90 degrees (Exif 2.3, tag 0x0112 with the value 6), and where it was taken.
    fn turned(jpeg: &[u8]) -> Vec<u8> {
        let mut exif =
            b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
        exif.extend_from_slice(b"taken at home");
        let length = u16::try_from(exif.len() + 2).expect("short").to_be_bytes();
        let (start, rest) = jpeg.split_at(2);
        [start, &[0xff, 0xe1], &length, &exif, rest].concat()
    }

    #[test]
    fn it_is_turned_as_it_was_taken_and_says_nothing_of_where() {
        let jpeg = turned(&written(&drawn(400, 300), ImageFormat::Jpeg));
        let prepared = prepare(&jpeg).expect("a picture");
        assert_eq!(
            (prepared.picture.width, prepared.picture.height),
            (300, 400)
        );
        let picture = read(&prepared);
        assert!(is_red(picture.get_pixel(150, 20)) && !is_red(picture.get_pixel(150, 380)));
        let has = |what: &[u8]| prepared.jpeg.windows(what.len()).any(|at| at == what);
        assert!(!has(b"Exif") && !has(b"taken"));
    }

    #[test]
    fn what_is_hidden_in_a_picture_does_not_come_out() {
        let script = b"<script>alert(1)</script>";
        let mut polyglot = written(&drawn(300, 300), ImageFormat::Png);
        polyglot.extend_from_slice(script);
        let prepared = prepare(&polyglot).expect("a picture all the same");
        assert!(!prepared.jpeg.windows(script.len()).any(|at| at == script));
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
        let gif = b"GIF89a\x01\0\x01\0\0\0\0;";
        let cut = &polyglot[..polyglot.len() / 2];
        for none in [&svg[..], &gif[..], b"", b"\xff\xd8\xff", cut] {
            assert_eq!(prepare(none).err(), Some(PictureError::NotAPicture));
        }
    }

    /// A PNG that says it is so large, and has the bytes of nothing.
    fn claimed(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        PngEncoder::new(&mut bytes)
            .write_image(&[0], 1, 1, ExtendedColorType::L8)
            .expect("a picture");
        bytes[16..20].copy_from_slice(&width.to_be_bytes());
        bytes[20..24].copy_from_slice(&height.to_be_bytes());
        let sum = crc32(&bytes[12..29]).to_be_bytes();
        bytes[29..33].copy_from_slice(&sum);
        bytes
    }

    /// Of PNG's chunks (ISO 3309).
    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |mut sum, byte| {
            sum ^= u32::from(*byte);
            for _ in 0..8 {
                sum = (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg());
            }
            sum
        })
    }

    #[test]
    fn one_that_is_too_large_or_too_small_is_refused_before_it_is_decoded() {
        let (width, height) = (50_000, 50_000);
        let error = prepare(&claimed(width, height)).err();
        assert_eq!(error, Some(PictureError::TooManyPixels { width, height }));
        for (width, height) in [(1, 1), (PICTURE_SIDE_MIN - 1, 3_000)] {
            let error = prepare(&claimed(width, height)).err();
            assert_eq!(error, Some(PictureError::TooSmall { width, height }));
        }
        let long = vec![0; PICTURE_BYTES_MAX + 1];
        assert_eq!(prepare(&long).err(), Some(PictureError::TooManyBytes));
        assert_eq!(
            PictureError::TooSmall {
                width: 1,
                height: 1
            }
            .to_string(),
            "each side of a picture must have at least 200 pixels, got 1 × 1"
        );
    }

    #[test]
    fn what_shows_through_is_white() {
        let clear: DynamicImage = RgbaImage::from_pixel(300, 300, Rgba([0, 0, 0, 0])).into();
        let prepared = prepare(&written(&clear, ImageFormat::Png)).expect("a picture");
        assert!(read(&prepared).get_pixel(9, 9).0.iter().all(|of| *of > 250));
    }

    #[test]
    fn a_strip_keeps_its_proportion() {
        assert_eq!(fitted(16_000, 200), (1_600, 20));
        assert_eq!(fitted(200, 160_000), (2, 1_600));
    }
}
