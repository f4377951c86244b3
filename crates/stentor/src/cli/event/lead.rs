//! `stentor event announce`, `open-doors`, `go-on-air`, `hold`, `resume`, `postpone`, `cancel` and `replay`: an event is led through its
//! evening by who cannot, or need not, open its stage page.

use std::io::IsTerminal as _;

use clap::Args;
use stentor_core::schedule::{Act, ReplayCut, ReplayOffer};

use super::change::{agree, changed, of_acts};
use super::said::{Said, said};
use super::store::{Common, print, when};
use crate::error::AppError;
use crate::event_report::EventReport;
use crate::when::When;

/// What every one of them takes.
#[derive(Debug, Args)]
pub(in crate::cli) struct Lead {
    /// The last part of its address, as `event list` shows it
    slug: String,
    /// Why, for everybody to read, in the language of its page; fr=TEXT says it in another, and can be given once for each
    #[arg(long, value_name = "TEXT", value_parser = said)]
    why: Vec<Said>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Hold {
    /// When it goes on, if that is known: 20:45, "in 10 minutes"
    #[arg(long, value_name = "TIME", value_parser = when)]
    until: Option<When>,
    #[command(flatten)]
    lead: Lead,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Postpone {
    /// When it begins instead: 2026-12-01T20:10, "in 10 minutes"; without it nobody knows yet
    #[arg(long, value_name = "TIME", value_parser = when)]
    to: Option<When>,
    #[command(flatten)]
    lead: Lead,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Cancel {
    /// Do not ask first; must be given where nobody can be asked: without a terminal, and with --json
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    lead: Lead,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Replay {
    #[command(flatten)]
    wanted: Wanted,
    /// Do not ask first before it is deleted; must be given where nobody can be asked: without a terminal, and with --json
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    lead: Lead,
}

/// What becomes of a recording; one of it must be given.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct Wanted {
    /// Let the public hear the recording from now on, or as soon as there is one
    #[arg(long, conflicts_with_all = ["withhold", "from"])]
    publish: bool,
    /// No more, or not before it is published
    #[arg(long, conflicts_with = "from")]
    withhold: bool,
    /// From that time on: 2026-12-02T20:00, "in 3 days"
    #[arg(long, value_name = "TIME", value_parser = when)]
    from: Option<When>,
    /// Cut off what was before that: h:mm:ss, m:ss or s since it went on air, pauses counted
    #[arg(long, value_name = "H:MM:SS", value_parser = offset_ms)]
    cut_from: Option<i64>,
    /// Cut off what was after that
    #[arg(long, value_name = "H:MM:SS", value_parser = offset_ms)]
    cut_to: Option<i64>,
    /// Let it be heard from its beginning to its end again
    #[arg(long, conflicts_with_all = ["cut_from", "cut_to"])]
    uncut: bool,
    /// Take away all that was recorded, for good
    #[arg(long, conflicts_with_all = ["publish", "withhold", "from", "cut_from", "cut_to", "uncut"])]
    delete: bool,
}

/// A time of the programme: `1:02:03`, `2:03` or `123`.
fn offset_ms(text: &str) -> Result<i64, String> {
    let parts: Option<Vec<i64>> = text
        .split(':')
        .map(|part| {
            let is_number = (1..=6).contains(&part.len());
            let is_number = is_number && part.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| part.parse().ok()).flatten()
        })
        .collect();
    let seconds = match parts.as_deref() {
        Some([seconds]) => *seconds,
        Some([minutes, seconds @ 0..60]) => minutes * 60 + seconds,
        Some([hours, minutes @ 0..60, seconds @ 0..60]) => (hours * 60 + minutes) * 60 + seconds,
        _ => return Err(format!("expected h:mm:ss, m:ss or seconds, got \"{text}\"")),
    };
    Ok(seconds * 1_000)
}

impl Wanted {
    /// The acts, of an event that is so.
    fn acts(&self, report: &EventReport) -> Vec<Act> {
        let offer = match &self.from {
            Some(from) => Some(ReplayOffer::From(from.unix_ms())),
            None if self.publish => Some(ReplayOffer::AtOnce),
            None => self.withhold.then_some(ReplayOffer::Withheld),
        };
        let (begun, known) = report.programme;
        // Of one that was never on air nothing is cut, and it says so.
        let at = |offset: Option<i64>| offset.map(|ms| begun.unwrap_or_default() + ms);
        let cuts = self.cut_from.is_some() || self.cut_to.is_some();
        let cut = cuts.then(|| ReplayCut {
            from_unix_ms: at(self.cut_from).or(known.from_unix_ms),
            to_unix_ms: at(self.cut_to).or(known.to_unix_ms),
        });
        let cut = cut.or_else(|| self.uncut.then(ReplayCut::default));
        [
            cut.map(Act::CutReplay),
            offer.map(Act::OfferReplay),
            self.delete.then_some(Act::DeleteReplay),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Lead {
    /// Does one thing and prints what is so afterwards.
    ///
    /// # Errors
    /// The operator's: no such event, or one that stands so that this is not possible.
    pub(super) fn run(self, act: Act) -> Result<(), AppError> {
        self.run_if(act, |_| Ok(()))
    }

    /// The same, if `agrees` has nothing against it when it has seen how the event is.
    fn run_if(
        self,
        act: Act,
        agrees: impl FnOnce(&EventReport) -> Result<(), AppError>,
    ) -> Result<(), AppError> {
        self.run_all(|report| agrees(report).map(|()| vec![act]))
    }

    /// The same with as many acts as are wanted of an event that is so.
    fn run_all(
        self,
        wanted: impl FnOnce(&EventReport) -> Result<Vec<Act>, AppError>,
    ) -> Result<(), AppError> {
        let report = changed(&self.slug, &self.common, |report| {
            let why = Said::texts(&self.why, report.language())?;
            let acts = wanted(report)?.into_iter();
            Ok(of_acts(acts.map(|act| (act, why.clone())).collect()))
        })?;
        print(&report, self.common.json)
    }

    /// Whether somebody can be asked.
    fn can_ask(&self) -> bool {
        !self.common.json && std::io::stdin().is_terminal()
    }
}

impl Hold {
    /// # Errors
    /// As [`Lead::run`].
    pub(super) fn run(self) -> Result<(), AppError> {
        let until_unix_ms = self.until.as_ref().map(When::unix_ms);
        self.lead.run(Act::Hold { until_unix_ms })
    }
}

impl Postpone {
    /// # Errors
    /// As [`Lead::run`].
    pub(super) fn run(self) -> Result<(), AppError> {
        let start = self.to.as_ref().map(When::start);
        self.lead.run(Act::Postpone { start })
    }
}

impl Replay {
    /// # Errors
    /// As [`Lead::run`].
    pub(super) fn run(self) -> Result<(), AppError> {
        let Self { wanted, yes, lead } = self;
        let (slug, can_ask) = (lead.slug.clone(), lead.can_ask());
        lead.run_all(|report| {
            match (yes || !wanted.delete, can_ask) {
                (true, _) => {}
                (false, true) => agree(&report.told(), "Take away all that was recorded?")?,
                (false, false) => return Err(AppError::NobodyToAsk(slug)),
            }
            Ok(wanted.acts(report))
        })
    }
}

impl Cancel {
    /// # Errors
    /// As [`Lead::run`]; nobody who could be asked, or somebody who thought better of it.
    pub(super) fn run(self) -> Result<(), AppError> {
        let can_ask = self.lead.can_ask();
        let slug = self.lead.slug.clone();
        self.lead
            .run_if(Act::Cancel, |report| match (self.yes, can_ask) {
                (true, _) => Ok(()),
                (false, true) => agree(&report.told(), "Cancel it, for good?"),
                (false, false) => Err(AppError::NobodyToAsk(slug)),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_the_programme_is_read_as_players_show_it() {
        for (text, ms) in [
            ("7", 7_000),
            ("90", 90_000),
            ("1:30", 90_000),
            ("100:00", 6_000_000),
            ("1:02:03", 3_723_000),
        ] {
            assert_eq!(offset_ms(text), Ok(ms), "{text}");
        }
        for text in [
            "", ":", "1:60", "1:60:00", "-1", "1.5", "1:2:3:4", "9999999",
        ] {
            let error = offset_ms(text).expect_err(text);
            assert!(error.starts_with("expected h:mm:ss"), "{error}");
        }
    }
}
