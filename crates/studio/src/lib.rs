//! The room where people talk: WebRTC peers, WHIP, WHEP and the mixing loop.
//!
//! A [`Studio`] owns the sockets and one network thread for all connections. A [`Room`] is one event: it answers offers,
//! mixes what arrives every 20 ms, sends everybody what they hear, and gives the packaged programme and its own state to
//! its [`RoomSink`]. It goes on with nobody in it, unless it is suspended.
//!
//! It is not: HTTP, tokens, roles, who may speak (that is decided in `stentor-core` and arrives as
//! [`SeatOrder`](stentor_core::stage::SeatOrder)), nor any sound processing (that is `stentor-media`).
//!
//! # Layers
//!
//! A module may import only modules in rows above its own.
//!
//! | module | what | knows |
//! |---|---|---|
//! | `limits` | every bound of this crate, with its unit | – |
//! | `clock` | the clock that all threads of a studio share | – |
//! | `starter` | starts the threads that have deadlines | `limits` |
//! | `latest` | figures that one thread renews and anybody reads | – |
//! | `error` | errors by whose fault | `limits` |
//! | `sdpfrag` | fragments of SDP that trickle candidates and restart ICE | `limits`, `error` |
//! | `sdp` | offers and answers, read before any library sees them | `limits`, `error`, `sdpfrag` |
//! | `peer` | one connection, sans-IO, and the only place that knows the WebRTC library | all above |
//! | `ports` | the queues into the network thread and the rooms' threads | `limits`, `error`, `sdpfrag`, `peer` |
//! | `net` | sockets, and whose datagram is it | all above |
//! | `room` | one event's room: the engine (sans-IO) and the thread that runs it | all above but `net` |
//! | `studio` | the handles that the rest of the server holds | all above |

pub mod clock;
pub mod error;
mod latest;
pub mod limits;
pub mod net;
pub mod peer;
mod ports;
pub mod room;
pub mod sdp;
pub mod sdpfrag;
mod starter;
mod studio;

pub use error::{NoticeTooLong, OfferError, PatchError, SdpFault, StudioError, StudioFault};
pub use net::stats::{DatagramCounters, StudioStats};
pub use peer::{DisconnectReason, ExpectedSession};
pub use room::levels::RoomLevels;
pub use room::sink::{RoomConfig, RoomSink};
pub use room::state::{FailedAttempt, RoomStatus, RoomStatusChange, SessionStatus};
pub use room::stats::{Disconnects, RoomStats, SeatStats};
pub use sdp::Offer;
pub use stentor_media::mix::StripStats;
pub use studio::{Answer, OfferRequest, PatchOutcome, Room, Studio, StudioConfig};
