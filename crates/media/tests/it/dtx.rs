//! A speaker whose encoder pauses (DTX, RFC 6716 §2.1.9): real packets of libopus, sent as browsers send them, through
//! the whole mixer.

use opus::{Application, Bitrate, Channels, Encoder, Signal};
use stentor_media::mix::{Mixer, MixerConfig, StripId, StripKind, StripStats, TickOut};
use stentor_media::opus::packet;
use stentor_media::rendition::TICK_SAMPLES;

use crate::sender::{TICK_US, open, primary};
use crate::speech::{NoiseSource, rms_db, tick_of, voice};

const SECOND: usize = 50;
const STRIP: StripId = StripId(1);

/// An encoder as a browser sets it up.
fn encoder(dtx: bool) -> Encoder {
    let mut encoder = Encoder::new(48_000, Channels::Mono, Application::Voip).expect("libopus");
    encoder
        .set_bitrate(Bitrate::Bits(32_000))
        .expect("a bit rate");
    encoder.set_signal(Signal::Voice).expect("a kind of signal");
    encoder.set_inband_fec(true).expect("FEC");
    encoder.set_dtx(dtx).expect("DTX");
    encoder
}

/// One tick of what was heard.
struct DtxOutput {
    sound: Vec<f32>,
    digital_silence: bool,
}

struct DtxRun {
    ticks: Vec<DtxOutput>,
    /// Packets that left the speaker.
    sent: usize,
    stats: StripStats,
}

/// Speaks `sound` into the programme of a mixer with nobody else and no bed.
fn speak(sound: &[f32], dtx: bool) -> DtxRun {
    let mut mixer = Mixer::new(MixerConfig { bed: false }).expect("a mixer");
    mixer.add(STRIP, StripKind::Microphone).expect("added");
    open(&mut mixer, STRIP);
    let mut encoder = encoder(dtx);
    let mut bytes = [0; 1_276];
    let (mut seq, mut pausing) = (1_000, false);
    let mut out = TickOut::default();
    let mut ticks = Vec::new();
    let mut sent = 0;
    for n in 0..sound.len() / TICK_SAMPLES {
        let length = encoder
            .encode_float(&tick_of(sound, n), &mut bytes)
            .expect("encodes");
        // libwebrtc sends the first packet that says "silent" and no other; the timestamp runs on, the sequence does not.
        let silent = packet::is_dtx(&bytes[..length]);
        let now_us = n as u64 * TICK_US;
        if !(silent && pausing) {
            let timestamp = 77_000 + (n * TICK_SAMPLES) as u64;
            let packet = primary(now_us + 3_000, seq, timestamp, &bytes[..length]);
            mixer.receive(STRIP, packet).expect("the strip is there");
            seq += 1;
            sent += 1;
        }
        pausing = silent;
        mixer.tick(now_us + TICK_US, &mut out);
        ticks.push(DtxOutput {
            sound: out.programme.to_vec(),
            digital_silence: out.strips[0].digital_silence,
        });
    }
    DtxRun {
        ticks,
        sent,
        stats: out.strips[0].stats,
    }
}

/// The noise of a living room at −75 dBFS.
fn room(seconds: usize) -> Vec<f32> {
    let mut dice = NoiseSource::new(5);
    (0..seconds * 48_000)
        .map(|_| (dice.roll() as f32 - 0.5) * 6e-4)
        .collect()
}

fn sound_of(ticks: &[DtxOutput]) -> Vec<f32> {
    ticks.iter().flat_map(|tick| tick.sound.clone()).collect()
}

fn largest_step(sound: &[f32]) -> f32 {
    sound
        .windows(2)
        .fold(0.0, |most, pair| most.max((pair[1] - pair[0]).abs()))
}

#[test]
fn a_pause_of_the_encoder_is_no_loss_makes_no_click_and_speech_comes_back_whole() {
    let speech = voice(130.0, -22.0, 2.4, 3);
    let sound = [speech.clone(), room(4), speech].concat();
    let (with, without) = (speak(&sound, true), speak(&sound, false));
    let ticks = sound.len() / TICK_SAMPLES;
    assert!(
        with.sent < ticks - 2 * SECOND && without.sent == ticks,
        "the encoder paused: {} of {ticks} packets",
        with.sent
    );
    let stats = with.stats;
    assert_eq!(
        (stats.lost, stats.concealed, stats.late, stats.skipped),
        (0, 0, 0, 0),
        "{stats:?}"
    );
    // The pause, from when the last word has died away to just before the next one.
    let pause = sound_of(&with.ticks[150..6 * SECOND + 15]);
    assert!(rms_db(&pause) < -45.0, "{:.1} dB", rms_db(&pause));
    let click = largest_step(&pause);
    assert!(click < 0.005, "a step of {click} in the pause");
    // Every tenth of a second of what is said afterwards, against an encoder that never paused.
    let again = |run: &DtxRun| -> Vec<f32> {
        let ticks = &run.ticks[6 * SECOND + 20..];
        ticks
            .chunks(5)
            .map(|tenth| rms_db(&sound_of(tenth)))
            .collect()
    };
    let (heard, meant) = (again(&with), again(&without));
    for (n, (heard, meant)) in heard.iter().zip(&meant).enumerate() {
        let whole = (heard - meant).abs() < 3.0 || (*heard < -45.0 && *meant < -45.0);
        assert!(whole, "tenth {n}: {heard:.1} instead of {meant:.1} dB");
    }
    assert!(meant.iter().any(|db| *db > -25.0), "something is said");
}

#[test]
fn a_microphone_that_dies_behind_dtx_is_reported_silent_all_the_time_until_it_lives() {
    let speech = voice(130.0, -22.0, 2.4, 3);
    let sound = [speech.clone(), vec![0.0; 6 * 48_000], speech].concat();
    let run = speak(&sound, true);
    assert!(run.sent < 6 * SECOND, "the encoder paused: {}", run.sent);
    let dead = 2 * SECOND + 20;
    for (n, tick) in run.ticks.iter().enumerate() {
        if (dead + SECOND..dead + 6 * SECOND).contains(&n) {
            assert!(tick.digital_silence, "tick {n}, {} after it died", n - dead);
        }
    }
    let lives = &run.ticks[dead + 6 * SECOND + 10..];
    assert!(lives.iter().all(|tick| !tick.digital_silence));
}

#[test]
fn a_quiet_room_behind_dtx_is_not_called_dead() {
    let run = speak(&[voice(130.0, -22.0, 2.4, 3), room(6)].concat(), true);
    assert!(run.sent < 6 * SECOND, "the encoder paused: {}", run.sent);
    let heard = &run.ticks[10..];
    assert!(heard.iter().all(|tick| !tick.digital_silence));
}

#[test]
fn what_a_dead_microphone_was_it_is_until_something_else_comes() {
    let mut mixer = Mixer::new(MixerConfig { bed: false }).expect("a mixer");
    mixer.add(STRIP, StripKind::Microphone).expect("added");
    open(&mut mixer, STRIP);
    let mut encoder = encoder(false);
    let mut bytes = [0; 1_276];
    let mut out = TickOut::default();
    for n in 0..4 * SECOND {
        let now_us = n as u64 * TICK_US;
        // A second of digital silence, then the network gives nothing for three.
        if n < SECOND {
            let length = encoder
                .encode_float(&[0.0; TICK_SAMPLES], &mut bytes)
                .expect("encodes");
            let timestamp = (n * TICK_SAMPLES) as u64;
            let packet = primary(now_us + 3_000, n as u64, timestamp, &bytes[..length]);
            mixer.receive(STRIP, packet).expect("the strip is there");
        }
        mixer.tick(now_us + TICK_US, &mut out);
        assert!(n < 5 || out.strips[0].digital_silence, "tick {n}");
        // Nor is what a codec makes of the first zeros a sound.
        assert!(!out.strips[0].sound, "tick {n}");
    }
}
