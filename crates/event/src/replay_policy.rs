//! Whether the replay of an event can be heard: what its host has decided before, and what they did since.
//!
//! Data in, an outcome out; no clock, no file. The host's last act counts more than what was decided before, and what is deleted stays so.

/// What a host decides before an event is over, or afterwards, about its replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ReplayPolicy {
    /// It can be heard as soon as it is made.
    #[default]
    AtOnce,
    /// It can be heard later: from that moment on, milliseconds since 1970, or when its host says so.
    Later {
        /// When, if that is known.
        at_unix_ms: Option<i64>,
    },
    /// Only its host has it.
    Never,
}

/// What a host does about a replay by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayAct {
    /// It can be heard from now on.
    Publish,
    /// It cannot be heard from now on.
    Withhold,
    /// Its files are taken away.
    Delete,
}

/// Whether it can be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayOutcome {
    /// Everybody can hear it.
    Published,
    /// Nobody can.
    Withheld {
        /// When that changes by itself, milliseconds since 1970; `None` if only its host can change it.
        until_unix_ms: Option<i64>,
    },
    /// There is none any more.
    Deleted,
}

/// Policy and last act together: all that is to be known to say whether a replay can be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ReplayRule {
    /// What was decided before.
    pub policy: ReplayPolicy,
    act: Option<ReplayAct>,
}

impl ReplayRule {
    /// By a policy, before anybody has done anything.
    #[must_use]
    pub const fn new(policy: ReplayPolicy) -> Self {
        Self { policy, act: None }
    }

    /// After one more act of the host.
    #[must_use]
    pub fn after(self, act: ReplayAct) -> Self {
        let deleted = self.act == Some(ReplayAct::Delete);
        Self {
            act: if deleted { self.act } else { Some(act) },
            ..self
        }
    }

    /// Whether the replay can be heard now.
    #[must_use]
    pub fn outcome(self, now_unix_ms: i64) -> ReplayOutcome {
        let withheld = |until_unix_ms| ReplayOutcome::Withheld { until_unix_ms };
        match (self.act, self.policy) {
            (Some(ReplayAct::Delete), _) => ReplayOutcome::Deleted,
            (Some(ReplayAct::Publish), _) | (None, ReplayPolicy::AtOnce) => {
                ReplayOutcome::Published
            }
            (None, ReplayPolicy::Later { at_unix_ms }) => match at_unix_ms {
                Some(at) if at <= now_unix_ms => ReplayOutcome::Published,
                until => withheld(until),
            },
            (Some(ReplayAct::Withhold), _) | (None, ReplayPolicy::Never) => withheld(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ReplayAct::{Delete, Publish, Withhold};

    const WITHHELD: ReplayOutcome = ReplayOutcome::Withheld {
        until_unix_ms: None,
    };
    const POLICIES: [ReplayPolicy; 4] = [
        ReplayPolicy::AtOnce,
        ReplayPolicy::Later { at_unix_ms: None },
        ReplayPolicy::Later {
            at_unix_ms: Some(1_000),
        },
        ReplayPolicy::Never,
    ];

    #[test]
    fn without_an_act_the_policy_counts_and_a_time_that_has_come_publishes() {
        let at = |now| POLICIES.map(|policy| ReplayRule::new(policy).outcome(now));
        let until_unix_ms = Some(1_000);
        let waits = ReplayOutcome::Withheld { until_unix_ms };
        let published = ReplayOutcome::Published;
        assert_eq!(at(999), [published, WITHHELD, waits, WITHHELD]);
        assert_eq!(at(1_000), [published, WITHHELD, published, WITHHELD]);
    }

    #[test]
    fn the_last_act_counts_more_than_any_policy_and_what_is_deleted_stays_so() {
        for policy in POLICIES {
            for now in [0, 2_000] {
                let after = |acts: &[ReplayAct]| {
                    let rule = ReplayRule::new(policy);
                    let rule = acts.iter().fold(rule, |rule, act| rule.after(*act));
                    rule.outcome(now)
                };
                assert_eq!(after(&[Publish]), ReplayOutcome::Published);
                assert_eq!(after(&[Publish, Withhold]), WITHHELD);
                assert_eq!(after(&[Withhold, Publish]), ReplayOutcome::Published);
                assert_eq!(after(&[Delete]), ReplayOutcome::Deleted);
                assert_eq!(after(&[Delete, Publish]), ReplayOutcome::Deleted);
            }
        }
    }
}
