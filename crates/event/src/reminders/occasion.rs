//! An event as those who wait for it read of it: what the store last kept.
//!
//! From the store and not from the event itself: an event that waits for a place, and has no director, moves its beginning as well.

use stentor_cluster::records::Records;
use stentor_core::Texts;
use stentor_core::conversation::View;
use stentor_core::event::Phase;
use stentor_core::reminders::{Announced, Progress};

use crate::catalog::{CatalogError, language, restore};
use crate::lang::Lang;
use crate::texts::{said, titled};

/// An event as mails and their pages speak of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Occasion {
    /// What it is called, in its default language.
    pub title: String,
    /// What it is called in its other languages.
    pub titles: Texts,
    /// Its default language.
    pub lang: Lang,
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
    pub(super) fn of(view: &View, lang: Lang) -> Self {
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
            titles: standing.titles.clone(),
            lang,
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
            titles: Texts::new(),
            lang: Lang::default(),
            zone: None,
            why: Texts::new(),
            is_public: false,
            announced: Announced {
                starts_unix_ms: None,
                progress: Progress::Over,
            },
        }
    }

    /// What it is called, for whoever reads that language.
    pub(super) fn title_in(&self, lang: Lang) -> &str {
        titled(&self.title, &self.titles, lang.code(), self.lang.code()).text
    }

    /// Why it is as it is, for whoever reads that language; empty if nothing was said.
    pub(super) fn why_in(&self, lang: Lang) -> &str {
        let why = said(&self.why, lang.code(), self.lang.code());
        why.map_or("", |said| said.text)
    }

    /// As the store has it; `None` where there is no such event.
    pub(super) async fn read(
        records: &dyn Records,
        slug: &str,
    ) -> Result<Option<Self>, CatalogError> {
        let Some(lang) = language(records, slug).await? else {
            return Ok(None);
        };
        let restored = restore(records, slug).await?;
        Ok(Some(Self::of(&restored.conversation.view(), lang)))
    }
}
