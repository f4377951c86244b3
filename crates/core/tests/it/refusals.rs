//! Refusals: a code for machines, one clear sentence for people; bad text.

use crate::scene::{HOST, Scene, message};
use std::collections::HashSet;
use stentor_core::SeatId;
use stentor_core::conversation::{Input, Output, Refusal};
use stentor_core::event::Phase;
use stentor_core::limits::{MESSAGE_CHARS_MAX, NAME_CHARS_MAX};
use stentor_core::stage::StageCommand;

const ALL: [Refusal; 26] = [
    Refusal::NoSuchSender,
    Refusal::NoSuchSeat { seat: SeatId(9) },
    Refusal::NotAllowed,
    Refusal::UnmuteOther,
    Refusal::StaleVersion {
        expected: 2,
        got: 1,
    },
    Refusal::NotNow {
        act: "announce",
        phase: Phase::OnAir,
    },
    Refusal::EventEnded,
    Refusal::EventCancelled,
    Refusal::TimePast,
    Refusal::TimeFar { days_max: 3_660 },
    Refusal::ChapterOutside,
    Refusal::TooManyChapters { max: 128 },
    Refusal::CutOutside {
        begun_unix_ms: 1_796_151_600_000,
        ended_unix_ms: 1_796_155_200_000,
        ms_min: 1_000,
    },
    Refusal::ReplayDeleted,
    Refusal::HistoryFull { max: 512 },
    Refusal::StageFull { max: 13 },
    Refusal::SeatsFull { max: 64 },
    Refusal::NotConnected,
    Refusal::NotInGreenRoom,
    Refusal::TooManySessions { max: 128 },
    Refusal::ReceiveOnly,
    Refusal::HostStays,
    Refusal::RoleNotGiven,
    Refusal::NameEmpty,
    Refusal::TooLong { max: 64, got: 65 },
    Refusal::ControlCharacters,
];

#[test]
fn every_refusal_has_its_own_code_and_is_one_sentence() {
    let codes: HashSet<_> = ALL.iter().map(|refusal| refusal.code()).collect();
    assert_eq!(codes.len(), ALL.len());
    for refusal in ALL {
        let code = refusal.code();
        assert!(
            code.chars()
                .all(|char| char.is_ascii_lowercase() || char == '_'),
            "{code}"
        );
        let sentence = refusal.to_string();
        assert!(
            sentence.starts_with(char::is_lowercase) && !sentence.ends_with('.'),
            "{sentence}"
        );
        assert!(!sentence.contains(". "), "{sentence}");
    }
}

#[test]
fn a_refusal_goes_to_its_sender_and_names_the_command() {
    let mut scene = Scene::on_air();
    let outputs = scene.step(Input::Command {
        by: HOST,
        command: StageCommand::Remove { seat: HOST }.into(),
    });
    assert_eq!(
        outputs,
        [Output::Refused {
            by: HOST,
            what: "remove",
            reason: Refusal::HostStays
        }]
    );
}

#[test]
fn names_are_trimmed_and_bad_ones_refused() {
    let mut scene = Scene::on_air();
    let rename = |name: &str| StageCommand::Rename {
        seat: HOST,
        name: name.to_string(),
    };
    scene.command(HOST, rename("  Zoé Ωmega 名  "));
    assert_eq!(scene.seat(HOST).name, "Zoé Ωmega 名");
    assert_eq!(scene.refused(HOST, rename(" \t ")), Refusal::NameEmpty);
    for bad in [
        "a\nb",
        "a\0b",
        "a\u{202e}b",
        "a\u{2066}b",
        "a\u{2028}b",
        "a\u{7f}b",
    ] {
        assert_eq!(
            scene.refused(HOST, rename(bad)),
            Refusal::ControlCharacters,
            "{bad:?}"
        );
    }
}

#[test]
fn texts_are_counted_in_characters_and_the_limit_itself_is_allowed() {
    let mut scene = Scene::on_air();
    let name = "é".repeat(NAME_CHARS_MAX);
    scene.command(HOST, StageCommand::Rename { seat: HOST, name });
    let name = "é".repeat(NAME_CHARS_MAX + 1);
    assert_eq!(
        scene.refused(HOST, StageCommand::Rename { seat: HOST, name }),
        Refusal::TooLong {
            max: NAME_CHARS_MAX,
            got: NAME_CHARS_MAX + 1
        }
    );
    let message = |chars| message("", &"x".repeat(chars));
    scene.command(HOST, message(MESSAGE_CHARS_MAX));
    assert_eq!(
        scene.refused(HOST, message(MESSAGE_CHARS_MAX + 1)),
        Refusal::TooLong {
            max: MESSAGE_CHARS_MAX,
            got: MESSAGE_CHARS_MAX + 1
        }
    );
}

#[test]
fn an_empty_message_takes_the_message_away() {
    let mut scene = Scene::on_air();
    scene.command(HOST, message("Soon", "Soon"));
    assert!(!scene.view().message.is_empty());
    scene.command(HOST, message("  ", " "));
    assert!(scene.view().message.is_empty());
}
