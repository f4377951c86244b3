//! What every command about events begins with: the store of a data folder, and what is read of it.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use jiff::Zoned;
use stentor_cluster::records::Records;
use stentor_event::catalog::{CatalogError, is_stored, restore, stored_events};
use stentor_event::clock::unix_ms_now;
use stentor_event::links::LinkKey;

use crate::cli::settings::Settings;
use crate::config::{Config, nearest};
use crate::error::AppError;
use crate::event_report::{EventReport, LinkMaker};
use crate::when::When;
use crate::{data_dir, policy, stdout};

/// What every command about events takes.
#[derive(Debug, Args)]
pub(super) struct Common {
    /// Say it as JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) settings: Settings,
}

/// The store of a data folder that is there, and what links are made with.
pub(super) struct Store {
    pub(super) config: Config,
    key: LinkKey,
    pub(super) records: Arc<dyn Records>,
}

impl Store {
    pub(super) async fn open(config: Config) -> Result<Self, AppError> {
        data_dir::must_be_there(&config.data_dir)?;
        let closed = data_dir::close_to_others(&config.data_dir)?;
        closed.iter().for_each(|said| eprintln!("stentor: {said}"));
        Ok(Self {
            key: data_dir::key(&config.data_dir)?,
            records: data_dir::open_records_beside(&config.data_dir).await?,
            config,
        })
    }

    /// One event as it is now.
    pub(super) async fn report(&self, slug: &str) -> Result<EventReport, AppError> {
        let events = stored_events(&*self.records).await?;
        let Some(record) = events.iter().find(|record| record.slug == slug) else {
            let meant = nearest(slug, events.iter().map(|record| record.slug.as_str()));
            return Err(AppError::NoSuchEvent {
                slug: slug.to_owned(),
                dir: shown(&self.config.data_dir),
                meant: meant
                    .map(|meant| format!("; did you mean {meant}?"))
                    .unwrap_or_default(),
            });
        };
        let view = restore(&*self.records, slug).await?.conversation.view();
        let base_url = self.config.base_url();
        Ok(EventReport::of(
            record,
            &view,
            &self.link_maker(&base_url),
            unix_ms_now(),
        ))
    }

    /// One event in words, be it that it cannot be read.
    pub(super) async fn told(&self, slug: &str) -> Result<String, AppError> {
        match self.report(slug).await {
            Ok(report) => Ok(report.told()),
            Err(error @ AppError::Catalog(CatalogError::Damaged { .. })) => {
                Ok(format!("{error}\n"))
            }
            Err(AppError::NoSuchEvent { .. }) if is_stored(&*self.records, slug).await? => Ok(
                format!("the record of the event \"{slug}\" cannot be read\n"),
            ),
            Err(error) => Err(error),
        }
    }

    /// Every event, or why it cannot be read.
    pub(super) async fn reports(
        &self,
    ) -> Result<Vec<(String, Result<EventReport, CatalogError>)>, AppError> {
        let base_url = self.config.base_url();
        let mut reports = Vec::new();
        for record in stored_events(&*self.records).await? {
            let restored = restore(&*self.records, &record.slug).await;
            let report = restored.map(|restored| {
                let view = restored.conversation.view();
                EventReport::of(&record, &view, &self.link_maker(&base_url), unix_ms_now())
            });
            reports.push((record.slug, report));
        }
        Ok(reports)
    }

    fn link_maker<'a>(&'a self, base_url: &'a str) -> LinkMaker<'a> {
        LinkMaker {
            key: &self.key,
            base_url,
            policy: policy::of(&self.config),
        }
    }
}

/// Prints a report in words or as JSON.
pub(super) fn print(report: &EventReport, json: bool) -> Result<(), AppError> {
    let text = if json {
        stdout::as_json(report)
    } else {
        report.told()
    };
    stdout::print(&text).map_err(AppError::Print)
}

/// A time as it is typed on the command line.
pub(super) fn when(text: &str) -> Result<When, String> {
    When::parse(text, &Zoned::now())
}

/// The whole path of a folder.
pub(super) fn shown(dir: &Path) -> String {
    let whole = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    whole.display().to_string()
}

/// Runs a command to its end: nothing else runs in its process.
pub(super) fn wait_for<T>(
    command: impl Future<Output = Result<T, AppError>>,
) -> Result<T, AppError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(AppError::Runtime)?;
    runtime.block_on(command)
}
