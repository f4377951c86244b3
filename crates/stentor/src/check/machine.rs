//! The machine: its disk, limits, memory and clock.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZone;
use rustix::fs::{Access, access};
use rustix::process::{Resource, getrlimit};

use super::finding::{Finding, bad, ok, warn};
use crate::config::Config;
use crate::data_dir;
use crate::error::AppError;
use crate::memory;

/// Room below which recordings will soon not be written, and below which an evening may not fit, bytes.
const ROOM_BAD: u64 = 100 << 20;
const ROOM_WARN: u64 = 2 << 30;
/// What an hour of one recorded track takes, bytes: 48 kbit/s and a little for its boxes.
const TRACK_HOUR_BYTES: u64 = 23 << 20;
/// Tracks of a common event: the programme and three speakers, and the replay beside it.
const TRACKS: u64 = 5;
/// A server below these has no room for a crowd.
const DESCRIPTORS_WARN: u64 = 4_096;
const MEMORY_WARN: u64 = 256 << 20;
/// 1 November 2026, seconds since 1970: an earlier clock was never set.
const CLOCK_MIN_S: u64 = 1_793_491_200;
/// How far in the future a file may be, seconds: clocks are set.
const FUTURE_S: u64 = 300;

/// Whether the data folder can be used.
pub(super) fn folder(config: &Config, is_running: bool) -> Vec<Finding> {
    const CHECK: &str = "data folder";
    let dir = &config.data_dir;
    let shown = dir.display();
    if !dir.exists() {
        let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        return vec![match access(parent, Access::WRITE_OK | Access::EXEC_OK) {
            Ok(()) => warn(
                CHECK,
                format!("{shown} is not there yet: the server makes it, with no events in it"),
            ),
            Err(error) => bad(
                CHECK,
                format!("{shown} is not there and cannot be made: {error}"),
            ),
        }];
    }
    if let Err(error) = data_dir::must_be_there(dir) {
        return vec![bad(CHECK, error.to_string())];
    }
    if let Err(error) = access(dir, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK) {
        return vec![bad(
            CHECK,
            format!("{shown} cannot be written by this user: {error}"),
        )];
    }
    if let Err(error) = kept(dir) {
        return vec![bad(CHECK, error.to_string())];
    }
    let mut findings = vec![ok(
        CHECK,
        format!(
            "{shown}{}",
            if is_running {
                ", which a running server uses"
            } else {
                ""
            }
        ),
    )];
    findings.extend(data_dir::open_to_others(dir).map(|said| warn(CHECK, said)));
    findings
}

/// Whether the key and the store can be used.
fn kept(dir: &Path) -> Result<(), AppError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(AppError::Runtime)?;
    runtime.block_on(data_dir::check(dir))
}

/// Whether an evening fits on the disk.
pub(super) fn disk(config: &Config) -> Finding {
    const CHECK: &str = "disk";
    let dir = config.data_dir.ancestors().find(|dir| dir.exists());
    let Some((free, _)) = dir
        .and_then(data_dir::room)
        .or_else(|| data_dir::room(Path::new(".")))
    else {
        return warn(CHECK, "how much room there is cannot be told");
    };
    let hours = free / (TRACK_HOUR_BYTES * TRACKS);
    let said = format!(
        "{} free, {hours} hours of an event with three speakers",
        bytes(free)
    );
    match free {
        0..ROOM_BAD => bad(
            CHECK,
            format!("{said}: make room, recordings will not be written"),
        ),
        ROOM_BAD..ROOM_WARN => warn(CHECK, said),
        _ => ok(CHECK, said),
    }
}

pub(super) fn descriptors(config: &Config) -> Finding {
    const CHECK: &str = "descriptors";
    match getrlimit(Resource::Nofile).maximum {
        Some(hard) if hard < DESCRIPTORS_WARN => warn(
            CHECK,
            format!(
                "{hard} a process may hold: raise it with LimitNOFILE=1048576 in a systemd unit, or `ulimit -Hn`"
            ),
        ),
        Some(hard) => ok(
            CHECK,
            format!(
                "{hard} a table; connections_max is {}",
                config.connections_max
            ),
        ),
        None => ok(CHECK, "as many as are wanted"),
    }
}

pub(super) fn memory() -> Finding {
    const CHECK: &str = "memory";
    match memory::limit() {
        Some(limit) if limit < MEMORY_WARN => warn(
            CHECK,
            format!("{} may be used, which holds no crowd", bytes(limit)),
        ),
        Some(limit) => ok(CHECK, format!("{} may be used", bytes(limit))),
        None => warn(CHECK, "how much there is cannot be told"),
    }
}

/// Whether the clock can be right: events begin by it, and links end by it.
pub(super) fn clock(config: &Config) -> Vec<Finding> {
    let named = std::env::var("TZ").ok();
    let zone = unknown_zone(named.as_deref()).map(|zone| {
        let said = format!(
            "TZ is \"{zone}\", which is no zone of this machine: times without a zone are in UTC"
        );
        warn("zone", said)
    });
    let time = time_of_day(config);
    std::iter::once(time).chain(zone).collect()
}

fn time_of_day(config: &Config) -> Finding {
    const CHECK: &str = "clock";
    let since = |time: SystemTime| {
        time.duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    };
    let now = since(SystemTime::now());
    if now < CLOCK_MIN_S {
        return bad(
            CHECK,
            "it is years behind: set it, and let systemd-timesyncd or chrony keep it",
        );
    }
    let files = fs::read_dir(&config.data_dir)
        .into_iter()
        .flatten()
        .take(1_000)
        .flatten();
    let times = files
        .filter_map(|file| file.metadata().ok()?.modified().ok())
        .map(since);
    if times.max().is_some_and(|newest| newest > now + FUTURE_S) {
        return bad(
            CHECK,
            "files in the data folder are from the future: the clock is behind",
        );
    }
    if Path::new("/run/systemd/timesync/synchronized").exists() {
        return ok(CHECK, "right, as systemd-timesyncd says");
    }
    ok(
        CHECK,
        "plausible; whether somebody keeps it right is not known from here",
    )
}

/// What `TZ` names, if nobody knows it: then everything is in UTC, without a word.
fn unknown_zone(named: Option<&str>) -> Option<&str> {
    let named = named?.trim_start_matches(':');
    let is_known = named.is_empty()
        || Path::new(named).is_absolute()
        || TimeZone::get(named).is_ok()
        || TimeZone::posix(named).is_ok();
    (!is_known).then_some(named)
}

/// In the unit that says enough.
fn bytes(number: u64) -> String {
    match number {
        0..10_000_000 => format!("{} kB", number / 1_000),
        10_000_000..10_000_000_000 => format!("{} MB", number / 1_000_000),
        _ => format!("{} GB", number / 1_000_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::unknown_zone;

    #[test]
    fn a_zone_that_nobody_knows_is_named() {
        for known in [
            "Europe/Paris",
            ":Europe/Paris",
            "UTC",
            "CET-1CEST,M3.5.0,M10.5.0/3",
            "",
            "/etc/localtime",
        ] {
            assert_eq!(unknown_zone(Some(known)), None, "{known}");
        }
        assert_eq!(unknown_zone(None), None);
        assert_eq!(unknown_zone(Some("Europe/Pari")), Some("Europe/Pari"));
    }
}
