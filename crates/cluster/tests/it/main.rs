//! The stores by behaviour.

mod conformance;
mod files;
mod kill;
mod records;
mod scratch;
