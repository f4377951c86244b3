//! The phases of an event, and what they do to its stage.

use crate::scene::{HOST, Scene, act_to, lead, message};
use stentor_core::conversation::{Output, Refusal, SessionEndReason};
use stentor_core::event::Phase;
use stentor_core::schedule::Act;
use stentor_core::stage::{Place, Role, SessionKind, StageCommand};

const HOLD: Act = Act::Hold {
    until_unix_ms: None,
};

#[test]
fn an_event_is_announced_goes_on_air_and_ends() {
    let mut scene = Scene::new();
    assert_eq!(scene.view().phase(), Phase::Doors, "its hour has come");
    let version = scene.view().schedule_version;
    scene.phase(Phase::OnAir);
    assert_eq!(scene.view().phase(), Phase::OnAir);
    assert_eq!(scene.view().schedule_version, version + 1);
    scene.phase(Phase::Ended);
    assert_eq!(scene.view().phase(), Phase::Ended);
    assert_eq!(scene.view().schedule.since_unix_ms, scene.now.unix_ms);
}

#[test]
fn a_change_of_phase_is_kept_before_it_is_told_to_anybody() {
    let mut scene = Scene::on_air();
    let version = scene.view().schedule_version;
    let outputs = scene.command(HOST, lead(Act::End, version));
    assert_eq!(outputs.first(), Some(&Output::PersistFirst));
    assert!(
        outputs
            .iter()
            .any(|output| matches!(output, Output::Notice(_)))
    );
    assert!(outputs.contains(&Output::StageChanged));
    assert!(!outputs.contains(&Output::Persist), "once is enough");
}

#[test]
fn two_pages_that_saw_the_same_state_cannot_both_change_it() {
    let mut scene = Scene::new();
    let seen = scene.view().schedule_version;
    scene.phase(Phase::OnAir);
    assert_eq!(
        scene.refused(HOST, lead(Act::End, seen)),
        Refusal::StaleVersion {
            expected: seen + 1,
            got: seen
        }
    );
}

#[test]
fn asking_again_for_what_is_already_so_is_no_error() {
    let mut scene = Scene::new();
    let version = scene.view().schedule_version;
    scene.command(HOST, lead(Act::GoOnAir, version));
    scene.forget();
    let outputs = scene.command(HOST, lead(Act::GoOnAir, version));
    assert!(!outputs.contains(&Output::PersistFirst));
    assert_eq!(scene.view().schedule_version, version + 1);
}

#[test]
fn what_is_on_air_is_not_announced_again_and_what_is_over_stays_over() {
    let mut scene = Scene::on_air();
    let version = scene.view().schedule_version;
    for act in [Act::Announce, Act::OpenDoors, Act::Cancel] {
        let code = act.code();
        assert_eq!(
            scene.refused(HOST, lead(act, version)),
            Refusal::NotNow {
                act: code,
                phase: Phase::OnAir
            }
        );
    }
    scene.phase(Phase::Ended);
    for act in [Act::GoOnAir, HOLD, Act::Resume, Act::Cancel] {
        assert_eq!(
            scene.refused(HOST, lead(act, version + 1)),
            Refusal::EventEnded
        );
    }
}

#[test]
fn a_place_on_stage_is_not_in_the_programme_before_the_event_is_on_air() {
    let mut scene = Scene::new();
    scene.bring_on_stage(HOST);
    scene.unmute(HOST);
    assert_eq!(scene.seat(HOST).place, Place::OnStage);
    let order = scene.last_order(HOST);
    assert!(order.on_stage && !order.on_air, "heard on stage only");
    scene.phase(Phase::OnAir);
    assert!(scene.last_order(HOST).on_air);
    assert!(!scene.last_order(HOST).muted);
}

#[test]
fn while_it_is_held_the_stage_hears_itself_and_listeners_do_not() {
    let mut scene = Scene::on_air();
    scene.bring_on_stage(HOST);
    scene.unmute(HOST);
    scene.phase(Phase::Held);
    let order = scene.last_order(HOST);
    assert!(order.on_stage && !order.on_air && !order.muted);
    assert!(scene.seat(HOST).connected, "everybody stays where they are");
    let version = scene.view().schedule_version;
    scene.command(HOST, lead(Act::Resume, version));
    assert_eq!(scene.view().phase(), Phase::OnAir);
    assert!(scene.last_order(HOST).on_air);
}

#[test]
fn the_end_closes_every_session_and_silences_every_strip() {
    for end in [Phase::Ended, Phase::Cancelled] {
        let mut scene = if end == Phase::Ended {
            Scene::on_air()
        } else {
            Scene::new()
        };
        let (guest, session) = scene.guest_on_stage();
        let monitor = scene.up(guest, SessionKind::Monitor);
        scene.phase(end);
        for session in [session, monitor] {
            assert!(scene.outputs.contains(&Output::CloseSession {
                seat: guest,
                session,
                reason: SessionEndReason::Ended
            }));
        }
        assert!(scene.last_order(guest).muted);
        assert!(!scene.last_order(guest).on_air);
        assert!(!scene.seat(HOST).connected);
    }
}

#[test]
fn after_the_end_nobody_comes_in_but_the_host_can_still_say_a_word() {
    let mut scene = Scene::on_air();
    let (guest, _) = scene.guest_on_stage();
    scene.phase(Phase::Ended);
    let late = scene.up(guest, SessionKind::Browser);
    assert!(scene.outputs.contains(&Output::CloseSession {
        seat: guest,
        session: late,
        reason: SessionEndReason::Ended
    }));
    let invite = StageCommand::Invite {
        name: "Ada".into(),
        role: Role::Guest,
    };
    assert_eq!(scene.refused(HOST, invite), Refusal::EventEnded);
    scene.command(HOST, message("Merci !", "Thank you!"));
    assert_eq!(scene.view().message.get("fr"), Some("Merci !"));
}

#[test]
fn every_phase_has_an_act_that_leads_to_it() {
    for phase in Phase::ALL.into_iter().skip(1) {
        assert!(Act::CODES.contains(&act_to(phase).code()));
        assert_eq!(Phase::named(phase.code()), Some(phase));
    }
}
