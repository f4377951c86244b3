//! Scheduled, on air, ended: forward only, with a version.

use crate::scene::{HOST, Scene, message};
use stentor_core::conversation::{Output, Refusal, SessionEndReason};
use stentor_core::event::{EventCommand, Phase};
use stentor_core::stage::{Place, Role, SessionKind, StageCommand};

#[test]
fn an_event_begins_scheduled_goes_on_air_and_ends() {
    let mut scene = Scene::new();
    assert_eq!(scene.view().phase, Phase::Scheduled);
    scene.phase(Phase::OnAir);
    assert_eq!(scene.view().phase, Phase::OnAir);
    assert_eq!(scene.view().phase_version, 2);
    scene.phase(Phase::Ended);
    assert_eq!(scene.view().phase, Phase::Ended);
    assert_eq!(scene.view().phase_since_unix_ms, scene.now.unix_ms);
}

#[test]
fn a_change_of_phase_is_told_to_listeners_stage_and_store_at_once() {
    let mut scene = Scene::on_air();
    let version = scene.view().phase_version;
    let phase = Phase::Ended;
    let outputs = scene.command(HOST, EventCommand::SetPhase { phase, version });
    assert!(
        outputs
            .iter()
            .any(|output| matches!(output, Output::Notice(_)))
    );
    assert!(outputs.contains(&Output::StageChanged));
    assert_eq!(outputs.last(), Some(&Output::Persist));
}

#[test]
fn two_pages_that_saw_the_same_state_cannot_both_change_it() {
    let mut scene = Scene::new();
    scene.phase(Phase::OnAir);
    let stale = EventCommand::SetPhase {
        phase: Phase::Ended,
        version: 1,
    };
    assert_eq!(
        scene.refused(HOST, stale),
        Refusal::StaleVersion {
            expected: 2,
            got: 1
        }
    );
}

#[test]
fn asking_again_for_what_is_already_so_is_no_error() {
    let mut scene = Scene::new();
    let go = || EventCommand::SetPhase {
        phase: Phase::OnAir,
        version: 1,
    };
    scene.command(HOST, go());
    scene.forget();
    let outputs = scene.command(HOST, go());
    assert!(!outputs.contains(&Output::Persist));
    assert_eq!(scene.view().phase_version, 2);
}

#[test]
fn a_phase_never_goes_back() {
    let mut scene = Scene::on_air();
    let version = scene.view().phase_version;
    let back = EventCommand::SetPhase {
        phase: Phase::Scheduled,
        version,
    };
    assert_eq!(
        scene.refused(HOST, back),
        Refusal::PhaseBackwards {
            from: Phase::OnAir,
            to: Phase::Scheduled
        }
    );
    scene.phase(Phase::Ended);
    let again = EventCommand::SetPhase {
        phase: Phase::OnAir,
        version: version + 1,
    };
    assert_eq!(scene.refused(HOST, again), Refusal::EventEnded);
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
fn the_end_closes_every_session_and_silences_every_strip() {
    let mut scene = Scene::on_air();
    let (guest, session) = scene.guest_on_stage();
    let monitor = scene.up(guest, SessionKind::Monitor);
    scene.phase(Phase::Ended);
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
