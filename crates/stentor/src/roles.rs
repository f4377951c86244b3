//! Which parts a process runs. Today there is one role: all of them.

use std::ffi::OsStr;
use std::io::IsTerminal as _;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;

use stentor_api::Announcements;
use stentor_core::admission::Rung;
use stentor_edge::{Edge, EdgeConfig, Tls};
use stentor_event::clock::unix_ms_now;
use stentor_event::links::LinkKey;
use stentor_event::pages::{self, ListenAssets};
use stentor_event::reminders::{ReminderParts, Reminders};
use stentor_event::{Board, EventRegistry, EventServices, Ffmpeg, FfmpegError, demo};
use stentor_studio::{Studio, StudioConfig};
use tokio::net::TcpListener;
use tracing_appender::non_blocking::ErrorCounter;

use crate::config::{Config, FfmpegChoice};
use crate::disk::DiskWatch;
use crate::error::AppError;
use crate::event_report::LinkMaker;
use crate::ladder::LadderWatch;
use crate::mail::MailSetup;
use crate::operator::CertificateEnd;
use crate::serve::{LoadConfig, Server};
use crate::threads::Planned;
use crate::{data_dir, links, logging, policy, threads, tls, version};

/// What a server is started with that is no setting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServeOptions {
    /// Hold a demonstration.
    pub(crate) demo: bool,
    /// Print links whoever reads them.
    pub(crate) print_links: bool,
}

impl ServeOptions {
    /// A link opens a place on the stage, so it is for whoever started the server by hand and not for a log. Those of a demonstration
    /// are asked for with it; but what systemd keeps is a log, whatever was started.
    fn prints_links(self) -> bool {
        let is_log = is_journal(std::env::var_os("JOURNAL_STREAM").as_deref());
        self.print_links || (!is_log && (self.demo || std::io::stdout().is_terminal()))
    }
}

/// Whether standard output is the journal's, as systemd.exec(5) has it told: `JOURNAL_STREAM=device:inode`.
fn is_journal(told: Option<&OsStr>) -> bool {
    let Some((device, inode)) = told
        .and_then(OsStr::to_str)
        .and_then(|told| told.split_once(':'))
    else {
        return false;
    };
    rustix::fs::fstat(std::io::stdout())
        .is_ok_and(|about| device.parse() == Ok(about.st_dev) && inode.parse() == Ok(about.st_ino))
}

/// What is had before there is an event loop, which would wait for the disk.
struct Prepared {
    key: LinkKey,
    udp: UdpSocket,
    /// The operator's port.
    metrics: Option<std::net::TcpListener>,
    tls: Option<Tls>,
    mail: Option<MailSetup>,
    lines_dropped: ErrorCounter,
    planned: Planned,
}

/// Runs everything in one process until SIGTERM or Ctrl-C.
///
/// # Errors
/// The operator's, nearly always: an address that is taken, a folder that cannot be written, a certificate.
pub(crate) fn run(load: LoadConfig<'_>, options: ServeOptions) -> Result<(), AppError> {
    let config = load()?;
    let log = logging::start(&config)?;
    let planned = threads::plan(config.thread_priority);
    stentor_edge::raise_descriptor_limit();
    let _lock = data_dir::lock(&config.data_dir)?;
    for said in data_dir::close_to_others(&config.data_dir)? {
        tracing::warn!("{said}");
    }
    let tls = tls::of(&config)?;
    warn(&config);
    // Sockets are bound before anything is opened: a taken port must not touch an event.
    let udp = bind_udp(&config)?;
    let metrics = bind_metrics(&config)?;
    let prepared = Prepared {
        key: data_dir::key(&config.data_dir)?,
        udp,
        metrics,
        tls,
        mail: MailSetup::of(&config)?,
        lines_dropped: log.lines_dropped.clone(),
        planned,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .on_thread_start(threads::set_serving)
        .build()
        .map_err(AppError::Runtime)?;
    runtime.block_on(async {
        let tcp = stentor_edge::bind(config.listen)
            .map_err(|source| AppError::bind("TCP", "--listen", config.listen, source))?;
        start(load, &config, options, prepared, tcp).await
    })
}

/// Taken like the others before anything is opened.
fn bind_metrics(config: &Config) -> Result<Option<std::net::TcpListener>, AppError> {
    let Some(addr) = config.metrics else {
        return Ok(None);
    };
    let bound = std::net::TcpListener::bind(addr);
    let bound = bound.and_then(|tcp| tcp.set_nonblocking(true).map(|()| tcp));
    bound
        .map(Some)
        .map_err(|source| AppError::bind("TCP", "--metrics", addr, source))
}

fn bind_udp(config: &Config) -> Result<UdpSocket, AppError> {
    let flag = if config.udp.is_some() {
        "--udp"
    } else {
        "--listen"
    };
    let addr = config.udp.unwrap_or(config.listen);
    UdpSocket::bind(config.udp_addr()).map_err(|source| AppError::bind("UDP", flag, addr, source))
}

async fn start(
    load: LoadConfig<'_>,
    config: &Config,
    options: ServeOptions,
    prepared: Prepared,
    tcp: TcpListener,
) -> Result<(), AppError> {
    let Prepared {
        key,
        udp,
        metrics,
        tls,
        mail: prepared_mail,
        lines_dropped,
        planned,
    } = prepared;
    tracing::info!(
        version = version::VERSION,
        listen = %config.listen,
        links = config.base_url(),
        data = %config.data_dir.display(),
        "stentor starts"
    );
    planned.log();
    threads::watch_realtime().map_err(AppError::Runtime)?;
    let ffmpeg = tokio::spawn(find_ffmpeg(config.clone()));
    let records = data_dir::open_records(&config.data_dir).await?;
    let edge = Edge::new(EdgeConfig {
        cadence_encoder: Some(stentor_event::cadence_box),
        strict_transport: config.strict_transport(),
        on_thread_start: Some(threads::set_serving),
        ..EdgeConfig::default()
    });
    let reminders = match prepared_mail {
        Some(setup) => {
            let parts = ReminderParts {
                records: Arc::clone(&records),
                mailer: setup.start()?,
                key: key.clone(),
                base_url: config.base_url(),
            };
            let reminders = Reminders::open(parts).await?;
            tokio::spawn(Arc::clone(&reminders).run());
            Some(reminders)
        }
        None => None,
    };
    let announcements = Announcements::new(
        &config.base_url(),
        config.language.code(),
        config.front_page.clone(),
    );
    let board = Board::new(edge.clone(), Arc::new(announcements));
    tokio::spawn(Arc::clone(&board).run());
    let services = EventServices {
        studio: start_studio(config, udp)?,
        key,
        records: Arc::clone(&records),
        recordings: data_dir::open_recordings(&config.data_dir).await?,
        edge: edge.clone(),
        base_url: config.base_url(),
        policy: policy::of(config),
        board: Some(board),
        // None where looking for it failed in a way that nobody foresaw.
        ffmpeg: ffmpeg.await.ok().flatten(),
        listen_assets: ListenAssets::load(),
        reminders,
    };
    pages::publish_assets(&edge);
    let nothing = stentor_api::not_found_answer();
    pages::publish_not_found(
        &edge,
        nothing.handlers,
        nothing.page,
        nothing.headers,
        nothing.problem,
    );
    let demo = if options.demo {
        Some(demo::prepare(&*records).await?)
    } else {
        None
    };
    let (studio, key, base_url) = (
        services.studio.clone(),
        services.key.clone(),
        services.base_url.clone(),
    );
    let events = Arc::new(EventRegistry::new(services));
    events.open_new().await?;
    if let Some(event) = demo.as_deref().and_then(|slug| events.event(slug)) {
        demo::begin(&event).await;
    }
    if !pages::are_built() {
        tracing::warn!("this program was built without its pages: `make build` builds both");
    }
    let ladder = watch_load(config, &edge, &events)?;
    if options.prints_links() {
        let make = LinkMaker {
            key: &key,
            base_url: &base_url,
            policy: policy::of(config),
        };
        links::print(&*records, &make, demo.as_deref()).await?;
    } else {
        tracing::info!(
            "links are printed to a terminal only: `stentor event list` shows them, or --print-links"
        );
    }
    let server = Server {
        load,
        edge,
        studio,
        events,
        ladder,
        metrics,
        tls,
        log_lines_dropped: lines_dropped,
        disk: DiskWatch::of(&config.data_dir),
        certificate: CertificateEnd::default(),
    };
    let certificate = tls::certificate(config);
    server
        .certificate
        .set(certificate.map(|found| found.ends_unix_s));
    server.run(config, tcp).await
}

/// What makes AAC and MP3, told in one line whatever it is.
async fn find_ffmpeg(config: Config) -> Option<Arc<Ffmpeg>> {
    match Ffmpeg::find(&config.ffmpeg_source()?).await {
        Ok(ffmpeg) => {
            tracing::info!(
                program = %ffmpeg.program().display(),
                version = ffmpeg.version(),
                "AAC and MP3 are made for players without Opus"
            );
            Some(Arc::new(ffmpeg))
        }
        Err(FfmpegError::NotFound) if config.ffmpeg == FfmpegChoice::Auto => {
            tracing::info!("there is no AAC and no MP3: no ffmpeg is installed");
            None
        }
        Err(error) => {
            tracing::warn!("there is no AAC and no MP3: {error}");
            None
        }
    }
}

/// The ladder, which goes no lower than the least rung that any event wants.
fn watch_load(
    config: &Config,
    edge: &Edge,
    events: &Arc<EventRegistry>,
) -> Result<Arc<LadderWatch>, AppError> {
    let events = Arc::downgrade(events);
    let minimum_rung = move || {
        events
            .upgrade()
            .map_or(Rung::REST, |events| events.minimum_rung())
    };
    LadderWatch::start(
        edge.clone(),
        config.link_mbit_s,
        config.pinned(),
        minimum_rung,
    )
    .map_err(AppError::Runtime)
}

/// Says what is allowed and most likely not meant.
fn warn(config: &Config) {
    let of_certificate = tls::warnings(config, unix_ms_now());
    let of_certificate = of_certificate.into_iter().map(|warning| warning.said);
    for warning in config.warnings().into_iter().chain(of_certificate) {
        tracing::warn!("{warning}");
    }
}

fn start_studio(config: &Config, udp: UdpSocket) -> Result<Studio, AppError> {
    let port = udp.local_addr().map_err(AppError::Runtime)?.port();
    let ips = config.reachable_ips();
    let with_port = |port: u16| ips.iter().map(|ip| SocketAddr::new(*ip, port)).collect();
    let local_only = config.local_only();
    let studio = StudioConfig {
        udp,
        local_only,
        udp_candidates: with_port(port),
        // The listener, unlike the UDP socket, is bound to loopback alone then.
        tcp_candidates: if local_only {
            vec![config.listen]
        } else {
            with_port(config.listen.port())
        },
        on_thread_start: Some(threads::set_media),
    };
    Studio::start(studio).map_err(AppError::Studio)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_journal_is_known_by_its_stream() {
        let about = rustix::fs::fstat(std::io::stdout()).unwrap();
        let own = format!("{}:{}", about.st_dev, about.st_ino);
        let other = format!("{}:{}", about.st_dev, about.st_ino + 1);
        for (told, is) in [
            (Some(own.as_str()), true),
            (Some(&other), false),
            (Some("x:y"), false),
            (Some(""), false),
            (None, false),
        ] {
            assert_eq!(is_journal(told.map(OsStr::new)), is, "{told:?}");
        }
    }
}
