//! The rules of the house (docs/design.md §2, §4 and §10) are its tests: `cargo test -p stentor-house`.
//!
//! A crate of their own, so that they link nothing of the product, which they read and do not run. There is nothing in it but tests.
