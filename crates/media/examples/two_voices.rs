//! The whole way in one page: two voices are mixed, packaged, and verified as a listener would.
//!
//! ```text
//! cargo run -p stentor-media --example two_voices
//! ```

use std::error::Error;
use std::f32::consts::TAU;

use stentor_media::mix::{Mixer, MixerConfig, StripId, StripKind, StripPlace, TickOut};
use stentor_media::package::{Packager, PackagerConfig, Published};
use stentor_media::rendition::{COMMON_BOUNDARY_SAMPLES, Rendition, SAMPLE_RATE_HZ, TICK_SAMPLES};
use stentor_media::verify::{StreamVerifier, VerifierEvent};

/// Time of a tick, in microseconds.
const TICK_US: u64 = 20_000;

/// 20 ms of a tone, which stands for a voice.
fn tone(hz: f32, tick: u64) -> [f32; TICK_SAMPLES] {
    std::array::from_fn(|index| {
        let t = (tick as usize * TICK_SAMPLES + index) as f32 / SAMPLE_RATE_HZ as f32;
        0.2 * (TAU * hz * t).sin()
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut mixer = Mixer::new(MixerConfig::default())?;
    for voice in [StripId(1), StripId(2)] {
        mixer.add(voice, StripKind::InProcess)?;
        mixer.set_place(voice, StripPlace::OnAir)?;
        mixer.set_muted(voice, false)?;
    }
    let mut packager = Packager::new(PackagerConfig {
        first_position: COMMON_BOUNDARY_SAMPLES,
        epoch_unix_ms: 0,
    })?;
    let (mut mixed, mut published) = (TickOut::default(), Vec::new());
    for tick in 0..120 {
        mixer.receive_pcm(StripId(1), &tone(220.0, tick))?;
        mixer.receive_pcm(StripId(2), &tone(330.0, tick))?;
        mixer.tick(tick * TICK_US, &mut mixed);
        packager.push(&mixed.programme, (tick * TICK_US) as i64, &mut published)?;
    }

    let mut verifier = StreamVerifier::new(Rendition::Full);
    let mut findings = Vec::new();
    verifier.receive(0, &Packager::head(), &mut findings)?;
    for item in &published {
        if let Published::Chunk(chunk) = item
            && chunk.rendition == Rendition::Full
        {
            verifier.receive(0, &chunk.bytes, &mut findings)?;
        }
    }
    let totals = verifier.totals();
    println!("{} chunks, {} missing", totals.chunks, totals.missing);
    let faultless = |finding: &VerifierEvent| matches!(finding, VerifierEvent::Chunk { .. });
    assert!(findings.iter().all(faultless), "the stream is whole");
    Ok(())
}
