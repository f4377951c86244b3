//! The queues into the threads of a studio: [`net`] into the one that owns the sockets, [`room`] into each room's own.
//!
//! They stand below both, so that neither thread's code knows the other's.

pub(crate) mod net;
pub(crate) mod room;
