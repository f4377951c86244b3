//! How much memory this process may use: that of the machine, or less where its control group says so.

use std::fs;

/// Limits of control groups, version 2 and version 1, as a process in a namespace of its own sees them.
const GROUP_LIMITS: [&str; 2] = [
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
];

/// In bytes; `None` where the system does not say.
pub(crate) fn limit() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| of_machine(&text));
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let own = own
        .lines()
        .filter_map(|line| line.strip_prefix("0::"))
        .map(|path| format!("/sys/fs/cgroup{path}/memory.max"));
    let files = GROUP_LIMITS.into_iter().map(str::to_owned).chain(own);
    let groups = files.filter_map(|file| fs::read_to_string(file).ok()?.trim().parse::<u64>().ok());
    groups.chain(machine).min()
}

fn of_machine(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_the_machine_is_read() {
        assert_eq!(
            of_machine("MemTotal:       16384 kB\nMemFree: 1 kB\n"),
            Some(16 << 20)
        );
        for text in ["", "MemTotal: many", "MemFree: 1 kB"] {
            assert_eq!(of_machine(text), None, "{text}");
        }
        assert!(limit().is_some_and(|limit| limit > 1 << 20));
    }
}
