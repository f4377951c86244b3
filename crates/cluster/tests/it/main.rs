//! The stores by behaviour.

mod blobs;
mod journal;
mod mail;
mod records;
mod support;
