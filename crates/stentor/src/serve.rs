//! Puts the house together and keeps it running until it is told to leave.

use std::collections::{HashMap, HashSet};
use std::fs::{File, TryLockError};
use std::io::IsTerminal;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use stentor_core::admission::Rung;
use stentor_edge::{AcceptConfig, AcceptLimits, Edge, EdgeConfig, EdgeCounters, Tls};
use stentor_studio::{Studio, StudioConfig};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

use crate::api::{self, Sessions};
use crate::config::{Config, ConfigError};
use crate::error::AppError;
use crate::event::open::House;
use crate::ladder::LadderWatch;
use crate::operator::{self, Operator};
use crate::pages::{self, ListenTemplate};
use crate::say::say;
use crate::secret::LinkKey;
use crate::shelf::{demo_event, make_data_dir, open_store, print_links, restore, stored_events};
use crate::{demo, programme, tls};

pub(crate) use crate::event::open::OpenEvent;

/// Events with a room at once; each costs a mixing thread and three encoders. The oldest are opened first.
const EVENTS_OPEN_MAX: usize = 16;
/// How often events made by `stentor event create` beside a running server are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Lines of the log that wait for standard error.
const LOG_LINES_MAX: usize = 8_192;
/// How often what was refused is put into the log.
const REPORT_EVERY: Duration = Duration::from_secs(60);
/// One late turn in so many is told.
const LATE_PART_TOLD: u64 = 100;
/// How long leaving may take after SIGTERM or Ctrl-C.
const LEAVE_WITHIN: Duration = Duration::from_secs(8);

/// What the HTTP interface works with while the server runs.
pub(crate) struct Running {
    pub(crate) key: LinkKey,
    pub(crate) base_url: String,
    pub(crate) sessions: Sessions,
    events: RwLock<HashMap<String, Arc<OpenEvent>>>,
    /// Events that could not be opened; at most as many as the store lists.
    refused: Mutex<HashSet<String>>,
    /// Events that wait for a room; at most as many as the store lists.
    waiting: Mutex<HashSet<String>>,
    ready: AtomicBool,
}

impl Running {
    /// An event that is open here.
    pub(crate) fn event(&self, slug: &str) -> Option<Arc<OpenEvent>> {
        self.events
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(slug)
            .cloned()
    }

    /// Whether new people should be sent here.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    fn add(&self, slug: String, event: Arc<OpenEvent>) {
        self.events
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(slug, event);
    }

    /// Events with a room; ended ones cost next to nothing.
    fn rooms(&self) -> usize {
        self.all().iter().filter(|event| event.has_room()).count()
    }

    fn refused(&self, slug: &str) -> bool {
        self.refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(slug)
    }

    /// Whether it did not wait already.
    fn wait(&self, slug: &str) -> bool {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(slug.to_owned())
    }

    fn refuse(&self, slug: String) {
        self.refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(slug);
    }

    fn all(&self) -> Vec<Arc<OpenEvent>> {
        self.events
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }
}

/// Runs the server until SIGTERM or Ctrl-C.
///
/// # Errors
/// The operator's, nearly always: an address that is taken, a folder that cannot be written, a certificate.
pub(crate) fn serve(
    load: &dyn Fn() -> Result<Config, ConfigError>,
    demo: bool,
) -> Result<(), AppError> {
    let config = load()?;
    let _log = start_log(&config.log)?;
    stentor_edge::raise_descriptor_limit();
    let _lock = lock_data_dir(&config.data_dir)?;
    let tls = tls::of(&config)?;
    warn_of_plain_http(&config);
    // Sockets are bound before anything is opened: a taken port must not touch an event.
    let udp_addr = config.udp_addr();
    let udp = UdpSocket::bind(udp_addr).map_err(|source| AppError::Bind {
        what: "UDP",
        flag: if config.udp.is_some() {
            "--udp"
        } else {
            "--listen"
        },
        addr: config.udp.unwrap_or(config.listen),
        source,
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(AppError::Runtime)?;
    runtime.block_on(async {
        let tcp = stentor_edge::bind(config.listen).map_err(|source| AppError::Bind {
            what: "TCP",
            flag: "--listen",
            addr: config.listen,
            source,
        })?;
        run(load, &config, demo, udp, tcp, tls).await
    })
}

fn accept_limits(config: &Config) -> Result<AcceptLimits, ConfigError> {
    let mut limits = AcceptLimits {
        connections_max: config.connections_max,
        ..AcceptLimits::default()
    };
    limits.proxies.extend(config.proxy_nets()?);
    Ok(limits)
}

async fn run(
    load: &dyn Fn() -> Result<Config, ConfigError>,
    config: &Config,
    demo: bool,
    udp: UdpSocket,
    tcp: tokio::net::TcpListener,
    tls: Option<Tls>,
) -> Result<(), AppError> {
    let store = open_store(&config.data_dir)?;
    let edge = Edge::new(EdgeConfig {
        word: Some(programme::word),
        ..EdgeConfig::default()
    });
    let house = House {
        studio: start_studio(config, udp)?,
        key: LinkKey::load_or_create(&config.data_dir)?,
        store: Arc::clone(&store),
        edge: edge.clone(),
        base_url: config.base_url(),
        data_dir: config.data_dir.clone(),
        template: ListenTemplate::load(),
    };
    let running = Arc::new(Running {
        key: house.key.clone(),
        base_url: house.base_url.clone(),
        sessions: Sessions::default(),
        events: RwLock::default(),
        refused: Mutex::default(),
        waiting: Mutex::default(),
        ready: AtomicBool::new(false),
    });
    pages::publish_assets(&edge);
    let demo_slug = if demo {
        Some(demo_event(&*store, config.invitation_days)?)
    } else {
        None
    };
    let demo_slug = demo_slug.as_deref();
    open_new_events(&house, &running, demo_slug)?;
    if let Some(event) = demo_slug.and_then(|slug| running.event(slug)) {
        demo::begin(&event).await;
    }
    if !pages::are_built() {
        tracing::warn!("this program was built without its pages: `make build` builds both");
    }
    let ladder = watch_load(config, &edge, &running)?;
    print_links(&*store, &house.key, &house.base_url, demo_slug)?;
    running.ready.store(true, Ordering::Relaxed);

    let (handed, mut ice_tcp) = tokio::sync::mpsc::channel(ICE_TCP_WAITING_MAX);
    let studio = house.studio.clone();
    tokio::spawn(async move {
        while let Some((stream, peer)) = ice_tcp.recv().await {
            if let Err(error) = studio.accept_tcp(stream, peer) {
                tracing::debug!(%error, %peer, "ICE-TCP refused");
            }
        }
    });
    let (leave, leaving) = tokio::sync::watch::channel(false);
    let renewed = tls.clone();
    let accept = AcceptConfig {
        limits: accept_limits(config)?,
        tls,
        handover: Some(handed),
        fallback: api::router(Arc::clone(&running)),
        shutdown: leaving,
    };
    if let Some(addr) = config.metrics {
        let operator = Operator {
            edge: edge.clone(),
            ladder: Arc::clone(&ladder),
        };
        let routes = operator::router(operator).merge(api::health(Arc::clone(&running)));
        serve_operator(addr, routes, accept.shutdown.clone())?;
    }
    let serving = tokio::spawn(stentor_edge::serve(edge, tcp, accept));
    say("ready\n").map_err(AppError::Say)?;
    let watch = Watch {
        load,
        ladder: &ladder,
        house: &house,
        running: &running,
        tls: renewed,
        demo: demo_slug,
    };
    let how = watch.until_told_to_leave().await;
    running.ready.store(false, Ordering::Relaxed);
    if how == Leave::HandingOver && config.drain_s > 0 {
        watch.hand_over(config.drain_s).await;
    }
    for event in running.all() {
        if let Some(room) = &event.room {
            room.stop();
        }
    }
    leave.send_replace(true);
    if tokio::time::timeout(LEAVE_WITHIN, serving).await.is_err() {
        tracing::warn!("some connections did not end in time and were cut");
    }
    Ok(())
}

/// The ladder, with the least rung that any event wants as its floor.
fn watch_load(
    config: &Config,
    edge: &Edge,
    running: &Arc<Running>,
) -> Result<Arc<LadderWatch>, AppError> {
    let events = Arc::downgrade(running);
    let floor = move || {
        let events = events.upgrade().map(|running| running.all());
        let floors = events.iter().flatten().map(|event| event.floor());
        floors.max().unwrap_or(Rung::REST)
    };
    LadderWatch::start(edge.clone(), config.link_mbit_s, config.pinned(), floor)
        .map_err(AppError::Runtime)
}

/// The operator's port, with the same accept loop and limits as the public one, and nothing of what is served there.
fn serve_operator(
    addr: SocketAddr,
    routes: axum::Router,
    shutdown: tokio::sync::watch::Receiver<bool>,
) -> Result<(), AppError> {
    let tcp = stentor_edge::bind(addr).map_err(|source| AppError::Bind {
        what: "TCP",
        flag: "--metrics",
        addr,
        source,
    })?;
    let accept = AcceptConfig {
        limits: AcceptLimits {
            connections_max: OPERATOR_CONNECTIONS_MAX,
            ..AcceptLimits::default()
        },
        tls: None,
        handover: None,
        fallback: routes,
        shutdown,
    };
    tokio::spawn(stentor_edge::serve(
        Edge::new(EdgeConfig::default()),
        tcp,
        accept,
    ));
    Ok(())
}

/// Connections to the operator's port.
const OPERATOR_CONNECTIONS_MAX: usize = 16;

/// ICE-TCP connections between the accept loop and the studio.
const ICE_TCP_WAITING_MAX: usize = 64;

/// What is looked after while the server runs.
struct Watch<'a> {
    load: &'a dyn Fn() -> Result<Config, ConfigError>,
    ladder: &'a LadderWatch,
    house: &'a House,
    running: &'a Arc<Running>,
    tls: Option<Tls>,
    demo: Option<&'a str>,
}

/// How the server was told to leave.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leave {
    /// SIGTERM: listeners are given time to go elsewhere.
    HandingOver,
    /// Ctrl-C.
    AtOnce,
}

/// How often it is looked whether everybody has found another server.
const GONE_LOOK: Duration = Duration::from_millis(200);

impl Watch<'_> {
    /// The programme goes on; those who hear it are told to find another server, until they have or their time is over.
    async fn hand_over(&self, drain_s: u32) {
        let edge = &self.house.edge;
        let listeners = || -> u64 { edge.streams().iter().map(|s| s.listeners()).sum() };
        let before = listeners();
        let reading = edge.reading();
        edge.hand_over(drain_s.saturating_mul(1_000));
        tracing::info!(
            listeners = before,
            reading,
            drain_s,
            "listeners are told to find another server; SIGTERM again or Ctrl-C ends this"
        );
        let gone = async {
            while listeners() > 0 || edge.reading() > 0 {
                tokio::time::sleep(GONE_LOOK).await;
            }
        };
        let mut terminate = signal(SignalKind::terminate()).ok();
        tokio::select! {
            () = gone => {}
            () = tokio::time::sleep(Duration::from_secs(drain_s.into())) => {}
            _ = tokio::signal::ctrl_c() => {}
            () = next(&mut terminate) => {}
        }
        tracing::info!(
            handed_over = before.saturating_sub(listeners()),
            left = listeners(),
            reading = edge.reading(),
            "leaving"
        );
    }

    async fn until_told_to_leave(&self) -> Leave {
        let mut terminate = signal(SignalKind::terminate()).ok();
        let mut hang_up = signal(SignalKind::hangup()).ok();
        let mut look = tokio::time::interval(LOOK_EVERY);
        let mut report = tokio::time::interval(REPORT_EVERY);
        let mut counted = self.house.edge.counters();
        loop {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => return Leave::AtOnce,
                () = next(&mut terminate) => return Leave::HandingOver,
                () = next(&mut hang_up) => self.read_again(),
                _ = report.tick() => counted = self.report(&counted),
                _ = look.tick() => {
                    if let Err(error) = open_new_events(self.house, self.running, self.demo) {
                        tracing::error!(%error, "events cannot be read");
                    }
                }
            }
        }
    }

    /// What an operator may change while the server runs: the certificate, and the rung to stay on.
    fn read_again(&self) {
        let config = match (self.load)() {
            Ok(config) => config,
            Err(error) => {
                tracing::error!(%error, "the configuration in use stays");
                return;
            }
        };
        self.ladder.pin(config.pinned());
        tracing::info!(rung = ?config.rung, "the configuration was read again: rung and certificate follow it");
        if let Some(tls) = &self.tls
            && let Err(error) = tls::renew(&config, tls)
        {
            tracing::error!(%error, "the certificate in use stays");
        }
    }

    /// One line about what was refused since the last one: a crowd that is turned away must not be silent.
    fn report(&self, before: &EdgeCounters) -> EdgeCounters {
        let now = self.house.edge.counters();
        let refused: Vec<String> = now
            .refused
            .iter()
            .map(|(why, count)| (why, count - before.refused(*why)))
            .filter(|(_, count)| *count > 0)
            .map(|(why, count)| format!("{} {count}", why.name()))
            .collect();
        if !refused.is_empty() {
            let open = now.accepted - now.closed;
            tracing::info!(
                open,
                accepted = now.accepted - before.accepted,
                refused = refused.join(", "),
                "connections in the last minute"
            );
        }
        let late = now.turns_late - before.turns_late;
        let turns = now.turns - before.turns;
        if late * LATE_PART_TOLD > turns {
            tracing::warn!(
                late,
                turns,
                blocked = now.blocked - before.blocked,
                "listeners were sent to late in the last minute: the processor does not keep up"
            );
        }
        now
    }
}

/// The next signal; never where the system gives none.
async fn next(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// Opens the events of the store that are not open yet; one that cannot be opened does not stop the others.
fn open_new_events(
    house: &House,
    running: &Arc<Running>,
    demo: Option<&str>,
) -> Result<(), AppError> {
    for record in stored_events(&*house.store)? {
        if running.event(&record.slug).is_some() || running.refused(&record.slug) {
            continue;
        }
        if running.rooms() >= EVENTS_OPEN_MAX {
            // It has its turn when another has ended; until then this is said once.
            if running.wait(&record.slug) {
                tracing::warn!(
                    event = record.slug,
                    max = EVENTS_OPEN_MAX,
                    "not opened yet: as many events have a room as can be"
                );
            }
            continue;
        }
        let slug = record.slug.clone();
        let opened = restore(&*house.store, &slug).and_then(|conversation| {
            let published_end = house.store.position(&slug)?;
            let admitted = if demo == Some(slug.as_str()) {
                vec![demo::VOICE]
            } else {
                Vec::new()
            };
            Ok(house.open(record, conversation, published_end, admitted)?)
        });
        match opened {
            Ok(event) => {
                pages::publish_stage(&house.edge, &slug);
                running.add(slug, event);
            }
            Err(error) => {
                tracing::error!(%error, event = slug, "not opened; it is tried again when the server starts");
                running.refuse(slug);
            }
        }
    }
    Ok(())
}

fn warn_of_plain_http(config: &Config) {
    let proxied = config
        .public_url
        .as_ref()
        .is_some_and(|url| url.starts_with("https://"));
    if !config.listen.ip().is_loopback() && !config.tls() && !proxied {
        tracing::warn!(
            "plain HTTP on a public address: anybody can listen, but browsers give speakers no microphone; \
             use --tls-cert and --tls-key, --dev-tls, or a proxy with an https --public-url"
        );
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
    };
    Studio::start(studio).map_err(|source| AppError::Studio(source.to_string()))
}

/// Logs to standard error from a thread of its own: a pipe that nobody reads must not stop the programme. Lines that find
/// its queue full are lost. What waits is written when the guard is dropped.
fn start_log(filter: &str) -> Result<WorkerGuard, AppError> {
    let filter = EnvFilter::try_new(filter).map_err(|error| AppError::Log(error.to_string()))?;
    let ansi = std::io::stderr().is_terminal();
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(LOG_LINES_MAX)
        .finish(std::io::stderr());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(ansi)
        .init();
    Ok(guard)
}

/// One server per data folder: two would publish over each other.
fn lock_data_dir(dir: &Path) -> Result<File, AppError> {
    make_data_dir(dir)?;
    let lock = File::create(dir.join("lock")).map_err(|source| AppError::DataDir {
        dir: dir.display().to_string(),
        source,
    })?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(AppError::DataDirInUse(dir.display().to_string())),
        Err(TryLockError::Error(source)) => Err(AppError::DataDir {
            dir: dir.display().to_string(),
            source,
        }),
    }
}
