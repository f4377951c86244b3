//! The stores by behaviour.

mod blobs;
mod journal;
mod records;
mod support;
