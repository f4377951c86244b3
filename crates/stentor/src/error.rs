//! What keeps a command from being carried out, as the one sentence the operator gets.

use std::io;
use std::net::SocketAddr;

use stentor_cluster::error::StoreError;
use stentor_event::catalog::CatalogError;
use stentor_event::links::LinkKeyError;
use stentor_event::record::NewEventError;
use stentor_studio::StudioError;

use crate::config::ConfigError;
use crate::tls::CertificateError;

/// What keeps the server from starting, or an event from being made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("log must be a filter like info or stentor_studio=debug: {0}")]
    Log(String),
    #[error("the data folder {dir} cannot be used: {source}")]
    DataDir { dir: String, source: io::Error },
    #[error("another server uses the data folder {0}: stop it, or choose another with --data")]
    DataDirInUse(String),
    /// A folder to be read that is not there: most likely a name mistyped.
    #[error("there is no data folder {0}: name the one the events were made in with --data")]
    NoDataDir(String),
    #[error(transparent)]
    LinkKey(#[from] LinkKeyError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Tls(#[from] CertificateError),
    #[error(
        "{what} port {} of {} is taken by another program: stop it, or choose another with {flag}",
        addr.port(),
        addr.ip()
    )]
    PortTaken {
        what: &'static str,
        flag: &'static str,
        addr: SocketAddr,
    },
    #[error("cannot listen on {what} {addr}: {source}")]
    Bind {
        what: &'static str,
        addr: SocketAddr,
        source: io::Error,
    },
    #[error("the system does not give what a server needs: {0}")]
    Runtime(io::Error),
    /// What was to be printed cannot be.
    #[error("what is to be printed cannot be written: {0}")]
    Print(io::Error),
    #[error("the studio cannot start: {0}")]
    Studio(StudioError),
    #[error(transparent)]
    NewEvent(#[from] NewEventError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

impl AppError {
    /// A port that cannot be had; `flag` is the one that chooses another.
    pub(crate) fn bind(
        what: &'static str,
        flag: &'static str,
        addr: SocketAddr,
        source: io::Error,
    ) -> Self {
        if source.kind() == io::ErrorKind::AddrInUse {
            Self::PortTaken { what, flag, addr }
        } else {
            Self::Bind { what, addr, source }
        }
    }
}
