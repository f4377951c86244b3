//! How the jitter buffer of a speaker behaves when a line stalls and when a clock is off, in figures.
//!
//! The real encoder, the real mixer, virtual time. Prints one line of JSON for each case: how long after a stall of two seconds
//! the delay is below 100 ms for good, and what an hour with a sound card 0.05 % off loses and adds. It judges nothing.
//!
//! ```text
//! jitter_figures [minutes of the clock's run, default 60]
//! ```

use std::env;
use std::error::Error;

use bytes::Bytes;
use serde_json::json;
use stentor_media::mix::{Mixer, MixerConfig, StripId, StripKind, StripPlace, StripStats, TickOut};
use stentor_media::opus::{
    Encode, EncoderProfile, OpusEncoder, PACKET_BYTES_MAX, PacketSource, ReceivedPacket,
};
use stentor_media::rendition::TICK_SAMPLES;

const TICK_US: u64 = 20_000;
const SPEAKER: StripId = StripId(1);
/// Delay of a calm line, from the sender's tick to our socket, µs.
const LINE_US: u64 = 3_000;
/// The first minute of a run lets the buffer and the drift meter settle.
const SETTLE_TICKS: u64 = 60 * 50;

fn main() -> Result<(), Box<dyn Error>> {
    let minutes = env::args()
        .nth(1)
        .map_or(Ok(60), |minutes| minutes.parse::<u64>())?;
    let packets = voice()?;
    for jitter_us in [1_000, 30_000] {
        stall(&packets, jitter_us)?;
    }
    for clock_ppm in [500.0, -500.0] {
        clock(&packets, clock_ppm, minutes)?;
    }
    Ok(())
}

/// A second of something like a voice, as packets.
fn voice() -> Result<Vec<Bytes>, Box<dyn Error>> {
    let mut encoder = OpusEncoder::new(EncoderProfile::Return)?;
    let mut packets = Vec::new();
    for n in 0..50_usize {
        let pcm: Vec<f32> = (n * TICK_SAMPLES..(n + 1) * TICK_SAMPLES)
            .map(|at| at as f32 / 48_000.0)
            .map(|t| {
                let syllable = 0.6 + 0.4 * (t * 4.0 * std::f32::consts::TAU).sin();
                let tones =
                    [140.0, 280.0, 700.0, 1_220.0].map(|hz| (t * hz * std::f32::consts::TAU).sin());
                0.06 * syllable * tones.iter().sum::<f32>()
            })
            .collect();
        let mut packet = vec![0; PACKET_BYTES_MAX];
        let length = encoder.encode(&pcm, &mut packet)?;
        packet.truncate(length);
        packets.push(packet.into());
    }
    Ok(packets)
}

struct FigureRun<'a> {
    mixer: Mixer,
    packets: &'a [Bytes],
    sent: u64,
    out: Box<TickOut>,
}

impl<'a> FigureRun<'a> {
    fn new(packets: &'a [Bytes]) -> Result<Self, Box<dyn Error>> {
        let mut mixer = Mixer::new(MixerConfig { bed: false })?;
        mixer.add(SPEAKER, StripKind::Microphone)?;
        mixer.set_place(SPEAKER, StripPlace::OnAir)?;
        mixer.set_muted(SPEAKER, false)?;
        Ok(Self {
            mixer,
            packets,
            sent: 0,
            out: Box::default(),
        })
    }

    fn receive(&mut self, arrival_us: u64) -> Result<(), Box<dyn Error>> {
        let n = self.sent;
        self.sent += 1;
        let packet = ReceivedPacket {
            sequence: n,
            timestamp: n * TICK_SAMPLES as u64,
            arrived_us: arrival_us,
            bytes: self.packets[(n % self.packets.len() as u64) as usize].clone(),
            from: PacketSource::Primary,
        };
        Ok(self.mixer.receive(SPEAKER, packet)?)
    }

    fn tick(&mut self, now_us: u64) -> StripStats {
        self.mixer.tick(now_us, &mut self.out);
        self.out
            .strips
            .first()
            .map(|strip| strip.stats)
            .unwrap_or_default()
    }
}

/// Nothing comes between 5 s and 7 s, then all of it at once.
fn stall(packets: &[Bytes], jitter_us: u64) -> Result<(), Box<dyn Error>> {
    const STALL_US: std::ops::Range<u64> = 5_000_000..7_000_000;
    let mut run = FigureRun::new(packets)?;
    let (mut most_ms, mut late_until_us) = (0.0_f32, STALL_US.end);
    for n in 0..20 * 50_u64 {
        let now_us = n * TICK_US;
        if !STALL_US.contains(&now_us) {
            while run.sent <= n {
                run.receive(now_us + LINE_US + run.sent * 7_919 % jitter_us)?;
            }
        }
        let stats = run.tick(now_us + LINE_US + jitter_us);
        most_ms = most_ms.max(stats.buffer_ms);
        if now_us > STALL_US.end && stats.buffer_ms >= 100.0 {
            late_until_us = now_us;
        }
    }
    println!(
        "{}",
        json!({
            "case": "stall", "stall_s": 2, "jitter_ms": jitter_us as f64 / 1e3, "most_ms": most_ms,
            "below_100_ms_after_s": (late_until_us - STALL_US.end) as f64 / 1e6,
        })
    );
    Ok(())
}

/// The sender's clock runs `clock_ppm` millionths fast, for this many minutes.
fn clock(packets: &[Bytes], clock_ppm: f64, minutes: u64) -> Result<(), Box<dyn Error>> {
    let interval_us = TICK_US as f64 / (1.0 + clock_ppm / 1e6);
    let mut run = FigureRun::new(packets)?;
    let (mut least_ms, mut most_ms) = (f32::MAX, 0.0_f32);
    let mut last = StripStats::default();
    for n in 0..minutes * 60 * 50 {
        let now_us = n * TICK_US;
        loop {
            let arrival_us =
                (run.sent as f64 * interval_us) as u64 + LINE_US + run.sent * 7_919 % 4_000;
            if arrival_us > now_us + 4_000 {
                break;
            }
            run.receive(arrival_us)?;
        }
        last = run.tick(now_us + 4_000);
        if n > SETTLE_TICKS {
            least_ms = least_ms.min(last.buffer_ms);
            most_ms = most_ms.max(last.buffer_ms);
        }
    }
    println!(
        "{}",
        json!({
            "case": "clock", "clock_ppm": clock_ppm, "minutes": minutes, "lost": last.lost + last.late + last.skipped,
            "concealed": last.concealed, "splices": last.splices,
            "least_ms": least_ms, "most_ms": most_ms, "measured_ppm": last.drift_ppm,
        })
    );
    Ok(())
}
