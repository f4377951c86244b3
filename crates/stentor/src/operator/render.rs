//! All figures of one moment as a scrape.

use super::definitions as metric;
use super::figures::Figures;
use super::scrape::Scrape;
use super::{edge, events, ladder, process, studio};
use crate::version;

/// The public port, as a label.
const PUBLIC: &str = "public";
/// The operator's port, as a label.
const OPERATOR: &str = "operator";

/// In Prometheus' text format, with what everything means.
pub(super) fn render(figures: &Figures) -> String {
    let scrape = Scrape::new();
    scrape.gauge(metric::BUILD_INFO, [version::NUMBER, version::COMMIT], 1.0);
    scrape.gauge(metric::READY, [], figures.is_ready.into());
    scrape.count(metric::LOG_LINES_DROPPED, [], figures.log_lines_dropped);
    scrape.gauge(metric::DISK_FREE, [], figures.disk.free as f64);
    scrape.gauge(metric::DISK_SIZE, [], figures.disk.size as f64);
    if let Some(ends) = figures.certificate_ends_unix_s {
        scrape.gauge(metric::CERTIFICATE_END, [], ends as f64);
    }
    process::process(&scrape, &figures.process);
    ladder::ladder(&scrape, &figures.ladder);
    edge::connections(&scrape, PUBLIC, &figures.edge.counters);
    edge::connections(&scrape, OPERATOR, &figures.operator);
    edge::edge(&scrape, &figures.edge);
    for stream in &figures.streams {
        edge::stream(&scrape, stream);
    }
    studio::studio(&scrape, &figures.studio, figures.studio_age);
    events::registry(&scrape, &figures.registry);
    for (event, phase) in &figures.phases {
        events::phase(&scrape, event, *phase);
    }
    for (event, stats) in &figures.events {
        events::event(&scrape, event, stats);
    }
    scrape.render()
}
