//! Positions, chunks, segments and restarts.

use stentor_core::timeline::{
    BOUNDARY_SAMPLES, SAMPLES_PER_MS, SEGMENT_SAMPLES, TICK_SAMPLES, Timeline, UNSAVED_SAMPLES_MAX,
    chunk_sequence, next_boundary, segment_number,
};

const EPOCH: i64 = 1_763_000_000_123;
const TIMELINE: Timeline = Timeline::new(EPOCH);

/// Samples per chunk of the three renditions.
const CHUNKS: [u64; 3] = [9_600, 19_200, 57_600];

#[test]
fn position_and_wall_time_are_inverse_to_the_millisecond_for_a_century() {
    for ms in [0, 1, 19, 20, 1_199, 1_200, 86_400_000, 3_155_760_000_000] {
        let position = TIMELINE.position_at(EPOCH + ms);
        assert_eq!(position, ms as u64 * 48);
        assert_eq!(TIMELINE.unix_us_at(position), (EPOCH + ms) * 1_000);
    }
    // A tick is 20 ms exactly; a single sample is 20.83 µs, rounded down.
    assert_eq!(
        TIMELINE.unix_us_at(TICK_SAMPLES) - TIMELINE.unix_us_at(0),
        20_000
    );
    assert_eq!(TIMELINE.unix_us_at(1) - TIMELINE.unix_us_at(0), 20);
}

#[test]
fn before_the_epoch_the_position_is_zero() {
    assert_eq!(TIMELINE.position_at(EPOCH - 1), 0);
    assert_eq!(TIMELINE.position_at(i64::MIN), 0);
}

#[test]
fn absurd_clocks_saturate_and_do_not_panic() {
    let timeline = Timeline::new(i64::MIN);
    assert_eq!(timeline.position_at(i64::MAX), u64::MAX);
    assert_eq!(Timeline::new(i64::MAX).unix_us_at(u64::MAX), i64::MAX);
    let last = next_boundary(u64::MAX);
    assert_eq!(last % BOUNDARY_SAMPLES, 0);
    assert_eq!(timeline.resume_after(i64::MAX, u64::MAX), last);
}

#[test]
fn every_boundary_begins_a_chunk_of_every_rendition_and_every_third_a_segment() {
    for boundary in (0..100).map(|n| n * BOUNDARY_SAMPLES) {
        for chunk in CHUNKS {
            assert_eq!(boundary % chunk, 0);
        }
        assert_eq!(boundary % TICK_SAMPLES, 0);
    }
    assert_eq!(SEGMENT_SAMPLES, 3 * BOUNDARY_SAMPLES);
    assert_eq!(BOUNDARY_SAMPLES, 57_600);
}

#[test]
fn chunks_and_segments_are_numbered_by_position_alone() {
    let position = SEGMENT_SAMPLES * 1_000;
    assert_eq!(segment_number(position), 1_000);
    assert_eq!(segment_number(position - 1), 999);
    assert_eq!(
        CHUNKS.map(|chunk| chunk_sequence(position, chunk)),
        [18_000, 9_000, 3_000]
    );
}

#[test]
fn the_next_boundary_is_at_or_after() {
    assert_eq!(next_boundary(0), 0);
    assert_eq!(next_boundary(1), BOUNDARY_SAMPLES);
    assert_eq!(next_boundary(BOUNDARY_SAMPLES), BOUNDARY_SAMPLES);
    assert_eq!(next_boundary(BOUNDARY_SAMPLES + 1), 2 * BOUNDARY_SAMPLES);
}

#[test]
fn a_first_start_is_at_the_next_boundary_of_the_clock() {
    assert_eq!(TIMELINE.resume_after(EPOCH, 0), 0);
    assert_eq!(TIMELINE.resume_after(EPOCH + 1, 0), BOUNDARY_SAMPLES);
}

#[test]
fn after_a_restart_the_clock_decides_and_a_gap_remains() {
    let published = 100 * BOUNDARY_SAMPLES;
    let ten_seconds_later = TIMELINE.unix_us_at(published) / 1_000 + 10_000;
    let resumed = TIMELINE.resume_after(ten_seconds_later, published);
    assert_eq!(resumed, next_boundary(published + 10_000 * SAMPLES_PER_MS));
}

#[test]
fn a_clock_set_back_never_uses_a_position_twice() {
    let published = 100 * BOUNDARY_SAMPLES + 5 * TICK_SAMPLES;
    for back_ms in [0, 1, 1_199, 1_200, 1_201, 3_600_000, 315_360_000_000] {
        let unix_ms = TIMELINE.unix_us_at(published) / 1_000 - back_ms;
        let resumed = TIMELINE.resume_after(unix_ms, published);
        // Whatever was published after the last save is stepped over too.
        assert!(resumed >= published + UNSAVED_SAMPLES_MAX, "{back_ms}");
        assert!(resumed < published + UNSAVED_SAMPLES_MAX + BOUNDARY_SAMPLES);
        assert_eq!(resumed % BOUNDARY_SAMPLES, 0);
    }
}
