//! The herd: a crowd of real listeners.
//!
//! Each one is a connection, plain or TLS, that asks for a stream, whole or by HLS, and reads all of it, box by box: order, numbers, gaps on the timeline,
//! the hash of a share of the chunks against the published manifest, lateness by the capture time inside, and a model of a
//! player whose buffer must not run dry. One in many also decodes the sound. They arrive on a schedule that does
//! not wait for the server, from many addresses, in threads with a descriptor table each, so that a machine whose limit is
//! 20,000 descriptors a process holds hundreds of thousands.
//!
//! It measures itself as well. A herd that could not keep up says so, and then its figures mean nothing.
//!
//! What it is not: a browser (`page` is only a model of one).

mod boxes;
mod ear;
mod hashes;
mod hls;
mod listener;
mod mp4;
mod page;
mod plan;
mod player;
mod poller;
mod report;
mod schedule;
mod sources;
mod tally;
mod tls;
mod wire;
mod worker;

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

pub use boxes::StreamError;
pub use ear::{EARS_MAX, Heard};
pub use hashes::{CLAIMED_CHUNKS_MAX, HASHES_PER_CHUNK_MAX, LISTED_CHUNKS_MAX, Outcome};
pub use hls::{DURATION_S_MAX, PLAYLIST_BYTES_MAX, PLAYLIST_SEGMENTS_MAX, Playlist, PlaylistError};
pub use listener::LISTENER_BYTES_MAX;
pub use mp4::{Chunk, DATA_BYTES_MAX, Hashing, PACKETS_MAX, Reader, SMALL_BOX_BYTES_MAX, Seen};
pub use plan::{Face, Format, Plan, PlanError, Transport, WORKERS_MAX, manifests_beside};
pub use player::{Change, Player, SPEED_PERMILLE, Thresholds};
pub use poller::{MANIFEST_BYTES_MAX, POLL_EVERY};
pub use report::{Distribution, Generator, Hashes, Report, Sound};
pub use schedule::{Arrivals, CURVE_STEPS_MAX, LISTENERS_MAX, ScheduleError, Step};
pub use sources::{Sources, SourcesError};
pub use tally::{REASONS_MAX, TIME_US_MAX};
pub use tls::{HANDSHAKE_READS_MAX, SESSIONS_KEPT_MAX, UNSENT_BYTES_MAX};

use crate::machine::{self, MachineError};
use hashes::{Claims, Listed};
use tally::Tally;
use worker::{Arrival, Shared, Slot, Worker};

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Time since its beginning.
    pub elapsed: Duration,
    /// Listeners that have connected so far.
    pub connected: u64,
    /// Listeners that hear sound now.
    pub hearing: u64,
    /// Listeners that never got in, or were cut.
    pub lost: u64,
    /// Bytes received so far.
    pub bytes: u64,
}

/// Runs the plan to its end and tells `watch` once a second how far it is. Blocks for the plan's duration and up to two seconds.
///
/// To be called while the process has no sockets open: each worker's descriptor table begins as a copy of the caller's.
///
/// # Errors
/// [`HerdError`] if it could not begin. Whatever happens afterwards is in the report.
pub fn run(plan: &Plan, mut watch: impl FnMut(Progress)) -> Result<Report, HerdError> {
    let workers = plan.check()?;
    let tls = match plan.transport {
        Transport::Plain => None,
        Transport::Tls { resume } => Some(tls::Client::new(&plan.host, resume)?),
    };
    let times = plan
        .arrivals
        .times(plan.listeners, plan.seed)
        .map_err(PlanError::from)?;
    let hold_from_us = times.last().map_or(0, |last| last + 2_000_000);
    let scheduled_us = plan.duration.as_micros() as u64;
    let scheduled = times.iter().filter(|&&time| time < scheduled_us).count();

    let listed = Mutex::new(Listed::default());
    let slots: Vec<_> = (0..workers).map(|_| Slot::default()).collect();
    // Threads make their tables one after the other; the first arrival waits for the last of them.
    let start = Instant::now() + Duration::from_millis(200 + 10 * workers as u64);
    let shared = Shared {
        plan,
        tls: tls.as_ref(),
        start,
        hold_from_us,
        listed: &listed,
        slots: &slots,
    };
    let tables = Barrier::new(workers + 1);
    let stop = AtomicBool::new(false);
    let began = SystemTime::now() + start.saturating_duration_since(Instant::now());

    let (outcomes, mut polled) = thread::scope(|scope| {
        let (shared, tables, stop, listed, slots) = (&shared, &tables, &stop, &listed, &slots[..]);
        let threads: Vec<_> = (0..workers)
            .map(|number| {
                let mine = times.iter().copied().enumerate();
                let mine: Vec<Arrival> = mine.skip(number).step_by(workers).collect();
                scope.spawn(move || work(shared, number, mine, tables))
            })
            .collect();
        tables.wait();
        // Only now: what is opened here is in nobody else's table.
        let poller = scope.spawn(move || {
            // Where it cannot be pinned the workers cannot either, and they say so.
            let _ = machine::pin(&plan.cpus);
            poller::poll(plan, listed, stop)
        });
        let mut told = Duration::ZERO;
        while threads.iter().any(|thread| !thread.is_finished()) {
            thread::sleep(Duration::from_millis(20));
            let elapsed = Instant::now().saturating_duration_since(start);
            if elapsed >= told + Duration::from_secs(1) {
                watch(progress(slots, elapsed));
                told = elapsed;
            }
        }
        let outcomes: Vec<_> = threads.into_iter().map(|thread| thread.join()).collect();
        stop.store(true, Ordering::Relaxed);
        (outcomes, poller.join().unwrap_or_default())
    });

    let mut sum = Tally::default();
    let mut claims = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(result) => {
                let (tally, claimed) = result?;
                claims.push(claimed);
                sum.add(&tally);
            }
            Err(_) => sum.own_errors.count("workers that panicked", 1),
        }
    }
    poller::poll_rest(plan, &listed, &mut polled, |listed| {
        claims.iter_mut().for_each(|claims| claims.settle(listed));
        claims.iter().all(Claims::settled)
    });
    let mut hashes = Outcome::default();
    claims
        .into_iter()
        .for_each(|claims| hashes += claims.finish());
    Ok(report::report(
        plan, workers, scheduled, began, sum, hashes, polled,
    ))
}

fn work(
    shared: &Shared<'_>,
    number: usize,
    arrivals: Vec<Arrival>,
    tables: &Barrier,
) -> Result<(Tally, Claims), HerdError> {
    let ready = machine::own_table().and_then(|()| machine::pin(&shared.plan.cpus));
    tables.wait();
    ready?;
    let worker = Worker::new(shared, number, arrivals).map_err(HerdError::Epoll)?;
    Ok(worker.run())
}

fn progress(slots: &[Slot], elapsed: Duration) -> Progress {
    let sum = |of: fn(&Slot) -> &std::sync::atomic::AtomicU64| {
        let counts = slots.iter().map(|slot| of(slot).load(Ordering::Relaxed));
        counts.sum()
    };
    Progress {
        elapsed,
        connected: sum(|slot| &slot.connected),
        hearing: sum(|slot| &slot.hearing),
        lost: sum(|slot| &slot.lost),
        bytes: sum(|slot| &slot.bytes),
    }
}

/// Why a run could not begin.
#[derive(Debug)]
#[non_exhaustive]
pub enum HerdError {
    /// The plan cannot be run on this machine.
    Plan(PlanError),
    /// The machine refused what the plan needs.
    Machine(MachineError),
    /// A worker has no way to wait for its sockets.
    Epoll(io::Error),
}

impl From<PlanError> for HerdError {
    fn from(error: PlanError) -> Self {
        Self::Plan(error)
    }
}

impl From<MachineError> for HerdError {
    fn from(error: MachineError) -> Self {
        Self::Machine(error)
    }
}

impl fmt::Display for HerdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan(error) => error.fmt(f),
            Self::Machine(error) => error.fmt(f),
            Self::Epoll(error) => write!(f, "a worker has no epoll: {error}"),
        }
    }
}

impl std::error::Error for HerdError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Plan(error) => Some(error),
            Self::Machine(error) => Some(error),
            Self::Epoll(error) => Some(error),
        }
    }
}
