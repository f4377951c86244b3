//! The pool of shards of one port: hands connections to the shard with the fewest sockets, and starts shards when they are needed.
//!
//! Nothing here waits: a shard is started by a thread of its own, which then waits for what that shard returns. Whoever finds no shard
//! that has room while one is being started is told so, and waits for [`ShardPool::changed`].

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use socket2::SockRef;
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, mpsc};

use super::backoff::StartBackoff;
use super::fd_table;
use super::handoff::{GoneGuard, Handoff, ShardStatus};
use super::returns::{ReturnChannel, ReturnState, Returned, forward_returned};
use super::run::Shard;
use super::table_bound::TableBound;
use crate::counters::add;
use crate::edge::Edge;
use crate::gate::descriptors::shard_capacity;
use crate::limits::{AcceptLimits, SHARDS_MAX};

/// Send buffer of a socket channel, bytes as the kernel counts them (it lowers this to `net.core.wmem_max`): room for some hundred
/// sockets that arrive while the shard is not scheduled. Beyond: [`HandoffError::Behind`].
const SOCKET_CHANNEL_BYTES: usize = 1024 * 1024;

/// Handoffs on their way to, or returned states on their way from, one shard. More than a socket channel holds sockets, so that this
/// channel is never the one that is full.
const HANDOFFS_MAX: usize = 4_096;

/// Why a connection was not handed over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandoffError {
    /// No shard has room yet: wait for [`ShardPool::changed`].
    #[error("no shard has room, and one is being started")]
    Starting,
    /// Try again in a moment.
    #[error("the shard is behind and its channel is full")]
    Behind,
    /// Try again in a moment: another shard takes its place.
    #[error("the shard has just ended")]
    Gone,
    /// The descriptors of all shards are in use.
    #[error(
        "all {shards} shards have {sockets_max} sockets each, which is what their descriptors allow"
    )]
    Full { shards: usize, sockets_max: usize },
    /// The system gave no thread, descriptors or memory for one.
    #[error(
        "no shard has room, and none could be started; the next try is in {retry_ms} ms at the earliest"
    )]
    NotStarted { retry_ms: u64 },
    /// The system did not send the socket.
    #[error("cannot send a socket to a shard: {0}")]
    Send(#[from] io::Error),
}

/// A connection that was not handed over.
pub(crate) struct Rejected {
    pub(crate) error: HandoffError,
    pub(crate) handoff: Box<Handoff>,
}

/// A running shard, from outside.
struct ShardHandle {
    status: Arc<ShardStatus>,
    /// Socket and handoff must arrive in the same order: both are sent under one lock.
    channel: Mutex<HandoffChannel>,
}

struct HandoffChannel {
    sockets: TableBound<UnixStream>,
    handoffs: SyncSender<Handoff>,
}

/// All shards of a port.
pub(crate) struct ShardPool {
    pool: Arc<Pool>,
}

struct Pool {
    edge: Edge,
    limits: AcceptLimits,
    /// Where clients go that a shard does not serve.
    returned: mpsc::Sender<Returned>,
    shards: Mutex<Shards>,
    /// A start has succeeded or failed.
    changed: Notify,
    /// Shards that are started as soon as a connection comes that would share one: one for each processor.
    spread: usize,
    shards_max: usize,
    /// Sockets that one shard may have.
    sockets_max: usize,
    /// Runs before a shard is started, and fails the start if it fails.
    #[cfg(test)]
    before_start: fn() -> io::Result<()>,
}

#[derive(Default)]
struct Shards {
    running: Vec<Arc<ShardHandle>>,
    /// One is being started.
    starting: bool,
    backoff: StartBackoff,
}

impl ShardPool {
    pub(crate) fn new(
        edge: Edge,
        limits: AcceptLimits,
        descriptors: Option<usize>,
        returned: mpsc::Sender<Returned>,
    ) -> Self {
        let spread = thread::available_parallelism().map_or(1, usize::from);
        Self {
            pool: Arc::new(Pool {
                edge,
                limits,
                returned,
                shards: Mutex::default(),
                changed: Notify::new(),
                spread: spread.min(SHARDS_MAX),
                shards_max: SHARDS_MAX,
                sockets_max: shard_capacity(descriptors),
                #[cfg(test)]
                before_start: || Ok(()),
            }),
        }
    }

    /// Hands a connection to a shard, without waiting. The caller's own descriptor stays open and is to be dropped.
    ///
    /// # Errors
    /// With the handoff, and why.
    pub(crate) fn hand_off(&self, socket: impl AsFd, handoff: Handoff) -> Result<(), Rejected> {
        let handle = match self.pool.least_loaded() {
            Ok(handle) => handle,
            Err(error) => return Err(Rejected::new(error, handoff)),
        };
        handle.send(socket, handoff)
    }

    /// Completes when a start that is now under way has succeeded or failed. To be made before [`Self::hand_off`], so that none is missed.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.pool.changed.notified()
    }
}

impl Rejected {
    pub(crate) fn new(error: HandoffError, handoff: Handoff) -> Self {
        Self {
            error,
            handoff: Box::new(handoff),
        }
    }
}

impl ShardHandle {
    fn sockets(&self) -> usize {
        self.status.gauge.sockets.load(Ordering::Relaxed)
    }

    fn send(&self, socket: impl AsFd, handoff: Handoff) -> Result<(), Rejected> {
        let channel = self.channel.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = fd_table::send(&*channel.sockets, socket) {
            let error = match error.kind() {
                io::ErrorKind::WouldBlock => HandoffError::Behind,
                io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => HandoffError::Gone,
                _ => HandoffError::Send(error),
            };
            return Err(Rejected::new(error, handoff));
        }
        self.status.gauge.sockets.fetch_add(1, Ordering::Relaxed);
        // There is more room for handoffs than for sockets: if this fails, the shard is gone and the socket with it.
        channel.handoffs.try_send(handoff).map_err(|lost| {
            let (TrySendError::Full(handoff) | TrySendError::Disconnected(handoff)) = lost;
            Rejected::new(HandoffError::Gone, handoff)
        })
    }
}

impl Pool {
    fn shards(&self) -> MutexGuard<'_, Shards> {
        self.shards.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The shard with the fewest sockets, if it has room. Has another one started where there are too few; nobody waits for it whom a
    /// running one can take.
    fn least_loaded(self: &Arc<Self>) -> Result<Arc<ShardHandle>, HandoffError> {
        let mut shards = self.shards();
        let gone = |handle: &ShardHandle| handle.status.gone.load(Ordering::Acquire);
        shards.running.retain(|handle| !gone(handle));
        let least = shards
            .running
            .iter()
            .min_by_key(|handle| handle.sockets())
            .filter(|handle| handle.sockets() < self.sockets_max)
            .cloned();
        let running = shards.running.len();
        if (least.is_none() || running < self.spread) && running < self.shards_max {
            self.start_one(&mut shards, Instant::now());
        }
        match least {
            Some(handle) => Ok(handle),
            None if shards.starting => Err(HandoffError::Starting),
            None if running >= self.shards_max => Err(HandoffError::Full {
                shards: running,
                sockets_max: self.sockets_max,
            }),
            None => Err(HandoffError::NotStarted {
                retry_ms: shards.backoff.wait_ms(Instant::now()),
            }),
        }
    }

    /// Has a thread start a shard, unless one is at it, or has failed a moment ago.
    fn start_one(self: &Arc<Self>, shards: &mut Shards, now: Instant) {
        if shards.starting || !shards.backoff.allows(now) {
            return;
        }
        let number = shards.running.len();
        let pool = self.clone();
        let starter = thread::Builder::new().name(format!("returns-{number}"));
        match starter.spawn(move || start_and_forward(pool, number)) {
            Ok(_) => shards.starting = true,
            Err(error) => self.count_failure(shards, &error, now),
        }
    }

    fn count_failure(&self, shards: &mut Shards, error: &io::Error, now: Instant) {
        add(&self.edge.count().shard_start_failures, 1);
        shards.backoff.failed(now);
        let retry_ms = shards.backoff.wait_ms(now);
        tracing::warn!(%error, retry_ms, "cannot start a shard");
    }

    /// Starts a shard on a thread of the process' descriptor table. Blocks until it runs.
    fn start(&self, number: usize) -> io::Result<Started> {
        #[cfg(test)]
        (self.before_start)()?;
        let (ours, theirs) = socket_channel()?;
        let (back_theirs, back) = socket_channel()?;
        let (handoffs, handoffs_there) = sync_channel(HANDOFFS_MAX);
        let (states_there, states) = sync_channel(HANDOFFS_MAX);
        let (ready, is_ready) = channel();
        let status = Arc::new(ShardStatus::default());
        self.edge.gauges().add_shard(&status.gauge);
        let (edge, shared, limits) = (self.edge.clone(), status.clone(), self.limits.clone());
        let numbers_there = [theirs.as_raw_fd(), back_theirs.as_raw_fd()];
        thread::Builder::new()
            .name(format!("shard-{number}"))
            .spawn(move || {
                edge.thread_started();
                let _gone = GoneGuard(shared.clone());
                let own_table = fd_table::leave_shared(&numbers_there);
                let returns = ReturnChannel::new(back_theirs, states_there);
                let shard = Shard::new(edge, shared, theirs, handoffs_there, returns, limits);
                let failed = shard.as_ref().err().map(io::Error::kind);
                if ready.send((own_table, failed)).is_ok()
                    && let Ok(shard) = shard
                {
                    shard.run();
                }
            })?;
        let (own_table, failed) = is_ready
            .recv()
            .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        if own_table {
            // The shard's thread has these in its own table; here they would only keep the channels open.
            numbers_there.into_iter().for_each(fd_table::close);
        }
        if let Some(kind) = failed {
            return Err(kind.into());
        }
        Ok(Started {
            handle: ShardHandle {
                status,
                channel: Mutex::new(HandoffChannel {
                    sockets: TableBound::new(ours),
                    handoffs,
                }),
            },
            returned_sockets: TableBound::new(back),
            returned_states: states,
        })
    }
}

/// A shard that runs, and the accept side's end of its way back.
struct Started {
    handle: ShardHandle,
    returned_sockets: TableBound<UnixStream>,
    returned_states: Receiver<ReturnState>,
}

/// Starts a shard, and then waits for what it returns until it is gone. It is one thread for both because only this side's descriptor
/// table can receive what comes back, and because a thread that runs already cannot fail for lack of memory later.
fn start_and_forward(pool: Arc<Pool>, number: usize) {
    pool.edge.thread_started();
    let announce = AnnounceOnDrop(&pool);
    let started = pool.start(number);
    let (edge, returned) = (pool.edge.clone(), pool.returned.clone());
    let way_back = match started {
        Ok(started) => {
            let mut shards = pool.shards();
            shards.running.push(Arc::new(started.handle));
            shards.backoff.succeeded();
            Some((started.returned_sockets, started.returned_states))
        }
        Err(error) => {
            pool.count_failure(&mut pool.shards(), &error, Instant::now());
            None
        }
    };
    drop(announce);
    // A pool that is held here would keep the shard, and this thread, for ever.
    drop(pool);
    if let Some((sockets, states)) = way_back {
        forward_returned(&edge, &sockets, &states, &returned);
    }
}

/// Says that a start is over, also when its thread panics.
struct AnnounceOnDrop<'a>(&'a Pool);

impl Drop for AnnounceOnDrop<'_> {
    fn drop(&mut self) {
        self.0.shards().starting = false;
        self.0.changed.notify_waiters();
    }
}

/// A pair of sockets through which descriptors are sent one way: the sender's end and the receiver's.
fn socket_channel() -> io::Result<(UnixStream, UnixStream)> {
    let (from, to) = UnixStream::pair()?;
    SockRef::from(&from).set_send_buffer_size(SOCKET_CHANNEL_BYTES)?;
    Ok((from, to))
}

#[cfg(test)]
impl ShardPool {
    /// With at most so many shards, all of them wanted at once, of so many sockets each.
    pub(super) fn limited(
        mut self,
        shards: usize,
        sockets_max: usize,
        before_start: fn() -> io::Result<()>,
    ) -> Self {
        let pool = Arc::get_mut(&mut self.pool).unwrap();
        (pool.spread, pool.shards_max) = (shards, shards);
        (pool.sockets_max, pool.before_start) = (sockets_max, before_start);
        self
    }

    /// Of those that run, in the order in which they were started.
    pub(super) fn statuses(&self) -> Vec<Arc<ShardStatus>> {
        let shards = self.pool.shards();
        let running = shards.running.iter();
        running.map(|handle| handle.status.clone()).collect()
    }
}
