//! Lets people in, and looks after what runs until it is told to leave.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::map_request;
use ipnet::IpNet;
use stentor_api::Client;
use stentor_edge::{
    AcceptConfig, AcceptLimits, ConnectionInfo, Edge, EdgeConfig, EdgeStats, RefusalReason, Tls,
};
use stentor_event::clock::unix_ms_now;
use stentor_event::{EventRegistry, Hindrance};
use stentor_studio::Studio;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tracing_appender::non_blocking::ErrorCounter;

use crate::config::{Config, ConfigError};
use crate::disk::{DiskState, DiskWatch};
use crate::error::AppError;
use crate::ladder::LadderWatch;
use crate::notify::Notifier;
use crate::operator::{self, CertificateEnd, Sources};
use crate::signals::{ProcessSignal, ShutdownReason, Signals};
use crate::tls::CertificateError;
use crate::{stdout, tls};

/// How often events made by `stentor event create` beside a running server are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often what was refused is put into the log.
const REPORT_EVERY: Duration = Duration::from_secs(60);
/// One late turn in so many is told.
const LATE_PART_TOLD: u64 = 100;
/// How long leaving may take after SIGTERM or Ctrl-C.
const LEAVE_WITHIN: Duration = Duration::from_secs(8);
/// How often it is looked whether everybody has found another server.
const DRAINED_LOOK: Duration = Duration::from_millis(200);
/// A network thread whose figures are older does not run.
const STUDIO_STUCK: Duration = Duration::from_secs(10);
/// Connections to the operator's port.
const OPERATOR_CONNECTIONS_MAX: usize = 2_048;
/// How long one of them may say nothing.
const OPERATOR_SILENT_MS: u64 = 2_000;
/// ICE-TCP connections between the accept loop and the studio.
const ICE_TCP_WAITING_MAX: usize = 64;

/// Reads the configuration, now or once more.
pub(crate) type LoadConfig<'a> = &'a dyn Fn() -> Result<Config, ConfigError>;

/// What runs, put together by a role.
pub(crate) struct Server<'a> {
    pub(crate) load: LoadConfig<'a>,
    pub(crate) edge: Edge,
    pub(crate) studio: Studio,
    pub(crate) events: Arc<EventRegistry>,
    pub(crate) ladder: Arc<LadderWatch>,
    /// The operator's port.
    pub(crate) metrics: Option<std::net::TcpListener>,
    pub(crate) tls: Option<Tls>,
    pub(crate) log_lines_dropped: ErrorCounter,
    pub(crate) disk: DiskWatch,
    pub(crate) certificate: CertificateEnd,
}

impl Server<'_> {
    /// Serves the port, and the operator's if there is one, until SIGTERM or Ctrl-C.
    ///
    /// # Errors
    /// The operator's: an address that is taken.
    pub(crate) async fn run(mut self, config: &Config, tcp: TcpListener) -> Result<(), AppError> {
        let notifier = Notifier::of_environment();
        self.events.set_ready(true);
        let (shutdown, leaving) = watch::channel(false);
        let accept = AcceptConfig {
            limits: accept_limits(config),
            tls: self.tls.clone(),
            ice_tcp: Some(self.take_ice_tcp()),
            fallback: naming_clients(stentor_api::router(Arc::clone(&self.events)), config),
            shutdown: leaving.clone(),
        };
        if let Some(tcp) = self.metrics.take() {
            let tcp = TcpListener::from_std(tcp).map_err(AppError::Runtime)?;
            self.serve_operator(tcp, leaving);
        }
        let serving = tokio::spawn(stentor_edge::serve(self.edge.clone(), tcp, accept));
        let mut signals = Signals::listen();
        stdout::print("ready\n").map_err(AppError::Print)?;
        notifier.ready(&self.status());
        let look = tokio::spawn(look_for_events(Arc::clone(&self.events)));
        let events = Arc::clone(&self.events);
        tokio::spawn(
            self.disk
                .clone()
                .run(move |state| events.set_hindrance(hindrance(state))),
        );
        let reason = self.until_shutdown(config, &mut signals, &notifier).await;
        look.abort();
        self.events.set_ready(false);
        tracing::info!(signal = reason.signal(), "told to leave");
        let drain_s = match reason {
            ShutdownReason::Terminate => config.drain_s,
            ShutdownReason::Interrupt => 0,
        };
        notifier.stopping(Duration::from_secs(drain_s.into()) + 2 * LEAVE_WITHIN);
        if drain_s > 0 {
            self.drain(drain_s, &mut signals).await;
        }
        self.events.stop_all();
        shutdown.send_replace(true);
        if tokio::time::timeout(LEAVE_WITHIN, serving).await.is_err() {
            tracing::warn!("some connections did not end in time and were cut");
        }
        tracing::info!("stopped");
        Ok(())
    }

    /// Where ICE-TCP connections go: to the studio.
    fn take_ice_tcp(&self) -> tokio::sync::mpsc::Sender<stentor_edge::accept::IceTcpConnection> {
        let (sender, mut accepted) = tokio::sync::mpsc::channel::<
            stentor_edge::accept::IceTcpConnection,
        >(ICE_TCP_WAITING_MAX);
        let studio = self.studio.clone();
        tokio::spawn(async move {
            while let Some(connection) = accepted.recv().await {
                let peer = connection.peer;
                let permit = Box::new(connection.permit);
                if let Err(error) = studio.accept_tcp(connection.stream, peer, permit) {
                    tracing::debug!(%error, %peer, "ICE-TCP refused");
                }
            }
        });
        sender
    }

    /// The operator's port, with the same accept loop and limits as the public one, and nothing of what is served there.
    fn serve_operator(&self, tcp: TcpListener, shutdown: watch::Receiver<bool>) {
        let edge = Edge::new(EdgeConfig {
            private: true,
            ..EdgeConfig::default()
        });
        let sources = Sources {
            edge: self.edge.clone(),
            operator: edge.clone(),
            ladder: Arc::clone(&self.ladder),
            studio: self.studio.clone(),
            events: Arc::clone(&self.events),
            log_lines_dropped: self.log_lines_dropped.clone(),
            disk: self.disk.clone(),
            certificate: self.certificate.clone(),
        };
        let accept = AcceptConfig {
            // Many and for a short time: who connects and says nothing must not keep out a probe of health.
            limits: AcceptLimits {
                connections_max: OPERATOR_CONNECTIONS_MAX,
                header_ms: OPERATOR_SILENT_MS,
                idle_ms: OPERATOR_SILENT_MS,
                ..AcceptLimits::default()
            },
            tls: None,
            ice_tcp: None,
            fallback: operator::router(sources)
                .merge(stentor_api::health(Arc::clone(&self.events))),
            shutdown,
        };
        tokio::spawn(stentor_edge::serve(edge, tcp, accept));
    }

    /// In one line, for whoever asks systemd.
    fn status(&self) -> String {
        let stats = self.events.stats();
        format!(
            "{} events have a room, {} wait for one",
            stats.with_room, stats.waiting
        )
    }

    /// The programme goes on; those who hear it are told to find another server, until they have or their time is over.
    async fn drain(&self, drain_s: u32, signals: &mut Signals) {
        let edge = &self.edge;
        let listeners = || -> u64 { edge.streams().iter().map(|s| s.listeners()).sum() };
        let before = listeners();
        let reading = edge.reading();
        edge.announce_shutdown(drain_s.saturating_mul(1_000));
        tracing::info!(
            listeners = before,
            reading,
            drain_s,
            "listeners are told to find another server; SIGTERM again or Ctrl-C ends this"
        );
        let gone = async {
            while listeners() > 0 || edge.reading() > 0 {
                tokio::time::sleep(DRAINED_LOOK).await;
            }
        };
        tokio::select! {
            () = gone => {}
            () = tokio::time::sleep(Duration::from_secs(drain_s.into())) => {}
            _ = signals.shutdown() => {}
        }
        tracing::info!(
            handed_over = before.saturating_sub(listeners()),
            left = listeners(),
            reading = edge.reading(),
            "leaving"
        );
    }

    async fn until_shutdown(
        &self,
        config: &Config,
        signals: &mut Signals,
        notifier: &Notifier,
    ) -> ShutdownReason {
        let mut report = tokio::time::interval(REPORT_EVERY);
        let mut alive = tokio::time::interval(notifier.alive_every);
        let mut counted = self.edge.counters();
        loop {
            tokio::select! {
                signal = signals.next() => match signal {
                    ProcessSignal::Shutdown(reason) => return reason,
                    ProcessSignal::Reload => {
                        notifier.reloading();
                        self.reload(config);
                        notifier.ready(&self.status());
                    }
                    ProcessSignal::Unknown(name) => tracing::warn!(
                        signal = name,
                        "nothing is done by it: SIGHUP reads the configuration again, SIGTERM ends the server"
                    ),
                },
                _ = report.tick() => counted = self.report(&counted),
                // A network thread that has stopped is no life, whatever else runs.
                _ = alive.tick() => if self.studio.stats_age() < STUDIO_STUCK {
                    notifier.alive();
                },
            }
        }
    }

    /// What an operator may change while the server runs: the certificate, and the rung to stay on. What else has changed is named.
    fn reload(&self, running: &Config) {
        let config = match (self.load)() {
            Ok(config) => config,
            Err(error) => {
                tracing::error!(%error, "the configuration in use stays");
                return;
            }
        };
        self.ladder.pin(config.pinned());
        let rung = config
            .rung
            .map_or_else(|| "by load".to_owned(), |rung| rung.to_string());
        match self.tls.as_ref().map(|tls| self.renew(&config, tls)) {
            Some(Ok(())) => {
                self.certificate
                    .set(tls::certificate(&config).map(|found| found.ends_unix_s));
                tracing::info!(
                    rung,
                    "the configuration was read again: rung and certificate follow it"
                );
                for warning in tls::warnings(&config, unix_ms_now()) {
                    tracing::warn!("{}", warning.said);
                }
            }
            None => tracing::info!(
                rung,
                "the configuration was read again: the rung follows it"
            ),
            Some(Err(error)) => {
                tracing::error!(%error, "the certificate in use stays");
                tracing::info!(
                    rung,
                    "the configuration was read again: the rung alone follows it"
                );
            }
        }
        let waiting = running.needing_restart(&config);
        if !waiting.is_empty() {
            tracing::warn!(
                settings = waiting.join(", "),
                "these settings have changed and need a restart: until then the server goes on with those it was started with"
            );
        }
    }

    /// Takes the certificate that is on the disk now, unless browsers would refuse it and do not refuse the one in use.
    fn renew(&self, config: &Config, tls: &Tls) -> Result<(), CertificateError> {
        let now_unix_ms = unix_ms_now();
        let is_good = |ends_unix_s: i64| ends_unix_s > now_unix_ms / 1000;
        if self.certificate.get().is_some_and(is_good) {
            tls::must_be_current(config, now_unix_ms)?;
        }
        tls::renew(config, tls)
    }

    /// One line about what was refused since the last one: a crowd that is turned away must not be silent.
    fn report(&self, before: &EdgeStats) -> EdgeStats {
        let now = self.edge.counters();
        let refused: Vec<String> = now
            .refused
            .iter()
            .map(|(why, count)| (why, count - before.refused(*why)))
            // To let go who asked for nothing more is no refusal.
            .filter(|(why, count)| *count > 0 && **why != RefusalReason::Idle)
            .map(|(why, count)| format!("{} {count}", why.name()))
            .collect();
        if !refused.is_empty() {
            let open = now.accepted - now.closed;
            tracing::info!(
                open,
                accepted = now.accepted - before.accepted,
                refused = refused.join(", "),
                "in the last minute somebody was refused"
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

/// Opens what `stentor event create` has made beside this server. A task of its own: a store that does not answer must not
/// keep the server from hearing a signal.
async fn look_for_events(events: Arc<EventRegistry>) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        if let Err(error) = events.open_new().await {
            tracing::error!(%error, "events cannot be read");
        }
    }
}

/// What a full disk is to whoever asks for health, and one that will be.
fn hindrance(state: DiskState) -> Option<Hindrance> {
    match state {
        DiskState::Enough => None,
        DiskState::Little => Some(Hindrance::Warning("the disk has little room left")),
        DiskState::Full => Some(Hindrance::NotReady(
            "the disk is full, and nothing is recorded",
        )),
    }
}

/// Tells the interface who asks: nobody where that is a proxy. This machine is one, as for the gate.
fn naming_clients(router: Router, config: &Config) -> Router {
    let proxies: Arc<[IpNet]> = config.proxies.clone().into();
    router.layer(map_request(move |mut request: Request| {
        let connection = request.extensions().get::<ConnectionInfo>().copied();
        let ip = connection.map(|connection| connection.addr.ip().to_canonical());
        let is_proxy = |ip: &IpAddr| ip.is_loopback() || proxies.iter().any(|net| net.contains(ip));
        let ip = ip.filter(|ip| !is_proxy(ip));
        request.extensions_mut().insert(Client { ip });
        std::future::ready(request)
    }))
}

fn accept_limits(config: &Config) -> AcceptLimits {
    let mut limits = AcceptLimits {
        connections_max: config.connections_max,
        ..AcceptLimits::default()
    };
    limits.proxies.extend(&config.proxies);
    limits
}
