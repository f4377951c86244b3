//! What it costs a herd to verify one chunk: processor time of scanning a recorded stream, as all its listeners do.
//!
//! Packages some seconds of sound, and lets one listener after the other scan it, piece by piece as the server sends it.
//! Prints one line of JSON. Run it optimised; for instructions instead of time run it twice under callgrind, with as many
//! listeners and with twice as many, and divide the difference.
//!
//! ```text
//! scan_cost [listeners, default 10,000] [hash every so many chunks, default 10; 0 for none]
//! ```

use std::env;
use std::error::Error;
use std::time::Instant;

use serde_json::json;
use stentor_media::package::{Packager, PackagerConfig, Published};
use stentor_media::rendition::{COMMON_BOUNDARY_SAMPLES, Rendition};
use stentor_rehearsal::herd::{ChunkScanner, HashSampling, Scanned};

/// Sound scanned by each listener, in ticks of 20 ms: 12 s, 60 chunks.
const TICKS: i64 = 600;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1).map(|argument| argument.parse::<u32>());
    let listeners = arguments.next().transpose()?.unwrap_or(10_000);
    let every = arguments.next().transpose()?.unwrap_or(10);
    let pieces = stream()?;
    let (mut chunks, mut bytes) = (0_u64, 0_u64);
    let started = Instant::now();
    for offset in 0..listeners {
        let mut scanner = ChunkScanner::default();
        for piece in &pieces {
            scanner.read(HashSampling { every, offset }, piece, |scanned| {
                if let Scanned::Chunk(chunk) = scanned {
                    chunks += 1;
                    bytes += u64::from(chunk.bytes);
                }
            })?;
        }
    }
    let spent = started.elapsed();
    println!(
        "{}",
        json!({
            "listeners": listeners, "hash_every": every, "chunks": chunks, "bytes": bytes,
            "ns_per_chunk": spent.as_secs_f64() * 1e9 / chunks.max(1) as f64,
        })
    );
    Ok(())
}

/// The head, and each chunk of the best rendition.
fn stream() -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let mut packager = Packager::new(PackagerConfig {
        first_position: COMMON_BOUNDARY_SAMPLES,
        epoch_unix_ms: 0,
    })?;
    let mut published = Vec::new();
    for tick in 0..TICKS {
        packager.push(&[0.1; 960], tick * 20_000, &mut published)?;
    }
    let chunks = published.into_iter().filter_map(|item| match item {
        Published::Chunk(chunk) if chunk.rendition == Rendition::Full => Some(chunk.bytes.to_vec()),
        _ => None,
    });
    Ok(std::iter::once(Packager::head().to_vec())
        .chain(chunks)
        .collect())
}
