//! What the configuration decides about every event.

use std::time::Duration;

use stentor_event::EventPolicy;

use crate::config::Config;

/// As the parts that run events take it.
pub(crate) fn of(config: &Config) -> EventPolicy {
    let hours = u64::from(config.end_abandoned_h);
    EventPolicy {
        links_after_end_days: config.invitation_days,
        end_abandoned_after: (hours > 0).then(|| Duration::from_secs(hours * 3_600)),
        ..EventPolicy::default()
    }
}
