//! What is going on, in one sentence, in both languages: for the page before its script runs, and without script.

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
    match (phase, condition, lang) {
        (Phase::Scheduled, _, Lang::En) => {
            "This conversation has not begun yet. It will begin here, at this address."
        }
        (Phase::Scheduled, _, Lang::Fr) => {
            "La conversation n’a pas encore commencé. Elle commencera ici, à cette adresse."
        }
        (Phase::OnAir, ConditionKind::Ok, Lang::En) => "On air now.",
        (Phase::OnAir, ConditionKind::Ok, Lang::Fr) => "En direct.",
        (Phase::OnAir, ConditionKind::HostDropped, Lang::En) => {
            "The host has lost the connection. The conversation stays open: please stay."
        }
        (Phase::OnAir, ConditionKind::HostDropped, Lang::Fr) => {
            "L’hôte a perdu la connexion. La conversation reste ouverte : restez avec nous."
        }
        (Phase::OnAir, _, Lang::En) => {
            "Nobody is on stage at the moment. The sound will be back here."
        }
        (Phase::OnAir, _, Lang::Fr) => {
            "Il n’y a personne sur scène pour le moment. Le son reviendra ici."
        }
        (Phase::Ended, _, Lang::En) if replay == Replay::Ready => {
            "This conversation has ended. You can listen to it again."
        }
        (Phase::Ended, _, Lang::Fr) if replay == Replay::Ready => {
            "La conversation est terminée. Vous pouvez la réécouter."
        }
        (Phase::Ended, _, Lang::En) if replay == Replay::None => {
            "This conversation has ended. There is no replay."
        }
        (Phase::Ended, _, Lang::Fr) if replay == Replay::None => {
            "La conversation est terminée. Il n’y a pas de réécoute."
        }
        (Phase::Ended, _, Lang::En) => "This conversation has ended. The replay is being made.",
        (Phase::Ended, _, Lang::Fr) => "La conversation est terminée. La réécoute se prépare.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
