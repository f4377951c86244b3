//! What is planned, what has happened, and how an event stands: acts, their refusals, and what the time brings about.

use crate::scene::{HOST, Scene, info, lead};
use stentor_core::conversation::{Amendment, Conversation, Input, Output, Refusal, SnapshotError};
use stentor_core::event::{EventCommand, EventInfo, Phase};
use stentor_core::limits::{
    CHAPTERS_MAX, DESCRIPTION_CHARS_MAX, DOORS_BEFORE_MS, DOORS_STAY_OPEN_MS, HISTORY_CHARS_MAX,
    HISTORY_ENTRIES_MAX, HISTORY_ENTRIES_RESERVED, MESSAGE_CHARS_MAX, START_AHEAD_MS_MAX,
    START_PAST_MS_MAX, TITLE_CHARS_MAX,
};
use stentor_core::schedule::{
    Act, By, Correction, Entry, Fact, ReplayCut, ReplayOffer, ScheduleCommand, Standing, Start,
    Zone,
};
use stentor_core::{LanguageTag, Languages, Now, SeatId, Texts};

/// Milliseconds of an hour.
const HOUR: i64 = 3_600_000;

fn start(unix_ms: i64) -> Start {
    Start {
        unix_ms,
        zone: Zone::parse("Europe/Paris").ok(),
    }
}

pub(crate) fn text(words: &str) -> Texts {
    let mut texts = Texts::new();
    texts
        .set(LanguageTag::parse("en").expect("a tag"), words)
        .expect("there is room");
    texts
}

/// An event that begins so many milliseconds after now.
pub(crate) fn scene_in(ms: i64, draft: bool) -> Scene {
    let now = Scene::new().now;
    let made = EventInfo {
        start: Some(start(now.unix_ms + ms)),
        draft,
        ..info()
    };
    Scene::with(Conversation::new(made, now), now)
}

pub(crate) fn act(scene: &mut Scene, act: Act) -> Vec<Output> {
    let version = scene.view().schedule_version;
    scene.command(HOST, lead(act, version))
}

pub(crate) fn refused(scene: &mut Scene, act: Act) -> Refusal {
    let version = scene.view().schedule_version;
    scene.refused(HOST, lead(act, version))
}

fn with_word(scene: &Scene, act: Act, why: &str) -> EventCommand {
    EventCommand::Schedule(ScheduleCommand {
        act,
        version: scene.view().schedule_version,
        why: text(why),
    })
}

pub(crate) fn standing(scene: &Scene) -> Standing {
    scene.view().schedule
}

fn history(scene: &Scene) -> Vec<Entry> {
    scene.conversation.snapshot().history
}

#[test]
fn a_draft_is_announced_by_a_person_and_does_nothing_by_itself() {
    let mut scene = scene_in(1_000, true);
    scene.wait(60_000);
    assert_eq!(scene.view().phase(), Phase::Draft);
    assert_eq!(
        refused(&mut scene, Act::GoOnAir),
        Refusal::NotNow {
            act: "go_on_air",
            phase: Phase::Draft
        }
    );
    act(&mut scene, Act::Announce);
    // Its hour has passed while it was a draft: the doors open with the announcement.
    assert_eq!(scene.view().phase(), Phase::Doors);
}

#[test]
fn doors_open_by_themselves_a_quarter_of_an_hour_before() {
    let mut scene = scene_in(HOUR, false);
    assert_eq!(scene.view().phase(), Phase::Announced);
    scene.advance(u64::try_from(HOUR - DOORS_BEFORE_MS - 1).unwrap());
    scene.step(Input::Tick);
    assert_eq!(scene.view().phase(), Phase::Announced);
    scene.advance(1);
    let outputs = scene.step(Input::Tick);
    assert_eq!(scene.view().phase(), Phase::Doors);
    assert_eq!(outputs.first(), Some(&Output::PersistFirst));
    let last = history(&scene).pop().expect("an entry");
    assert_eq!((last.by, last.fact), (By::Itself, Fact::DoorsOpened));
}

#[test]
fn where_no_time_is_announced_the_doors_are_open_from_the_start() {
    let now = Scene::new().now;
    let made = EventInfo {
        start: None,
        ..info()
    };
    let scene = Scene::with(Conversation::new(made, now), now);
    assert_eq!(scene.view().phase(), Phase::Doors);
}

#[test]
fn it_goes_on_air_by_itself_only_if_a_host_has_asked_for_it_and_somebody_is_on_stage() {
    for (automatic, somebody) in [(false, true), (true, false), (true, true)] {
        let mut scene = scene_in(HOUR, false);
        if automatic {
            let correction = Correction {
                automatic: Some(true),
                ..Correction::default()
            };
            act(&mut scene, Act::Correct(correction));
        }
        scene.advance(HOUR as u64 - 1);
        scene.step(Input::Tick);
        if somebody {
            scene.bring_on_stage(HOST);
        }
        scene.forget();
        scene.advance(1);
        scene.step(Input::Tick);
        let expected = if automatic && somebody {
            Phase::OnAir
        } else {
            Phase::Doors
        };
        assert_eq!(scene.view().phase(), expected, "{automatic} {somebody}");
    }
}

#[test]
fn doors_that_open_by_themselves_are_no_act_that_somebody_missed() {
    let mut scene = scene_in(HOUR, false);
    let seen = scene.view().schedule_version;
    scene.advance(HOUR as u64);
    scene.step(Input::Tick);
    assert!(scene.view().schedule_version > seen);
    scene.command(HOST, lead(Act::GoOnAir, seen));
    assert_eq!(scene.view().phase(), Phase::OnAir);
}

#[test]
fn a_postponement_is_told_with_its_word_and_the_time_it_was_announced_for() {
    let mut scene = scene_in(DOORS_BEFORE_MS / 2, false);
    let before = scene.view().starts_unix_ms();
    let later = before.map(|at| start(at + 600_000));
    let command = with_word(
        &scene,
        Act::Postpone {
            start: later.clone(),
        },
        "The train is late",
    );
    scene.command(HOST, command);
    let standing = standing(&scene);
    assert_eq!(standing.phase, Phase::Doors, "they stay open");
    assert_eq!(standing.start, later);
    assert_eq!(standing.postponed_from_unix_ms, before);
    assert_eq!(standing.why.get("en"), Some("The train is late"));
    assert_eq!(standing.sequence, 2, "announced, and postponed");
    assert_eq!(standing.last_act.by, By::Seat(HOST));
    scene.phase(Phase::OnAir);
    assert!(
        scene.view().schedule.why.is_empty(),
        "it is not late any more"
    );
}

#[test]
fn doors_close_for_what_is_postponed_for_long_or_to_nobody_knows_when() {
    let near = Scene::new().now.unix_ms + 1_000 + DOORS_STAY_OPEN_MS;
    for later in [Some(start(near)), None] {
        let mut scene = scene_in(1_000, false);
        assert_eq!(scene.view().phase(), Phase::Doors);
        act(
            &mut scene,
            Act::Postpone {
                start: later.clone(),
            },
        );
        assert_eq!(scene.view().phase(), Phase::Announced);
        assert_eq!(scene.view().schedule.postponed_open, later.is_none());
        scene.wait(60_000);
        assert_eq!(scene.view().phase(), Phase::Announced);
    }
}

#[test]
fn a_word_about_a_pause_can_be_changed_and_ends_with_it() {
    let mut scene = Scene::on_air();
    let until = Some(scene.now.unix_ms + 300_000);
    let command = with_word(
        &scene,
        Act::Hold {
            until_unix_ms: until,
        },
        "Five minutes",
    );
    scene.command(HOST, command);
    let since = standing(&scene).since_unix_ms;
    scene.wait(1_000);
    let command = with_word(
        &scene,
        Act::Hold {
            until_unix_ms: until.map(|at| at + 300_000),
        },
        "Ten minutes",
    );
    scene.command(HOST, command);
    let held = standing(&scene);
    assert_eq!(held.phase, Phase::Held);
    assert_eq!(held.why.get("en"), Some("Ten minutes"));
    assert_eq!(held.until_unix_ms, until.map(|at| at + 300_000));
    assert_eq!(held.since_unix_ms, since, "the pause is as old as before");
    act(&mut scene, Act::Resume);
    let resumed = standing(&scene);
    assert!(resumed.why.is_empty() && resumed.until_unix_ms.is_none());
}

#[test]
fn of_two_hosts_at_once_one_is_obeyed_and_the_other_can_see_what_was_done() {
    let mut scene = scene_in(1_000, false);
    let other = scene.co_host();
    let seen = scene.view().schedule_version;
    scene.command(other, lead(Act::Cancel, seen));
    let refusal = scene.refused(HOST, lead(Act::GoOnAir, seen));
    assert_eq!(refusal, Refusal::EventCancelled);
    let last = standing(&scene).last_act;
    assert_eq!((last.by, last.what), (By::Seat(other), "cancelled"));
}

#[test]
fn guests_lead_nothing() {
    let mut scene = Scene::new();
    let (guest, _) = scene.guest_on_stage();
    let version = scene.view().schedule_version;
    assert_eq!(
        scene.refused(guest, lead(Act::GoOnAir, version)),
        Refusal::NotAllowed
    );
}

#[test]
fn times_that_have_passed_or_are_years_away_are_refused() {
    let mut scene = scene_in(HOUR, false);
    let now = scene.now.unix_ms;
    let correct = |unix_ms| {
        Act::Correct(Correction {
            start: Some(Some(start(unix_ms))),
            ..Correction::default()
        })
    };
    let postpone = |unix_ms| Act::Postpone {
        start: Some(start(unix_ms)),
    };
    let far = Refusal::TimeFar { days_max: 3_660 };
    assert_eq!(refused(&mut scene, postpone(now)), Refusal::TimePast);
    assert_eq!(
        refused(&mut scene, postpone(now + START_AHEAD_MS_MAX + 1)),
        far
    );
    assert_eq!(
        refused(&mut scene, correct(now - START_PAST_MS_MAX - 1)),
        Refusal::TimePast
    );
    act(&mut scene, correct(now - START_PAST_MS_MAX));
    act(&mut scene, correct(now + START_AHEAD_MS_MAX));
    assert_eq!(
        scene.view().starts_unix_ms(),
        Some(now + START_AHEAD_MS_MAX)
    );
}

#[test]
fn a_pause_does_not_end_in_the_past() {
    let mut scene = Scene::on_air();
    let until_unix_ms = Some(scene.now.unix_ms);
    assert_eq!(
        refused(&mut scene, Act::Hold { until_unix_ms }),
        Refusal::TimePast
    );
}

#[test]
fn what_is_said_otherwise_must_be_fit_to_be_shown() {
    let mut scene = scene_in(HOUR, false);
    let title = |title: String| {
        Act::Correct(Correction {
            title: Some(title),
            ..Correction::default()
        })
    };
    let description = |words: &str| {
        Act::Correct(Correction {
            description: Some(text(words)),
            ..Correction::default()
        })
    };
    for (act, expected) in [
        (
            title("t".repeat(1 << 20)),
            Refusal::TooLong {
                max: TITLE_CHARS_MAX,
                got: 1 << 20,
            },
        ),
        (title(" ".into()), Refusal::NameEmpty),
        (title("a\u{202e}b".into()), Refusal::ControlCharacters),
        (
            description(&"d".repeat(DESCRIPTION_CHARS_MAX + 1)),
            Refusal::TooLong {
                max: DESCRIPTION_CHARS_MAX,
                got: DESCRIPTION_CHARS_MAX + 1,
            },
        ),
        (description("a\u{7}b"), Refusal::ControlCharacters),
    ] {
        assert_eq!(refused(&mut scene, act), expected);
    }
    act(&mut scene, title("👩‍🚀 é <b>".into()));
    act(&mut scene, description("Two\nlines"));
    let standing = standing(&scene);
    assert_eq!(standing.title, "👩‍🚀 é <b>");
    assert_eq!(standing.description.get("en"), Some("Two\nlines"));
    let long = with_word(&scene, Act::Cancel, &"w".repeat(MESSAGE_CHARS_MAX + 1));
    assert!(matches!(scene.refused(HOST, long), Refusal::TooLong { .. }));
}

#[test]
fn what_is_said_again_is_no_correction() {
    let mut scene = scene_in(HOUR, false);
    let before = scene.view();
    let same = Correction {
        title: Some(before.title().to_owned()),
        description: Some(Texts::new()),
        start: Some(before.schedule.start.clone()),
        automatic: Some(false),
        titles: Some(Texts::new()),
        languages: Some(Languages::new()),
        series: Some(" ".into()),
        picture: Some(None),
    };
    act(&mut scene, Act::Correct(same));
    assert_eq!(scene.view().schedule, before.schedule);
}

#[test]
fn of_what_is_over_title_and_description_can_still_be_corrected() {
    let mut scene = Scene::on_air();
    scene.phase(Phase::Ended);
    let correction = Correction {
        title: Some("Better".into()),
        ..Correction::default()
    };
    act(&mut scene, Act::Correct(correction));
    assert_eq!(scene.view().title(), "Better");
    let start = Correction {
        start: Some(None),
        ..Correction::default()
    };
    assert_eq!(
        refused(&mut scene, Act::Correct(start)),
        Refusal::EventEnded
    );
}

#[test]
fn chapters_are_marked_renamed_and_taken_away_also_afterwards() {
    let mut scene = Scene::new();
    let chapter = |at_unix_ms, title: Option<&str>| Act::Chapter {
        at_unix_ms,
        title: title.map(Into::into),
    };
    assert!(matches!(
        refused(&mut scene, chapter(None, Some("Early"))),
        Refusal::NotNow { .. }
    ));
    scene.phase(Phase::OnAir);
    scene.wait(5_000);
    let seen = scene.view().schedule_version;
    act(&mut scene, chapter(None, Some("One")));
    let at = scene.now.unix_ms;
    scene.wait(5_000);
    scene.phase(Phase::Ended);
    act(&mut scene, chapter(Some(at), Some("The first")));
    act(&mut scene, chapter(Some(at - 1_000), Some("Before")));
    let names: Vec<_> = standing(&scene).chapters.into_values().collect();
    assert_eq!(names, ["Before", "The first"]);
    // Whoever saw the state before somebody marked a chapter contradicts nobody.
    scene.command(HOST, lead(chapter(Some(at - 1_000), None), seen));
    assert_eq!(standing(&scene).chapters.len(), 1);
    for outside in [at - 10_000, scene.now.unix_ms + 1] {
        assert_eq!(
            refused(&mut scene, chapter(Some(outside), Some("x"))),
            Refusal::ChapterOutside
        );
    }
}

#[test]
fn an_event_has_so_many_chapters_and_no_more() {
    let mut scene = Scene::on_air();
    let begun = scene.now.unix_ms;
    scene.wait(CHAPTERS_MAX as u64 + 10);
    let chapter = |at: usize| Act::Chapter {
        at_unix_ms: Some(begun + at as i64),
        title: Some("Chapter".into()),
    };
    for at in 0..CHAPTERS_MAX {
        act(&mut scene, chapter(at));
    }
    assert_eq!(
        refused(&mut scene, chapter(CHAPTERS_MAX)),
        Refusal::TooManyChapters { max: CHAPTERS_MAX }
    );
}

#[test]
fn a_history_that_is_full_still_lets_the_evening_go_on_and_end() {
    let mut scene = Scene::on_air();
    let full = Refusal::HistoryFull {
        max: HISTORY_ENTRIES_MAX,
    };
    let hold = Act::Hold {
        until_unix_ms: None,
    };
    while history(&scene).len() < HISTORY_ENTRIES_MAX - HISTORY_ENTRIES_RESERVED - 1 {
        let next = match scene.view().phase() {
            Phase::OnAir => hold.clone(),
            _ => Act::Resume,
        };
        act(&mut scene, next);
    }
    if scene.view().phase() == Phase::Held {
        act(&mut scene, Act::Resume);
    }
    assert_eq!(refused(&mut scene, hold), full);
    act(&mut scene, Act::End);
    assert_eq!(scene.view().phase(), Phase::Ended);
    act(&mut scene, Act::DeleteReplay);
    let restored = Conversation::restore(scene.conversation.snapshot(), scene.now);
    assert!(restored.is_ok());
}

#[test]
fn the_texts_of_a_history_are_bounded_together() {
    let mut scene = scene_in(HOUR, false);
    let mut told = 0;
    let refusal = loop {
        let words = format!("{told:05}{}", "d".repeat(DESCRIPTION_CHARS_MAX - 5));
        let correction = Correction {
            description: Some(text(&words)),
            ..Correction::default()
        };
        let version = scene.view().schedule_version;
        let outputs = scene.step(Input::Command {
            by: HOST,
            command: lead(Act::Correct(correction), version).into(),
        });
        if let Some(refusal) = crate::scene::refusal_in(&outputs) {
            break refusal;
        }
        told += 1;
    };
    assert_eq!(
        told,
        (HISTORY_CHARS_MAX - TITLE_CHARS_MAX) / DESCRIPTION_CHARS_MAX
    );
    assert!(matches!(refusal, Refusal::HistoryFull { .. }));
}

#[test]
fn an_operators_acts_are_done_in_order_and_what_cannot_be_is_told() {
    let mut scene = scene_in(HOUR, false);
    let acts = vec![
        (Act::GoOnAir, Texts::new()),
        (Act::Cancel, Texts::new()),
        (Act::End, text("Enough")),
    ];
    let outputs = scene.step(Input::Amend(Amendment {
        recorded: None,
        acts,
    }));
    assert_eq!(scene.view().phase(), Phase::Ended);
    assert_eq!(standing(&scene).why.get("en"), Some("Enough"));
    assert!(outputs.contains(&Output::AmendmentRefused {
        what: "cancel",
        reason: Refusal::NotNow {
            act: "cancel",
            phase: Phase::OnAir
        }
    }));
}

#[test]
fn how_an_event_stands_follows_from_its_history_and_nothing_else() {
    let mut scene = scene_in(DOORS_BEFORE_MS / 2, false);
    let word = with_word(&scene, Act::Postpone { start: None }, "Later");
    scene.command(HOST, word);
    act(&mut scene, Act::GoOnAir);
    act(
        &mut scene,
        Act::Hold {
            until_unix_ms: None,
        },
    );
    let restored =
        Conversation::restore(scene.conversation.snapshot(), scene.now).expect("it is whole");
    assert_eq!(restored.view().schedule, scene.view().schedule);
    assert_eq!(
        restored.view().schedule_version,
        scene.view().schedule_version
    );
}

#[test]
fn a_history_that_cannot_have_happened_is_not_read() {
    let scene = Scene::on_air();
    let damage = |change: fn(&mut Vec<Entry>)| {
        let mut snapshot = scene.conversation.snapshot();
        change(&mut snapshot.history);
        match Conversation::restore(snapshot, scene.now) {
            Err(SnapshotError::History(error)) => error.at,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(damage(Vec::clear), 0);
    assert_eq!(damage(|history| drop(history.remove(0))), 0);
    assert_eq!(damage(|history| drop(history.remove(1))), 1);
    assert_eq!(
        damage(|history| {
            let made = history[0].clone();
            history.push(made);
        }),
        4
    );
}

#[test]
fn zones_are_named_as_the_database_names_them() {
    for name in [
        "UTC",
        "Europe/Paris",
        "America/Argentina/Buenos_Aires",
        "Etc/GMT+5",
    ] {
        assert_eq!(
            Zone::parse(name).map(|zone| zone.as_str().to_owned()),
            Ok(name.to_owned())
        );
    }
    for wrong in [
        "",
        "/",
        "Europe/",
        "../etc/passwd",
        "a b",
        &"a".repeat(65),
        "Évian",
    ] {
        assert!(Zone::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_words_of_acts_and_facts_are_all_listed() {
    let facts = [
        Fact::Announced,
        Fact::ReplayOffered(ReplayOffer::AtOnce),
        Fact::ReplayCut(ReplayCut::default()),
        Fact::ReplayDeleted,
        Fact::Postponed { start: None },
    ];
    for fact in facts {
        assert!(Fact::CODES.contains(&fact.code()));
    }
    assert_eq!(
        Act::CODES.len(),
        Fact::CODES.len() - 1,
        "nothing asks for what was made"
    );
    let _ = (Now::default(), SeatId(1));
}
