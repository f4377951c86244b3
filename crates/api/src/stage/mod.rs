//! The stage page's connection: a WebSocket, what may be sent on it, and how it looks as JSON.

mod budget;
mod socket;
mod wire;

pub(crate) use socket::open;
