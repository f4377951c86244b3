//! The threads that a studio starts: each says so, and none begins where whoever wanted it happens to be.

use std::fs;
use std::net::UdpSocket;
use std::sync::{Mutex, PoisonError};
use std::thread;

use stentor_core::SeatId;
use stentor_media::package::{Published, StemChunk};
use stentor_studio::{RoomConfig, RoomLevels, RoomSink, RoomStatus, Studio, StudioConfig};

use crate::sockets::eventually;

struct Nowhere;

impl RoomSink for Nowhere {
    fn published(&mut self, _: Published) {}
    fn suspended(&mut self) {}
    fn resumed(&mut self) {}
    fn stem(&mut self, _: SeatId, _: StemChunk) {}
    fn state(&mut self, _: RoomStatus) {}
    fn levels(&mut self, _: RoomLevels) {}
}

/// Nice value of the calling thread (proc_pid_stat(5), field 19).
fn nice() -> i32 {
    let stat = fs::read_to_string("/proc/thread-self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    fields.split(' ').nth(16).unwrap().parse().unwrap()
}

#[test]
fn a_room_opened_by_a_lowered_thread_begins_where_the_studio_did() {
    /// Names and nice values of the threads that have started.
    static STARTED: Mutex<Vec<(String, i32)>> = Mutex::new(Vec::new());
    let started = || STARTED.lock().unwrap_or_else(PoisonError::into_inner);

    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let studio = Studio::start(StudioConfig {
        udp_candidates: vec![udp.local_addr().unwrap()],
        udp,
        local_only: true,
        tcp_candidates: Vec::new(),
        on_thread_start: Some(|| {
            let name = thread::current().name().unwrap_or_default().to_owned();
            let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
            started.push((name, nice()));
        }),
    })
    .unwrap();
    let lowered = thread::spawn(move || {
        rustix::process::setpriority_process(None, 19).unwrap();
        let config = RoomConfig {
            event: "test".to_owned(),
            epoch_unix_ms: 0,
            resume_after_position: 0,
            playlists: stentor_media::package::hls::PlaylistCounts::default(),
            sink: Box::new(Nowhere),
        };
        (studio.open_room(config).unwrap(), nice())
    });
    let (room, lowest) = lowered.join().unwrap();
    assert_eq!(lowest, 19);
    eventually("both threads say so", || started().len() == 2);
    let ours = nice();
    // Which of them says so first is the machine's.
    let expected = ["room-test", "studio-net"].map(|name| (name.to_owned(), ours));
    let mut all = started().clone();
    all.sort();
    assert_eq!(all, expected);
    room.stop();
}
