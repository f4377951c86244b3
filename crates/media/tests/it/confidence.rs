//! The confidence monitor hears what listeners hear.

use stentor_media::package::{Chunk, Published};
use stentor_media::rendition::{Rendition, TICK_SAMPLES};
use stentor_media::verify::confidence::{ConfidenceAlarm, MIX_TICKS_MAX, Monitor};

use crate::support::{self, START};

/// The mix has voice from [`START`] on; what is published is made of `output`. Returns each alarm with its time in ms.
fn watch(
    seconds: u64,
    speech: bool,
    output: impl Fn(u64) -> Option<[f32; TICK_SAMPLES]>,
) -> Vec<(u64, ConfidenceAlarm)> {
    let mut monitor = Monitor::new().unwrap();
    let mut packager = support::packager(START);
    let mut alarms = Vec::new();
    for ms in (0..seconds * 1_000).step_by(20) {
        let position = packager.position();
        alarms.extend(
            monitor
                .mixed(position, &support::voice(position), speech)
                .map(|alarm| (ms, alarm)),
        );
        let mut out = Vec::new();
        let sent = output(ms);
        packager
            .push(&sent.unwrap_or([0.0; TICK_SAMPLES]), 0, &mut out)
            .unwrap();
        for published in out {
            if let Published::Chunk(chunk) = published
                && chunk.rendition == Rendition::Full
                && sent.is_some()
            {
                alarms.extend(monitor.published(&chunk).map(|alarm| (ms, alarm)));
            }
        }
    }
    alarms
}

fn voice_at(ms: u64) -> [f32; TICK_SAMPLES] {
    support::voice(START + ms * 48)
}

#[test]
fn a_sound_programme_raises_no_alarm() {
    assert_eq!(watch(10, true, |ms| Some(voice_at(ms))), []);
}

#[test]
fn a_silent_output_under_speech_is_an_alarm_within_a_second_and_it_clears() {
    let alarms = watch(10, true, |ms| {
        Some(if (3_000..6_000).contains(&ms) {
            [0.0; TICK_SAMPLES]
        } else {
            voice_at(ms)
        })
    });
    let [
        (on, ConfidenceAlarm::OutputSilent),
        (off, ConfidenceAlarm::Cleared),
    ] = alarms[..]
    else {
        panic!("{alarms:?}")
    };
    assert!((3_900..4_400).contains(&on), "{on}");
    assert!((6_300..6_800).contains(&off), "{off}");
}

#[test]
fn a_bed_in_the_place_of_speech_is_an_alarm() {
    let bed = |ms| voice_at(ms).map(|sample| sample * 0.02);
    assert!(matches!(
        watch(3, true, |ms| Some(bed(ms)))[..],
        [(_, ConfidenceAlarm::OutputSilent)]
    ));
}

#[test]
fn silence_is_no_alarm_when_nobody_speaks() {
    assert_eq!(watch(5, false, |_| Some([0.0; TICK_SAMPLES])), []);
}

#[test]
fn a_programme_that_is_not_published_at_all_is_an_alarm() {
    let alarms = watch(10, true, |_| None);
    let [(on, ConfidenceAlarm::OutputSilent)] = alarms[..] else {
        panic!("{alarms:?}")
    };
    assert!(on < MIX_TICKS_MAX as u64 * 20 + 1_200, "{on}");
}

#[test]
fn chunks_that_cannot_be_decoded_count_as_silence() {
    let mut monitor = Monitor::new().unwrap();
    let template = support::chunks(&support::PROGRAMME, Rendition::Full)[0];
    let alarms: Vec<_> = (0..10)
        .filter_map(|chunk| {
            let first = START + chunk * Rendition::Full.chunk_samples();
            (0..10).for_each(|tick| {
                let position = first + tick * TICK_SAMPLES as u64;
                assert_eq!(
                    monitor.mixed(position, &support::voice(position), true),
                    None
                );
            });
            let sequence = first / Rendition::Full.chunk_samples();
            monitor.published(&Chunk {
                sequence,
                bytes: template.bytes.slice(5..),
                ..template.clone()
            })
        })
        .collect();
    assert_eq!(alarms, [ConfidenceAlarm::OutputSilent]);
    assert!(monitor.is_alarmed());
}

#[test]
fn a_mix_that_lost_the_speech_itself_is_an_alarm() {
    let mut monitor = Monitor::new().unwrap();
    let mut packager = support::packager(START);
    let mut out = Vec::new();
    for _ in 0..100 {
        monitor.mixed(packager.position(), &[0.0; TICK_SAMPLES], true);
        packager.push(&[0.0; TICK_SAMPLES], 0, &mut out).unwrap();
    }
    let alarms = support::chunks(&out, Rendition::Full)
        .into_iter()
        .filter_map(|chunk| monitor.published(chunk));
    assert_eq!(alarms.collect::<Vec<_>>(), [ConfidenceAlarm::OutputSilent]);
}
