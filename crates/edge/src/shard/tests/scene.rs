//! A whole shard whose time the test moves, and players that hear it.

use std::io::{ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use bytes::Bytes;
use stentor_core::admission::Rung;

use super::super::handoff::{Handoff, LiveResponse, ServeAs, ShardStatus};
use super::super::returns::ReturnChannel;
use super::super::run::Shard;
use crate::edge::{Edge, EdgeConfig};
use crate::family::CadenceEncoder;
use crate::gate::Permit;
use crate::limits::AcceptLimits;
use crate::stream::{Stream, StreamSpec};
use crate::testing::{spec, subscribe};

/// Between two looks at the shard, ms.
pub(super) const STEP_MS: u64 = 10;

/// A shard, and a programme in three renditions of which each chunk is `rendition@begins_ms;`.
pub(super) struct Scene {
    pub(super) edge: Edge,
    pub(super) shard: Shard,
    pub(super) streams: Vec<Arc<Stream>>,
    pub(super) published_ms: u64,
    port: TcpListener,
}

/// A scene in which a cadence is announced as `rung@number;`, with a `!` when the server leaves.
pub(super) fn scene() -> Scene {
    scene_with(Some(|change, _| {
        let leaves = if change.leaves_in_ms.is_some() {
            "!"
        } else {
            ""
        };
        Bytes::from(format!("rung@{}{leaves};", change.rung.number()))
    }))
}

pub(super) fn scene_without_announcements() -> Scene {
    scene_with(None)
}

fn scene_with(word: Option<CadenceEncoder>) -> Scene {
    let edge = Edge::new(EdgeConfig {
        cadence_encoder: word,
        ..EdgeConfig::default()
    });
    let streams: Vec<_> = [("48", 200), ("24", 400), ("12", 1_200)]
        .map(|(name, chunk_ms)| {
            let spec = StreamSpec {
                path: format!("/e/demo/{name}"),
                chunk_ms,
                burst_ms: if name == "12" { 1_700 } else { 600 },
                ring_chunks: 30_000 / chunk_ms as usize,
                ..spec()
            };
            let stream = edge.open_stream(spec).unwrap();
            stream.set_head(Bytes::new());
            stream
        })
        .into();
    edge.make_family(&streams, true);
    let (_, inbox) = UnixStream::pair().unwrap();
    let (_, handoffs) = sync_channel(1);
    let (sockets, _) = UnixStream::pair().unwrap();
    let (return_states, _) = sync_channel(1);
    let returns = ReturnChannel::new(sockets, return_states);
    let limits = AcceptLimits::default();
    let status = Arc::new(ShardStatus::default());
    let mut shard = Shard::new(edge.clone(), status, inbox, handoffs, returns, limits).unwrap();
    shard.cx.clock.stop();
    Scene {
        shard,
        edge,
        streams,
        published_ms: 0,
        port: TcpListener::bind("127.0.0.1:0").unwrap(),
    }
}

impl Scene {
    /// Lets time pass: what is due is published and sent.
    pub(super) fn pass(&mut self, ms: u64, players: &mut [Player]) {
        for _ in 0..ms / STEP_MS {
            let now_ms = self.publish_due();
            self.shard.listeners.flush_due(&self.shard.cx);
            players.iter_mut().for_each(|player| player.hear(now_ms));
        }
    }

    /// The same; returns how often memory was asked for by what was sent, and not by what was published.
    pub(super) fn allocations_of_sends(&mut self, ms: u64, players: &mut [Player]) -> u64 {
        let mut allocations = 0;
        for _ in 0..ms / STEP_MS {
            let now_ms = self.publish_due();
            let Shard { listeners, cx, .. } = &mut self.shard;
            let synced = listeners.sync_all(cx);
            let sent = allocation_counter::measure(|| listeners.flush_synced(cx, &synced));
            allocations += sent.count_total;
            players.iter_mut().for_each(|player| player.hear(now_ms));
        }
        allocations
    }

    fn publish_due(&mut self) -> u64 {
        self.shard.cx.clock.advance(STEP_MS);
        let now_ms = self.shard.cx.clock.now_ms();
        while self.published_ms + 200 <= now_ms {
            self.published_ms += 200;
            for stream in &self.streams {
                let chunk_ms = u64::from(stream.spec().chunk_ms);
                if !self.published_ms.is_multiple_of(chunk_ms) {
                    continue;
                }
                let sequence = self.published_ms / chunk_ms - 1;
                let name = stream.spec().path.rsplit('/').next().unwrap();
                let text = format!("{name}@{};", sequence * chunk_ms);
                stream.publish(sequence, Bytes::from(text)).unwrap();
            }
        }
        now_ms
    }

    /// A listener who joins at today's rung.
    pub(super) fn handoff(&self) -> Handoff {
        let rung = self.edge.rungs().joins;
        Handoff {
            tls: None,
            permit: Permit::for_test(),
            serve_as: ServeAs::Listener(LiveResponse {
                head: Bytes::new(),
                chunked: false,
                rung,
                subscription: subscribe(&self.edge, &self.streams[0].spec().path, rung),
            }),
        }
    }

    /// A player of which the shard has the other end.
    pub(super) fn listen(&mut self) -> Player {
        let socket = TcpStream::connect(self.port.local_addr().unwrap()).unwrap();
        socket.set_nonblocking(true).unwrap();
        let (server, _) = self.port.accept().unwrap();
        server.set_nonblocking(true).unwrap();
        let handoff = self.handoff();
        self.shard.take(Some(server.into()), handoff);
        Player::new(socket)
    }

    /// A crowd that joined a rendition at a rung and is not there.
    pub(super) fn crowd(&mut self, rendition: usize, rung: Rung, listeners: usize) {
        let Shard {
            listeners: all, cx, ..
        } = &mut self.shard;
        all.insert_absent(cx, &self.streams[rendition], rung, listeners);
    }
}

/// A page: it plays what comes, 4 % slower while its buffer is too small, 4 % faster while it is too large.
pub(super) struct Player {
    socket: TcpStream,
    text: String,
    /// The buffer that its cadence needs, ms.
    wants_ms: f64,
    /// Renditions in the order in which they came, each once in a row, with when the first chunk began.
    pub(super) heard: Vec<(String, u64)>,
    /// When the first chunk of each of these came.
    pub(super) moved_ms: Vec<u64>,
    /// The rungs that were announced, with when.
    pub(super) told: Vec<(u64, String)>,
    /// Where the next chunk must begin.
    pub(super) ends_ms: Option<u64>,
    /// Its buffer, ms, how fast it plays, and the smallest buffer it ever had.
    pub(super) holds_ms: f64,
    rate: f64,
    came_ms: u64,
    at_ms: u64,
    pub(super) lowest_ms: f64,
}

impl Player {
    fn new(socket: TcpStream) -> Self {
        Self {
            socket,
            text: String::new(),
            wants_ms: Rung::REST.burst_ms().into(),
            heard: Vec::new(),
            moved_ms: Vec::new(),
            told: Vec::new(),
            ends_ms: None,
            holds_ms: 0.0,
            rate: 1.0,
            came_ms: 0,
            at_ms: 0,
            lowest_ms: f64::MAX,
        }
    }

    fn hear(&mut self, now_ms: u64) {
        if self.ends_ms.is_some() {
            self.holds_ms -= (now_ms - self.at_ms) as f64 * self.rate;
            self.lowest_ms = self.lowest_ms.min(self.holds_ms);
        }
        self.at_ms = now_ms;
        let mut space = [0; 4_096];
        match self.socket.read(&mut space) {
            Ok(0) => panic!("it was cut"),
            Ok(count) => self.text += std::str::from_utf8(&space[..count]).unwrap(),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        while let Some((one, rest)) = self.text.split_once(';') {
            let (name, number) = one.split_once('@').unwrap();
            let (name, number) = (name.to_owned(), number.to_owned());
            self.text = rest.to_owned();
            self.take(name, &number, now_ms);
        }
        let over = self.holds_ms + (now_ms - self.came_ms).min(10_000) as f64 - self.wants_ms;
        self.rate = match over {
            over if over < -50.0 => 0.96,
            over if over > 50.0 => 1.04,
            _ => 1.0,
        };
    }

    fn take(&mut self, name: String, number: &str, now_ms: u64) {
        if name == "rung" {
            let digits = number.trim_end_matches('!');
            let rung = Rung::new(digits.parse().unwrap()).unwrap();
            self.wants_ms = rung.burst_ms().into();
            return self.told.push((now_ms, number.to_owned()));
        }
        let begins_ms: u64 = number.parse().unwrap();
        let lasts_ms = match name.as_str() {
            "48" => 200,
            "24" => 400,
            _ => 1_200,
        };
        assert_eq!(
            begins_ms,
            self.ends_ms.unwrap_or(begins_ms),
            "a gap or a repetition"
        );
        self.ends_ms = Some(begins_ms + lasts_ms);
        self.holds_ms += lasts_ms as f64;
        self.came_ms = now_ms;
        if self.heard.last().is_none_or(|(last, _)| *last != name) {
            self.heard.push((name, begins_ms));
            self.moved_ms.push(now_ms);
        }
    }

    pub(super) fn renditions(&self) -> Vec<&str> {
        self.heard.iter().map(|(name, _)| name.as_str()).collect()
    }

    pub(super) fn rungs(&self) -> Vec<&str> {
        self.told.iter().map(|(_, rung)| rung.as_str()).collect()
    }
}
