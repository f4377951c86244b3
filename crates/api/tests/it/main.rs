//! The interface as those who act meet it: over its router, with a real event behind it.

mod acts;
mod afterwards;
mod any_history;
mod outside_readers;
mod picture;
mod reminders;
mod scene;
mod stage_socket;
mod whip_offers;
mod whip_sessions;
