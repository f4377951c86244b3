//! What a page does with what it is told about the cadence: it holds as much sound as that takes, and gets there by playing
//! slower or faster by so little that nobody hears it on speech (`docs/design.md` §6).
//!
//! The page itself is `web/listen/sync.ts`; a test compares its constants with those here. What it is not: that page, which
//! also seeks, and catches up the faster the further it is behind.

use serde::Deserialize;
use stentor_core::admission::STRETCH_PERMILLE;

use super::player::{NORMAL_PERMILLE, Player};

/// Playing speed while too little is held, in thousandths (`RATE_MIN`): what the server counts on when it warns a listener.
const SLOWER_PERMILLE: u64 = NORMAL_PERMILLE - STRETCH_PERMILLE;

/// Playing speed while too much is held, in thousandths (`RATE_MAX`).
const FASTER_PERMILLE: u64 = NORMAL_PERMILLE + STRETCH_PERMILLE;

/// Held sound may be this far from what is wanted before the speed changes, in microseconds (`SLACK_S`).
const SLACK_US: u64 = 100_000;

/// The part of the payload that a page obeys.
#[derive(Deserialize)]
struct Cadence {
    hold_ms: u32,
}

/// One listener's page. Before it is told anything it plays as recorded.
#[derive(Debug, Clone, Default)]
pub(crate) struct PageModel {
    wants_us: u64,
}

impl PageModel {
    /// Takes an announcement of how it will be served. Returns false if the payload is not one.
    pub(crate) fn announce(&mut self, payload: &[u8]) -> bool {
        let Ok(cadence) = serde_json::from_slice::<Cadence>(payload) else {
            return false;
        };
        self.wants_us = u64::from(cadence.hold_ms) * 1_000;
        true
    }

    /// Adapts the speed after a chunk, when the buffer is at its fullest.
    pub(crate) fn chunk_received(&self, player: &mut Player, now_us: u64) {
        if self.wants_us == 0 {
            return;
        }
        let level_us = player.level_us(now_us);
        let speed = if level_us + SLACK_US < self.wants_us {
            SLOWER_PERMILLE
        } else if level_us > self.wants_us + SLACK_US {
            FASTER_PERMILLE
        } else {
            NORMAL_PERMILLE
        };
        player.set_speed(now_us, speed);
    }
}

#[cfg(test)]
mod tests {
    use super::super::player::Thresholds;
    use super::*;

    /// A constant of the page, in millionths.
    fn of_the_page(name: &str) -> u64 {
        let source = include_str!("../../../../web/listen/sync.ts");
        let line = source.lines().find_map(|line| {
            line.trim_start_matches("export ")
                .strip_prefix("const ")?
                .strip_prefix(name)?
                .strip_prefix(" = ")
        });
        let number = line.and_then(|value| value.trim_end_matches(';').parse::<f64>().ok());
        (number.unwrap_or_else(|| panic!("sync.ts has no {name}")) * 1e6).round() as u64
    }

    #[test]
    fn the_model_plays_as_slowly_and_as_fast_as_the_page() {
        assert_eq!(of_the_page("RATE_MIN"), SLOWER_PERMILLE * 1_000);
        assert_eq!(of_the_page("RATE_MAX"), FASTER_PERMILLE * 1_000);
        assert_eq!(of_the_page("SLACK_S"), SLACK_US);
    }

    #[test]
    fn a_page_that_is_told_gathers_what_it_needs_and_gives_it_back_without_running_dry() {
        let mut player = Player::new(Thresholds {
            start_us: 450_000,
            resume_us: 450_000,
        });
        let mut page = PageModel::default();
        let mut now_us = 0;
        let mut every = |page: &PageModel, us: u64, for_us: u64, player: &mut Player| {
            let until_us = now_us + for_us;
            while now_us < until_us {
                player.receive(now_us, us);
                page.chunk_received(player, now_us);
                now_us += us;
            }
            player.level_us(now_us)
        };
        every(&page, 200_000, 1_000_000, &mut player);
        assert!(page.announce(br#"{"v":1,"rung":1,"flush_ms":1000,"hold_ms":1450}"#));
        every(&page, 200_000, 30_000_000, &mut player);
        every(&page, 1_000_000, 60_000_000, &mut player);
        assert!(page.announce(br#"{"v":1,"rung":0,"flush_ms":200,"hold_ms":600}"#));
        let level_us = every(&page, 200_000, 60_000_000, &mut player);
        assert!(level_us < 600_000, "close to live again: {level_us} µs");
        assert_eq!(player.stalls(), 0);
        assert!(!page.announce(b"{}"));
    }
}
