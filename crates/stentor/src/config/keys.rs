//! Every key of the configuration, with its default and what it means.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use stentor_cluster::mail::Sender;
use stentor_core::admission::Rung;
use stentor_event::FfmpegSource;
use stentor_event::lang::Lang;

use super::smtp::SmtpUrl;
use super::url::PublicUrl;

/// The effective configuration.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Config {
    /// Address of the pages, the sound and ICE-TCP: one TCP port.
    pub(crate) listen: SocketAddr,
    /// Address of the speakers' UDP; the same as `listen` where not given.
    pub(crate) udp: Option<SocketAddr>,
    /// Addresses under which speakers reach this machine, announced as ICE candidates.
    pub(crate) public_ips: Vec<IpAddr>,
    /// What links begin with; made from `listen` where not given.
    pub(crate) public_url: Option<PublicUrl>,
    /// Folder for events, recordings and the server's secret.
    pub(crate) data_dir: PathBuf,
    /// TLS certificate chain (PEM). Needs `tls_key`.
    pub(crate) tls_cert: Option<PathBuf>,
    /// TLS private key (PEM). Needs `tls_cert`.
    pub(crate) tls_key: Option<PathBuf>,
    /// Serve TLS with a certificate of our own making.
    pub(crate) dev_tls: bool,
    /// Days that browsers which were here over TLS come by TLS alone (RFC 6797), with `tls_cert`; 0: nothing is said of it.
    pub(crate) hsts_days: u32,
    /// Days that the stage links of an event live after its end.
    pub(crate) invitation_days: u32,
    /// An event on air that everybody has left is ended after so many hours; 0: never.
    pub(crate) end_abandoned_h: u32,
    /// The rung of the ladder to stay on, 0 to 4, whatever the load; without it the load decides. Read again on SIGHUP.
    pub(crate) rung: Option<u8>,
    /// What the network in front of this machine carries, Mbit/s; without it the link is no reason to climb.
    pub(crate) link_mbit_s: Option<u32>,
    /// Where an operator reads metrics and the steps of the ladder; without it nowhere.
    pub(crate) metrics: Option<SocketAddr>,
    /// Connections in all, listeners among them, that the port takes.
    pub(crate) connections_max: usize,
    /// Reverse proxies, each a network (`192.0.2.0/24`) or an address: who comes through them does not count as one crowd from one
    /// network. This machine need not be named.
    pub(crate) proxies: Vec<IpNet>,
    /// How long listeners are given to find another server when this one is told to leave (SIGTERM), seconds. With nowhere to
    /// go, 0: they come back to this one when it is back.
    pub(crate) drain_s: u32,
    /// What makes AAC and MP3 for players without Opus: the `ffmpeg` of `PATH` where there is one (`"auto"`), none (`"off"`), or this one.
    pub(crate) ffmpeg: FfmpegChoice,
    /// Where mail is handed to (`smtps://user@mail.example.org`), which reminders need; without it nobody is sent any. Needs `mail_from`.
    pub(crate) smtp: Option<SmtpUrl>,
    /// A file with the password of the user in `smtp`, where it is not in there.
    pub(crate) smtp_password_file: Option<PathBuf>,
    /// Whom mail is from. Needs `smtp`.
    pub(crate) mail_from: Option<Sender>,
    /// Where the address of the server itself leads instead of its own front page: a page of the operator's.
    pub(crate) front_page: Option<String>,
    /// The language of what belongs to no event: the front page, the server's calendar and feed.
    pub(crate) language: Lang,
    /// Which threads go before which (`"auto"`): those of the sound in real time where the system allows it, else by nice values.
    /// `"off"` leaves all as the process was started.
    pub(crate) thread_priority: ThreadPriorities,
    /// What is logged (a `tracing` filter).
    pub(crate) log: String,
    /// How a line of the log is written: for people (`"text"`) or for programs (`"json"`).
    pub(crate) log_format: LogFormat,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Which ffmpeg is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FfmpegChoice {
    /// The one of `PATH`, if there is one.
    Auto,
    /// None.
    Off,
    /// This one.
    File(PathBuf),
}

/// Whether threads are given priorities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ThreadPriorities {
    /// As far as the system allows it.
    Auto,
    /// None is given any.
    Off,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            udp: None,
            public_ips: Vec::new(),
            public_url: None,
            data_dir: PathBuf::from("stentor-data"),
            tls_cert: None,
            tls_key: None,
            dev_tls: false,
            hsts_days: 365,
            invitation_days: 30,
            end_abandoned_h: 6,
            rung: None,
            link_mbit_s: None,
            metrics: None,
            connections_max: 100_000,
            proxies: Vec::new(),
            drain_s: 0,
            ffmpeg: FfmpegChoice::Auto,
            smtp: None,
            smtp_password_file: None,
            mail_from: None,
            front_page: None,
            language: Lang::default(),
            thread_priority: ThreadPriorities::Auto,
            log: "info".to_owned(),
            log_format: LogFormat::Text,
        }
    }
}

impl Config {
    /// How long browsers are asked to come by TLS alone: where a certificate that they may trust is served, and nowhere else.
    pub(crate) fn strict_transport(&self) -> Option<Duration> {
        let said = self.tls_cert.is_some() && self.hsts_days > 0;
        said.then(|| Duration::from_hours(24 * u64::from(self.hsts_days)))
    }

    /// Where to look for an ffmpeg; `None`: nowhere.
    pub(crate) fn ffmpeg_source(&self) -> Option<FfmpegSource> {
        match &self.ffmpeg {
            FfmpegChoice::Auto => Some(FfmpegSource::Path),
            FfmpegChoice::File(file) => Some(FfmpegSource::File(file.clone())),
            FfmpegChoice::Off => None,
        }
    }

    /// The rung to stay on.
    pub(crate) fn pinned(&self) -> Option<Rung> {
        self.rung.and_then(Rung::new)
    }

    /// The keys in which another configuration differs, and which are not read while the server runs.
    pub(crate) fn needing_restart(&self, other: &Self) -> Vec<&'static str> {
        macro_rules! changed {
            ($($key:ident),*) => { [$((stringify!($key), self.$key != other.$key)),*] };
        }
        let mut changed = changed!(
            listen,
            udp,
            public_ips,
            public_url,
            data_dir,
            dev_tls,
            hsts_days,
            invitation_days,
            end_abandoned_h,
            link_mbit_s,
            metrics,
            connections_max,
            proxies,
            drain_s,
            ffmpeg,
            smtp,
            smtp_password_file,
            mail_from,
            front_page,
            language,
            thread_priority,
            log,
            log_format
        )
        .to_vec();
        // Another file is read by the next renewal; that there is TLS at all was decided at the start.
        changed.push((
            "tls_cert",
            self.tls_cert.is_some() != other.tls_cert.is_some(),
        ));
        let changed = changed.into_iter().filter(|(_, changed)| *changed);
        changed.map(|(key, _)| key).collect()
    }

    /// Whether the listening port speaks TLS itself.
    pub(crate) fn tls(&self) -> bool {
        self.dev_tls || self.tls_cert.is_some()
    }
}
