//! Listeners who are to be served otherwise: each changes over at its own turn, so that a cohort moves as evenly as it is served.
//!
//! From one rendition to another only where chunks of both begin together: what was sent and what follows is one programme.

use std::sync::Arc;

use stentor_core::admission::Rung;

use super::run::{Entry, Shard};
use super::stream_buffer::HttpChunk;
use crate::edge::Edge;
use crate::family::Told;
use crate::stream::Stream;

/// What listeners of one stream are told, by rung; framed once a shard, and once more when the server leaves.
pub(super) struct CadenceFrames {
    leaves_in_ms: Option<u32>,
    by_rung: [Option<(Told, HttpChunk)>; Rung::COUNT],
}

impl CadenceFrames {
    pub(super) fn of(edge: &Edge, stream: &Stream) -> Self {
        let leaves_in_ms = edge.leaves_in_ms();
        let framed = |rung| {
            stream.kin().filter(|kin| kin.told)?;
            let told = Told::of(stream, rung, leaves_in_ms);
            Some((told, HttpChunk::new(&edge.word(told)?)))
        };
        Self {
            leaves_in_ms,
            by_rung: Rung::ALL.map(framed),
        }
    }

    /// Follows the edge. True when listeners must be told something new.
    pub(super) fn follow(&mut self, edge: &Edge, stream: &Stream) -> bool {
        let news = self.leaves_in_ms != edge.leaves_in_ms();
        if news {
            *self = Self::of(edge, stream);
        }
        news
    }

    /// What a listener is to know who is served as on this rung, and the word for it; none where nobody can be told.
    pub(super) fn at(&self, rung: Rung) -> Option<(Told, &HttpChunk)> {
        let (told, word) = self.by_rung[usize::from(rung.number())].as_ref()?;
        Some((*told, word))
    }
}

impl Shard {
    /// Where a listener is to go now: with its cohort, or, where that stays, to the rendition that its rung gives. Who came before
    /// there was enough sound for a higher rung is on the rendition of that one.
    pub(super) fn destination(&self, key: usize, now_ms: u64) -> Option<Rung> {
        let entry = self.entries.get(key)?;
        let wheel = &self.tracks[entry.track as usize].wheels[entry.wheel as usize];
        let rung = wheel.rung();
        if self.edge.inside() != rung {
            return wheel.destination(now_ms);
        }
        wheel
            .destination(now_ms)
            .or((!entry.place.belongs_at(rung)).then_some(rung))
    }

    /// The ordinal at which a listener leaves its stream if it is to hear another one: where the other one has a chunk that
    /// begins together with its next.
    pub(super) fn splice_at(&mut self, key: usize, to: Option<Rung>) -> u64 {
        let stays = u64::MAX;
        let Some((entry, to)) = self.entries.get(key).zip(to) else {
            return stays;
        };
        let target = entry.place.stream_at(self.rung_of(entry), to);
        if Arc::ptr_eq(&target, entry.place.stream()) {
            return stays;
        }
        let (track, cursor) = (entry.track as usize, entry.listener.cursor());
        let there = self.track(&target);
        let frames = &self.tracks[track].frames;
        let from = cursor.unwrap_or_else(|| frames.end());
        let meets = |ordinal: &u64| {
            let begins_ms = frames.begins_ms(*ordinal);
            begins_ms.is_some_and(|ms| self.tracks[there].frames.at_ms(ms).is_some())
        };
        (from.max(frames.first())..=frames.end())
            .find(meets)
            .unwrap_or(stays)
    }

    fn rung_of(&self, entry: &Entry) -> Rung {
        self.tracks[entry.track as usize].wheels[entry.wheel as usize].rung()
    }

    /// As on which rung a newcomer to a stream is served that was let in at `rung`: on a lower one while there is not yet enough
    /// sound to live through its interval.
    pub(super) fn entry_rung(&self, track: usize, rung: Rung) -> Rung {
        let frames = &self.tracks[track].frames;
        let lasts = |rung: Rung| frames.holds(frames.stream().terms(rung).burst_ms);
        let mut rung = rung;
        while let Some(below) = rung.below().filter(|_| !lasts(rung)) {
            rung = below;
        }
        rung
    }

    /// Puts a listener that has everything up to where two streams meet into the cohort of another rung. Where that cannot be just
    /// now it stays where it is.
    pub(super) fn switch(&mut self, key: usize, to: Rung) {
        let Some((target, track, cursor)) = self.entries.get(key).and_then(|entry| {
            let cursor = entry.listener.cursor()?;
            let target = entry.place.stream_at(self.rung_of(entry), to);
            Some((target, entry.track as usize, cursor))
        }) else {
            return;
        };
        let mut ordinal = cursor;
        let mut place = None;
        let mut new_track = track;
        if !Arc::ptr_eq(&target, self.tracks[track].frames.stream()) {
            new_track = self.track(&target);
            let begins_ms = self.tracks[track].frames.begins_ms(cursor);
            let met = begins_ms.and_then(|ms| self.tracks[new_track].frames.at_ms(ms));
            let Some(met) = met else { return };
            let Some(beside) = self.entries[key].place.beside(target) else {
                return;
            };
            (ordinal, place) = (met, Some(beside));
        }
        let now_ms = self.now_ms();
        self.leave_wheel(key);
        let wheel = self.wheel(new_track, to);
        let slot = self.tracks[new_track].wheels[wheel].insert(key as u32, now_ms);
        let entry = &mut self.entries[key];
        (entry.track, entry.wheel, entry.slot) = (new_track as u32, wheel as u32, slot);
        if let Some(place) = place {
            entry.place = place;
            entry.listener.resume_at(ordinal);
        }
        // What has come meanwhile is told to the new cohort like all news.
        self.tracks[new_track].wheels[wheel].request_flush();
    }
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read};
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::UnixStream;
    use std::sync::atomic::Ordering;
    use std::sync::mpsc::sync_channel;

    use bytes::Bytes;

    use super::super::handoff::{Handoff, LiveResponse, ServeAs, ShardStatus};
    use super::super::returns::ReturnChannel;
    use super::*;
    use crate::accept::Permit;
    use crate::counters::Refusal;
    use crate::edge::{Edge, EdgeConfig};
    use crate::family::Word;
    use crate::limits::AcceptLimits;
    use crate::stream::{Place, Stream, StreamSpec};

    const STEP_MS: u64 = 10;

    /// A shard whose time the test moves, and a programme in three renditions of which each chunk is `rendition@begins_ms;`.
    struct Scene {
        edge: Edge,
        shard: Shard,
        streams: Vec<Arc<Stream>>,
        published_ms: u64,
        /// How often memory was asked for while turns were given.
        allocated: u64,
        port: TcpListener,
    }

    fn scene() -> Scene {
        scene_with(Some(|told| {
            let leaves = if told.leaves_in_ms.is_some() { "!" } else { "" };
            Bytes::from(format!("rung@{}{leaves};", told.rung.number()))
        }))
    }

    fn scene_with(word: Option<Word>) -> Scene {
        let edge = Edge::new(EdgeConfig {
            word,
            ..EdgeConfig::default()
        });
        let streams: Vec<_> = [("48", 200), ("24", 400), ("12", 1_200)]
            .map(|(name, chunk_ms)| {
                let spec = StreamSpec {
                    path: format!("/e/demo/{name}"),
                    live_name: Some("live.mp4".into()),
                    chunk_ext: None,
                    head_name: None,
                    content_type: "audio/mp4".into(),
                    chunk_ms,
                    flush_ms: 200,
                    burst_ms: if name == "12" { 1_700 } else { 600 },
                    ring_chunks: 30_000 / chunk_ms as usize,
                    listeners_max: 1_000,
                };
                let stream = edge.open_stream(spec).unwrap();
                stream.set_head(Bytes::new());
                stream
            })
            .into();
        edge.make_family(&streams, true);
        let (_, inbox) = UnixStream::pair().unwrap();
        let (_, handoffs) = sync_channel(1);
        let (line, _) = UnixStream::pair().unwrap();
        let (return_states, _) = sync_channel(1);
        let home = ReturnChannel::new(line, return_states);
        let limits = AcceptLimits::default();
        let status = Arc::new(ShardStatus::default());
        let mut shard = Shard::new(edge.clone(), status, inbox, handoffs, home, limits).unwrap();
        shard.clock.stop();
        Scene {
            shard,
            edge,
            streams,
            published_ms: 0,
            allocated: 0,
            port: TcpListener::bind("127.0.0.1:0").unwrap(),
        }
    }

    impl Scene {
        /// Lets time pass: what is due is published and turns are given.
        fn pass(&mut self, ms: u64, clients: &mut [Client]) {
            for _ in 0..ms / STEP_MS {
                self.shard.clock.advance(STEP_MS);
                let now_ms = self.shard.now_ms();
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
                let shard = &mut self.shard;
                let counted = allocation_counter::measure(|| shard.flush_due());
                self.allocated += counted.count_total;
                clients.iter_mut().for_each(|client| client.hear(now_ms));
            }
        }

        /// Who comes at today's rung; takes a place.
        fn handoff(&self) -> Handoff {
            let rung = self.edge.rung();
            Handoff {
                tls: None,
                permit: Permit::for_test(),
                serve_as: ServeAs::Listener(LiveResponse {
                    head: Bytes::new(),
                    chunked: false,
                    rung,
                    place: Place::take(self.streams[0].clone(), rung).unwrap(),
                }),
            }
        }

        fn listen(&mut self) -> Client {
            let socket = TcpStream::connect(self.port.local_addr().unwrap()).unwrap();
            socket.set_nonblocking(true).unwrap();
            let (server, _) = self.port.accept().unwrap();
            server.set_nonblocking(true).unwrap();
            let handoff = self.handoff();
            self.shard.take(Some(server.into()), handoff);
            Client {
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
    }

    /// A page: it plays what comes, 4 % slower while it holds too little, 4 % faster while it holds too much.
    struct Client {
        socket: TcpStream,
        text: String,
        wants_ms: f64,
        /// Renditions in the order in which they came, each once in a row, with when the first chunk began.
        heard: Vec<(String, u64)>,
        /// When the first chunk of each of these came.
        moved_ms: Vec<u64>,
        told: Vec<(u64, String)>,
        /// Where the next chunk must begin.
        ends_ms: Option<u64>,
        holds_ms: f64,
        rate: f64,
        came_ms: u64,
        at_ms: u64,
        lowest_ms: f64,
    }

    impl Client {
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

        fn renditions(&self) -> Vec<&str> {
            self.heard.iter().map(|(name, _)| name.as_str()).collect()
        }

        fn rungs(&self) -> Vec<&str> {
            self.told.iter().map(|(_, rung)| rung.as_str()).collect()
        }
    }

    #[test]
    fn up_the_whole_ladder_and_down_again_nobody_misses_a_moment_and_no_buffer_runs_dry() {
        let mut scene = scene();
        scene.pass(5_000, &mut []);
        let mut clients: Vec<Client> = (0..3)
            .map(|_| {
                scene.pass(70, &mut []);
                scene.listen()
            })
            .collect();
        scene.pass(20_000, &mut clients);
        scene.edge.set_rung(Rung::CHEAPEST);
        scene.pass(450_000, &mut clients);
        let up = ["1", "2", "3"];
        for client in &clients {
            assert_eq!(client.renditions(), ["48", "24", "12"]);
            assert_eq!(client.rungs(), up);
            assert!(client.lowest_ms > 0.0, "{} ms", client.lowest_ms);
            // Of rungs 2 and 3 before their renditions come, and long enough to gather what they ask for.
            for (rung, moved_ms) in [2, 3].into_iter().zip(&client.moved_ms[1..]) {
                let told_ms = client.told[rung - 1].0;
                let before = Rung::ALL[rung - 1];
                // The word itself takes up to two turns.
                let gathers_ms =
                    before.warning_ms(Rung::ALL[rung]) - 2 * u64::from(before.flush_ms());
                assert!(
                    told_ms + gathers_ms <= *moved_ms,
                    "rung {rung}: told {told_ms}, moved {moved_ms}"
                );
            }
        }
        assert_eq!(scene.streams[2].listeners(), 3);
        for rung in [2, 1, 0] {
            scene.edge.set_rung(Rung::ALL[rung]);
            scene.pass(60_000, &mut clients);
        }
        scene.pass(300_000, &mut clients);
        for client in &clients {
            assert_eq!(client.renditions(), ["48", "24", "12", "24", "48"]);
            assert_eq!(client.rungs(), [&up[..], &["2", "1", "0"]].concat());
            assert!(client.lowest_ms > 0.0, "{} ms", client.lowest_ms);
            assert!(
                client.holds_ms < 1_000.0,
                "close to live again: {} ms",
                client.holds_ms
            );
            // Where the chunks of both begin together.
            for pair in client.heard.windows(2) {
                let with_the_least = pair.iter().any(|(name, _)| name == "12");
                let step_ms = if with_the_least { 1_200 } else { 400 };
                assert!(pair[1].1.is_multiple_of(step_ms), "{pair:?}");
            }
        }
        let counted: u64 = scene.streams.iter().map(|stream| stream.listeners()).sum();
        assert_eq!((counted, scene.streams[0].listeners()), (3, 3));
    }

    #[test]
    fn who_comes_at_a_higher_rung_holds_enough_from_the_first_moment() {
        for rung in Rung::ALL.into_iter().filter(|rung| rung.admits()) {
            let mut scene = scene();
            scene.pass(20_000, &mut []);
            scene.edge.set_rung(rung);
            for _ in 0..7 {
                scene.pass(190, &mut []);
                let mut client = [scene.listen()];
                scene.pass(25_000, &mut client);
                assert!(
                    client[0].lowest_ms > 0.0,
                    "{rung:?}: {} ms",
                    client[0].lowest_ms
                );
            }
        }
    }

    #[test]
    fn who_comes_before_there_is_enough_sound_for_its_rung_is_sent_to_more_often_until_it_has_gathered_it()
     {
        for waited_ms in [0, 1_300, 2_500, 6_000] {
            let mut scene = scene();
            scene.edge.set_rung(Rung::CHEAPEST);
            scene.pass(waited_ms, &mut []);
            let mut clients = [scene.listen()];
            scene.pass(400_000, &mut clients);
            let client = &clients[0];
            assert!(
                client.lowest_ms > 0.0,
                "{waited_ms}: {} ms",
                client.lowest_ms
            );
            assert_eq!(client.renditions(), ["12"], "{waited_ms}");
            assert_eq!(client.rungs().last(), Some(&"3"), "{waited_ms}");
        }
    }

    #[test]
    fn who_changes_over_is_given_what_there_is_at_once_wherever_its_new_seat_is() {
        let mut scene = scene();
        scene.edge.set_rung(Rung::CHEAPEST);
        scene.pass(20_000, &mut []);
        let mut clients = [scene.listen()];
        scene.pass(25_000, &mut clients);
        // A crowd before it: its seat is far behind the first.
        let track = scene.shard.track(&scene.streams[1]);
        let wheel = scene.shard.wheel(track, Rung::ALL[2]);
        for _ in 0..32 * 150 {
            scene.shard.tracks[track].wheels[wheel].insert(u32::MAX, 0);
        }
        scene.edge.set_rung(Rung::ALL[2]);
        while scene.streams[1].listeners() == 0 {
            scene.pass(STEP_MS, &mut clients);
        }
        let heard_ms = clients[0].ends_ms.unwrap();
        assert!(
            scene.published_ms - heard_ms <= 400,
            "{heard_ms} of {}",
            scene.published_ms
        );
    }

    #[test]
    fn who_came_on_a_smaller_rendition_gets_what_it_asked_for_when_the_crowd_has_gone_before_it_moved()
     {
        let mut scene = scene();
        scene.edge.set_rung(Rung::CHEAPEST);
        scene.pass(2_600, &mut []);
        let mut clients = [scene.listen()];
        scene.pass(3_000, &mut clients);
        scene.edge.set_rung(Rung::REST);
        scene.pass(5_000, &mut clients);
        assert_eq!(clients[0].renditions(), ["12", "48"]);
        assert!(clients[0].lowest_ms > 0.0);
    }

    #[test]
    fn who_is_in_stays_where_it_is_when_the_crowd_is_gone_before_its_buffer_has_grown() {
        let mut scene = scene();
        scene.pass(5_000, &mut []);
        let mut clients = [scene.listen()];
        scene.edge.set_rung(Rung::CHEAPEST);
        scene.pass(5_000, &mut clients);
        scene.edge.set_rung(Rung::REST);
        scene.pass(60_000, &mut clients);
        assert_eq!(clients[0].rungs(), ["1", "0"]);
        assert_eq!(clients[0].renditions(), ["48"]);
        assert!(clients[0].lowest_ms > 0.0);
    }

    #[test]
    fn who_must_find_another_server_is_told_within_a_turn_and_hears_on_meanwhile() {
        for rung in [Rung::REST, Rung::CHEAPEST] {
            let mut scene = scene();
            scene.pass(20_000, &mut []);
            scene.edge.set_rung(rung);
            let mut clients = [scene.listen(), scene.listen()];
            scene.pass(15_000, &mut clients);
            scene.edge.hand_over(20_000);
            let flush_ms = u64::from(rung.flush_ms());
            scene.pass(flush_ms + STEP_MS, &mut clients);
            let said = format!("{}!", rung.number());
            for client in &clients {
                assert_eq!(client.rungs().last(), Some(&&said[..]));
            }
            scene.pass(20_000, &mut clients);
            assert!(clients.iter().all(|client| client.lowest_ms > 0.0));
        }
    }

    #[test]
    fn what_is_sent_to_many_allocates_no_more_than_what_is_sent_to_few() {
        let allocated = |listeners| {
            let mut scene = scene();
            scene.pass(5_000, &mut []);
            let mut clients: Vec<Client> = (0..listeners).map(|_| scene.listen()).collect();
            scene.pass(1_000, &mut clients);
            let before = scene.allocated;
            scene.pass(10_000, &mut clients);
            assert!(clients.iter().all(|client| client.lowest_ms > 0.0));
            scene.allocated - before
        };
        let (few, many) = (allocated(2), allocated(100));
        println!("{few} for 2, {many} for 100");
        assert!(many <= few, "{few} for 2, {many} for 100");
    }

    #[test]
    fn who_finds_the_table_of_a_shard_full_is_counted_and_gives_its_place_back() {
        let mut scene = scene();
        let handoff = scene.handoff();
        assert_eq!(scene.streams[0].listeners(), 1);
        scene.shard.status.gauge.sockets.store(1, Ordering::Relaxed);
        scene.shard.take(None, handoff);
        assert_eq!(scene.streams[0].listeners(), 0);
        assert_eq!(scene.shard.status.gauge.sockets.load(Ordering::Relaxed), 0);
        assert_eq!(scene.edge.counters().refused(Refusal::NoDescriptor), 1);
    }

    #[test]
    fn doors_that_close_leave_those_inside_as_they_are_until_they_are_brought_elsewhere() {
        let mut scene = scene();
        scene.pass(5_000, &mut []);
        let mut clients = [scene.listen()];
        scene.edge.set_rung(Rung::CLOSED);
        scene.pass(120_000, &mut clients);
        assert!(clients[0].told.is_empty(), "{:?}", clients[0].told);
        assert_eq!(clients[0].renditions(), ["48"]);
        scene.edge.bring_to(Rung::ALL[2]);
        scene.pass(150_000, &mut clients);
        assert_eq!(clients[0].rungs(), ["1", "2"]);
        assert_eq!(clients[0].renditions(), ["48", "24"]);
        assert!(clients[0].lowest_ms > 0.0);
    }

    #[test]
    fn where_nobody_can_be_told_those_inside_stay_as_they_are() {
        let mut scene = scene_with(None);
        scene.pass(5_000, &mut []);
        let mut clients = [scene.listen()];
        scene.edge.set_rung(Rung::CHEAPEST);
        scene.pass(120_000, &mut clients);
        assert!(clients[0].lowest_ms > 0.0 && clients[0].told.is_empty());
        assert_eq!(clients[0].renditions(), ["48"]);
    }
}
