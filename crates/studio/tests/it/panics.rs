//! One peer's panic removes that peer and nobody else.

use std::cell::Cell;
use std::time::{Duration, Instant};

use stentor_core::SessionId;
use stentor_core::stage::SessionKind;
use stentor_studio::limits::{CLOSE_TIME, PEERS_MAX, PEERS_STAFF, SILENT_TIME};
use stentor_studio::net::peers::{Peers, PeersOutput};
use stentor_studio::peer::{
    Datagram, DisconnectReason, Output, Peer, PeerEvent, ReturnPacket, Transport,
};
use stentor_studio::room::engine::Engine;
use stentor_studio::room::output::EngineOutput;
use stentor_studio::room::tick::TickTiming;
use stentor_studio::sdpfrag::SdpFrag;
use stentor_studio::{PatchError, SdpFault, StudioFault};

use crate::conversation::{is_over, pair};
use crate::netem::LinkConfig;
use crate::world::{World, addr, expected};

/// Panics in the call it is told to.
struct Faulty {
    at: &'static str,
    polls: Cell<u32>,
    now: Instant,
}

impl Faulty {
    fn new(at: &'static str, now: Instant) -> Self {
        let polls = Cell::new(0);
        Self { at, polls, now }
    }

    fn call(&self, name: &str) {
        assert!(self.at != name, "injected into {name}");
    }
}

impl Peer for Faulty {
    fn ufrag(&self) -> String {
        self.call("ufrag");
        "faulty".to_owned()
    }
    fn authenticates(&self, _: Instant, _: Datagram<'_>) -> bool {
        self.call("authenticates");
        true
    }
    fn handle_datagram(&mut self, _: Instant, _: Datagram<'_>) {
        self.call("handle_datagram");
    }
    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        self.call("handle_timeout");
    }
    fn send(&mut self, _: Instant, _: &ReturnPacket) {
        self.call("send");
    }
    fn is_restart(&self, fragment: &SdpFrag) -> bool {
        self.call("is_restart");
        fragment.ice_ufrag.is_some()
    }
    fn restart_ice(&mut self, _: Instant, _: &SdpFrag) -> Result<SdpFrag, SdpFault> {
        self.call("restart_ice");
        Ok(SdpFrag::default())
    }
    fn close(&mut self, _: Instant) {
        self.call("close");
    }
    fn poll(&mut self) -> Output {
        self.polls.set(self.polls.get() + 1);
        if self.at == "endless" {
            return Output::Event(PeerEvent::Connected);
        }
        if self.polls.get() == 1 {
            return Output::Event(PeerEvent::Connected);
        }
        Output::Timeout(self.now + Duration::from_secs(1))
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        if self.at == "drop" {
            panic!("injected into drop");
        }
    }
}

/// A binding request for the faulty peer.
fn request() -> Vec<u8> {
    let mut bytes = vec![0, 1, 0, 16, 0x21, 0x12, 0xa4, 0x42];
    bytes.extend([7; 12]);
    bytes.extend([0, 6, 0, 9]);
    bytes.extend(b"faulty:me\0\0\0");
    bytes
}

#[test]
fn a_panic_anywhere_in_a_peer_removes_it_and_says_so() {
    for at in [
        "authenticates",
        "handle_datagram",
        "send",
        "is_restart",
        "restart_ice",
        "close",
        "endless",
    ] {
        let now = Instant::now();
        let mut peers = Peers::new(now);
        let key = World::key(SessionId(1));
        peers
            .insert(now, key, Box::new(Faulty::new(at, now)), true)
            .unwrap();
        let bytes = request();
        let datagram = Datagram {
            transport: Transport::Udp,
            source: addr("203.0.113.1:1"),
            destination: addr("192.0.2.1:1"),
            bytes: &bytes,
        };
        peers.handle_datagram(now, datagram);
        let packet = ReturnPacket {
            timestamp: 0,
            bytes: bytes::Bytes::new(),
        };
        peers.send(now, key, &packet);
        let candidates = SdpFrag::parse("a=end-of-candidates").unwrap();
        let _ = peers.patch(now, key, &candidates);
        let credentials =
            SdpFrag::parse("a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv").unwrap();
        let patched = peers.patch(now, key, &credentials);
        if at == "restart_ice" {
            assert_eq!(patched, Err(PatchError::Ours(StudioFault::Panicked)));
        }
        peers.close(now, key, DisconnectReason::Requested);
        let outputs: Vec<_> = std::iter::from_fn(|| peers.poll()).collect();
        let last = outputs.last().unwrap();
        assert_eq!(
            *last,
            PeersOutput::Event(key, PeerEvent::Closed(DisconnectReason::Panicked)),
            "{at}"
        );
        assert!(peers.is_empty(), "{at}");
        assert!(!peers.knows(Transport::Udp, addr("203.0.113.1:1")), "{at}");
        assert_eq!(peers.counters().panics, 1, "{at}");
    }
}

#[test]
fn a_panic_in_drop_is_contained() {
    let now = Instant::now();
    let mut peers = Peers::new(now);
    let key = World::key(SessionId(1));
    peers
        .insert(now, key, Box::new(Faulty::new("drop", now)), true)
        .unwrap();
    peers.handle_timeout(now + SILENT_TIME);
    peers.handle_timeout(now + SILENT_TIME + CLOSE_TIME);
    assert!(peers.is_empty());
}

#[test]
fn guests_never_take_the_last_places_of_the_studio() {
    let now = Instant::now();
    let mut peers = Peers::new(now);
    let mut insert = |session, is_staff| {
        let peer = Box::new(Faulty::new("", now));
        peers.insert(now, World::key(SessionId(session)), peer, is_staff)
    };
    let guests = PEERS_MAX - PEERS_STAFF;
    for n in 0..guests as u64 {
        insert(n, false).unwrap();
    }
    for n in 1_000..1_003 {
        assert_eq!(insert(n, false), Err(StudioFault::Full { max: guests }));
    }
    for n in 0..PEERS_STAFF as u64 {
        insert(2_000 + n, true).unwrap();
    }
    assert_eq!(
        insert(3_000, true),
        Err(StudioFault::Full { max: PEERS_MAX })
    );
    assert_eq!(peers.len(), PEERS_MAX);
}

#[test]
fn the_others_in_the_room_do_not_notice() {
    let mut world = pair(51, LinkConfig::CLEAN, true);
    let session = SessionId(3);
    let (now, mut outputs) = (world.now(), Vec::new());
    world
        .engine
        .expect(
            session,
            expected(3, SessionKind::Browser, true, true),
            &mut outputs,
        )
        .unwrap();
    world.act(now, outputs);
    world
        .peers
        .insert(
            now,
            World::key(session),
            Box::new(Faulty::new("send", now)),
            true,
        )
        .unwrap();
    world.run_ms(3_000);
    assert!(is_over(&world, 3));
    assert_eq!(world.stats.disconnects.panicked, 1);
    assert!(!is_over(&world, 1) && !is_over(&world, 2));
    assert_eq!(
        world
            .stats
            .seats
            .iter()
            .map(|s| s.line.concealed)
            .collect::<Vec<_>>(),
        [0, 0]
    );
}

#[test]
fn an_empty_room_goes_on() {
    let mut engine = Engine::new(0, 0).unwrap();
    let mut outputs = Vec::new();
    for n in 0..300u64 {
        let timing = TickTiming {
            now_us: n * 20_000,
            unix_us: n as i64 * 20_000,
            ..TickTiming::default()
        };
        engine.tick(timing, &mut outputs);
    }
    let published = outputs
        .iter()
        .filter(|output| matches!(output, EngineOutput::Programme(_)))
        .count();
    assert!(published > 60, "{published}");
    assert_eq!(engine.position(), 300 * 960);
}
