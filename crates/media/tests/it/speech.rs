//! Sound for the tests, computed: a speech-like voice, tones, and ways to measure what comes out.

use stentor_media::rendition::TICK_SAMPLES;

/// A small deterministic random source (xorshift64*, Vigna 2016).
pub(crate) struct NoiseSource(u64);

impl NoiseSource {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Uniform in 0..1.
    pub(crate) fn roll(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// One resonance of a vocal tract.
struct Formant {
    a: [f32; 2],
    gain: f32,
    state: [f32; 2],
}

impl Formant {
    fn new(hz: f32, width_hz: f32, gain: f32) -> Self {
        let r = (-std::f32::consts::PI * width_hz / 48_000.0).exp();
        let w = std::f32::consts::TAU * hz / 48_000.0;
        Self {
            a: [2.0 * r * w.cos(), -r * r],
            gain: gain * (1.0 - r),
            state: [0.0; 2],
        }
    }

    fn run(&mut self, x: f32) -> f32 {
        let y = self.gain * x + self.a[0] * self.state[0] + self.a[1] * self.state[1];
        self.state = [y, self.state[0]];
        y
    }
}

/// A voice at about `level_db` dBFS (RMS while speaking): a glottal buzz with a wandering pitch through formants that
/// change with each syllable, four syllables a second, a breath of noise, and pauses between phrases.
pub(crate) fn voice(pitch_hz: f32, level_db: f32, seconds: f32, seed: u64) -> Vec<f32> {
    let mut dice = NoiseSource::new(seed);
    let samples = (seconds * 48_000.0) as usize;
    let mut sound = Vec::with_capacity(samples);
    let mut phase = 0.0_f32;
    let mut formants = vowel(&mut dice);
    let syllable = 12_000;
    for at in 0..samples {
        if at % syllable == 0 {
            formants = vowel(&mut dice);
        }
        let place = (at % syllable) as f32 / syllable as f32;
        // Phrases of 2.5 s, pauses of 0.5 s.
        let speaking = (at / syllable) % 12 < 10;
        let envelope = if speaking {
            (std::f32::consts::PI * place).sin().max(0.0).sqrt()
        } else {
            0.0
        };
        let wander = 1.0 + 0.08 * (at as f32 / 31_000.0).sin() + 0.05 * (at as f32 / 7_300.0).sin();
        phase = (phase + pitch_hz * wander / 48_000.0).fract();
        let buzz = (1.0 - phase).powi(4) - 0.2;
        let hiss = (dice.roll() as f32 - 0.5) * 0.15;
        let sung: f32 = formants
            .iter_mut()
            .map(|formant| formant.run(buzz + hiss))
            .sum();
        sound.push(sung * envelope);
    }
    scale_speech(&mut sound, level_db);
    // A living room: noise at −75 dBFS.
    for x in &mut sound {
        *x += (dice.roll() as f32 - 0.5) * 6e-4;
    }
    sound
}

fn vowel(dice: &mut NoiseSource) -> Vec<Formant> {
    let spread =
        |dice: &mut NoiseSource, low: f32, high: f32| low + (high - low) * dice.roll() as f32;
    vec![
        Formant::new(spread(dice, 300.0, 750.0), 80.0, 1.0),
        Formant::new(spread(dice, 900.0, 2_200.0), 110.0, 0.6),
        Formant::new(spread(dice, 2_300.0, 3_000.0), 160.0, 0.3),
        Formant::new(3_600.0, 250.0, 0.15),
    ]
}

fn scale_speech(sound: &mut [f32], level_db: f32) {
    let loud: Vec<f32> = sound.iter().map(|x| x * x).filter(|x| *x > 0.0).collect();
    let rms = (loud.iter().sum::<f32>() / loud.len().max(1) as f32).sqrt();
    let gain = 10.0_f32.powf(level_db / 20.0) / rms.max(1e-9);
    sound.iter_mut().for_each(|x| *x *= gain);
}

/// A sine of `amplitude`.
pub(crate) fn tone(hz: f32, amplitude: f32, samples: usize) -> Vec<f32> {
    (0..samples)
        .map(|i| {
            amplitude * (std::f64::consts::TAU * f64::from(hz) * i as f64 / 48_000.0).sin() as f32
        })
        .collect()
}

/// RMS in dBFS.
pub(crate) fn rms_db(sound: &[f32]) -> f32 {
    let power = sound.iter().map(|x| x * x).sum::<f32>() / sound.len().max(1) as f32;
    10.0 * power.max(1e-20).log10()
}

/// Amplitude of one frequency in `sound` (Goertzel as a plain correlation).
pub(crate) fn amplitude_at(sound: &[f32], hz: f32) -> f32 {
    let (mut re, mut im) = (0.0_f64, 0.0_f64);
    for (i, &x) in sound.iter().enumerate() {
        // A Hann window, so that neighbours do not leak.
        let window = 1.0 - (std::f64::consts::TAU * i as f64 / sound.len() as f64).cos();
        let angle = std::f64::consts::TAU * f64::from(hz) * i as f64 / 48_000.0;
        re += f64::from(x) * window * angle.cos();
        im += f64::from(x) * window * angle.sin();
    }
    ((re * re + im * im).sqrt() * 2.0 / sound.len() as f64) as f32
}

/// The `n`th tick of `sound`, going round at its end.
pub(crate) fn tick_of(sound: &[f32], n: usize) -> [f32; TICK_SAMPLES] {
    let ticks = sound.len() / TICK_SAMPLES;
    let start = (n % ticks) * TICK_SAMPLES;
    let mut tick = [0.0; TICK_SAMPLES];
    tick.copy_from_slice(&sound[start..start + TICK_SAMPLES]);
    tick
}
