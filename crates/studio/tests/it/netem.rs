//! A lossy network of our own, seeded: the same seed loses the same packets.
//!
//! Only RTP draws from the dice. Handshakes and reports pass at the base delay: their number and sizes differ from run to
//! run (signatures, nonces), and must not move the dice of the sound.

use std::collections::BTreeMap;

/// How a link loses packets.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Loss {
    None,
    /// Each packet with this probability.
    Random(f64),
    /// Gilbert-Elliott: good and bad states; in the bad state every packet is lost.
    Burst {
        good_to_bad: f64,
        bad_to_good: f64,
    },
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct LinkConfig {
    pub(crate) loss: Loss,
    pub(crate) delay_us: u64,
    /// Up to this much is added to each packet, evenly spread.
    pub(crate) jitter_us: u64,
    /// Share of packets held back by another 60 ms, so that later ones overtake them.
    pub(crate) reorder: f64,
}

impl LinkConfig {
    pub(crate) const CLEAN: Self = Self {
        loss: Loss::None,
        delay_us: 10_000,
        jitter_us: 0,
        reorder: 0.0,
    };
}

/// One direction of one path.
pub(crate) struct Link<T> {
    pub(crate) config: LinkConfig,
    dice: Dice,
    bad: bool,
    /// By time of arrival, then by order of sending.
    flying: BTreeMap<(u64, u64), T>,
    sent: u64,
    pub(crate) lost: u64,
    /// Nothing arrives before this; it is held, as in a router that stalls.
    pub(crate) stalled_until_us: u64,
}

impl<T> Link<T> {
    pub(crate) fn new(seed: u64, config: LinkConfig) -> Self {
        Self {
            config,
            dice: Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            bad: false,
            flying: BTreeMap::new(),
            sent: 0,
            lost: 0,
            stalled_until_us: 0,
        }
    }

    pub(crate) fn send(&mut self, now_us: u64, is_rtp: bool, packet: T) {
        self.sent += 1;
        let mut at = now_us + self.config.delay_us;
        if is_rtp {
            let (loss, jitter, reorder) = (self.dice.roll(), self.dice.roll(), self.dice.roll());
            if self.loses(loss) {
                self.lost += 1;
                return;
            }
            at += (jitter * self.config.jitter_us as f64) as u64;
            if reorder < self.config.reorder {
                at += 60_000;
            }
        }
        self.flying
            .insert((at.max(self.stalled_until_us), self.sent), packet);
    }

    fn loses(&mut self, roll: f64) -> bool {
        match self.config.loss {
            Loss::None => false,
            Loss::Random(p) => roll < p,
            Loss::Burst {
                good_to_bad,
                bad_to_good,
            } => {
                let flip = if self.bad { bad_to_good } else { good_to_bad };
                self.bad ^= roll < flip;
                self.bad
            }
        }
    }

    pub(crate) fn receive(&mut self, now_us: u64) -> Option<T> {
        let (&key, _) = self
            .flying
            .first_key_value()
            .filter(|((at, _), _)| *at <= now_us)?;
        self.flying.remove(&key)
    }
}

/// SRTP that is not RTCP (RFC 5761 §4).
pub(crate) fn is_rtp(packet: &[u8]) -> bool {
    matches!(packet, [128..=191, kind, ..] if !(192..=223).contains(kind))
}

/// xorshift64*.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// In [0, 1).
    pub(crate) fn roll(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1u64 << 53) as f64
    }
}
