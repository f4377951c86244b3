//! All who want to be reminded of one event.
//!
//! The caller keeps each subscription with its address, sends what it is told to send, and says what became of it. Whatever is lost with the
//! process is asked for again: a message is marked as told when a server has taken it, so that after a crash one may come twice, and none is
//! missing.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::limits::{ATTEMPT_AGAIN_MS, ATTEMPTS_MAX, MOVE_SETTLE_MS, SUBSCRIPTIONS_MAX};
use super::subscription::{
    AddressHash, Announced, Message, Progress, Status, Subscription, SubscriptionId,
};
use crate::now::Now;

/// What happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input {
    /// Somebody asks for reminders.
    Ask {
        /// Where.
        address: AddressHash,
        /// What the subscription is called if there is to be one: a new random number.
        id: SubscriptionId,
    },
    /// Who reads mail at that address wants them.
    Confirm(SubscriptionId),
    /// Who reads mail at that address does not.
    Stop(SubscriptionId),
    /// The event, as it is now.
    Event(Announced),
    /// Time has passed.
    Tick {
        /// How many messages can be taken now.
        sends_max: usize,
    },
    /// A message was handed over, or not.
    Sent {
        /// Whose.
        id: SubscriptionId,
        /// What became of it.
        outcome: Outcome,
    },
}

/// What became of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// A server has taken it.
    Taken,
    /// The server takes none for this address now (4yz).
    Deferred,
    /// The server takes none for this address, for ever (5yz).
    Refused,
    /// No server was reached: nobody's fault who is written to. It is handed over again whenever the caller likes.
    Unreachable,
}

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Output {
    /// Keep a new subscription, with its address.
    Keep(SubscriptionId, Subscription),
    /// A subscription has changed; its address is the one it had.
    Update(SubscriptionId, Subscription),
    /// Delete a subscription and its address.
    Forget(SubscriptionId),
    /// Send this, and say what became of it ([`Input::Sent`]).
    Send(SubscriptionId, Message),
}

/// What is known of a subscription beside what is kept of it.
#[derive(Clone, Copy, Debug)]
struct Known {
    kept: Subscription,
    /// What is being sent, and what the event was like then.
    sending: Option<(Message, Announced)>,
    /// How often the message that is due was put off.
    attempts: u8,
    /// When it may be tried again, in milliseconds since 1970.
    again_unix_ms: i64,
}

impl Known {
    const fn of(kept: Subscription) -> Self {
        Self {
            kept,
            sending: None,
            attempts: 0,
            again_unix_ms: i64::MIN,
        }
    }
}

/// Everybody who wants to be reminded of one event; see the module.
#[derive(Clone, Debug)]
pub struct EventReminders {
    event: Announced,
    /// When a new beginning has stood for long enough.
    settled_unix_ms: i64,
    known: BTreeMap<SubscriptionId, Known>,
    by_address: BTreeMap<AddressHash, SubscriptionId>,
}

impl EventReminders {
    /// Nobody yet.
    #[must_use]
    pub const fn new(event: Announced) -> Self {
        Self {
            event,
            settled_unix_ms: i64::MIN,
            known: BTreeMap::new(),
            by_address: BTreeMap::new(),
        }
    }

    /// Somebody who was kept by a process before. Past [`SUBSCRIPTIONS_MAX`] it is not taken in: `false`.
    pub fn restore(&mut self, id: SubscriptionId, kept: Subscription) -> bool {
        if self.is_full() {
            return false;
        }
        self.known.insert(id, Known::of(kept));
        self.by_address.insert(kept.address, id);
        true
    }

    /// Whether nobody more can be taken in.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.known.len() >= SUBSCRIPTIONS_MAX
    }

    /// Whether there is anything to be reminded of.
    #[must_use]
    pub const fn is_to_come(&self) -> bool {
        matches!(self.event.progress, Progress::Expected)
    }

    /// The event, as it was told last.
    #[must_use]
    pub const fn event(&self) -> &Announced {
        &self.event
    }

    /// A subscription, if there is one of that number that was not stopped.
    #[must_use]
    pub fn subscription(&self, id: SubscriptionId) -> Option<&Subscription> {
        let kept = &self.known.get(&id)?.kept;
        (kept.status != Status::Stopped).then_some(kept)
    }

    /// How many addresses are known: asked for, and confirmed.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let count = |status| {
            self.known
                .values()
                .filter(|known| known.kept.status == status)
                .count()
        };
        (count(Status::Asked), count(Status::Confirmed))
    }

    /// Whether nothing at all is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// One step. What it adds to `out` is to be done in that order; at most one entry for each subscription.
    pub fn step(&mut self, now: Now, input: Input, out: &mut Vec<Output>) {
        match input {
            Input::Ask { address, id } => self.ask(now, address, id, out),
            Input::Confirm(id) => self.confirm(id, out),
            Input::Stop(id) => self.stop(id, out),
            Input::Event(event) => {
                if event.starts_unix_ms != self.event.starts_unix_ms {
                    self.settled_unix_ms = now.unix_ms.saturating_add(MOVE_SETTLE_MS);
                }
                self.event = event;
            }
            Input::Tick { sends_max } => {
                self.forget(now, out);
                self.send(now, sends_max, out);
            }
            Input::Sent { id, outcome } => self.sent(now, id, outcome, out),
        }
    }

    /// The same is done and nothing is said, whether or not the address is known: who asks must not learn it.
    fn ask(&mut self, now: Now, address: AddressHash, id: SubscriptionId, out: &mut Vec<Output>) {
        let is_known = self.by_address.contains_key(&address) || self.known.contains_key(&id);
        if is_known || self.is_full() || !self.is_to_come() {
            return;
        }
        let kept = Subscription::asked(address, now.unix_ms);
        self.known.insert(id, Known::of(kept));
        self.by_address.insert(address, id);
        out.push(Output::Keep(id, kept));
    }

    fn confirm(&mut self, id: SubscriptionId, out: &mut Vec<Output>) {
        let Some(known) = self.known.get_mut(&id) else {
            return;
        };
        if known.kept.status == Status::Asked {
            known.kept.confirm(&self.event);
            out.push(Output::Update(id, known.kept));
        }
    }

    fn stop(&mut self, id: SubscriptionId, out: &mut Vec<Output>) {
        let Some(known) = self.known.get_mut(&id) else {
            return;
        };
        if known.kept.status != Status::Stopped {
            known.kept.stop();
            out.push(Output::Forget(id));
        }
    }

    fn forget(&mut self, now: Now, out: &mut Vec<Output>) {
        let (event, by_address) = (&self.event, &mut self.by_address);
        self.known.retain(|id, known| {
            if !known.kept.is_over(event, now.unix_ms) {
                return true;
            }
            by_address.remove(&known.kept.address);
            // One that was stopped is deleted already.
            if known.kept.status != Status::Stopped {
                out.push(Output::Forget(*id));
            }
            false
        });
    }

    fn send(&mut self, now: Now, sends_max: usize, out: &mut Vec<Output>) {
        let moves_told = now.unix_ms >= self.settled_unix_ms;
        let mut left = sends_max;
        // Who has just asked waits for it, and comes first.
        for status in [Status::Asked, Status::Confirmed] {
            for (id, known) in &mut self.known {
                if left == 0 {
                    return;
                }
                let is_free = known.sending.is_none() && now.unix_ms >= known.again_unix_ms;
                if known.kept.status != status || !is_free {
                    continue;
                }
                if let Some(message) = known.kept.due(&self.event, moves_told, now.unix_ms) {
                    known.sending = Some((message, self.event));
                    out.push(Output::Send(*id, message));
                    left -= 1;
                }
            }
        }
    }

    fn sent(&mut self, now: Now, id: SubscriptionId, outcome: Outcome, out: &mut Vec<Output>) {
        // It may have been stopped or forgotten while it was on its way.
        let Some(known) = self.known.get_mut(&id) else {
            return;
        };
        let Some((message, of)) = known.sending.take() else {
            return;
        };
        if known.kept.status == Status::Stopped {
            return;
        }
        match outcome {
            Outcome::Unreachable => return,
            Outcome::Deferred if known.attempts + 1 < ATTEMPTS_MAX => {
                let wait = ATTEMPT_AGAIN_MS.saturating_mul(3_i64.pow(u32::from(known.attempts)));
                known.attempts += 1;
                known.again_unix_ms = now.unix_ms.saturating_add(wait);
                return;
            }
            Outcome::Taken | Outcome::Deferred => {}
            Outcome::Refused => {
                known.kept.stop();
                out.push(Output::Forget(id));
                return;
            }
        }
        known.attempts = 0;
        known.again_unix_ms = i64::MIN;
        // Nobody can confirm what never came.
        if outcome == Outcome::Deferred
            && message == Message::Confirm
            && known.kept.status == Status::Asked
        {
            known.kept.stop();
            out.push(Output::Forget(id));
            return;
        }
        known.kept.tell(message, &of, now.unix_ms);
        out.push(Output::Update(id, known.kept));
    }
}
