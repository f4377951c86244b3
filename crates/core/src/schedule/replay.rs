//! What becomes of the recording of an event: when the public may hear it, which part of it, and whether there is still one.

/// When the public may hear the recording.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ReplayOffer {
    /// As soon as it is made.
    #[default]
    AtOnce,
    /// From that moment on, in milliseconds since 1970.
    From(i64),
    /// Not before somebody says otherwise.
    Withheld,
}

/// Which part of the recording is heard; a side that is `None` is not cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReplayCut {
    /// Where it begins, in milliseconds since 1970.
    pub from_unix_ms: Option<i64>,
    /// Where it ends, in milliseconds since 1970.
    pub to_unix_ms: Option<i64>,
}

/// What was decided about the replay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReplayStanding {
    /// When the public may hear it.
    pub offer: ReplayOffer,
    /// Since when that is so, in milliseconds since 1970.
    pub since_unix_ms: i64,
    /// Which part of it.
    pub cut: ReplayCut,
    /// Its files are to be taken away, for good.
    pub deleted: bool,
}

/// Whether the public may hear the replay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReplayOutcome {
    /// Everybody may.
    Offered {
        /// Since when, in milliseconds since 1970, if there was one then.
        since_unix_ms: i64,
    },
    /// Nobody may.
    Withheld {
        /// When that changes by itself, in milliseconds since 1970; `None` if only a person can change it.
        until_unix_ms: Option<i64>,
    },
    /// There is none any more.
    Deleted,
}

impl ReplayStanding {
    pub(super) const fn new(since_unix_ms: i64) -> Self {
        Self {
            offer: ReplayOffer::AtOnce,
            since_unix_ms,
            cut: ReplayCut {
                from_unix_ms: None,
                to_unix_ms: None,
            },
            deleted: false,
        }
    }

    /// Whether the public may hear it at that time.
    #[must_use]
    pub fn outcome(&self, now_unix_ms: i64) -> ReplayOutcome {
        if self.deleted {
            return ReplayOutcome::Deleted;
        }
        let since_unix_ms = self.since_unix_ms;
        match self.offer {
            ReplayOffer::AtOnce => ReplayOutcome::Offered { since_unix_ms },
            ReplayOffer::From(from) if from <= now_unix_ms => ReplayOutcome::Offered {
                since_unix_ms: since_unix_ms.max(from),
            },
            ReplayOffer::From(from) => ReplayOutcome::Withheld {
                until_unix_ms: Some(from),
            },
            ReplayOffer::Withheld => ReplayOutcome::Withheld {
                until_unix_ms: None,
            },
        }
    }
}
