//! Which program this is.

/// The version, as in the manifest.
pub(crate) const NUMBER: &str = env!("CARGO_PKG_VERSION");

/// The commit it was built from.
pub(crate) const COMMIT: &str = env!("STENTOR_COMMIT");

/// Both.
pub(crate) const VERSION: &str =
    concat!(env!("CARGO_PKG_VERSION"), " (", env!("STENTOR_COMMIT"), ")");
