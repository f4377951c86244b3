//! What keeps a command from being carried out, as the one sentence the operator gets.

use std::fmt;
use std::net::SocketAddr;

use stentor_cluster::store::StoreError;

use crate::config::ConfigError;
use crate::event::NewEventError;
use crate::event::open::OpenError;
use crate::secret::SecretError;
use crate::tls::CertificateError;

/// What keeps the server from starting, or an event from being made.
#[derive(Debug)]
pub(crate) enum AppError {
    Config(ConfigError),
    Log(String),
    DataDir {
        dir: String,
        source: std::io::Error,
    },
    DataDirInUse(String),
    /// A folder to be read that is not there: most likely a name mistyped.
    NoDataDir(String),
    Secret(SecretError),
    Store(StoreError),
    Tls(CertificateError),
    Bind {
        what: &'static str,
        flag: &'static str,
        addr: SocketAddr,
        source: std::io::Error,
    },
    Runtime(std::io::Error),
    /// What was to be printed cannot be.
    Say(std::io::Error),
    Studio(String),
    NewEvent(NewEventError),
    SlugTaken(String),
    Damaged {
        slug: String,
        why: String,
    },
    Open(OpenError),
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Log(why) => write!(
                f,
                "log must be a filter like info or stentor_studio=debug: {why}"
            ),
            Self::DataDir { dir, source } => {
                write!(f, "the data folder {dir} cannot be used: {source}")
            }
            Self::DataDirInUse(dir) => write!(
                f,
                "another server uses the data folder {dir}: stop it, or choose another with --data"
            ),
            Self::NoDataDir(dir) => write!(
                f,
                "there is no data folder {dir}: name the one the events were made in with --data"
            ),
            Self::Secret(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
            Self::Tls(error) => error.fmt(f),
            Self::Bind {
                what,
                flag,
                addr,
                source,
            } if source.kind() == std::io::ErrorKind::AddrInUse => {
                write!(
                    f,
                    "{what} port {} of {} is taken by another program: stop it, or choose another with {flag}",
                    addr.port(),
                    addr.ip()
                )
            }
            Self::Bind {
                what, addr, source, ..
            } => {
                write!(f, "cannot listen on {what} {addr}: {source}")
            }
            Self::Runtime(source) => {
                write!(f, "the system does not give what a server needs: {source}")
            }
            Self::Say(source) => write!(f, "what is to be printed cannot be written: {source}"),
            Self::Studio(why) => write!(f, "the studio cannot start: {why}"),
            Self::NewEvent(error) => error.fmt(f),
            Self::SlugTaken(slug) => write!(
                f,
                "there already is an event \"{slug}\": choose another with --slug"
            ),
            Self::Damaged { slug, why } => {
                write!(f, "the event \"{slug}\" cannot be opened: {why}")
            }
            Self::Open(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AppError {}

macro_rules! from {
    ($($variant:ident($error:ty)),* $(,)?) => {
        $(impl From<$error> for AppError {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        })*
    };
}
from!(
    Config(ConfigError),
    Secret(SecretError),
    Store(StoreError),
    Tls(CertificateError),
    NewEvent(NewEventError),
    Open(OpenError)
);
