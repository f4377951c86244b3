//! The events that are open on this server, and those that wait for a place.
//!
//! Those on air have their places first, then those that begin soonest; one whose room is suspended, because nobody is there, gives its place
//! to one that somebody asks for.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use stentor_core::admission::Rung;
use stentor_core::conversation::View;
use stentor_core::event::Phase;

use crate::assemble::assemble;
use crate::catalog::{
    self, Asked, CatalogError, Restored, Unreadable, asked, carry_out, restore,
    stored_events_telling,
};
use crate::open_event::OpenEvent;
use crate::pages;
use crate::record::EventRecord;
use crate::reminders::Reminders;
use crate::replay::replay_file;
use crate::services::EventServices;
use crate::waiting::{WaitingEvent, comes_before};

/// How often the store is looked at before it is looked whether the replays are still there.
const LOOKS_PER_REPLAY: u64 = 30;

/// How many events of the store there are here, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RegistryStats {
    /// Those that have a room.
    pub with_room: usize,
    /// Those that are open without one: they are over.
    pub ended: usize,
    /// Those that wait for a place: as many have a room as can be.
    pub waiting: usize,
    /// Those that could not be opened; they are tried again when the server starts.
    pub refused: usize,
}

/// What keeps this server from being whole, though it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hindrance {
    /// New people may come; somebody should look after it.
    Warning(&'static str),
    /// New people should be sent elsewhere.
    NotReady(&'static str),
}

/// Opens the events of a store and finds them by their address.
pub struct EventRegistry {
    services: EventServices,
    events: RwLock<HashMap<String, Arc<OpenEvent>>>,
    /// Events that could not be opened; at most as many as the store lists.
    refused: Mutex<HashSet<String>>,
    /// Events that wait for a place; at most as many as the store lists.
    waiting: Mutex<HashMap<String, WaitingEvent>>,
    ready: AtomicBool,
    hindrance: RwLock<Option<Hindrance>>,
    /// Told of already.
    unreadable: Mutex<Unreadable>,
    /// How often the store was looked at.
    looks: AtomicU64,
}

impl EventRegistry {
    /// Nothing is open yet, and the registry is not ready.
    #[must_use]
    pub fn new(services: EventServices) -> Self {
        Self {
            services,
            events: RwLock::default(),
            refused: Mutex::default(),
            waiting: Mutex::default(),
            ready: AtomicBool::new(false),
            hindrance: RwLock::default(),
            unreadable: Mutex::default(),
            looks: AtomicU64::new(0),
        }
    }

    /// An event that is open here.
    #[must_use]
    pub fn event(&self, slug: &str) -> Option<Arc<OpenEvent>> {
        self.events
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(slug)
            .cloned()
    }

    /// Whether an event waits for a place here. Who asks wants it: it has one soon, if there is one.
    #[must_use]
    pub fn want(&self, slug: &str) -> bool {
        let waiting = locked(&self.waiting);
        let found = waiting.get(slug);
        found.inspect(|event| event.want()).is_some()
    }

    /// The addresses of the events that wait for a place, in no order.
    #[must_use]
    pub fn waiting(&self) -> Vec<String> {
        locked(&self.waiting).keys().cloned().collect()
    }

    /// Reminders by mail, where mail can be sent.
    #[must_use]
    pub fn reminders(&self) -> Option<&Arc<Reminders>> {
        self.services.reminders.as_ref()
    }

    /// Whether new people should be sent here.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let hindered = matches!(self.hindrance(), Some(Hindrance::NotReady(_)));
        self.ready.load(Ordering::Relaxed) && !hindered
    }

    /// What keeps this server from being whole, if anything does.
    #[must_use]
    pub fn hindrance(&self) -> Option<Hindrance> {
        *self
            .hindrance
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on this, or nothing, keeps the server from being whole.
    pub fn set_hindrance(&self, hindrance: Option<Hindrance>) {
        *self
            .hindrance
            .write()
            .unwrap_or_else(PoisonError::into_inner) = hindrance;
    }

    /// From now on new people should, or should not, be sent here.
    pub fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Relaxed);
    }

    /// The least rung that any event wants now.
    #[must_use]
    pub fn minimum_rung(&self) -> Rung {
        let wanted = self.events().into_iter().map(|event| event.minimum_rung());
        wanted.max().unwrap_or(Rung::REST)
    }

    /// How many events there are here.
    #[must_use]
    pub fn stats(&self) -> RegistryStats {
        let open = self.events();
        let with_room = open.iter().filter(|event| event.has_room()).count();
        RegistryStats {
            with_room,
            ended: open.len() - with_room,
            waiting: locked(&self.waiting).len(),
            refused: locked(&self.refused).len(),
        }
    }

    /// Where every event is in its life that is open here or waits, by its address.
    #[must_use]
    pub fn phases(&self) -> Vec<(String, Phase)> {
        let open = self.events().into_iter();
        let mut phases: Vec<_> = open
            .map(|event| (event.slug().to_owned(), event.stats.phase()))
            .collect();
        let waiting = locked(&self.waiting);
        phases.extend(
            waiting
                .values()
                .map(|event| (event.slug().to_owned(), event.phase())),
        );
        phases
    }

    /// Stops every room: the server is leaving.
    pub fn stop_all(&self) {
        for event in self.events() {
            event.stop();
        }
    }

    /// Does what operators have asked for, opens the events of the store that are not open yet, and gives a place to one that waits and is asked
    /// for. One that cannot be opened or changed does not stop the others. To be called again and again, by one task.
    ///
    /// # Errors
    /// The operator's: a store that cannot be read.
    pub async fn open_new(&self) -> Result<(), CatalogError> {
        for asked in asked(&*self.services.records).await? {
            if let Err(error) = self.amend(&asked).await {
                tracing::error!(%error, event = asked.slug, "not changed as asked for; it is tried again");
            }
        }
        let mut found = Vec::new();
        for record in self.stored().await? {
            let slug = &record.slug;
            let is_known = self.event(slug).is_some() || locked(&self.refused).contains(slug);
            if !is_known && self.may_have_a_place(slug) {
                match restore(&*self.services.records, slug).await {
                    Ok(restored) => found.push((record, restored)),
                    Err(error) => self.refuse(slug, &error),
                }
            }
        }
        // In the order they were made where nothing else tells them apart.
        found.sort_by_key(|(_, restored)| comes_before(&restored.conversation.view()));
        for (record, restored) in found {
            self.open_or_wait(record, restored).await;
        }
        self.look_for_replays().await;
        Ok(())
    }

    async fn stored(&self) -> Result<Vec<EventRecord>, CatalogError> {
        // Only one task looks, and a look that was left in the middle tells of more.
        let mut unreadable = std::mem::take(&mut *locked(&self.unreadable));
        let stored = stored_events_telling(&*self.services.records, &mut unreadable).await;
        *locked(&self.unreadable) = unreadable;
        stored
    }

    /// An operator may take recordings away: what is not there any more is not promised to anybody.
    async fn look_for_replays(&self) {
        let looks = self.looks.fetch_add(1, Ordering::Relaxed);
        if !looks.is_multiple_of(LOOKS_PER_REPLAY) {
            return;
        }
        for event in self.events().into_iter().filter(|event| !event.has_room()) {
            let Ok(key) = catalog::key(event.slug()) else {
                continue;
            };
            let found = replay_file(&*self.services.recordings, &key).await;
            if matches!(found, Ok(None)) {
                event.forget_replay().await;
            }
        }
    }

    /// Whether an event that is not open could be now: nobody has looked at it yet, a place is free, or somebody asks for it.
    fn may_have_a_place(&self, slug: &str) -> bool {
        let wanted = locked(&self.waiting)
            .get(slug)
            .map(WaitingEvent::take_wanted);
        wanted.is_none_or(|wanted| wanted || self.rooms() < self.services.policy.events_open_max)
    }

    async fn open_or_wait(&self, record: EventRecord, restored: Restored) {
        let view = restored.conversation.view();
        let waits = locked(&self.waiting).contains_key(&record.slug);
        let needs_room = !view.phase().is_over();
        if needs_room && self.rooms() >= self.services.policy.events_open_max {
            // One that has just been found is not asked for yet.
            if !waits || !self.free_a_place().await {
                if !waits {
                    self.wait(record, &view);
                }
                return;
            }
        }
        let (slug, lang) = (record.slug.clone(), record.lang);
        match assemble(&self.services, record, restored).await {
            Ok(event) => {
                locked(&self.waiting).remove(&slug);
                let services = &self.services;
                pages::publish_stage(&services.edge, &slug, lang, &services.base_url);
                self.add(slug, event);
            }
            Err(error) => {
                locked(&self.waiting).remove(&slug);
                self.refuse(&slug, &error);
            }
        }
    }

    /// Takes the place of an event that nobody is in; whether there was one.
    async fn free_a_place(&self) -> bool {
        let idle = |event: &Arc<OpenEvent>| event.is_idle();
        let Some(event) = self.events().into_iter().find(idle) else {
            return false;
        };
        let slug = event.slug().to_owned();
        tracing::info!(
            event = slug,
            "nobody is there: it gives its place to another"
        );
        self.remove(&slug);
        event.close().await;
        match restore(&*self.services.records, &slug).await {
            Ok(restored) => {
                let record = event.record();
                self.wait(record, &restored.conversation.view());
            }
            Err(error) => self.refuse(&slug, &error),
        }
        true
    }

    /// An event has its turn when there is a place; until then it can be seen that it is there.
    fn wait(&self, record: EventRecord, view: &View) {
        let slug = record.slug.clone();
        let services = &self.services;
        pages::publish_stage(&services.edge, &slug, record.lang, &services.base_url);
        match WaitingEvent::publish(&self.services, record, view) {
            Ok(waiting) => {
                tracing::warn!(
                    event = waiting.slug(),
                    max = self.services.policy.events_open_max,
                    "waits for a place: as many events have a room as can be"
                );
                locked(&self.waiting).insert(slug, waiting);
            }
            Err(error) => self.refuse(&slug, &error),
        }
    }

    fn refuse(&self, slug: &str, error: &dyn std::error::Error) {
        tracing::error!(%error, event = slug, "not opened; it is tried again when the server starts");
        locked(&self.refused).insert(slug.to_owned());
    }

    async fn amend(&self, asked: &Asked) -> Result<(), CatalogError> {
        let (records, slug) = (&*self.services.records, &asked.slug);
        let recordings = &*self.services.recordings;
        tracing::info!(
            event = slug,
            what = asked.amendment.named().join(", "),
            "changed by the operator"
        );
        match self.event(slug) {
            Some(event) if asked.amendment.delete => {
                self.remove(slug);
                event.close().await;
                carry_out(records, recordings, slug).await?;
            }
            Some(event) => {
                event.amend(asked.amendment.of_conversation()).await;
                if let Some(record) = asked.done(records).await? {
                    event.follow_record(record).await;
                }
                return Ok(());
            }
            None => carry_out(records, recordings, slug).await?,
        }
        // It is looked at anew, if it is there.
        locked(&self.refused).remove(slug);
        let waiting = locked(&self.waiting).remove(slug);
        if let Some(waiting) = waiting {
            waiting.withdraw();
        }
        if asked.amendment.delete {
            pages::withdraw_stage(&self.services.edge, slug);
        }
        Ok(())
    }

    fn add(&self, slug: String, event: Arc<OpenEvent>) {
        self.events
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(slug, event);
    }

    fn remove(&self, slug: &str) {
        let mut events = self.events.write().unwrap_or_else(PoisonError::into_inner);
        events.remove(slug);
    }

    /// Events with a room; ended ones cost next to nothing.
    fn rooms(&self) -> usize {
        self.events()
            .iter()
            .filter(|event| event.has_room())
            .count()
    }

    /// The events that are open here, in no order.
    #[must_use]
    pub fn events(&self) -> Vec<Arc<OpenEvent>> {
        self.events
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }
}

/// What is locked is in order between two calls, whatever panicked elsewhere.
fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
