//! What keeps a command from being carried out, as the one sentence the operator gets.

use std::io;
use std::net::SocketAddr;

use stentor_cluster::blobs::BlobsError;
use stentor_cluster::error::StoreError;
use stentor_core::{NotALanguageTag, TextsFull};
use stentor_event::catalog::CatalogError;
use stentor_event::links::LinkKeyError;
use stentor_event::record::NewEventError;
use stentor_studio::StudioError;

use crate::config::ConfigError;
use crate::mail::MailFault;
use crate::tls::CertificateError;

/// The first port that needs no right (`net.ipv4.ip_unprivileged_port_start`, as most systems have it).
const FIRST_FREE_PORT: u16 = 1024;

/// What keeps the server from starting, or an event from being made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("log must be a filter, for example info,stentor_studio=debug: {0}")]
    Log(String),
    #[error("the data folder {dir} cannot be used: {source}")]
    DataDir { dir: String, source: io::Error },
    #[error("another server uses the data folder {0}: stop it, or choose another with --data")]
    DataDirInUse(String),
    /// A folder to be used that is not there: most likely a name mistyped.
    #[error(
        "there is no data folder {dir}: name the server's (--data, or data_dir in its configuration){meant}; its first start makes it"
    )]
    NoDataDir { dir: String, meant: String },
    #[error("the data folder {0} is a file: name a folder with --data")]
    DataDirIsFile(String),
    #[error(
        "the disk is full that the data folder {0} is on: make room, or choose another with --data"
    )]
    DiskFull(String),
    #[error(
        "{path} can be read by others of this machine, and cannot be closed to them ({source}): chmod 600 it"
    )]
    OpenToOthers { path: String, source: io::Error },
    #[error(transparent)]
    LinkKey(#[from] LinkKeyError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Tls(#[from] CertificateError),
    #[error(transparent)]
    Mail(#[from] MailFault),
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
    #[error(
        "{what} port {} is below 1024 and needs a right, CAP_NET_BIND_SERVICE: AmbientCapabilities=CAP_NET_BIND_SERVICE in a systemd unit, \
         or `setcap cap_net_bind_service=+ep` on the program; or choose another port with {flag}",
        addr.port()
    )]
    PortNeedsRight {
        what: &'static str,
        flag: &'static str,
        addr: SocketAddr,
    },
    #[error(
        "this machine has no address {}: `ip address` lists those it has, and 0.0.0.0 or [::] with {flag} takes all",
        addr.ip()
    )]
    NoSuchAddress {
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
    #[error(
        "there is no event \"{slug}\" in {dir}: `stentor event list` shows those there are{meant}"
    )]
    NoSuchEvent {
        slug: String,
        dir: String,
        meant: String,
    },
    #[error(
        "nothing is to be changed: give --title, --about, --starts, --lang, --languages, --series, --picture, --automatic or --recording"
    )]
    NothingToChange,
    #[error("nothing was done")]
    NotAgreed,
    #[error("nobody can be asked whether that may be done to \"{0}\": give --yes")]
    NobodyToAsk(String),
    #[error("\"{0}\" is on air: end it first, with `stentor event end {0}`")]
    IsOnAir(String),
    /// A picture that cannot be kept.
    #[error("the picture cannot be kept: {0}")]
    Picture(BlobsError),
    /// A text in a language that is none.
    #[error(transparent)]
    Language(NotALanguageTag),
    /// A text in more languages than there can be.
    #[error(transparent)]
    Languages(TextsFull),
    #[error("\"{0}\" is over: its beginning and whether it is recorded change no more")]
    IsOver(String),
    /// An incomplete restore, most likely: with a new key every stage link that was given out would be dead.
    #[error(
        "secret.key is missing in {0}, where there are events: restore it from the backup; without one, \
         `head -c 32 /dev/urandom > {0}/secret.key && chmod 600 {0}/secret.key` makes a new one, and every stage link given out so far is dead"
    )]
    KeyMissing(String),
    #[error(
        "the data folder {dir} belongs to user {owner}, and root would make files in it that its server cannot read: run this as that user, \
         for example `sudo -u '#{owner}' stentor …`"
    )]
    OthersFolder { dir: String, owner: u32 },
    #[error(
        "the server that uses the data folder has not changed \"{0}\" yet; it will as soon as it can"
    )]
    NotChangedYet(String),
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
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::PortTaken { what, flag, addr },
            io::ErrorKind::AddrNotAvailable => Self::NoSuchAddress { flag, addr },
            io::ErrorKind::PermissionDenied if addr.port() < FIRST_FREE_PORT => {
                Self::PortNeedsRight { what, flag, addr }
            }
            _ => Self::Bind { what, addr, source },
        }
    }

    /// 2 for what is wrong with the command line, as `clap` gives it, and 1 for what cannot be done.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Config(error) if error.is_of_flag() => 2,
            _ => 1,
        }
    }
}
