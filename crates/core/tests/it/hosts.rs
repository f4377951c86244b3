//! One host, co-hosts with equal powers, hand over and succession.

use crate::scene::{HOST, Scene, act_to, admit, lead, message};
use stentor_core::SeatId;
use stentor_core::conversation::{Command, Refusal};
use stentor_core::event::Phase;
use stentor_core::stage::{Place, Role, StageCommand};

fn role(scene: &Scene, seat: SeatId) -> Role {
    scene.seat(seat).role
}

#[test]
fn a_co_host_can_do_all_that_the_host_can() {
    let mut scene = Scene::new();
    scene.bring_on_stage(HOST);
    let co_host = scene.co_host();
    let guest = scene.invite(Role::Guest);
    scene.browser(guest);

    scene.command(co_host, admit(guest));
    scene.unmute(guest);
    scene.set_muted(co_host, guest, true);
    scene.set_muted(co_host, HOST, true);
    let version = scene.view().schedule_version;
    scene.command(co_host, lead(act_to(Phase::OnAir), version));
    let role = Role::CoHost;
    scene.command(co_host, StageCommand::SetRole { seat: guest, role });
    let name = "Grace".to_string();
    scene.command(co_host, StageCommand::Rename { seat: guest, name });
    let name = "Ada".to_string();
    scene.command(co_host, StageCommand::Invite { name, role });
    scene.command(co_host, message("", "Soon"));
    scene.command(co_host, StageCommand::ToGreenRoom { seat: guest });
    scene.command(co_host, StageCommand::Remove { seat: guest });
    let version = scene.view().schedule_version;
    scene.command(co_host, lead(act_to(Phase::Ended), version));
    assert_eq!(scene.view().phase(), Phase::Ended);
}

#[test]
fn handing_over_makes_the_host_a_co_host() {
    let mut scene = Scene::on_air();
    let (guest, _) = scene.guest_on_stage();
    scene.command(HOST, StageCommand::HandOver { seat: guest });
    assert_eq!(role(&scene, guest), Role::Host);
    assert_eq!(role(&scene, HOST), Role::CoHost);
    assert_eq!(scene.seat(HOST).place, Place::OnStage);
}

#[test]
fn when_the_host_is_lost_any_co_host_succeeds_by_command() {
    let mut scene = Scene::new();
    let session = scene.bring_on_stage(HOST);
    let co_host = scene.co_host();
    scene.phase(Phase::OnAir);
    scene.down(HOST, session);
    scene.wait(10_000);
    scene.command(co_host, StageCommand::HandOver { seat: co_host });
    assert_eq!(role(&scene, co_host), Role::Host);
    // The lost one can now be removed, which a host cannot.
    scene.command(co_host, StageCommand::Remove { seat: HOST });
    assert_eq!(scene.seat(HOST).place, Place::Removed);
}

#[test]
fn there_is_always_a_host() {
    let mut scene = Scene::on_air();
    let co_host = scene.co_host();
    for by in [HOST, co_host] {
        assert_eq!(
            scene.refused(by, StageCommand::Remove { seat: HOST }),
            Refusal::HostStays
        );
        let role = Role::Guest;
        assert_eq!(
            scene.refused(by, StageCommand::SetRole { seat: HOST, role }),
            Refusal::HostStays
        );
    }
}

#[test]
fn a_machine_is_never_made_host_nor_a_person_a_machine() {
    let mut scene = Scene::on_air();
    let (guest, _) = scene.guest_on_stage();
    let line = scene.invite(Role::LineIn);
    let monitor = scene.invite(Role::Monitor);
    for seat in [line, monitor] {
        assert_eq!(
            scene.refused(HOST, StageCommand::HandOver { seat }),
            Refusal::RoleNotGiven
        );
        let role = Role::CoHost;
        assert_eq!(
            scene.refused(HOST, StageCommand::SetRole { seat, role }),
            Refusal::RoleNotGiven
        );
    }
    for role in [Role::LineIn, Role::Monitor, Role::Host] {
        let change = StageCommand::SetRole { seat: guest, role };
        assert_eq!(scene.refused(HOST, change), Refusal::RoleNotGiven);
    }
    let name = "Second host".to_string();
    let role = Role::Host;
    assert_eq!(
        scene.refused(HOST, StageCommand::Invite { name, role }),
        Refusal::RoleNotGiven
    );
}

#[test]
fn a_guest_has_no_power_over_others() {
    let mut scene = Scene::on_air();
    let (guest, _) = scene.guest_on_stage();
    let (other, _) = scene.guest_on_stage();
    let version = scene.seat(other).mute_version;
    let phase_version = scene.view().schedule_version;
    let commands: [Command; 11] = [
        lead(act_to(Phase::Ended), phase_version).into(),
        StageCommand::SetMuted {
            seat: other,
            muted: true,
            version,
        }
        .into(),
        admit(other).into(),
        StageCommand::ToGreenRoom { seat: other }.into(),
        StageCommand::Remove { seat: other }.into(),
        StageCommand::SetRole {
            seat: guest,
            role: Role::CoHost,
        }
        .into(),
        StageCommand::HandOver { seat: guest }.into(),
        StageCommand::Invite {
            name: "Friend".into(),
            role: Role::Guest,
        }
        .into(),
        StageCommand::Rename {
            seat: other,
            name: "Fool".into(),
        }
        .into(),
        message("", "Hi").into(),
        StageCommand::Ready {
            seat: other,
            muted_version: version,
        }
        .into(),
    ];
    for command in commands {
        assert_eq!(scene.refused(guest, command), Refusal::NotAllowed);
    }
}
