//! What is wanted of a replay: a function of how the event stands.

use stentor_core::schedule::{ReplayCut, Standing};
use stentor_media::record::{ChapterMark, ChapterMarks, Cut, Edit};
use stentor_media::rendition::SAMPLE_RATE_HZ;
use tokio::sync::watch;

/// Samples of a millisecond.
const MS_SAMPLES: u64 = SAMPLE_RATE_HZ as u64 / 1_000;

/// What is wanted of a replay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    /// Nothing more is recorded: it can be made.
    pub(crate) is_recorded: bool,
    /// Everything is to be taken away.
    pub(crate) is_deleted: bool,
    /// What it is called.
    pub(crate) title: String,
    /// How it is cut, and its chapters.
    pub(crate) edit: Edit,
}

impl Wish {
    /// Of an event that stands so, whose timeline began at `epoch_unix_ms`. The timeline runs on while an event is held: a moment is a position.
    pub(crate) fn of(standing: &Standing, epoch_unix_ms: i64, is_recorded: bool) -> Self {
        let position = |unix_ms: i64| {
            let ms = u64::try_from(unix_ms.saturating_sub(epoch_unix_ms)).unwrap_or(0);
            ms.saturating_mul(MS_SAMPLES)
        };
        let marks = standing.chapters.iter().map(|(at, title)| ChapterMark {
            position: position(*at),
            title: title.clone(),
        });
        let ReplayCut {
            from_unix_ms,
            to_unix_ms,
        } = standing.replay.cut;
        Self {
            is_recorded,
            is_deleted: standing.replay.deleted,
            title: standing.title.clone(),
            edit: Edit {
                cut: Cut {
                    from: from_unix_ms.map(position),
                    to: to_unix_ms.map(position),
                },
                marks: ChapterMarks::new(marks.collect()),
            },
        }
    }
}

/// Where it is said what is wanted now: the newest counts.
pub(crate) struct ReplayWishes {
    wish: watch::Sender<Wish>,
    epoch_unix_ms: i64,
}

impl ReplayWishes {
    /// Of an event that stands so; `is_recorded` if nothing more will be recorded.
    pub(crate) fn new(
        standing: &Standing,
        epoch_unix_ms: i64,
        is_recorded: bool,
    ) -> (Self, watch::Receiver<Wish>) {
        let (wish, wishes) = watch::channel(Wish::of(standing, epoch_unix_ms, is_recorded));
        let said = Self {
            wish,
            epoch_unix_ms,
        };
        (said, wishes)
    }

    /// The event stands so now.
    pub(crate) fn follow(&self, standing: &Standing) {
        self.change(|wish| Wish::of(standing, self.epoch_unix_ms, wish.is_recorded));
    }

    /// Nothing more will be recorded.
    pub(crate) fn recorded(&self) {
        self.change(|wish| Wish {
            is_recorded: true,
            ..wish.clone()
        });
    }

    fn change(&self, change: impl FnOnce(&Wish) -> Wish) {
        self.wish.send_if_modified(|wish| {
            let wanted = change(wish);
            let is_new = *wish != wanted;
            *wish = wanted;
            is_new
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stentor_core::Now;
    use stentor_core::conversation::{Conversation, Input, Outbox};
    use stentor_core::event::EventInfo;
    use stentor_core::schedule::Act;

    const EPOCH: i64 = 1_800_000_000_000;

    /// How an event stands to which this was done, each a second after the one before, the first two seconds after the epoch.
    fn after(acts: impl IntoIterator<Item = Act>) -> Standing {
        let info = EventInfo {
            title: "Ilios".to_owned(),
            start: None,
            draft: false,
            host_name: "Homer".to_owned(),
            recorded: true,
        };
        let mut now = Now {
            mono_ms: 0,
            unix_ms: EPOCH + 1_000,
        };
        let mut conversation = Conversation::new(info, now);
        for act in acts {
            now.unix_ms += 1_000;
            now.mono_ms += 1_000;
            let amendment = stentor_core::conversation::Amendment {
                recorded: None,
                acts: vec![(act, stentor_core::Texts::new())],
            };
            conversation.step(now, Input::Amend(amendment), &mut Outbox::new());
        }
        conversation.view().schedule
    }

    fn chapter(at_ms: i64, title: &str) -> Act {
        Act::Chapter {
            at_unix_ms: Some(EPOCH + at_ms),
            title: Some(title.to_owned()),
        }
    }

    #[test]
    fn moments_are_positions_on_a_timeline_that_runs_on_while_an_event_is_held() {
        let hold = Act::Hold {
            until_unix_ms: None,
        };
        let standing = after([
            Act::GoOnAir,
            hold,
            Act::Resume,
            chapter(4_000, "b"),
            chapter(2_500, "a"),
            Act::End,
            Act::CutReplay(ReplayCut {
                from_unix_ms: Some(EPOCH + 3_000),
                to_unix_ms: None,
            }),
        ]);
        let wish = Wish::of(&standing, EPOCH, true);
        let marks = wish.edit.marks.as_slice().iter();
        let marks: Vec<_> = marks.map(|mark| (mark.position, &*mark.title)).collect();
        assert_eq!(marks, [(2_500 * 48, "a"), (4_000 * 48, "b")]);
        let cut = Cut {
            from: Some(3_000 * 48),
            to: None,
        };
        assert_eq!(wish.edit.cut, cut);
        assert!(!wish.is_deleted && wish.title == "Ilios");
        // Of a clock that was set back before the timeline began.
        let before = Wish::of(&standing, i64::MAX, true);
        assert_eq!(before.edit.cut.from, Some(0));
    }

    #[test]
    fn only_what_is_another_wish_is_told() {
        let standing = after([Act::GoOnAir, Act::End]);
        let (said, mut wishes) = ReplayWishes::new(&standing, EPOCH, false);
        assert!(!wishes.borrow_and_update().is_recorded);
        said.follow(&standing);
        assert!(!wishes.has_changed().unwrap(), "nothing has changed");
        said.recorded();
        assert!(wishes.borrow_and_update().is_recorded);
        said.follow(&after([Act::GoOnAir, Act::End, Act::DeleteReplay]));
        let wish = wishes.borrow_and_update().clone();
        assert!(wish.is_recorded && wish.is_deleted);
    }
}
