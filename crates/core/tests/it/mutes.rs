//! Mute is desired state with a version; a session is silent until it shows that it knows it.

use crate::scene::{HOST, Scene, admit};
use stentor_core::conversation::{Input, Output, Refusal};
use stentor_core::stage::{AppliedMute, Role, SeatOrder, SessionKind, StageCommand};

#[test]
fn a_mute_goes_to_the_mixer_in_the_same_step_and_before_the_store() {
    let mut scene = Scene::on_air();
    let version = scene.seat(HOST).mute_version;
    let outputs = scene.command(
        HOST,
        StageCommand::SetMuted {
            seat: HOST,
            muted: true,
            version,
        },
    );
    assert_eq!(
        outputs.first(),
        Some(&Output::Mixer(SeatOrder {
            seat: HOST,
            session: scene.last_order(HOST).session,
            on_stage: true,
            on_air: true,
            muted: true,
            version: version + 1
        }))
    );
    assert_eq!(outputs.last(), Some(&Output::Persist));
}

#[test]
fn the_button_shows_what_the_mixer_does_not_what_is_desired() {
    let mut scene = Scene::new();
    let session = scene.bring_on_stage(HOST);
    scene.unmute(HOST);
    assert!(!scene.seat(HOST).muted);
    assert!(scene.seat(HOST).mixer_muted);
    let version = scene.seat(HOST).mute_version;
    let applied = |muted, version| Input::MuteApplied {
        seat: HOST,
        session,
        applied: AppliedMute { muted, version },
    };
    let outputs = scene.step(applied(false, version));
    assert!(outputs.contains(&Output::StageChanged));
    assert!(!scene.seat(HOST).mixer_muted);
    // A late word about an older order changes nothing.
    scene.step(applied(true, version - 1));
    assert!(!scene.seat(HOST).mixer_muted);
}

#[test]
fn a_word_about_a_replaced_session_changes_nothing() {
    let mut scene = Scene::on_air();
    let older = scene.browser(HOST);
    let newer = scene.browser(HOST);
    assert_ne!(older, newer);
    scene.step(Input::MuteApplied {
        seat: HOST,
        session: older,
        applied: AppliedMute {
            muted: false,
            version: 9,
        },
    });
    assert!(scene.seat(HOST).mixer_muted);
}

#[test]
fn a_stale_mute_is_refused_with_both_versions() {
    let mut scene = Scene::on_air();
    let (guest, _) = scene.guest_on_stage();
    let seen = scene.seat(guest).mute_version;
    scene.set_muted(HOST, guest, true);
    let stale = StageCommand::SetMuted {
        seat: guest,
        muted: false,
        version: seen,
    };
    assert_eq!(
        scene.refused(guest, stale),
        Refusal::StaleVersion {
            expected: seen + 1,
            got: seen
        }
    );
    // Asking for what is already so is obeyed whatever was seen: it cannot surprise anybody.
    scene.command(
        guest,
        StageCommand::SetMuted {
            seat: guest,
            muted: true,
            version: seen,
        },
    );
    assert_eq!(scene.seat(guest).mute_version, seen + 1);
}

#[test]
fn a_key_that_is_released_before_the_page_knows_that_it_is_heard_closes_the_microphone() {
    let mut scene = Scene::on_air();
    let (guest, _) = scene.guest_on_stage();
    scene.mute(guest);
    let version = scene.seat(guest).mute_version;
    let set = |muted| StageCommand::SetMuted {
        seat: guest,
        muted,
        version,
    };
    scene.command(guest, set(false));
    assert!(!scene.last_order(guest).muted);
    // Sent before the answer to that has come.
    scene.command(guest, set(true));
    assert!(scene.last_order(guest).muted && scene.seat(guest).muted);
    // Pressed again with what was seen long ago: that could undo what a host has done meanwhile.
    assert_eq!(
        scene.refused(guest, set(false)),
        Refusal::StaleVersion {
            expected: version + 2,
            got: version
        }
    );
    scene.unmute(guest);
    let stale = StageCommand::SetMuted {
        seat: guest,
        muted: true,
        version,
    };
    scene.command(HOST, stale);
    assert!(scene.last_order(guest).muted && scene.seat(guest).muted_by_host);
}

#[test]
fn nobody_opens_the_microphone_of_another_person() {
    let mut scene = Scene::on_air();
    let (guest, _) = scene.guest_on_stage();
    scene.set_muted(HOST, guest, true);
    let version = scene.seat(guest).mute_version;
    let unmute = StageCommand::SetMuted {
        seat: guest,
        muted: false,
        version,
    };
    assert_eq!(scene.refused(HOST, unmute), Refusal::UnmuteOther);
    scene.unmute(guest);
    assert!(!scene.last_order(guest).muted);
}

#[test]
fn a_line_has_nobody_at_the_button_so_hosts_press_it() {
    let mut scene = Scene::on_air();
    let line = scene.invite(Role::LineIn);
    scene.up(line, SessionKind::LineIn);
    scene.command(HOST, admit(line));
    scene.set_muted(HOST, line, true);
    scene.set_muted(HOST, line, false);
    assert!(!scene.last_order(line).muted);

    // The same for a guest's link that was given to a machine.
    let guest = scene.invite(Role::Guest);
    scene.up(guest, SessionKind::LineIn);
    scene.command(HOST, admit(guest));
    assert!(scene.last_order(guest).muted);
    scene.set_muted(HOST, guest, false);
    assert!(!scene.last_order(guest).muted);
}

#[test]
fn a_session_that_reconnects_is_muted_until_its_page_knows_the_state() {
    let mut scene = Scene::on_air();
    let (guest, session) = scene.guest_on_stage();
    scene.down(guest, session);
    scene.up(guest, SessionKind::Browser);
    let order = scene.last_order(guest);
    assert!(order.on_stage && order.muted);
    assert!(!scene.seat(guest).ready);
    scene.ready(guest);
    assert!(!scene.last_order(guest).muted);
    assert!(scene.seat(guest).ready);
}

#[test]
fn a_page_that_knows_an_older_state_stays_muted() {
    let mut scene = Scene::on_air();
    let (guest, session) = scene.guest_on_stage();
    let seen = scene.seat(guest).mute_version;
    scene.down(guest, session);
    scene.set_muted(HOST, guest, true);
    scene.up(guest, SessionKind::Browser);
    let ready = |muted_version| StageCommand::Ready {
        seat: guest,
        muted_version,
    };
    assert_eq!(
        scene.refused(guest, ready(seen)),
        Refusal::StaleVersion {
            expected: seen + 1,
            got: seen
        }
    );
    assert!(scene.last_order(guest).muted);
    scene.command(guest, ready(seen + 1));
    assert!(scene.last_order(guest).muted, "the host's mute stands");
}

#[test]
fn a_mute_while_a_page_is_not_ready_keeps_it_muted_afterwards() {
    let mut scene = Scene::on_air();
    let (guest, session) = scene.guest_on_stage();
    scene.down(guest, session);
    scene.up(guest, SessionKind::Browser);
    scene.mute(guest);
    scene.ready(guest);
    assert!(scene.last_order(guest).muted);
}

#[test]
fn readiness_without_a_session_is_refused() {
    let mut scene = Scene::on_air();
    let guest = scene.invite(Role::Guest);
    let ready = StageCommand::Ready {
        seat: guest,
        muted_version: 1,
    };
    assert_eq!(scene.refused(guest, ready), Refusal::NotConnected);
}
