//! Splices: shorter and longer sound without a click or another pitch.

use stentor_media::jitter::stretch::{SPLICE_SAMPLES, SimilarityThreshold, lengthen, shorten};

use crate::speech::{NoiseSource, amplitude_at, tone, voice};

fn largest_step(sound: &[f32]) -> f32 {
    sound
        .windows(2)
        .fold(0.0, |most, pair| most.max((pair[1] - pair[0]).abs()))
}

#[test]
fn a_tone_keeps_its_pitch_and_has_no_step() {
    for hz in [95.0, 210.0, 333.0] {
        let whole = tone(hz, 0.5, 9_600);
        let (mut short, mut long) = (whole.clone(), whole.clone());
        let (cut, added) = (
            shorten(&mut short, SimilarityThreshold::STRICT),
            lengthen(&mut long, SimilarityThreshold::STRICT),
        );
        assert!(cut >= 120 && added >= 120, "{hz} Hz: {cut} and {added}");
        assert_eq!(
            (short.len() + cut, long.len()),
            (whole.len(), whole.len() + added)
        );
        for sound in [&short, &long] {
            assert!(
                largest_step(sound) < largest_step(&whole) * 1.05,
                "a step at {hz} Hz"
            );
            assert!(amplitude_at(sound, hz) > 0.49, "{hz} Hz is gone");
        }
        // Whole periods only.
        let periods = cut as f32 * hz / 48_000.0;
        assert!(
            (periods - periods.round()).abs() < 0.03,
            "{periods} periods of {hz} Hz"
        );
    }
}

#[test]
fn speech_can_be_cut_about_every_other_time_and_noise_only_in_haste() {
    let speech = voice(120.0, -20.0, 4.0, 3);
    let tries: Vec<usize> = speech
        .chunks_exact(2 * SPLICE_SAMPLES)
        .map(|part| shorten(&mut part.to_vec(), SimilarityThreshold::STRICT))
        .collect();
    let done = tries.iter().filter(|cut| **cut > 0).count();
    assert!(done * 3 > tries.len(), "{done} of {}", tries.len());
    let mut dice = NoiseSource::new(1);
    let noise: Vec<f32> = (0..2 * SPLICE_SAMPLES)
        .map(|_| dice.roll() as f32 - 0.5)
        .collect();
    assert_eq!(shorten(&mut noise.clone(), SimilarityThreshold::STRICT), 0);
}

#[test]
fn a_pause_can_always_be_cut() {
    let mut pause = vec![1e-4; 2 * SPLICE_SAMPLES];
    assert!(shorten(&mut pause, SimilarityThreshold::STRICT) > 0);
}

#[test]
fn too_little_sound_is_left_alone() {
    let mut little = tone(200.0, 0.5, SPLICE_SAMPLES - 1);
    assert_eq!(shorten(&mut little, SimilarityThreshold::HASTY), 0);
    assert_eq!(lengthen(&mut little, SimilarityThreshold::HASTY), 0);
    assert_eq!(little.len(), SPLICE_SAMPLES - 1);
}
