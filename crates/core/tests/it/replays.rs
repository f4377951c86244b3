//! What becomes of a replay: who may hear it and from when, which part of it, and that there is none any more.

use stentor_core::conversation::{Conversation, Refusal};
use stentor_core::event::Phase;
use stentor_core::limits::{PROGRAMME_LEEWAY_MS, REPLAY_MS_MIN, START_AHEAD_MS_MAX};
use stentor_core::schedule::{Act, ReplayCut, ReplayOffer, ReplayOutcome};

use crate::scene::Scene;
use crate::schedule::{act, refused, standing};

/// Whether the public may hear the replay now.
fn outcome(scene: &Scene) -> ReplayOutcome {
    standing(scene).replay.outcome(scene.now.unix_ms)
}

const fn withheld(until_unix_ms: Option<i64>) -> ReplayOutcome {
    ReplayOutcome::Withheld { until_unix_ms }
}

#[test]
fn a_replay_is_offered_at_once_later_or_not_as_was_said_last_before_or_after() {
    let mut scene = Scene::new();
    assert!(matches!(outcome(&scene), ReplayOutcome::Offered { .. }));
    act(&mut scene, Act::OfferReplay(ReplayOffer::Withheld));
    assert_eq!(outcome(&scene), withheld(None));
    scene.phase(Phase::OnAir);
    scene.phase(Phase::Ended);
    let past = Act::OfferReplay(ReplayOffer::From(scene.now.unix_ms));
    assert_eq!(refused(&mut scene, past), Refusal::TimePast);
    let far = ReplayOffer::From(scene.now.unix_ms + START_AHEAD_MS_MAX + 1);
    assert!(matches!(
        refused(&mut scene, Act::OfferReplay(far)),
        Refusal::TimeFar { .. }
    ));
    let from = scene.now.unix_ms + 2_000;
    act(&mut scene, Act::OfferReplay(ReplayOffer::From(from)));
    assert_eq!(outcome(&scene), withheld(Some(from)));
    scene.wait(2_000);
    let since_unix_ms = from;
    assert_eq!(outcome(&scene), ReplayOutcome::Offered { since_unix_ms });
    act(&mut scene, Act::OfferReplay(ReplayOffer::Withheld));
    assert_eq!(outcome(&scene), withheld(None));
    scene.wait(1_000);
    act(&mut scene, Act::OfferReplay(ReplayOffer::AtOnce));
    let since_unix_ms = scene.now.unix_ms;
    assert_eq!(outcome(&scene), ReplayOutcome::Offered { since_unix_ms });
    // What is so already changes nothing.
    let seen = scene.view().schedule_version;
    act(&mut scene, Act::OfferReplay(ReplayOffer::AtOnce));
    assert_eq!(scene.view().schedule_version, seen);
}

#[test]
fn a_replay_is_cut_within_its_programme_once_that_is_over_and_whole_again() {
    let mut scene = Scene::on_air();
    let cut = |from_unix_ms, to_unix_ms| {
        Act::CutReplay(ReplayCut {
            from_unix_ms,
            to_unix_ms,
        })
    };
    let begun = standing(&scene).on_air_unix_ms.expect("it is on air");
    assert_eq!(
        refused(&mut scene, cut(Some(begun), None)),
        Refusal::NotNow {
            act: "cut_replay",
            phase: Phase::OnAir
        }
    );
    scene.wait(20_000);
    scene.phase(Phase::Ended);
    let ended = scene.now.unix_ms;
    let outside = Refusal::CutOutside {
        begun_unix_ms: begun,
        ended_unix_ms: ended,
        ms_min: REPLAY_MS_MIN,
    };
    for (from, to) in [
        (Some(begun - PROGRAMME_LEEWAY_MS - 1), None),
        (None, Some(ended + PROGRAMME_LEEWAY_MS + 1)),
        (Some(begun + 9_000), Some(begun + 5_000)),
        (Some(begun + 5_000), Some(begun + 5_000 + REPLAY_MS_MIN - 1)),
        (Some(i64::MIN), Some(i64::MAX)),
        (Some(i64::MAX), Some(i64::MIN)),
    ] {
        assert_eq!(refused(&mut scene, cut(from, to)), outside);
    }
    let least = cut(Some(begun + 5_000), Some(begun + 5_000 + REPLAY_MS_MIN));
    act(&mut scene, least);
    act(&mut scene, cut(None, Some(ended - 3_000)));
    let cut_to = standing(&scene).replay.cut;
    assert_eq!(
        (cut_to.from_unix_ms, cut_to.to_unix_ms),
        (None, Some(ended - 3_000))
    );
    act(&mut scene, cut(None, None));
    assert_eq!(standing(&scene).replay.cut, ReplayCut::default());
}

#[test]
fn of_an_event_that_was_never_on_air_nothing_is_cut() {
    let mut scene = Scene::new();
    scene.phase(Phase::Ended);
    let cut = Act::CutReplay(ReplayCut::default());
    assert!(matches!(refused(&mut scene, cut), Refusal::NotNow { .. }));
}

#[test]
fn a_replay_is_deleted_for_good_and_only_when_it_is_over() {
    let mut scene = Scene::on_air();
    scene.wait(5_000);
    assert_eq!(
        refused(&mut scene, Act::DeleteReplay),
        Refusal::NotNow {
            act: "delete_replay",
            phase: Phase::OnAir
        }
    );
    scene.phase(Phase::Ended);
    act(&mut scene, Act::DeleteReplay);
    assert_eq!(outcome(&scene), ReplayOutcome::Deleted);
    // Asked for once more it is so already.
    act(&mut scene, Act::DeleteReplay);
    for late in [
        Act::OfferReplay(ReplayOffer::AtOnce),
        Act::CutReplay(ReplayCut::default()),
    ] {
        assert_eq!(refused(&mut scene, late), Refusal::ReplayDeleted);
    }
    let restored = Conversation::restore(scene.conversation.snapshot(), scene.now);
    let view = restored.expect("it is whole").view();
    assert_eq!(view.schedule, scene.view().schedule);
}
