//! A speaker on loopback: a whole WebRTC stack (str0m) with a tone for a voice.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use stentor_media::opus::{Encode, EncoderProfile, OpusEncoder, PACKET_BYTES_MAX};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc};

/// Samples of a packet: 20 ms.
const PACKET_SAMPLES: usize = 960;
const PACKET_TIME: Duration = Duration::from_millis(20);
/// How long one look at the socket may take.
const READ_WITHIN: Duration = Duration::from_millis(5);

/// A speaker who has made an offer.
pub(crate) struct Offering {
    rtc: Rtc,
    mid: Mid,
    pending: SdpPendingOffer,
    socket: UdpSocket,
    local: SocketAddr,
    pub(crate) offer: String,
}

impl Offering {
    pub(crate) fn new() -> Self {
        let mut rtc = Rtc::builder()
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(true, true)
            .build(Instant::now());
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(READ_WITHIN)).unwrap();
        let local = socket.local_addr().unwrap();
        rtc.add_local_candidate(Candidate::host(local, "udp").unwrap());
        let mut change = rtc.sdp_api();
        let mid = change.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = change.apply().unwrap();
        Self {
            rtc,
            mid,
            pending,
            socket,
            local,
            offer: offer.to_sdp_string(),
        }
    }

    /// Takes the answer, connects to the studio at `remote` and speaks until it is dropped.
    pub(crate) fn accept(mut self, answer: &str, remote: SocketAddr) -> Speaking {
        let answer = SdpAnswer::from_sdp_string(answer).unwrap();
        self.rtc
            .sdp_api()
            .accept_answer(self.pending, answer)
            .unwrap();
        let mut speaker = Speaker {
            rtc: self.rtc,
            mid: self.mid,
            socket: self.socket,
            local: self.local,
            remote,
            connected: false,
            sequence: 0,
            encoder: OpusEncoder::new(EncoderProfile::Stem).unwrap(),
        };
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || speaker.run(&stopped));
        Speaking {
            stop,
            thread: Some(thread),
        }
    }
}

/// Speaks until it is dropped.
pub(crate) struct Speaking {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Speaking {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // A panic of the speaker's thread has been printed; the test fails for want of sound.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

struct Speaker {
    rtc: Rtc,
    mid: Mid,
    socket: UdpSocket,
    local: SocketAddr,
    remote: SocketAddr,
    connected: bool,
    sequence: u64,
    encoder: OpusEncoder,
}

impl Speaker {
    fn run(&mut self, stop: &AtomicBool) {
        let mut next = Instant::now();
        while !stop.load(Ordering::Relaxed) && self.rtc.is_alive() {
            self.receive();
            self.rtc
                .handle_input(Input::Timeout(Instant::now()))
                .unwrap();
            self.send();
            while self.connected && Instant::now() >= next {
                self.speak();
                next += PACKET_TIME;
            }
            if !self.connected {
                next = Instant::now();
            }
        }
    }

    fn speak(&mut self) {
        let from = self.sequence as usize * PACKET_SAMPLES;
        let tone: [f32; PACKET_SAMPLES] =
            std::array::from_fn(|n| ((from + n) as f32 * 0.05).sin() * 0.3);
        let mut packet = [0; PACKET_BYTES_MAX];
        let bytes = self.encoder.encode(&tone, &mut packet).unwrap();
        let now = Instant::now();
        let opus = self
            .rtc
            .codec_config()
            .find(|params| params.spec().codec == Codec::Opus);
        let pt = opus.unwrap().pt();
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_tx_by_mid(self.mid, None).unwrap();
        stream.write_rtp(RtpWrite::new(
            pt,
            self.sequence.into(),
            from as u32,
            now,
            packet[..bytes].to_vec(),
        ));
        self.sequence += 1;
        self.send();
        self.rtc.handle_input(Input::Timeout(now)).unwrap();
        self.send();
    }

    fn receive(&mut self) {
        let mut buffer = [0; 2048];
        let Ok((length, from)) = self.socket.recv_from(&mut buffer) else {
            return;
        };
        let receive = Receive::new(Protocol::Udp, from, self.local, &buffer[..length]).unwrap();
        self.rtc
            .handle_input(Input::Receive(Instant::now(), receive))
            .unwrap();
        self.send();
    }

    fn send(&mut self) {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(_) => return,
                Output::Transmit(transmit) if transmit.destination == self.remote => {
                    self.socket
                        .send_to(&transmit.contents, self.remote)
                        .unwrap();
                }
                Output::Event(Event::Connected) => self.connected = true,
                Output::Transmit(_) | Output::Event(_) => {}
            }
        }
    }
}
