//! Speech through a bad network to the ear: delay, stalls, loss, drift. Real codec, virtual time, seeded dice.

use stentor_media::mix::{Mixer, MixerConfig, StripId, StripKind, StripStats, TickOut};
use stentor_media::opus::{PacketSource, ReceivedPacket};

use crate::sender::{Sender, TICK_US, open};
use crate::speech::{NoiseSource, rms_db, voice};

/// The line of one speaker with everything that can go wrong on it.
struct NetworkConditions {
    seed: u64,
    /// Share of packets lost.
    loss: f64,
    /// Copies of earlier packets each packet brings.
    red: usize,
    /// Largest extra delay of a packet.
    jitter_us: f64,
    /// Packets sent in this span arrive together at its end.
    stall: Option<(u64, u64)>,
    /// Clock of the sender against ours: 1.0005 is 0.05 % fast.
    clock: f64,
}

const CALM: NetworkConditions = NetworkConditions {
    seed: 1,
    loss: 0.0,
    red: 0,
    jitter_us: 1_000.0,
    stall: None,
    clock: 1.0,
};

struct NetworkOutput {
    sound: Vec<f32>,
    stats: Vec<StripStats>,
}

impl NetworkOutput {
    fn last(&self) -> StripStats {
        *self.stats.last().expect("some ticks")
    }

    /// Largest delay in a span of seconds.
    fn most_ms(&self, from_s: f64, to_s: f64) -> f32 {
        let at = |s: f64| ((s * 50.0) as usize).min(self.stats.len());
        self.stats[at(from_s)..at(to_s)]
            .iter()
            .fold(0.0, |most, stats| most.max(stats.buffer_ms))
    }
}

fn travel(weather: &NetworkConditions, sound: Vec<f32>, seconds: u64) -> NetworkOutput {
    let mut mixer = Mixer::new(MixerConfig { bed: false }).expect("a mixer");
    mixer.add(StripId(1), StripKind::Microphone).expect("added");
    open(&mut mixer, StripId(1));
    let mut sender = Sender::new(1, sound);
    let mut dice = NoiseSource::new(weather.seed);
    // In order of arrival.
    let mut flying: Vec<ReceivedPacket> = Vec::new();
    let mut before: Vec<ReceivedPacket> = Vec::new();
    let mut heard = NetworkOutput {
        sound: Vec::new(),
        stats: Vec::new(),
    };
    let mut out = TickOut::default();
    let mut sent = 0_u64;
    for n in 0..seconds * 50 {
        let now_us = 1_000_000 + n * TICK_US;
        loop {
            let captured_us = (sent as f64 * TICK_US as f64 / weather.clock) as u64;
            if 1_000_000 + captured_us > now_us {
                break;
            }
            sent += 1;
            let mut arrival_us = 1_003_000 + captured_us + (dice.roll() * weather.jitter_us) as u64;
            if let Some((from_us, to_us)) = weather.stall
                && (from_us..to_us).contains(&captured_us)
            {
                arrival_us = 1_003_000 + to_us;
            }
            let packet = sender.packet(arrival_us);
            if dice.roll() >= weather.loss {
                for earlier in before.iter().rev().take(weather.red) {
                    flying.push(ReceivedPacket {
                        arrived_us: arrival_us,
                        from: PacketSource::RedCopy,
                        ..earlier.clone()
                    });
                }
                flying.push(packet.clone());
            }
            before.push(packet);
            if before.len() > 4 {
                before.remove(0);
            }
        }
        flying.sort_by_key(|packet| packet.arrived_us);
        let landed = flying.partition_point(|packet| packet.arrived_us <= now_us);
        for packet in flying.drain(..landed) {
            mixer
                .receive(StripId(1), packet)
                .expect("the strip is there");
        }
        mixer.tick(now_us, &mut out);
        heard.sound.extend_from_slice(&out.strips[0].clean);
        heard.stats.push(out.strips[0].stats);
    }
    heard
}

fn speech() -> Vec<f32> {
    voice(130.0, -20.0, 12.0, 7)
}

#[test]
fn on_a_good_line_nothing_is_touched_and_the_delay_is_small() {
    let heard = travel(&CALM, speech(), 20);
    let stats = heard.last();
    assert_eq!(
        (
            stats.lost,
            stats.concealed,
            stats.late,
            stats.skipped,
            stats.splices
        ),
        (0, 0, 0, 0, 0),
        "{stats:?}"
    );
    assert!(
        heard.most_ms(1.0, 20.0) < 35.0,
        "{} ms",
        heard.most_ms(1.0, 20.0)
    );
}

#[test]
fn mouth_to_mixer_is_short_in_the_sound_itself() {
    // Clicks of 10 ms each second, found again in the output.
    let mut sound = vec![0.0; 48_000];
    sound[24_000..24_480].copy_from_slice(&crate::speech::tone(1_000.0, 0.5, 480));
    let heard = travel(&CALM, sound, 10);
    let onset = heard.sound[8 * 48_000..9 * 48_000]
        .iter()
        .position(|x| x.abs() > 0.1)
        .expect("the click");
    // Sent 3 ms before it is here at the earliest; the sender's packet is given at its start, not its end.
    let delay_ms = (onset as f64 - 24_000.0) / 48.0;
    assert!(
        (0.0..48.0).contains(&delay_ms),
        "{delay_ms} ms from microphone to mixer"
    );
}

#[test]
fn after_a_stall_of_two_seconds_the_delay_is_small_again_within_ten() {
    for jitter_us in [1_000.0, 30_000.0] {
        let weather = NetworkConditions {
            stall: Some((5_000_000, 7_000_000)),
            jitter_us,
            ..CALM
        };
        let heard = travel(&weather, speech(), 20);
        assert!(
            heard.most_ms(0.0, 20.0) <= 220.0,
            "never above the maximum: {}",
            heard.most_ms(0.0, 20.0)
        );
        assert!(
            heard.most_ms(8.0, 20.0) < 100.0,
            "a second after the stall: {} ms",
            heard.most_ms(8.0, 20.0)
        );
        let back = (7.0 * 48_000.0) as usize;
        assert!(
            rms_db(&heard.sound[back + 4_800..back + 96_000]) > -26.0,
            "the speaker is heard at once"
        );
    }
}

#[test]
fn a_spell_of_jitter_is_forgotten() {
    // Three stalls of 150 ms within a second drive the delay up; it must come down.
    let mut mixer = Mixer::new(MixerConfig { bed: false }).expect("a mixer");
    mixer.add(StripId(1), StripKind::Microphone).expect("added");
    open(&mut mixer, StripId(1));
    let mut sender = Sender::new(1, speech());
    let mut out = TickOut::default();
    let mut most = 0.0_f32;
    let mut held = Vec::new();
    for n in 0..1_000_u64 {
        let now_us = n * TICK_US;
        held.push(sender.packet(now_us));
        let stalled = (200..260).contains(&n) && n % 10 < 8;
        if !stalled {
            for packet in held.drain(..) {
                let packet = ReceivedPacket {
                    arrived_us: now_us + 2_000,
                    ..packet
                };
                mixer
                    .receive(StripId(1), packet)
                    .expect("the strip is there");
            }
        }
        mixer.tick(now_us + 5_000, &mut out);
        let ms = out.strips[0].stats.buffer_ms;
        if n < 300 {
            most = most.max(ms);
        } else if n > 260 + 500 {
            assert!(ms < 60.0, "{ms} ms {} s after the spell", (n - 260) / 50);
        }
    }
    assert!(most > 120.0 && most <= 220.0, "it did go up: {most}");
    assert!(
        out.strips[0].stats.splices > 0,
        "and came down by splicing: {:?}",
        out.strips[0].stats
    );
}

#[test]
fn red_recovers_single_losses() {
    let with = |red| {
        travel(
            &NetworkConditions {
                loss: 0.1,
                red,
                ..CALM
            },
            speech(),
            15,
        )
        .last()
    };
    let (none, one, two) = (with(0), with(1), with(2));
    assert!(one.red_recovered > 40, "{one:?}");
    let unheard = |stats: &StripStats| stats.lost - stats.fec_recovered;
    assert!(
        one.lost * 4 < none.lost,
        "{} of {} still lost",
        one.lost,
        none.lost
    );
    assert!(
        two.lost * 20 < none.lost,
        "{} of {} still lost",
        two.lost,
        none.lost
    );
    assert!(
        unheard(&none) * 2 < none.lost,
        "without RED in-band FEC fills most: {none:?}"
    );
    assert!(two.buffer_ms < 100.0);
}

#[test]
fn a_drifting_clock_is_followed_without_a_touch() {
    for clock in [1.0005, 0.9995] {
        let heard = travel(&NetworkConditions { clock, ..CALM }, speech(), 60);
        let stats = heard.last();
        assert_eq!(
            (stats.lost, stats.concealed, stats.skipped, stats.splices),
            (0, 0, 0, 0),
            "{stats:?}"
        );
        assert!(
            (f64::from(stats.drift_ppm) - (clock - 1.0) * 1e6).abs() < 100.0,
            "{stats:?}"
        );
        assert!(
            heard.most_ms(2.0, 60.0) < 40.0,
            "{} ms",
            heard.most_ms(2.0, 60.0)
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_samples() {
    let weather = NetworkConditions {
        seed: 5,
        loss: 0.1,
        red: 1,
        jitter_us: 40_000.0,
        stall: Some((2_000_000, 2_500_000)),
        clock: 1.0002,
    };
    let (one, two) = (travel(&weather, speech(), 8), travel(&weather, speech(), 8));
    assert_eq!(one.sound, two.sound);
    let other = travel(&NetworkConditions { seed: 6, ..weather }, speech(), 8);
    assert_ne!(one.sound, other.sound);
}
