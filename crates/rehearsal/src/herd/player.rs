//! A model of a player: does its buffer run dry?
//!
//! It counts media time received against play time passed. It waits until it holds a threshold, plays, and when it has
//! played all it has, it stalls until it holds the threshold again. It decodes nothing and knows no bytes. Time is an
//! argument, in microseconds.

/// When playing begins, and begins again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Sound to hold before playing begins, in microseconds.
    pub start_us: u64,
    /// Sound to hold before playing goes on after a stall, in microseconds.
    pub resume_us: u64,
}

/// The recorded speed; others are thousandths of it.
pub(crate) const NORMAL_PERMILLE: u64 = 1_000;

/// Limits of [`Player::set_speed`]: beyond them people hear it.
pub const SPEED_PERMILLE: std::ops::RangeInclusive<u64> = 900..=1_100;

/// One listener's player.
#[derive(Debug, Clone)]
pub struct Player {
    thresholds: Thresholds,
    state: PlayerState,
    /// Sound held at `since_us`, in microseconds of media.
    level_us: u64,
    since_us: u64,
    speed_permille: u64,
    stalls: u32,
    stalled_us: u64,
    lowest_us: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PlayerState {
    /// Nothing was played yet.
    Waiting,
    Playing,
    /// It ran dry at `since_us`.
    Dry,
}

/// Something that was noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlayerEvent {
    /// Playing began for the first time.
    Started,
    /// Playing goes on after a silence of so many microseconds.
    Resumed {
        /// How long the buffer was dry.
        silent_us: u64,
    },
}

impl Player {
    /// A player that has received nothing.
    #[must_use]
    pub const fn new(thresholds: Thresholds) -> Self {
        Self {
            thresholds,
            state: PlayerState::Waiting,
            level_us: 0,
            since_us: 0,
            speed_permille: NORMAL_PERMILLE,
            stalls: 0,
            stalled_us: 0,
            lowest_us: u64::MAX,
        }
    }

    /// Takes `media_us` of sound received at `now_us`.
    pub fn receive(&mut self, now_us: u64, media_us: u64) -> Option<PlayerEvent> {
        self.advance(now_us);
        if self.state == PlayerState::Playing {
            self.lowest_us = self.lowest_us.min(self.level_us);
        }
        self.level_us += media_us;
        match self.state {
            PlayerState::Waiting if self.level_us >= self.thresholds.start_us => {
                self.state = PlayerState::Playing;
                self.since_us = now_us;
                Some(PlayerEvent::Started)
            }
            PlayerState::Dry if self.level_us >= self.thresholds.resume_us => {
                let silent_us = now_us.saturating_sub(self.since_us);
                self.stalled_us += silent_us;
                self.state = PlayerState::Playing;
                self.since_us = now_us;
                Some(PlayerEvent::Resumed { silent_us })
            }
            _ => None,
        }
    }

    /// Plays at another speed from `now_us` on; beyond [`SPEED_PERMILLE`] the nearest speed inside is taken.
    pub fn set_speed(&mut self, now_us: u64, permille: u64) {
        self.advance(now_us);
        self.speed_permille = permille.clamp(*SPEED_PERMILLE.start(), *SPEED_PERMILLE.end());
    }

    /// The listener leaves: a silence that is going on is counted up to now and returned.
    pub fn finish(&mut self, now_us: u64) -> Option<u64> {
        self.advance(now_us);
        if self.state != PlayerState::Dry {
            return None;
        }
        let silent_us = now_us.saturating_sub(self.since_us);
        self.stalled_us += silent_us;
        self.since_us = now_us;
        Some(silent_us)
    }

    /// Sound held at `now_us`, in microseconds of media.
    pub fn level_us(&mut self, now_us: u64) -> u64 {
        self.advance(now_us);
        self.level_us
    }

    /// The least that was held while playing, in microseconds of media; `None` before anything came while playing.
    #[must_use]
    pub fn lowest_us(&self) -> Option<u64> {
        (self.lowest_us != u64::MAX).then_some(self.lowest_us)
    }

    /// Whether playing has ever begun.
    #[must_use]
    pub fn has_started(&self) -> bool {
        self.state != PlayerState::Waiting
    }

    /// How often the buffer ran dry.
    #[must_use]
    pub const fn stalls(&self) -> u32 {
        self.stalls
    }

    /// How long it was dry, all stalls that have ended together, in microseconds.
    #[must_use]
    pub const fn stalled_us(&self) -> u64 {
        self.stalled_us
    }

    fn advance(&mut self, now_us: u64) {
        if self.state != PlayerState::Playing || now_us <= self.since_us {
            return;
        }
        let played_us = (now_us - self.since_us) * self.speed_permille / NORMAL_PERMILLE;
        if played_us > self.level_us {
            let lasted_us = self.level_us * NORMAL_PERMILLE / self.speed_permille;
            self.since_us += lasted_us;
            self.level_us = 0;
            self.lowest_us = 0;
            self.stalls += 1;
            self.state = PlayerState::Dry;
        } else {
            self.level_us -= played_us;
            self.since_us = now_us;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000;

    fn player() -> Player {
        Player::new(Thresholds {
            start_us: 450 * MS,
            resume_us: 400 * MS,
        })
    }

    #[test]
    fn playing_begins_at_the_threshold_and_sound_on_time_never_stalls() {
        let mut player = player();
        assert_eq!(player.receive(0, 200 * MS), None);
        assert_eq!(player.receive(10 * MS, 200 * MS), None);
        assert_eq!(
            player.receive(20 * MS, 200 * MS),
            Some(PlayerEvent::Started)
        );
        for chunk in 1..1_000 {
            assert_eq!(player.receive(20 * MS + chunk * 200 * MS, 200 * MS), None);
        }
        assert_eq!(player.lowest_us(), Some(400 * MS));
        assert_eq!(player.finish(20 * MS + 200_000 * MS), None);
        assert_eq!((player.stalls(), player.stalled_us()), (0, 0));
    }

    #[test]
    fn a_buffer_that_runs_dry_is_one_stall_until_the_threshold_is_held_again() {
        let mut player = player();
        player.receive(0, 600 * MS);
        // Dry at 600 ms; what comes at 1,000 ms is not enough to go on, what comes at 1,100 ms is.
        assert_eq!(player.receive(1_000 * MS, 200 * MS), None);
        let resumed = PlayerEvent::Resumed {
            silent_us: 500 * MS,
        };
        assert_eq!(player.receive(1_100 * MS, 200 * MS), Some(resumed));
        assert_eq!((player.stalls(), player.stalled_us()), (1, 500 * MS));
        assert_eq!(player.lowest_us(), Some(0));
    }

    #[test]
    fn the_last_moment_is_in_time() {
        let mut player = player();
        player.receive(0, 600 * MS);
        assert_eq!(player.receive(600 * MS, 200 * MS), None);
        assert_eq!(player.finish(800 * MS), None);
        assert_eq!(player.stalls(), 0);
    }

    #[test]
    fn a_silence_at_the_end_is_counted() {
        let mut player = player();
        player.receive(0, 600 * MS);
        assert_eq!(player.finish(2_600 * MS), Some(2_000 * MS));
        assert_eq!((player.stalls(), player.stalled_us()), (1, 2_000 * MS));
    }

    #[test]
    fn who_never_started_does_not_stall() {
        let mut player = player();
        player.receive(0, 100 * MS);
        assert_eq!(player.finish(60_000 * MS), None);
        assert_eq!((player.stalls(), player.lowest_us()), (0, None));
    }

    #[test]
    fn playing_slower_grows_the_buffer_by_as_much() {
        let mut player = player();
        player.receive(0, 1_000 * MS);
        player.set_speed(0, 960);
        for second in 1..=60 {
            player.receive(second * 1_000 * MS, 1_000 * MS);
        }
        // `docs/design.md` §6: stretching by 4 % gives 2.4 s a minute.
        assert_eq!(player.level_us(60_000 * MS), 3_400 * MS);
        player.set_speed(60_000 * MS, 1);
        player.receive(61_000 * MS, 0);
        assert_eq!(player.level_us(61_000 * MS), 2_500 * MS);
    }
}
