//! Reminders as people ask for them, confirm and stop them.
//!
//! What is decided is decided at once, under a lock, and never waits for anything; what is to be done goes to one task
//! ([`super::courier`]).

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stentor_cluster::mail::{Mailer, is_address};
use stentor_cluster::records::Records;
use stentor_core::reminders::{
    Budget, EventReminders, Input, Network, Output, Spent, Status, SubscriptionId,
};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::job::{Act, Job};
use super::occasion::Occasion;
use super::stored::{REMINDER, Stored, read_key};
use super::token::{address_hash, id_of, new_id};
use super::when;
use crate::catalog::CatalogError;
use crate::clock::{Clock, system_clock};
use crate::lang::Lang;
use crate::links::LinkKey;

/// Events that somebody wants to be reminded of. At it, nobody is taken in for one more.
pub const EVENTS_MAX: usize = 256;

/// Things that wait to be written down. At it, nobody more is taken in for the moment.
const JOBS_MAX: usize = 1_024;

/// What reminders work with.
pub struct ReminderParts {
    /// Where subscriptions are kept, and events.
    pub records: Arc<dyn Records>,
    /// How mail goes out.
    pub mailer: Arc<dyn Mailer>,
    /// What links are made with.
    pub key: LinkKey,
    /// What links begin with, without a slash at the end.
    pub base_url: String,
}

/// How reminders are doing, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReminderStats {
    /// Addresses that were asked for and are not confirmed.
    pub asked: usize,
    /// Addresses that are to be reminded.
    pub confirmed: usize,
    /// Mails that a server has taken.
    pub taken: u64,
    /// Mails that were refused for ever.
    pub refused: u64,
    /// Mails that were put off.
    pub deferred: u64,
    /// Mails that found no server.
    pub unreachable: u64,
}

/// A subscription as its owner sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown {
    /// The language they asked in.
    pub lang: Lang,
    /// What the event is called.
    pub title: String,
    /// When it begins, in words.
    pub when: String,
    /// The event's page.
    pub link: String,
    /// Whether it is confirmed.
    pub confirmed: bool,
}

/// Why nobody is taken in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AskError {
    /// Theirs: there is no such event.
    #[error("there is no such event here")]
    NoEvent,
    /// Theirs: it has begun, is over or cancelled.
    #[error("there is nothing to be reminded of: the event has begun or is over")]
    NothingToCome,
    /// Theirs: no mail can go there.
    #[error("expected an e-mail address such as ada@example.org")]
    Address,
    /// Theirs: too many from their network.
    #[error("too many reminders were asked for from this network: try again in a minute")]
    Network,
    /// Ours: as many as can be.
    #[error(
        "no more reminders can be taken in at the moment: add the event to your calendar instead"
    )]
    Full,
}

/// An event that somebody wants to be reminded of.
pub(super) struct Followed {
    pub(super) reminders: EventReminders,
    pub(super) occasion: Occasion,
    /// In which language each asked. Kept here so that pages need no store.
    pub(super) langs: HashMap<SubscriptionId, Lang>,
}

pub(super) struct State {
    pub(super) clock: Clock,
    budget: Budget,
    pub(super) events: HashMap<String, Followed>,
    pub(super) slugs: HashMap<SubscriptionId, String>,
    /// Nothing is sent before.
    pub(super) paused_until: Option<Instant>,
}

#[derive(Default)]
pub(super) struct Counts {
    pub(super) taken: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) deferred: AtomicU64,
    pub(super) unreachable: AtomicU64,
}

/// Reminders of all events of a server; see the module.
pub struct Reminders {
    pub(super) parts: ReminderParts,
    state: Mutex<State>,
    pub(super) jobs: mpsc::Sender<Job>,
    /// Taken by the task that does them.
    pub(super) waiting: Mutex<Option<mpsc::Receiver<Job>>>,
    pub(super) sending: AtomicUsize,
    pub(super) counts: Counts,
}

impl Reminders {
    /// Reads who wants to be reminded of what.
    ///
    /// # Errors
    /// The operator's: a store that cannot be read.
    pub async fn open(parts: ReminderParts) -> Result<Arc<Self>, CatalogError> {
        Self::open_with(parts, system_clock()).await
    }

    pub(crate) async fn open_with(
        parts: ReminderParts,
        clock: Clock,
    ) -> Result<Arc<Self>, CatalogError> {
        let (jobs, waiting) = mpsc::channel(JOBS_MAX);
        let this = Self {
            parts,
            state: Mutex::new(State {
                clock,
                budget: Budget::default(),
                events: HashMap::new(),
                slugs: HashMap::new(),
                paused_until: None,
            }),
            jobs,
            waiting: Mutex::new(Some(waiting)),
            sending: AtomicUsize::new(0),
            counts: Counts::default(),
        };
        let mut before = None;
        loop {
            let page = this.parts.records.list(REMINDER, before).await?;
            for record in &page.records {
                let stored = Stored::decode(&record.bytes);
                match (read_key(&record.key), stored) {
                    (Some((slug, id)), Some(stored)) => this.restore(slug, id, &stored).await?,
                    _ => {
                        tracing::warn!(key = %record.key, "a reminder cannot be read, and is left alone")
                    }
                }
            }
            match page.before {
                Some(older) => before = Some(older),
                None => return Ok(Arc::new(this)),
            }
        }
    }

    async fn restore(
        &self,
        slug: &str,
        id: SubscriptionId,
        stored: &Stored,
    ) -> Result<(), CatalogError> {
        let is_known = self.lock().events.contains_key(slug);
        let occasion = if is_known {
            None
        } else {
            self.occasion(slug).await?
        };
        let mut state = self.lock();
        if !is_known {
            let followed = occasion.map_or_else(Followed::gone, Followed::of);
            state.events.insert(slug.to_owned(), followed);
        }
        let subscription = stored.subscription(address_hash(&self.parts.key, &stored.address));
        if let Some(followed) = state.events.get_mut(slug)
            && followed.reminders.restore(id, subscription)
        {
            followed
                .langs
                .insert(id, Lang::of_tag(&stored.lang).unwrap_or_default());
            state.slugs.insert(id, slug.to_owned());
        }
        Ok(())
    }

    /// An event that cannot be read is one that nothing can be said of, and not one that is gone.
    pub(super) async fn occasion(&self, slug: &str) -> Result<Option<Occasion>, CatalogError> {
        Occasion::read(&*self.parts.records, slug).await
    }

    /// Somebody asks to be reminded of an event at an address. The answer says nothing of whether that address is known.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn ask(
        &self,
        slug: &str,
        address: &str,
        lang: &str,
        network: Option<Network>,
    ) -> Result<(), AskError> {
        let now = {
            let mut state = self.lock();
            let now = (state.clock)();
            state
                .budget
                .take(now, network)
                .map_err(|spent| match spent {
                    Spent::Network => AskError::Network,
                    Spent::Everybody => AskError::Full,
                })?;
            now
        };
        if !is_address(address) {
            return Err(AskError::Address);
        }
        let is_known = self.lock().events.contains_key(slug);
        let looked_up = if is_known {
            None
        } else {
            Some(self.look_up(slug).await?)
        };
        let place = self.jobs.try_reserve().map_err(|_| AskError::Full)?;
        let mut state = self.lock();
        state.follow(slug, looked_up)?;
        let State {
            budget,
            events,
            slugs,
            ..
        } = &mut *state;
        let followed = events.get_mut(slug).ok_or(AskError::Full)?;
        if !followed.occasion.is_public {
            return Err(AskError::NoEvent);
        }
        if !followed.reminders.is_to_come() {
            return Err(AskError::NothingToCome);
        }
        if followed.reminders.is_full() {
            return Err(AskError::Full);
        }
        let hash = address_hash(&self.parts.key, address);
        if !budget.take_address(now, hash) {
            return Ok(());
        }
        let id = new_id();
        let mut out = Vec::new();
        followed
            .reminders
            .step(now, Input::Ask { address: hash, id }, &mut out);
        if let Some(Output::Keep(id, subscription)) = out.pop() {
            let lang = Lang::of_tag(lang).unwrap_or_default();
            followed.langs.insert(id, lang);
            slugs.insert(id, slug.to_owned());
            let stored = Stored::new(address.to_owned(), lang.code().to_owned(), &subscription);
            place.send(Job {
                slug: slug.to_owned(),
                id,
                act: Act::Keep(Box::new(stored)),
                done: None,
            });
        }
        Ok(())
    }

    /// Looks for an event that nobody has asked about yet.
    async fn look_up(&self, slug: &str) -> Result<Occasion, AskError> {
        let found = self.occasion(slug).await.map_err(|error| {
            tracing::error!(%error, event = slug, "an event cannot be read");
            AskError::Full
        })?;
        found.ok_or(AskError::NoEvent)
    }

    /// What a link is about; `None` where it is not ours, or about nothing any more.
    #[must_use]
    pub fn look(&self, token: &str) -> Option<Shown> {
        let id = id_of(&self.parts.key, token)?;
        self.shown(&self.lock(), id)
    }

    /// Whether a link is one of ours, whatever has become of what it was about.
    #[must_use]
    pub fn is_ours(&self, token: &str) -> bool {
        id_of(&self.parts.key, token).is_some()
    }

    /// Who has the link wants to be reminded. Once answered it is written down; `None` as in [`Reminders::look`], or if it cannot be.
    pub async fn confirm(&self, token: &str) -> Option<Shown> {
        let id = id_of(&self.parts.key, token)?;
        let jobs = self.act(id, Input::Confirm(id));
        self.done(jobs)
            .await
            .then(|| self.shown(&self.lock(), id))?
    }

    /// Who has the link wants to hear no more: once answered the address is deleted. `false` if the link is not ours, or the store does not
    /// answer.
    pub async fn stop(&self, token: &str) -> bool {
        let Some(id) = id_of(&self.parts.key, token) else {
            return false;
        };
        let jobs = self.act(id, Input::Stop(id));
        self.done(jobs).await
    }

    /// How reminders are doing.
    #[must_use]
    pub fn stats(&self) -> ReminderStats {
        let state = self.lock();
        let counts = state
            .events
            .values()
            .map(|followed| followed.reminders.counts());
        let (asked, confirmed) =
            counts.fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        ReminderStats {
            asked,
            confirmed,
            taken: read(&self.counts.taken),
            refused: read(&self.counts.refused),
            deferred: read(&self.counts.deferred),
            unreachable: read(&self.counts.unreachable),
        }
    }

    fn shown(&self, state: &State, id: SubscriptionId) -> Option<Shown> {
        let slug = state.slugs.get(&id)?;
        let followed = state.events.get(slug)?;
        let subscription = followed.reminders.subscription(id)?;
        let lang = followed.langs.get(&id).copied().unwrap_or_default();
        let occasion = &followed.occasion;
        let (zone, starts) = (&occasion.zone, occasion.announced.starts_unix_ms);
        Some(Shown {
            lang,
            title: occasion.title_in(lang).to_owned(),
            when: when::told(starts, zone.as_deref(), lang),
            link: self.link(slug),
            confirmed: subscription.status == Status::Confirmed,
        })
    }

    pub(super) fn link(&self, slug: &str) -> String {
        format!("{}/e/{slug}", self.parts.base_url)
    }

    /// One step about one subscription.
    pub(super) fn act(&self, id: SubscriptionId, input: Input) -> Vec<Job> {
        let mut state = self.lock();
        let now = (state.clock)();
        let State { events, slugs, .. } = &mut *state;
        let Some(slug) = slugs.get(&id).cloned() else {
            return Vec::new();
        };
        let Some(followed) = events.get_mut(&slug) else {
            return Vec::new();
        };
        let mut out = Vec::new();
        followed.reminders.step(now, input, &mut out);
        if let Some(Output::Forget(id)) = out.last() {
            slugs.remove(id);
            followed.langs.remove(id);
        }
        out.into_iter()
            .filter_map(|output| Job::of(&slug, output))
            .collect()
    }

    /// Whether all of it was done.
    async fn done(&self, jobs: Vec<Job>) -> bool {
        for mut job in jobs {
            let (done, is_done) = oneshot::channel();
            job.done = Some(done);
            if self.jobs.send(job).await.is_err() || !is_done.await.unwrap_or(false) {
                return false;
            }
        }
        true
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // What is decided under it is decided by functions that cannot panic between two parts of it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Makes room for an event that was looked up, unless it is known.
    fn follow(&mut self, slug: &str, looked_up: Option<Occasion>) -> Result<(), AskError> {
        let Some(occasion) = looked_up else {
            return Ok(());
        };
        if self.events.len() >= EVENTS_MAX {
            return Err(AskError::Full);
        }
        self.events
            .entry(slug.to_owned())
            .or_insert_with(|| Followed::of(occasion));
        Ok(())
    }
}

impl Followed {
    fn of(occasion: Occasion) -> Self {
        Self {
            reminders: EventReminders::new(occasion.announced),
            occasion,
            langs: HashMap::new(),
        }
    }

    /// An event of which there are only addresses left: they are deleted at the next tick.
    fn gone() -> Self {
        Self::of(Occasion::gone())
    }
}
