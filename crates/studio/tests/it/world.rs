//! A room, its peers and its clients on one virtual clock, over a seeded network.
//!
//! The clients are whole WebRTC stacks (str0m with full ICE) with a microphone and an ear. Time moves in steps of a
//! millisecond; nothing here looks at a real clock but to make the first `Instant`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use stentor_core::stage::{SeatOrder, SessionKind};
use stentor_core::{SeatId, SessionId};
use stentor_media::mix::{Mixer, MixerConfig, StripId, StripKind, StripPlace, TickOut};
use stentor_media::opus::{Encode, EncoderProfile, OpusEncoder};
use stentor_studio::clock::Clock;
use stentor_studio::net::peers::{Peers, PeersOutput};
use stentor_studio::peer::red::{RedReceiver, RedSender, RtpStamp};
use stentor_studio::peer::webrtc::WebRtc;
use stentor_studio::peer::{Datagram, PeerKey, Transport};
use stentor_studio::room::engine::Engine;
use stentor_studio::room::output::EngineOutput;
use stentor_studio::room::tick::TickTiming;
use stentor_studio::{ExpectedSession, Offer, RoomLevels, RoomStats, RoomStatus, RoomStatusChange};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::config::CryptoProvider;
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc};

use crate::netem::{Link, LinkConfig, is_rtp};
use crate::sound::{TICK, Voice};

pub(crate) const SERVER: &str = "192.0.2.1:3478";

pub(crate) fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// What answers offers, on a clock of its own.
pub(crate) fn webrtc() -> WebRtc {
    webrtc_since(Instant::now())
}

fn webrtc_since(origin: Instant) -> WebRtc {
    WebRtc::new(Clock::new(origin), vec![addr(SERVER)], vec![]).unwrap()
}

/// What a room is told of a session: a guest's.
pub(crate) fn expected(seat: u32, kind: SessionKind, sends: bool, hears: bool) -> ExpectedSession {
    ExpectedSession {
        seat: SeatId(seat),
        kind,
        sends,
        hears,
        is_staff: false,
        original_sound: false,
    }
}

/// Rewrites an offer.
pub(crate) type ChangeOffer = Box<dyn FnOnce(&str) -> String>;

pub(crate) struct World {
    pub(crate) origin: Instant,
    pub(crate) now_us: u64,
    pub(crate) webrtc: WebRtc,
    pub(crate) peers: Peers,
    pub(crate) engine: Engine,
    pub(crate) clients: BTreeMap<SessionId, Client>,
    pub(crate) state: RoomStatus,
    /// What has changed in the room, and when.
    pub(crate) changes: Vec<(u64, RoomStatusChange)>,
    pub(crate) stats: RoomStats,
    /// What was measured, every 100 ms.
    pub(crate) levels: Vec<RoomLevels>,
    pub(crate) stems: BTreeMap<SeatId, usize>,
    /// Nothing of DTLS arrives at the studio.
    pub(crate) loses_dtls: bool,
    /// The sound of who joins is left as it comes.
    pub(crate) joins_original: bool,
    /// Who joins and sends is a line.
    pub(crate) joins_lines: bool,
    /// Datagrams of the studio's to where no client is.
    pub(crate) sent_elsewhere: usize,
    /// What the network does to RTP on its way to the studio.
    pub(crate) changes_rtp: Option<fn(&mut Vec<u8>)>,
    /// What becomes of the next offer on its way to the studio.
    pub(crate) changes_offer: Option<ChangeOffer>,
    /// With what clients encrypt.
    pub(crate) crypto: Arc<CryptoProvider>,
    seed: u64,
    link: LinkConfig,
}

pub(crate) struct Client {
    pub(crate) rtc: Rtc,
    pub(crate) local: SocketAddr,
    pub(crate) mid: Mid,
    /// What the studio answered.
    pub(crate) answer: String,
    pub(crate) red: bool,
    pub(crate) voice: Option<Voice>,
    pub(crate) sent: Vec<f32>,
    pub(crate) heard: Vec<f32>,
    pub(crate) connected: bool,
    pub(crate) up: Link<Vec<u8>>,
    pub(crate) down: Link<Vec<u8>>,
    encoder: OpusEncoder,
    red_out: RedSender,
    red_in: RedReceiver,
    sequence: u64,
    ticks: u64,
    player: Mixer,
    played: Box<TickOut>,
    timeout: Instant,
}

/// The session of a seat that connected last: the one the core decides for.
pub(crate) fn newest_session(state: &RoomStatus, seat: SeatId) -> Option<SessionId> {
    let of_seat = state.sessions.iter().filter(|(_, of)| of.seat == seat);
    of_seat
        .filter(|(_, of)| of.connected.is_some())
        .max_by_key(|(_, of)| of.connected)
        .map(|(&session, _)| session)
}

impl World {
    pub(crate) fn new(seed: u64, link: LinkConfig) -> Self {
        let origin = Instant::now();
        Self {
            origin,
            now_us: 0,
            webrtc: webrtc_since(origin),
            peers: Peers::new(origin),
            engine: Engine::new(0, 0).unwrap(),
            clients: BTreeMap::new(),
            state: RoomStatus::default(),
            changes: Vec::new(),
            stats: RoomStats::default(),
            levels: Vec::new(),
            stems: BTreeMap::new(),
            loses_dtls: false,
            joins_original: false,
            joins_lines: false,
            sent_elsewhere: 0,
            changes_rtp: None,
            changes_offer: None,
            crypto: Arc::new(str0m::crypto::from_feature_flags()),
            seed,
            link,
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.origin + Duration::from_micros(self.now_us)
    }

    pub(crate) fn key(session: SessionId) -> PeerKey {
        PeerKey { room: 1, session }
    }

    /// A speaker offers from `local`, is answered, and begins to connect.
    pub(crate) fn join(
        &mut self,
        seat: u32,
        session: u64,
        local: &str,
        direction: Direction,
        voice: Option<Voice>,
        red: bool,
    ) {
        let session = SessionId(session);
        let now = self.now();
        let change = self.changes_offer.take();
        let (mut client, offer, pending) = Client::with_crypto(
            now,
            self.seed ^ session.0,
            self.link,
            addr(local),
            direction,
            red,
            self.crypto.clone(),
        );
        client.voice = voice;
        let offer = change.map_or_else(|| offer.clone(), |change| change(&offer));
        let (peer, answer) = self
            .webrtc
            .answer(now, &Offer::parse(&offer).unwrap())
            .unwrap();
        assert_eq!(peer.has_red(), red);
        client.answer = answer;
        let answer = SdpAnswer::from_sdp_string(&client.answer).unwrap();
        client.rtc.sdp_api().accept_answer(pending, answer).unwrap();
        let (sends, hears) = (direction.is_sending(), direction.is_receiving());
        let kind = match sends {
            true if self.joins_lines => SessionKind::LineIn,
            true => SessionKind::Browser,
            false => SessionKind::Monitor,
        };
        let mut outputs = Vec::new();
        let expected = ExpectedSession {
            original_sound: self.joins_original,
            ..expected(seat, kind, sends, hears)
        };
        self.engine.expect(session, expected, &mut outputs).unwrap();
        self.act(now, outputs);
        self.peers
            .insert(now, Self::key(session), Box::new(peer), false)
            .unwrap();
        self.clients.insert(session, client);
    }

    pub(crate) fn order(&mut self, seat: u32, on_stage: bool, muted: bool, version: u64) {
        self.engine.order(SeatOrder {
            seat: SeatId(seat),
            session: newest_session(&self.state, SeatId(seat)),
            on_stage,
            on_air: on_stage,
            muted,
            version,
        });
    }

    /// Gives the studio bytes that somebody sent from an address.
    pub(crate) fn give(&mut self, source: &str, bytes: &[u8]) {
        let now = self.now();
        let datagram = Datagram {
            transport: Transport::Udp,
            source: addr(source),
            destination: addr(SERVER),
            bytes,
        };
        self.peers.handle_datagram(now, datagram);
    }

    pub(crate) fn client(&mut self, session: u64) -> &mut Client {
        self.clients.get_mut(&SessionId(session)).unwrap()
    }

    /// Whether a session has connected, be it over by now or not.
    pub(crate) fn has_connected(&self, session: u64) -> bool {
        let session = SessionId(session);
        let connected = |c: &RoomStatusChange| matches!(c, RoomStatusChange::Connected { session: s, .. } if *s == session);
        self.changes.iter().any(|(_, change)| connected(change))
    }

    pub(crate) fn run_ms(&mut self, ms: u64) {
        for _ in 0..ms {
            self.step();
        }
    }

    /// Runs until all of these have connected, 5 s at most.
    pub(crate) fn connect(&mut self, sessions: &[u64]) {
        for _ in 0..5_000 {
            if sessions.iter().all(|s| self.has_connected(*s)) {
                return;
            }
            self.step();
        }
        panic!("not connected after 5 s: {:?}", self.changes);
    }

    fn step(&mut self) {
        self.now_us += 1_000;
        let now = self.now();
        self.arrive(now);
        self.peers.handle_timeout(now);
        if self.now_us.is_multiple_of(20_000) {
            self.tick(now);
        }
        self.deliver();
        for (index, client) in self.clients.values_mut().enumerate() {
            // Sound cards tick when they like.
            let phase_us = 3_000 + 4_000 * index as u64;
            client.step(
                now,
                self.now_us,
                (self.now_us + phase_us).is_multiple_of(20_000),
            );
        }
    }

    fn arrive(&mut self, now: Instant) {
        for client in self.clients.values_mut() {
            while let Some(mut bytes) = client.up.receive(self.now_us) {
                // RFC 7983 §7.
                if self.loses_dtls && matches!(bytes.first(), Some(20..64)) {
                    continue;
                }
                if is_rtp(&bytes)
                    && let Some(change) = self.changes_rtp
                {
                    change(&mut bytes);
                }
                let datagram = Datagram {
                    transport: Transport::Udp,
                    source: client.local,
                    destination: addr(SERVER),
                    bytes: &bytes,
                };
                self.peers.handle_datagram(now, datagram);
            }
        }
        self.deliver();
    }

    fn tick(&mut self, now: Instant) {
        let timing = TickTiming {
            now_us: self.now_us,
            unix_us: self.now_us as i64,
            ..TickTiming::default()
        };
        let mut outputs = Vec::new();
        self.engine.tick(timing, &mut outputs);
        self.act(now, outputs);
    }

    pub(crate) fn act(&mut self, now: Instant, outputs: Vec<EngineOutput>) {
        for output in outputs {
            match output {
                EngineOutput::Send(session, packet) => {
                    self.peers.send(now, Self::key(session), &packet);
                }
                EngineOutput::Close(session, reason) => {
                    self.peers.close(now, Self::key(session), reason);
                }
                EngineOutput::Stats(stats) => self.stats = stats,
                EngineOutput::State(state) => {
                    let changes = state.changes_since(&self.state).into_iter();
                    self.changes
                        .extend(changes.map(|change| (self.now_us, change)));
                    self.state = state;
                }
                EngineOutput::Levels(levels) => self.levels.push(levels),
                EngineOutput::Programme(_) | EngineOutput::Suspended | EngineOutput::Resumed => {}
                EngineOutput::Stem(seat, _) => *self.stems.entry(seat).or_default() += 1,
            }
        }
    }

    pub(crate) fn deliver(&mut self) {
        let now = self.now();
        while let Some(output) = self.peers.poll() {
            match output {
                PeersOutput::Transmit(transmit) => {
                    let to = self
                        .clients
                        .values_mut()
                        .find(|c| c.local == transmit.destination);
                    if let Some(client) = to {
                        client
                            .down
                            .send(self.now_us, is_rtp(&transmit.bytes), transmit.bytes);
                    } else {
                        self.sent_elsewhere += 1;
                    }
                }
                PeersOutput::Event(key, event) => {
                    let mut outputs = Vec::new();
                    self.engine.peer(key.session, event, &mut outputs);
                    self.act(now, outputs);
                }
            }
        }
    }
}

impl Client {
    pub(crate) fn new(
        now: Instant,
        seed: u64,
        link: LinkConfig,
        local: SocketAddr,
        direction: Direction,
        red: bool,
    ) -> (Self, String, SdpPendingOffer) {
        let crypto = Arc::new(str0m::crypto::from_feature_flags());
        Self::with_crypto(now, seed, link, local, direction, red, crypto)
    }

    fn with_crypto(
        now: Instant,
        seed: u64,
        link: LinkConfig,
        local: SocketAddr,
        direction: Direction,
        red: bool,
        crypto: Arc<CryptoProvider>,
    ) -> (Self, String, SdpPendingOffer) {
        let mut rtc = Rtc::builder()
            .set_crypto_provider(crypto)
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(true, red)
            .build(now);
        rtc.add_local_candidate(Candidate::host(local, "udp").unwrap());
        let mut change = rtc.sdp_api();
        let mid = change.add_media(MediaKind::Audio, direction, None, None, None);
        let (offer, pending) = change.apply().unwrap();
        let mut player = Mixer::new(MixerConfig { bed: false }).unwrap();
        player.add(StripId(1), StripKind::Microphone).unwrap();
        player.set_place(StripId(1), StripPlace::OnAir).unwrap();
        player.set_muted(StripId(1), false).unwrap();
        let client = Self {
            rtc,
            local,
            mid,
            answer: String::new(),
            red,
            voice: None,
            sent: Vec::new(),
            heard: Vec::new(),
            connected: false,
            up: Link::new(seed * 2 + 1, link),
            down: Link::new(seed * 2 + 2, link),
            encoder: OpusEncoder::new(EncoderProfile::Return).unwrap(),
            red_out: RedSender::default(),
            red_in: RedReceiver::default(),
            sequence: 1,
            ticks: 0,
            player,
            played: Box::default(),
            timeout: now,
        };
        (client, offer.to_sdp_string(), pending)
    }

    fn step(&mut self, now: Instant, now_us: u64, ticks: bool) {
        while let Some(bytes) = self.down.receive(now_us) {
            if let Ok(receive) = Receive::new(Protocol::Udp, addr(SERVER), self.local, &bytes) {
                // Packets to a peer that has ended are refused.
                let _ = self.rtc.handle_input(Input::Receive(now, receive));
            }
            self.drain(now_us);
        }
        if now >= self.timeout {
            let _ = self.rtc.handle_input(Input::Timeout(now));
            self.drain(now_us);
        }
        if ticks {
            self.speak(now, now_us);
            self.player.tick(now_us, &mut self.played);
            let clean = self.played.strips[0].clean;
            self.heard.extend(clean);
        }
    }

    fn speak(&mut self, now: Instant, now_us: u64) {
        let Some(voice) = &mut self.voice else {
            self.sent.extend([0.0; TICK]);
            return;
        };
        let pcm = voice.next();
        self.sent.extend(pcm);
        let timestamp = self.ticks * TICK as u64;
        self.ticks += 1;
        if !self.connected {
            return;
        }
        let mut packet = [0; 1276];
        let length = self.encoder.encode(&pcm, &mut packet).unwrap();
        self.send_opus(
            now,
            now_us,
            timestamp,
            &Bytes::copy_from_slice(&packet[..length]),
        );
    }

    /// Sends one packet, as RED where that is spoken.
    pub(crate) fn send_opus(&mut self, now: Instant, now_us: u64, timestamp: u64, payload: &Bytes) {
        let (opus, red) = self.payload_types();
        let (pt, payload) = match red.filter(|_| self.red) {
            Some(red) => (red, self.red_out.pack(timestamp, *opus, payload)),
            None => (opus, payload.to_vec()),
        };
        let sequence = self.sequence;
        self.sequence += 1;
        let mut direct = self.rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(self.mid, None) else {
            return;
        };
        stream.write_rtp(RtpWrite::new(
            pt,
            sequence.into(),
            timestamp as u32,
            now,
            payload,
        ));
        self.drain(now_us);
        let _ = self.rtc.handle_input(Input::Timeout(now));
        self.drain(now_us);
    }

    /// Goes on as another stream, as a client does that was given another device, or whose SSRC collided (RFC 3550 §8.2).
    pub(crate) fn change_ssrc(&mut self, ssrc: u32) {
        let mut direct = self.rtc.direct_api();
        let before = direct.stream_tx_by_mid(self.mid, None).unwrap().ssrc();
        direct.remove_stream_tx(before);
        direct.declare_stream_tx(ssrc.into(), None, self.mid, None);
        self.sequence = u64::from(ssrc) % 30_000;
    }

    /// Makes the next packet's sequence number jump.
    pub(crate) fn jump(&mut self, by: u64) {
        self.sequence += by;
    }

    fn payload_types(&self) -> (str0m::media::Pt, Option<str0m::media::Pt>) {
        let opus = self
            .rtc
            .codec_config()
            .find(|p| p.spec().codec == Codec::Opus)
            .unwrap();
        (opus.pt(), opus.red())
    }

    fn drain(&mut self, now_us: u64) {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    self.timeout = at;
                    return;
                }
                Ok(Output::Transmit(transmit)) => {
                    let bytes: Vec<u8> = transmit.contents.into();
                    self.up.send(now_us, is_rtp(&bytes), bytes);
                }
                Ok(Output::Event(Event::Connected)) => self.connected = true,
                Ok(Output::Event(Event::RtpPacket(packet))) => self.hear(now_us, &packet),
                Ok(Output::Event(_)) => {}
                Err(_) => return,
            }
        }
    }

    fn hear(&mut self, now_us: u64, packet: &str0m::rtp::RtpPacket) {
        let (opus, red) = self.payload_types();
        let stamp = RtpStamp {
            sequence: *packet.seq_no,
            timestamp: packet.time.numer(),
            arrived_us: now_us,
        };
        let mut packets = Vec::new();
        if Some(packet.header.payload_type) == red {
            self.red_in
                .unpack(stamp, *opus, &packet.payload, &mut packets);
        } else {
            let payload = Bytes::copy_from_slice(&packet.payload);
            packets.push(self.red_in.plain(stamp, payload));
        }
        for packet in packets {
            self.player.receive(StripId(1), packet).unwrap();
        }
    }
}
