//! Speech through loss: the sound a listener of the programme's speaker gets, for a table of speech quality.
//!
//! Reads speech (48 kHz mono: WAV of 16 bit or float, raw `.s16` or raw `.f32`), sends it through the real encoder, a
//! seeded network that loses packets, and the real mixer, and writes what came out as WAV files of 16 bit beside one line
//! of JSON each. A script computes STOI from them against the line without loss. It computes no quality itself.
//!
//! ```text
//! loss_table <speech file> <output folder> [seed]
//! ```

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use bytes::Bytes;
use serde_json::json;
use stentor_media::mix::{Mixer, MixerConfig, StripId, StripKind, StripPlace, StripStats, TickOut};
use stentor_media::opus::{
    Encode, EncoderProfile, OpusEncoder, PACKET_BYTES_MAX, PacketSource, ReceivedPacket,
};
use stentor_media::rendition::TICK_SAMPLES;

const TICK_US: u64 = 20_000;
const SPEAKER: StripId = StripId(1);

/// How packets are lost.
#[derive(Clone, Copy)]
enum Loss {
    /// Each by itself with this chance.
    Random(f64),
    /// Gilbert and Elliott's two states: chance of going bad and good again for each packet, and of losing one while bad.
    Burst {
        to_bad: f64,
        to_good: f64,
        lost_when_bad: f64,
    },
}

impl Loss {
    fn name(self) -> String {
        match self {
            Self::Random(share) => format!("random{:.0}", share * 100.0),
            Self::Burst { .. } => "burst".into(),
        }
    }
}

/// What is done about it.
#[derive(Clone, Copy)]
struct Care {
    /// Copies of earlier packets with each packet (RFC 2198).
    red: usize,
    /// In-band FEC.
    fec: bool,
}

impl Care {
    fn name(self) -> String {
        format!("red{}_fec{}", self.red, u8::from(self.fec))
    }
}

const LOSSES: [Loss; 5] = [
    Loss::Random(0.0),
    Loss::Random(0.05),
    Loss::Random(0.10),
    Loss::Random(0.20),
    // A tenth of the time bad, 100 ms at a time, and then three of four packets are lost: 7.5 % in all.
    Loss::Burst {
        to_bad: 0.022,
        to_good: 0.2,
        lost_when_bad: 0.75,
    },
];

const CARES: [Care; 5] = [
    Care { red: 0, fec: false },
    Care { red: 0, fec: true },
    Care { red: 1, fec: false },
    Care { red: 1, fec: true },
    Care { red: 2, fec: true },
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [speech, folder, rest @ ..] = arguments.as_slice() else {
        return Err("usage: loss_table <speech file> <output folder> [seed]".into());
    };
    let seed = rest.first().map_or(Ok(1), |seed| seed.parse())?;
    let sound = read_sound(Path::new(speech))?;
    fs::create_dir_all(folder)?;
    for loss in LOSSES {
        for care in CARES {
            let (heard, stats, lost_on_wire) = travel(&sound, loss, care, seed)?;
            let file = format!("{}_{}.wav", loss.name(), care.name());
            fs::write(Path::new(folder).join(&file), wav(&heard))?;
            println!(
                "{}",
                json!({
                    "file": file, "loss": loss.name(), "red": care.red, "fec": care.fec, "seed": seed,
                    "seconds": sound.len() as f64 / 48_000.0, "lost_on_wire": lost_on_wire, "lost": stats.lost,
                    "red_recovered": stats.red_recovered, "fec_recovered": stats.fec_recovered,
                    "concealed": stats.concealed, "delay_ms": stats.buffer_ms,
                })
            );
        }
    }
    Ok(())
}

/// One run: the sound of the strip as the stem has it (no level riding), its counts, and the share lost on the wire.
fn travel(
    sound: &[f32],
    loss: Loss,
    care: Care,
    seed: u64,
) -> Result<(Vec<f32>, StripStats, f64), Box<dyn Error>> {
    let mut mixer = Mixer::new(MixerConfig { bed: false })?;
    mixer.add(SPEAKER, StripKind::Microphone)?;
    mixer.set_place(SPEAKER, StripPlace::OnAir)?;
    mixer.set_muted(SPEAKER, false)?;
    let mut encoder = OpusEncoder::new(EncoderProfile::Return)?;
    // Without FEC the bits go into the sound itself: an honest comparison at the same rate.
    encoder.set_loss_percent(if care.fec { 15 } else { 0 })?;
    let mut network = Network {
        loss,
        dice: LossDice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
        bad: false,
    };
    let mut past: Vec<Bytes> = Vec::new();
    let (mut heard, mut out, mut lost) =
        (Vec::with_capacity(sound.len()), TickOut::default(), 0_u64);
    let ticks = sound.len() / TICK_SAMPLES;
    for (n, pcm) in sound.chunks_exact(TICK_SAMPLES).enumerate() {
        let mut packet = vec![0; PACKET_BYTES_MAX];
        let length = encoder.encode(pcm, &mut packet)?;
        packet.truncate(length);
        let packet = Bytes::from(packet);
        // Up to 8 ms of jitter, as over a fair line.
        let arrival_us = n as u64 * TICK_US + 2_000 + (network.dice.roll() * 8_000.0) as u64;
        if network.loses() {
            lost += 1;
        } else {
            for back in (1..=care.red.min(past.len())).rev() {
                let copy = past[past.len() - back].clone();
                let from = PacketSource::RedCopy;
                mixer.receive(SPEAKER, numbered(n - back, arrival_us, copy, from))?;
            }
            let from = PacketSource::Primary;
            mixer.receive(SPEAKER, numbered(n, arrival_us, packet.clone(), from))?;
        }
        past.push(packet);
        mixer.tick((n as u64 + 1) * TICK_US, &mut out);
        heard.extend_from_slice(&out.strips[0].clean);
    }
    let stats = out
        .strips
        .first()
        .map(|strip| strip.stats)
        .unwrap_or_default();
    Ok((heard, stats, lost as f64 / ticks.max(1) as f64))
}

/// Packet `n` of a stream of one packet a tick.
fn numbered(n: usize, arrived_us: u64, bytes: Bytes, from: PacketSource) -> ReceivedPacket {
    ReceivedPacket {
        sequence: n as u64,
        timestamp: n as u64 * TICK_SAMPLES as u64,
        arrived_us,
        bytes,
        from,
    }
}

struct Network {
    loss: Loss,
    dice: LossDice,
    bad: bool,
}

impl Network {
    fn loses(&mut self) -> bool {
        match self.loss {
            Loss::Random(share) => self.dice.roll() < share,
            Loss::Burst {
                to_bad,
                to_good,
                lost_when_bad,
            } => {
                let turn = if self.bad { to_good } else { to_bad };
                self.bad ^= self.dice.roll() < turn;
                self.bad && self.dice.roll() < lost_when_bad
            }
        }
    }
}

/// Xorshift64* (Vigna 2016).
struct LossDice(u64);

impl LossDice {
    fn roll(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn read_sound(path: &Path) -> Result<Vec<f32>, Box<dyn Error>> {
    let bytes = fs::read(path)?;
    let s16 = |bytes: &[u8]| {
        bytes
            .chunks_exact(2)
            .map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32_768.0)
            .collect::<Vec<_>>()
    };
    let f32s = |bytes: &[u8]| {
        bytes
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect::<Vec<_>>()
    };
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("f32") => return Ok(f32s(&bytes)),
        Some("s16" | "raw") => return Ok(s16(&bytes)),
        _ => {}
    }
    if bytes.get(..4) != Some(b"RIFF") || bytes.get(8..12) != Some(b"WAVE") {
        return Err("not a WAV file (name raw files .s16 or .f32)".into());
    }
    let field = |at: usize, length: usize| -> Result<u32, Box<dyn Error>> {
        let bytes = bytes
            .get(at..at + length)
            .ok_or("the WAV file is cut short")?;
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |value, byte| value << 8 | u32::from(*byte)))
    };
    let (mut at, mut format) = (12, None);
    loop {
        let (name, length) = (
            bytes.get(at..at + 4).ok_or("the WAV file has no data")?,
            field(at + 4, 4)? as usize,
        );
        match name {
            b"fmt " => {
                format = Some((
                    field(at + 8, 2)?,
                    field(at + 10, 2)?,
                    field(at + 12, 4)?,
                    field(at + 22, 2)?,
                ))
            }
            b"data" => {
                let data = &bytes[at + 8..(at + 8).saturating_add(length).min(bytes.len())];
                return match format {
                    Some((1, 1, 48_000, 16)) => Ok(s16(data)),
                    Some((3, 1, 48_000, 32)) => Ok(f32s(data)),
                    other => Err(
                        format!("expected 48 kHz mono of 16 bit or float, got {other:?}").into(),
                    ),
                };
            }
            _ => {}
        }
        at += 8 + length + length % 2;
    }
}

/// A WAV file of 16 bit, 48 kHz mono.
fn wav(sound: &[f32]) -> Vec<u8> {
    let length = sound.len() as u32 * 2;
    let mut bytes = Vec::with_capacity(44 + sound.len() * 2);
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&(36 + length).to_le_bytes());
    bytes.extend_from_slice(b"WAVEfmt ");
    bytes.extend_from_slice(&16_u32.to_le_bytes());
    bytes.extend_from_slice(&[1, 0, 1, 0]);
    bytes.extend_from_slice(&48_000_u32.to_le_bytes());
    bytes.extend_from_slice(&96_000_u32.to_le_bytes());
    bytes.extend_from_slice(&[2, 0, 16, 0]);
    bytes.extend_from_slice(b"data");
    bytes.extend_from_slice(&length.to_le_bytes());
    for x in sound {
        bytes.extend_from_slice(
            &((x * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16).to_le_bytes(),
        );
    }
    bytes
}
