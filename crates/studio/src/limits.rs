//! Every bound of this crate, with its unit. What happens at a bound is said where it is kept.

use std::time::Duration;

use stentor_core::limits::{SEAT_RESERVATIONS_MAX, SEATS_MAX};
use stentor_core::timeline;
use stentor_media::mix::STRIPS_MAX;
use stentor_media::opus::PACKET_BYTES_MAX;
use stentor_media::rendition::{COMMON_BOUNDARY_SAMPLES, SAMPLE_RATE_HZ};

// The domain and the audio know nothing of each other; this crate, which knows both, holds them to one timeline and one set of limits.
const _: () = assert!(timeline::SAMPLE_RATE_HZ == SAMPLE_RATE_HZ as u64);
const _: () = assert!(timeline::BOUNDARY_SAMPLES == COMMON_BOUNDARY_SAMPLES);
const _: () = assert!(STRIPS_MAX >= SEATS_MAX, "every seat has a strip");
const _: () = assert!(SESSIONS_MAX >= 2 * SEATS_MAX);

/// Longest SDP offer or fragment read, in bytes, its candidates not counted: none of them is kept. A browser's audio offer is about 4 KiB.
pub const SDP_BYTES_MAX: usize = 64 * 1024;
/// Longest single SDP line read, in bytes.
pub const SDP_LINE_BYTES_MAX: usize = 2048;
/// Most `m=` sections in one offer. OBS sends two.
pub const MEDIA_SECTIONS_MAX: usize = 8;
/// Most header extensions taken from one offer. A browser's sound has six.
pub const EXTENSIONS_MAX: usize = 16;
/// What a voice is asked to keep below, in bit/s as a mean (RFC 7587 §6.1): speech at full bandwidth, with room for in-band FEC.
pub const VOICE_BITS_PER_SECOND_MAX: u32 = 48_000;
/// The same of a line, which may be music in stereo.
pub const LINE_BITS_PER_SECOND_MAX: u32 = 96_000;

/// Fragments (RFC 8840) that one session may send at once: a browser sends its candidates one by one.
pub const PATCH_BURST_MAX: u32 = 5;
/// Time after which it may send one more.
pub const PATCH_INTERVAL: Duration = Duration::from_secs(1);

/// Most WebRTC peers of one studio, all rooms together.
pub const PEERS_MAX: usize = 256;
/// Of these, places that only hosts and co-hosts may take: as many sessions of one seat in each of sixteen rooms.
pub const PEERS_STAFF: usize = 64;
/// Most sessions of one room: every seat may have an old and a new one, and monitors come on top.
pub const SESSIONS_MAX: usize = 160;
/// Of these, places that only hosts and co-hosts may take: as many sessions of eight seats.
pub const SESSIONS_STAFF: usize = 32;
/// Sessions that a seat may have which are not connected; the oldest gives way. The conversation reserves as many, and closes in time;
/// this is for an offer that is answered after its reservation is gone.
pub const SEAT_UNCONNECTED_MAX: usize = SEAT_RESERVATIONS_MAX;
/// Most five-tuples remembered for one peer; the oldest is forgotten.
pub const TUPLES_PER_PEER_MAX: usize = 8;
/// Addresses that may prove themselves for one peer at once; for each the library keeps a candidate and its pairs. A laptop with a VPN has six.
pub const ADDRESS_BURST_MAX: u32 = 8;
/// Time after which one more may. Requests from further ones are dropped; an agent repeats them.
pub const ADDRESS_INTERVAL: Duration = Duration::from_secs(1);
/// Most addresses of one peer between two ICE restarts; with one more it is ended.
pub const ADDRESSES_PER_PEER_MAX: usize = 64;

/// Most streams (SSRCs) that one peer's sound is known as. A sender that changes its own has one more for each change.
pub const SOURCES_PER_PEER_MAX: usize = 8;

/// Largest datagram or RFC 4571 frame read, in bytes. WebRTC keeps below 1,500.
pub const DATAGRAM_BYTES_MAX: usize = 2048;
/// Most datagrams read from the UDP socket before timers and commands are looked at again.
pub const UDP_BURST_MAX: usize = 256;
/// Failed STUN authentications one source address may cost us per second; further ones are not computed.
pub const STUN_FAILURES_PER_SECOND_MAX: u16 = 50;
/// Slots of the table that counts those failures. Sources that collide share a slot's budget.
pub const STUN_SOURCES_MAX: usize = 4096;

/// Most ICE-TCP connections that belong to peers; one that proves itself beyond it is closed.
pub const TCP_CONNECTIONS_MAX: usize = 512;
/// Of these, places that only those of hosts and co-hosts may take.
pub const TCP_CONNECTIONS_STAFF: usize = 64;
/// Most ICE-TCP connections that have not proved themselves yet; the oldest of them gives way.
pub const TCP_UNPROVEN_MAX: usize = 64;
/// Most of these from one network (IPv4 /24, IPv6 /64); its oldest gives way.
pub const TCP_UNPROVEN_PER_PREFIX_MAX: usize = 8;
/// Bytes queued for one slow ICE-TCP connection; further frames to it are dropped.
pub const TCP_QUEUE_BYTES_MAX: usize = 64 * 1024;
/// An ICE-TCP connection that belongs to no peer after this long is closed. Its first frame is a check that proves it.
pub const TCP_IDENTIFY_TIME: Duration = Duration::from_secs(2);

/// Receive buffer asked of the system for the UDP socket, in bytes: 13 speakers and their checks for some seconds, and a flood of
/// strangers for some milliseconds. What the system gives is said in the log.
pub const UDP_RECEIVE_BYTES: usize = 4 * 1024 * 1024;

/// Commands waiting for the network thread: what rooms send, and goodbyes.
pub const NET_COMMANDS_MAX: usize = 1024;
/// What peers ask of it (offers, fragments, connections) that waits for it; further callers are told to come again.
pub const NET_REQUESTS_MAX: usize = 256;
/// Most of these that are answered in one turn, before sound, timers and commands have theirs.
pub const REQUESTS_PER_TURN_MAX: usize = 8;
/// Time after which a turn answers no more of them. A turn is to be short beside the 20 ms of a packet.
pub const REQUESTS_TURN_TIME: Duration = Duration::from_millis(2);
/// Messages waiting for a room's mixer: 13 speakers send 650 a second. Further sound is dropped and counted.
pub const ROOM_MESSAGES_MAX: usize = 4096;
/// Control messages (orders, sessions) waiting for a room's mixer; callers are told to come again.
pub const ROOM_COMMANDS_MAX: usize = 256;
/// What must arrive although a room's queue is full: three a session, one a seat, and the end. Further is refused and logged.
pub const ROOM_OVERFLOW_MAX: usize = 1024;

/// A peer that has not finished ICE and DTLS after this long is removed.
pub const CONNECT_TIME: Duration = Duration::from_secs(15);
/// A peer from which nothing at all arrives for this long is gone. A pause of its sound is no end: what counts as well are its consent
/// checks, which come every 4 to 6 s (RFC 7675 §5.1); three of them may be lost.
pub const SILENT_TIME: Duration = Duration::from_secs(20);
/// A page from which nothing at all arrives for this long is shown as away, and so is a line whose sound was flowing; its session is kept: its
/// path or its machine is gone. Longer than the 6 s between two consent checks, which are all that comes from a page whose microphone was
/// taken away.
pub const INTERRUPTED_TIME: Duration = Duration::from_millis(6_500);
/// The same of a page that has closed its line to the server: it has most likely gone. Longer than the pauses of a muted microphone (400 ms
/// with DTX).
pub const DOUBTED_TIME: Duration = Duration::from_millis(1_500);
/// A closing peer that has not drained its goodbye after this long is dropped.
pub const CLOSE_TIME: Duration = Duration::from_millis(500);
/// How long a caller waits for the network thread to answer.
pub const ANSWER_TIME: Duration = Duration::from_secs(2);

/// Largest Opus packet carried in either direction, in bytes: one frame of the greatest length. Longer ones are not sent by anyone.
pub const OPUS_BYTES_MAX: usize = PACKET_BYTES_MAX;
/// Redundant copies read from one RED packet. Browsers send one or two.
pub const RED_COPIES_MAX: usize = 8;
/// Received packets remembered to find where a redundant copy belongs.
pub const RED_HISTORY_MAX: usize = 32;

/// Ticks run at once to catch up after the machine stopped us; beyond that the clock is set anew.
pub const CATCH_UP_TICKS_MAX: u32 = 50;
/// Delay of "this is how you sound", in ticks of 20 ms: long enough not to disturb one's own speech.
pub const LOOPBACK_TICKS: usize = 50;
/// Threads that wait to be started; whoever wants one more waits.
pub const THREADS_WAITING_MAX: usize = 16;
/// Longest in-process line, in samples at 48 kHz (10 minutes).
pub const VOICE_SAMPLES_MAX: usize = 48_000 * 600;
/// Longest notice put into the programme, in bytes; a longer one is refused.
pub const NOTICE_BYTES_MAX: usize = stentor_media::package::NOTICE_BYTES_MAX;
