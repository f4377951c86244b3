//! The herd and the baseline as their users run them: as programmes, against a small server that can misbehave.
//!
//! As programmes, because a worker's descriptor table begins as a copy of its process's: within this one it would hold the
//! sockets of the tests beside it open.
#![cfg(target_os = "linux")]

mod baseline;
mod herd;
mod hls;
mod processes;
mod server;
mod tls;
