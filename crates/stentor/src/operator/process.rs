//! What the system says of this process, under the names that Prometheus' own libraries give it.

use std::fs;

use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};

use super::definitions as metric;
use super::scrape::Scrape;

/// Of one moment; nothing of it is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ProcessFigures {
    /// Of all threads, user and system, whole seconds.
    pub(super) cpu_s: u64,
    pub(super) resident_bytes: u64,
    pub(super) virtual_bytes: u64,
    pub(super) threads: u64,
    /// Seconds since 1970.
    pub(super) started_unix_s: u64,
    /// Of the table that is not a shard's.
    pub(super) open_fds: u64,
    pub(super) max_fds: u64,
}

impl ProcessFigures {
    pub(super) fn read() -> Self {
        let text = |file: &str| fs::read_to_string(file).unwrap_or_default();
        let figures = of(
            &text("/proc/self/stat"),
            &text("/proc/stat"),
            clock_ticks_per_second(),
            page_size() as u64,
        );
        Self {
            open_fds: fs::read_dir("/proc/self/fd").map_or(0, |files| files.count() as u64),
            max_fds: getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX),
            ..figures.unwrap_or_default()
        }
    }
}

/// From `/proc/self/stat` and `/proc/stat` (proc_pid_stat(5), proc_stat(5)).
fn of(stat: &str, system: &str, ticks_per_s: u64, page: u64) -> Option<ProcessFigures> {
    // The name may have spaces and brackets; what stands behind the last bracket begins with field 3.
    let (_, fields) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    let booted = system
        .lines()
        .find_map(|line| line.strip_prefix("btime "))?;
    let ticks_per_s = ticks_per_s.max(1);
    Some(ProcessFigures {
        cpu_s: (field(14)? + field(15)?) / ticks_per_s,
        threads: field(20)?,
        started_unix_s: booted.trim().parse::<u64>().ok()? + field(22)? / ticks_per_s,
        virtual_bytes: field(23)?,
        resident_bytes: field(24)? * page,
        ..ProcessFigures::default()
    })
}

pub(super) fn process(scrape: &Scrape, figures: &ProcessFigures) {
    let &ProcessFigures {
        cpu_s,
        resident_bytes,
        virtual_bytes,
        threads,
        started_unix_s,
        open_fds,
        max_fds,
    } = figures;
    scrape.count(metric::PROCESS_CPU, [], cpu_s);
    let held = [
        (metric::PROCESS_RESIDENT, resident_bytes),
        (metric::PROCESS_VIRTUAL, virtual_bytes),
        (metric::PROCESS_THREADS, threads),
        (metric::PROCESS_START, started_unix_s),
        (metric::PROCESS_OPEN_FDS, open_fds),
        (metric::PROCESS_MAX_FDS, max_fds),
    ];
    for (metric, value) in held {
        scrape.gauge(metric, [], value as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_writes_is_read_by_its_fields() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194560 100 0 0 0 250 150 0 0 20 0 12 0 5000 104857600 2560 18446744073709551615 1 1";
        let system = "cpu 1 2 3\nbtime 1700000000\nprocesses 9\n";
        let figures = of(stat, system, 100, 4096).unwrap();
        assert_eq!(figures.cpu_s, 4);
        assert_eq!(figures.threads, 12);
        assert_eq!(figures.started_unix_s, 1_700_000_050);
        assert_eq!(figures.virtual_bytes, 100 << 20);
        assert_eq!(figures.resident_bytes, 10 << 20);
        for (stat, system) in [("", system), (stat, ""), ("7 (a) S 1", system)] {
            assert_eq!(of(stat, system, 100, 4096), None, "{stat}");
        }
    }

    #[test]
    fn this_process_has_figures() {
        let figures = ProcessFigures::read();
        assert!(
            figures.resident_bytes > 1 << 20 && figures.threads > 0 && figures.open_fds > 2,
            "{figures:?}"
        );
    }
}
