//! Sockets on one side, peers on the other.
//!
//! [`peers`] holds all connections and decides which of them a datagram belongs to; it is sans-IO. `thread` is the one
//! thread that owns the sockets and reads the time. [`stun`], [`dtls`] and [`framing`] read what must be known of a
//! datagram beside whom it is given to.

pub mod budget;
pub mod dtls;
pub mod framing;
pub mod peers;
pub mod stats;
pub mod stun;
pub(crate) mod tcp;
pub(crate) mod thread;
