//! What is asked of the system for each kind of thread, from what the system allows. A function of values, nothing else.

/// Of SCHED_RR, 1 to 99: above every thread that is not real-time, below what the kernel itself runs in real time (50 and more).
///
/// One for all threads with deadlines. Their queues are lock-free, and a receiver spins while a sender is between taking its place
/// and filling it: above that sender on the only processor, it would spin for ever. Equals do not preempt each other.
pub(super) const REALTIME_PRIORITY: u8 = 10;

/// Between threads with deadlines and those that serve, where nothing runs in real time: ten steps are ten times the share of a
/// processor that both want.
pub(super) const NICE_DISTANCE: i32 = 10;

/// The greatest nice value: least is served.
const NICE_MAX: i32 = 19;

/// What the system lets this process do with its threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rights {
    /// A thread may run in real time.
    pub(super) realtime: bool,
    /// Nice value the process was started with.
    pub(super) nice: i32,
    /// The least nice value that a thread may go down to, at most `nice`.
    pub(super) nice_min: i32,
}

/// How a thread is scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// SCHED_RR at [`REALTIME_PRIORITY`].
    Realtime,
    /// SCHED_OTHER with this nice value.
    Nice(i32),
}

/// How each kind of thread is scheduled. The threads that are neither (the stores', the ladder's, the log's) stay as the process was
/// started: they are late by milliseconds at worst, which costs nothing there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Threads with deadlines: the network of the speakers, and each room.
    pub(super) media: Level,
    /// Threads that serve whoever comes: tokio's, and the shards.
    pub(super) serving: Level,
}

impl Plan {
    /// Real time if that is allowed; else as far up as is allowed, and the others down by what is missing to
    /// [`NICE_DISTANCE`]. Down needs no right.
    pub(super) fn of(rights: Rights) -> Self {
        let nice = rights.nice;
        if rights.realtime {
            return Self {
                media: Level::Realtime,
                serving: Level::Nice(nice),
            };
        }
        let up = (nice - rights.nice_min).clamp(0, NICE_DISTANCE);
        let down = NICE_DISTANCE - up;
        Self {
            media: Level::Nice(nice - up),
            serving: Level::Nice((nice + down).min(NICE_MAX)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_follows_from_what_is_allowed() {
        use Level::{Nice, Realtime};
        // Real time, nice value at the start, least nice value: what has deadlines, what serves.
        let table = [
            // Root, or CAP_SYS_NICE.
            (true, 0, -20, Realtime, Nice(0)),
            // RLIMIT_RTPRIO alone.
            (true, 0, 0, Realtime, Nice(0)),
            // Started with `nice`: real time stands above it.
            (true, 5, 5, Realtime, Nice(5)),
            // Root, in a control group without real time.
            (false, 0, -20, Nice(-10), Nice(0)),
            // RLIMIT_NICE for half of it: the others make up the rest.
            (false, 0, -5, Nice(-5), Nice(5)),
            // No right at all.
            (false, 0, 0, Nice(0), Nice(10)),
            // Raised from outside.
            (false, -5, -5, Nice(-5), Nice(5)),
            // Lowered from outside: there is not more room below.
            (false, 15, 15, Nice(15), Nice(19)),
            (false, 19, 19, Nice(19), Nice(19)),
        ];
        for (realtime, nice, nice_min, media, serving) in table {
            let rights = Rights {
                realtime,
                nice,
                nice_min,
            };
            assert_eq!(Plan::of(rights), Plan { media, serving }, "{rights:?}");
        }
    }
}
