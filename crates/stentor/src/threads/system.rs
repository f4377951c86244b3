//! What the system says and does: rights are found by trying them, on a thread that ends after it.

use std::io;
use std::thread;

use rustix::process::{Resource, getpriority_process, getrlimit, setpriority_process, setrlimit};
use rustix::thread::{CapabilitySet, capabilities};
use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadId, ThreadPriority, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

use super::plan::{NICE_DISTANCE, REALTIME_PRIORITY, Rights};

/// Why no thread may run in real time.
#[derive(Debug, thiserror::Error)]
pub(super) enum RealtimeDenied {
    /// Neither limit nor capability.
    #[error("RLIMIT_RTPRIO is below {REALTIME_PRIORITY}, and CAP_SYS_NICE is missing")]
    NoRight,
    /// The right is there, and the system says no: what a control group does that has no real-time budget.
    #[error(
        "the right is there, but the control group gives no real time (cpu.rt_runtime_us is 0)"
    )]
    ControlGroup,
    /// Something else.
    #[error("the system refuses it: {0}")]
    Other(#[from] io::Error),
}

/// Takes every soft limit up to the hard one, which needs no right, and tries what is allowed then.
pub(super) fn rights() -> (Rights, Option<RealtimeDenied>) {
    for resource in [Resource::Rtprio, Resource::Nice] {
        let mut limit = getrlimit(resource);
        limit.current = limit.maximum;
        // Where it fails the limit stays, and the trial below says what that allows.
        let _ = setrlimit(resource, limit);
    }
    let trial = thread::Builder::new().name("rights".to_owned());
    let tried = trial.spawn(try_here).map(thread::JoinHandle::join);
    match tried {
        Ok(Ok(tried)) => tried,
        Ok(Err(_)) | Err(_) => {
            let nice = nice();
            let rights = Rights {
                realtime: false,
                nice,
                nice_min: nice,
            };
            let none = io::Error::other("no thread could try it");
            (rights, Some(RealtimeDenied::Other(none)))
        }
    }
}

fn try_here() -> (Rights, Option<RealtimeDenied>) {
    let nice = nice();
    let wanted = nice - NICE_DISTANCE..nice;
    let nice_min = wanted
        .into_iter()
        .find(|value| set_nice(*value).is_ok())
        .unwrap_or(nice);
    let denied = set_realtime(thread_native_id()).err().map(why);
    let rights = Rights {
        realtime: denied.is_none(),
        nice,
        nice_min,
    };
    (rights, denied)
}

fn why(error: io::Error) -> RealtimeDenied {
    if error.kind() != io::ErrorKind::PermissionDenied {
        return RealtimeDenied::Other(error);
    }
    let limit = getrlimit(Resource::Rtprio).current;
    let limited = limit.is_some_and(|limit| limit < REALTIME_PRIORITY.into());
    let capable =
        capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_NICE));
    if limited && !capable {
        RealtimeDenied::NoRight
    } else {
        RealtimeDenied::ControlGroup
    }
}

/// The calling thread's nice value.
pub(super) fn nice() -> i32 {
    getpriority_process(None).unwrap_or(0)
}

/// Gives the calling thread a nice value: on Linux each thread has its own.
///
/// # Errors
/// Down is refused without a right.
pub(super) fn set_nice(value: i32) -> io::Result<()> {
    Ok(setpriority_process(None, value)?)
}

/// Lets a thread run in real time.
///
/// # Errors
/// The system's.
pub(super) fn set_realtime(thread: ThreadId) -> io::Result<()> {
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::RoundRobin);
    let priority = REALTIME_PRIORITY.try_into().map_err(io::Error::other)?;
    set(thread, ThreadPriority::Crossplatform(priority), policy)
}

/// Takes real time from a thread, which keeps its nice value. The library gives the least one to the caller: it must be a thread that
/// does nothing else.
///
/// # Errors
/// The system's.
pub(super) fn end_realtime(thread: ThreadId) -> io::Result<()> {
    use thread_priority::NormalThreadSchedulePolicy::Other;
    set(
        thread,
        ThreadPriority::Min,
        ThreadSchedulePolicy::Normal(Other),
    )
}

fn set(thread: ThreadId, priority: ThreadPriority, policy: ThreadSchedulePolicy) -> io::Result<()> {
    set_thread_priority_and_policy(thread, priority, policy).map_err(|error| match error {
        thread_priority::Error::OS(number) => io::Error::from_raw_os_error(number),
        other => io::Error::other(other.to_string()),
    })
}

/// Lets the system send SIGXCPU when a thread has kept a processor in real time for so long without waiting once.
///
/// # Errors
/// The system's.
pub(super) fn limit_realtime(us: u64) -> io::Result<()> {
    let mut limit = getrlimit(Resource::Rttime);
    let least = |was: Option<u64>| was.map_or(us, |was| was.min(us));
    limit.current = Some(least(limit.current));
    Ok(setrlimit(Resource::Rttime, limit)?)
}
