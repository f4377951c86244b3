//! The operator changes an event beside the stage, and hosts switch the recording.

use crate::scene::{HOST, Scene};
use stentor_core::Texts;
use stentor_core::conversation::{Amendment, Conversation, Input, Output, Refusal};
use stentor_core::event::{EventCommand, Phase};
use stentor_core::limits::TITLE_CHARS_MAX;
use stentor_core::schedule::{Act, Correction};

fn amend(scene: &mut Scene, amendment: Amendment) -> Vec<Output> {
    scene.step(Input::Amend(amendment))
}

/// Something said otherwise by the operator.
fn correction(correction: Correction) -> Amendment {
    Amendment {
        acts: vec![(Act::Correct(correction), Texts::new())],
        ..Amendment::default()
    }
}

#[test]
fn what_is_named_is_changed_and_kept_and_the_rest_stays() {
    let mut scene = Scene::on_air();
    let before = scene.view();
    let outputs = amend(
        &mut scene,
        correction(Correction {
            title: Some("Another\ntitle".into()),
            ..Correction::default()
        }),
    );
    assert_eq!(outputs.first(), Some(&Output::PersistFirst));
    assert_eq!(scene.view().title().to_owned(), "Anothertitle");
    assert_eq!(scene.view().starts_unix_ms(), before.starts_unix_ms());
    amend(
        &mut scene,
        Amendment {
            recorded: Some(false),
            ..Amendment::default()
        },
    );
    let view = scene.view();
    assert!(!view.recorded);
    let restored = Conversation::restore(scene.conversation.snapshot(), scene.now);
    assert!(!restored.unwrap().view().recorded);
}

#[test]
fn a_title_is_made_showable_as_when_it_was_made() {
    let mut scene = Scene::new();
    let title = Some("é".repeat(TITLE_CHARS_MAX + 5));
    amend(
        &mut scene,
        correction(Correction {
            title,
            ..Correction::default()
        }),
    );
    assert_eq!(scene.view().title().to_owned(), "é".repeat(TITLE_CHARS_MAX));
}

#[test]
fn nothing_new_is_kept_or_told() {
    let mut scene = Scene::on_air();
    let same = Amendment {
        recorded: Some(true),
        acts: vec![(Act::GoOnAir, Texts::new())],
    };
    assert!(amend(&mut scene, same).is_empty());
    assert!(amend(&mut scene, Amendment::default()).is_empty());
}

#[test]
fn an_event_is_ended_from_any_phase_with_everybody_in_it_and_once() {
    for begun in [false, true] {
        let mut scene = if begun { Scene::on_air() } else { Scene::new() };
        let session = scene.browser(HOST);
        let end = Amendment {
            acts: vec![(Act::End, Texts::new())],
            ..Amendment::default()
        };
        let outputs = amend(&mut scene, end.clone());
        assert_eq!(scene.view().phase(), Phase::Ended);
        let closed = |output: &Output| matches!(output, Output::CloseSession { session: one, .. } if *one == session);
        assert!(outputs.iter().any(closed), "{outputs:?}");
        assert!(amend(&mut scene, end).is_empty());
    }
}

#[test]
fn hosts_switch_the_recording_and_nobody_else_and_not_after_the_end() {
    let mut scene = Scene::on_air();
    let (guest, _) = scene.guest_on_stage();
    let off = EventCommand::SetRecorded { on: false };
    assert_eq!(scene.refused(guest, off.clone()), Refusal::NotAllowed);
    assert!(scene.view().recorded);
    let outputs = scene.command(HOST, off);
    assert!(!scene.view().recorded);
    assert!(outputs.contains(&Output::StageChanged));
    scene.phase(Phase::Ended);
    let on = EventCommand::SetRecorded { on: true };
    assert_eq!(scene.refused(HOST, on), Refusal::EventEnded);
}
