//! `stentor event announce`, `open-doors`, `go-on-air`, `hold`, `resume`, `postpone`, `cancel` and `replay`: an event is led through its
//! evening by who cannot, or need not, open its stage page.

use std::io::IsTerminal as _;

use clap::{Args, ValueEnum};
use stentor_core::schedule::Act;

use super::change::{agree, changed, of_act};
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
    /// Let the public hear the recording, or no more
    #[arg(value_enum)]
    wanted: Offer,
    #[command(flatten)]
    lead: Lead,
}

/// Whether the public may hear a recording.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Offer {
    /// From now on, or as soon as there is one
    Publish,
    /// No more, or not before it is published
    Withhold,
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
        let report = changed(&self.slug, &self.common, |report| {
            agrees(report)?;
            Ok(of_act(act, Said::texts(&self.why, report.language())?))
        })?;
        print(&report, self.common.json)
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
        let on = matches!(self.wanted, Offer::Publish);
        self.lead.run(Act::OfferReplay { on })
    }
}

impl Cancel {
    /// # Errors
    /// As [`Lead::run`]; nobody who could be asked, or somebody who thought better of it.
    pub(super) fn run(self) -> Result<(), AppError> {
        let can_ask = !self.lead.common.json && std::io::stdin().is_terminal();
        let slug = self.lead.slug.clone();
        self.lead
            .run_if(Act::Cancel, |report| match (self.yes, can_ask) {
                (true, _) => Ok(()),
                (false, true) => agree(&report.told(), "Cancel it, for good?"),
                (false, false) => Err(AppError::NobodyToAsk(slug)),
            })
    }
}
