//! The configuration: what the operator decides before the server starts, and nothing else.
//!
//! One struct, three layers in this order: a TOML file, the environment (`STENTOR_LISTEN=…`), flags. A key that is
//! not known is an error: a misspelt setting must not be silently ignored. Everything about an event is in
//! the store, never here.

mod error;
mod keys;
mod listen;
mod load;
mod proxies;

pub(crate) use error::ConfigError;
pub(crate) use keys::{Config, ThreadPriorities};
