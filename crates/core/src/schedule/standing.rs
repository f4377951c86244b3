//! How an event stands: what follows from its history, entry by entry, and from nothing else.

use super::act::{Correction, Picture};
use super::entry::{By, Entry, Fact};
use super::replay::{ReplayCut, ReplayStanding};
use super::start::Start;
use crate::limits::{DOORS_BEFORE_MS, DOORS_STAY_OPEN_MS, PROGRAMME_LEEWAY_MS, REPLAY_MS_MIN};
use crate::phase::Phase;
use crate::text::{Languages, Texts};
use alloc::collections::BTreeMap;
use alloc::string::String;

/// How an event stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// Where it is in its life.
    pub phase: Phase,
    /// When it came there, in milliseconds since 1970.
    pub since_unix_ms: i64,
    /// When it was made, in milliseconds since 1970.
    pub made_unix_ms: i64,
    /// What it is called, in its default language.
    pub title: String,
    /// What it is called in its other languages; empty if it is called the same in all.
    pub titles: Texts,
    /// In which languages it is told beside its default one.
    pub languages: Languages,
    /// The series it belongs to.
    pub series: Option<String>,
    /// Its picture.
    pub picture: Option<Picture>,
    /// What it is about; empty if nothing was said.
    pub description: Texts,
    /// The announced beginning.
    pub start: Option<Start>,
    /// What was announced before it was postponed last, in milliseconds since 1970.
    pub postponed_from_unix_ms: Option<i64>,
    /// Whether it is postponed and nobody knows to when.
    pub postponed_open: bool,
    /// Whether it goes on air by itself.
    pub automatic: bool,
    /// Why it is so, as whoever brought it about said; empty if nothing was said.
    pub why: Texts,
    /// When it goes on, in milliseconds since 1970, while it is held and that was said.
    pub until_unix_ms: Option<i64>,
    /// Grows with each change that calendars show (RFC 5545 section 3.8.7.4).
    pub sequence: u32,
    /// When anything that calendars show was changed last, in milliseconds since 1970.
    pub changed_unix_ms: i64,
    /// When it went on air first, in milliseconds since 1970.
    pub on_air_unix_ms: Option<i64>,
    /// What was decided about the recording.
    pub replay: ReplayStanding,
    /// Names of what begins, by the moment of the programme, in milliseconds since 1970.
    pub chapters: BTreeMap<i64, String>,
    /// The newest act of a person.
    pub last_act: LastAct,
}

/// Who did something last, and what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LastAct {
    /// Who.
    pub by: By,
    /// The word of the fact ([`Fact::code`]).
    pub what: &'static str,
    /// When, in milliseconds since 1970.
    pub at_unix_ms: i64,
}

impl Standing {
    /// As it stands when it was just made.
    pub(super) fn made(title: &str, start: Option<&Start>, made: &Entry) -> Self {
        Self {
            phase: Phase::Draft,
            since_unix_ms: made.at_unix_ms,
            made_unix_ms: made.at_unix_ms,
            title: title.into(),
            titles: Texts::new(),
            languages: Languages::new(),
            series: None,
            picture: None,
            description: Texts::new(),
            start: start.cloned(),
            postponed_from_unix_ms: None,
            postponed_open: false,
            automatic: false,
            why: Texts::new(),
            until_unix_ms: None,
            sequence: 0,
            changed_unix_ms: made.at_unix_ms,
            on_air_unix_ms: None,
            replay: ReplayStanding::new(made.at_unix_ms),
            chapters: BTreeMap::new(),
            last_act: LastAct {
                by: made.by,
                what: made.fact.code(),
                at_unix_ms: made.at_unix_ms,
            },
        }
    }

    /// Whether what has happened can happen to an event that stands so. Where this is false it is refused, or was never written by us.
    pub(super) fn allows(&self, fact: &Fact) -> bool {
        let phase = self.phase;
        match fact {
            Fact::Made { .. } => false,
            Fact::Announced => phase == Phase::Draft,
            Fact::DoorsOpened => phase == Phase::Announced,
            Fact::WentOnAir => matches!(phase, Phase::Announced | Phase::Doors),
            Fact::Held { .. } => phase.is_running(),
            Fact::Resumed => phase == Phase::Held,
            Fact::Postponed { .. } | Fact::Cancelled => phase.is_ahead(),
            Fact::Ended => !phase.is_over(),
            // What has begun has no beginning to correct.
            Fact::Corrected(Correction {
                start, automatic, ..
            }) => phase.is_ahead() || (start.is_none() && automatic.is_none()),
            Fact::ReplayOffered(_) => !self.replay.deleted,
            Fact::ReplayCut(cut) => !self.replay.deleted && self.leaves_enough(*cut),
            Fact::ReplayDeleted => phase.is_over() && !self.replay.deleted,
            Fact::Chapter { .. } => self.on_air_unix_ms.is_some(),
        }
    }

    /// Follows one entry that [`Self::allows`].
    pub(super) fn follow(&mut self, entry: &Entry) {
        if entry.by != By::Itself {
            self.last_act = LastAct {
                by: entry.by,
                what: entry.fact.code(),
                at_unix_ms: entry.at_unix_ms,
            };
        }
        match &entry.fact {
            Fact::Made { .. } => {}
            Fact::Announced => {
                self.enter(Phase::Announced, entry);
                self.shown_in_calendars(entry);
            }
            // What was said of a postponement is as true as before.
            Fact::DoorsOpened => self.enter_without_word(Phase::Doors, entry),
            Fact::WentOnAir => {
                self.on_air_unix_ms.get_or_insert(entry.at_unix_ms);
                self.enter(Phase::OnAir, entry);
            }
            Fact::Held { until_unix_ms } => {
                if self.phase != Phase::Held {
                    self.since_unix_ms = entry.at_unix_ms;
                }
                let since = self.since_unix_ms;
                self.enter(Phase::Held, entry);
                self.since_unix_ms = since;
                self.until_unix_ms = *until_unix_ms;
            }
            Fact::Resumed => self.enter(Phase::OnAir, entry),
            Fact::Postponed { start } => self.postpone(start.as_ref(), entry),
            Fact::Ended => self.enter(Phase::Ended, entry),
            Fact::Cancelled => {
                self.enter(Phase::Cancelled, entry);
                self.shown_in_calendars(entry);
            }
            Fact::Corrected(correction) => self.correct(correction, entry),
            Fact::ReplayOffered(offer) => {
                self.replay.offer = *offer;
                self.replay.since_unix_ms = entry.at_unix_ms;
            }
            Fact::ReplayCut(cut) => self.replay.cut = *cut,
            Fact::ReplayDeleted => self.replay.deleted = true,
            Fact::Chapter { at_unix_ms, title } => {
                match title {
                    Some(title) => self.chapters.insert(*at_unix_ms, title.clone()),
                    None => self.chapters.remove(at_unix_ms),
                };
            }
        }
    }

    fn correct(&mut self, correction: &Correction, entry: &Entry) {
        let Correction {
            title,
            titles,
            languages,
            series,
            picture,
            description,
            start,
            automatic,
        } = correction;
        if let Some(title) = title {
            self.title.clone_from(title);
        }
        if let Some(titles) = titles {
            self.titles.clone_from(titles);
        }
        if let Some(languages) = languages {
            self.languages.clone_from(languages);
        }
        if let Some(series) = series {
            self.series = (!series.is_empty()).then(|| series.clone());
        }
        if let Some(description) = description {
            self.description.clone_from(description);
        }
        if let Some(start) = start {
            self.move_start(start.as_ref(), entry);
            self.postponed_open &= start.is_none();
        }
        self.picture = picture.unwrap_or(self.picture);
        self.automatic = automatic.unwrap_or(self.automatic);
        self.shown_in_calendars(entry);
    }

    /// When the programme began and ended, in milliseconds since 1970; `None` while it is not over, or if there was none.
    pub(super) fn programme(&self) -> Option<(i64, i64)> {
        let is_over = self.phase == Phase::Ended;
        let begun = self.on_air_unix_ms.filter(|_| is_over)?;
        Some((begun, self.since_unix_ms))
    }

    /// Whether something of the programme is left by a cut that lies in it.
    pub(super) fn leaves_enough(&self, cut: ReplayCut) -> bool {
        self.programme().is_some_and(|(begun, ended)| {
            let from = cut.from_unix_ms.unwrap_or(begun);
            let to = cut.to_unix_ms.unwrap_or(ended);
            let is_all = cut == ReplayCut::default();
            let is_inside = begun.saturating_sub(PROGRAMME_LEEWAY_MS) <= from
                && to <= ended.saturating_add(PROGRAMME_LEEWAY_MS);
            is_all || (is_inside && to.saturating_sub(from) >= REPLAY_MS_MIN)
        })
    }

    fn postpone(&mut self, start: Option<&Start>, entry: &Entry) {
        let before = self.start.as_ref().map(|start| start.unix_ms);
        self.postponed_from_unix_ms = before.or(self.postponed_from_unix_ms);
        self.postponed_open = start.is_none();
        self.why.clone_from(&entry.why);
        self.move_start(start, entry);
        self.shown_in_calendars(entry);
    }

    /// Doors that are open stay open for a beginning that is near, and close for one that is not: nobody waits in a lobby for days.
    fn move_start(&mut self, start: Option<&Start>, entry: &Entry) {
        self.start = start.cloned();
        let is_near = start.map_or(!self.postponed_open, |start| {
            start.unix_ms.saturating_sub(entry.at_unix_ms) <= DOORS_STAY_OPEN_MS
        });
        if self.phase == Phase::Doors && !is_near {
            self.enter_without_word(Phase::Announced, entry);
        }
    }

    /// Whether listeners are let in by that time. Where no time is announced they are let in at once, unless it is to be said later.
    pub(super) fn doors_are_due(&self, now_unix_ms: i64) -> bool {
        match &self.start {
            Some(start) => now_unix_ms >= start.unix_ms.saturating_sub(DOORS_BEFORE_MS),
            None => !self.postponed_open,
        }
    }

    fn enter(&mut self, phase: Phase, entry: &Entry) {
        self.enter_without_word(phase, entry);
        self.why.clone_from(&entry.why);
    }

    fn enter_without_word(&mut self, phase: Phase, entry: &Entry) {
        self.phase = phase;
        self.since_unix_ms = entry.at_unix_ms;
        self.until_unix_ms = None;
    }

    const fn shown_in_calendars(&mut self, entry: &Entry) {
        self.sequence = self.sequence.saturating_add(1);
        self.changed_unix_ms = entry.at_unix_ms;
    }
}
