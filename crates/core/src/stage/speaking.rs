//! Who is speaking, with hysteresis: quick to light, slow to go out, deaf to a single click.

use crate::limits::{SPEAKING_OFF_AFTER_MS, SPEAKING_ON_WINDOWS, SPEAKING_WINDOWS};
use crate::now::Now;

/// The decision for one seat, fed with one window every 100 ms.
#[derive(Clone, Debug, Default)]
pub(crate) struct SpeakingWatch {
    /// The last windows, the newest in the lowest bit; 1 is voice.
    windows: u32,
    last_voice_mono_ms: u64,
    speaking: bool,
}

impl SpeakingWatch {
    pub(crate) const fn speaking(&self) -> bool {
        self.speaking
    }

    /// Takes one window. Returns whether the decision changed.
    pub(crate) fn hear(&mut self, now: Now, voice: bool) -> bool {
        self.windows = (self.windows << 1 | u32::from(voice)) & ((1 << SPEAKING_WINDOWS) - 1);
        if voice {
            self.last_voice_mono_ms = now.mono_ms;
        }
        if !self.speaking && self.windows.count_ones() >= SPEAKING_ON_WINDOWS {
            self.speaking = true;
            return true;
        }
        self.expire(now)
    }

    /// Lets time pass, whether or not windows come. Returns whether the decision changed.
    pub(crate) const fn expire(&mut self, now: Now) -> bool {
        if self.speaking && now.ms_since(self.last_voice_mono_ms) >= SPEAKING_OFF_AFTER_MS {
            return self.stop();
        }
        false
    }

    /// Forgets everything: muted, gone, off stage. Returns whether the decision changed.
    pub(crate) const fn stop(&mut self) -> bool {
        let was = self.speaking;
        self.speaking = false;
        self.windows = 0;
        was
    }
}
