//! What the methods of every store return.
//!
//! An `async fn` in a trait cannot be called through `dyn`, and `dyn` is wanted: which implementation runs is a matter of
//! configuration, and tests of other crates bring stores that fail when told to, so the set is not closed to an enum, and
//! a type parameter would run through the whole program. A boxed future costs one allocation for each call, beside a
//! system call or a sync of the disk.

use std::pin::Pin;

/// The answer to one call. Whoever no longer wants it may drop it: what was asked for is then done or not.
pub type Answer<'a, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>>;
