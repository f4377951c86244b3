//! A shard's clock: the time since the shard began. Tests stop it and move it themselves.

use std::time::Instant;

/// See the module.
pub(super) struct Clock {
    began: Instant,
    /// The time that a test has set, µs.
    #[cfg(test)]
    stopped_us: Option<u64>,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self {
            began: Instant::now(),
            #[cfg(test)]
            stopped_us: None,
        }
    }

    pub(super) fn now_us(&self) -> u64 {
        #[cfg(test)]
        if let Some(us) = self.stopped_us {
            return us;
        }
        self.began.elapsed().as_micros() as u64
    }

    pub(super) fn now_ms(&self) -> u64 {
        self.now_us() / 1_000
    }
}

#[cfg(test)]
impl Clock {
    /// From now on only so much time passes as [`Self::advance`] says.
    pub(super) fn stop(&mut self) {
        self.stopped_us = Some(0);
    }

    pub(super) fn advance(&mut self, ms: u64) {
        self.stopped_us = Some(self.now_us() + ms * 1_000);
    }
}
