//! The machine: acts become entries of the history, or are refused.

use super::act::{Act, Correction, ScheduleCommand};
use super::entry::{By, Entry, Fact};
use super::replay::{ReplayCut, ReplayOffer};
use super::standing::Standing;
use super::start::Start;
use crate::limits::{
    CHAPTERS_MAX, DESCRIPTION_CHARS_MAX, HISTORY_CHARS_MAX, HISTORY_ENTRIES_MAX,
    HISTORY_ENTRIES_RESERVED, MESSAGE_CHARS_MAX, PROGRAMME_LEEWAY_MS, REPLAY_MS_MIN,
    START_AHEAD_MS_MAX, START_PAST_MS_MAX, TITLE_CHARS_MAX,
};
use crate::now::Now;
use crate::phase::Phase;
use crate::refusal::Refusal;
use crate::text::{Texts, checked, cut};
use alloc::string::String;
use alloc::vec::Vec;
use thiserror::Error;

/// What is planned and what has become of it.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    history: Vec<Entry>,
    standing: Standing,
}

/// A history that no schedule can have written: the operator's record was damaged or edited.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error(
    "the history of the event is damaged at entry {at}: what it says cannot have happened there"
)]
pub struct HistoryError {
    /// Which entry, from 0.
    pub at: usize,
}

impl Schedule {
    /// Of an event that is just being made. A draft is announced to nobody.
    pub(crate) fn new(title: &str, start: Option<Start>, draft: bool, now: Now) -> Self {
        let title = cut(title, TITLE_CHARS_MAX);
        let made = Entry {
            at_unix_ms: now.unix_ms,
            by: By::Operator,
            fact: Fact::Made {
                title: title.clone(),
                start: start.clone(),
            },
            why: Texts::new(),
        };
        let mut schedule = Self {
            standing: Standing::made(&title, start.as_ref(), &made),
            history: Vec::from([made]),
        };
        if !draft {
            schedule.add(By::Operator, Fact::Announced, Texts::new(), now);
            schedule.follow_time(now, false);
        }
        schedule
    }

    /// As it was left.
    pub(crate) fn restore(history: Vec<Entry>) -> Result<Self, HistoryError> {
        let mut standing = match history.first() {
            Some(made) => match &made.fact {
                Fact::Made { title, start } => Standing::made(title, start.as_ref(), made),
                _ => return Err(HistoryError { at: 0 }),
            },
            None => return Err(HistoryError { at: 0 }),
        };
        for (at, entry) in history.iter().enumerate().skip(1) {
            if at >= HISTORY_ENTRIES_MAX || !standing.allows(&entry.fact) {
                return Err(HistoryError { at });
            }
            standing.follow(entry);
        }
        Ok(Self { history, standing })
    }

    /// How it stands.
    pub(crate) const fn standing(&self) -> &Standing {
        &self.standing
    }

    /// All that has happened, the first first.
    pub(crate) fn history(&self) -> &[Entry] {
        &self.history
    }

    /// Grows with each entry.
    pub(crate) fn version(&self) -> u64 {
        self.history.len() as u64
    }

    /// Does what a seat asks for, or says why not. Returns whether anything has changed.
    pub(crate) fn obey(
        &mut self,
        by: By,
        command: ScheduleCommand,
        now: Now,
    ) -> Result<bool, Refusal> {
        let ScheduleCommand { act, version, why } = command;
        let of_chapters = matches!(act, Act::Chapter { .. });
        let seen = usize::try_from(version).unwrap_or(usize::MAX);
        let Some(fact) = self.fact_of(act, &why, by, now)? else {
            return Ok(false);
        };
        // Chapters of two people do not contradict each other.
        if !of_chapters && self.acted_since(seen) {
            return Err(Refusal::StaleVersion {
                expected: self.version(),
                got: version,
            });
        }
        self.admit(&fact, &why)?;
        self.add(by, fact, why, now);
        self.follow_time(now, false);
        Ok(true)
    }

    /// Does what an operator asks for: the same, whatever has happened meanwhile.
    pub(crate) fn amend(&mut self, act: Act, why: Texts, now: Now) -> Result<bool, Refusal> {
        let version = self.version();
        self.obey(By::Operator, ScheduleCommand { act, version, why }, now)
    }

    /// Ends it because of what only time has brought about. Returns whether it was not over before.
    pub(crate) fn end(&mut self, by: By, now: Now) -> bool {
        let goes_on = self.standing.allows(&Fact::Ended);
        if goes_on {
            self.add(by, Fact::Ended, Texts::new(), now);
        }
        goes_on
    }

    /// What the time brings about: doors open, and what was to go on air by itself does, once somebody is on stage. Returns whether
    /// anything has changed.
    pub(crate) fn follow_time(&mut self, now: Now, somebody_on_stage: bool) -> bool {
        let mut changed = false;
        if self.standing.phase == Phase::Announced && self.standing.doors_are_due(now.unix_ms) {
            self.add(By::Itself, Fact::DoorsOpened, Texts::new(), now);
            changed = true;
        }
        let standing = &self.standing;
        let start = standing.start.as_ref();
        let due = start.is_some_and(|start| now.unix_ms >= start.unix_ms);
        if standing.phase == Phase::Doors && standing.automatic && due && somebody_on_stage {
            self.add(By::Itself, Fact::WentOnAir, Texts::new(), now);
            changed = true;
        }
        changed
    }

    /// What will have happened; `None` if all is as it is wanted already.
    fn fact_of(&self, act: Act, why: &Texts, by: By, now: Now) -> Result<Option<Fact>, Refusal> {
        let standing = &self.standing;
        let code = act.code();
        let unchanged_word = why.is_empty() || *why == standing.why;
        let (fact, is_so) = match act {
            Act::Announce => (Fact::Announced, standing.phase == Phase::Announced),
            Act::OpenDoors => (Fact::DoorsOpened, standing.phase == Phase::Doors),
            Act::GoOnAir => (Fact::WentOnAir, standing.phase == Phase::OnAir),
            Act::Hold { until_unix_ms } => {
                future(until_unix_ms, now)?;
                let same = standing.until_unix_ms == until_unix_ms && *why == standing.why;
                let is_so = standing.phase == Phase::Held && same;
                (Fact::Held { until_unix_ms }, is_so)
            }
            Act::Resume => (Fact::Resumed, standing.phase == Phase::OnAir),
            Act::Postpone { start } => {
                future(start.as_ref().map(|start| start.unix_ms), now)?;
                let is_so = standing.start == start
                    && standing.postponed_open == start.is_none()
                    && unchanged_word
                    && standing.postponed_from_unix_ms.is_some();
                (Fact::Postponed { start }, is_so)
            }
            Act::End => (Fact::Ended, standing.phase == Phase::Ended),
            Act::Cancel => (Fact::Cancelled, standing.phase == Phase::Cancelled),
            Act::Correct(correction) => return self.correction(correction, by, now),
            Act::OfferReplay(offer) => return self.offer(offer, now),
            Act::CutReplay(cut) => return self.cut(cut),
            Act::DeleteReplay => (Fact::ReplayDeleted, standing.replay.deleted),
            Act::Chapter { at_unix_ms, title } => {
                let fact = self.chapter(at_unix_ms.unwrap_or(now.unix_ms), title, now)?;
                return Ok(fact);
            }
        };
        if is_so {
            return Ok(None);
        }
        if standing.allows(&fact) {
            return Ok(Some(fact));
        }
        if fact == Fact::ReplayDeleted {
            let phase = standing.phase;
            return Err(Refusal::NotNow { act: code, phase });
        }
        Err(match standing.phase {
            Phase::Ended => Refusal::EventEnded,
            Phase::Cancelled => Refusal::EventCancelled,
            phase => Refusal::NotNow { act: code, phase },
        })
    }

    fn correction(
        &self,
        correction: Correction,
        by: By,
        now: Now,
    ) -> Result<Option<Fact>, Refusal> {
        let standing = &self.standing;
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
        let title = title.map(|title| title_of(&title, by)).transpose()?;
        if let Some(titles) = &titles {
            titles.check(TITLE_CHARS_MAX)?;
        }
        let series = series
            .map(|series| checked(&series, TITLE_CHARS_MAX))
            .transpose()?;
        if let Some(description) = &description {
            description.check_lines(DESCRIPTION_CHARS_MAX)?;
        }
        if let Some(Some(start)) = &start {
            announceable(start.unix_ms, now)?;
        }
        // What is said again is no correction.
        let correction = Correction {
            title: title.filter(|title| *title != standing.title),
            titles: titles.filter(|titles| *titles != standing.titles),
            languages: languages.filter(|languages| *languages != standing.languages),
            series: series
                .filter(|series| *series != standing.series.as_deref().unwrap_or_default()),
            picture: picture.filter(|picture| *picture != standing.picture),
            description: description.filter(|said| *said != standing.description),
            start: start.filter(|start| *start != standing.start),
            automatic: automatic.filter(|automatic| *automatic != standing.automatic),
        };
        if correction == Correction::default() {
            return Ok(None);
        }
        let fact = Fact::Corrected(correction);
        if standing.allows(&fact) {
            return Ok(Some(fact));
        }
        let phase = standing.phase;
        Err(if phase == Phase::Cancelled {
            Refusal::EventCancelled
        } else if phase == Phase::Ended {
            Refusal::EventEnded
        } else {
            Refusal::NotNow {
                act: "correct",
                phase,
            }
        })
    }

    fn offer(&self, offer: ReplayOffer, now: Now) -> Result<Option<Fact>, Refusal> {
        let replay = &self.standing.replay;
        if replay.deleted {
            return Err(Refusal::ReplayDeleted);
        }
        if replay.offer == offer {
            return Ok(None);
        }
        if let ReplayOffer::From(from) = offer {
            future(Some(from), now)?;
        }
        Ok(Some(Fact::ReplayOffered(offer)))
    }

    fn cut(&self, cut: ReplayCut) -> Result<Option<Fact>, Refusal> {
        let standing = &self.standing;
        if standing.replay.deleted {
            return Err(Refusal::ReplayDeleted);
        }
        let Some((begun_unix_ms, ended_unix_ms)) = standing.programme() else {
            return Err(Refusal::NotNow {
                act: "cut_replay",
                phase: standing.phase,
            });
        };
        if !standing.leaves_enough(cut) {
            return Err(Refusal::CutOutside {
                begun_unix_ms,
                ended_unix_ms,
                ms_min: REPLAY_MS_MIN,
            });
        }
        Ok((standing.replay.cut != cut).then_some(Fact::ReplayCut(cut)))
    }

    fn chapter(
        &self,
        at_unix_ms: i64,
        title: Option<String>,
        now: Now,
    ) -> Result<Option<Fact>, Refusal> {
        let standing = &self.standing;
        let Some(begun) = standing.on_air_unix_ms else {
            return Err(Refusal::NotNow {
                act: "chapter",
                phase: standing.phase,
            });
        };
        if at_unix_ms < begun.saturating_sub(PROGRAMME_LEEWAY_MS) || at_unix_ms > now.unix_ms {
            return Err(Refusal::ChapterOutside);
        }
        let title = match title {
            Some(title) => {
                let title = checked(&title, TITLE_CHARS_MAX)?;
                if title.is_empty() {
                    return Err(Refusal::NameEmpty);
                }
                Some(title)
            }
            None => None,
        };
        let known = standing.chapters.get(&at_unix_ms);
        if known == title.as_ref() {
            return Ok(None);
        }
        if known.is_none() && standing.chapters.len() >= CHAPTERS_MAX {
            return Err(Refusal::TooManyChapters { max: CHAPTERS_MAX });
        }
        Ok(Some(Fact::Chapter { at_unix_ms, title }))
    }

    /// Whether a person has done something since then that another did not see. What the time brought about contradicts nobody.
    fn acted_since(&self, seen: usize) -> bool {
        let unseen = self.history.get(seen.max(1)..);
        unseen.is_none_or(|entries| {
            entries
                .iter()
                .any(|entry| entry.by != By::Itself && !matches!(entry.fact, Fact::Chapter { .. }))
        })
    }

    /// Whether there is room for it. The last places are for what an evening cannot do without.
    fn admit(&self, fact: &Fact, why: &Texts) -> Result<(), Refusal> {
        why.check(MESSAGE_CHARS_MAX)?;
        let is_needed = matches!(
            fact,
            Fact::WentOnAir
                | Fact::Resumed
                | Fact::Ended
                | Fact::Cancelled
                | Fact::DoorsOpened
                | Fact::ReplayDeleted
        ) && why.is_empty();
        let places = if is_needed {
            HISTORY_ENTRIES_MAX
        } else {
            HISTORY_ENTRIES_MAX - HISTORY_ENTRIES_RESERVED
        };
        let written = self.history.iter().map(Entry::chars).sum::<usize>();
        let chars = written + fact.chars() + why.chars();
        // The end has a place of its own, whatever was done before, and taking away what was recorded the one after it.
        let kept_free = match fact {
            Fact::ReplayDeleted => 0,
            Fact::Ended | Fact::Cancelled => 1,
            _ if is_needed => 2,
            _ => 1,
        };
        let full = self.history.len() + kept_free >= places;
        if full || (!is_needed && chars > HISTORY_CHARS_MAX) {
            return Err(Refusal::HistoryFull {
                max: HISTORY_ENTRIES_MAX,
            });
        }
        Ok(())
    }

    fn add(&mut self, by: By, fact: Fact, why: Texts, now: Now) {
        let entry = Entry {
            at_unix_ms: now.unix_ms,
            by,
            fact,
            why,
        };
        self.standing.follow(&entry);
        self.history.push(entry);
    }
}

impl Entry {
    fn chars(&self) -> usize {
        self.fact.chars() + self.why.chars()
    }
}

/// What an operator wrote is made fit to be shown; a host is told what is wrong with it.
fn title_of(title: &str, by: By) -> Result<String, Refusal> {
    let title = match by {
        By::Operator => cut(title, TITLE_CHARS_MAX),
        By::Seat(_) | By::Itself => checked(title, TITLE_CHARS_MAX)?,
    };
    if title.is_empty() {
        return Err(Refusal::NameEmpty);
    }
    Ok(title)
}

/// A time that is still to come, and not years away.
fn future(unix_ms: Option<i64>, now: Now) -> Result<(), Refusal> {
    match unix_ms {
        Some(at) if at <= now.unix_ms => Err(Refusal::TimePast),
        Some(at) => announceable(at, now),
        None => Ok(()),
    }
}

/// A time at which an event can be said to begin: one that began lately is late, one of last year a mistake.
fn announceable(unix_ms: i64, now: Now) -> Result<(), Refusal> {
    let ahead = unix_ms.saturating_sub(now.unix_ms);
    if ahead < -START_PAST_MS_MAX {
        Err(Refusal::TimePast)
    } else if ahead > START_AHEAD_MS_MAX {
        Err(Refusal::TimeFar {
            days_max: START_AHEAD_MS_MAX / 86_400_000,
        })
    } else {
        Ok(())
    }
}
