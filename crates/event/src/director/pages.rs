//! The stage pages that are open on one event, and a bounded queue of messages for each.

use std::collections::BTreeMap;

use stentor_core::conversation::{Refusal, SeatWarning};
use stentor_core::event::Alarm;
use stentor_core::limits::SEATS_MAX;
use stentor_core::{PageId, PageKey, SeatId};
use tokio::sync::mpsc;

/// Stage pages open at once per event: every seat with a phone and a computer. Beyond it the oldest is closed of those whose seat has another:
/// links that are opened again and again take no host's only page.
const PAGES_MAX: usize = SEATS_MAX * 2;
/// Stage pages open at once per seat: one link cannot push out the others. The seat's oldest is closed beyond it.
const SEAT_PAGES_MAX: usize = 4;
/// Messages waiting for one page; a page that reads none of them is closed.
pub const PAGE_MESSAGES_MAX: usize = 64;

/// A message to one page. What everybody sees goes through the shared state instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageMessage {
    /// What this page asked for was not done.
    Refused {
        /// What it asked for: [`Command::code`](stentor_core::conversation::Command::code).
        what: &'static str,
        /// Why not.
        reason: Refusal,
    },
    /// A seat's link, for a host.
    Invited {
        /// The seat.
        seat: SeatId,
        /// Whose it is.
        name: String,
        /// The link.
        link: String,
    },
    /// Somebody's sound has a trouble, or has it no more.
    Warning {
        /// Whose.
        seat: SeatId,
        /// Which.
        warning: SeatWarning,
        /// Whether it is there.
        on: bool,
    },
    /// Something of our own fails, or works again; for hosts.
    Alarm {
        /// What.
        alarm: Alarm,
        /// Whether it fails.
        on: bool,
    },
    /// The seat was removed; the page is to be closed.
    Removed,
    /// The link the page was opened with opens nothing any more; the page is to be closed.
    LinkRenewed,
    /// A newer page of the same seat has the session; this one is to be closed.
    Replaced,
    /// The event is over.
    Ended,
}

impl PageMessage {
    /// Whether the page is to be closed after it.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        matches!(self, Self::Removed | Self::LinkRenewed | Self::Replaced)
    }
}

/// The stage page that offers a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferingPage {
    /// Its number here; another one, or nobody's, after its line was made anew.
    pub id: PageId,
    /// The number it has made for itself and keeps when it is reloaded, if it has one: nobody else knows it.
    pub key: Option<PageKey>,
}

/// Where a page's messages go.
pub type PageSender = mpsc::Sender<PageMessage>;

/// One that is open.
struct Page {
    seat: SeatId,
    /// Its own number, if it has one.
    key: Option<PageKey>,
    sender: PageSender,
}

/// All of them.
#[derive(Default)]
pub(super) struct PageTable {
    pages: BTreeMap<PageId, Page>,
    last: u64,
}

impl PageTable {
    /// A number no page of this event has had.
    pub(super) const fn next(&mut self) -> PageId {
        self.last += 1;
        PageId(self.last)
    }

    /// A page is shown the stage from now on.
    pub(super) fn add(
        &mut self,
        page: PageId,
        seat: SeatId,
        key: Option<PageKey>,
        sender: PageSender,
    ) {
        let own: Vec<PageId> = self
            .pages
            .iter()
            .filter(|(_, of)| of.seat == seat)
            .map(|(page, _)| *page)
            .collect();
        if own.len() >= SEAT_PAGES_MAX {
            self.pages.remove(&own[0]);
        } else if self.pages.len() >= PAGES_MAX {
            let oldest = self.oldest_of_several();
            oldest.and_then(|page| self.pages.remove(&page));
        }
        self.pages.insert(page, Page { seat, key, sender });
    }

    /// The oldest page of those whose seat has more than one open, else the oldest of all.
    fn oldest_of_several(&self) -> Option<PageId> {
        let of_seat = |seat| self.pages.values().filter(|of| of.seat == seat).count();
        let mut several = self.pages.iter().filter(|(_, of)| of_seat(of.seat) > 1);
        let oldest = several.next().or_else(|| self.pages.iter().next());
        oldest.map(|(page, _)| *page)
    }

    pub(super) fn remove(&mut self, page: PageId) {
        self.pages.remove(&page);
    }

    /// Forgets those whose reader is gone without having said so.
    pub(super) fn sweep(&mut self) {
        self.pages.retain(|_, page| !page.sender.is_closed());
    }

    /// How many are open.
    pub(super) fn len(&self) -> usize {
        self.pages.len()
    }

    /// To all pages of a seat.
    pub(super) fn tell(&mut self, seat: SeatId, message: &PageMessage) {
        self.deliver(|_, to| to == seat, message);
    }

    /// To all pages.
    pub(super) fn tell_all(&mut self, message: &PageMessage) {
        self.deliver(|_, _| true, message);
    }

    /// To one page, if it is one of this seat's: page numbers are easily guessed.
    pub(super) fn tell_page(&mut self, seat: SeatId, page: PageId, message: &PageMessage) {
        self.deliver(|id, to| id == page && to == seat, message);
    }

    /// To all pages of a seat except one.
    pub(super) fn tell_seat_but(
        &mut self,
        seat: SeatId,
        but: Option<PageId>,
        message: &PageMessage,
    ) {
        self.deliver(|id, to| to == seat && Some(id) != but, message);
    }

    /// Whether a page is one of this seat's.
    pub(super) fn has(&self, seat: SeatId, page: PageId) -> bool {
        self.pages.get(&page).is_some_and(|of| of.seat == seat)
    }

    /// Whether the page that made an offer for this seat is open, by its number here or, after its line was made anew, by its own.
    pub(super) fn is_open(&self, seat: SeatId, page: OfferingPage) -> bool {
        let mut of_seat = self.pages.iter().filter(|(_, of)| of.seat == seat);
        of_seat.any(|(id, of)| *id == page.id || of.key == page.key)
    }

    /// Delivers without waiting; a page whose queue is full or gone is forgotten, which closes it.
    fn deliver(&mut self, to: impl Fn(PageId, SeatId) -> bool, message: &PageMessage) {
        self.pages.retain(|id, page| {
            !to(*id, page.seat) || page.sender.try_send(message.clone()).is_ok()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(table: &mut PageTable, seat: SeatId, sender: PageSender) -> PageId {
        let page = table.next();
        table.add(page, seat, None, sender);
        page
    }

    #[test]
    fn a_page_that_reads_nothing_is_forgotten_and_the_others_are_served() {
        let mut table = PageTable::default();
        let (slow, mut slow_messages) = mpsc::channel(PAGE_MESSAGES_MAX);
        let (quick, mut quick_messages) = mpsc::channel(PAGE_MESSAGES_MAX * 2);
        add(&mut table, SeatId(1), slow);
        add(&mut table, SeatId(1), quick);
        for _ in 0..=PAGE_MESSAGES_MAX {
            table.tell(SeatId(1), &PageMessage::Ended);
        }
        let mut read = 0;
        while slow_messages.try_recv().is_ok() {
            read += 1;
        }
        assert_eq!(read, PAGE_MESSAGES_MAX);
        assert!(
            slow_messages.is_closed()
                || slow_messages.try_recv() == Err(mpsc::error::TryRecvError::Disconnected)
        );
        assert_eq!(
            std::iter::from_fn(|| quick_messages.try_recv().ok()).count(),
            PAGE_MESSAGES_MAX + 1
        );
    }

    #[test]
    fn the_oldest_page_goes_when_the_table_is_full() {
        let mut table = PageTable::default();
        let (first, first_messages) = mpsc::channel(1);
        add(&mut table, SeatId(1), first);
        let (others, _messages) = mpsc::channel(1);
        for seat in 0..PAGES_MAX as u32 {
            add(&mut table, SeatId(2 + seat), others.clone());
        }
        assert!(first_messages.is_closed());
    }

    #[test]
    fn many_links_that_are_opened_several_times_take_no_hosts_only_page() {
        let mut table = PageTable::default();
        let (host, host_messages) = mpsc::channel(1);
        add(&mut table, SeatId(1), host);
        let (other, _messages) = mpsc::channel(1);
        for n in 0..4 * PAGES_MAX as u32 {
            add(&mut table, SeatId(2 + n % 40), other.clone());
            assert!(table.len() <= PAGES_MAX);
        }
        assert!(!host_messages.is_closed());
        let seats = |seat| {
            table
                .pages
                .values()
                .filter(|of| of.seat == SeatId(seat))
                .count()
        };
        assert!((2..42).all(|seat| seats(seat) > 0));
    }

    #[test]
    fn a_page_whose_task_is_gone_is_not_counted_any_more() {
        let mut table = PageTable::default();
        let (gone, messages) = mpsc::channel(1);
        add(&mut table, SeatId(1), gone);
        let (stays, _messages) = mpsc::channel(1);
        add(&mut table, SeatId(1), stays);
        drop(messages);
        table.sweep();
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn one_link_cannot_push_out_the_pages_of_others() {
        let mut table = PageTable::default();
        let (first, first_messages) = mpsc::channel(1);
        add(&mut table, SeatId(1), first);
        let (other, _messages) = mpsc::channel(1);
        for _ in 0..PAGES_MAX * 2 {
            add(&mut table, SeatId(2), other.clone());
        }
        assert!(!first_messages.is_closed());
        assert_eq!(table.pages.len(), 1 + SEAT_PAGES_MAX);
    }

    #[test]
    fn all_pages_of_a_seat_but_one_can_be_told() {
        let mut table = PageTable::default();
        let mut queues = Vec::new();
        let mut open = |seat| {
            let (sender, messages) = mpsc::channel(1);
            queues.push(messages);
            add(&mut table, SeatId(seat), sender)
        };
        let (_old, newer, _other) = (open(1), open(1), open(2));
        table.tell_seat_but(SeatId(1), Some(newer), &PageMessage::Replaced);
        let told: Vec<bool> = queues
            .iter_mut()
            .map(|messages| messages.try_recv().is_ok())
            .collect();
        assert_eq!(told, [true, false, false]);
        assert!(table.has(SeatId(1), newer) && !table.has(SeatId(2), newer));
    }

    #[test]
    fn a_page_number_of_another_seat_is_told_nothing() {
        let mut table = PageTable::default();
        let (sender, mut messages) = mpsc::channel(1);
        let page = add(&mut table, SeatId(1), sender);
        table.tell_page(SeatId(2), page, &PageMessage::Replaced);
        assert!(messages.try_recv().is_err());
        table.tell_page(SeatId(1), page, &PageMessage::Replaced);
        assert!(messages.try_recv().is_ok());
    }
}
