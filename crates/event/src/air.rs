//! Where an event is in its life, and whether it is to be recorded, for whoever works without asking its director.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use stentor_core::event::Phase;

/// Set by the director, read by the room's sink and by whoever wants figures.
#[derive(Debug, Default)]
pub(crate) struct Air {
    /// [`Phase`] as a number.
    phase: AtomicU8,
    records: AtomicBool,
}

impl Air {
    /// The phase, and whether what is on air is to be recorded.
    pub(crate) fn set(&self, phase: Phase, records: bool) {
        self.phase.store(phase as u8, Ordering::Relaxed);
        self.records.store(records, Ordering::Relaxed);
    }

    /// Where the event is in its life; a draft before that was said.
    pub(crate) fn phase(&self) -> Phase {
        let phase = self.phase.load(Ordering::Relaxed);
        let found = Phase::ALL.into_iter().find(|known| *known as u8 == phase);
        found.unwrap_or(Phase::Draft)
    }

    /// Whether the programme carries the stage.
    pub(crate) fn is_on(&self) -> bool {
        self.phase() == Phase::OnAir
    }

    /// Whether what is on air is to be recorded.
    pub(crate) fn records(&self) -> bool {
        self.records.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_is_read_as_it_was_set() {
        let air = Air::default();
        assert_eq!((air.phase(), air.is_on()), (Phase::Draft, false));
        for phase in Phase::ALL {
            air.set(phase, true);
            assert_eq!((air.phase(), air.is_on()), (phase, phase == Phase::OnAir));
        }
    }
}
