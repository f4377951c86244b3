//! Trying out a server before an event.
//!
//! [`herd`] is a crowd of real listeners: real sockets, every stream read and verified. [`baseline`] is what to measure a
//! server against: the least program that sends the same bytes to the same sockets. Both know only what a stranger on the
//! network knows, so they can be pointed at other servers too; of Stentor they use what reads formats, decodes sound and
//! knows the ladder's numbers, and no code of the server.
//!
//! They run on Linux: many descriptor tables in one process and many source addresses exist nowhere else.
//!
//! # Layers
//!
//! | module | what | knows |
//! |---|---|---|
//! | [`http`] | as much of HTTP/1.1 as a listener needs | httparse |
//! | [`machine`] | descriptors, ports and processors that the machine allows | nix, `/proc` |
//! | [`baseline`] | the least program that sends the same bytes | `http`, `machine`, mio |
//! | [`herd`] | the crowd, what it finds, and its report | `http`, `machine`, mio, rustls |

#[cfg(target_os = "linux")]
pub mod baseline;
#[cfg(target_os = "linux")]
pub mod herd;
pub mod http;
#[cfg(target_os = "linux")]
pub mod machine;
