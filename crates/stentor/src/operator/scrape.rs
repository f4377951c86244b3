//! One scrape: a registry that lives as long as the answer.
//!
//! The figures are counted elsewhere and copied here when somebody asks, so nothing that is counted in haste touches a registry.
//! And since each scrape has a registry of its own, the series of an event that is over are gone with the next one. One
//! registry for all scrapes would show the last value of whatever is gone until the process ends, and can forget only
//! what has not changed for a while, which a counter at rest has not either.
//!
//! Collectors take a snapshot apart field by field, without `..`: a field that is new does not compile until it is shown.

use metrics::{Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

use super::definitions::{Counter, Definition, Gauge, Kind, TABLE};

/// Media type of what is rendered (Prometheus' text format 0.0.4).
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What the exporter may filter by; it does not.
const METADATA: Metadata<'static> =
    Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

/// See the [module](self).
pub(super) struct Scrape {
    registry: PrometheusRecorder,
}

impl Scrape {
    /// Knows what every metric of the table means, and no value yet.
    pub(super) fn new() -> Self {
        let registry = PrometheusBuilder::new().build_recorder();
        for definition in TABLE {
            describe(&registry, definition);
        }
        Self { registry }
    }

    /// The value of a counter, as whoever counts it has it.
    pub(super) fn count<const LABELS: usize>(
        &self,
        metric: Counter<LABELS>,
        labels: [&str; LABELS],
        value: u64,
    ) {
        let key = key(metric.name, metric.labels, labels);
        self.registry
            .register_counter(&key, &METADATA)
            .absolute(value);
    }

    /// The value of a gauge.
    pub(super) fn gauge<const LABELS: usize>(
        &self,
        metric: Gauge<LABELS>,
        labels: [&str; LABELS],
        value: f64,
    ) {
        let key = key(metric.name, metric.labels, labels);
        self.registry.register_gauge(&key, &METADATA).set(value);
    }

    /// All of it in Prometheus' text format, by name.
    pub(super) fn render(self) -> String {
        sorted(&self.registry.handle().render())
    }
}

fn describe(registry: &PrometheusRecorder, definition: &Definition) {
    let (name, unit) = (definition.name.into(), definition.unit.exported());
    match definition.kind {
        Kind::Counter => registry.describe_counter(name, unit, definition.help.into()),
        Kind::Gauge => registry.describe_gauge(name, unit, definition.help.into()),
    }
}

fn key<const LABELS: usize>(
    name: &'static str,
    names: [&'static str; LABELS],
    values: [&str; LABELS],
) -> Key {
    let labels = names.into_iter().zip(values);
    let labels = labels.map(|(name, value)| Label::new(name, value.to_owned()));
    Key::from_parts(name, labels.collect::<Vec<_>>())
}

/// The exporter writes in the order of its hash tables; whoever reads it twice looks for a line where it was.
fn sorted(text: &str) -> String {
    let mut metrics: Vec<Vec<&str>> = text
        .split_terminator("\n\n")
        .map(|metric| metric.lines().collect())
        .collect();
    for lines in &mut metrics {
        let values = lines.partition_point(|line| line.starts_with('#'));
        lines[values..].sort_unstable();
    }
    metrics.sort_unstable();
    let mut sorted = String::with_capacity(text.len());
    for line in metrics.into_iter().flatten() {
        sorted.push_str(line);
        sorted.push('\n');
    }
    sorted
}
