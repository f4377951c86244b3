//! The jitter buffer alone: what it hands out, how much it holds, how it comes back.

use stentor_media::jitter::{
    DELAY_MAX_US, JitterBuffer, PACKETS_MAX, PAYLOAD_BYTES_MAX, Pull, Pushed, TARGET_MIN_US,
};
use stentor_media::opus::PacketSource;

use crate::sender::{TICK_US, primary, red_copy};
use crate::speech::NoiseSource;

/// A CELT packet of 20 ms whose second byte tells packets apart.
const fn packet(mark: u8) -> [u8; 8] {
    [31 << 3, mark, 0, 0, 0, 0, 0, 0]
}

/// A SILK packet of 20 ms with the LBRR flag: it carries a copy of the one before.
const FEC_PACKET: [u8; 8] = [1 << 3, 0b0100_0000, 0, 0, 0, 0, 0, 0];

const DTX_PACKET: [u8; 1] = [31 << 3];

/// What a pull was, in one letter: a mark, or `L`ost, `F`EC, `S`tarved, silence `_`, idle `.`.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Pulled {
    Mark(u8),
    Red(u8),
    Fec,
    Lost,
    Silence,
    Starved,
    Idle,
}

fn pull(buffer: &mut JitterBuffer, now_us: u64) -> Pulled {
    match buffer.pull(now_us) {
        Pull::Packet {
            payload,
            from: PacketSource::RedCopy,
            ..
        } => Pulled::Red(payload.get(1).copied().unwrap_or(0)),
        Pull::Packet { payload, .. } => Pulled::Mark(payload.get(1).copied().unwrap_or(0)),
        Pull::Fec { .. } => Pulled::Fec,
        Pull::Lost { .. } => Pulled::Lost,
        Pull::Silence { .. } => Pulled::Silence,
        Pull::Starved { .. } => Pulled::Starved,
        Pull::Idle { .. } => Pulled::Idle,
    }
}

/// Time of arrival of packet `n` on a good line, and its timestamp.
const fn arrival(n: u64) -> u64 {
    1_000_000 + n * TICK_US
}
const fn stamp(n: u64) -> u64 {
    500_000 + n * 960
}

fn push(buffer: &mut JitterBuffer, now_us: u64, n: u64) -> Pushed {
    buffer.push(primary(now_us, 100 + n, stamp(n), &packet(n as u8)))
}

/// Pushes packets `0..until` as they come on a good line and pulls 5 ms after each; gives what was pulled.
fn play(buffer: &mut JitterBuffer, packets: std::ops::Range<u64>) -> Vec<Pulled> {
    packets
        .map(|n| {
            assert_eq!(push(buffer, arrival(n), n), Pushed::Stored);
            pull(buffer, arrival(n) + 5_000)
        })
        .collect()
}

#[test]
fn a_good_line_is_played_in_order_with_little_delay() {
    let mut buffer = JitterBuffer::new();
    let got = play(&mut buffer, 0..100);
    let started = got
        .iter()
        .position(|got| *got != Pulled::Idle)
        .expect("it starts");
    assert!(started <= 1, "within one packet");
    for (n, got) in got[started..].iter().enumerate() {
        assert_eq!(*got, Pulled::Mark(n as u8));
    }
    let delay_us = buffer.delay_us(arrival(99) + 5_000, 0).expect("playing");
    assert!(delay_us < 45_000, "{delay_us} µs");
    assert_eq!(buffer.stats().lost, 0);
}

#[test]
fn reordered_and_doubled_packets_are_played_once_and_in_order() {
    let mut buffer = JitterBuffer::new();
    let mut got = play(&mut buffer, 0..20);
    for pair in 10..30 {
        let (first, second) = (pair * 2, pair * 2 + 1);
        // The second overtakes the first; both come twice.
        push(&mut buffer, arrival(first), second);
        push(&mut buffer, arrival(first), first);
        assert_eq!(
            push(&mut buffer, arrival(first) + 1, second),
            Pushed::Duplicate
        );
        push(&mut buffer, arrival(first) + 1, first);
        got.push(pull(&mut buffer, arrival(first) + 5_000));
        got.push(pull(&mut buffer, arrival(second) + 5_000));
    }
    let marks: Vec<u8> = got
        .iter()
        .filter_map(|got| {
            if let Pulled::Mark(mark) = got {
                Some(*mark)
            } else {
                None
            }
        })
        .collect();
    assert!(
        marks.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "{marks:?}"
    );
    assert_eq!(buffer.stats().lost, 0);
    assert!(buffer.stats().duplicates >= 20);
}

#[test]
fn a_lost_packet_is_taken_from_its_red_copy_before_anything_else() {
    let mut buffer = JitterBuffer::new();
    play(&mut buffer, 0..20);
    // 20 is lost; 21 brings a copy of it.
    pull(&mut buffer, arrival(20) + 5_000);
    assert_eq!(
        buffer.push(red_copy(arrival(21), 120, stamp(20), &packet(20))),
        Pushed::Stored
    );
    push(&mut buffer, arrival(21), 21);
    assert_eq!(pull(&mut buffer, arrival(21) + 5_000), Pulled::Red(20));
    assert_eq!(pull(&mut buffer, arrival(22) + 5_000), Pulled::Mark(21));
    assert_eq!(buffer.stats().red_recovered, 1);
    assert_eq!(buffer.stats().lost, 0);
}

#[test]
fn the_copy_of_a_packet_that_came_changes_nothing() {
    let mut buffer = JitterBuffer::new();
    play(&mut buffer, 0..10);
    assert_eq!(
        buffer.push(red_copy(arrival(10), 109, stamp(9), &packet(200))),
        Pushed::Duplicate
    );
    assert_eq!(
        buffer.push(red_copy(arrival(10), 105, stamp(5), &packet(200))),
        Pushed::Late
    );
    assert_eq!(
        buffer.stats().duplicates + buffer.stats().late,
        0,
        "copies are expected"
    );
}

#[test]
fn without_a_copy_the_next_packet_gives_fec_and_without_that_it_is_lost() {
    for (next, expected) in [(FEC_PACKET, Pulled::Fec), (packet(21), Pulled::Lost)] {
        let mut buffer = JitterBuffer::new();
        play(&mut buffer, 0..20);
        // Packet 19 is still held; 20 is lost; 21 is there when 20 is due.
        buffer.push(primary(arrival(20), 121, stamp(21), &next));
        assert_eq!(pull(&mut buffer, arrival(20) + 5_000), Pulled::Mark(19));
        assert_eq!(pull(&mut buffer, arrival(21) + 5_000), expected);
        assert!(
            matches!(pull(&mut buffer, arrival(22) + 5_000), Pulled::Mark(_)),
            "and the next plays itself"
        );
        assert_eq!(buffer.stats().lost, 1);
    }
}

#[test]
fn of_three_lost_packets_the_last_comes_from_fec() {
    let mut buffer = JitterBuffer::new();
    play(&mut buffer, 0..20);
    buffer.push(primary(arrival(20), 123, stamp(23), &FEC_PACKET));
    let got: Vec<Pulled> = (0..5).map(|n| pull(&mut buffer, arrival(20 + n))).collect();
    assert_eq!(
        got,
        [
            Pulled::Mark(19),
            Pulled::Lost,
            Pulled::Lost,
            Pulled::Fec,
            Pulled::Mark(FEC_PACKET[1])
        ]
    );
}

#[test]
fn silence_on_purpose_is_not_loss_and_costs_no_delay() {
    let mut buffer = JitterBuffer::new();
    play(&mut buffer, 0..20);
    let before_us = buffer.delay_us(arrival(19) + 5_000, 0).expect("playing");
    buffer.push(primary(arrival(20), 120, stamp(20), &DTX_PACKET));
    let mut seq = 121;
    for n in 20..120 {
        // A refresh every 400 ms: sequence goes on by one, time by twenty packets.
        if n > 20 && n % 20 == 0 {
            assert_eq!(
                buffer.push(primary(arrival(n), seq, stamp(n), &DTX_PACKET)),
                Pushed::Stored
            );
            seq += 1;
        }
        let got = pull(&mut buffer, arrival(n) + 5_000);
        assert!(
            matches!(got, Pulled::Mark(_) | Pulled::Silence),
            "{got:?} in packet {n}"
        );
    }
    for n in 120..150 {
        buffer.push(primary(arrival(n), seq, stamp(n), &packet(n as u8)));
        seq += 1;
        let got = pull(&mut buffer, arrival(n) + 5_000);
        assert!(
            matches!(got, Pulled::Mark(_) | Pulled::Silence),
            "{got:?} in packet {n}"
        );
    }
    assert_eq!(buffer.stats().lost, 0);
    let after_us = buffer.delay_us(arrival(149) + 5_000, 0).expect("playing");
    assert!(
        (after_us - before_us).abs() <= 20_000,
        "{before_us} then {after_us}"
    );
}

#[test]
fn the_target_follows_the_jitter_up_and_down_again() {
    let mut buffer = JitterBuffer::new();
    let mut dice = NoiseSource::new(1);
    let mut run = |buffer: &mut JitterBuffer, packets: std::ops::Range<u64>, jitter_us: f64| {
        for n in packets {
            push(buffer, arrival(n) + (dice.roll() * jitter_us) as u64, n);
            pull(buffer, arrival(n) + 5_000);
        }
        buffer.target_us()
    };
    let calm = run(&mut buffer, 0..300, 1_000.0);
    let rough = run(&mut buffer, 300..800, 60_000.0);
    let calm_again = run(&mut buffer, 800..1_300, 1_000.0);
    assert!((TARGET_MIN_US..26_000).contains(&calm), "{calm}");
    assert!((70_000..95_000).contains(&rough), "{rough}");
    assert_eq!(calm_again, calm);
}

#[test]
fn the_target_never_leaves_its_bounds() {
    let mut buffer = JitterBuffer::new();
    let mut dice = NoiseSource::new(2);
    for n in 0..2_000 {
        push(
            &mut buffer,
            arrival(n) + (dice.roll() * 900_000.0) as u64,
            n,
        );
        pull(&mut buffer, arrival(n) + 5_000);
        assert!((TARGET_MIN_US..=DELAY_MAX_US).contains(&buffer.target_us()));
        assert!(buffer.len() <= PACKETS_MAX);
    }
}

#[test]
fn after_a_stall_of_two_seconds_nothing_older_than_the_maximum_is_played() {
    let mut buffer = JitterBuffer::new();
    play(&mut buffer, 0..200);
    for n in 200..300 {
        pull(&mut buffer, arrival(n) + 5_000);
    }
    // Everything held up comes at once.
    for n in 200..300 {
        push(&mut buffer, arrival(300), n);
    }
    assert!(buffer.len() <= PACKETS_MAX);
    for n in 300..320 {
        push(&mut buffer, arrival(n), n);
        if let Pulled::Mark(_) = pull(&mut buffer, arrival(n) + 5_000) {
            let delay_us = buffer.delay_us(arrival(n) + 5_000, 960).expect("playing");
            assert!(delay_us < 60_000, "{delay_us} µs in packet {n}");
        }
    }
    assert!(
        buffer.target_us() < 40_000,
        "one stall is no reason to hold more: {}",
        buffer.target_us()
    );
    assert!(matches!(pull(&mut buffer, arrival(320)), Pulled::Mark(_)));
}

#[test]
fn an_outage_is_not_played_afterwards() {
    let mut buffer = JitterBuffer::new();
    play(&mut buffer, 0..50);
    for n in 50..150 {
        pull(&mut buffer, arrival(n) + 5_000);
    }
    // The packets of the outage are lost for good; the line goes on.
    let got: Vec<Pulled> = (150..160)
        .map(|n| {
            push(&mut buffer, arrival(n), n);
            pull(&mut buffer, arrival(n) + 5_000)
        })
        .collect();
    assert!(
        got[2..].iter().all(|got| matches!(got, Pulled::Mark(_))),
        "{got:?}"
    );
    let delay_us = buffer.delay_us(arrival(159) + 5_000, 0).expect("playing");
    assert!(delay_us < 45_000, "{delay_us}");
}

#[test]
fn a_jump_in_sequence_or_time_is_believed_after_three_packets() {
    type Jump = fn(u64) -> (u64, u64);
    let jumps: [(&str, Jump); 6] = [
        ("sequence ahead", |n| (40_000 + n, stamp(n))),
        ("sequence behind", |n| (n - 20, stamp(n))),
        ("time ahead", |n| (100 + n, stamp(n) + 48_000 * 3_600)),
        ("time behind", |n| (100 + n, stamp(n) - 480_000)),
        ("both ahead", |n| (60_000 + n, stamp(n) + 900_000)),
        ("time back to nought", |n| (100 + n, (n - 50) * 960)),
    ];
    for (name, jump) in jumps {
        let mut buffer = JitterBuffer::new();
        play(&mut buffer, 0..50);
        let mut played = 0;
        for n in 50..80 {
            let (seq, timestamp) = jump(n);
            buffer.push(primary(arrival(n), seq, timestamp, &packet(n as u8)));
            played +=
                u32::from(pull(&mut buffer, arrival(n) + 5_000) == Pulled::Mark((n - 1) as u8));
        }
        assert!(
            played >= 20,
            "{name}: {played} of 30 played, {:?}",
            buffer.stats()
        );
        assert!(
            buffer
                .delay_us(arrival(79) + 5_000, 0)
                .is_some_and(|delay| delay < 60_000),
            "{name}"
        );
    }
}

#[test]
fn single_wrong_packets_do_not_break_the_stream() {
    let mut buffer = JitterBuffer::new();
    let mut dice = NoiseSource::new(3);
    let mut lost = 0;
    for n in 0..500 {
        push(&mut buffer, arrival(n), n);
        // A spoofed packet now and then: anything in it.
        if n % 5 == 4 {
            let (seq, timestamp) = ((dice.roll() * 1e15) as u64, (dice.roll() * 1e18) as u64);
            assert_eq!(
                buffer.push(primary(arrival(n), seq, timestamp, &packet(0))),
                Pushed::Suspect
            );
        }
        lost +=
            u32::from(n > 5 && !matches!(pull(&mut buffer, arrival(n) + 5_000), Pulled::Mark(_)));
    }
    assert_eq!((lost, buffer.stats().jumps), (0, 0));
    assert_eq!(buffer.stats().refused, 100);
}

#[test]
fn malformed_payloads_are_refused_and_memory_is_bounded() {
    let mut buffer = JitterBuffer::new();
    assert_eq!(buffer.push(primary(0, 1, 0, &[])), Pushed::Malformed);
    assert_eq!(
        buffer.push(primary(0, 1, 0, &[0; PAYLOAD_BYTES_MAX + 1])),
        Pushed::Malformed
    );
    assert_eq!(
        buffer.push(primary(0, 1, 0, &[31 << 3; PAYLOAD_BYTES_MAX])),
        Pushed::Stored
    );
    // Nobody pulls: the oldest go.
    for n in 0..PACKETS_MAX as u64 * 3 {
        buffer.push(primary(n * 5_000, 2 + n, 240 * (n + 1), &packet(0)));
        assert!(buffer.len() <= PACKETS_MAX);
    }
    assert_eq!(buffer.len(), PACKETS_MAX);
}

#[test]
fn any_input_at_all_leaves_it_standing() {
    for seed in 0..40 {
        let mut buffer = JitterBuffer::new();
        let mut dice = NoiseSource::new(seed);
        let mut now_us = 0;
        for _ in 0..2_000 {
            let wild = |dice: &mut NoiseSource| match (dice.roll() * 4.0) as u32 {
                0 => u64::MAX - (dice.roll() * 1_000.0) as u64,
                1 => (dice.roll() * 1e3) as u64,
                2 => (dice.roll() * 1e19) as u64,
                _ => now_us * 48 / 1_000,
            };
            let (seq, timestamp) = (wild(&mut dice), wild(&mut dice));
            let payload = [(dice.roll() * 256.0) as u8, (dice.roll() * 256.0) as u8, 0];
            let length = (dice.roll() * 4.0) as usize;
            let pushed = if dice.roll() < 0.3 { red_copy } else { primary };
            buffer.push(pushed(now_us, seq, timestamp, &payload[..length.min(3)]));
            now_us += (dice.roll() * 30_000.0) as u64;
            if dice.roll() < 0.02 {
                buffer.discard(now_us);
            }
            pull(&mut buffer, now_us);
            assert!(
                buffer
                    .error_us(now_us, 960)
                    .is_none_or(|error| error.abs() < i64::MAX / 2)
            );
            assert!(buffer.len() <= PACKETS_MAX);
        }
    }
}

/// What a hostile publisher sends: noise for Opus, sequences that leap, timestamps that leap, nothing at all.
#[test]
fn a_line_of_garbage_with_leaping_clocks_never_holds_up_the_mixer() {
    use crate::sender::open;
    use stentor_media::mix::{Mixer, MixerConfig, StripId, StripKind, TickOut};

    for seed in 0..8 {
        let mut mixer = Mixer::new(MixerConfig::default()).expect("a mixer");
        let id = StripId(1);
        mixer.add(id, StripKind::LineIn).expect("a strip");
        open(&mut mixer, id);
        let mut out = Box::<TickOut>::default();
        let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ (seed << 32) ^ seed;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for n in 0..1_500_u64 {
            let now_us = n * 20_000;
            let leap = if n % 90 == 0 { 100_000_000 } else { 0 };
            let (seq, timestamp) = (1_000 + n + n / 50 * 3_000, 77_000 + n * 960 + leap);
            let length = if n % 31 == 0 { 0 } else { 1 + random() % 300 };
            let payload: Vec<u8> = (0..length).map(|_| random() as u8).collect();
            let packet = primary(now_us, seq, timestamp, &payload);
            mixer.receive(id, packet).expect("the strip is there");
            mixer.tick(now_us, &mut out);
            assert!(out.programme.iter().all(|sample| sample.abs() <= 1.0));
        }
    }
}
