//! `stentor event create`.

use clap::Args;
use stentor_core::Languages;
use stentor_core::schedule::Correction;
use stentor_event::catalog::store_event;
use stentor_event::clock::unix_ms_now;
use stentor_event::embedding::Embedding;
use stentor_event::record::{NewEvent, guest_seat};

use super::said::{Said, languages, said};
use super::store::{Common, Store, print, shown, wait_for, when};
use crate::config::Config;
use crate::data_dir;
use crate::error::AppError;
use crate::when::When;

#[derive(Debug, Args)]
pub(in crate::cli) struct Create {
    /// What the event is called; listeners see it. fr=TEXT says it in another language, and can be given once for each
    #[arg(long, value_name = "TEXT", value_parser = said, required = true)]
    title: Vec<Said>,
    /// The last part of its address: a-z, 0-9 and -, at most 64 [default: made from the title]
    #[arg(long)]
    slug: Option<String>,
    /// Language of its page, such as en, fr or de
    #[arg(long, default_value = "en")]
    lang: String,
    /// Languages in which it is told besides, such as fr,de: its stage page asks for texts in each
    #[arg(long, value_name = "LANGUAGES", value_parser = languages)]
    languages: Option<Languages>,
    /// What it is about, in the language of its page; fr=TEXT says it in another, and can be given once for each
    #[arg(long, value_name = "TEXT", value_parser = said)]
    about: Vec<Said>,
    /// The series it belongs to, which has a feed and a calendar of its own
    #[arg(long, value_name = "NAME")]
    series: Option<String>,
    /// When it starts: 2026-12-01T20:00, "tomorrow 20:00", "20:00 Europe/Paris"; without a zone, in this machine's. Shown on the page
    #[arg(long, value_name = "TIME", value_parser = when)]
    starts: Option<When>,
    /// The host's name on the page
    #[arg(long, default_value = "Host")]
    host: String,
    /// Rung of the ladder (0 to 3) on which it opens its doors when a crowd is expected: see README
    #[arg(long, value_name = "RUNG", default_value_t = 0)]
    opens_at: u8,
    /// Tell nobody of it yet: its page is not there until `stentor event announce`
    #[arg(long)]
    draft: bool,
    /// Record nothing of it: there will be no replay
    #[arg(long)]
    no_recording: bool,
    /// Whose pages may show its player: none, any, or origins such as "https://a.example https://b.example"
    #[arg(long, value_name = "WHOSE", default_value_t)]
    embed: Embedding,
    #[command(flatten)]
    common: Common,
}

impl Create {
    /// Makes an event and prints its links.
    ///
    /// # Errors
    /// The operator's: what cannot be an event, or one whose address is taken.
    pub(super) fn run(self) -> Result<(), AppError> {
        let config = self.common.settings.load()?;
        let (title, titles) = Said::titles(&self.title, &self.lang)?;
        let about = Said::texts(&self.about, &self.lang)?;
        let new = NewEvent {
            title: title.unwrap_or_default(),
            told: Correction {
                titles,
                languages: self.languages,
                series: self.series,
                description: (!about.is_empty()).then_some(about),
                ..Correction::default()
            },
            slug: self.slug,
            lang: self.lang,
            start: self.starts.as_ref().map(When::start),
            draft: self.draft,
            host: self.host,
            opens_at: self.opens_at,
            recorded: !self.no_recording,
            embedding: self.embed,
        };
        make_default_folder(&config, self.common.settings.names_a_file())?;
        let unused = !data_dir::is_used(&config.data_dir);
        let (report, folder) = wait_for(async {
            let store = Store::open(config).await?;
            let (record, conversation) = new.make(unix_ms_now(), &guest_seat(&new.lang))?;
            store_event(&*store.records, &record, &conversation).await?;
            Ok((
                store.report(&record.slug).await?,
                shown(&store.config.data_dir),
            ))
        })?;
        print(&report.starting_as(self.starts.as_ref()), self.common.json)?;
        if unused {
            // Links of a folder that no server uses open nothing. Beside what is printed, which a program may read.
            eprintln!("\nIt is the first event in {folder}: start the server with --data {folder}");
        }
        Ok(())
    }
}

/// A folder that was named is there or mistyped; the one that nobody named is made where the command is run.
/// With a configuration file it is a server's, which is most likely started elsewhere.
fn make_default_folder(config: &Config, has_file: bool) -> Result<(), AppError> {
    if !has_file && config.data_dir == Config::default().data_dir {
        data_dir::make(&config.data_dir)?;
    }
    Ok(())
}
