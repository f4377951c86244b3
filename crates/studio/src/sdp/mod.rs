//! Offers read before any library sees them, and the answers that are given to them.
//!
//! The WebRTC library parses SDP itself, more strictly than the RFCs and with sentences of its own. So it never sees what a peer
//! wrote: it is given an offer of one section of sound, written anew from what was understood ([`Offer::text`]), and its answer to
//! that is put into the answer to what was really offered ([`answer_to`]), section by section. What is not wanted is refused there.
//!
//! It is not an SDP parser: unknown lines pass, and what is kept is what a session of sound needs.

mod answer;
mod offer;
mod read;

pub use answer::answer_to;
pub use offer::Offer;
