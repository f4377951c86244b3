//! What is going on, in one sentence: for the page before its script runs, and without script.
//!
//! Every state has a sentence of its own: one that stands for "everything else" would be untrue for some of it.

#![deny(clippy::wildcard_enum_match_arm)]

use std::borrow::Cow;

use stentor_core::event::{ConditionKind, Phase};
use stentor_core::schedule::Standing;

use crate::lang::Lang;
use crate::status::Replay;

/// The sentence for where an event stands.
pub(crate) fn sentence(
    lang: Lang,
    standing: &Standing,
    condition: ConditionKind,
    replay: Replay,
) -> Cow<'static, str> {
    let id = match standing.phase {
        Phase::Draft | Phase::Announced | Phase::Doors if standing.postponed_open => {
            "common-postponed-open"
        }
        Phase::Draft | Phase::Announced | Phase::Doors => "page-not-begun",
        Phase::Held => "page-held",
        Phase::Cancelled => "page-cancelled",
        Phase::OnAir => on_air(condition),
        Phase::Ended => ended(replay),
    };
    lang.say(id, &[])
}

const fn on_air(condition: ConditionKind) -> &'static str {
    match condition {
        ConditionKind::Ok => "page-on-air",
        ConditionKind::StageEmpty => "page-stage-empty",
        ConditionKind::HostDropped => "page-host-dropped",
        ConditionKind::Fault => "page-fault",
    }
}

const fn ended(replay: Replay) -> &'static str {
    match replay {
        Replay::Awaited => "page-replay-awaited",
        Replay::Ready => "page-replay-ready",
        Replay::None => "page-replay-none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use stentor_core::Now;
    use stentor_core::conversation::Conversation;
    use stentor_core::event::EventInfo;

    const PHASES: [Phase; 7] = Phase::ALL;
    const CONDITIONS: [ConditionKind; 4] = [
        ConditionKind::Ok,
        ConditionKind::StageEmpty,
        ConditionKind::HostDropped,
        ConditionKind::Fault,
    ];
    const REPLAYS: [Replay; 3] = [Replay::Awaited, Replay::Ready, Replay::None];

    fn standing(phase: Phase) -> Standing {
        let info = EventInfo {
            title: "T".to_owned(),
            start: None,
            draft: false,
            host_name: "Ada".to_owned(),
            recorded: true,
        };
        let now = Now {
            mono_ms: 0,
            unix_ms: 0,
        };
        let made = Conversation::new(info, now).view().schedule;
        Standing { phase, ..made }
    }

    #[test]
    fn what_is_postponed_to_nobody_knows_when_is_said_to_be() {
        for phase in PHASES {
            let postponed = Standing {
                postponed_open: true,
                ..standing(phase)
            };
            let of = |standing| {
                let lang = Lang::default();
                sentence(lang, standing, ConditionKind::Ok, Replay::Awaited)
            };
            let is_said = of(&postponed).starts_with("Postponed.");
            assert_eq!(is_said, phase.is_ahead(), "{phase:?}");
            assert_eq!(of(&postponed) == of(&standing(phase)), !is_said);
        }
    }

    #[test]
    fn every_state_has_its_own_whole_sentence_in_every_language() {
        let mut told = BTreeSet::new();
        for lang in Lang::all() {
            for phase in PHASES {
                for condition in CONDITIONS {
                    for replay in REPLAYS {
                        let said = sentence(lang, &standing(phase), condition, replay);
                        assert!(said.ends_with('.'), "{said}");
                        assert!(said.starts_with(char::is_uppercase), "{said}");
                        told.insert(said);
                    }
                }
            }
        }
        // Not begun, four conditions on air, a pause, three ends, cancelled; none shared by two states or two languages.
        assert_eq!(told.len(), Lang::all().len() * (1 + 4 + 1 + 3 + 1));
    }

    #[test]
    fn a_failure_of_ours_is_told_as_ours() {
        for (code, ours) in [("de", "Bei uns"), ("en", "our side"), ("fr", "notre côté")] {
            let lang = Lang::parse(code).unwrap();
            let said = sentence(
                lang,
                &standing(Phase::OnAir),
                ConditionKind::Fault,
                Replay::Awaited,
            );
            assert!(said.contains(ours), "{said}");
        }
    }

    #[test]
    fn an_event_that_is_over_says_what_becomes_of_its_replay_in_every_language() {
        let said =
            |lang, replay| sentence(lang, &standing(Phase::Ended), ConditionKind::Ok, replay);
        for (code, awaited, ready, none) in [
            (
                "de",
                "wird vorbereitet",
                "es nachhören",
                "Aufzeichnung gibt es nicht",
            ),
            ("en", "is being made", "listen to it again", "no replay"),
            ("fr", "se prépare", "la réécouter", "pas de réécoute"),
        ] {
            let lang = Lang::parse(code).unwrap();
            assert!(said(lang, Replay::Awaited).contains(awaited));
            assert!(said(lang, Replay::Ready).contains(ready));
            assert!(said(lang, Replay::None).contains(none));
        }
    }
}
