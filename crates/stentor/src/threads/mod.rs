//! Which thread goes before which when the processor does not suffice.
//!
//! The threads with deadlines (the network of the speakers, each room) go before those that serve whoever comes: a crowd that joins,
//! or another program of the machine, must not be heard in the programme. What the system allows decides by which means (`plan`), and
//! one line of the log says which, and what would give more. It is not for how much each gets: that is the ladder's.
//!
//! Each thread sets itself, when it starts: what a thread inherits is the level of whoever started it.
//!
//! No `rtkit`: it hands out real time over D-Bus to the desktop's users, servers mostly have neither, and what it would give, a limit
//! in the unit file gives as well.

mod plan;
mod raised;
mod system;

use std::io;
use std::sync::OnceLock;

use tokio::signal::unix::{SignalKind, signal};

use crate::config::ThreadPriorities;
use plan::{Level, Plan, REALTIME_PRIORITY};
use raised::RaisedThreads;
use system::RealtimeDenied;

/// How long a thread may keep a processor in real time without waiting once, µs. A room that catches up after a standstill needs a
/// tenth of it. Past it nothing runs in real time any more: a defect must not lock the machine up. The kernel leaves the others 5 %
/// of each second meanwhile.
const REALTIME_US_MAX: u64 = 2_000_000;

/// As the signal is numbered on every architecture that the program is built for.
const SIGXCPU: i32 = 24;

/// A process has one: threads are started in many places, all of which would have to hand it on.
static PLAN: OnceLock<Plan> = OnceLock::new();

static RAISED: RaisedThreads = RaisedThreads::new();

/// What was found out by [`plan()`], to be said in the log.
pub(crate) struct Planned {
    plan: Option<Plan>,
    /// Why there is no real time.
    denied: Option<RealtimeDenied>,
}

/// Finds out what is allowed; from now on threads obey. Before the first of them is started.
pub(crate) fn plan(wanted: ThreadPriorities) -> Planned {
    if wanted == ThreadPriorities::Off {
        return Planned {
            plan: None,
            denied: None,
        };
    }
    let (rights, denied) = system::rights();
    let plan = Some(*PLAN.get_or_init(|| Plan::of(rights)));
    Planned { plan, denied }
}

impl Planned {
    /// Says in the log by which means which thread goes first, and what would give more.
    pub(crate) fn log(&self) {
        let Some(plan) = self.plan else {
            tracing::info!("all threads have one priority, as thread_priority says");
            return;
        };
        match (plan.media, plan.serving, &self.denied) {
            (Level::Nice(media_nice), Level::Nice(serving_nice), Some(denied)) => tracing::info!(
                media_nice,
                serving_nice,
                %denied,
                "the threads of the sound go before the others by nice values only, which other programs need not heed: \
                 LimitRTPRIO={REALTIME_PRIORITY} (systemd), --ulimit rtprio={REALTIME_PRIORITY} (Docker) or CAP_SYS_NICE gives real time"
            ),
            _ => tracing::info!(
                policy = "SCHED_RR",
                priority = REALTIME_PRIORITY,
                "the threads of the sound run in real time"
            ),
        }
    }
}

/// The calling thread has deadlines.
pub(crate) fn set_media() {
    set(|plan| plan.media);
}

/// The calling thread serves whoever comes.
pub(crate) fn set_serving() {
    set(|plan| plan.serving);
}

fn set(level: impl Fn(&Plan) -> Level) {
    let Some(plan) = PLAN.get() else { return };
    let done = match level(plan) {
        Level::Realtime => RAISED.raise(),
        Level::Nice(value) => system::set_nice(value),
    };
    if let Err(error) = done {
        let thread = std::thread::current();
        tracing::warn!(%error, thread = thread.name(), "a thread keeps the priority it was started with");
    }
}

/// Watches that nothing keeps a processor in real time for longer than [`REALTIME_US_MAX`]. On a runtime.
///
/// # Errors
/// Ours: the signal or the limit cannot be had.
pub(crate) fn watch_realtime() -> io::Result<()> {
    if !PLAN.get().is_some_and(|plan| plan.media == Level::Realtime) {
        return Ok(());
    }
    // Before the limit: without somebody who takes it, the signal ends the process.
    let mut overrun = signal(SignalKind::from_raw(SIGXCPU))?;
    system::limit_realtime(REALTIME_US_MAX)?;
    tokio::spawn(async move {
        while overrun.recv().await.is_some() {
            match RAISED.end() {
                Ok(threads) => tracing::error!(
                    threads,
                    "a thread kept a processor for two seconds in real time, which is a defect: from now on none runs in real time"
                ),
                Err(error) => {
                    tracing::error!(%error, "real time cannot be taken from the threads that have it")
                }
            }
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::thread;

    use super::*;

    /// Nice value of the calling thread as `/proc` tells it (proc_pid_stat(5), field 19).
    fn nice() -> i32 {
        let stat = fs::read_to_string("/proc/thread-self/stat").unwrap();
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        fields.split(' ').nth(16).unwrap().parse().unwrap()
    }

    #[test]
    fn each_thread_has_its_own_nice_value_and_goes_down_without_a_right() {
        let before = nice();
        let lowered = thread::spawn(move || {
            system::set_nice((before + 3).min(19)).unwrap();
            nice()
        });
        assert_eq!(lowered.join().unwrap(), (before + 3).min(19));
        assert_eq!(nice(), before);
    }

    #[test]
    fn before_there_is_a_plan_a_thread_stays_as_it_is() {
        let before = nice();
        set_serving();
        set_media();
        assert_eq!(nice(), before);
    }
}
