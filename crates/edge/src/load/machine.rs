//! What the system says of this process and its machine: processor time, memory. Shares are in thousandths; what the system does not
//! say counts as free.

use std::fs;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};

/// A share in thousandths; 0 of nothing.
pub(super) fn share(part: u64, whole: u64) -> u16 {
    let permille = part.saturating_mul(1_000).checked_div(whole).unwrap_or(0);
    u16::try_from(permille).unwrap_or(u16::MAX)
}

/// Processor time of this process.
pub(super) fn cpu_time() -> Duration {
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

/// Memory in use, of the machine or of the control group of this process, whichever is fuller. Not the size of the process: the
/// buffers of its sockets are the kernel's.
pub(super) fn memory() -> u16 {
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
    fn memory_is_what_the_kernel_could_not_give_back() {
        let text = "MemTotal:       1000 kB\nMemFree:          10 kB\nMemAvailable:    250 kB\n";
        assert_eq!(machine_memory(text), 750);
        assert_eq!(machine_memory("nothing here"), 0);
    }
}
