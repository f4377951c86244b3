//! What holds of reminders whatever happens: a seeded stream of people, hosts, servers and restarts, and invariants after each step.

use std::collections::{BTreeMap, BTreeSet};

use stentor_core::Now;
use stentor_core::reminders::limits::{CONFIRM_WITHIN_MS, MOVES_TOLD_MAX};
use stentor_core::reminders::{
    AddressHash, Announced, EventReminders, Input, Message, Outcome, Output, Progress, Status,
    Subscription, SubscriptionId,
};

const SEEDS: u64 = 200;
const STEPS_PER_SEED: u64 = 1_500;
const HOUR_MS: i64 = 3_600_000;

/// SplitMix64 (Steele, Lea, Flood 2014): the same stream for the same seed everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % bound
    }
}

/// The world around the machine: what is kept, what is on its way, what mailboxes have got.
struct World {
    dice: Dice,
    now: i64,
    event: Announced,
    reminders: EventReminders,
    kept: BTreeMap<SubscriptionId, Subscription>,
    on_its_way: Vec<(SubscriptionId, Message, Announced)>,
    asked_at: BTreeMap<AddressHash, i64>,
    confirmations: BTreeSet<SubscriptionId>,
    moves: BTreeMap<SubscriptionId, u8>,
    reminded: BTreeMap<SubscriptionId, Option<i64>>,
    restarted: bool,
    ids: u128,
}

impl World {
    fn new(seed: u64) -> Self {
        let event = Announced {
            starts_unix_ms: Some(50 * HOUR_MS),
            progress: Progress::Expected,
        };
        Self {
            dice: Dice(seed),
            now: 0,
            event,
            reminders: EventReminders::new(event),
            kept: BTreeMap::new(),
            on_its_way: Vec::new(),
            asked_at: BTreeMap::new(),
            confirmations: BTreeSet::new(),
            moves: BTreeMap::new(),
            reminded: BTreeMap::new(),
            restarted: false,
            ids: 0,
        }
    }

    fn some_id(&mut self) -> SubscriptionId {
        SubscriptionId(u128::from(self.dice.below(self.ids as u64 + 2)))
    }

    fn event_changes(&mut self) -> Input {
        let since_unix_ms = self.now;
        if matches!(
            self.event.progress,
            Progress::Over | Progress::Cancelled { .. }
        ) {
            // Whoever asks for an event that is on again, asks for another.
            self.asked_at.clear();
        }
        match self.dice.below(40) {
            0 => self.event.progress = Progress::Over,
            1 => self.event.progress = Progress::Cancelled { since_unix_ms },
            2..=5 => self.event.progress = Progress::Begun { since_unix_ms },
            6..=9 => self.event.starts_unix_ms = None,
            10..=20 => {
                let starts = self.now + self.dice.below(100) as i64 * HOUR_MS / 4 - HOUR_MS;
                self.event.starts_unix_ms = Some(starts);
            }
            _ => self.event.progress = Progress::Expected,
        }
        Input::Event(self.event)
    }

    fn input(&mut self) -> Input {
        match self.dice.below(100) {
            0..=24 => {
                self.ids += 1;
                Input::Ask {
                    address: AddressHash(u128::from(self.dice.below(20))),
                    id: SubscriptionId(self.ids),
                }
            }
            25..=39 => Input::Confirm(self.some_id()),
            40..=43 => Input::Stop(self.some_id()),
            44..=47 => self.event_changes(),
            48..=69 if !self.on_its_way.is_empty() => {
                let at = self.dice.below(self.on_its_way.len() as u64) as usize;
                let id = self.on_its_way[at].0;
                let outcome = match self.dice.below(10) {
                    0 => Outcome::Refused,
                    1 => Outcome::Unreachable,
                    2..=3 => Outcome::Deferred,
                    _ => Outcome::Taken,
                };
                Input::Sent { id, outcome }
            }
            70 => {
                // Of an outcome that nobody waits for.
                let id = SubscriptionId(u128::MAX);
                Input::Sent {
                    id,
                    outcome: Outcome::Taken,
                }
            }
            _ => {
                self.now += self.dice.below(20) as i64 * 60_000;
                Input::Tick {
                    sends_max: self.dice.below(5) as usize,
                }
            }
        }
    }

    /// The process is killed and starts again with what was kept: what was on its way is not known any more.
    fn restart(&mut self) {
        self.on_its_way.clear();
        self.restarted = true;
        self.reminders = EventReminders::new(self.event);
        for (id, kept) in &self.kept {
            assert!(self.reminders.restore(*id, *kept));
        }
    }

    fn turn(&mut self) {
        if self.dice.below(300) == 0 {
            self.restart();
        }
        let input = self.input();
        if let Input::Sent { id, outcome } = input {
            self.arrives(id, outcome);
        }
        let now = Now {
            mono_ms: self.now.unsigned_abs(),
            unix_ms: self.now,
        };
        let mut out = Vec::new();
        self.reminders.step(now, input, &mut out);
        for output in out {
            self.carry_out(output, input);
        }
        self.check(input);
    }

    /// What a mailbox gets.
    fn arrives(&mut self, id: SubscriptionId, outcome: Outcome) {
        let Some(at) = self.on_its_way.iter().position(|sent| sent.0 == id) else {
            return;
        };
        let (id, message, of) = self.on_its_way.swap_remove(at);
        if outcome != Outcome::Taken {
            return;
        }
        match message {
            Message::Confirm => {
                let again = !self.confirmations.insert(id);
                assert!(self.restarted || !again, "asked twice");
            }
            Message::Moved => {
                let moves = self.moves.entry(id).or_default();
                *moves += 1;
                // Whoever was told of another beginning is reminded of the first again, should it come back.
                self.reminded.remove(&id);
                assert!(self.restarted || *moves <= MOVES_TOLD_MAX);
            }
            Message::Soon => {
                let before = self.reminded.insert(id, of.starts_unix_ms);
                let again = before.is_some() && before == Some(of.starts_unix_ms);
                assert!(self.restarted || !again, "reminded of one beginning twice");
            }
            Message::Begun | Message::Cancelled => {}
        }
    }

    fn carry_out(&mut self, output: Output, input: Input) {
        match output {
            Output::Keep(id, kept) => {
                assert!(matches!(input, Input::Ask { .. }));
                assert_eq!(self.kept.insert(id, kept), None, "it is new");
                let before = self.asked_at.insert(kept.address, self.now);
                let too_soon = |before| self.now - before < CONFIRM_WITHIN_MS;
                // Nobody remembers after a crash who has stopped.
                assert!(
                    self.restarted || !before.is_some_and(too_soon),
                    "twice a day"
                );
            }
            Output::Update(id, kept) => {
                assert!(self.kept.insert(id, kept).is_some(), "it is kept");
                assert_ne!(kept.status, Status::Stopped);
            }
            Output::Forget(id) => {
                assert!(self.kept.remove(&id).is_some(), "it is kept");
            }
            Output::Send(id, message) => {
                let kept = self.kept[&id];
                let is_confirmed = kept.status == Status::Confirmed;
                assert_eq!(
                    is_confirmed,
                    message != Message::Confirm,
                    "who is told what"
                );
                let same = self.on_its_way.iter().filter(|sent| sent.0 == id);
                assert_eq!(same.count(), 0, "one message at a time");
                assert_ne!(self.event.progress, Progress::Over);
                self.on_its_way.push((id, message, self.event));
            }
        }
    }

    fn check(&self, input: Input) {
        // What is kept is what the machine knows, so a restart loses nothing.
        let known = |id: &SubscriptionId| self.reminders.subscription(*id).copied();
        for (id, kept) in &self.kept {
            assert_eq!(known(id), Some(*kept));
        }
        let (asked, confirmed) = self.reminders.counts();
        assert_eq!(asked + confirmed, self.kept.len());
        if matches!(input, Input::Tick { .. }) && self.event.progress == Progress::Over {
            assert!(self.kept.is_empty() && self.reminders.is_empty());
        }
    }
}

#[test]
fn whatever_happens_nobody_is_told_what_they_did_not_ask_for_and_nothing_is_kept_after_the_end() {
    let mut confirmed = 0;
    let mut sent = 0;
    for seed in 0..SEEDS {
        let mut world = World::new(seed);
        for _ in 0..STEPS_PER_SEED {
            world.turn();
            confirmed = confirmed.max(world.reminders.counts().1);
        }
        sent += world.moves.len() + world.reminded.len();
    }
    assert!(
        confirmed > 3 && sent > 100,
        "the histories say something: {confirmed}, {sent}"
    );
}
