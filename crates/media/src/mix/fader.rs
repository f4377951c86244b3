//! A fader that moves in 10 ms and never clicks.

/// Length of a fade in samples: 10 ms.
pub(super) const FADE_SAMPLES: u32 = 480;

/// Position 0 (closed) to [`FADE_SAMPLES`] (open).
#[derive(Debug, Clone, Copy)]
pub(super) struct Fader {
    position: u32,
    open: bool,
}

impl Fader {
    pub(super) const fn closed() -> Self {
        Self {
            position: 0,
            open: false,
        }
    }

    pub(super) const fn aim(&mut self, open: bool) {
        self.open = open;
    }

    /// Closed, with nothing left of the fade.
    pub(super) const fn is_closed(&self) -> bool {
        self.position == 0
    }

    /// On its way up, or up.
    pub(super) const fn opening(&self) -> bool {
        self.open
    }

    /// Jumps to where it is going.
    pub(super) const fn finish(&mut self) {
        self.position = if self.open { FADE_SAMPLES } else { 0 };
    }

    /// The gain for the next sample. A straight line: in 10 ms nobody hears the difference from a raised cosine.
    pub(super) fn next(&mut self) -> f32 {
        self.position = if self.open {
            (self.position + 1).min(FADE_SAMPLES)
        } else {
            self.position.saturating_sub(1)
        };
        self.position as f32 / FADE_SAMPLES as f32
    }
}
