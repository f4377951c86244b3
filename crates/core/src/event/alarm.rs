//! What of our own fails, as the part that noticed reports it.

use crate::codes::codes;

/// Something of our own that fails.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Alarm {
    /// The mix has speech and what is published has none. Listeners are told ([`ConditionKind::Fault`](super::ConditionKind::Fault)).
    OutputSilent,
    /// The recording cannot be written.
    Recorder,
    /// The mixer misses its deadlines.
    MixerLate,
    /// Records cannot be written: a restart would lose the newest changes.
    Store,
    /// The replay could not be made, or taken away, as it is wanted; what there was before is as it was.
    Replay,
}

codes!(Alarm {
    Self::OutputSilent => "output_silent",
    Self::Recorder => "recorder",
    Self::MixerLate => "mixer_late",
    Self::Store => "store",
    Self::Replay => "replay",
});

impl Alarm {
    /// All of them, in the order of their bits.
    pub const ALL: [Self; 5] = [
        Self::OutputSilent,
        Self::Recorder,
        Self::MixerLate,
        Self::Store,
        Self::Replay,
    ];
}

/// Which alarms are on: one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Alarms(u8);

impl Alarms {
    /// Returns whether this changed anything.
    pub(crate) const fn set(&mut self, alarm: Alarm, on: bool) -> bool {
        let bit = 1 << alarm as u8;
        let before = self.0;
        if on {
            self.0 |= bit;
        } else {
            self.0 &= !bit;
        }
        self.0 != before
    }

    pub(crate) const fn is_on(self, alarm: Alarm) -> bool {
        self.0 & (1 << alarm as u8) != 0
    }
}
