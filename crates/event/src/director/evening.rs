//! The evening as the log tells it: opened, on air, recorded, late, trouble, the end; who came and went, could not connect, was muted; how
//! many listened at most.
//!
//! It is for whoever asks afterwards what happened, so each line has its event. Nobody is named: people are seats with a role, as
//! the stage page shows them to the hosts, and listeners are a number.

use std::collections::BTreeMap;

use stentor_core::SeatId;
use stentor_core::conversation::{SeatView, View};
use stentor_core::event::{ConditionKind, Phase};
use stentor_core::stage::{ConnectFailure, Place, Role, SessionKind};

/// How long after its announced beginning an event that is not on air is late, ms.
const LATE_AFTER_MS: i64 = 60_000;

/// What was told last.
pub(super) struct Evening {
    event: String,
    phase: Phase,
    /// Of the schedule.
    version: u64,
    condition: ConditionKind,
    /// What is on air is recorded.
    recording: bool,
    seats: BTreeMap<SeatId, Seat>,
    /// Of seats that could not connect and have not since.
    failed: BTreeMap<SeatId, ConnectFailure>,
    listeners_max: u64,
    told_late: bool,
}

/// What was told of a seat.
#[derive(Clone, Copy)]
struct Seat {
    role: Role,
    place: Place,
    muted: bool,
}

impl Evening {
    pub(super) fn new(event: &str, view: &View) -> Self {
        let phase = view.phase().code();
        if view.phase().is_over() {
            // Those of years, at every start.
            tracing::debug!(event, phase, "opened");
        } else {
            tracing::info!(event, phase, "opened");
        }
        Self {
            event: event.to_owned(),
            phase: view.phase(),
            version: view.schedule_version,
            condition: view.condition.kind,
            recording: is_recorded(view),
            seats: seats(view),
            failed: BTreeMap::new(),
            listeners_max: 0,
            told_late: false,
        }
    }

    /// Tells what is another than before.
    pub(super) fn follow(&mut self, view: &View) {
        self.follow_phase(view);
        self.follow_condition(view);
        self.follow_recording(view);
        self.follow_seats(view);
    }

    /// Counts who listens; says once that the announced beginning has passed.
    pub(super) fn look(&mut self, starts_unix_ms: Option<i64>, listeners: u64, now_unix_ms: i64) {
        self.listeners_max = self.listeners_max.max(listeners);
        let late = starts_unix_ms.is_some_and(|starts| now_unix_ms - starts > LATE_AFTER_MS);
        if late && self.phase.is_ahead() && !self.told_late {
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
    pub(super) fn came(&mut self, seat: SeatId, kind: SessionKind) {
        self.failed.remove(&seat);
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

    /// A session came to nothing before it was up. A page tries again and again: told once, until the reason is another.
    pub(super) fn failed(&mut self, seat: SeatId, why: ConnectFailure) {
        if self.failed.insert(seat, why) == Some(why) {
            return;
        }
        let (event, role) = (&self.event, self.role(seat));
        let reason = match why {
            ConnectFailure::NeverReached => {
                "nothing of its media reached this server: a firewall between, or the page was closed"
            }
            ConnectFailure::Handshake => {
                "its media reached this server, and the DTLS handshake failed: an RSA certificate, for example"
            }
        };
        tracing::info!(event, seat = seat.0, role, reason, "could not connect");
    }

    fn role(&self, seat: SeatId) -> &'static str {
        self.seats
            .get(&seat)
            .map_or("unknown", |seat| seat.role.code())
    }

    fn follow_phase(&mut self, view: &View) {
        if view.schedule_version == self.version {
            return;
        }
        self.version = view.schedule_version;
        let before = std::mem::replace(&mut self.phase, view.phase());
        if before == self.phase {
            return self.tell_act(view);
        }
        let (event, standing) = (&self.event, &view.schedule);
        let since = standing.since_unix_ms;
        match self.phase {
            Phase::OnAir if before == Phase::Held => tracing::info!(event, "it goes on"),
            Phase::OnAir => {
                let starts = view.starts_unix_ms();
                let late_s = starts.map(|starts| (since - starts) / 1000);
                tracing::info!(event, late_s, listeners = view.listeners, "on air");
            }
            Phase::Ended => {
                let begun = standing.on_air_unix_ms;
                let on_air_s = begun.map_or(0, |begun| (since - begun) / 1000);
                tracing::info!(
                    event,
                    on_air_s,
                    listeners = view.listeners,
                    listeners_max = self.listeners_max,
                    "ended"
                );
            }
            Phase::Held => tracing::info!(event, until = standing.until_unix_ms, "held"),
            Phase::Draft | Phase::Announced | Phase::Doors | Phase::Cancelled => {
                tracing::info!(event, phase = self.phase.code(), "the phase has changed");
            }
        }
    }

    /// Something was done that leaves it in its phase.
    fn tell_act(&mut self, view: &View) {
        let act = view.schedule.last_act;
        if act.what == "postponed" {
            // The new beginning can be passed, too.
            self.told_late = false;
        }
        tracing::info!(
            event = self.event,
            act = act.what,
            "the schedule has changed"
        );
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

    fn follow_recording(&mut self, view: &View) {
        let recording = is_recorded(view);
        if std::mem::replace(&mut self.recording, recording) == recording {
            return;
        }
        let event = &self.event;
        if recording {
            tracing::info!(event, "the recording begins");
        } else {
            tracing::info!(event, "the recording ends");
        }
    }

    fn follow_seats(&mut self, view: &View) {
        let before = std::mem::replace(&mut self.seats, seats(view));
        for seen in &view.seats {
            let before = before.get(&seen.seat);
            self.tell_place(seen, before.map(|before| before.place));
            let changed = before.is_some_and(|before| before.muted != seen.muted);
            // Whoever is removed is muted with it.
            if changed && seen.place != Place::Removed {
                let (event, seat, role) = (&self.event, seen.seat.0, seen.role.code());
                let by_host = seen.muted_by_host;
                match seen.muted {
                    true => tracing::info!(event, seat, role, by_host, "muted"),
                    false => tracing::info!(event, seat, role, "unmuted"),
                }
            }
        }
    }

    fn tell_place(&self, seen: &SeatView, before: Option<Place>) {
        if before == Some(seen.place) {
            return;
        }
        let (event, seat, role) = (&self.event, seen.seat.0, seen.role.code());
        match seen.place {
            Place::OnStage => tracing::info!(event, seat, role, "on stage"),
            Place::Removed => tracing::info!(event, seat, role, "removed"),
            _ if before.is_none() => tracing::info!(event, seat, role, "invited"),
            place => tracing::debug!(event, seat, role, place = place.code(), "moved"),
        }
    }
}

fn is_recorded(view: &View) -> bool {
    view.phase() == Phase::OnAir && view.recorded
}

fn seats(view: &View) -> BTreeMap<SeatId, Seat> {
    let seats = view.seats.iter().map(|seen| {
        let seat = Seat {
            role: seen.role,
            place: seen.place,
            muted: seen.muted,
        };
        (seen.seat, seat)
    });
    seats.collect()
}

const fn kind_name(kind: SessionKind) -> &'static str {
    match kind {
        SessionKind::Browser => "browser",
        SessionKind::LineIn => "line_in",
        SessionKind::Monitor => "monitor",
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use stentor_core::Now;
    use stentor_core::conversation::{Conversation, FIRST_HOST};
    use stentor_core::event::EventInfo;

    use super::*;

    /// Where a test's log goes.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines that an evening tells at `info`.
    fn told(tell: impl FnOnce(&mut Evening, View)) -> Vec<String> {
        let info = EventInfo {
            title: "Ilios".to_owned(),
            start: None,
            draft: false,
            host_name: "Homer".to_owned(),
            recorded: true,
        };
        let now = Now {
            mono_ms: 0,
            unix_ms: 0,
        };
        let view = Conversation::new(info, now).view();
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .with_max_level(tracing::Level::INFO)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let mut evening = Evening::new("ilios", &view);
            tell(&mut evening, view);
        });
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| line.trim().to_owned()).collect()
    }

    #[test]
    fn why_somebody_cannot_connect_is_told_once_until_it_is_another_reason_or_they_were_there() {
        let lines = told(|evening, _| {
            for _ in 0..10 {
                evening.failed(FIRST_HOST, ConnectFailure::NeverReached);
            }
            for _ in 0..10 {
                evening.failed(FIRST_HOST, ConnectFailure::Handshake);
            }
            evening.came(FIRST_HOST, SessionKind::Browser);
            evening.failed(FIRST_HOST, ConnectFailure::Handshake);
        });
        let failed = |line: &&String| line.contains("could not connect");
        let failed: Vec<&String> = lines.iter().filter(failed).collect();
        assert_eq!(failed.len(), 3, "{lines:#?}");
        for words in ["event=\"ilios\"", "seat=1", "role=\"host\"", "firewall"] {
            assert!(failed[0].contains(words), "{}", failed[0]);
        }
        assert!(failed[1].contains("DTLS"), "{}", failed[1]);
    }

    fn enter(view: &mut View, phase: Phase) {
        view.schedule.phase = phase;
        view.schedule_version += 1;
    }

    #[test]
    fn mutes_and_the_recording_are_told_when_they_change() {
        let lines = told(|evening, mut view| {
            let mut tell = |change: &dyn Fn(&mut View)| {
                change(&mut view);
                for _ in 0..3 {
                    evening.follow(&view);
                }
            };
            tell(&|view| view.seats[0].muted = false);
            tell(&|view| enter(view, Phase::OnAir));
            tell(&|view| (view.seats[0].muted, view.seats[0].muted_by_host) = (true, true));
            tell(&|view| view.recorded = false);
            tell(&|view| view.recorded = true);
            tell(&|view| enter(view, Phase::Ended));
        });
        let expected = [
            "opened event=\"ilios\" phase=\"doors\"",
            "unmuted event=\"ilios\" seat=1 role=\"host\"",
            "on air event=\"ilios\"",
            "the recording begins event=\"ilios\"",
            "muted event=\"ilios\" seat=1 role=\"host\" by_host=true",
            "the recording ends event=\"ilios\"",
            "the recording begins event=\"ilios\"",
            "ended event=\"ilios\"",
            "the recording ends event=\"ilios\"",
        ];
        assert_eq!(lines.len(), expected.len(), "{lines:#?}");
        for (line, expected) in lines.iter().zip(expected) {
            let line = line.strip_prefix("INFO ").unwrap_or(line);
            assert!(line.starts_with(expected), "{line}, not {expected}");
        }
    }
}
