//! The stage page's connection: a WebSocket, what may be sent on it, and how it looks as JSON.

mod meter;
mod socket;
#[cfg(test)]
mod tests;
mod upgrade;
mod wire;

pub(crate) use socket::{STRANGERS_MAX, open};
