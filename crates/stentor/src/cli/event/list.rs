//! `stentor event list` and `stentor event show`.

use clap::Args;
use serde::Serialize;

use super::store::{Common, Store, print, wait_for};
use crate::error::AppError;
use crate::event_report::EventReport;
use crate::stdout::{self, as_json};

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// The last part of its address, as `event list` shows it
    slug: String,
    #[command(flatten)]
    common: Common,
}

/// An event of the list that cannot be read.
#[derive(Serialize)]
struct Unreadable {
    slug: String,
    error: String,
}

/// One line of the list, as JSON.
#[derive(Serialize)]
#[serde(untagged)]
enum Listed {
    Event(Box<EventReport>),
    Unreadable(Unreadable),
}

impl List {
    /// Prints every event of the store with its links.
    ///
    /// # Errors
    /// The operator's: no readable store.
    pub(super) fn run(self) -> Result<(), AppError> {
        let config = self.common.settings.load()?;
        let (reports, base_url) = wait_for(async {
            let store = Store::open(config).await?;
            Ok((store.reports().await?, store.config.base_url()))
        })?;
        let text = if self.common.json {
            let listed = reports.into_iter().map(|(slug, report)| match report {
                Ok(report) => Listed::Event(Box::new(report)),
                Err(error) => Listed::Unreadable(Unreadable {
                    slug,
                    error: error.to_string(),
                }),
            });
            as_json(&listed.collect::<Vec<_>>())
        } else if reports.is_empty() {
            format!("{base_url} has no events yet: make one with `stentor event create`\n")
        } else {
            let told = reports.into_iter().map(|(slug, report)| match report {
                Ok(report) => report.told(),
                Err(error) => format!("{slug}\n  {error}\n"),
            });
            told.collect::<Vec<_>>().join("\n")
        };
        stdout::print(&text).map_err(AppError::Print)
    }
}

impl Show {
    /// Prints one event.
    ///
    /// # Errors
    /// The operator's: no such event.
    pub(super) fn run(self) -> Result<(), AppError> {
        let config = self.common.settings.load()?;
        let report = wait_for(async { Store::open(config).await?.report(&self.slug).await })?;
        print(&report, self.common.json)
    }
}
