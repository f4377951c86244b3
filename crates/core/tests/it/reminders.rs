//! Who is told what about an event, and when.

use stentor_core::Now;
use stentor_core::reminders::limits::{
    ADDRESS_BURST, ADDRESS_EACH_MS, ADDRESSES_MAX, ATTEMPTS_MAX, CANCELLED_KEPT_MS,
    CONFIRM_WITHIN_MS, EVERYBODY_BURST, EVERYBODY_EACH_MS, KEPT_MS_MAX, MOVE_SETTLE_MS,
    MOVES_TOLD_MAX, NETWORK_BURST, NETWORK_EACH_MS, NETWORKS_MAX, NEVER_BEGUN_KEPT_MS,
    REMIND_BEFORE_MS, REMIND_LATE_MS, SUBSCRIPTIONS_MAX,
};
use stentor_core::reminders::{
    AddressHash, Announced, Budget, EventReminders, Input, Message, Network, Outcome, Output,
    Progress, Spent, Status, SubscriptionId,
};

const ADA: AddressHash = AddressHash(1);
const ID: SubscriptionId = SubscriptionId(100);
/// A beginning that is far enough away.
const STARTS: i64 = 10 * 86_400_000;

struct Scene {
    reminders: EventReminders,
    now: i64,
}

fn announced(starts_unix_ms: Option<i64>, progress: Progress) -> Announced {
    Announced {
        starts_unix_ms,
        progress,
    }
}

impl Scene {
    fn new() -> Self {
        Self {
            reminders: EventReminders::new(announced(Some(STARTS), Progress::Expected)),
            now: 0,
        }
    }

    fn step(&mut self, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        let now = Now {
            mono_ms: self.now.unsigned_abs(),
            unix_ms: self.now,
        };
        self.reminders.step(now, input, &mut out);
        out
    }

    fn ask(&mut self, address: AddressHash, id: SubscriptionId) -> Vec<Output> {
        self.step(Input::Ask { address, id })
    }

    fn becomes(&mut self, starts_unix_ms: Option<i64>, progress: Progress) {
        self.step(Input::Event(announced(starts_unix_ms, progress)));
    }

    /// At that time, whatever is due is taken by a server: to whom what was sent.
    fn at(&mut self, now: i64) -> Vec<(SubscriptionId, Message)> {
        self.now = now;
        let sends: Vec<_> = self.due();
        for (id, _) in &sends {
            self.outcome(*id, Outcome::Taken);
        }
        sends
    }

    fn due(&mut self) -> Vec<(SubscriptionId, Message)> {
        let out = self.step(Input::Tick { sends_max: 64 });
        let sends = out.into_iter().filter_map(|output| match output {
            Output::Send(id, message) => Some((id, message)),
            _ => None,
        });
        sends.collect()
    }

    fn outcome(&mut self, id: SubscriptionId, outcome: Outcome) -> Vec<Output> {
        self.step(Input::Sent { id, outcome })
    }

    /// Somebody who has asked and confirmed.
    fn confirmed() -> Self {
        let mut scene = Self::new();
        scene.ask(ADA, ID);
        assert_eq!(scene.at(0), [(ID, Message::Confirm)]);
        assert!(matches!(
            scene.step(Input::Confirm(ID))[..],
            [Output::Update(..)]
        ));
        scene
    }

    fn status(&self) -> Option<Status> {
        self.reminders.subscription(ID).map(|kept| kept.status)
    }
}

#[test]
fn who_does_not_confirm_is_told_nothing_and_forgotten_after_a_day() {
    let mut scene = Scene::new();
    assert!(matches!(scene.ask(ADA, ID)[..], [Output::Keep(ID, _)]));
    assert_eq!(scene.at(0), [(ID, Message::Confirm)]);
    assert_eq!(scene.at(CONFIRM_WITHIN_MS - 1), []);
    scene.now = CONFIRM_WITHIN_MS;
    assert_eq!(
        scene.step(Input::Tick { sends_max: 9 }),
        [Output::Forget(ID)]
    );
    assert!(scene.reminders.is_empty());
    assert_eq!(scene.step(Input::Confirm(ID)), []);
}

#[test]
fn an_address_is_asked_once_a_day_however_often_it_is_typed() {
    let mut scene = Scene::new();
    for (number, now) in (0..).zip([0, 1, 60_000, CONFIRM_WITHIN_MS - 1]) {
        scene.now = now;
        scene.ask(ADA, SubscriptionId(100 + number));
        assert_eq!(scene.at(now).len(), usize::from(number == 0), "{now}");
    }
    scene.at(CONFIRM_WITHIN_MS);
    scene.ask(ADA, SubscriptionId(200));
    assert_eq!(
        scene.at(CONFIRM_WITHIN_MS),
        [(SubscriptionId(200), Message::Confirm)]
    );
}

#[test]
fn who_stops_is_deleted_at_once_and_cannot_be_made_to_be_asked_again_that_day() {
    let mut scene = Scene::confirmed();
    assert_eq!(scene.step(Input::Stop(ID)), [Output::Forget(ID)]);
    assert_eq!(scene.status(), None);
    assert_eq!(scene.step(Input::Stop(ID)), [], "it stays stopped");
    assert_eq!(
        scene.step(Input::Confirm(ID)),
        [],
        "the old link opens nothing"
    );
    scene.ask(ADA, SubscriptionId(200));
    assert_eq!(scene.at(CONFIRM_WITHIN_MS - 1), []);
    assert_eq!(scene.at(CONFIRM_WITHIN_MS), []);
    scene.ask(ADA, SubscriptionId(201));
    assert_eq!(
        scene.at(CONFIRM_WITHIN_MS),
        [(SubscriptionId(201), Message::Confirm)]
    );
}

#[test]
fn the_reminder_comes_once_before_the_beginning_and_not_long_after_it() {
    let mut scene = Scene::confirmed();
    assert_eq!(scene.at(STARTS - REMIND_BEFORE_MS - 1), []);
    assert_eq!(scene.at(STARTS - REMIND_BEFORE_MS), [(ID, Message::Soon)]);
    assert_eq!(scene.at(STARTS), []);
    scene.becomes(
        Some(STARTS),
        Progress::Begun {
            since_unix_ms: STARTS + 5,
        },
    );
    assert_eq!(scene.at(STARTS + 5), [], "they know");

    let mut late = Scene::confirmed();
    assert_eq!(late.at(STARTS + REMIND_LATE_MS), [], "the server was down");
    let mut later = Scene::confirmed();
    assert_eq!(later.at(STARTS + REMIND_LATE_MS - 1), [(ID, Message::Soon)]);
}

#[test]
fn a_new_beginning_is_told_when_it_has_stood_for_a_moment_and_the_reminder_follows_it() {
    let mut scene = Scene::confirmed();
    scene.now = 1_000;
    scene.becomes(Some(STARTS + 1), Progress::Expected);
    scene.now = 2_000;
    scene.becomes(Some(STARTS * 2), Progress::Expected);
    assert_eq!(scene.at(2_000 + MOVE_SETTLE_MS - 1), []);
    assert_eq!(scene.at(2_000 + MOVE_SETTLE_MS), [(ID, Message::Moved)]);
    assert_eq!(scene.at(STARTS), [], "not at the old time");
    assert_eq!(
        scene.at(STARTS * 2 - REMIND_BEFORE_MS),
        [(ID, Message::Soon)]
    );
    // And once more, to a time that is near: one message says both.
    let near = scene.now + 600_000;
    scene.becomes(Some(near), Progress::Expected);
    let moved = scene.now + MOVE_SETTLE_MS;
    assert_eq!(scene.at(moved), [(ID, Message::Moved)]);
    assert_eq!(scene.at(near), []);
    // To no time, and to one again.
    scene.becomes(None, Progress::Expected);
    assert_eq!(scene.at(near + MOVE_SETTLE_MS), [(ID, Message::Moved)]);
    scene.becomes(Some(STARTS * 3), Progress::Expected);
    assert_eq!(scene.at(near + 2 * MOVE_SETTLE_MS), [(ID, Message::Moved)]);
}

#[test]
fn a_time_that_is_put_back_in_time_is_told_to_nobody() {
    let mut scene = Scene::confirmed();
    scene.becomes(Some(7), Progress::Expected);
    scene.now = MOVE_SETTLE_MS - 1;
    scene.becomes(Some(STARTS), Progress::Expected);
    assert_eq!(scene.at(STARTS / 2), []);
}

#[test]
fn past_the_limit_new_beginnings_are_followed_in_silence() {
    let mut scene = Scene::confirmed();
    let mut moves = 0;
    for move_ in 1..=i64::from(MOVES_TOLD_MAX) + 5 {
        scene.becomes(Some(STARTS + move_), Progress::Expected);
        moves += scene.at(scene.now + MOVE_SETTLE_MS).len();
    }
    assert_eq!(moves, usize::from(MOVES_TOLD_MAX));
    assert_eq!(scene.at(STARTS), [(ID, Message::Soon)]);
}

#[test]
fn who_waits_is_told_of_an_early_beginning_and_of_one_without_a_time() {
    let mut early = Scene::confirmed();
    early.becomes(
        Some(STARTS),
        Progress::Begun {
            since_unix_ms: 1_000,
        },
    );
    assert_eq!(early.at(1_000), [(ID, Message::Begun)]);
    assert_eq!(early.at(2_000), []);

    let mut untimed = Scene::new();
    untimed.becomes(None, Progress::Expected);
    untimed.ask(ADA, ID);
    untimed.at(0);
    untimed.step(Input::Confirm(ID));
    assert_eq!(untimed.at(STARTS), []);
    untimed.becomes(
        None,
        Progress::Begun {
            since_unix_ms: STARTS,
        },
    );
    assert_eq!(untimed.at(STARTS), [(ID, Message::Begun)]);
}

#[test]
fn who_confirms_while_it_is_on_reads_so_on_the_page() {
    let mut scene = Scene::new();
    scene.ask(ADA, ID);
    scene.at(0);
    scene.becomes(Some(STARTS), Progress::Begun { since_unix_ms: 0 });
    scene.step(Input::Confirm(ID));
    assert_eq!(scene.at(1), []);
}

#[test]
fn a_cancellation_is_told_once_and_then_the_address_is_gone() {
    let mut scene = Scene::confirmed();
    scene.becomes(Some(STARTS), Progress::Cancelled { since_unix_ms: 0 });
    assert_eq!(scene.at(5), [(ID, Message::Cancelled)]);
    assert_eq!(
        scene.step(Input::Tick { sends_max: 9 }),
        [Output::Forget(ID)]
    );
    assert!(scene.reminders.is_empty());

    let mut unreachable = Scene::confirmed();
    unreachable.becomes(Some(STARTS), Progress::Cancelled { since_unix_ms: 0 });
    unreachable.due();
    unreachable.outcome(ID, Outcome::Unreachable);
    unreachable.now = CANCELLED_KEPT_MS;
    assert_eq!(
        unreachable.step(Input::Tick { sends_max: 0 }),
        [Output::Forget(ID)]
    );
}

#[test]
fn after_the_end_nothing_is_known_of_anybody() {
    let mut scene = Scene::confirmed();
    scene.ask(AddressHash(2), SubscriptionId(2));
    scene.ask(AddressHash(3), SubscriptionId(3));
    scene.step(Input::Stop(SubscriptionId(3)));
    scene.becomes(Some(STARTS), Progress::Over);
    let out = scene.step(Input::Tick { sends_max: 9 });
    assert_eq!(out, [Output::Forget(SubscriptionId(2)), Output::Forget(ID)]);
    assert!(scene.reminders.is_empty());
    assert_eq!(scene.ask(ADA, ID), [], "nobody can be reminded of it");
}

#[test]
fn an_event_that_never_begins_does_not_keep_addresses_for_ever() {
    let mut scene = Scene::confirmed();
    scene.at(STARTS + NEVER_BEGUN_KEPT_MS - 1);
    assert_eq!(scene.status(), Some(Status::Confirmed));
    scene.at(STARTS + NEVER_BEGUN_KEPT_MS);
    assert!(scene.reminders.is_empty());

    let mut untimed = Scene::confirmed();
    untimed.becomes(None, Progress::Expected);
    untimed.at(KEPT_MS_MAX - 1);
    assert_eq!(untimed.status(), Some(Status::Confirmed));
    untimed.at(KEPT_MS_MAX);
    assert!(untimed.reminders.is_empty());
}

#[test]
fn a_server_that_says_later_is_asked_again_more_and_more_rarely_and_then_the_mail_is_given_up() {
    let mut scene = Scene::new();
    scene.ask(ADA, ID);
    let mut at = Vec::new();
    for minute in 0..24 * 60 {
        scene.now = minute * 60_000;
        if !scene.due().is_empty() {
            at.push(minute);
            scene.outcome(ID, Outcome::Deferred);
        }
    }
    assert_eq!(at, [0, 1, 4, 13, 40, 121]);
    assert_eq!(at.len(), usize::from(ATTEMPTS_MAX));
    assert_eq!(scene.status(), None, "nobody can confirm what never came");
}

#[test]
fn a_confirmed_address_that_is_put_off_keeps_its_place_and_gets_the_next_message() {
    let mut scene = Scene::confirmed();
    let mut attempts = 0;
    for minute in 0..200 {
        scene.now = STARTS - REMIND_BEFORE_MS + minute * 60_000;
        for (id, message) in scene.due() {
            assert_eq!(message, Message::Soon);
            attempts += 1;
            scene.outcome(id, Outcome::Deferred);
        }
    }
    // It is no reminder any more half an hour after the beginning.
    assert_eq!(attempts, 5);
    let moved = STARTS * 2;
    scene.becomes(Some(moved), Progress::Expected);
    assert_eq!(scene.at(scene.now + MOVE_SETTLE_MS), [(ID, Message::Moved)]);
}

#[test]
fn an_address_that_takes_no_mail_is_deleted() {
    let mut scene = Scene::new();
    scene.ask(ADA, ID);
    scene.due();
    assert_eq!(scene.outcome(ID, Outcome::Refused), [Output::Forget(ID)]);
    assert_eq!(scene.status(), None);
    assert_eq!(
        scene.ask(ADA, SubscriptionId(5)),
        [],
        "not asked again that day"
    );
}

#[test]
fn a_message_on_its_way_is_not_sent_twice_and_one_that_found_no_server_is() {
    let mut scene = Scene::new();
    scene.ask(ADA, ID);
    assert_eq!(scene.due(), [(ID, Message::Confirm)]);
    assert_eq!(scene.due(), []);
    assert_eq!(scene.outcome(ID, Outcome::Unreachable), []);
    assert_eq!(scene.due(), [(ID, Message::Confirm)]);
    // Stopped while it is on its way: what becomes of it is of no interest.
    scene.step(Input::Stop(ID));
    assert_eq!(scene.outcome(ID, Outcome::Taken), []);
}

#[test]
fn no_more_is_sent_at_once_than_can_be_taken_and_who_has_just_asked_comes_first() {
    let mut scene = Scene::confirmed();
    scene.now = STARTS - REMIND_BEFORE_MS;
    // Its number is higher than the other's.
    scene.ask(AddressHash(2), SubscriptionId(u128::MAX));
    let first = scene.step(Input::Tick { sends_max: 1 });
    assert_eq!(
        first,
        [Output::Send(SubscriptionId(u128::MAX), Message::Confirm)]
    );
    assert_eq!(scene.step(Input::Tick { sends_max: 0 }), []);
    assert_eq!(
        scene.step(Input::Tick { sends_max: 1 }),
        [Output::Send(ID, Message::Soon)]
    );
}

#[test]
fn at_the_limit_nobody_more_is_taken_in() {
    let mut scene = Scene::new();
    for number in 0..SUBSCRIPTIONS_MAX as u128 {
        assert!(!scene.reminders.is_full());
        assert_eq!(
            scene.ask(AddressHash(number), SubscriptionId(number)).len(),
            1
        );
    }
    assert!(scene.reminders.is_full());
    assert_eq!(
        scene.ask(AddressHash(u128::MAX), SubscriptionId(u128::MAX)),
        []
    );
    let kept = *scene.reminders.subscription(SubscriptionId(0)).unwrap();
    assert!(!scene.reminders.restore(SubscriptionId(u128::MAX), kept));
}

#[test]
fn a_network_and_everybody_have_their_share_and_get_it_back() {
    let at = |mono_ms| Now {
        mono_ms,
        unix_ms: 0,
    };
    let mut budget = Budget::default();
    let mut taken = |network, mono_ms| budget.take(at(mono_ms), network);
    for _ in 0..NETWORK_BURST {
        assert_eq!(taken(Some(Network(1)), 0), Ok(()));
    }
    assert_eq!(taken(Some(Network(1)), 0), Err(Spent::Network));
    assert_eq!(
        taken(Some(Network(2)), 0),
        Ok(()),
        "another network has its own"
    );
    assert_eq!(taken(Some(Network(1)), NETWORK_EACH_MS), Ok(()));
    // Behind a proxy nobody is told from anybody.
    let mut allowed = 0;
    while taken(None, NETWORK_EACH_MS) == Ok(()) {
        allowed += 1;
        assert!(allowed <= EVERYBODY_BURST);
    }
    assert_eq!(
        taken(Some(Network(3)), NETWORK_EACH_MS),
        Err(Spent::Everybody)
    );
    assert_eq!(taken(None, NETWORK_EACH_MS + EVERYBODY_EACH_MS), Ok(()));
}

#[test]
fn however_many_networks_ask_few_are_remembered() {
    let mut budget = Budget::default();
    for number in 0..200_000_u64 {
        let now = Now {
            mono_ms: number * EVERYBODY_EACH_MS / 2,
            unix_ms: 0,
        };
        let _ = budget.take(now, Some(Network(number)));
        assert!(budget.networks() <= NETWORKS_MAX, "{number}");
    }
}

#[test]
fn an_address_is_written_to_a_few_times_a_day_over_all_events() {
    let at = |mono_ms| Now {
        mono_ms,
        unix_ms: 0,
    };
    let mut budget = Budget::default();
    let allowed = (0..50).filter(|_| budget.take_address(at(0), ADA)).count();
    assert_eq!(allowed, ADDRESS_BURST as usize);
    assert!(budget.take_address(at(ADDRESS_EACH_MS), ADA));
    assert!(!budget.take_address(at(ADDRESS_EACH_MS), ADA));
    for number in 0..ADDRESSES_MAX as u128 {
        budget.take_address(at(ADDRESS_EACH_MS), AddressHash(1_000 + number));
        assert!(budget.addresses() <= ADDRESSES_MAX);
    }
    // The one that was asked for first is not remembered any more.
    assert!(budget.take_address(at(ADDRESS_EACH_MS), ADA));
}
