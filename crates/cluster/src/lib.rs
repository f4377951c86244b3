//! How Stentor keeps what must survive a process: one trait for each kind of keeping, embedded and external.
//!
//! - [`store`]: records of events, their state and their position
//!
//! It is not: the programme's bytes (those are in rings and files), nor a place for anything a listener needs in order
//! to hear. Where a store can be out of reach, reconnecting to it is for this layer.

pub mod store;
