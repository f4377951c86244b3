//! "Unmuted but silent": a microphone that is open and sends nothing but digital silence.
//!
//! Phones do this when another application takes the microphone, and headsets when they are unplugged. The speaker
//! cannot notice; the server can.

use crate::limits::SILENT_MICROPHONE_AFTER_MS;
use crate::now::Now;

/// The watch over one seat's microphone.
#[derive(Clone, Debug, Default)]
pub(crate) struct SilenceWatch {
    silent_since_mono_ms: Option<u64>,
    warned: bool,
}

impl SilenceWatch {
    pub(crate) const fn warned(&self) -> bool {
        self.warned
    }

    /// Takes one window of an open microphone. Returns whether the warning went on or off.
    pub(crate) fn hear(&mut self, now: Now, digital_silence: bool) -> bool {
        if !digital_silence {
            return self.clear();
        }
        let since = *self.silent_since_mono_ms.get_or_insert(now.mono_ms);
        if !self.warned && now.ms_since(since) >= SILENT_MICROPHONE_AFTER_MS {
            self.warned = true;
            return true;
        }
        false
    }

    /// The microphone is heard, muted or gone. Returns whether a warning went off.
    pub(crate) const fn clear(&mut self) -> bool {
        let was = self.warned;
        self.silent_since_mono_ms = None;
        self.warned = false;
        was
    }
}
