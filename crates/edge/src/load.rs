//! How loaded this node is: what the ladder decides on, measured and not guessed.
//!
//! Shares are in thousandths. What the system does not tell counts as free: a gauge that fails must not close the doors.

use std::fs;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use stentor_core::admission::Load;

use crate::counters::EdgeCounters;
use crate::edge::Edge;

/// Turns below which a share of late ones says nothing.
const TURNS_MIN: u64 = 20;

/// Visits below which a share of blocked ones says nothing: a few listeners on bad networks are no crowd.
const VISITS_MIN: u64 = 200;

/// What one shard tells about itself.
#[derive(Default)]
pub(crate) struct ShardGauge {
    /// Time its thread was not waiting, µs.
    pub(crate) busy_us: AtomicU64,
    /// Of this, giving turns.
    pub(crate) turns_us: AtomicU64,
    /// Sockets it has, or that are on their way.
    pub(crate) sockets: AtomicUsize,
    /// Of these, who is in the middle of a recording.
    pub(crate) reading: AtomicUsize,
}

/// Where those who own a figure put it.
#[derive(Default)]
pub(crate) struct Gauges {
    shards: Mutex<Vec<Weak<ShardGauge>>>,
    /// Connections that may be open, listeners among them; 0 before a port is served.
    connections_max: AtomicUsize,
    /// Connections that no shard has and that may be open.
    here_max: AtomicUsize,
}

impl Gauges {
    pub(crate) fn add_shard(&self, gauge: &Arc<ShardGauge>) {
        let mut shards = self.shards.lock().unwrap_or_else(PoisonError::into_inner);
        shards.retain(|shard| shard.strong_count() > 0);
        shards.push(Arc::downgrade(gauge));
    }

    pub(crate) fn allow(&self, connections_max: usize, here_max: usize) {
        self.connections_max
            .store(connections_max, Ordering::Relaxed);
        self.here_max.store(here_max, Ordering::Relaxed);
    }

    /// Who is in the middle of a recording, as of the last quarter of a second.
    pub(crate) fn reading(&self) -> usize {
        let shards = self.shards();
        let reading = shards
            .iter()
            .map(|gauge| gauge.reading.load(Ordering::Relaxed));
        reading.sum()
    }

    fn shards(&self) -> Vec<Arc<ShardGauge>> {
        let shards = self.shards.lock().unwrap_or_else(PoisonError::into_inner);
        shards.iter().filter_map(Weak::upgrade).collect()
    }
}

/// Looks at a node from time to time.
pub struct LoadMeter {
    edge: Edge,
    /// Bytes per second of the link, where the operator named it.
    link_bytes: Option<u64>,
    processors: u64,
    before: Look,
}

/// What was seen at one look; shares are of what happened since the one before.
struct Look {
    at: Instant,
    counters: EdgeCounters,
    cpu: Duration,
    /// Busy and turning time of each shard, µs. A shard that is new or gone shows as nothing.
    shards: Vec<(Arc<ShardGauge>, u64, u64)>,
}

impl Look {
    fn at(edge: &Edge) -> Self {
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

    /// Busy and turning time since then of the shard that was busiest, µs.
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
            before: Look::at(&edge),
            edge,
            link_bytes: link_mbit_s.map(|mbit| u64::from(mbit) * 125_000),
            processors: thread::available_parallelism().map_or(1, usize::from) as u64,
        }
    }

    /// The load since the last look.
    pub fn look(&mut self) -> Load {
        let now = Look::at(&self.edge);
        let before = std::mem::replace(&mut self.before, now);
        let now = &self.before;
        let us = now.at.duration_since(before.at).as_micros().max(1) as u64;
        let since = |of: fn(&EdgeCounters) -> u64| of(&now.counters) - of(&before.counters);
        let (busy_us, turns_us) = now.busiest(&before);
        let cpu_us = now.cpu.saturating_sub(before.cpu).as_micros() as u64;
        let turns = since(|c| c.turns);
        let visits = since(|c| c.visits);
        Load {
            late: share(since(|c| c.turns_late), turns.max(TURNS_MIN)),
            processor: share(busy_us, us).max(share(cpu_us, us * self.processors)),
            flushing: share(turns_us, us),
            blocked: share(since(|c| c.blocked), visits.max(VISITS_MIN)),
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

/// Thousandths; 0 of nothing.
fn share(part: u64, whole: u64) -> u16 {
    let permille = part.saturating_mul(1_000).checked_div(whole).unwrap_or(0);
    u16::try_from(permille).unwrap_or(u16::MAX)
}

/// Processor time of this process.
fn cpu_time() -> Duration {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else {
        return Duration::ZERO;
    };
    [usage.user_time(), usage.system_time()]
        .into_iter()
        .map(|time| {
            let us = time.tv_sec() as u64 * 1_000_000 + time.tv_usec() as u64;
            Duration::from_micros(us)
        })
        .sum()
}

/// The fuller of the machine and of the group this process is in: sockets' memory is the kernel's, and in neither's own figure.
fn memory() -> u16 {
    let machine = fs::read_to_string("/proc/meminfo").map_or(0, |text| machine_memory(&text));
    machine.max(group_memory().unwrap_or(0))
}

fn machine_memory(meminfo: &str) -> u16 {
    let kib = |name: &str| -> Option<u64> {
        let line = meminfo.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    match (kib("MemTotal:"), kib("MemAvailable:")) {
        (Some(total), Some(available)) => share(total.saturating_sub(available), total),
        _ => 0,
    }
}

/// Memory of the control group (cgroup v2), without the file cache that the kernel gives back when asked.
fn group_memory() -> Option<u16> {
    let own = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = own.lines().find_map(|line| line.strip_prefix("0::"))?;
    share_of_group(|name| fs::read_to_string(format!("/sys/fs/cgroup{path}/{name}")).ok())
}

fn share_of_group(read: impl Fn(&str) -> Option<String>) -> Option<u16> {
    let max = read("memory.max")?.trim().parse().ok()?;
    let current: u64 = read("memory.current")?.trim().parse().ok()?;
    let cache = read("memory.stat")?
        .lines()
        .find_map(|line| line.strip_prefix("inactive_file ")?.parse().ok())
        .unwrap_or(0);
    Some(share(current.saturating_sub(cache), max))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counters::add;
    use crate::edge::EdgeConfig;

    #[test]
    fn what_was_late_and_blocked_since_the_last_look_is_a_share() {
        let edge = Edge::new(EdgeConfig::default());
        let mut meter = LoadMeter::new(edge.clone(), None);
        add(&edge.count().turns, 200);
        add(&edge.count().turns_late, 20);
        add(&edge.count().visits, 1_000);
        add(&edge.count().blocked, 300);
        let load = meter.look();
        assert_eq!((load.late, load.blocked, load.link), (100, 300, 0));
        let load = meter.look();
        assert_eq!((load.late, load.blocked), (0, 0));
    }

    #[test]
    fn what_is_sent_is_told_as_a_share_of_what_the_network_carries() {
        let edge = Edge::new(EdgeConfig::default());
        let mut meter = LoadMeter::new(edge.clone(), Some(1_000));
        thread::sleep(Duration::from_millis(20));
        // In 20 ms 1 Gbit/s carries 2.5 MB.
        let began = meter.before.at;
        add(&edge.count().bytes_sent, 1_250_000);
        let link = meter.look().link;
        let took = meter.before.at.duration_since(began).as_secs_f64();
        let expected = 1_000.0 * 0.01 / took;
        assert!(
            (f64::from(link) - expected).abs() <= 1.0,
            "{link}, not {expected}"
        );
    }

    #[test]
    fn memory_of_a_group_is_told_without_the_cache_that_is_given_back_when_asked() {
        let group = |max: &'static str| {
            move |name: &str| {
                let text = match name {
                    "memory.max" => max,
                    "memory.current" => "900\n",
                    "memory.stat" => "anon 500\ninactive_file 400\nactive_file 0\n",
                    _ => return None,
                };
                Some(text.to_owned())
            }
        };
        assert_eq!(share_of_group(group("1000\n")), Some(500));
        assert_eq!(share_of_group(group("max\n")), None, "no bound is no share");
        assert_eq!(share_of_group(|_| None), None);
    }

    #[test]
    fn a_few_slow_listeners_are_no_crowd() {
        let edge = Edge::new(EdgeConfig::default());
        let mut meter = LoadMeter::new(edge.clone(), None);
        add(&edge.count().visits, 5);
        add(&edge.count().blocked, 5);
        assert_eq!(meter.look().blocked, 25);
    }

    #[test]
    fn open_connections_are_told_as_a_share_of_those_allowed() {
        let edge = Edge::new(EdgeConfig::default());
        let mut meter = LoadMeter::new(edge.clone(), Some(1_000));
        add(&edge.count().accepted, 60);
        add(&edge.count().closed, 10);
        assert_eq!(meter.look().descriptors, 0, "no port is served yet");
        edge.gauges().allow(1_000, 100);
        assert_eq!(meter.look().descriptors, 500, "all of them are here");
        let shard = Arc::new(ShardGauge::default());
        shard.sockets.store(50, Ordering::Relaxed);
        edge.gauges().add_shard(&shard);
        assert_eq!(
            meter.look().descriptors,
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
        let load = meter.look();
        assert!(load.processor > 1_000 && load.flushing > 1_000, "{load:?}");
    }

    #[test]
    fn memory_is_what_the_kernel_could_not_give_back() {
        let text = "MemTotal:       1000 kB\nMemFree:          10 kB\nMemAvailable:    250 kB\n";
        assert_eq!(machine_memory(text), 750);
        assert_eq!(machine_memory("nothing here"), 0);
        assert!((1..1_000).contains(&memory()), "{}", memory());
    }
}
