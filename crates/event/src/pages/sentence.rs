//! What is going on, in one sentence, in both languages: for the page before its script runs, and without script.
//!
//! Every state has a sentence of its own: one that stands for "everything else" would be untrue for some of it.

#![deny(clippy::wildcard_enum_match_arm)]

use stentor_core::event::{ConditionKind, Phase};

use crate::lang::Lang;
use crate::status::Replay;

/// The sentence for where an event stands.
pub(crate) fn sentence(
    lang: Lang,
    phase: Phase,
    condition: ConditionKind,
    replay: Replay,
) -> &'static str {
    let (en, fr) = match phase {
        Phase::Draft | Phase::Announced | Phase::Doors => (
            "This conversation has not begun yet. It will begin here, at this address.",
            "La conversation n’a pas encore commencé. Elle commencera ici, à cette adresse.",
        ),
        Phase::Held => (
            "This conversation is paused. It goes on here, at this address.",
            "La conversation est en pause. Elle reprendra ici, à cette adresse.",
        ),
        Phase::Cancelled => (
            "This conversation has been cancelled.",
            "La conversation est annulée.",
        ),
        Phase::OnAir => on_air(condition),
        Phase::Ended => ended(replay),
    };
    match lang {
        Lang::En => en,
        Lang::Fr => fr,
    }
}

const fn on_air(condition: ConditionKind) -> (&'static str, &'static str) {
    match condition {
        ConditionKind::Ok => ("On air now.", "En direct."),
        ConditionKind::StageEmpty => (
            "Nobody is on stage at the moment. The sound will be back here.",
            "Il n’y a personne sur scène pour le moment. Le son reviendra ici.",
        ),
        ConditionKind::HostDropped => (
            "The host has lost the connection. The conversation stays open: please stay.",
            "L’hôte a perdu la connexion. La conversation reste ouverte : restez avec nous.",
        ),
        ConditionKind::Fault => (
            "Something went wrong on our side. We’re on it, stay with us.",
            "Un problème de notre côté. Nous y travaillons, restez avec nous.",
        ),
    }
}

const fn ended(replay: Replay) -> (&'static str, &'static str) {
    match replay {
        Replay::Awaited => (
            "This conversation has ended. The replay is being made.",
            "La conversation est terminée. La réécoute se prépare.",
        ),
        Replay::Ready => (
            "This conversation has ended. You can listen to it again.",
            "La conversation est terminée. Vous pouvez la réécouter.",
        ),
        Replay::None => (
            "This conversation has ended. There is no replay.",
            "La conversation est terminée. Il n’y a pas de réécoute.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const PHASES: [Phase; 7] = Phase::ALL;
    const CONDITIONS: [ConditionKind; 4] = [
        ConditionKind::Ok,
        ConditionKind::StageEmpty,
        ConditionKind::HostDropped,
        ConditionKind::Fault,
    ];
    const REPLAYS: [Replay; 3] = [Replay::Awaited, Replay::Ready, Replay::None];

    #[test]
    fn every_state_has_its_own_whole_sentence_in_both_languages() {
        let mut told = BTreeSet::new();
        for lang in Lang::ALL {
            for phase in PHASES {
                for condition in CONDITIONS {
                    for replay in REPLAYS {
                        let said = sentence(lang, phase, condition, replay);
                        assert!(said.ends_with('.'), "{said}");
                        assert!(said.starts_with(char::is_uppercase), "{said}");
                        told.insert(said);
                    }
                }
            }
        }
        // Not begun, four conditions on air, a pause, three ends, cancelled; none shared by two states or two languages.
        assert_eq!(told.len(), 2 * (1 + 4 + 1 + 3 + 1));
    }

    #[test]
    fn a_failure_of_ours_is_told_as_ours() {
        for (lang, ours) in [(Lang::En, "our side"), (Lang::Fr, "notre côté")] {
            let said = sentence(lang, Phase::OnAir, ConditionKind::Fault, Replay::Awaited);
            assert!(said.contains(ours), "{said}");
        }
    }

    #[test]
    fn an_event_that_is_over_says_what_becomes_of_its_replay_in_both_languages() {
        let said = |lang, replay| sentence(lang, Phase::Ended, ConditionKind::Ok, replay);
        for (lang, awaited, ready, none) in [
            (Lang::En, "is being made", "listen to it again", "no replay"),
            (Lang::Fr, "se prépare", "la réécouter", "pas de réécoute"),
        ] {
            assert!(said(lang, Replay::Awaited).contains(awaited));
            assert!(said(lang, Replay::Ready).contains(ready));
            assert!(said(lang, Replay::None).contains(none));
        }
    }
}
