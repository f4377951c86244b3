//! Every bound, at its limit.

use crate::scene::{HOST, Scene, act_to, admit, info, lead};
use stentor_core::conversation::{Conversation, Input, Outbox, Output, Refusal};
use stentor_core::event::{EventInfo, Phase};
use stentor_core::limits::{NAME_CHARS_MAX, ON_STAGE_MAX, OUTBOX_MAX, SEATS_MAX, TITLE_CHARS_MAX};
use stentor_core::stage::{Place, Role, SeatLevel, SessionKind, StageCommand};
use stentor_core::{Now, SeatId};

#[test]
fn the_stage_holds_thirteen_connected_or_not() {
    let mut scene = Scene::on_air();
    let mut seats = vec![HOST];
    while seats.len() < ON_STAGE_MAX {
        seats.push(scene.guest_on_stage().0);
    }
    let late = scene.invite(Role::Guest);
    scene.browser(late);
    let full = Refusal::StageFull { max: ON_STAGE_MAX };
    assert_eq!(scene.refused(HOST, admit(late)), full);
    // Admitting somebody who is there already is no error.
    scene.command(HOST, admit(seats[3]));
    scene.command(HOST, StageCommand::ToGreenRoom { seat: seats[3] });
    scene.command(HOST, admit(late));
}

#[test]
fn a_full_event_refuses_an_invitation_until_somebody_was_removed() {
    let mut scene = Scene::on_air();
    let first = scene.invite(Role::Guest);
    for _ in 2..SEATS_MAX {
        scene.invite(Role::Guest);
    }
    let invite = || StageCommand::Invite {
        name: "Late".into(),
        role: Role::Guest,
    };
    let full = Refusal::SeatsFull { max: SEATS_MAX };
    assert_eq!(scene.refused(HOST, invite()), full);
    scene.command(HOST, StageCommand::Remove { seat: first });
    assert_eq!(scene.seat(first).place, Place::Removed);
    let late = scene.invite(Role::Guest);
    assert_eq!(
        late,
        SeatId(SEATS_MAX as u32 + 1),
        "a number is never used again"
    );
    assert_eq!(scene.view().seats.len(), SEATS_MAX);
    assert!(scene.view().seat(first).is_none());
}

#[test]
fn the_end_of_the_fullest_event_fits_the_outbox() {
    let mut scene = Scene::on_air();
    scene.up(HOST, SessionKind::Monitor);
    let mut seats = vec![HOST];
    while seats.len() < SEATS_MAX {
        let seat = scene.invite(Role::Guest);
        scene.browser(seat);
        scene.unmute(seat);
        scene.up(seat, SessionKind::Monitor);
        seats.push(seat);
    }
    // Everybody is warned of a silent microphone as well.
    let levels: Vec<_> = seats
        .iter()
        .map(|&seat| SeatLevel {
            seat,
            dbfs_tenths: -1270,
            voice: false,
            digital_silence: true,
            sound: false,
        })
        .collect();
    for _ in 0..31 {
        scene.advance(100);
        scene.step(Input::Levels(&levels));
    }
    let version = scene.view().schedule_version;
    let outputs = scene.command(HOST, lead(act_to(Phase::Ended), version));
    assert!(
        outputs.len() > 4 * SEATS_MAX && outputs.len() <= OUTBOX_MAX,
        "{}",
        outputs.len()
    );
    let closed = |output: &&Output| matches!(output, Output::CloseSession { .. });
    assert_eq!(outputs.iter().filter(closed).count(), 2 * SEATS_MAX);
}

#[test]
fn an_outbox_nobody_empties_drops_and_counts() {
    let mut scene = Scene::on_air();
    let mut out = Outbox::new();
    for _ in 0..OUTBOX_MAX + 7 {
        let command = StageCommand::Remove { seat: HOST };
        scene.conversation.step(
            scene.now,
            Input::Command {
                by: HOST,
                command: command.into(),
            },
            &mut out,
        );
    }
    assert_eq!(out.outputs().len(), OUTBOX_MAX);
    assert_eq!(out.dropped(), 7);
    assert_eq!(out.drain().count(), OUTBOX_MAX);
    assert!(out.outputs().is_empty());
}

#[test]
fn more_levels_than_seats_are_not_looked_at() {
    let mut scene = Scene::on_air();
    let level = |seat| SeatLevel {
        seat,
        dbfs_tenths: -300,
        voice: true,
        digital_silence: false,
        sound: true,
    };
    let mut levels = vec![level(SeatId(777)); SEATS_MAX];
    levels.push(level(HOST));
    for _ in 0..10 {
        scene.advance(100);
        scene.step(Input::Levels(&levels));
    }
    assert!(!scene.seat(HOST).speaking);
}

#[test]
fn an_operators_long_or_broken_title_is_made_showable() {
    let info = EventInfo {
        title: format!("\u{202e}{}\n", "é".repeat(TITLE_CHARS_MAX + 5)),
        host_name: "x".repeat(NAME_CHARS_MAX + 5),
        ..info()
    };
    let view = Conversation::new(info.clone(), Now::default()).view();
    assert_eq!(view.title().to_owned(), "é".repeat(TITLE_CHARS_MAX));
    assert_eq!(view.seats[0].name.chars().count(), NAME_CHARS_MAX);

    let nameless = EventInfo {
        host_name: " ".into(),
        ..info
    };
    assert_eq!(
        Conversation::new(nameless, Now::default()).view().seats[0].name,
        "Host"
    );
}
