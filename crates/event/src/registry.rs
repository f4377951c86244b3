//! The events that are open on this server.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use stentor_core::SeatId;
use stentor_core::admission::Rung;

use crate::catalog::{CatalogError, restore, stored_events};
use crate::open::{OpenError, open};
use crate::open_event::OpenEvent;
use crate::pages;
use crate::record::EventRecord;
use crate::services::EventServices;

/// Events with a room at once; each costs a mixing thread and three encoders. The oldest are opened first.
const EVENTS_OPEN_MAX: usize = 16;

/// How many events of the store there are here, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RegistryStats {
    /// Those that have a room.
    pub with_room: usize,
    /// Those that are open without one: they are over.
    pub ended: usize,
    /// Those that wait until another has ended: as many have a room as can be.
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
    /// Seats that go on stage as soon as they are connected, by the address of their event.
    admitted: HashMap<String, Vec<SeatId>>,
    events: RwLock<HashMap<String, Arc<OpenEvent>>>,
    /// Events that could not be opened; at most as many as the store lists.
    refused: Mutex<HashSet<String>>,
    /// Events that wait for a room; at most as many as the store lists.
    waiting: Mutex<HashSet<String>>,
    ready: AtomicBool,
    hindrance: RwLock<Option<Hindrance>>,
}

impl EventRegistry {
    /// Nothing is open yet, and the registry is not ready.
    #[must_use]
    pub fn new(services: EventServices, admitted: HashMap<String, Vec<SeatId>>) -> Self {
        Self {
            services,
            admitted,
            events: RwLock::default(),
            refused: Mutex::default(),
            waiting: Mutex::default(),
            ready: AtomicBool::new(false),
            hindrance: RwLock::default(),
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
        let waiting = locked(&self.waiting);
        let is_open = |slug: &String| open.iter().any(|event| event.slug() == slug);
        RegistryStats {
            with_room,
            ended: open.len() - with_room,
            waiting: waiting.iter().filter(|slug| !is_open(slug)).count(),
            refused: locked(&self.refused).len(),
        }
    }

    /// Stops every room: the server is leaving.
    pub fn stop_all(&self) {
        for event in self.events() {
            event.stop();
        }
    }

    /// Opens the events of the store that are not open yet; one that cannot be opened does not stop the others.
    ///
    /// # Errors
    /// The operator's: a store that cannot be read.
    pub async fn open_new(&self) -> Result<(), CatalogError> {
        for record in stored_events(&*self.services.records).await? {
            if self.event(&record.slug).is_some() || locked(&self.refused).contains(&record.slug) {
                continue;
            }
            if self.rooms() >= EVENTS_OPEN_MAX {
                self.wait(&record.slug);
                continue;
            }
            let slug = record.slug.clone();
            match self.open(record).await {
                Ok(event) => {
                    pages::publish_stage(&self.services.edge, &slug);
                    self.add(slug, event);
                }
                Err(error) => {
                    tracing::error!(%error, event = slug, "not opened; it is tried again when the server starts");
                    locked(&self.refused).insert(slug);
                }
            }
        }
        Ok(())
    }

    async fn open(&self, record: EventRecord) -> Result<Arc<OpenEvent>, OpenNewError> {
        let restored = restore(&*self.services.records, &record.slug).await?;
        let admitted = self.admitted.get(&record.slug).cloned().unwrap_or_default();
        Ok(open(&self.services, record, restored, admitted).await?)
    }

    /// An event has its turn when another has ended; until then this is said once.
    fn wait(&self, slug: &str) {
        if locked(&self.waiting).insert(slug.to_owned()) {
            tracing::warn!(
                event = slug,
                max = EVENTS_OPEN_MAX,
                "not opened yet: as many events have a room as can be"
            );
        }
    }

    fn add(&self, slug: String, event: Arc<OpenEvent>) {
        self.events
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(slug, event);
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

/// The sets hold no state between two calls that a panic could spoil.
fn locked(set: &Mutex<HashSet<String>>) -> MutexGuard<'_, HashSet<String>> {
    set.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why one event of the store was not opened.
#[derive(Debug, thiserror::Error)]
enum OpenNewError {
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Open(#[from] OpenError),
}
