//! An event as those who wait for it read of it: what the store last kept.
//!
//! From the store and not from the event itself: an event that waits for a place, and has no director, moves its beginning as well.

use stentor_cluster::records::Records;
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
    /// Whether the public may know of it.
    pub is_public: bool,
    /// When it begins, and how far it is.
    pub announced: Announced,
}

impl Occasion {
    /// As it is now.
    pub(super) fn of(view: &View) -> Self {
        let since_unix_ms = view.phase_since_unix_ms;
        let progress = match view.phase {
            Phase::Scheduled => Progress::Expected,
            Phase::OnAir => Progress::Begun { since_unix_ms },
            Phase::Ended => Progress::Over,
        };
        Self {
            title: view.title.clone(),
            zone: None,
            is_public: true,
            announced: Announced {
                starts_unix_ms: view.starts_unix_ms,
                progress,
            },
        }
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
