//! Two channels summed to one without anything being cancelled.
//!
//! A plain sum loses what is in the channels with opposite sign: a wide synthesiser, a cable soldered the wrong way round, one of two
//! microphones. Here the difference of the channels is turned by 90° against their sum before it is added, so that whatever is only in
//! the difference is heard, and what is in the middle stays as it is. A difference that happens to be turned already, the other way
//! round, is added with the other sign.

/// Squared coefficients of two chains of all-pass sections whose outputs are 90° ± 0.7° apart from 50 Hz to 23 kHz; the first chain's comes
/// a sample later (O. Niemitalo, Hilbert transform, 2003).
const MIDDLE: [f32; 4] = [
    0.692_387_8 * 0.692_387_8,
    0.936_065_4 * 0.936_065_4,
    0.988_229_5 * 0.988_229_5,
    0.998_748_8 * 0.998_748_8,
];
const DIFFERENCE: [f32; 4] = [
    0.402_192_1 * 0.402_192_1,
    0.856_171_1 * 0.856_171_1,
    0.972_290_9 * 0.972_290_9,
    0.995_288_5 * 0.995_288_5,
];

/// Share of the difference in the sum. Less than one: turned the worst way, it cannot cancel the middle.
const DIFFERENCE_GAIN: f32 = 0.7;

/// Correlation of the two beyond which the difference is added with the other sign.
const OPPOSED: f32 = -0.3;

/// Share of the way to a new mean that is gone per sample: 40 ms.
const MEAN: f32 = 1.0 / 1_920.0;

/// Change of sign per sample: from one to the other in 20 ms.
const TURN: f32 = 2.0 / 960.0;

/// One section: y(n) = a² (x(n) + y(n−2)) − x(n−2).
#[derive(Debug, Clone, Copy, Default)]
struct Section {
    x: [f32; 2],
    y: [f32; 2],
}

impl Section {
    fn run(&mut self, squared: f32, x: f32) -> f32 {
        let y = squared * (x + self.y[1]) - self.x[1];
        self.x = [x, self.x[0]];
        self.y = [y, self.y[0]];
        y
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Chain([Section; 4]);

impl Chain {
    fn run(&mut self, squared: &[f32; 4], x: f32) -> f32 {
        let sections = self.0.iter_mut().zip(squared);
        sections.fold(x, |x, (section, &a)| section.run(a, x))
    }
}

/// See the [module](self).
#[derive(Debug, Clone, Default)]
pub(super) struct Downmix {
    middle: Chain,
    difference: Chain,
    middle_before: f32,
    /// Mean product of the two, and mean power of each.
    product: f32,
    powers: [f32; 2],
    opposed: bool,
    /// How far the sign has turned, 0 to 1.
    turned: f32,
}

impl Downmix {
    /// Sums samples left, right, left, right… into `mono`, which takes half as many.
    pub(super) fn run(&mut self, stereo: &[f32], mono: &mut [f32]) {
        for (out, pair) in mono.iter_mut().zip(stereo.chunks_exact(2)) {
            *out = self.sum(pair[0], pair[1]);
        }
        // Silence must not leave denormal numbers behind: they are slow.
        let chains = [&mut self.middle, &mut self.difference];
        for section in chains.into_iter().flat_map(|chain| &mut chain.0) {
            for x in section.x.iter_mut().chain(&mut section.y) {
                if x.abs() < 1e-20 {
                    *x = 0.0;
                }
            }
        }
    }

    fn sum(&mut self, left: f32, right: f32) -> f32 {
        let middle = self.middle.run(&MIDDLE, (left + right) / 2.0);
        let middle = std::mem::replace(&mut self.middle_before, middle);
        let difference = self.difference.run(&DIFFERENCE, (left - right) / 2.0);
        self.product += (middle * difference - self.product) * MEAN;
        for (power, x) in self.powers.iter_mut().zip([middle, difference]) {
            *power += (x * x - *power) * MEAN;
        }
        let scale = (self.powers[0] * self.powers[1]).sqrt();
        if self.product < OPPOSED * scale {
            self.opposed = true;
        } else if self.product > -OPPOSED * scale {
            self.opposed = false;
        }
        let step = if self.opposed {
            TURN / 2.0
        } else {
            -TURN / 2.0
        };
        self.turned = (self.turned + step).clamp(0.0, 1.0);
        middle + difference * DIFFERENCE_GAIN * (1.0 - 2.0 * self.turned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RMS in dB of the second half of a second in which the right channel is made of the left by `right(n)`.
    fn summed(left: impl Fn(f64) -> f64, right: impl Fn(f64) -> f64) -> f64 {
        let stereo: Vec<f32> = (0..48_000)
            .map(|n| f64::from(n) / 48_000.0)
            .flat_map(|t| [left(t) as f32, right(t) as f32])
            .collect();
        let mut mono = vec![0.0; 48_000];
        Downmix::default().run(&stereo, &mut mono);
        let half = &mono[24_000..];
        let power = half.iter().map(|x| f64::from(x * x)).sum::<f64>() / half.len() as f64;
        10.0 * power.max(1e-12).log10()
    }

    fn tone(hz: f64, turned: f64, t: f64) -> f64 {
        0.5 * (std::f64::consts::TAU * hz * t + turned.to_radians()).sin()
    }

    #[test]
    fn no_phase_between_the_channels_makes_a_tone_vanish() {
        // RMS of the tone in one channel.
        let one = 20.0 * (0.5_f64 / std::f64::consts::SQRT_2).log10();
        for hz in [90.0, 440.0, 3_000.0, 12_000.0] {
            for turned in [
                0.0, 45.0, 90.0, 135.0, 170.0, 180.0, 190.0, 225.0, 270.0, 315.0,
            ] {
                let got = summed(|t| tone(hz, 0.0, t), |t| tone(hz, turned, t));
                let off = got - one;
                assert!(
                    (-4.5..2.5).contains(&off),
                    "{hz} Hz at {turned}°: {off:.1} dB"
                );
            }
        }
    }

    #[test]
    fn one_channel_alone_and_an_unequal_opposite_one_are_heard() {
        let one = 20.0 * (0.5_f64 / std::f64::consts::SQRT_2).log10();
        for share in [0.0, -0.5, -0.9, -1.0] {
            for hz in [200.0, 1_000.0, 5_000.0] {
                let got = summed(|t| tone(hz, 0.0, t), |t| share * tone(hz, 0.0, t));
                assert!(got > one - 5.0, "{share} at {hz} Hz: {:.1} dB", got - one);
            }
        }
    }

    #[test]
    fn a_voice_in_the_middle_and_a_wide_sound_around_it_are_both_heard() {
        let wide = |t| tone(700.0, 0.0, t);
        let voice = |t| tone(250.0, 0.0, t);
        let both = summed(|t| voice(t) + wide(t), |t| voice(t) - wide(t));
        let middle = summed(voice, voice);
        // Two tones that are both there have twice the power of one, less what the difference is softer.
        assert!(both > middle + 1.0, "{:.1} dB more", both - middle);
    }

    #[test]
    fn the_same_in_both_channels_is_as_loud_as_in_one() {
        for hz in [60.0, 1_000.0, 15_000.0] {
            let one = 20.0 * (0.5_f64 / std::f64::consts::SQRT_2).log10();
            let got = summed(|t| tone(hz, 0.0, t), |t| tone(hz, 0.0, t));
            assert!((got - one).abs() < 0.1, "{hz} Hz: {:.2} dB", got - one);
        }
    }
}
