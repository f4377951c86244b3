//! Positions, boundaries and restarts.

use stentor_core::timeline::{
    BOUNDARY_SAMPLES, SAMPLES_PER_MS, Timeline, UNSAVED_SAMPLES_MAX, next_boundary,
};

const EPOCH: i64 = 1_763_000_000_123;
const TIMELINE: Timeline = Timeline::new(EPOCH);

/// The wall time of a position, in milliseconds since 1970.
fn unix_ms_at(position: u64) -> i64 {
    EPOCH + (position / SAMPLES_PER_MS) as i64
}

#[test]
fn a_position_is_exact_to_the_millisecond_for_a_century() {
    for ms in [0, 1, 19, 20, 1_199, 1_200, 86_400_000, 3_155_760_000_000] {
        assert_eq!(TIMELINE.position_at(EPOCH + ms), ms as u64 * 48);
    }
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
    let last = next_boundary(u64::MAX);
    assert_eq!(last % BOUNDARY_SAMPLES, 0);
    assert_eq!(timeline.resume_after(i64::MAX, u64::MAX), last);
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
    let ten_seconds_later = unix_ms_at(published) + 10_000;
    let resumed = TIMELINE.resume_after(ten_seconds_later, published);
    assert_eq!(resumed, next_boundary(published + 10_000 * SAMPLES_PER_MS));
}

#[test]
fn a_clock_set_back_never_uses_a_position_twice() {
    let published = 100 * BOUNDARY_SAMPLES + 100 * SAMPLES_PER_MS;
    for back_ms in [0, 1, 1_199, 1_200, 1_201, 3_600_000, 315_360_000_000] {
        let unix_ms = unix_ms_at(published) - back_ms;
        let resumed = TIMELINE.resume_after(unix_ms, published);
        // Whatever was published after the last save is stepped over too.
        assert!(resumed >= published + UNSAVED_SAMPLES_MAX, "{back_ms}");
        assert!(resumed < published + UNSAVED_SAMPLES_MAX + BOUNDARY_SAMPLES);
        assert_eq!(resumed % BOUNDARY_SAMPLES, 0);
    }
}

#[test]
fn a_suspended_programme_goes_on_at_the_boundary_that_has_begun_and_never_before_its_end() {
    let end = 10 * BOUNDARY_SAMPLES;
    let resume = |position| TIMELINE.resume_suspended(unix_ms_at(position), end);
    let later = 1_000 * BOUNDARY_SAMPLES;
    assert_eq!(resume(later), later);
    assert_eq!(resume(later + BOUNDARY_SAMPLES - 48), later);
    assert_eq!(resume(end + 48), end);
    assert_eq!(resume(end - 48), end);
    assert_eq!(TIMELINE.resume_suspended(i64::MIN, end), end);
}
