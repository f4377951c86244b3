//! The recording of each speaker on the stage.
//!
//! A stem belongs to a seat, not to a session: someone who drops out and comes back goes on in the same one, with silence
//! in between. It ends when the seat leaves the stage or stays away.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use stentor_core::SeatId;
use stentor_media::package::{StemChunk, StemPackager};
use stentor_media::rendition::TICK_SAMPLES;

use super::session::TickPcm;

/// A seat on the stage without a session keeps its stem for this many ticks (30 s).
const ABSENT_TICKS_MAX: u32 = 1_500;

struct Stem {
    packager: StemPackager,
    sound: TickPcm,
    present: bool,
    absent_ticks: u32,
}

/// All stems of a room.
#[derive(Default)]
pub(super) struct StemPackagers {
    by_seat: BTreeMap<SeatId, Stem>,
    chunks: Vec<StemChunk>,
}

impl StemPackagers {
    /// Takes 20 ms of a seat on the stage, played at `position`.
    pub(super) fn add(&mut self, seat: SeatId, position: u64, clean: &TickPcm) {
        if let Entry::Vacant(place) = self.by_seat.entry(seat) {
            match StemPackager::new(position) {
                Ok(packager) => {
                    place.insert(Stem {
                        packager,
                        sound: [0.0; TICK_SAMPLES],
                        present: false,
                        absent_ticks: 0,
                    });
                }
                Err(error) => tracing::error!(%error, %seat, "a speaker cannot be recorded"),
            }
        }
        if let Some(stem) = self.by_seat.get_mut(&seat) {
            // Two sessions of a seat overlap for a moment when one replaces the other.
            stem.sound
                .iter_mut()
                .zip(clean)
                .for_each(|(sum, x)| *sum += x);
            stem.present = true;
        }
    }

    /// Ends the tick: what is ready goes to `out`; stems end whose seat is not on air any more.
    pub(super) fn tick(
        &mut self,
        capture_unix_us: i64,
        on_air: impl Fn(SeatId) -> bool,
        mut out: impl FnMut(SeatId, StemChunk),
    ) {
        let mut ended = Vec::new();
        for (&seat, stem) in &mut self.by_seat {
            stem.absent_ticks = if stem.present {
                0
            } else {
                stem.absent_ticks + 1
            };
            if !on_air(seat) || stem.absent_ticks > ABSENT_TICKS_MAX {
                ended.push(seat);
                continue;
            }
            if let Err(error) = stem
                .packager
                .push(&stem.sound, capture_unix_us, &mut self.chunks)
            {
                tracing::warn!(%error, %seat, "silence stands in a speaker's recording");
            }
            self.chunks.drain(..).for_each(|chunk| out(seat, chunk));
            stem.sound.fill(0.0);
            stem.present = false;
        }
        for seat in ended {
            self.end(seat, &mut out);
        }
    }

    /// Ends all stems.
    pub(super) fn finish(&mut self, mut out: impl FnMut(SeatId, StemChunk)) {
        for seat in self.by_seat.keys().copied().collect::<Vec<_>>() {
            self.end(seat, &mut out);
        }
    }

    fn end(&mut self, seat: SeatId, out: &mut impl FnMut(SeatId, StemChunk)) {
        let last = self
            .by_seat
            .remove(&seat)
            .and_then(|stem| stem.packager.finish());
        if let Some(chunk) = last {
            out(seat, chunk);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEAT: SeatId = SeatId(3);

    /// Runs ticks, speaking in those below `speaks`, on stage in those below `on_stage`; sequences and lengths of chunks.
    fn run(ticks: u32, speaks: u32, on_stage: u32) -> Vec<(u64, u32)> {
        let mut stems = StemPackagers::default();
        let mut chunks = Vec::new();
        for n in 0..ticks {
            let position = u64::from(n) * 960;
            if n < speaks {
                stems.add(SEAT, position, &[0.1; TICK_SAMPLES]);
            }
            stems.tick(
                0,
                |_| n < on_stage,
                |_, chunk| chunks.push((chunk.sequence, chunk.duration_ms)),
            );
        }
        chunks
    }

    #[test]
    fn who_drops_out_goes_on_in_the_same_stem() {
        assert_eq!(run(150, 75, 150), [(0, 1_000), (1, 1_000), (2, 1_000)]);
    }

    #[test]
    fn leaving_the_stage_ends_it_with_what_there_is() {
        assert_eq!(run(200, 200, 60), [(0, 1_000), (1, 200)]);
    }

    #[test]
    fn who_stays_away_is_not_recorded_for_ever() {
        let seconds = run(3_000, 1, 3_000).len() as u32;
        assert_eq!(seconds, ABSENT_TICKS_MAX / 50 + 1);
    }
}
