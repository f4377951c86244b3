//! Who waits in the green room has a meter although nobody hears them, and can be listened to by whoever asks.

use stentor_media::loudness::SILENCE_DB;
use stentor_media::mix::{ATTENDED_MAX, StripId, StripKind, StripPlace, TickOut};

use crate::mixer::mixer;
use crate::sender::{Sender, TICK_US, open};
use crate::speech::{rms_db, tone, voice};

#[test]
fn somebody_muted_in_the_green_room_has_a_true_meter_and_is_heard_by_nobody() {
    for level_db in [-50.0, -30.0, -15.0] {
        let mut mixer = mixer();
        let mut guest = Sender::new(1, voice(130.0, level_db, 6.0, 1));
        mixer.add(StripId(1), StripKind::Microphone).unwrap();
        mixer.add(StripId(2), StripKind::Microphone).unwrap();
        open(&mut mixer, StripId(2));
        let mut out = TickOut::default();
        let (mut loudest, mut voiced, mut pre_listened) = (SILENCE_DB, 0, Vec::new());
        for n in 0..150_u64 {
            guest.send(n * TICK_US + 3_000, &mut mixer);
            mixer.tick(n * TICK_US + TICK_US, &mut out);
            loudest = loudest.max(out.strips[0].dbfs);
            voiced += u32::from(out.strips[0].voice);
            pre_listened.extend_from_slice(mixer.waiting_sound(StripId(1)).unwrap());
            assert!(out.strips[0].mute_applied);
            for silent in [&out.programme, &out.strips[1].minus, &out.strips[0].clean] {
                assert!(rms_db(silent) < -100.0, "heard from the green room");
            }
        }
        // A syllable is some dB above the mean of the voice.
        assert!(
            (level_db - 3.0..level_db + 9.0).contains(&loudest),
            "{level_db}: {loudest}"
        );
        assert!(voiced > 60, "{voiced}");
        // On its way to the level that it will have on the stage.
        let heard = rms_db(&pre_listened[96_000..]);
        assert!((-42.0..-12.0).contains(&heard), "{level_db}: {heard}");
    }
}

#[test]
fn on_the_stage_nobody_is_listened_to_beforehand() {
    for place in [StripPlace::OnStage, StripPlace::OnAir] {
        let mut mixer = mixer();
        let mut guest = Sender::new(1, voice(130.0, -20.0, 6.0, 1));
        mixer.add(StripId(1), StripKind::Microphone).unwrap();
        mixer.set_place(StripId(1), place).unwrap();
        let mut out = TickOut::default();
        for n in 0..100_u64 {
            guest.send(n * TICK_US + 3_000, &mut mixer);
            mixer.tick(n * TICK_US + TICK_US, &mut out);
        }
        // Muted on the stage is not listened to at all.
        assert_eq!(out.strips[0].dbfs, SILENCE_DB);
        assert_eq!(mixer.waiting_sound(StripId(1)), None);
        assert_eq!(mixer.waiting_sound(StripId(7)), None);
    }
}

#[test]
fn a_crowd_in_the_green_room_is_listened_to_by_turns() {
    for waiting in [
        ATTENDED_MAX as u32,
        ATTENDED_MAX as u32 + 1,
        3 * ATTENDED_MAX as u32,
    ] {
        let mut mixer = mixer();
        for id in 0..waiting {
            mixer.add(StripId(id), StripKind::InProcess).unwrap();
        }
        let sound = tone(500.0, 0.1, 960);
        let mut out = TickOut::default();
        let mut ever = vec![false; waiting as usize];
        for n in 0..200_u64 {
            let mut listened = 0;
            for id in 0..waiting {
                mixer.receive_pcm(StripId(id), &sound).unwrap();
            }
            mixer.tick(n * TICK_US, &mut out);
            for (id, ever) in ever.iter_mut().enumerate() {
                let sound = mixer.waiting_sound(StripId(id as u32)).unwrap();
                let is_heard = rms_db(sound) > -60.0;
                listened += usize::from(is_heard);
                *ever |= is_heard;
            }
            assert!(listened <= ATTENDED_MAX, "{listened} of {waiting}");
        }
        assert!(ever.iter().all(|heard| *heard), "of {waiting}: {ever:?}");
        // Between two turns the meter stays.
        assert!(out.strips.iter().all(|strip| strip.dbfs > -30.0));
    }
}

#[test]
fn in_a_crowd_whoever_is_pre_listened_to_has_no_gap() {
    let mut mixer = mixer();
    let waiting = 3 * ATTENDED_MAX as u32;
    for id in 0..waiting {
        mixer.add(StripId(id), StripKind::InProcess).unwrap();
    }
    let sound = tone(500.0, 0.1, 960);
    let mut out = TickOut::default();
    for n in 0..400_u64 {
        // One after the other, whoever's turn it is, and one that is not there.
        let chosen = StripId(n as u32 / 150 * ATTENDED_MAX as u32);
        mixer.pre_listen([chosen, StripId(9_999)]);
        for id in 0..waiting {
            mixer.receive_pcm(StripId(id), &sound).unwrap();
        }
        mixer.tick(n * TICK_US, &mut out);
        let is_heard = |id| rms_db(mixer.waiting_sound(StripId(id)).unwrap()) > -60.0;
        assert!(is_heard(chosen.0), "{chosen:?} in tick {n}");
        let listened = (0..waiting).filter(|id| is_heard(*id)).count();
        assert!(listened <= ATTENDED_MAX + 1, "{listened} in tick {n}");
    }
}
