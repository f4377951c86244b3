//! "Unmuted but silent": a microphone that is open, or waits in the green room, and sends nothing but digital silence.
//!
//! Phones do this when another application takes the microphone, and headsets when they are unplugged. The speaker
//! cannot notice; the server can.

use crate::limits::SILENT_MICROPHONE_AFTER_MS;
use crate::now::Now;

/// The watch over one seat's microphone.
#[derive(Clone, Debug, Default)]
pub(crate) struct SilenceWatch {
    silent_since_mono_ms: Option<u64>,
    silent: bool,
}

impl SilenceWatch {
    /// Whether it has been silent for long enough to be told.
    pub(crate) const fn silent(&self) -> bool {
        self.silent
    }

    /// Takes one window of a microphone that should give something.
    pub(crate) fn hear(&mut self, now: Now, digital_silence: bool) {
        if !digital_silence {
            return self.clear();
        }
        let since = *self.silent_since_mono_ms.get_or_insert(now.mono_ms);
        self.silent |= now.ms_since(since) >= SILENT_MICROPHONE_AFTER_MS;
    }

    /// The microphone is heard, muted or gone.
    pub(crate) const fn clear(&mut self) {
        self.silent_since_mono_ms = None;
        self.silent = false;
    }
}
