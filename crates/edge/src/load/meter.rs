//! Measures how loaded a node is, from the difference between two samples.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use stentor_core::admission::Load;

use super::machine::{cpu_time, memory, share};
use crate::counters::EdgeStats;
use crate::edge::Edge;
use crate::gauges::ShardGauge;

/// Turns below which a share of late ones says nothing.
const TURNS_MIN: u64 = 20;

/// Listeners below which a share of blocked ones says nothing: a few of them on bad networks are no crowd.
const LISTENERS_MIN: u64 = 100;

/// Measures the load of one node.
pub struct LoadMeter {
    edge: Edge,
    /// Bytes per second of the link, where the operator named it.
    link_bytes: Option<u64>,
    processors: u64,
    before: Sample,
}

/// What was read at one moment; a load is the difference between two of them.
struct Sample {
    at: Instant,
    counters: EdgeStats,
    cpu: Duration,
    /// Busy time and sending time of each shard, µs. A shard that is new or gone shows as nothing.
    shards: Vec<(Arc<ShardGauge>, u64, u64)>,
}

impl Sample {
    fn take(edge: &Edge) -> Self {
        let shards = edge.gauges().shards().into_iter().map(|gauge| {
            let busy = gauge.busy_us.load(Ordering::Relaxed);
            let turns = gauge.turns_us.load(Ordering::Relaxed);
            (gauge, busy, turns)
        });
        Self {
            at: Instant::now(),
            counters: edge.counters(),
            cpu: cpu_time(),
            shards: shards.collect(),
        }
    }

    /// Listeners that are blocked, and listeners.
    fn blocked(&self) -> (u64, u64) {
        let of = |pick: fn(&ShardGauge) -> &AtomicUsize| -> u64 {
            let each = |(gauge, ..): &(Arc<ShardGauge>, u64, u64)| {
                pick(gauge).load(Ordering::Relaxed) as u64
            };
            self.shards.iter().map(each).sum()
        };
        (of(|gauge| &gauge.blocked), of(|gauge| &gauge.listeners))
    }

    /// Busy time and sending time, since then, of the shard that was busiest, µs.
    fn busiest(&self, before: &Self) -> (u64, u64) {
        let since = |(gauge, busy, turns): &(Arc<ShardGauge>, u64, u64)| {
            let was = before.shards.iter().find(|(g, ..)| Arc::ptr_eq(g, gauge));
            was.map_or((0, 0), |(_, b, t)| (busy - b, turns - t))
        };
        self.shards.iter().map(since).max().unwrap_or_default()
    }
}

impl LoadMeter {
    /// A meter; `link_mbit_s` is what the network in front carries, if that is known.
    #[must_use]
    pub fn new(edge: Edge, link_mbit_s: Option<u32>) -> Self {
        Self {
            before: Sample::take(&edge),
            edge,
            link_bytes: link_mbit_s.map(|mbit| u64::from(mbit) * 125_000),
            processors: thread::available_parallelism().map_or(1, usize::from) as u64,
        }
    }

    /// The load since the last sample.
    pub fn sample(&mut self) -> Load {
        let now = Sample::take(&self.edge);
        let before = std::mem::replace(&mut self.before, now);
        let now = &self.before;
        let us = now.at.duration_since(before.at).as_micros().max(1) as u64;
        let since = |of: fn(&EdgeStats) -> u64| of(&now.counters) - of(&before.counters);
        let (busy_us, turns_us) = now.busiest(&before);
        let cpu_us = now.cpu.saturating_sub(before.cpu).as_micros() as u64;
        let turns = since(|c| c.turns);
        let (blocked, listeners) = now.blocked();
        Load {
            late: share(since(|c| c.turns_late), turns.max(TURNS_MIN)),
            processor: share(busy_us, us).max(share(cpu_us, us * self.processors)),
            flushing: share(turns_us, us),
            blocked: share(blocked, listeners.max(LISTENERS_MIN)),
            link: self.link_bytes.map_or(0, |link| {
                share(since(|c| c.bytes_sent) * 1_000_000 / us, link)
            }),
            descriptors: self.descriptors(),
            memory: memory(),
        }
    }

    fn descriptors(&self) -> u16 {
        let gauges = self.edge.gauges();
        let counters = &self.before.counters;
        let open = counters.accepted - counters.closed;
        let with_shards: usize = self
            .before
            .shards
            .iter()
            .map(|(gauge, ..)| gauge.sockets.load(Ordering::Relaxed))
            .sum();
        let here = open.saturating_sub(with_shards as u64);
        let of = |used, max: &AtomicUsize| share(used, max.load(Ordering::Relaxed) as u64);
        of(open, &gauges.connections_max).max(of(here, &gauges.here_max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counters::add;
    use crate::edge::EdgeConfig;

    #[test]
    fn what_was_late_since_the_last_sample_is_a_share() {
        let edge = Edge::new(EdgeConfig::default());
        let mut meter = LoadMeter::new(edge.clone(), None);
        add(&edge.count().turns, 200);
        add(&edge.count().turns_late, 20);
        let load = meter.sample();
        assert_eq!((load.late, load.blocked, load.link), (100, 0, 0));
        assert_eq!(meter.sample().late, 0);
    }

    #[test]
    fn what_is_sent_is_told_as_a_share_of_what_the_network_carries() {
        let edge = Edge::new(EdgeConfig::default());
        let mut meter = LoadMeter::new(edge.clone(), Some(1_000));
        // In 20 ms 1 Gbit/s carries 2.5 MB.
        meter.before.at -= Duration::from_millis(20);
        let began = meter.before.at;
        add(&edge.count().bytes_sent, 1_250_000);
        let link = meter.sample().link;
        let took = meter.before.at.duration_since(began).as_secs_f64();
        let expected = 1_000.0 * 0.01 / took;
        assert!(
            (f64::from(link) - expected).abs() <= 1.0,
            "{link}, not {expected}"
        );
    }

    #[test]
    fn blocked_listeners_of_all_shards_are_a_share_and_a_few_are_no_crowd() {
        let edge = Edge::new(EdgeConfig::default());
        let mut meter = LoadMeter::new(edge.clone(), None);
        let shards = [(0, 0), (0, 0)].map(|_| Arc::new(ShardGauge::default()));
        let show = |shard: usize, blocked: usize, listeners: usize| {
            shards[shard].blocked.store(blocked, Ordering::Relaxed);
            shards[shard].listeners.store(listeners, Ordering::Relaxed);
        };
        shards
            .iter()
            .for_each(|gauge| edge.gauges().add_shard(gauge));
        show(0, 100, 1_000);
        show(1, 200, 1_000);
        assert_eq!(meter.sample().blocked, 150);
        // However often it is looked at.
        assert_eq!(meter.sample().blocked, 150);
        show(0, 5, 5);
        show(1, 0, 0);
        assert_eq!(meter.sample().blocked, 50);
    }

    #[test]
    fn open_connections_are_told_as_a_share_of_those_allowed() {
        let edge = Edge::new(EdgeConfig::default());
        let mut meter = LoadMeter::new(edge.clone(), Some(1_000));
        add(&edge.count().accepted, 60);
        add(&edge.count().closed, 10);
        assert_eq!(meter.sample().descriptors, 0, "no port is served yet");
        edge.gauges().allow(1_000, 100);
        assert_eq!(meter.sample().descriptors, 500, "all of them are here");
        let shard = Arc::new(ShardGauge::default());
        shard.sockets.store(50, Ordering::Relaxed);
        edge.gauges().add_shard(&shard);
        assert_eq!(
            meter.sample().descriptors,
            50,
            "a shard has a table of its own"
        );
    }

    #[test]
    fn a_busy_shard_shows_although_the_other_processors_are_idle() {
        let edge = Edge::new(EdgeConfig::default());
        let shard = Arc::new(ShardGauge::default());
        edge.gauges().add_shard(&shard);
        let mut meter = LoadMeter::new(edge, None);
        shard.busy_us.fetch_add(3_600_000_000, Ordering::Relaxed);
        shard.turns_us.fetch_add(3_600_000_000, Ordering::Relaxed);
        let load = meter.sample();
        assert!(load.processor > 1_000 && load.flushing > 1_000, "{load:?}");
    }
}
