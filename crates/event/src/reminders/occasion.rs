//! An event as those who wait for it read of it: what the store last kept.
//!
//! From the store and not from the event itself: an event that waits for a place, and has no director, moves its beginning as well.

use stentor_cluster::records::Records;
use stentor_core::Texts;
use stentor_core::conversation::View;
use stentor_core::event::Phase;
use stentor_core::reminders::{Announced, Progress};

use crate::catalog::{CatalogError, is_stored, restore};

/// An event as mails and their pages speak of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Occasion {
    /// What it is called.
    pub title: String,
    /// The zone in which its host entered the beginning (IANA), where that is known.
    pub zone: Option<String>,
    /// Why it was moved or cancelled, as its host said.
    pub why: Texts,
    /// Whether the public may know of it.
    pub is_public: bool,
    /// When it begins, and how far it is.
    pub announced: Announced,
}

impl Occasion {
    /// As it is now.
    pub(super) fn of(view: &View) -> Self {
        let standing = &view.schedule;
        let since_unix_ms = standing.since_unix_ms;
        let progress = match standing.phase {
            Phase::Draft | Phase::Announced | Phase::Doors => Progress::Expected,
            Phase::OnAir | Phase::Held => Progress::Begun {
                since_unix_ms: standing.on_air_unix_ms.unwrap_or(since_unix_ms),
            },
            Phase::Ended => Progress::Over,
            Phase::Cancelled => Progress::Cancelled { since_unix_ms },
        };
        // A beginning that was taken back is none.
        let start = standing.start.as_ref().filter(|_| !standing.postponed_open);
        let zone = start.and_then(|start| start.zone.as_ref());
        Self {
            title: standing.title.clone(),
            zone: zone.map(ToString::to_string),
            why: standing.why.clone(),
            is_public: standing.phase != Phase::Draft,
            announced: Announced {
                starts_unix_ms: start.map(|start| start.unix_ms),
                progress,
            },
        }
    }

    /// Of which nothing is known but that it is gone.
    pub(super) fn gone() -> Self {
        Self {
            title: String::new(),
            zone: None,
            why: Texts::new(),
            is_public: false,
            announced: Announced {
                starts_unix_ms: None,
                progress: Progress::Over,
            },
        }
    }

    /// Why it is as it is, in a language or in the first that it was said in; empty if nothing was said.
    pub(super) fn why_in(&self, lang: &str) -> &str {
        let first = || self.why.iter().next().map(|(_, text)| text);
        self.why.get(lang).or_else(first).unwrap_or_default()
    }

    /// As the store has it; `None` where there is no such event.
    pub(super) async fn read(
        records: &dyn Records,
        slug: &str,
    ) -> Result<Option<Self>, CatalogError> {
        if !is_stored(records, slug).await? {
            return Ok(None);
        }
        let restored = restore(records, slug).await?;
        Ok(Some(Self::of(&restored.conversation.view())))
    }
}
