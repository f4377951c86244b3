//! The stage pages that are open on one event, and a mailbox each.

use std::collections::BTreeMap;

use stentor_core::SeatId;
use stentor_core::limits::SEATS_MAX;
use tokio::sync::mpsc;

/// Stage pages open at once per event: every seat with a phone and a computer. The oldest is closed beyond it.
const PAGES_MAX: usize = SEATS_MAX * 2;
/// Stage pages open at once per seat: one link cannot push out the others. The seat's oldest is closed beyond it.
const SEAT_PAGES_MAX: usize = 4;
/// Personal messages waiting for one page; a page that reads none of them is closed.
pub(crate) const MAIL_MAX: usize = 64;

/// One open stage page. Grows with every page of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PageId(pub(crate) u64);

/// A personal message to one page. What everybody sees goes through the shared state instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mail {
    /// JSON text.
    Text(String),
    /// JSON text, after which the page is to be closed.
    Last(String),
}

/// Where a page's mail goes.
pub(crate) type Mailbox = mpsc::Sender<Mail>;

#[derive(Default)]
pub(super) struct PageTable {
    pages: BTreeMap<PageId, (SeatId, Mailbox)>,
    last: u64,
}

impl PageTable {
    pub(super) fn add(&mut self, seat: SeatId, mailbox: Mailbox) -> PageId {
        let own: Vec<PageId> = self
            .pages
            .iter()
            .filter(|(_, (of, _))| *of == seat)
            .map(|(page, _)| *page)
            .collect();
        if own.len() >= SEAT_PAGES_MAX {
            self.pages.remove(&own[0]);
        } else if self.pages.len() >= PAGES_MAX {
            self.pages.pop_first();
        }
        self.last += 1;
        let page = PageId(self.last);
        self.pages.insert(page, (seat, mailbox));
        page
    }

    pub(super) fn remove(&mut self, page: PageId) {
        self.pages.remove(&page);
    }

    pub(super) fn tell(&mut self, seat: SeatId, text: &str) {
        self.deliver(|_, to| to == seat, &Mail::Text(text.to_owned()));
    }

    pub(super) fn tell_all(&mut self, text: &str) {
        self.deliver(|_, _| true, &Mail::Text(text.to_owned()));
    }

    /// To one page, if it is one of this seat's: page numbers are easily guessed.
    pub(super) fn tell_page(&mut self, seat: SeatId, page: PageId, mail: &Mail) {
        self.deliver(|id, to| id == page && to == seat, mail);
    }

    pub(super) fn has(&self, seat: SeatId, page: PageId) -> bool {
        self.pages.get(&page).is_some_and(|(of, _)| *of == seat)
    }

    /// To all pages of a seat except one.
    pub(super) fn tell_seat_but(&mut self, seat: SeatId, but: Option<PageId>, mail: &Mail) {
        self.deliver(|id, to| to == seat && Some(id) != but, mail);
    }

    pub(super) fn tell_and_close(&mut self, seat: SeatId, text: &str) {
        self.deliver(|_, to| to == seat, &Mail::Last(text.to_owned()));
    }

    /// Delivers without waiting; a page whose mailbox is full or gone is forgotten, which closes it.
    fn deliver(&mut self, to: impl Fn(PageId, SeatId) -> bool, mail: &Mail) {
        self.pages.retain(|page, (seat, mailbox)| {
            !to(*page, *seat) || mailbox.try_send(mail.clone()).is_ok()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_reads_nothing_is_forgotten_and_the_others_are_served() {
        let mut table = PageTable::default();
        let (slow, mut slow_mail) = mpsc::channel(MAIL_MAX);
        let (quick, mut quick_mail) = mpsc::channel(MAIL_MAX * 2);
        table.add(SeatId(1), slow);
        table.add(SeatId(1), quick);
        for _ in 0..=MAIL_MAX {
            table.tell(SeatId(1), "x");
        }
        let mut read = 0;
        while slow_mail.try_recv().is_ok() {
            read += 1;
        }
        assert_eq!(read, MAIL_MAX);
        assert!(
            slow_mail.is_closed()
                || slow_mail.try_recv() == Err(mpsc::error::TryRecvError::Disconnected)
        );
        assert_eq!(
            std::iter::from_fn(|| quick_mail.try_recv().ok()).count(),
            MAIL_MAX + 1
        );
    }

    #[test]
    fn the_oldest_page_goes_when_the_table_is_full() {
        let mut table = PageTable::default();
        let (first, first_mail) = mpsc::channel(1);
        table.add(SeatId(1), first);
        let (others, _mail) = mpsc::channel(1);
        for seat in 0..PAGES_MAX as u32 {
            table.add(SeatId(2 + seat), others.clone());
        }
        assert!(first_mail.is_closed());
    }

    #[test]
    fn one_link_cannot_push_out_the_pages_of_others() {
        let mut table = PageTable::default();
        let (first, first_mail) = mpsc::channel(1);
        table.add(SeatId(1), first);
        let (other, _mail) = mpsc::channel(1);
        for _ in 0..PAGES_MAX * 2 {
            table.add(SeatId(2), other.clone());
        }
        assert!(!first_mail.is_closed());
        assert_eq!(table.pages.len(), 1 + SEAT_PAGES_MAX);
    }

    #[test]
    fn all_pages_of_a_seat_but_one_can_be_told() {
        let mut table = PageTable::default();
        let mut mails = Vec::new();
        let mut open = |seat| {
            let (mailbox, mail) = mpsc::channel(1);
            mails.push(mail);
            table.add(SeatId(seat), mailbox)
        };
        let (_old, newer, _other) = (open(1), open(1), open(2));
        table.tell_seat_but(SeatId(1), Some(newer), &Mail::Last(String::new()));
        let told: Vec<bool> = mails
            .iter_mut()
            .map(|mail| mail.try_recv().is_ok())
            .collect();
        assert_eq!(told, [true, false, false]);
        assert!(table.has(SeatId(1), newer) && !table.has(SeatId(2), newer));
    }

    #[test]
    fn a_page_number_of_another_seat_is_told_nothing() {
        let mut table = PageTable::default();
        let (mailbox, mut mail) = mpsc::channel(1);
        let page = table.add(SeatId(1), mailbox);
        table.tell_page(SeatId(2), page, &Mail::Last(String::new()));
        assert!(mail.try_recv().is_err());
        table.tell_page(SeatId(1), page, &Mail::Last(String::new()));
        assert!(mail.try_recv().is_ok());
    }
}
