//! What the machine allows: descriptors, ports, processors. The herd reads it before it begins and says what is
//! too small, instead of failing at the twenty-thousandth listener.

use std::sync::LazyLock;

use nix::sched::{CloneFlags, CpuSet, sched_setaffinity, unshare};
use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use nix::unistd::Pid;

/// Descriptors kept back in each table for what is not a listener: standard streams, epoll, a few more.
pub const DESCRIPTORS_RESERVED: usize = 64;

/// Raises the limit of descriptors to what the process may have, once, and returns how many sockets fit into one descriptor table.
#[must_use]
pub fn sockets_per_table() -> usize {
    static LIMIT: LazyLock<usize> = LazyLock::new(|| {
        let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
            return 1_024 - DESCRIPTORS_RESERVED;
        };
        let limit = match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
            Ok(()) => hard,
            Err(_) => soft,
        };
        (limit as usize).saturating_sub(DESCRIPTORS_RESERVED)
    });
    *LIMIT
}

/// Ports that the kernel gives to connections which do not ask for one, per source address.
#[must_use]
pub fn ports_per_address() -> usize {
    /// Linux's default, 32768 to 60999.
    const DEFAULT: usize = 28_232;
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
    let ports = |text: &str| {
        let (first, last) = text.trim().split_once(char::is_whitespace)?;
        let (first, last): (usize, usize) = (first.parse().ok()?, last.trim().parse().ok()?);
        last.checked_sub(first).map(|count| count + 1)
    };
    range.ok().as_deref().and_then(ports).unwrap_or(DEFAULT)
}

/// Gives the calling thread a descriptor table of its own, with a copy of what was open. Call it before the process opens
/// any socket: a copy would keep it open.
///
/// # Errors
/// [`MachineError::Table`].
pub fn own_table() -> Result<(), MachineError> {
    unshare(CloneFlags::CLONE_FILES).map_err(MachineError::Table)
}

/// Keeps the calling thread on these processors; none means all.
///
/// # Errors
/// [`MachineError::Pin`] if there are no such processors.
pub fn pin(cpus: &[usize]) -> Result<(), MachineError> {
    if cpus.is_empty() {
        return Ok(());
    }
    let mut set = CpuSet::new();
    cpus.iter()
        .try_for_each(|&cpu| set.set(cpu))
        .and_then(|()| sched_setaffinity(Pid::from_raw(0), &set))
        .map_err(|reason| MachineError::Pin {
            cpus: cpus.to_vec(),
            reason,
        })
}

/// Processor time of the calling thread so far, its own and the kernel's for it, in microseconds.
#[must_use]
pub fn thread_cpu_us() -> u64 {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_THREAD) else {
        return 0;
    };
    let us =
        |time: nix::sys::time::TimeVal| time.tv_sec() as u64 * 1_000_000 + time.tv_usec() as u64;
    us(usage.user_time()) + us(usage.system_time())
}

/// The machine does not allow what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MachineError {
    /// A thread cannot have a descriptor table of its own.
    #[error("a thread cannot have a descriptor table of its own: {}", .0.desc())]
    Table(nix::errno::Errno),
    /// A thread cannot be kept on these processors.
    #[error("threads cannot be kept on the processors {cpus:?}: {}", .reason.desc())]
    Pin {
        /// Their numbers.
        cpus: Vec<usize>,
        /// What the kernel says.
        reason: nix::errno::Errno,
    },
}
