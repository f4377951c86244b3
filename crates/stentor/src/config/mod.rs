//! The configuration: what the operator decides before the server starts, and nothing else.
//!
//! One struct, three layers in this order: a TOML file, the environment (`STENTOR_LISTEN=…`), flags. What is found in any of
//! them goes through one table of keys, so that a misspelt name or a wrong value is one sentence with its place, and what
//! was most likely meant. Everything about an event is in the store, never here.

mod address;
mod environment;
mod error;
mod file;
mod found;
mod keys;
mod listen;
mod load;
mod log_filter;
mod proxies;
mod smtp;
mod table;
#[cfg(test)]
mod tests;
mod unknown;
mod url;
mod values;
mod warnings;

pub(crate) use error::ConfigError;
pub(crate) use found::Found;
pub(crate) use keys::{Config, FfmpegChoice, LogFormat, ThreadPriorities};
pub(crate) use table::{documented, is_key};
pub(crate) use unknown::nearest;
