//! What holds whatever happens: a seeded stream of inputs, sound and absurd, and invariants after each.

use std::collections::HashMap;
use stentor_core::conversation::{
    Amendment, Command, Conversation, Input, Outbox, Output, SeatWarning, Snapshot, View,
};
use stentor_core::event::{Alarm, EventCommand, Phase};
use stentor_core::limits::{
    ON_STAGE_MAX, OUTBOX_MAX, PROGRAMME_LEEWAY_MS, RESERVATIONS_MAX, SEAT_RESERVATIONS_MAX,
    SEATS_MAX,
};
use stentor_core::schedule::{
    Act, Correction, ReplayCut, ReplayOffer, ReplayOutcome, ScheduleCommand, Start,
};
use stentor_core::stage::{
    AppliedMute, ConnectFailure, Place, Role, SeatLevel, SessionKind, StageCommand,
};
use stentor_core::{Now, PageId, PageKey, SeatId, SessionId, Texts};

const SEEDS: u64 = 60;
const STEPS_PER_SEED: u64 = 3_000;

/// SplitMix64 (Steele, Lea, Flood 2014): one word of state, the same stream for the same seed everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

const ROLES: [Role; 5] = [
    Role::Host,
    Role::CoHost,
    Role::Guest,
    Role::LineIn,
    Role::Monitor,
];
const KINDS: [SessionKind; 4] = [
    SessionKind::Browser,
    SessionKind::Browser,
    SessionKind::LineIn,
    SessionKind::Monitor,
];

fn seat(dice: &mut Dice, view: &View) -> SeatId {
    match dice.below(20) {
        0 => SeatId(dice.below(200) as u32),
        1..=8 => SeatId(1),
        _ => view.seats[dice.below(view.seats.len() as u64) as usize].seat,
    }
}

/// Mostly the version as it is, sometimes nonsense.
fn version(dice: &mut Dice, now: u64) -> u64 {
    match dice.below(8) {
        0 => dice.below(5),
        1 => u64::MAX,
        _ => now,
    }
}

fn command(dice: &mut Dice, view: &View) -> Command {
    match dice.below(20) {
        0 => event_command(dice, view).into(),
        _ => stage_command(dice, view).into(),
    }
}

fn event_command(dice: &mut Dice, view: &View) -> EventCommand {
    if dice.coin() {
        return crate::scene::message(&"f".repeat(dice.below(300) as usize), "");
    }
    let version = version(dice, view.schedule_version);
    EventCommand::Schedule(ScheduleCommand {
        act: act(dice, view),
        version,
        why: Texts::new(),
    })
}

/// Rarely the end, or nothing would happen after it.
fn act(dice: &mut Dice, view: &View) -> Act {
    let time = |dice: &mut Dice| view.schedule.made_unix_ms + 1_000 * dice.below(100_000) as i64;
    let start = |dice: &mut Dice| {
        dice.coin().then(|| Start {
            unix_ms: time(dice),
            zone: None,
        })
    };
    match dice.below(80) {
        0 => Act::End,
        1 => Act::Cancel,
        2..10 => Act::Announce,
        10..16 => Act::OpenDoors,
        16..30 => Act::Hold {
            until_unix_ms: dice.coin().then(|| time(dice)),
        },
        30..42 => Act::Resume,
        42..50 => Act::Postpone { start: start(dice) },
        50..56 => Act::Correct(Correction {
            title: dice.coin().then(|| "t".repeat(dice.below(210) as usize)),
            description: None,
            start: dice.coin().then(|| start(dice)),
            automatic: dice.coin().then(|| dice.coin()),
            series: dice.coin().then(|| "s".repeat(dice.below(210) as usize)),
            ..Correction::default()
        }),
        56..58 => Act::OfferReplay(match dice.below(3) {
            0 => ReplayOffer::AtOnce,
            1 => ReplayOffer::From(time(dice)),
            _ => ReplayOffer::Withheld,
        }),
        58 => Act::CutReplay(ReplayCut {
            from_unix_ms: dice.coin().then(|| time(dice)),
            to_unix_ms: dice.coin().then(|| time(dice)),
        }),
        59 => Act::DeleteReplay,
        60..64 => Act::Chapter {
            at_unix_ms: dice.coin().then(|| time(dice)),
            title: dice.coin().then(|| "c".repeat(dice.below(210) as usize)),
        },
        _ => Act::GoOnAir,
    }
}

fn stage_command(dice: &mut Dice, view: &View) -> StageCommand {
    let seat = seat(dice, view);
    let mute_version = view.seat(seat).map_or(0, |seat| seat.mute_version);
    match dice.below(46) {
        0..=8 => StageCommand::SetMuted {
            seat,
            muted: dice.coin(),
            version: version(dice, mute_version),
        },
        9..=15 => StageCommand::Admit {
            seat,
            unheard: dice.coin(),
        },
        16 => StageCommand::PreListen {
            seat: dice.coin().then_some(seat),
        },
        17..=18 => StageCommand::ToGreenRoom { seat },
        19 => StageCommand::Remove { seat },
        20..=21 => StageCommand::SetRole {
            seat,
            role: dice.pick(&ROLES),
        },
        22 => StageCommand::HandOver { seat },
        23..=31 => StageCommand::Invite {
            name: "n".repeat(dice.below(70) as usize),
            role: dice.pick(&ROLES),
        },
        32 => StageCommand::Rename {
            seat,
            name: dice.pick(&["", "Ada", "\u{202e}", "a\nb"]).into(),
        },
        33 => StageCommand::ShowLink { seat },
        34..=35 => StageCommand::SetLoopback {
            seat,
            on: dice.coin(),
        },
        _ => StageCommand::Ready {
            seat,
            muted_version: version(dice, mute_version),
        },
    }
}

/// One random input; `levels` lends it room.
fn input<'a>(dice: &mut Dice, view: &View, levels: &'a mut Vec<SeatLevel>) -> Input<'a> {
    let seat = seat(dice, view);
    let session = SessionId(dice.below(60));
    match dice.below(23) {
        20..=21 => Input::Reserve {
            seat,
            session: SessionId(dice.roll()),
            kind: dice.pick(&KINDS),
            page: dice.coin().then(|| PageKey(u128::from(dice.below(3)))),
        },
        22 => Input::Join {
            page: PageId(dice.roll()),
            seat,
        },
        19 if dice.coin() => Input::AdmitOnArrival { seat },
        0..=8 => {
            let command = command(dice, view);
            // These count only from the seat itself.
            let by = match command {
                Command::Stage(StageCommand::SetLoopback { seat, .. }) if dice.coin() => seat,
                Command::Stage(StageCommand::Ready { seat, .. }) if dice.below(4) > 0 => seat,
                _ => self::seat(dice, view),
            };
            Input::Command { by, command }
        }
        9..=11 => Input::SessionUp {
            seat,
            session: SessionId(dice.roll()),
            kind: dice.pick(&KINDS),
        },
        12 => Input::SessionUp {
            seat,
            session,
            kind: dice.pick(&KINDS),
        },
        13 => match dice.below(4) {
            0 => Input::SessionInterrupted {
                seat,
                session,
                on: dice.coin(),
            },
            1 => Input::OutOfReach {
                seat,
                session,
                on: dice.coin(),
            },
            _ => Input::SessionDown { seat, session },
        },
        14 => Input::MuteApplied {
            seat,
            session,
            applied: AppliedMute {
                muted: dice.coin(),
                version: dice.below(20),
            },
        },
        15..=16 => {
            levels.clear();
            for _ in 0..dice.below(80) {
                levels.push(SeatLevel {
                    seat: self::seat(dice, view),
                    dbfs_tenths: dice.roll() as i16,
                    voice: dice.coin(),
                    digital_silence: dice.below(4) > 0,
                    sound: dice.coin(),
                });
            }
            Input::Levels(levels)
        }
        17 => match dice.below(6) {
            2 => Input::Flood { seat },
            3 => Input::ConnectFailed {
                seat,
                why: dice.pick(&[ConnectFailure::NeverReached, ConnectFailure::Handshake]),
            },
            4 => Input::Amend(Amendment {
                recorded: dice.coin().then(|| dice.coin()),
                acts: vec![(act(dice, view), Texts::new())],
            }),
            0 => Input::Pages {
                open: dice.below(2) as usize,
            },
            1 => Input::Demand,
            _ => Input::Listeners { now: dice.below(3) },
        },
        18 if dice.below(100) == 0 => Input::LinksRenewed,
        18 => Input::Alarm {
            alarm: dice.pick(&Alarm::ALL),
            on: dice.coin(),
        },
        _ => Input::Tick,
    }
}

fn pass_time(dice: &mut Dice, now: &mut Now) {
    let ms = dice.pick(&[0, 1, 20, 100, 100, 500, 4_000]);
    now.mono_ms += ms;
    now.unix_ms += ms as i64;
    if dice.below(50) == 0 {
        // The wall clock is stepped.
        now.unix_ms -= 3_000_000;
    }
}

/// What the studio was told last about each seat, and what it must therefore do.
#[derive(Default)]
struct Studio {
    audible: HashMap<SeatId, bool>,
    loopback: HashMap<SeatId, bool>,
    reserved: HashMap<SessionId, SeatId>,
    suspended: bool,
}

impl Studio {
    /// A session that came up or went down is reserved no more.
    fn see(&mut self, input: &Input<'_>) {
        if let Input::SessionUp { seat, session, .. } | Input::SessionDown { seat, session } = input
            && self.reserved.get(session) == Some(seat)
        {
            self.reserved.remove(session);
        }
    }

    fn obey(&mut self, output: &Output) {
        match output {
            Output::Mixer(order) => {
                self.audible
                    .insert(order.seat, order.on_air && !order.muted);
                if order.session.is_none() {
                    self.loopback.remove(&order.seat);
                }
            }
            Output::Loopback { seat, on } => {
                self.loopback.insert(*seat, *on);
            }
            Output::Reserved { seat, session, .. } => {
                self.reserved.insert(*session, *seat);
            }
            Output::ReservationExpired { seat, session } => {
                assert_eq!(self.reserved.remove(session), Some(*seat));
            }
            Output::SuspendMixer => assert!(!std::mem::replace(&mut self.suspended, true)),
            Output::ResumeMixer => assert!(std::mem::replace(&mut self.suspended, false)),
            _ => {}
        }
    }

    fn check_reservations(&self) {
        assert!(self.reserved.len() <= RESERVATIONS_MAX);
        let mut by_seat = HashMap::new();
        for seat in self.reserved.values() {
            *by_seat.entry(seat).or_insert(0) += 1;
        }
        assert!(
            by_seat
                .values()
                .all(|count| *count <= SEAT_RESERVATIONS_MAX)
        );
    }

    /// A mixer that is suspended is needed by nobody.
    fn check_mixer(&self, view: &View) {
        let somebody = view.phase() == Phase::OnAir
            || view.listeners > 0
            || !self.reserved.is_empty()
            || view.seats.iter().any(|seat| seat.connected);
        assert!(!(self.suspended && somebody), "{view:?}");
    }

    /// Exactly those are audible who should be: on stage, on air, unmuted, with a session that is ready.
    fn check(&self, view: &View) {
        for seat in &view.seats {
            let should = view.phase() == Phase::OnAir
                && seat.place == Place::OnStage
                && !seat.muted
                && seat.connected
                && seat.ready;
            let is = self.audible.get(&seat.seat).copied().unwrap_or(false);
            assert_eq!(is, should, "{seat:?}");
            // On stage it would be an echo.
            let hears_itself = self.loopback.get(&seat.seat) == Some(&true);
            assert!(!(hears_itself && seat.place == Place::OnStage), "{seat:?}");
        }
    }
}

/// What was deleted is offered to nobody, what is cut was in the programme, and a time that comes publishes.
fn check_replay(view: &View, before: &View, now: Now) {
    let (replay, was) = (view.schedule.replay, before.schedule.replay);
    let outcome = replay.outcome(now.unix_ms);
    assert_eq!(replay.deleted, outcome == ReplayOutcome::Deleted);
    assert!(!replay.deleted || view.phase().is_over());
    assert!(!was.deleted || replay == was, "it is the last word");
    if let ReplayOutcome::Withheld { until_unix_ms } = outcome {
        let later = until_unix_ms.map(|until| replay.outcome(until));
        assert!(later.is_none_or(|later| matches!(later, ReplayOutcome::Offered { .. })));
    }
    if replay.cut != ReplayCut::default() {
        assert_eq!(view.phase(), Phase::Ended);
        let begun = view.schedule.on_air_unix_ms.expect("it has begun");
        let from = replay.cut.from_unix_ms.unwrap_or(begun);
        let to = replay.cut.to_unix_ms.unwrap_or(view.schedule.since_unix_ms);
        let ended = view.schedule.since_unix_ms;
        assert!(begun - PROGRAMME_LEEWAY_MS <= from && from < to);
        assert!(to <= ended + PROGRAMME_LEEWAY_MS);
    }
}

fn check(view: &View, snapshot: &Snapshot) {
    let hosts = view.seats.iter().filter(|seat| seat.role == Role::Host);
    assert_eq!(hosts.count(), 1);
    assert!(view.on_stage().count() <= ON_STAGE_MAX);
    assert!(view.seats.len() <= SEATS_MAX);
    for seat in &view.seats {
        assert!(seat.seat.0 < snapshot.next_seat);
        assert!(seat.place != Place::Removed || !seat.connected);
        // Of somebody who is away, the mixer may still hold the strip open: what was ordered stands.
        let told = [SeatWarning::SilentMicrophone, SeatWarning::TooQuiet];
        let is_told = seat.warning.is_some_and(|warning| told.contains(&warning));
        assert!(seat.connected || !seat.speaking && !is_told);
        assert!(!seat.speaking || !seat.muted);
        assert!(seat.place != Place::OnStage || seat.role != Role::Monitor);
    }
}

/// Versions and numbers only grow.
fn check_growth(before: &Snapshot, after: &Snapshot) {
    // Entries are only ever added.
    assert_eq!(
        after.history.get(..before.history.len()),
        Some(&before.history[..])
    );
    assert!(after.next_seat >= before.next_seat);
    assert!(after.notice_id >= before.notice_id);
    for seat in &after.seats {
        let Some(earlier) = before
            .seats
            .iter()
            .find(|earlier| earlier.seat == seat.seat)
        else {
            continue;
        };
        assert!(seat.mute_version >= earlier.mute_version);
        assert!(seat.muted == earlier.muted || seat.mute_version > earlier.mute_version);
    }
}

fn check_persistence(before: &Snapshot, after: &Snapshot, outputs: &[Output]) {
    let mut comparable = before.clone();
    comparable.notice_id = after.notice_id;
    let persisted = outputs
        .iter()
        .filter(|output| matches!(output, Output::Persist | Output::PersistFirst))
        .count();
    assert_eq!(persisted, usize::from(comparable != *after), "{outputs:?}");
    let told = |output: &Output| matches!(output, Output::Notice(_) | Output::StageChanged);
    let first = outputs
        .iter()
        .position(|output| told(output) || *output == Output::PersistFirst);
    assert!(
        before.history == after.history
            || first.is_some_and(|first| outputs[first] == Output::PersistFirst),
        "what has happened is kept before it is told: {outputs:?}"
    );
    assert!(
        outputs
            .iter()
            .filter(|output| **output == Output::StageChanged)
            .count()
            <= 1
    );
    assert!(
        outputs
            .iter()
            .filter(|output| matches!(output, Output::Notice(_)))
            .count()
            <= 1
    );
}

fn check_rest(conversation: &Conversation, now: Now) {
    let snapshot = conversation.snapshot();
    let restored =
        Conversation::restore(snapshot.clone(), now).expect("what was written can be read");
    let mut again = restored.snapshot();
    assert!(again.notice_id >= snapshot.notice_id);
    again.notice_id = snapshot.notice_id;
    assert_eq!(again, snapshot);
    assert!(restored.view().seats.iter().all(|seat| !seat.connected));
}

fn play(seed: u64) -> (View, [u32; 2]) {
    let mut dice = Dice(seed);
    let mut now = Now {
        mono_ms: 0,
        unix_ms: 1_700_000_000_000,
    };
    let mut conversation = Conversation::new(crate::scene::info(), now);
    conversation.end_when_abandoned(dice.coin().then_some(200_000));
    let mut studio = Studio::default();
    let mut levels = Vec::new();
    let mut out = Outbox::new();
    let mut seen = [0; 2];
    for _ in 0..STEPS_PER_SEED {
        pass_time(&mut dice, &mut now);
        let before = conversation.snapshot();
        let seen_before = conversation.view();
        let input = input(&mut dice, &seen_before, &mut levels);
        studio.see(&input);
        conversation.step(now, input, &mut out);

        assert!(out.outputs().len() <= OUTBOX_MAX && out.dropped() == 0);
        let after = conversation.snapshot();
        let view = conversation.view();
        check(&view, &after);
        check_replay(&view, &seen_before, now);
        check_growth(&before, &after);
        check_persistence(&before, &after, out.outputs());
        for output in out.drain() {
            studio.obey(&output);
        }
        studio.check(&view);
        studio.check_reservations();
        studio.check_mixer(&view);
        assert_eq!(studio.suspended, conversation.mixer_suspended());
        seen[0] += u32::from(view.on_stage().count() == ON_STAGE_MAX);
        seen[1] += u32::from(view.seats.len() == SEATS_MAX);
        if dice.below(100) == 0 {
            check_rest(&conversation, now);
        }
    }
    (conversation.view(), seen)
}

#[test]
fn invariants_hold_for_random_inputs_and_the_limits_are_reached() {
    let mut full_stage = 0;
    let mut full_table = 0;
    for seed in 0..SEEDS {
        let (_, [stage, table]) = play(seed);
        full_stage += stage;
        full_table += table;
    }
    // A generator that never fills the stage would prove little.
    assert!(full_stage > 100, "{full_stage}");
    assert!(full_table > 100, "{full_table}");
}

#[test]
fn the_same_seed_gives_the_same_evening() {
    assert_eq!(play(4_711), play(4_711));
}

#[test]
fn a_restored_conversation_decides_as_the_original_would() {
    for seed in 1_000..1_030 {
        let mut dice = Dice(seed);
        let mut now = Now {
            mono_ms: 0,
            unix_ms: 1_700_000_000_000,
        };
        let mut conversation = Conversation::new(crate::scene::info(), now);
        let mut levels = Vec::new();
        let mut out = Outbox::new();
        for _ in 0..500 {
            pass_time(&mut dice, &mut now);
            let input = input(&mut dice, &conversation.view(), &mut levels);
            conversation.step(now, input, &mut out);
            let _ = out.drain().count();
        }
        // Two restorations of one record, fed alike, cannot be told apart.
        let snapshot = conversation.snapshot();
        let mut twins = [snapshot.clone(), snapshot].map(|snapshot| {
            Conversation::restore(snapshot, now).expect("what was written can be read")
        });
        for _ in 0..500 {
            pass_time(&mut dice, &mut now);
            let input = input(&mut dice, &twins[0].view(), &mut levels);
            let told = twins.each_mut().map(|twin| {
                let mut out = Outbox::new();
                twin.step(now, input.clone(), &mut out);
                out.drain().collect::<Vec<_>>()
            });
            assert_eq!(told[0], told[1]);
        }
        assert_eq!(twins[0].view(), twins[1].view());
    }
}
