//! What listeners are told is wrong: derived from what is seen.

use crate::scene::{HOST, Scene, admit};
use stentor_core::conversation::{Input, NoticeKind, Output};
use stentor_core::event::{Alarm, ConditionKind, Phase};
use stentor_core::limits::{HOST_DROPPED_AFTER_MS, STAGE_EMPTY_AFTER_MS};
use stentor_core::stage::{Place, Role, SessionKind, StageCommand};

fn condition(scene: &Scene) -> ConditionKind {
    scene.view().condition.kind
}

#[test]
fn a_host_lost_for_three_seconds_is_told_with_the_moment_it_began() {
    let mut scene = Scene::new();
    let session = scene.bring_on_stage(HOST);
    scene.phase(Phase::OnAir);
    scene.guest_on_stage();
    scene.wait(1_000);
    scene.forget();

    let lost_at = scene.now.unix_ms;
    scene.down(HOST, session);
    scene.wait(HOST_DROPPED_AFTER_MS - 100);
    assert_eq!(condition(&scene), ConditionKind::Ok);
    scene.forget();
    scene.wait(100);
    assert_eq!(condition(&scene), ConditionKind::HostDropped);
    assert_eq!(scene.view().condition.since_unix_ms, lost_at);
    assert_eq!(scene.view().since_unix_ms(), lost_at);
    assert_eq!(scene.notices(NoticeKind::Full), 1);
}

#[test]
fn a_host_from_whom_nothing_arrives_is_away_though_the_session_is_kept_and_back_without_a_touch() {
    let mut scene = Scene::new();
    let session = scene.bring_on_stage(HOST);
    scene.phase(Phase::OnAir);
    let seat = HOST;
    let report = |scene: &mut Scene, on| {
        scene.step(Input::SessionInterrupted { seat, session, on });
    };
    let muted = scene.seat(HOST).muted;
    report(&mut scene, true);
    assert!(!scene.seat(HOST).connected);
    scene.wait(HOST_DROPPED_AFTER_MS);
    assert_eq!(condition(&scene), ConditionKind::HostDropped);
    report(&mut scene, false);
    assert!(scene.seat(HOST).connected);
    assert_eq!(scene.seat(HOST).muted, muted);
    scene.wait(100);
    assert_eq!(condition(&scene), ConditionKind::Ok);
    // Whoever was away and is gone has been away since the beginning of that.
    report(&mut scene, true);
    scene.wait(HOST_DROPPED_AFTER_MS - 100);
    scene.down(HOST, session);
    scene.wait(100);
    assert_eq!(condition(&scene), ConditionKind::HostDropped);
}

#[test]
fn a_reload_is_not_announced() {
    let mut scene = Scene::new();
    let session = scene.bring_on_stage(HOST);
    scene.phase(Phase::OnAir);
    scene.down(HOST, session);
    scene.wait(HOST_DROPPED_AFTER_MS - 100);
    scene.browser(HOST);
    scene.wait(10_000);
    assert_eq!(condition(&scene), ConditionKind::Ok);
}

#[test]
fn a_co_host_on_stage_means_the_host_is_not_missed() {
    let mut scene = Scene::new();
    let session = scene.bring_on_stage(HOST);
    scene.phase(Phase::OnAir);
    scene.co_host();
    scene.down(HOST, session);
    scene.wait(10_000);
    assert_eq!(condition(&scene), ConditionKind::Ok);
}

#[test]
fn when_the_last_host_is_lost_the_event_goes_on_and_the_host_comes_back_into_the_same_place() {
    let mut scene = Scene::new();
    let session = scene.bring_on_stage(HOST);
    scene.unmute(HOST);
    scene.phase(Phase::OnAir);
    let (guest, _) = scene.guest_on_stage();
    scene.down(HOST, session);
    scene.wait(30_000);
    assert_eq!(scene.view().phase(), Phase::OnAir);
    assert!(scene.seat(guest).connected);
    assert!(scene.last_order(guest).on_stage);

    scene.browser(HOST);
    assert_eq!(scene.seat(HOST).place, Place::OnStage);
    assert!(!scene.last_order(HOST).muted);
    scene.wait(100);
    assert_eq!(condition(&scene), ConditionKind::Ok);
}

#[test]
fn a_stage_that_everybody_left_is_empty_and_nobody_dropped() {
    let mut scene = Scene::on_air();
    scene.command(HOST, StageCommand::ToGreenRoom { seat: HOST });
    scene.wait(STAGE_EMPTY_AFTER_MS - 100);
    assert_eq!(condition(&scene), ConditionKind::Ok);
    scene.wait(100);
    assert_eq!(condition(&scene), ConditionKind::StageEmpty);
}

#[test]
fn an_event_run_by_a_line_alone_lacks_nothing() {
    let mut scene = Scene::new();
    let line = scene.invite(Role::LineIn);
    scene.up(line, SessionKind::LineIn);
    scene.command(HOST, admit(line));
    scene.phase(Phase::OnAir);
    scene.wait(10_000);
    assert_eq!(condition(&scene), ConditionKind::Ok);
}

#[test]
fn before_and_after_the_event_nothing_is_missing() {
    let mut scene = Scene::new();
    scene.wait(10_000);
    assert_eq!(condition(&scene), ConditionKind::Ok);
    scene.phase(Phase::OnAir);
    scene.wait(10_000);
    assert_eq!(condition(&scene), ConditionKind::StageEmpty);
    scene.phase(Phase::Ended);
    assert_eq!(condition(&scene), ConditionKind::Ok);
}

#[test]
fn our_own_silence_is_told_as_our_fault_and_before_everything_else() {
    let mut scene = Scene::on_air();
    scene.command(HOST, StageCommand::ToGreenRoom { seat: HOST });
    scene.wait(10_000);
    let (alarm, on) = (Alarm::OutputSilent, true);
    let outputs = scene.step(Input::Alarm { alarm, on });
    assert!(outputs.contains(&Output::Alarm { alarm, on }));
    assert_eq!(condition(&scene), ConditionKind::Fault);
    assert_eq!(scene.view().alarms, [alarm]);
    scene.step(Input::Alarm { alarm, on: false });
    assert_eq!(condition(&scene), ConditionKind::StageEmpty);
}

#[test]
fn a_failing_recorder_is_told_to_hosts_only_and_once() {
    let mut scene = Scene::on_air();
    let input = Input::Alarm {
        alarm: Alarm::Recorder,
        on: true,
    };
    assert!(!scene.step(input.clone()).is_empty());
    assert!(scene.step(input).is_empty());
    assert_eq!(condition(&scene), ConditionKind::Ok);
}
