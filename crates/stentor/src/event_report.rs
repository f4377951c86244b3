//! One event as its operator reads it: in words, and as JSON.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;
use stentor_core::conversation::View;
use stentor_core::event::Phase;
use stentor_core::schedule::{ReplayCut, ReplayOffer, ReplayStanding};
use stentor_core::stage::{Place, Role};
use stentor_event::EventPolicy;
use stentor_event::links::{LinkKey, links_end_unix_s};
use stentor_event::record::EventRecord;

use crate::when::When;

/// What links are made of, and how long they live.
pub(crate) struct LinkMaker<'a> {
    pub(crate) key: &'a LinkKey,
    /// What links begin with.
    pub(crate) base_url: &'a str,
    pub(crate) policy: EventPolicy,
}

/// One event. Times are in UTC; in words they are told in this machine's zone, too.
#[derive(Debug, Serialize)]
pub(crate) struct EventReport {
    pub(crate) slug: String,
    title: String,
    language: &'static str,
    #[serde(serialize_with = "code")]
    phase: Phase,
    /// When that began.
    phase_since: Option<String>,
    starts: Option<String>,
    starts_unix_s: Option<i64>,
    /// Whether what is on air is recorded.
    recorded: bool,
    /// Whose pages may show its player: `none`, `any`, or origins.
    embed: String,
    links: Links,
    /// Whether the stage's links open anything now.
    links_work: bool,
    /// When they end; not known before the event is over.
    links_end: Option<String>,
    /// When it went on air, in milliseconds since 1970, and how its replay is cut.
    #[serde(skip)]
    pub(crate) programme: (Option<i64>, ReplayCut),
    #[serde(skip)]
    words: Words,
}

fn code<S: serde::Serializer>(phase: &Phase, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(phase.code())
}

fn replay_told(replay: &ReplayStanding, now: Timestamp) -> String {
    let offered = match replay.offer {
        _ if replay.deleted => return "deleted".to_owned(),
        ReplayOffer::AtOnce => "for everybody to hear".to_owned(),
        ReplayOffer::From(from) => {
            let from = When::of_unix_ms(from).map(|from| from.told(now));
            format!("for everybody to hear from {}", from.unwrap_or_default())
        }
        ReplayOffer::Withheld => "withheld".to_owned(),
    };
    if replay.cut == ReplayCut::default() {
        offered
    } else {
        format!("{offered}, cut")
    }
}

#[derive(Debug, Serialize)]
struct Links {
    listener: String,
    host: Option<String>,
    guest: Option<String>,
}

/// What is said otherwise in words.
#[derive(Debug)]
struct Words {
    starts: String,
    phase: String,
    links: String,
    /// What was decided about the replay, once it is over.
    replay: Option<String>,
}

impl EventReport {
    /// As of `now_unix_ms`.
    pub(crate) fn of(
        record: &EventRecord,
        view: &View,
        make: &LinkMaker<'_>,
        now_unix_ms: i64,
    ) -> Self {
        let now = Timestamp::from_millisecond(now_unix_ms).unwrap_or_default();
        let told = |when: &Option<When>| when.as_ref().map(|when| when.told(now));
        let starts = view.starts_unix_ms().and_then(When::of_unix_ms);
        let since = When::of_unix_ms(view.schedule.since_unix_ms);
        let days = make.policy.links_after_end_days;
        let end_s = links_end_unix_s(view.phase(), view.schedule.since_unix_ms, days);
        let end = end_s.and_then(|end_s| When::of_unix_ms(end_s.saturating_mul(1000)));
        let links_work = end_s.is_none_or(|end_s| now_unix_ms / 1000 < end_s);
        let link_of = |role: Role| {
            let mut seats = view.seats.iter();
            let seat = seats.find(|seat| seat.role == role && seat.place != Place::Removed)?;
            Some(record.stage_link(make.key, make.base_url, seat.seat))
        };
        let words = Words {
            starts: told(&starts).unwrap_or_else(|| "no time announced".to_owned()),
            phase: {
                let since = told(&since).unwrap_or_default();
                match view.phase() {
                    Phase::Draft => "a draft: nobody is told of it yet".to_owned(),
                    Phase::Announced if view.schedule.postponed_open => {
                        "announced, postponed to a time that is not known yet".to_owned()
                    }
                    Phase::Announced => "announced".to_owned(),
                    Phase::Doors => format!("doors open since {since}"),
                    Phase::OnAir => format!("on air since {since}"),
                    Phase::Held => format!("held since {since}"),
                    Phase::Ended => format!("ended {since}"),
                    Phase::Cancelled => format!("cancelled {since}"),
                }
            },
            replay: view
                .phase()
                .is_over()
                .then(|| replay_told(&view.schedule.replay, now)),
            links: match (links_work, told(&end)) {
                (true, None) => format!("work until {days} days after the end of the event"),
                (true, Some(end)) => format!("work until {end}"),
                (false, end) => format!("DEAD since {}", end.unwrap_or_default()),
            },
        };
        Self {
            slug: record.slug.clone(),
            title: view.title().to_owned(),
            language: record.lang.code(),
            phase: view.phase(),
            phase_since: since.map(|since| since.rfc3339()),
            starts_unix_s: view.starts_unix_ms().map(|ms| ms / 1000),
            starts: starts.map(|starts| starts.rfc3339()),
            recorded: view.recorded,
            embed: record.embedding.to_string(),
            links: Links {
                listener: record.listen_link(make.base_url),
                host: link_of(Role::Host),
                guest: link_of(Role::Guest),
            },
            links_work,
            links_end: end.map(|end| end.rfc3339()),
            programme: (view.schedule.on_air_unix_ms, view.schedule.replay.cut),
            words,
        }
    }

    /// Where it is in its life.
    pub(crate) const fn phase(&self) -> Phase {
        self.phase
    }

    /// The language of its page.
    pub(crate) const fn language(&self) -> &'static str {
        self.language
    }

    /// With its beginning in the zone in which it was typed, so that whoever typed it sees what was understood.
    pub(crate) fn starting_as(mut self, typed: Option<&When>) -> Self {
        if let Some(typed) = typed {
            self.words.starts = typed.told(Timestamp::now());
        }
        self
    }

    /// In words.
    pub(crate) fn told(&self) -> String {
        let Self {
            slug,
            title,
            language,
            recorded,
            embed,
            links,
            words,
            ..
        } = self;
        let recorded = if *recorded {
            "recorded"
        } else {
            "not recorded"
        };
        let mut text = format!("{slug}  \"{title}\"\n");
        let mut line = |label: &str, said: &str| {
            let _ = writeln!(text, "  {label:<8}  {said}");
        };
        line("phase", &words.phase);
        line("starts", &words.starts);
        line("page", &format!("{language}, {recorded}"));
        line("embed", embed);
        if let Some(replay) = &words.replay {
            line("replay", replay);
        }
        line("listener", &links.listener);
        for (label, link) in [("host", &links.host), ("guest", &links.guest)] {
            if let Some(link) = link {
                line(label, link);
            }
        }
        line("links", &words.links);
        text
    }
}
