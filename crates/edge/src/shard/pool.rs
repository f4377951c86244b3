//! The pool of shards of one port: starts them, and hands connections to the one with the fewest sockets.

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use socket2::SockRef;
use tokio::sync::mpsc;

use super::files::FILES_MAX;
use super::handoff::{GoneGuard, Handoff, ShardStatus};
use super::returns::{ReturnChannel, Returned, forward_returned};
use super::run::Shard;
use super::table;
use crate::edge::Edge;
use crate::limits::{AcceptLimits, SHARDS_MAX};

/// Descriptors of a shard's table that are not connections: standard streams, both socket channels, the poller, open recordings, and
/// some to spare.
const TABLE_RESERVE: usize = 32 + FILES_MAX;

/// Send buffer of a socket channel, bytes as the kernel counts them (it lowers this to `net.core.wmem_max`): room for some hundred
/// sockets that arrive while the shard is not scheduled. Beyond: sending fails with `WouldBlock` and is tried again.
const SOCKET_CHANNEL_BYTES: usize = 1024 * 1024;

/// Handoffs on their way to, or returned states on their way from, one shard. More than a socket channel holds sockets, so that this
/// channel is never the one that is full.
const HANDOFFS_MAX: usize = 4_096;

/// A running shard, from outside.
struct ShardHandle {
    status: Arc<ShardStatus>,
    /// Socket and handoff must arrive in the same order: both are sent under one lock.
    channel: Mutex<(UnixStream, SyncSender<Handoff>)>,
}

/// All shards of a port.
pub(crate) struct ShardPool {
    edge: Edge,
    limits: AcceptLimits,
    /// Where clients go that a shard does not serve.
    returned: mpsc::Sender<Returned>,
    running: Mutex<Vec<Arc<ShardHandle>>>,
    /// Shards that are started before any of them is used for a second connection: one for each processor.
    spread: usize,
    shards_max: usize,
    /// Sockets that one shard may hold.
    capacity: usize,
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
            edge,
            limits,
            returned,
            running: Mutex::default(),
            spread: spread.min(SHARDS_MAX),
            shards_max: SHARDS_MAX,
            capacity: capacity(descriptors),
        }
    }

    /// Hands a connection to a shard. The caller's own descriptor stays open and is to be dropped.
    ///
    /// # Errors
    /// With the handoff: `WouldBlock` when the shard is behind (try again in a moment), another kind when no shard has room.
    pub(crate) fn hand_off(
        &self,
        socket: impl AsFd,
        handoff: Handoff,
    ) -> Result<(), (io::Error, Box<Handoff>)> {
        let handle = match self.least_loaded() {
            Ok(handle) => handle,
            Err(error) => return Err((error, Box::new(handoff))),
        };
        let channel = handle
            .channel
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = table::send(&channel.0, socket) {
            return Err((error, Box::new(handoff)));
        }
        handle.status.gauge.sockets.fetch_add(1, Ordering::Relaxed);
        channel
            .1
            .send(handoff)
            .map_err(|lost| (io::Error::from(io::ErrorKind::BrokenPipe), Box::new(lost.0)))
    }

    fn running(&self) -> MutexGuard<'_, Vec<Arc<ShardHandle>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn least_loaded(&self) -> io::Result<Arc<ShardHandle>> {
        let mut running = self.running();
        running.retain(|handle| !handle.status.gone.load(Ordering::Acquire));
        let load = |handle: &Arc<ShardHandle>| handle.status.gauge.sockets.load(Ordering::Relaxed);
        let least = running.iter().min_by_key(|handle| load(handle)).cloned();
        match least {
            Some(handle) if running.len() >= self.spread && load(&handle) < self.capacity => {
                Ok(handle)
            }
            Some(handle) if running.len() >= self.shards_max => {
                if load(&handle) < self.capacity {
                    Ok(handle)
                } else {
                    Err(io::ErrorKind::StorageFull.into())
                }
            }
            least => match (self.start(running.len()), least) {
                (Ok(handle), _) => {
                    let handle = Arc::new(handle);
                    running.push(handle.clone());
                    Ok(handle)
                }
                // Without the memory for another one, those that run take connections while they have room.
                (Err(_), Some(handle)) if load(&handle) < self.capacity => Ok(handle),
                (Err(error), _) => Err(error),
            },
        }
    }

    fn start(&self, number: usize) -> io::Result<ShardHandle> {
        let (ours, theirs) = socket_channel()?;
        let (back_theirs, back) = socket_channel()?;
        let (handoffs, inbox) = sync_channel(HANDOFFS_MAX);
        let (states_back, outbox) = sync_channel(HANDOFFS_MAX);
        let (ready, is_ready) = channel();
        let status = Arc::new(ShardStatus::default());
        self.edge.gauges().add_shard(&status.gauge);
        let (edge, shared, limits) = (self.edge.clone(), status.clone(), self.limits.clone());
        let numbers_there = [theirs.as_raw_fd(), back_theirs.as_raw_fd()];
        thread::Builder::new()
            .name(format!("shard-{number}"))
            .spawn(move || {
                let _gone = GoneGuard(shared.clone());
                let own_table = table::leave_shared(&numbers_there);
                let returns = ReturnChannel::new(back_theirs, states_back);
                let shard = Shard::new(edge, shared, theirs, inbox, returns, limits);
                let failed = shard.as_ref().err().map(io::Error::kind);
                if ready.send((own_table, failed)).is_ok()
                    && let Ok(shard) = shard
                {
                    shard.run();
                }
            })
            .map_err(no_room)?;
        let (own_table, failed) = is_ready
            .recv()
            .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        if own_table {
            // The thread has its own copies of these; ours would only keep the channels open.
            numbers_there.into_iter().for_each(table::close);
        }
        if let Some(kind) = failed {
            return Err(kind.into());
        }
        let (edge, returned) = (self.edge.clone(), self.returned.clone());
        let (up, is_up) = channel();
        thread::Builder::new()
            .name(format!("returns-{number}"))
            .spawn(move || {
                let _ = up.send(());
                forward_returned(&edge, &back, &outbox, &returned);
            })
            .map_err(no_room)?;
        // A thread that has not begun yet may still lack memory, and would end the process.
        is_up
            .recv()
            .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(ShardHandle {
            status,
            channel: Mutex::new((ours, handoffs)),
        })
    }
}

/// The system reports a thread that it cannot start as `WouldBlock`, which would be tried again, and in vain.
fn no_room(_: io::Error) -> io::Error {
    io::ErrorKind::OutOfMemory.into()
}

/// A pair of sockets through which descriptors are sent one way: the sender's end and the receiver's.
fn socket_channel() -> io::Result<(UnixStream, UnixStream)> {
    let (from, to) = UnixStream::pair()?;
    SockRef::from(&from).set_send_buffer_size(SOCKET_CHANNEL_BYTES)?;
    Ok((from, to))
}

/// Connections that one descriptor table holds.
pub(crate) fn capacity(descriptors: Option<usize>) -> usize {
    descriptors.map_or(usize::MAX, |n| n.saturating_sub(TABLE_RESERVE).max(n / 2))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::time::{Duration, Instant};

    use bytes::Bytes;
    use stentor_core::admission::Rung;

    use super::super::handoff::{LiveResponse, ServeAs};
    use super::super::run::ENTRY_BYTES;
    use super::*;
    use crate::accept::Permit;
    use crate::edge::EdgeConfig;
    use crate::stream::{Place, Stream, StreamSpec};

    struct Scene {
        shards: ShardPool,
        stream: Arc<Stream>,
        port: TcpListener,
        next: u64,
    }

    fn scene(capacity: usize) -> Scene {
        let edge = Edge::new(EdgeConfig::default());
        let stream = edge
            .open_stream(StreamSpec {
                path: "/e/demo/48".into(),
                live_name: Some("live.mp4".into()),
                chunk_ext: Some("m4s".into()),
                head_name: None,
                content_type: "audio/mp4".into(),
                chunk_ms: 10,
                flush_ms: 10,
                burst_ms: 20,
                ring_chunks: 1_000,
                listeners_max: 1_000,
            })
            .unwrap();
        stream.set_head(Bytes::from_static(b"h"));
        let (returned, _) = mpsc::channel(1);
        let mut shards = ShardPool::new(edge, AcceptLimits::default(), None, returned);
        (shards.spread, shards.shards_max, shards.capacity) = (2, 2, capacity);
        Scene {
            shards,
            stream,
            port: TcpListener::bind("127.0.0.1:0").unwrap(),
            next: 0,
        }
    }

    impl Scene {
        fn listen(&self) -> Result<TcpStream, io::Error> {
            self.come(ServeAs::Listener(LiveResponse {
                head: Bytes::from_static(b"a"),
                chunked: false,
                rung: Rung::REST,
                place: Place::take(self.stream.clone(), Rung::REST).unwrap(),
            }))
        }

        /// Somebody who asks for documents and chunks.
        fn browse(&self) -> TcpStream {
            let peer = "127.0.0.1:9".parse().unwrap();
            let kept_alive = false;
            self.come(ServeAs::Client { peer, kept_alive }).unwrap()
        }

        fn come(&self, serve_as: ServeAs) -> Result<TcpStream, io::Error> {
            let client = TcpStream::connect(self.port.local_addr().unwrap()).unwrap();
            client
                .set_read_timeout(Some(Duration::from_secs(5)))
                .unwrap();
            let (server, _) = self.port.accept().unwrap();
            server.set_nonblocking(true).unwrap();
            let handoff = Handoff {
                tls: None,
                permit: Permit::for_test(),
                serve_as,
            };
            self.shards
                .hand_off(&server, handoff)
                .map(|()| client)
                .map_err(|(error, _)| error)
        }

        fn publish(&mut self) {
            let byte = Bytes::from(vec![b'0' + (self.next % 10) as u8]);
            self.stream.publish(self.next, byte).unwrap();
            self.next += 1;
        }
    }

    fn heard(client: &mut TcpStream, bytes: usize) -> String {
        let mut space = vec![0; bytes];
        client.read_exact(&mut space).unwrap();
        String::from_utf8(space).unwrap()
    }

    /// The status with which the first chunk is answered; none where the connection is cut.
    fn asked(client: &mut TcpStream) -> Option<String> {
        let _ = client.write_all(b"GET /e/demo/48/0.m4s HTTP/1.1\r\nHost: h\r\n\r\n");
        let mut space = [0; 12];
        client.read_exact(&mut space).ok()?;
        Some(String::from_utf8(space.into()).unwrap())
    }

    fn until(what: &str, is_so: impl Fn() -> bool) {
        let began = Instant::now();
        while !is_so() {
            assert!(began.elapsed() < Duration::from_secs(10), "never: {what}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn a_shard_that_panics_takes_only_its_own_listeners_and_another_takes_its_place() {
        let mut scene = scene(100);
        let mut clients: Vec<TcpStream> = (0..2).map(|_| scene.listen().unwrap()).collect();
        scene.publish();
        for client in &mut clients {
            assert_eq!(heard(client, 3), "ah0");
        }
        let first = scene.shards.running()[0].clone();
        first.status.panics_next.store(true, Ordering::Relaxed);
        // The least loaded is the first of equals: this connection goes there.
        let mut unlucky = scene.listen().unwrap();
        assert_eq!(unlucky.read(&mut [0]).unwrap_or(0), 0, "it was cut");
        until("the shard is gone", || {
            first.status.gone.load(Ordering::Acquire)
        });
        assert_eq!(clients[0].read(&mut [0]).unwrap_or(0), 0, "so was this one");
        scene.publish();
        assert_eq!(heard(&mut clients[1], 1), "1", "the other notices nothing");
        until("they are counted", || scene.stream.listeners() == 1);
        let mut again = scene.listen().unwrap();
        assert_eq!(heard(&mut again, 4), "ah01");
        assert_eq!(scene.shards.running().len(), 2);
    }

    #[test]
    fn a_shard_that_panics_cuts_its_clients_who_are_answered_when_they_come_again() {
        let mut scene = scene(100);
        scene.publish();
        let mut clients: Vec<TcpStream> = (0..2).map(|_| scene.browse()).collect();
        let first = scene.shards.running()[0].clone();
        first.status.panics_next.store(true, Ordering::Relaxed);
        let mut unlucky = scene.browse();
        assert_eq!(asked(&mut unlucky), None, "it was cut");
        until("the shard is gone", || {
            first.status.gone.load(Ordering::Acquire)
        });
        assert_eq!(asked(&mut clients[0]), None, "so was this one");
        let answered = Some("HTTP/1.1 200".to_owned());
        assert_eq!(asked(&mut clients[1]), answered, "this notices nothing");
        assert_eq!(asked(&mut scene.browse()), answered, "it came again");
        assert_eq!(scene.shards.running().len(), 2);
    }

    #[test]
    fn shards_share_the_listeners_and_say_when_they_are_full() {
        let scene = scene(3);
        let clients: Vec<TcpStream> = (0..6).map(|_| scene.listen().unwrap()).collect();
        let loads: Vec<usize> = scene
            .shards
            .running()
            .iter()
            .map(|handle| handle.status.gauge.sockets.load(Ordering::Relaxed))
            .collect();
        assert_eq!(loads, [3, 3]);
        assert_eq!(
            scene.listen().err().map(|error| error.kind()),
            Some(io::ErrorKind::StorageFull)
        );
        drop(clients);
        until("there is room", || scene.listen().is_ok());
    }

    #[test]
    fn a_listener_that_talks_is_not_heard_and_one_that_goes_is_forgotten() {
        let mut scene = scene(100);
        let mut talker = scene.listen().unwrap();
        talker.write_all(&[b'x'; 10_000]).unwrap();
        scene.publish();
        assert_eq!(heard(&mut talker, 3), "ah0");
        drop(talker);
        until("it is forgotten", || scene.stream.listeners() == 0);
    }

    /// What a shard itself holds of a listener on a plain socket, the head of its answer being gone by then.
    #[test]
    fn a_plain_listener_costs_less_than_half_a_kilobyte() {
        let slot = size_of::<u32>() * 2;
        let all = ENTRY_BYTES + slot;
        assert!(all <= 512, "{all} bytes");
    }
}
