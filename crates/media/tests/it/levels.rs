//! Loudness: quiet, loud and changing voices come out alike, and what shall stay as it is does.

use stentor_media::mix::{StripId, TickOut};

use crate::mixer::{integrated_lufs, mixer, run_wires};
use crate::sender::{TICK_US, open, primary};
use crate::speech::{NoiseSource, amplitude_at, rms_db, tone, voice};

/// A voice at a loudness, in a room of so many dBFS of noise.
fn voice_at(lufs: f64, noise_db: f32, pitch_hz: f32, seconds: f32, seed: u64) -> Vec<f32> {
    let mut sound = voice(pitch_hz, -20.0, seconds, seed);
    let gain = 10.0_f64.powf((lufs - integrated_lufs(&sound)) / 20.0) as f32;
    let noise = 10.0_f32.powf(noise_db / 20.0) * 3.0_f32.sqrt();
    let mut dice = NoiseSource::new(seed + 77);
    for x in &mut sound {
        // What is in the sound itself is scaled with it.
        *x = *x * gain + (dice.roll() as f32 * 2.0 - 1.0) * noise;
    }
    sound
}

fn any_out_of_reach(out: &TickOut) -> bool {
    out.strips.iter().any(|strip| strip.out_of_reach)
}

#[test]
fn a_voice_of_any_loudness_is_brought_near_the_target_or_it_is_said_that_it_cannot() {
    for (lufs, noise_db) in [
        (-55.0, -90.0),
        (-50.0, -85.0),
        (-45.0, -80.0),
        (-37.0, -75.0),
        (-25.0, -70.0),
        (-14.0, -70.0),
        (-6.0, -70.0),
    ] {
        let mut said = false;
        let sound = voice_at(lufs, noise_db, 120.0, 12.0, 3);
        let programme = run_wires(&[sound], 24 * 50, |n, _, out| {
            said |= n > 500 && any_out_of_reach(out);
        });
        let got = integrated_lufs(&programme[12 * 48_000..]);
        assert!(
            (got + 18.0).abs() < 3.0,
            "{lufs} LUFS comes out at {got:.1}"
        );
        assert!(!said, "{lufs} LUFS is within reach");
    }
}

#[test]
fn a_voice_that_cannot_be_raised_without_its_noise_is_said_to_be_out_of_reach() {
    for (lufs, noise_db) in [(-55.0, -68.0), (-52.0, -66.0), (-58.0, -74.0)] {
        let mut said_at = None;
        let sound = voice_at(lufs, noise_db, 150.0, 12.0, 5);
        let programme = run_wires(&[sound], 24 * 50, |n, _, out| {
            if any_out_of_reach(out) {
                said_at = said_at.or(Some(n));
            }
        });
        let got = integrated_lufs(&programme[12 * 48_000..]);
        let near = (got + 18.0).abs() < 3.0;
        assert!(
            near || said_at.is_some_and(|n| n < 500),
            "{lufs} in {noise_db}: {got:.1}, said {said_at:?}"
        );
        // Pauses stay what they are.
        let pause = rms_db(&programme[(20.55 * 48_000.0) as usize..(20.95 * 48_000.0) as usize]);
        assert!(pause < -30.0, "a pause at {pause:.1} dBFS");
    }
}

#[test]
fn whoever_is_muted_is_not_out_of_reach_until_they_have_spoken_again() {
    let sound = voice_at(-55.0, -68.0, 150.0, 12.0, 5);
    let (mut before, mut after) = (false, None);
    run_wires(&[sound], 24 * 50, |n, mixer, out| {
        mixer
            .set_muted(StripId(0), (600..700).contains(&n))
            .expect("there");
        before |= n < 600 && any_out_of_reach(out);
        if n > 602 && any_out_of_reach(out) {
            after = after.or(Some(n));
        }
    });
    assert!(before);
    let after = after.expect("said again");
    assert!((750..1_000).contains(&after), "said again at tick {after}");
}

#[test]
fn loud_and_quiet_voices_by_turns_end_alike_whoever_holds_the_microphone() {
    for (loud, quiet, turn_s) in [(-14.0, -45.0, 8), (-18.0, -38.0, 6), (-20.0, -29.0, 10)] {
        for one_microphone in [true, false] {
            let turn = turn_s * 48_000;
            let first = voice_at(loud, -80.0, 120.0, 12.0, 3)[..turn].to_vec();
            let second = voice_at(quiet, -80.0, 210.0, 12.0, 4)[..turn].to_vec();
            let silence = vec![0.0; turn];
            let sounds = if one_microphone {
                vec![[first, second].concat()]
            } else {
                vec![
                    [first, silence.clone()].concat(),
                    [silence, second].concat(),
                ]
            };
            let turns = 6;
            let programme = run_wires(&sounds, turns * turn_s * 50, |_, _, _| {});
            // The second half of the last turn of each.
            let ends: Vec<f64> = (turns - 2..turns)
                .map(|n| integrated_lufs(&programme[n * turn + turn / 2..(n + 1) * turn]))
                .collect();
            let most = ends.iter().copied().fold(f64::MIN, f64::max);
            let least = ends.iter().copied().fold(f64::MAX, f64::min);
            assert!(
                most - least < 4.0,
                "{loud} and {quiet} by turns of {turn_s} s, one microphone {one_microphone}: {ends:.1?}"
            );
        }
    }
}

#[test]
fn what_is_no_voice_is_not_raised() {
    let mut dice = NoiseSource::new(8);
    let noise = |db: f32, dice: &mut NoiseSource| -> Vec<f32> {
        let level = 10.0_f32.powf(db / 20.0) * 3.0_f32.sqrt();
        (0..48_000 * 4)
            .map(|_| (dice.roll() as f32 * 2.0 - 1.0) * level)
            .collect()
    };
    let hum = |hz: f32, db: f32| tone(hz, 10.0_f32.powf(db / 20.0) * 1.414, 48_000 * 4);
    let quiet_then = |mut sound: Vec<f32>| {
        let mut all = vec![0.0; 48_000];
        all.append(&mut sound);
        all
    };
    for (what, sound) in [
        ("noise", noise(-38.0, &mut dice)),
        ("soft noise", noise(-60.0, &mut dice)),
        ("mains", hum(100.0, -62.0)),
        ("mains that begin", quiet_then(hum(100.0, -58.0))),
        ("a fan", hum(170.0, -50.0)),
    ] {
        let before = rms_db(&sound[sound.len() - 96_000..]);
        let programme = run_wires(&[sound], 20 * 50, |_, _, _| {});
        let after = rms_db(&programme[18 * 48_000..]);
        assert!(
            after < before + 6.0,
            "{what}: {before:.1} to {after:.1} dBFS"
        );
    }
}

#[test]
fn original_sound_is_left_as_it_comes() {
    for (what, sound) in [
        ("a bass", tone(41.0, 0.1, 48_000 * 4)),
        ("a soft instrument", tone(440.0, 0.004, 48_000 * 4)),
        ("a loud one", tone(440.0, 0.5, 48_000 * 4)),
        ("a voice", voice(120.0, -40.0, 12.0, 3)),
    ] {
        let whole: Vec<f32> = sound.iter().copied().cycle().take(20 * 48_000).collect();
        let programme = run_wires(&[sound], 20 * 50, |n, mixer, _| {
            if n == 0 {
                mixer.set_original(StripId(0), true).expect("there");
            }
        });
        let (sent, got) = (
            rms_db(&whole[48_000 * 12..]),
            rms_db(&programme[48_000 * 12..]),
        );
        assert!(
            (sent - got).abs() < 0.5,
            "{what}: {sent:.1} to {got:.1} dBFS"
        );
    }
    // The same bass as a voice's is below the high-pass, in the recording, too.
    for original in [false, true] {
        let sound = tone(41.0, 0.1, 48_000);
        let mut clean = Vec::new();
        run_wires(std::slice::from_ref(&sound), 100, |n, mixer, out| {
            mixer.set_original(StripId(0), original).expect("there");
            if n >= 50 {
                clean.extend_from_slice(&out.strips[0].clean);
            }
        });
        let lost = rms_db(&sound) - rms_db(&clean);
        assert_eq!(lost < 0.5, original, "{lost:.1} dB");
        assert_eq!(lost > 9.0, !original, "{lost:.1} dB");
    }
}

#[test]
fn stereo_is_heard_whatever_the_channels_have_in_common() {
    use opus::{Application, Bitrate, Channels, Encoder};
    let one = |n: usize| 0.2 * (std::f32::consts::TAU * 500.0 * n as f32 / 48_000.0).sin();
    let other = |n: usize| 0.2 * (std::f32::consts::TAU * 500.0 * n as f32 / 48_000.0).cos();
    for (what, left, right) in [
        ("the same", 1.0, 1.0),
        ("opposite", 1.0, -1.0),
        ("nearly opposite", 1.0, -0.8),
        ("left only", 1.0, 0.0),
        ("right only", 0.0, 1.0),
        ("a quarter turned", 1.0, f32::NAN),
    ] {
        let mut encoder = Encoder::new(48_000, Channels::Stereo, Application::Audio).unwrap();
        encoder.set_bitrate(Bitrate::Bits(128_000)).unwrap();
        let mut mixer = mixer();
        let id = StripId(1);
        mixer
            .add(id, stentor_media::mix::StripKind::LineIn)
            .unwrap();
        mixer.set_original(id, true).unwrap();
        open(&mut mixer, id);
        let mut out = TickOut::default();
        let mut heard = Vec::new();
        for n in 0..150_u64 {
            let samples = (n as usize * 960..).take(960);
            let pcm: Vec<f32> = samples
                .flat_map(|at| {
                    let second = if right.is_nan() {
                        other(at)
                    } else {
                        right * one(at)
                    };
                    [left * one(at), second]
                })
                .collect();
            let mut bytes = vec![0; 1_276];
            let length = encoder.encode_float(&pcm, &mut bytes).unwrap();
            let packet = primary(n * TICK_US + 3_000, n, n * 960, &bytes[..length]);
            mixer.receive(id, packet).unwrap();
            mixer.tick(n * TICK_US + TICK_US, &mut out);
            heard.extend_from_slice(&out.programme);
        }
        let amplitude = amplitude_at(&heard[96_000..], 500.0);
        // A channel alone, and the difference, are 3 dB softer than the middle at most; one channel of two is half.
        assert!((0.08..0.3).contains(&amplitude), "{what}: {amplitude}");
    }
}
