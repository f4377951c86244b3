//! Stores for the tests of whoever uses this crate: in memory, at once, and failing exactly when told to.
//!
//! They answer without a thread, so a test that moves time itself can use them; and they pass the same conformance suites
//! as the others. They are no stores to run a server with.

mod blobs;
mod faults;
mod mail;
mod records;

pub use blobs::MemoryBlobs;
pub use faults::Faults;
pub use mail::MemoryMailer;
pub use records::MemoryRecords;
