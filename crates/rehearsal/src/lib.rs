//! Trying a server before the evening.
//!
//! [`herd`] is a crowd of real listeners: real sockets, every stream read and verified, nothing of the server's own
//! code but what reads formats and decodes sound. [`floor`] is what to measure a server against: the least program that sends the same bytes to the same
//! sockets. Both know only what a stranger on the network knows, so they can be pointed at other servers too.
//!
//! They run on Linux: many descriptor tables in one process and many source addresses exist nowhere else.

#[cfg(target_os = "linux")]
pub mod floor;
#[cfg(target_os = "linux")]
pub mod herd;
pub mod http;
#[cfg(target_os = "linux")]
pub mod machine;
