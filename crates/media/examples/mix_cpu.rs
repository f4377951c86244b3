//! What one event costs: CPU time for each second of sound with a number of speakers who all talk.
//!
//! Decodes every speaker, mixes, encodes each speaker's return, each stem and the three renditions: what the mixing
//! thread of a room does, without network and packaging. Prints one line of JSON. Run it optimised, on Linux.
//!
//! ```text
//! mix_cpu [speakers, default 8] [seconds, default 20]
//! ```

use std::env;
use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use stentor_media::mix::{Mixer, MixerConfig, StripId, StripKind, StripPlace, TickOut};
use stentor_media::opus::{
    Encode, EncoderProfile, OpusEncoder, PACKET_BYTES_MAX, PacketSource, ReceivedPacket,
};
use stentor_media::rendition::{Rendition, TICK_SAMPLES};

/// CPU time of this thread so far: what else the machine does is not counted.
fn cpu_time() -> Result<Duration, Box<dyn Error>> {
    let counts = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let spent = counts
        .split_whitespace()
        .next()
        .ok_or("no CPU time in schedstat")?;
    Ok(Duration::from_nanos(spent.parse()?))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1).map(|argument| argument.parse::<u32>());
    let speakers = arguments.next().transpose()?.unwrap_or(8);
    let seconds = arguments.next().transpose()?.unwrap_or(20);
    let mut room = LoadedMixer::new(speakers)?;
    let ticks = u64::from(seconds) * 50;
    let packets = (0..speakers)
        .map(|speaker| speech(speaker, ticks))
        .collect::<Result<Vec<_>, _>>()?;
    let mut worst = Duration::ZERO;
    for n in 0..ticks {
        let started = cpu_time()?;
        room.tick(n, &packets)?;
        // The first second warms up buffers and caches.
        worst = if n < 50 {
            Duration::ZERO
        } else {
            worst.max(cpu_time()?.saturating_sub(started))
        };
    }
    let milliseconds = |time: Duration| time.as_secs_f64() * 1_000.0 / f64::from(seconds);
    let parts = [room.mixing, room.returns, room.stems, room.programme];
    println!(
        "{}",
        json!({
            "speakers": speakers, "seconds": seconds,
            "cpu_ms_per_s": milliseconds(parts.iter().sum()),
            "decode_and_mix_ms_per_s": milliseconds(parts[0]), "returns_ms_per_s": milliseconds(parts[1]),
            "stems_ms_per_s": milliseconds(parts[2]), "renditions_ms_per_s": milliseconds(parts[3]),
            "worst_tick_ms": worst.as_secs_f64() * 1_000.0,
        })
    );
    Ok(())
}

struct LoadedMixer {
    mixer: Mixer,
    out: TickOut,
    return_encoders: Vec<OpusEncoder>,
    stem_encoders: Vec<OpusEncoder>,
    programme_encoders: Vec<(Rendition, OpusEncoder, Vec<f32>)>,
    packet: Vec<u8>,
    mixing: Duration,
    returns: Duration,
    stems: Duration,
    programme: Duration,
}

impl LoadedMixer {
    fn new(speakers: u32) -> Result<Self, Box<dyn Error>> {
        let mut mixer = Mixer::new(MixerConfig::default())?;
        for id in (0..speakers).map(StripId) {
            mixer.add(id, StripKind::Microphone)?;
            mixer.set_place(id, StripPlace::OnAir)?;
            mixer.set_muted(id, false)?;
        }
        let encoders = |profile| {
            (0..speakers)
                .map(move |_| OpusEncoder::new(profile))
                .collect::<Result<Vec<_>, _>>()
        };
        let programme_encoders = Rendition::ALL
            .into_iter()
            .map(|rendition| {
                OpusEncoder::new(EncoderProfile::Programme(rendition))
                    .map(|encoder| (rendition, encoder, Vec::new()))
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            mixer,
            out: TickOut::default(),
            return_encoders: encoders(EncoderProfile::Return)?,
            stem_encoders: encoders(EncoderProfile::Stem)?,
            programme_encoders,
            packet: vec![0; PACKET_BYTES_MAX],
            mixing: Duration::ZERO,
            returns: Duration::ZERO,
            stems: Duration::ZERO,
            programme: Duration::ZERO,
        })
    }

    fn tick(&mut self, n: u64, packets: &[Vec<Bytes>]) -> Result<(), Box<dyn Error>> {
        let started = cpu_time()?;
        for (id, stream) in packets.iter().enumerate() {
            let packet = ReceivedPacket {
                sequence: n,
                timestamp: n * TICK_SAMPLES as u64,
                arrived_us: n * 20_000 + 3_000,
                bytes: stream[n as usize].clone(),
                from: PacketSource::Primary,
            };
            self.mixer.receive(StripId(id as u32), packet)?;
        }
        self.mixer.tick(n * 20_000 + 20_000, &mut self.out);
        self.mixing += cpu_time()?.saturating_sub(started);
        let started = cpu_time()?;
        for (encoder, strip) in self.return_encoders.iter_mut().zip(&self.out.strips) {
            encoder.encode(&strip.minus, &mut self.packet)?;
        }
        self.returns += cpu_time()?.saturating_sub(started);
        let started = cpu_time()?;
        for (encoder, strip) in self.stem_encoders.iter_mut().zip(&self.out.strips) {
            encoder.encode(&strip.clean, &mut self.packet)?;
        }
        self.stems += cpu_time()?.saturating_sub(started);
        let started = cpu_time()?;
        for (rendition, encoder, frame) in &mut self.programme_encoders {
            frame.extend_from_slice(&self.out.programme);
            if frame.len() == rendition.frame_samples() {
                encoder.encode(frame, &mut self.packet)?;
                frame.clear();
            }
        }
        self.programme += cpu_time()?.saturating_sub(started);
        Ok(())
    }
}

/// Packets of a buzz with syllables: as much work for the codec as a voice.
fn speech(speaker: u32, ticks: u64) -> Result<Vec<Bytes>, Box<dyn Error>> {
    let mut encoder = OpusEncoder::new(EncoderProfile::Return)?;
    let mut packet = vec![0; PACKET_BYTES_MAX];
    let pitch_hz = 90.0 + 17.0 * f64::from(speaker);
    (0..ticks)
        .map(|n| {
            let mut pcm = [0.0; TICK_SAMPLES];
            for (i, x) in pcm.iter_mut().enumerate() {
                let t = (n * TICK_SAMPLES as u64 + i as u64) as f64 / 48_000.0;
                let buzz: f64 = (1..20)
                    .map(|k| {
                        (std::f64::consts::TAU * pitch_hz * f64::from(k) * t).sin() / f64::from(k)
                    })
                    .sum();
                *x = (0.08
                    * buzz
                    * (std::f64::consts::TAU * 2.0 * t + f64::from(speaker))
                        .sin()
                        .abs()) as f32;
            }
            let length = encoder.encode(&pcm, &mut packet)?;
            Ok(Bytes::copy_from_slice(&packet[..length]))
        })
        .collect()
}
