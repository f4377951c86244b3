//! `stentor event edit`, `end`, `delete` and `links`.
//!
//! A server that runs an event changes it itself, within two seconds; where none runs, the command does. Both ways what is printed is what
//! is so afterwards.

use std::fs::File;
use std::io::{BufRead as _, IsTerminal as _, Read as _};
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;
use stentor_cluster::key::Key;
use stentor_core::schedule::{Act, Correction};
use stentor_core::{Languages, Texts};
use stentor_event::catalog::{Amendment, ask, carry_out, is_asked};
use stentor_event::clock::unix_ms_now;
use stentor_event::embedding::Embedding;
use stentor_event::picture::{PICTURE_BYTES_MAX, PreparedPicture, keep, keep_only, prepare};

use super::said::{Said, languages, said};
use super::store::{Common, Store, print, wait_for, when};
use crate::data_dir;
use crate::error::AppError;
use crate::event_report::EventReport;
use crate::stdout::{self, as_json};
use crate::when::When;

/// How long a server is given to change what it runs.
const CHANGED_WITHIN: Duration = Duration::from_secs(10);
/// How often it is looked whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(100);

#[derive(Debug, Args)]
pub(in crate::cli) struct Edit {
    /// The last part of its address, as `event list` shows it
    slug: String,
    /// What the event is called; listeners see it. fr=TEXT says it in another language, and can be given once for each
    #[arg(long, value_name = "TEXT", value_parser = said)]
    title: Vec<Said>,
    /// Languages in which it is told besides, such as fr,de; nothing for none
    #[arg(long, value_name = "LANGUAGES", value_parser = languages)]
    languages: Option<Languages>,
    /// The series it belongs to, which has a feed and a calendar of its own; nothing for none
    #[arg(long, value_name = "NAME")]
    series: Option<String>,
    /// When it starts: 2026-12-01T20:00, "tomorrow 20:00", "20:00 Europe/Paris", or none
    #[arg(long, value_name = "TIME", value_parser = when_or_none)]
    starts: Option<Starts>,
    /// Language of its page, such as en, fr or de
    #[arg(long)]
    lang: Option<String>,
    /// Whether what is on air is recorded: yes or no
    #[arg(long, value_name = "YES_OR_NO", value_parser = yes_or_no)]
    recording: Option<bool>,
    /// What it is about, in the language of its page; fr=TEXT says it in another, and can be given once for each
    #[arg(long, value_name = "TEXT", value_parser = said)]
    about: Vec<Said>,
    /// Its picture, a JPEG, PNG or WebP of at most 8 MiB; none takes it away
    #[arg(long, value_name = "FILE", value_parser = picture)]
    picture: Option<GivenPicture>,
    /// Whether it goes on air by itself at its time, once somebody is on stage: yes or no
    #[arg(long, value_name = "YES_OR_NO", value_parser = yes_or_no)]
    automatic: Option<bool>,
    /// Whose pages may show its player: none, any, or origins such as "https://a.example https://b.example"
    #[arg(long, value_name = "WHOSE")]
    embed: Option<Embedding>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct End {
    /// The last part of its address, as `event list` shows it
    slug: String,
    /// Do not ask first, on a terminal, where it is on air
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Delete {
    /// The last part of its address, as `event list` shows it
    slug: String,
    /// Do not ask first; must be given where nobody can be asked: without a terminal, and with --json
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Links {
    /// The last part of its address, as `event list` shows it
    slug: String,
    /// Make new links and print them: every stage link given out so far is dead
    #[arg(long)]
    renew: bool,
    /// The same without printing the new ones
    #[arg(long, conflicts_with = "renew")]
    revoke: bool,
    #[command(flatten)]
    common: Common,
}

/// A beginning, or that none is announced.
#[derive(Clone, Debug)]
struct Starts(Option<When>);

fn when_or_none(text: &str) -> Result<Starts, String> {
    match text.trim() {
        "none" => Ok(Starts(None)),
        text => when(text).map(|when| Starts(Some(when))),
    }
}

/// A picture that was given, or that there is to be none.
#[derive(Clone, Debug)]
struct GivenPicture(Option<PreparedPicture>);

/// Reads a picture. No more of a file is read than a picture may have.
fn picture(path: &str) -> Result<GivenPicture, String> {
    if path == "none" {
        return Ok(GivenPicture(None));
    }
    let mut bytes = Vec::new();
    let most = PICTURE_BYTES_MAX as u64 + 1;
    let read = File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes));
    read.map_err(|error| error.to_string())?;
    let prepared = prepare(&bytes).map_err(|error| error.to_string())?;
    Ok(GivenPicture(Some(prepared)))
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("expected yes or no".to_owned()),
    }
}

impl Edit {
    /// Changes what was given.
    ///
    /// # Errors
    /// The operator's: nothing to change, no such event, or what no event can be.
    pub(super) fn run(self) -> Result<(), AppError> {
        let typed = self.starts.as_ref().and_then(|starts| starts.0.clone());
        let correction = Correction {
            languages: self.languages,
            series: self.series,
            picture: self
                .picture
                .as_ref()
                .map(|given| given.0.as_ref().map(|prepared| prepared.picture)),
            start: self.starts.map(|starts| starts.0.map(|when| when.start())),
            automatic: self.automatic,
            ..Correction::default()
        };
        let corrects = (correction != Correction::default()).then_some(Act::Correct(correction));
        let mut amendment = Amendment {
            acts: corrects
                .map(|act| (act, Texts::new()))
                .into_iter()
                .collect(),
            lang: self.lang,
            recorded: self.recording,
            embedding: self.embed,
            ..Amendment::default()
        };
        let says = !self.title.is_empty() || !self.about.is_empty();
        if amendment == Amendment::default() && !says {
            return Err(AppError::NothingToChange);
        }
        let told = |report: &EventReport| {
            if report.phase().is_over() && amendment.recorded.is_some() {
                return Err(AppError::IsOver(self.slug.clone()));
            }
            if says {
                let about = Said::texts(&self.about, report.language())?;
                let (title, titles) = Said::titles(&self.title, report.language())?;
                let correction = Correction {
                    title,
                    titles,
                    description: (!self.about.is_empty()).then_some(about),
                    ..Correction::default()
                };
                amendment
                    .acts
                    .push((Act::Correct(correction), Texts::new()));
            }
            Ok(amendment)
        };
        let config = self.common.settings.load()?;
        let report = wait_for(async {
            let store = Store::open(config).await?;
            let amendment = told(&store.report(&self.slug).await?)?;
            match &self.picture {
                Some(given) => repicture(&store, &self.slug, given, &amendment).await?,
                None => change(&store, &self.slug, &amendment).await?,
            }
            store.report(&self.slug).await
        })?;
        print(&report.starting_as(typed.as_ref()), self.common.json)
    }
}

impl End {
    /// Ends the event.
    ///
    /// # Errors
    /// The operator's: no such event, or somebody who thought better of it.
    pub(super) fn run(self) -> Result<(), AppError> {
        let asks = !self.yes && !self.common.json && std::io::stdin().is_terminal();
        let report = changed(&self.slug, &self.common, |report| {
            if asks && report.phase().is_running() {
                agree(&report.told(), "End it for everybody who listens?")?;
            }
            Ok(of_acts(vec![(Act::End, Texts::new())]))
        })?;
        print(&report, self.common.json)
    }
}

impl Delete {
    /// Takes the event away.
    ///
    /// # Errors
    /// The operator's: no such event, one that is on air, nobody who could be asked, or somebody who thought better of it.
    pub(super) fn run(self) -> Result<(), AppError> {
        let config = self.common.settings.load()?;
        let amendment = Amendment {
            delete: true,
            ..Amendment::default()
        };
        let can_ask = !self.common.json && std::io::stdin().is_terminal();
        wait_for(async {
            let store = Store::open(config).await?;
            let told = store.told(&self.slug).await?;
            if store
                .report(&self.slug)
                .await
                .is_ok_and(|report| report.phase().is_running())
            {
                return Err(AppError::IsOnAir(self.slug.clone()));
            }
            match (self.yes, can_ask) {
                (true, _) => {}
                (false, true) => agree(&told, "Take it away, with its links and recordings?")?,
                (false, false) => return Err(AppError::NobodyToAsk(self.slug.clone())),
            }
            change(&store, &self.slug, &amendment).await
        })?;
        let text = if self.common.json {
            as_json(&Deleted {
                slug: &self.slug,
                deleted: true,
            })
        } else {
            format!("{} is gone\n", self.slug)
        };
        stdout::print(&text).map_err(AppError::Print)
    }
}

/// Keeps the bytes of a picture first, so that whoever is told of it finds it; and afterwards those of no other.
async fn repicture(
    store: &Store,
    slug: &str,
    given: &GivenPicture,
    amendment: &Amendment,
) -> Result<(), AppError> {
    let blobs = data_dir::open_recordings(&store.config.data_dir).await?;
    let event = Key::new(slug).expect("there is an event at this address");
    if let Some(prepared) = &given.0 {
        let kept = keep(&*blobs, &event, prepared).await;
        kept.map_err(AppError::Picture)?;
    }
    change(store, slug, amendment).await?;
    let picture = given.0.as_ref().map(|prepared| &prepared.picture);
    let kept = keep_only(&*blobs, &event, picture).await;
    kept.map_err(AppError::Picture)
}

#[derive(Serialize)]
struct Deleted<'a> {
    slug: &'a str,
    deleted: bool,
}

/// Asks on the terminal, after what is so now.
pub(super) fn agree(told: &str, question: &str) -> Result<(), AppError> {
    stdout::print(&format!("{told}\n{question} [y/N] ")).map_err(AppError::Print)?;
    is_agreed().then_some(()).ok_or(AppError::NotAgreed)
}

fn is_agreed() -> bool {
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

impl Links {
    /// Prints the links, new ones if asked for.
    ///
    /// # Errors
    /// The operator's: no such event.
    pub(super) fn run(self) -> Result<(), AppError> {
        if !self.renew && !self.revoke {
            let config = self.common.settings.load()?;
            let report = wait_for(async { Store::open(config).await?.report(&self.slug).await })?;
            return print(&report, self.common.json);
        }
        let amendment = Amendment {
            renew_links: true,
            ..Amendment::default()
        };
        if self.renew {
            let report = changed(&self.slug, &self.common, |_| Ok(amendment))?;
            return print(&report, self.common.json);
        }
        let config = self.common.settings.load()?;
        wait_for(async { change(&Store::open(config).await?, &self.slug, &amendment).await })?;
        let text = if self.common.json {
            as_json(&Revoked {
                slug: &self.slug,
                revoked: true,
            })
        } else {
            format!(
                "every stage link of {} that was given out is dead; `stentor event links {}` shows the new ones\n",
                self.slug, self.slug
            )
        };
        stdout::print(&text).map_err(AppError::Print)
    }
}

#[derive(Serialize)]
struct Revoked<'a> {
    slug: &'a str,
    revoked: bool,
}

/// These acts, each with why.
pub(super) fn of_acts(acts: Vec<(Act, Texts)>) -> Amendment {
    Amendment {
        acts,
        ..Amendment::default()
    }
}

/// Makes the change that is wanted of an event as it is now, and says what is so afterwards.
///
/// # Errors
/// The operator's: no such event, what `wanted` objects to, or what is not possible of it.
pub(super) fn changed(
    slug: &str,
    common: &Common,
    wanted: impl FnOnce(&EventReport) -> Result<Amendment, AppError>,
) -> Result<EventReport, AppError> {
    let config = common.settings.load()?;
    wait_for(async {
        let store = Store::open(config).await?;
        let amendment = wanted(&store.report(slug).await?)?;
        change(&store, slug, &amendment).await?;
        store.report(slug).await
    })
}

/// Asks for a change and waits until it is made.
pub(super) async fn change(
    store: &Store,
    slug: &str,
    amendment: &Amendment,
) -> Result<(), AppError> {
    // With the name of one like it, where there is none.
    if amendment.delete {
        store.told(slug).await?;
    } else {
        store.report(slug).await?;
    }
    amendment.check(unix_ms_now())?;
    ask(&*store.records, slug, amendment).await?;
    let until = Instant::now() + CHANGED_WITHIN;
    while is_asked(&*store.records, slug).await? {
        // Where nobody runs it, this is who changes it; a server that starts meanwhile finds what is left.
        match data_dir::lock(&store.config.data_dir) {
            Ok(_lock) => {
                let recordings = data_dir::open_recordings(&store.config.data_dir).await?;
                return Ok(carry_out(&*store.records, &*recordings, slug).await?);
            }
            Err(AppError::DataDirInUse(_)) => {}
            Err(error) => return Err(error),
        }
        if Instant::now() > until {
            return Err(AppError::NotChangedYet(slug.to_owned()));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}
