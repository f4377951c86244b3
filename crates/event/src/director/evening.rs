//! The evening as the log tells it: on air, late, trouble, the end; who came and went; how many listened at most.
//!
//! It is for whoever asks afterwards what happened, so each line has its event. Nobody is named: people are seats with a role, as
//! the stage page shows them to the hosts, and listeners are a number.

use std::collections::BTreeMap;

use stentor_core::SeatId;
use stentor_core::conversation::View;
use stentor_core::event::{ConditionKind, Phase};
use stentor_core::stage::{Place, Role, SessionKind};

/// How long after its announced beginning an event that is not on air is late, ms.
const LATE_AFTER_MS: i64 = 60_000;

/// What was told last.
pub(super) struct Evening {
    event: String,
    phase: Phase,
    on_air_since_unix_ms: Option<i64>,
    condition: ConditionKind,
    places: BTreeMap<SeatId, (Role, Place)>,
    listeners_max: u64,
    told_late: bool,
}

impl Evening {
    pub(super) fn new(event: &str, view: &View) -> Self {
        let on_air = view.phase == Phase::OnAir;
        Self {
            event: event.to_owned(),
            phase: view.phase,
            on_air_since_unix_ms: on_air.then_some(view.phase_since_unix_ms),
            condition: view.condition.kind,
            places: places(view),
            listeners_max: 0,
            told_late: false,
        }
    }

    /// Tells what is another than before.
    pub(super) fn follow(&mut self, view: &View) {
        self.follow_phase(view);
        self.follow_condition(view);
        self.follow_places(view);
    }

    /// Counts who listens; says once that the announced beginning has passed.
    pub(super) fn look(&mut self, starts_unix_ms: Option<i64>, listeners: u64, now_unix_ms: i64) {
        self.listeners_max = self.listeners_max.max(listeners);
        let late = starts_unix_ms.is_some_and(|starts| now_unix_ms - starts > LATE_AFTER_MS);
        if late && self.phase == Phase::Scheduled && !self.told_late {
            self.told_late = true;
            let event = &self.event;
            tracing::warn!(
                event,
                listeners,
                "the announced beginning has passed, and the event is not on air"
            );
        }
    }

    /// A session has its sound.
    pub(super) fn came(&self, seat: SeatId, kind: SessionKind) {
        let (event, role) = (&self.event, self.role(seat));
        tracing::info!(
            event,
            seat = seat.0,
            role,
            by = kind_name(kind),
            "connected"
        );
    }

    /// A session is over.
    pub(super) fn left(&self, seat: SeatId) {
        let (event, role) = (&self.event, self.role(seat));
        tracing::info!(event, seat = seat.0, role, "disconnected");
    }

    fn role(&self, seat: SeatId) -> &'static str {
        self.places
            .get(&seat)
            .map_or("unknown", |(role, _)| role.code())
    }

    fn follow_phase(&mut self, view: &View) {
        if view.phase == self.phase {
            return;
        }
        self.phase = view.phase;
        let event = &self.event;
        match view.phase {
            Phase::Scheduled => {}
            Phase::OnAir => {
                self.on_air_since_unix_ms = Some(view.phase_since_unix_ms);
                let late_s = view
                    .starts_unix_ms
                    .map(|starts| (view.phase_since_unix_ms - starts) / 1000);
                tracing::info!(event, late_s, listeners = view.listeners, "on air");
            }
            Phase::Ended => {
                let on_air_s = self
                    .on_air_since_unix_ms
                    .map_or(0, |since| (view.phase_since_unix_ms - since) / 1000);
                tracing::info!(
                    event,
                    on_air_s,
                    listeners = view.listeners,
                    listeners_max = self.listeners_max,
                    "ended"
                );
            }
        }
    }

    fn follow_condition(&mut self, view: &View) {
        if view.condition.kind == self.condition {
            return;
        }
        self.condition = view.condition.kind;
        let event = &self.event;
        match self.condition {
            ConditionKind::Ok => tracing::info!(event, "the trouble is over"),
            ConditionKind::StageEmpty => tracing::warn!(event, "nobody is on stage"),
            ConditionKind::HostDropped => tracing::warn!(event, "no host is connected"),
            ConditionKind::Fault => tracing::error!(
                event,
                "there is speech on stage and none in what listeners get"
            ),
        }
    }

    fn follow_places(&mut self, view: &View) {
        let now = places(view);
        for (seat, (role, place)) in &now {
            let before = self.places.get(seat).map(|(_, place)| *place);
            if before == Some(*place) {
                continue;
            }
            let (event, seat, role) = (&self.event, seat.0, role.code());
            match place {
                Place::OnStage => tracing::info!(event, seat, role, "on stage"),
                Place::Removed => tracing::info!(event, seat, role, "removed"),
                _ if before.is_none() => tracing::info!(event, seat, role, "invited"),
                _ => tracing::debug!(event, seat, role, place = place.code(), "moved"),
            }
        }
        self.places = now;
    }
}

fn places(view: &View) -> BTreeMap<SeatId, (Role, Place)> {
    let seats = view.seats.iter();
    seats
        .map(|seat| (seat.seat, (seat.role, seat.place)))
        .collect()
}

const fn kind_name(kind: SessionKind) -> &'static str {
    match kind {
        SessionKind::Browser => "browser",
        SessionKind::LineIn => "line_in",
        SessionKind::Monitor => "monitor",
    }
}
