//! Which parts a process runs. Today there is one role: all of them.

use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;

use stentor_core::admission::Rung;
use stentor_edge::{Edge, EdgeConfig, Tls};
use stentor_event::links::LinkKey;
use stentor_event::pages::{self, ListenAssets};
use stentor_event::{EventRegistry, EventServices, demo};
use stentor_studio::{Studio, StudioConfig};
use tokio::net::TcpListener;
use tracing_appender::non_blocking::ErrorCounter;

use crate::config::Config;
use crate::error::AppError;
use crate::ladder::LadderWatch;
use crate::serve::{LoadConfig, Server};
use crate::threads::Planned;
use crate::{data_dir, links, logging, threads, tls};

/// What is had before there is an event loop, which would wait for the disk.
struct Prepared {
    key: LinkKey,
    udp: UdpSocket,
    tls: Option<Tls>,
    lines_dropped: ErrorCounter,
    planned: Planned,
}

/// Runs everything in one process until SIGTERM or Ctrl-C.
///
/// # Errors
/// The operator's, nearly always: an address that is taken, a folder that cannot be written, a certificate.
pub(crate) fn run(load: LoadConfig<'_>, demo: bool) -> Result<(), AppError> {
    let config = load()?;
    let log = logging::start(&config.log)?;
    let planned = threads::plan(config.thread_priority);
    stentor_edge::raise_descriptor_limit();
    let _lock = data_dir::lock(&config.data_dir)?;
    let tls = tls::of(&config)?;
    warn_of_plain_http(&config);
    // Sockets are bound before anything is opened: a taken port must not touch an event.
    let udp = bind_udp(&config)?;
    let prepared = Prepared {
        key: LinkKey::load_or_create(&config.data_dir)?,
        udp,
        tls,
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
        start(load, &config, demo, prepared, tcp).await
    })
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
    demo: bool,
    prepared: Prepared,
    tcp: TcpListener,
) -> Result<(), AppError> {
    let Prepared {
        key,
        udp,
        tls,
        lines_dropped,
        planned,
    } = prepared;
    planned.log();
    threads::watch_realtime().map_err(AppError::Runtime)?;
    let records = data_dir::open_records(&config.data_dir).await?;
    let edge = Edge::new(EdgeConfig {
        cadence_encoder: Some(stentor_event::cadence_box),
        on_thread_start: Some(threads::set_serving),
        ..EdgeConfig::default()
    });
    let services = EventServices {
        studio: start_studio(config, udp)?,
        key,
        records: Arc::clone(&records),
        recordings: data_dir::open_recordings(&config.data_dir).await?,
        edge: edge.clone(),
        base_url: config.base_url(),
        listen_assets: ListenAssets::load(),
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
    let demo = if demo {
        Some(demo::prepare(&*records, config.invitation_days).await?)
    } else {
        None
    };
    let admitted = demo.iter().map(|slug| (slug.clone(), vec![demo::VOICE]));
    let admitted: HashMap<_, _> = admitted.collect();
    let (studio, key, base_url) = (
        services.studio.clone(),
        services.key.clone(),
        services.base_url.clone(),
    );
    let events = Arc::new(EventRegistry::new(services, admitted));
    events.open_new().await?;
    if let Some(event) = demo.as_deref().and_then(|slug| events.event(slug)) {
        demo::begin(&event).await;
    }
    if !pages::are_built() {
        tracing::warn!("this program was built without its pages: `make build` builds both");
    }
    let ladder = watch_load(config, &edge, &events)?;
    links::print(&*records, &key, &base_url, demo.as_deref()).await?;
    let server = Server {
        load,
        edge,
        studio,
        events,
        ladder,
        tls,
        log_lines_dropped: lines_dropped,
    };
    server.run(config, tcp).await
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
        on_thread_start: Some(threads::set_media),
    };
    Studio::start(studio).map_err(AppError::Studio)
}
