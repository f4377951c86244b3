//! The compressed forms of a text, made once for everyone who asks.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use stentor_edge::DocumentBody;

/// Brotli's quality for what is compressed while the server runs: within 1 ‰ of the next one (10,909 bytes of the listener's script
/// for 10,902), which takes eight times as long (2.1 and 16.6 ms) for a table of 32 MB.
const BROTLI_QUALITY: u32 = 8;
/// Brotli's window, as a power of two of bytes: the pages are far smaller.
const BROTLI_WINDOW: u32 = 18;

/// The body of a text document with its compressed forms, made once for everyone.
pub(crate) fn compress(identity: Bytes) -> DocumentBody {
    let gzip = gzip(&identity);
    let mut br = Vec::new();
    let written = brotli::CompressorWriter::new(&mut br, 4096, BROTLI_QUALITY, BROTLI_WINDOW)
        .write_all(&identity)
        .is_ok();
    DocumentBody {
        identity,
        gzip,
        br: written.then(|| Bytes::from(br)),
    }
}

/// A text in gzip, which every player knows and takes a tenth of the time: for what changes all the time.
pub(crate) fn gzip(identity: &[u8]) -> Option<Bytes> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    let written = gzip.write_all(identity).and_then(|()| gzip.finish());
    written.ok().map(Bytes::from)
}
