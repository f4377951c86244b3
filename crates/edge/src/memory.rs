//! How much memory this process may have, and how much of it is in use: of the machine, and of the control groups it is in (cgroup v1 and
//! v2), since each of them can be the one that ends it. What the system does not say counts as unbounded and free.
//!
//! Not the size of the process: the buffers of its sockets are the kernel's, and count here.

use std::fs;
use std::path::{Path, PathBuf};

/// More than any machine has: cgroup v1 says "no bound" with a number.
const UNBOUNDED: u64 = 1 << 60;

/// Memory that is bounded together, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    pub(crate) used: u64,
    pub(crate) max: u64,
}

/// The machine's memory, and that of each control group that bounds this process.
pub(crate) fn bounds() -> Vec<Memory> {
    let read = |path: &Path| fs::read_to_string(path).ok();
    let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let machine = of_machine(&text("/proc/meminfo"));
    let folders = group_folders(&text("/proc/self/cgroup"), &text("/proc/self/mountinfo"));
    let groups = folders
        .iter()
        .filter_map(|(version, folder)| of_group(*version, |file| read(&folder.join(file))));
    machine.into_iter().chain(groups).collect()
}

/// The least of the bounds, bytes.
pub(crate) fn max_bytes() -> Option<u64> {
    bounds().iter().map(|memory| memory.max).min()
}

fn of_machine(meminfo: &str) -> Option<Memory> {
    let bytes = |name: &str| -> Option<u64> {
        let line = meminfo.lines().find(|line| line.starts_with(name))?;
        let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib * 1024)
    };
    let max = bytes("MemTotal:")?;
    // What the kernel could not give back.
    let used = max.saturating_sub(bytes("MemAvailable:")?);
    Some(Memory { used, max })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    V1,
    V2,
}

/// The folders of the control groups of this process that account for memory, each followed by those around it.
fn group_folders(own: &str, mounts: &str) -> Vec<(Version, PathBuf)> {
    let mut folders = Vec::new();
    for line in own.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
            continue;
        };
        let version = match controllers {
            "" => Version::V2,
            _ if controllers.split(',').any(|name| name == "memory") => Version::V1,
            _ => continue,
        };
        for mount in mounts.lines().filter_map(|line| Mount::of(line, version)) {
            // A container sees its own group as the root of what is mounted.
            let within = Path::new(path).strip_prefix(&mount.root);
            let within = within.unwrap_or(Path::new("")).to_owned();
            let around = within.ancestors().map(|path| mount.point.join(path));
            folders.extend(around.map(|folder| (version, folder)));
        }
    }
    folders
}

/// A mounted hierarchy of control groups.
struct Mount {
    root: PathBuf,
    point: PathBuf,
}

impl Mount {
    /// A line of `/proc/self/mountinfo` (proc(5)) that mounts a hierarchy of that version which accounts for memory.
    fn of(line: &str, version: Version) -> Option<Self> {
        let (mount, filesystem) = line.split_once(" - ")?;
        let mut filesystem = filesystem.split(' ');
        let (kind, options) = (filesystem.next()?, filesystem.nth(1)?);
        let fits = match version {
            Version::V2 => kind == "cgroup2",
            Version::V1 => kind == "cgroup" && options.split(',').any(|name| name == "memory"),
        };
        let mut mount = mount.split(' ').skip(3);
        let (root, point) = (mount.next()?.into(), mount.next()?.into());
        fits.then_some(Self { root, point })
    }
}

/// Memory of a control group that has a bound, without the file cache that the kernel gives back when asked.
fn of_group(version: Version, read: impl Fn(&str) -> Option<String>) -> Option<Memory> {
    let [max, current, cache] = match version {
        Version::V1 => [
            "memory.limit_in_bytes",
            "memory.usage_in_bytes",
            "total_inactive_file ",
        ],
        Version::V2 => ["memory.max", "memory.current", "inactive_file "],
    };
    let number = |file: &str| -> Option<u64> { read(file)?.trim().parse().ok() };
    let max = number(max).filter(|max| *max < UNBOUNDED)?;
    let stat = read("memory.stat").unwrap_or_default();
    let cache = stat
        .lines()
        .find_map(|line| line.strip_prefix(cache)?.parse().ok())
        .unwrap_or(0);
    let used = number(current)?.saturating_sub(cache);
    Some(Memory { used, max })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(version: Version, files: &[(&str, &str)]) -> Option<Memory> {
        of_group(version, |name| {
            let file = files.iter().find(|(file, _)| *file == name);
            file.map(|(_, text)| (*text).to_owned())
        })
    }

    #[test]
    fn memory_of_a_group_is_told_without_the_cache_that_is_given_back_when_asked() {
        let stat = "anon 500\ninactive_file 400\nactive_file 0\n";
        let new = |max| {
            let files = [
                ("memory.max", max),
                ("memory.current", "900\n"),
                ("memory.stat", stat),
            ];
            group(Version::V2, &files)
        };
        let bound = Memory {
            used: 500,
            max: 1_000,
        };
        assert_eq!(new("1000\n"), Some(bound));
        assert_eq!(new("max\n"), None, "no bound");
        let old = |max| {
            let files = [
                ("memory.limit_in_bytes", max),
                ("memory.usage_in_bytes", "900\n"),
                ("memory.stat", "inactive_file 1\ntotal_inactive_file 400\n"),
            ];
            group(Version::V1, &files)
        };
        assert_eq!(old("1000\n"), Some(bound));
        assert_eq!(old("9223372036854771712\n"), None, "no bound");
        assert_eq!(group(Version::V1, &[]), None);
        assert_eq!(group(Version::V2, &[]), None);
    }

    #[test]
    fn memory_is_what_the_kernel_could_not_give_back() {
        let text = "MemTotal:       1000 kB\nMemFree:          10 kB\nMemAvailable:    250 kB\n";
        let (used, max) = (750 * 1024, 1000 * 1024);
        assert_eq!(of_machine(text), Some(Memory { used, max }));
        assert_eq!(of_machine("nothing here"), None);
    }

    fn folders(own: &str, mounts: &str) -> Vec<String> {
        let folders = group_folders(own, mounts);
        let text =
            |(version, folder): &(Version, PathBuf)| format!("{version:?} {}", folder.display());
        folders.iter().map(text).collect()
    }

    #[test]
    fn a_group_and_those_around_it_are_found_where_they_are_mounted() {
        let v2 = "25 21 0:22 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup rw,nsdelegate\n";
        assert_eq!(
            folders("0::/system.slice/stentor.service\n", v2),
            [
                "V2 /sys/fs/cgroup/system.slice/stentor.service",
                "V2 /sys/fs/cgroup/system.slice",
                "V2 /sys/fs/cgroup/",
            ]
        );
        let v1 = "30 21 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
                  31 21 0:27 / /sys/fs/cgroup/memory rw shared:1 - cgroup cgroup rw,memory\n\
                  40 21 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
        assert_eq!(
            folders("5:cpu:/a\n4:hugetlb,memory:/b\n0::/\n", v1),
            [
                "V1 /sys/fs/cgroup/memory/b",
                "V1 /sys/fs/cgroup/memory/",
                "V2 /sys/fs/cgroup/unified/",
            ]
        );
        assert_eq!(folders("nonsense\n", "more of it\n"), [""; 0]);
    }

    #[test]
    fn a_container_finds_its_own_group_where_it_is_mounted_for_it() {
        let v1 = "31 21 0:27 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n";
        let root = "V1 /sys/fs/cgroup/memory/";
        assert_eq!(folders("4:memory:/docker/abc\n", v1), [root]);
        assert_eq!(
            folders("4:memory:/docker/abc/x\n", v1),
            ["V1 /sys/fs/cgroup/memory/x", root]
        );
        // With a namespace of its own it is at the root, and what is mounted is not.
        assert_eq!(folders("4:memory:/\n", v1), [root]);
    }

    #[test]
    fn this_machine_has_memory_and_says_so() {
        let bounds = bounds();
        assert!(bounds.iter().all(|memory| memory.max > 0), "{bounds:?}");
        assert!(max_bytes().is_some_and(|max| max > 16 * 1024 * 1024));
    }
}
