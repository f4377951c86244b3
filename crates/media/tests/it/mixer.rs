//! The mixer: who hears whom, mute, bed, levels.

use stentor_media::loudness::SILENCE_DB;
use stentor_media::mix::{
    MIX_DELAY_SAMPLES, Mixer, MixerConfig, MixerError, PCM_SAMPLES_MAX, STRIPS_MAX, StripId,
    StripKind, TickOut,
};
use stentor_media::rendition::TICK_SAMPLES;

use crate::sender::{Sender, TICK_US, open, primary};
use crate::speech::{amplitude_at, rms_db, tick_of, tone, voice};

pub(crate) fn mixer() -> Mixer {
    Mixer::new(MixerConfig { bed: false }).expect("a mixer")
}

/// A mixer with wires that carry one sound each, all open. Runs it and gives what came out.
pub(crate) fn run_wires(
    sounds: &[Vec<f32>],
    ticks: usize,
    mut each: impl FnMut(usize, &mut Mixer, &TickOut),
) -> Vec<f32> {
    let mut mixer = mixer();
    for id in 0..sounds.len() as u32 {
        mixer.add(StripId(id), StripKind::InProcess).expect("added");
        open(&mut mixer, StripId(id));
    }
    let mut out = TickOut::default();
    let mut programme = Vec::new();
    for n in 0..ticks {
        for (id, sound) in sounds.iter().enumerate() {
            mixer
                .receive_pcm(StripId(id as u32), &tick_of(sound, n))
                .expect("fits");
        }
        mixer.tick(n as u64 * TICK_US, &mut out);
        programme.extend_from_slice(&out.programme);
        each(n, &mut mixer, &out);
    }
    programme
}

pub(crate) fn integrated_lufs(sound: &[f32]) -> f64 {
    let mut meter = ebur128::EbuR128::new(1, 48_000, ebur128::Mode::I).expect("a meter");
    meter.add_frames_f32(sound).expect("measures");
    meter.loudness_global().expect("a loudness")
}

fn true_peak_db(sound: &[f32]) -> f64 {
    let mut meter = ebur128::EbuR128::new(1, 48_000, ebur128::Mode::TRUE_PEAK).expect("a meter");
    meter.add_frames_f32(sound).expect("measures");
    20.0 * meter.true_peak(0).expect("a peak").log10()
}

#[test]
fn a_return_holds_everybody_but_oneself() {
    let sounds = [
        tone(400.0, 0.1, 48_000),
        tone(700.0, 0.1, 48_000),
        tone(1_100.0, 0.1, 48_000),
    ];
    let mut returns = vec![Vec::new(); 3];
    run_wires(&sounds, 50, |n, _, out| {
        if n >= 10 {
            for (heard, strip) in returns.iter_mut().zip(&out.strips) {
                heard.extend_from_slice(&strip.minus);
            }
        }
    });
    for (own, heard) in returns.iter().enumerate() {
        for (other, hz) in [400.0, 700.0, 1_100.0].into_iter().enumerate() {
            let amplitude = amplitude_at(heard, hz);
            if own == other {
                assert!(amplitude < 5e-5, "strip {own} hears itself at {amplitude}");
            } else {
                assert!(
                    amplitude > 0.03,
                    "strip {own} does not hear {other}: {amplitude}"
                );
            }
        }
    }
}

#[test]
fn a_mute_is_done_within_ten_milliseconds_and_does_not_click() {
    let sounds = [tone(300.0, 0.2, 48_000)];
    let mut applied_at = None;
    let programme = run_wires(&sounds, 60, |n, mixer, out| {
        if n == 39 {
            assert!(!out.strips[0].mute_applied);
            mixer.set_muted(StripId(0), true).expect("there");
        }
        if out.strips[0].mute_applied && applied_at.is_none() {
            applied_at = Some(n);
        }
    });
    assert_eq!(applied_at, Some(40), "in the tick after the order");
    let muted = 40 * TICK_SAMPLES + MIX_DELAY_SAMPLES + 480;
    // The high-pass rings on for a moment inside the fade; after it there is nothing at all.
    assert!(
        programme[muted..].iter().all(|x| x.abs() < 1e-9),
        "sound after the fade"
    );
    let before = &programme[20 * TICK_SAMPLES..40 * TICK_SAMPLES];
    let step = |sound: &[f32]| {
        sound
            .windows(2)
            .fold(0.0_f32, |most, pair| most.max((pair[1] - pair[0]).abs()))
    };
    assert!(
        step(&programme[40 * TICK_SAMPLES..]) <= step(before) * 1.1,
        "the fade makes a step"
    );
}

#[test]
fn an_unmute_fades_in_and_the_programme_has_no_click() {
    let sounds = [tone(300.0, 0.2, 48_000)];
    let programme = run_wires(&sounds, 60, |n, mixer, _| match n {
        19 => mixer.set_muted(StripId(0), true).expect("there"),
        39 => mixer.set_muted(StripId(0), false).expect("there"),
        _ => {}
    });
    let step = |sound: &[f32]| {
        sound
            .windows(2)
            .fold(0.0_f32, |most, pair| most.max((pair[1] - pair[0]).abs()))
    };
    let steady = step(&programme[10 * TICK_SAMPLES..19 * TICK_SAMPLES]);
    assert!(
        step(&programme[20 * TICK_SAMPLES..]) <= steady * 1.2,
        "the fade makes a step"
    );
    assert!(
        rms_db(&programme[45 * TICK_SAMPLES..]) > -25.0,
        "heard again"
    );
}

#[test]
fn quiet_and_loud_speakers_come_out_at_the_target() {
    for level_db in [-37.0, -30.0, -20.0, -8.0] {
        let sounds = [voice(120.0, level_db, 12.0, 3)];
        let programme = run_wires(&sounds, 30 * 50, |_, _, _| {});
        let settled = integrated_lufs(&programme[10 * 48_000..]);
        let whole = integrated_lufs(&programme);
        assert!(
            (settled + 18.0).abs() < 2.0,
            "a voice at {level_db} dBFS settles at {settled:.1} LUFS"
        );
        assert!(
            (whole + 18.0).abs() < 2.0,
            "a voice at {level_db} dBFS is {whole:.1} LUFS over 30 s"
        );
        assert!(
            true_peak_db(&programme) <= -1.0,
            "peaks at {:.2} dBTP",
            true_peak_db(&programme)
        );
    }
}

#[test]
fn a_quiet_and_a_loud_speaker_by_turns_are_equally_loud() {
    let (quiet, loud) = (voice(110.0, -30.0, 12.0, 5), voice(210.0, -12.0, 12.0, 6));
    let silence = vec![0.0; 48_000 * 4];
    let turn =
        |first: &[f32], second: &[f32]| [&first[..48_000 * 4], &second[..48_000 * 4]].concat();
    let sounds = [turn(&quiet, &silence), turn(&silence, &loud)];
    let programme = run_wires(&sounds, 40 * 50, |_, _, _| {});
    // The last turns of both, pauses between phrases left in.
    let one = integrated_lufs(&programme[48_000 * 32..48_000 * 36]);
    let other = integrated_lufs(&programme[48_000 * 36..48_000 * 40]);
    assert!(
        (one + 18.0).abs() < 2.0 && (other + 18.0).abs() < 2.0,
        "{one:.1} and {other:.1} LUFS"
    );
}

#[test]
fn the_programme_never_peaks_above_the_ceiling() {
    // Eight people shouting at once, a square wave and full-scale noise.
    let mut sounds: Vec<Vec<f32>> = (0..8)
        .map(|n| voice(90.0 + 20.0 * n as f32, -6.0, 4.0, n))
        .collect();
    sounds.push(tone(11_900.0, 1.0, 48_000));
    sounds.push(
        tone(100.0, 1.0, 48_000)
            .iter()
            .map(|x| x.signum())
            .collect(),
    );
    let mut returns = Vec::new();
    let programme = run_wires(&sounds, 200, |_, _, out| {
        returns.extend_from_slice(&out.strips[0].minus)
    });
    assert!(
        true_peak_db(&programme) <= -1.0,
        "programme at {:.2} dBTP",
        true_peak_db(&programme)
    );
    assert!(
        true_peak_db(&returns) <= -1.0,
        "return at {:.2} dBTP",
        true_peak_db(&returns)
    );
    assert!(
        rms_db(&programme) > -14.0,
        "it is still loud: {:.1} dB",
        rms_db(&programme)
    );
}

#[test]
fn an_empty_stage_gives_the_bed_and_speech_ends_it() {
    let mut mixer = Mixer::new(MixerConfig::default()).expect("a mixer");
    let mut out = TickOut::default();
    let mut bed = Vec::new();
    for n in 0..500_u64 {
        mixer.tick(n * TICK_US, &mut out);
        assert!(out.bed && !out.mix_has_speech);
        bed.extend_from_slice(&out.programme);
    }
    let lufs = integrated_lufs(&bed[48_000 * 3..]);
    assert!(
        (-44.0..-30.0).contains(&lufs),
        "the bed is at {lufs:.1} LUFS"
    );
    mixer.add(StripId(1), StripKind::InProcess).expect("added");
    open(&mut mixer, StripId(1));
    let speech = voice(140.0, -22.0, 6.0, 1);
    let mut spoke = false;
    for n in 0..300 {
        mixer
            .receive_pcm(StripId(1), &tick_of(&speech, n))
            .expect("fits");
        mixer.tick((500 + n as u64) * TICK_US, &mut out);
        spoke |= out.mix_has_speech;
        assert!(
            n < 20 || !out.bed,
            "the bed is gone 0.4 s after someone has come"
        );
    }
    assert!(spoke);
    mixer.remove(StripId(1)).expect("there");
    let mut back = false;
    for n in 0..200_u64 {
        mixer.tick((800 + n) * TICK_US, &mut out);
        back |= out.bed;
    }
    assert!(back, "the bed comes back");
}

#[test]
fn the_green_room_is_heard_by_nobody_and_by_oneself_only_when_asked() {
    let mut mixer = mixer();
    mixer.add(StripId(0), StripKind::InProcess).expect("added");
    mixer.add(StripId(1), StripKind::InProcess).expect("added");
    mixer.set_muted(StripId(0), false).expect("there");
    open(&mut mixer, StripId(1));
    let sound = tone(500.0, 0.2, 48_000);
    let mut out = TickOut::default();
    for n in 0..60 {
        mixer.set_loopback(StripId(0), n >= 30).expect("there");
        mixer
            .receive_pcm(StripId(0), &tick_of(&sound, n))
            .expect("fits");
        mixer.tick(n as u64 * TICK_US, &mut out);
        assert!(
            rms_db(&out.programme) < -100.0 && rms_db(&out.strips[1].minus) < -100.0,
            "heard from the green room"
        );
        assert!(
            rms_db(&out.strips[0].clean) < -100.0,
            "recorded in the green room"
        );
        assert_eq!(
            rms_db(&out.strips[0].minus) > -30.0,
            n >= 30,
            "loopback in tick {n}"
        );
        assert!(
            n < 5 || out.strips[0].dbfs > -20.0,
            "the meter works in the green room"
        );
    }
}

#[test]
fn loopback_works_while_muted() {
    let mut mixer = mixer();
    mixer.add(StripId(0), StripKind::InProcess).expect("added");
    mixer.set_loopback(StripId(0), true).expect("there");
    let sound = tone(500.0, 0.2, 48_000);
    let mut out = TickOut::default();
    for n in 0..20 {
        mixer
            .receive_pcm(StripId(0), &tick_of(&sound, n))
            .expect("fits");
        mixer.tick(n as u64 * TICK_US, &mut out);
    }
    assert!(rms_db(&out.strips[0].minus) > -30.0);
    assert!(
        out.strips[0].mute_applied,
        "not a sample of it reaches the mix"
    );
}

#[test]
fn garbage_from_one_speaker_disturbs_no_other() {
    let run = |garbage: bool| {
        let mut mixer = mixer();
        let mut good = Sender::new(1, voice(130.0, -20.0, 6.0, 1));
        for id in [1, 2] {
            mixer
                .add(StripId(id), StripKind::Microphone)
                .expect("added");
            open(&mut mixer, StripId(id));
        }
        let mut dice = crate::speech::NoiseSource::new(9);
        let mut out = TickOut::default();
        let mut heard = Vec::new();
        for n in 0..250_u64 {
            good.send(n * TICK_US + 3_000, &mut mixer);
            if garbage {
                // Code 3 packets with impossible counts: refused by any decoder.
                let mut bytes: Vec<u8> = (0..60).map(|_| (dice.roll() * 256.0) as u8).collect();
                (bytes[0], bytes[1]) = (0xff, 0x3f);
                let packet = primary(n * TICK_US + 4_000, n, n * 960, &bytes);
                mixer
                    .receive(StripId(2), packet)
                    .expect("the strip is there");
            }
            mixer.tick(n * TICK_US + TICK_US, &mut out);
            heard.extend_from_slice(&out.strips[1].minus);
        }
        (heard, out.strips[1].stats, out.strips[0].stats)
    };
    let (clean, _, _) = run(false);
    let (disturbed, bad, good) = run(true);
    assert!(bad.garbage > 200, "counted: {bad:?}");
    assert_eq!((good.garbage, good.lost), (0, 0));
    assert_eq!(
        clean, disturbed,
        "the good speaker sounds the same to the last bit"
    );
}

#[test]
fn noise_that_decodes_stays_below_the_ceiling() {
    let mut mixer = mixer();
    mixer.add(StripId(2), StripKind::Microphone).expect("added");
    open(&mut mixer, StripId(2));
    let mut dice = crate::speech::NoiseSource::new(4);
    let mut out = TickOut::default();
    let mut heard = Vec::new();
    for n in 0..400_u64 {
        let length = 3 + (dice.roll() * 200.0) as usize;
        let bytes: Vec<u8> = (0..length).map(|_| (dice.roll() * 256.0) as u8).collect();
        let packet = primary(n * TICK_US, n, n * 960, &bytes);
        mixer
            .receive(StripId(2), packet)
            .expect("the strip is there");
        mixer.tick(n * TICK_US + 1_000, &mut out);
        heard.extend_from_slice(&out.programme);
    }
    assert!(heard.iter().all(|x| x.is_finite()));
    assert!(true_peak_db(&heard) <= -1.0);
}

#[test]
fn a_muted_microphone_is_not_decoded_and_comes_back_at_once() {
    let mut mixer = mixer();
    let mut sender = Sender::new(1, voice(130.0, -20.0, 2.4, 1));
    mixer.add(StripId(1), StripKind::Microphone).expect("added");
    open(&mut mixer, StripId(1));
    let mut out = TickOut::default();
    let mut level = Vec::new();
    for n in 0..300_u64 {
        mixer
            .set_muted(StripId(1), (100..200).contains(&n))
            .expect("there");
        sender.send(n * TICK_US + 3_000, &mut mixer);
        mixer.tick(n * TICK_US + TICK_US, &mut out);
        level.push(rms_db(&out.programme));
        if (102..200).contains(&n) {
            assert_eq!(out.strips[0].dbfs, SILENCE_DB, "nobody listens");
            assert!(out.strips[0].mute_applied);
        }
    }
    assert!(level[102..200].iter().all(|db| *db < -100.0));
    assert!(
        level[204..215].iter().any(|db| *db > -35.0),
        "back within 0.3 s: {:?}",
        &level[200..215]
    );
    assert_eq!(out.strips[0].stats.lost, 0);
    assert!(
        out.strips[0].stats.buffer_ms < 45.0,
        "{:?}",
        out.strips[0].stats
    );
}

#[test]
fn a_voice_is_told_from_noise_and_from_digital_silence() {
    let mut dice = crate::speech::NoiseSource::new(8);
    let noise: Vec<f32> = (0..48_000)
        .map(|_| (dice.roll() as f32 - 0.5) * 0.02)
        .collect();
    let sounds = [voice(180.0, -24.0, 3.0, 2), noise, vec![0.0; 48_000]];
    let mut voiced = [0; 3];
    let mut silent = [0; 3];
    let mut sounded = [0; 3];
    run_wires(&sounds, 150, |_, _, out| {
        for (at, strip) in out.strips.iter().enumerate() {
            voiced[at] += u32::from(strip.voice);
            silent[at] += u32::from(strip.digital_silence);
            sounded[at] += u32::from(strip.sound);
        }
    });
    assert!(voiced[0] > 100, "speech is speech: {voiced:?}");
    assert!(voiced[1] < 5 && voiced[2] == 0, "noise is not: {voiced:?}");
    assert_eq!(silent[2], 150);
    assert_eq!(sounded, [146, 146, 0]);
    assert_eq!(
        (silent[0], silent[1]),
        (0, 0),
        "a pause is not digital silence"
    );
}

#[test]
fn a_microphone_that_sends_nothing_is_reported_silent_after_a_second() {
    let mut mixer = mixer();
    mixer.add(StripId(1), StripKind::Microphone).expect("added");
    let mut out = TickOut::default();
    for n in 0..200_u64 {
        if n == 100 {
            open(&mut mixer, StripId(1));
        }
        mixer.tick(n * TICK_US, &mut out);
        // In the green room already: nobody is to find out on air.
        assert_eq!(out.strips[0].digital_silence, n >= 49, "tick {n}");
        // Within that second it is neither known to be dead nor was it heard.
        assert!(!out.strips[0].sound, "tick {n}");
    }
}

#[test]
fn calls_that_make_no_sense_are_refused_with_a_reason() {
    let mut mixer = mixer();
    assert_eq!(
        mixer.set_muted(StripId(7), true),
        Err(MixerError::UnknownStrip { id: StripId(7) })
    );
    for id in 0..STRIPS_MAX as u32 {
        mixer
            .add(StripId(id), StripKind::InProcess)
            .expect("below the limit");
    }
    assert_eq!(
        mixer.add(StripId(3), StripKind::InProcess),
        Err(MixerError::StripExists { id: StripId(3) })
    );
    assert_eq!(
        mixer.add(StripId(1_000), StripKind::InProcess),
        Err(MixerError::TooManyStrips { max: STRIPS_MAX })
    );
    let refused = mixer
        .receive(StripId(0), primary(0, 1, 1, &[1, 2, 3]))
        .expect_err("a wire takes no packets");
    assert_eq!(
        refused.to_string(),
        "strip 0 is a InProcess and takes no such input"
    );
    mixer
        .receive_pcm(StripId(0), &vec![0.0; PCM_SAMPLES_MAX])
        .expect("exactly full");
    assert_eq!(
        mixer.receive_pcm(StripId(0), &[0.0]),
        Err(MixerError::PcmFull {
            max: PCM_SAMPLES_MAX,
            got: 1
        })
    );
    mixer.remove(StripId(0)).expect("there");
    assert_eq!(
        mixer.remove(StripId(0)),
        Err(MixerError::UnknownStrip { id: StripId(0) })
    );
    assert_eq!(mixer.len(), STRIPS_MAX - 1);
}
