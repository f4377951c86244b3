//! The room where people talk: WebRTC peers, WHIP, WHEP and the mixing loop.
//!
//! A [`Studio`] owns the sockets and one network thread for all connections. A [`Room`] is one event: it answers offers,
//! mixes what arrives every 20 ms, sends everybody the others, and gives the packaged programme to its [`RoomSink`]. It
//! goes on with nobody in it.
//!
//! - [`peer`]: one connection, sans-IO, and the only place that knows the WebRTC library
//! - [`net`]: whose datagram is it; sockets
//! - [`room`]: the engine (sans-IO) and the thread that moves it
//! - [`sdp`], [`sdpfrag`]: what is read before any library sees it
//! - [`limits`]: every bound, with its unit
//!
//! It is not: HTTP, tokens, roles, who may speak (that is decided in `stentor-core` and arrives as
//! [`SeatOrder`]), nor any sound processing (that is `stentor-media`).

pub mod clock;
pub mod error;
pub mod limits;
pub mod net;
pub mod peer;
pub mod room;
pub mod sdp;
pub mod sdpfrag;
mod studio;

pub use error::{OfferError, PatchError, SdpFault, StudioError, StudioFault};
pub use peer::CloseReason;
pub use room::{RoomConfig, RoomEvent, RoomSink, RoomStats, SeatStats};
pub use stentor_core::stage::{SeatLevel, SeatOrder, SessionKind};
pub use studio::{Answer, OfferRequest, PatchOutcome, Room, Studio, StudioConfig};
