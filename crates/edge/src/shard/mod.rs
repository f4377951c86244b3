//! Shards: the threads that copy one programme to hundreds of thousands of sockets.
//!
//! A connection begins where all do, in [`crate::accept`]; once it is known to speak HTTP, and through TLS, its socket is handed to a
//! shard with nothing else left of it. There it asks: what is ready is answered at once, who asks for a stream is a listener from
//! then on, and whoever wants anything else goes home to the accept side. A shard has one thread, a descriptor table of its own where
//! the system allows it, and a dense array of listeners that it walks in slots of a tick, spread over the flush interval.
//!
//! | module | what |
//! |---|---|
//! | [`frames`] | a shard's own copy of a stream, framed to be sent |
//! | [`listener`] | one listener: a cursor, and what a visit does; no socket, no clock |
//! | [`wheel`] | whose turn it is |
//! | [`cohort`] | who is served otherwise from now on |
//! | [`client`] | one who asks |
//! | [`files`] | recordings, read without waiting for a disk |
//! | [`home`] | the way back to the accept side |
//! | [`socket`] | plain or TLS |
//! | [`table`] | descriptor tables, and sockets changing over |
//! | [`run`] | the thread |
//!
//! Shards are started when they are needed. One that panics takes its own listeners with it, who reconnect; the others
//! notice nothing.

mod client;
mod cohort;
mod files;
mod frames;
mod home;
mod listener;
mod run;
mod socket;
mod table;
mod wheel;

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use bytes::Bytes;
use rustls::ServerConnection;
use socket2::SockRef;
use stentor_core::admission::Rung;
use tokio::sync::mpsc;

use crate::accept::Permit;
use crate::edge::Edge;
use crate::limits::{AcceptLimits, SHARDS_MAX};
use crate::load::ShardGauge;
use crate::stream::Place;
use home::WayHome;
pub(crate) use home::{Homecomer, Papers};

/// Descriptors of a shard's table that are nobody's: standard ones, its inbox, the way home, its poll, and some to spare.
const TABLE_RESERVE: usize = 32 + files::FILES_MAX;

/// What a line of sockets may hold, bytes as the kernel counts them, which lowers it to `net.core.wmem_max`: some hundreds, which
/// come while a shard has to wait for its processor. Beyond: who sends tries again.
const LINE_BYTES: usize = 1024 * 1024;

/// Papers on their way to or from one shard: more than a line holds sockets, so that this is never what anybody waits for.
const PAPERS_MAX: usize = 4_096;

/// Somebody's papers: all but its socket.
pub(crate) struct Newcomer {
    pub(crate) tls: Option<Box<ServerConnection>>,
    pub(crate) permit: Permit,
    pub(crate) wants: Wants,
}

/// What somebody comes for.
pub(crate) enum Wants {
    /// A listener.
    Stream(Live),
    /// A client, who asks.
    Answers {
        peer: SocketAddr,
        /// Something was asked and answered on this connection.
        has_asked: bool,
    },
}

/// A listener's request, understood.
pub(crate) struct Live {
    /// Head of the HTTP answer.
    pub(crate) answer: Bytes,
    /// HTTP/1.1: the body is framed (RFC 9112 §7.1).
    pub(crate) chunked: bool,
    /// As on which rung it is served.
    pub(crate) rung: Rung,
    pub(crate) place: Place,
}

/// What a shard lets others see.
#[derive(Default)]
struct State {
    gauge: Arc<ShardGauge>,
    gone: AtomicBool,
    /// The thread is to panic at its next newcomer.
    #[cfg(test)]
    doomed: AtomicBool,
}

/// Says that a shard is gone, however its thread ends.
struct Leaving(Arc<State>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.gone.store(true, Ordering::Release);
    }
}

/// A running shard, from outside.
struct Handle {
    state: Arc<State>,
    /// Socket and papers go the same way in the same order: both under one lock.
    way: Mutex<(UnixStream, SyncSender<Newcomer>)>,
}

/// All shards of a port.
pub(crate) struct Shards {
    edge: Edge,
    limits: AcceptLimits,
    /// Where those go who want what no shard has.
    home: mpsc::Sender<Homecomer>,
    running: Mutex<Vec<Arc<Handle>>>,
    /// Started before any is used twice: one a processor.
    spread: usize,
    shards_max: usize,
    /// Sockets of one shard.
    capacity: usize,
}

impl Shards {
    pub(crate) fn new(
        edge: Edge,
        limits: AcceptLimits,
        descriptors: Option<usize>,
        home: mpsc::Sender<Homecomer>,
    ) -> Self {
        let spread = thread::available_parallelism().map_or(1, usize::from);
        Self {
            edge,
            limits,
            home,
            running: Mutex::default(),
            spread: spread.min(SHARDS_MAX),
            shards_max: SHARDS_MAX,
            capacity: capacity(descriptors),
        }
    }

    /// Hands somebody's socket over; the caller's own descriptor is to be dropped.
    ///
    /// # Errors
    /// With the papers: `WouldBlock` when the shard is behind (try again in a moment), else when there is no place left.
    pub(crate) fn hand(
        &self,
        socket: impl AsFd,
        newcomer: Newcomer,
    ) -> Result<(), (io::Error, Box<Newcomer>)> {
        let handle = match self.least_loaded() {
            Ok(handle) => handle,
            Err(error) => return Err((error, Box::new(newcomer))),
        };
        let way = handle.way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = table::send(&way.0, socket) {
            return Err((error, Box::new(newcomer)));
        }
        handle.state.gauge.sockets.fetch_add(1, Ordering::Relaxed);
        way.1
            .send(newcomer)
            .map_err(|lost| (io::Error::from(io::ErrorKind::BrokenPipe), Box::new(lost.0)))
    }

    fn running(&self) -> MutexGuard<'_, Vec<Arc<Handle>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn least_loaded(&self) -> io::Result<Arc<Handle>> {
        let mut running = self.running();
        running.retain(|handle| !handle.state.gone.load(Ordering::Acquire));
        let load = |handle: &Arc<Handle>| handle.state.gauge.sockets.load(Ordering::Relaxed);
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
                // Without the memory for one more, those that run take in whom they have room for.
                (Err(_), Some(handle)) if load(&handle) < self.capacity => Ok(handle),
                (Err(error), _) => Err(error),
            },
        }
    }

    fn start(&self, number: usize) -> io::Result<Handle> {
        let (ours, theirs) = line()?;
        let (back_theirs, back) = line()?;
        let (papers, inbox) = sync_channel(PAPERS_MAX);
        let (papers_back, outbox) = sync_channel(PAPERS_MAX);
        let (ready, is_ready) = channel();
        let state = Arc::new(State::default());
        self.edge.gauges().add_shard(&state.gauge);
        let (edge, shared, limits) = (self.edge.clone(), state.clone(), self.limits.clone());
        let numbers_there = [theirs.as_raw_fd(), back_theirs.as_raw_fd()];
        thread::Builder::new()
            .name(format!("shard-{number}"))
            .spawn(move || {
                let _leaving = Leaving(shared.clone());
                let own_table = table::leave_shared(&numbers_there);
                let way_home = WayHome::new(back_theirs, papers_back);
                let shard = run::Shard::new(edge, shared, theirs, inbox, way_home, limits);
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
            // The thread has its own copies of these; ours would only keep the lines open.
            numbers_there.into_iter().for_each(table::close);
        }
        if let Some(kind) = failed {
            return Err(kind.into());
        }
        let (edge, home) = (self.edge.clone(), self.home.clone());
        let (up, is_up) = channel();
        thread::Builder::new()
            .name(format!("home-{number}"))
            .spawn(move || {
                let _ = up.send(());
                home::bring(&edge, &back, &outbox, &home);
            })
            .map_err(no_room)?;
        // A thread that has not begun yet may still lack memory, and would end the process.
        is_up
            .recv()
            .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(Handle {
            state,
            way: Mutex::new((ours, papers)),
        })
    }
}

/// The system says of a thread it cannot start that it may be tried again; it would be, and in vain.
fn no_room(_: io::Error) -> io::Error {
    io::ErrorKind::OutOfMemory.into()
}

/// Through which sockets go one way: who sends, and who receives.
fn line() -> io::Result<(UnixStream, UnixStream)> {
    let (from, to) = UnixStream::pair()?;
    SockRef::from(&from).set_send_buffer_size(LINE_BYTES)?;
    Ok((from, to))
}

/// Sockets of others that one descriptor table holds.
pub(crate) fn capacity(descriptors: Option<usize>) -> usize {
    descriptors.map_or(usize::MAX, |n| n.saturating_sub(TABLE_RESERVE).max(n / 2))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::time::{Duration, Instant};

    use super::*;
    use crate::edge::EdgeConfig;
    use crate::stream::{Stream, StreamSpec};

    struct Scene {
        shards: Shards,
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
        let (home, _) = mpsc::channel(1);
        let mut shards = Shards::new(edge, AcceptLimits::default(), None, home);
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
            self.come(Wants::Stream(Live {
                answer: Bytes::from_static(b"a"),
                chunked: false,
                rung: Rung::REST,
                place: Place::take(self.stream.clone(), Rung::REST).unwrap(),
            }))
        }

        /// Somebody who asks for documents and chunks.
        fn browse(&self) -> TcpStream {
            let peer = "127.0.0.1:9".parse().unwrap();
            let has_asked = false;
            self.come(Wants::Answers { peer, has_asked }).unwrap()
        }

        fn come(&self, wants: Wants) -> Result<TcpStream, io::Error> {
            let client = TcpStream::connect(self.port.local_addr().unwrap()).unwrap();
            client
                .set_read_timeout(Some(Duration::from_secs(5)))
                .unwrap();
            let (server, _) = self.port.accept().unwrap();
            server.set_nonblocking(true).unwrap();
            let newcomer = Newcomer {
                tls: None,
                permit: Permit::for_test(),
                wants,
            };
            self.shards
                .hand(&server, newcomer)
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
        first.state.doomed.store(true, Ordering::Relaxed);
        // The least loaded is the first of equals: this newcomer goes there.
        let mut unlucky = scene.listen().unwrap();
        assert_eq!(unlucky.read(&mut [0]).unwrap_or(0), 0, "it was cut");
        until("the shard is gone", || {
            first.state.gone.load(Ordering::Acquire)
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
        first.state.doomed.store(true, Ordering::Relaxed);
        let mut unlucky = scene.browse();
        assert_eq!(asked(&mut unlucky), None, "it was cut");
        until("the shard is gone", || {
            first.state.gone.load(Ordering::Acquire)
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
            .map(|handle| handle.state.gauge.sockets.load(Ordering::Relaxed))
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
        let all = run::ENTRY_BYTES + slot;
        assert!(all <= 512, "{all} bytes");
    }
}
