//! What is wrong with a configuration, as the one sentence the operator gets.

use std::path::PathBuf;

use stentor_core::admission::Rung;

/// What the operator has to mend before the server can start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file named with `--config` is not there.
    #[error("configuration file {} does not exist", .0.display())]
    NoFile(PathBuf),
    /// What is named with `--config` is a folder.
    #[error("configuration file {} is a folder: name the file in it", .0.display())]
    NotAFile(PathBuf),
    /// A key that is unknown or a value that does not fit.
    #[error("configuration: {0}")]
    Value(Box<figment::Error>),
    /// Certificate without key or key without certificate.
    #[error("tls_cert and tls_key belong together: one was given without the other")]
    HalfTls,
    /// A self-signed certificate was asked for beside a given one.
    #[error("dev_tls makes a certificate of its own: leave it out where tls_cert is given")]
    TwoTls,
    /// The ladder has no such rung.
    #[error("rung must be 0 to {max}, got {0}", max = Rung::CLOSED.number())]
    Rung(u8),
    /// A bound within which nobody could be served.
    #[error("{0} is a number above zero, not 0")]
    Zero(&'static str),
    /// One of `proxies` is neither a network nor an address.
    #[error("proxies takes networks as 192.0.2.0/24, and addresses, got \"{0}\"")]
    Proxy(String),
    /// So many of `proxies` are too many.
    #[error("proxies takes at most {max}, got {got}")]
    Proxies {
        /// How many are taken.
        max: usize,
        /// How many were given.
        got: usize,
    },
    /// `public_url` has no scheme we serve.
    #[error("public_url must begin with http:// or https://, got \"{0}\"")]
    PublicUrl(String),
}
