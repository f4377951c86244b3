//! One address that asked to be reminded: where it is, what it was told, and what it should be told now.

use super::limits::{
    CANCELLED_KEPT_MS, CONFIRM_WITHIN_MS, KEPT_MS_MAX, MOVES_TOLD_MAX, NEVER_BEGUN_KEPT_MS,
    REMIND_BEFORE_MS, REMIND_LATE_MS,
};

/// Which subscription: 128 random bits, which the caller brings.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SubscriptionId(pub u128);

/// An address, as a number: a keyed hash of it that the caller makes, the same for the same address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AddressHash(pub u128);

/// How far an event is, as far as reminders go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// It is still to come, or is late.
    Expected,
    /// It has begun, and may be heard or be interrupted.
    Begun {
        /// When, in milliseconds since 1970.
        since_unix_ms: i64,
    },
    /// It is over.
    Over,
    /// It will not be.
    Cancelled {
        /// Since when, in milliseconds since 1970.
        since_unix_ms: i64,
    },
}

/// What an event says of itself to those who wait for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Announced {
    /// The announced beginning, in milliseconds since 1970; `None` where no time is announced.
    pub starts_unix_ms: Option<i64>,
    /// How far it is.
    pub progress: Progress,
}

/// What an address is told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Message {
    /// Somebody asked for reminders here: was it you?
    Confirm,
    /// It begins soon.
    Soon,
    /// It has begun, earlier than announced or without an announced time.
    Begun,
    /// It begins at another time than you were told.
    Moved,
    /// It will not be.
    Cancelled,
}

/// Where a subscription is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Nobody has confirmed it.
    Asked,
    /// Its owner wants to be told.
    Confirmed,
    /// Its owner does not, or its server takes no mail for it. The address itself is gone; that it was asked for is remembered for as long
    /// as it may not be asked for again.
    Stopped,
}

/// What an address was told already.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Told {
    /// It was asked whether it wants to be told.
    pub asked: bool,
    /// The beginning its owner knows, in milliseconds since 1970.
    pub starts_unix_ms: Option<i64>,
    /// The beginning it was reminded of.
    pub soon_unix_ms: Option<i64>,
    /// That it has begun.
    pub begun: bool,
    /// That it is cancelled.
    pub cancelled: bool,
    /// How many new beginnings.
    pub moves: u8,
}

/// One address that asked to be reminded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Subscription {
    /// Whose it is.
    pub address: AddressHash,
    /// Where it is.
    pub status: Status,
    /// When it was asked for, in milliseconds since 1970.
    pub asked_unix_ms: i64,
    /// What it was told.
    pub told: Told,
}

impl Subscription {
    /// One that somebody has just asked for.
    pub(super) fn asked(address: AddressHash, now_unix_ms: i64) -> Self {
        Self {
            address,
            status: Status::Asked,
            asked_unix_ms: now_unix_ms,
            told: Told::default(),
        }
    }

    /// What it should be told now. `moves_told` says whether a new beginning has stood for long enough.
    pub(super) fn due(
        &self,
        event: &Announced,
        moves_told: bool,
        now_unix_ms: i64,
    ) -> Option<Message> {
        match (self.status, event.progress) {
            (Status::Asked, Progress::Expected) => (!self.told.asked).then_some(Message::Confirm),
            (Status::Confirmed, Progress::Cancelled { .. }) => {
                (!self.told.cancelled).then_some(Message::Cancelled)
            }
            (Status::Confirmed, Progress::Expected) if self.is_moved(event) => {
                // Nobody is reminded of a beginning that may be a mistake.
                moves_told.then_some(Message::Moved)
            }
            (Status::Confirmed, Progress::Expected) => {
                let starts = event.starts_unix_ms?;
                let is_time = now_unix_ms >= starts.saturating_sub(REMIND_BEFORE_MS)
                    && now_unix_ms < starts.saturating_add(REMIND_LATE_MS);
                (is_time && !self.is_reminded(event)).then_some(Message::Soon)
            }
            (Status::Confirmed, Progress::Begun { since_unix_ms }) => {
                let is_time = now_unix_ms < since_unix_ms.saturating_add(REMIND_LATE_MS);
                (is_time && !self.told.begun && !self.is_reminded(event)).then_some(Message::Begun)
            }
            (Status::Asked | Status::Stopped, _) | (_, Progress::Over) => None,
        }
    }

    fn is_moved(&self, event: &Announced) -> bool {
        event.starts_unix_ms != self.told.starts_unix_ms && self.told.moves < MOVES_TOLD_MAX
    }

    fn is_reminded(&self, event: &Announced) -> bool {
        event.starts_unix_ms.is_some() && self.told.soon_unix_ms == event.starts_unix_ms
    }

    /// It was told that, of the event as it was then.
    pub(super) fn tell(&mut self, message: Message, of: &Announced, now_unix_ms: i64) {
        let told = &mut self.told;
        match message {
            Message::Confirm => told.asked = true,
            Message::Soon => told.soon_unix_ms = of.starts_unix_ms,
            Message::Begun => told.begun = true,
            Message::Cancelled => told.cancelled = true,
            Message::Moved => {
                told.moves = told.moves.saturating_add(1);
                told.starts_unix_ms = of.starts_unix_ms;
                // Who reads that it begins in ten minutes needs no second message that says so.
                let is_soon = |starts: &i64| now_unix_ms >= starts.saturating_sub(REMIND_BEFORE_MS);
                if of.starts_unix_ms.as_ref().is_some_and(is_soon) {
                    told.soon_unix_ms = of.starts_unix_ms;
                }
            }
        }
    }

    /// Its owner wants to be told, and the page that says so says how things are.
    pub(super) fn confirm(&mut self, event: &Announced) {
        self.status = Status::Confirmed;
        self.told.starts_unix_ms = event.starts_unix_ms;
        self.told.begun = matches!(event.progress, Progress::Begun { .. });
    }

    /// Its owner does not want it any more, or cannot be reached.
    pub(super) fn stop(&mut self) {
        self.status = Status::Stopped;
    }

    /// Whether nothing is to be remembered of it any more.
    pub(super) fn is_over(&self, event: &Announced, now_unix_ms: i64) -> bool {
        let age = now_unix_ms.saturating_sub(self.asked_unix_ms);
        if self.status != Status::Confirmed && age >= CONFIRM_WITHIN_MS {
            return true;
        }
        let never_begun = |starts: i64| now_unix_ms >= starts.saturating_add(NEVER_BEGUN_KEPT_MS);
        match event.progress {
            Progress::Over => true,
            // Who has asked and not confirmed is told nothing more.
            Progress::Cancelled { .. }
                if self.status != Status::Confirmed || self.told.cancelled =>
            {
                true
            }
            Progress::Cancelled { since_unix_ms } => {
                now_unix_ms >= since_unix_ms.saturating_add(CANCELLED_KEPT_MS)
            }
            Progress::Expected => {
                age >= KEPT_MS_MAX || event.starts_unix_ms.is_some_and(never_begun)
            }
            Progress::Begun { .. } => age >= KEPT_MS_MAX,
        }
    }
}
