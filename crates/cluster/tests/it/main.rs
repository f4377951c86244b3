//! The stores by behaviour.

mod blobs;
mod conformance;
mod files;
mod journal;
mod kill;
mod records;
mod scratch;
