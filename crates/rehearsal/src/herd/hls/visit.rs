//! What one listener asks next. No socket here, only bytes and times.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use super::playlist::Playlist;
use crate::herd::tally::Tally;
use crate::http::{Body, Head};

/// Largest playlist, in bytes. Beyond: the listener is over.
pub const PLAYLIST_BYTES_MAX: usize = 64 * 1024;

/// How far from the end of a playlist a listener begins, in target durations (RFC 8216 §6.3.3).
const BEHIND_TARGETS: u64 = 3;

/// One listener's conversation.
pub(crate) struct Visit {
    playlist: Arc<str>,
    asked: Asked,
    /// Beginning of a head that is not whole.
    head: Vec<u8>,
    body: Option<Body>,
    /// A playlist that is not whole.
    text: Vec<u8>,
    /// When the last playlist was asked for.
    asked_us: u64,
    /// When the next is.
    reload_us: u64,
    /// Media sequence number of the segment that comes next in the stream.
    next: Option<u64>,
    /// What is to be asked for, in order: the head of the stream, segments.
    queue: VecDeque<(Asked, Box<str>)>,
    ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Nothing,
    Playlist,
    StreamHead,
    Segment,
}

/// What is to be done now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The answer is not whole.
    Listen,
    /// Ask for this path.
    Ask(Box<str>),
    /// Ask for the playlist at this time, in microseconds.
    Wait(u64),
}

impl Visit {
    pub(crate) fn new(playlist: &Arc<str>) -> Self {
        Self {
            playlist: Arc::clone(playlist),
            asked: Asked::Nothing,
            head: Vec::new(),
            body: None,
            text: Vec::new(),
            asked_us: 0,
            reload_us: 0,
            next: None,
            queue: VecDeque::new(),
            ended: false,
        }
    }

    /// The playlist is asked for now.
    pub(crate) fn asks_playlist(&mut self, now_us: u64) {
        self.asked = Asked::Playlist;
        self.asked_us = now_us;
    }

    /// Takes bytes of an answer; what belongs to the stream goes on to `stream`. An error is the reason why nothing more is
    /// of use.
    pub(crate) fn receive(
        &mut self,
        now_us: u64,
        bytes: &[u8],
        tally: &mut Tally,
        mut stream: impl FnMut(&mut Tally, &[u8]) -> Result<(), String>,
    ) -> Result<Next, String> {
        tally.bytes += bytes.len() as u64;
        if self.asked == Asked::Nothing {
            return Err("the server sent what nobody asked for".to_owned());
        }
        let carried;
        let mut input = bytes;
        let mut body = match self.body.take() {
            Some(body) => body,
            None => {
                if !self.head.is_empty() {
                    self.head.extend_from_slice(bytes);
                    carried = mem::take(&mut self.head);
                    input = &carried;
                }
                let Some(head) = Head::parse(input).map_err(|error| error.to_string())? else {
                    self.head = input.to_vec();
                    return Ok(Next::Listen);
                };
                if head.status != 200 {
                    let what = self.asked.name();
                    return Err(format!("{what} refused with status {}", head.status));
                }
                input = &input[head.head_bytes..];
                Body::new(head.framing)
            }
        };
        while let Some(piece) = body.next(&mut input).map_err(|error| error.to_string())? {
            if self.asked != Asked::Playlist {
                stream(tally, piece)?;
            } else if self.text.len() + piece.len() > PLAYLIST_BYTES_MAX {
                return Err(format!(
                    "the playlist has more than {PLAYLIST_BYTES_MAX} bytes"
                ));
            } else {
                self.text.extend_from_slice(piece);
            }
        }
        if !body.ended() {
            self.body = Some(body);
            return Ok(Next::Listen);
        }
        if !input.is_empty() {
            return Err("the server sent what nobody asked for".to_owned());
        }
        match mem::replace(&mut self.asked, Asked::Nothing) {
            Asked::Playlist => {
                tally.playlists += 1;
                let text = mem::take(&mut self.text);
                let text = str::from_utf8(&text).map_err(|_| "the playlist is no text")?;
                let playlist = Playlist::parse(text).map_err(|error| error.to_string())?;
                self.listed(&playlist, tally)?;
            }
            Asked::Segment => tally.segments += 1,
            Asked::StreamHead | Asked::Nothing => {}
        }
        self.go_on(now_us)
    }

    fn go_on(&mut self, now_us: u64) -> Result<Next, String> {
        if let Some((asked, path)) = self.queue.pop_front() {
            if self.queue.is_empty() {
                // Between two playlists a listener holds nothing.
                self.queue = VecDeque::new();
            }
            self.asked = asked;
            return Ok(Next::Ask(path));
        }
        if self.ended {
            return Err("the server ended the stream".to_owned());
        }
        if self.reload_us > now_us {
            return Ok(Next::Wait(self.reload_us));
        }
        self.asks_playlist(now_us);
        Ok(Next::Ask(Box::from(&*self.playlist)))
    }

    fn listed(&mut self, playlist: &Playlist<'_>, tally: &mut Tally) -> Result<(), String> {
        let end = playlist
            .first
            .saturating_add(playlist.segments.len() as u64);
        let from = match self.next {
            Some(next) => {
                // A list that ends before what was listed already is an older one; one that begins later has lost some.
                tally.playlists_older += u64::from(end < next);
                tally.segments_skipped += playlist.first.saturating_sub(next);
                next.max(playlist.first)
            }
            None => {
                if let Some(head) = playlist.head {
                    self.enqueue(Asked::StreamHead, head)?;
                }
                playlist.first + begin(playlist)
            }
        };
        let skipped = usize::try_from(from - playlist.first).unwrap_or(usize::MAX);
        for &(uri, _) in playlist.segments.iter().skip(skipped) {
            self.enqueue(Asked::Segment, uri)?;
        }
        let news = self.next.is_none_or(|next| end > next);
        self.next = Some(from.max(end));
        self.ended = playlist.ended;
        // Half as long where nothing was new (RFC 8216 §6.3.4).
        let pause_us = if news {
            playlist.target_us
        } else {
            playlist.target_us / 2
        };
        self.reload_us = self.asked_us + pause_us;
        Ok(())
    }

    fn enqueue(&mut self, asked: Asked, uri: &str) -> Result<(), String> {
        if uri.contains("://") || uri.starts_with("//") || uri.contains(char::is_whitespace) {
            return Err("the playlist leads to another server".to_owned());
        }
        let folder = self
            .playlist
            .rfind('/')
            .map_or("/", |at| &self.playlist[..=at]);
        let path = if uri.starts_with('/') {
            Box::from(uri)
        } else {
            format!("{folder}{uri}").into_boxed_str()
        };
        self.queue.push_back((asked, path));
        Ok(())
    }
}

/// How many of a playlist's segments a newcomer leaves out.
fn begin(playlist: &Playlist<'_>) -> u64 {
    let mut held_us = 0;
    let tail = playlist
        .segments
        .iter()
        .rev()
        .take_while(|(_, duration_us)| {
            let more = held_us < BEHIND_TARGETS * playlist.target_us;
            held_us += duration_us;
            more
        });
    (playlist.segments.len() - tail.count()) as u64
}

impl Asked {
    const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Playlist => "the playlist",
            Self::StreamHead => "the head of the stream",
            Self::Segment => "a segment",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Told {
        visit: Visit,
        tally: Tally,
        stream: Vec<u8>,
    }

    impl Told {
        fn new() -> Self {
            let mut visit = Visit::new(&Arc::from("/e/x/48/index.m3u8"));
            visit.asks_playlist(0);
            Self {
                visit,
                tally: Tally::default(),
                stream: Vec::new(),
            }
        }

        fn answer(&mut self, now_us: u64, body: &str) -> Result<Next, String> {
            let length = body.len();
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
            let mut next = Ok(Next::Listen);
            // In pieces, since an answer may come so.
            for piece in answer.as_bytes().chunks(7) {
                if next.is_err() {
                    break;
                }
                assert_eq!(next, Ok(Next::Listen));
                next = self
                    .visit
                    .receive(now_us, piece, &mut self.tally, |_, bytes| {
                        self.stream.extend_from_slice(bytes);
                        Ok(())
                    });
            }
            next
        }

        /// Answers each segment with its path, and gives the first thing that is none.
        fn follow(&mut self, now_us: u64, mut next: Result<Next, String>) -> Result<Next, String> {
            while let Ok(Next::Ask(path)) = &next {
                if path.ends_with("m3u8") {
                    break;
                }
                let body = path
                    .strip_prefix("/e/x/48/")
                    .expect("it is relative")
                    .to_owned()
                    + " ";
                next = self.answer(now_us, &body);
            }
            next
        }

        fn heard(&self) -> &str {
            str::from_utf8(&self.stream).expect("it is text")
        }
    }

    fn playlist(numbers: std::ops::Range<u64>) -> String {
        let mut text = format!(
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:{}\n#EXT-X-MAP:URI=\"init\"\n",
            numbers.start
        );
        numbers.for_each(|number| text += &format!("#EXTINF:3.6,\n{number}.m4s\n"));
        text
    }

    const S: u64 = 1_000_000;

    #[test]
    fn it_begins_three_targets_from_the_end_and_asks_for_each_segment_once() {
        let mut told = Told::new();
        let next = told.answer(0, &playlist(10..20));
        let next = told.follow(S / 10, next);
        assert_eq!(told.heard(), "init 16.m4s 17.m4s 18.m4s 19.m4s ");
        assert_eq!(next, Ok(Next::Wait(4 * S)));
        told.stream.clear();
        told.visit.asks_playlist(4 * S);
        let next = told.answer(4 * S, &playlist(11..21));
        assert_eq!(told.follow(4 * S, next), Ok(Next::Wait(8 * S)));
        assert_eq!(told.heard(), "20.m4s ");
        assert_eq!((told.tally.playlists, told.tally.segments), (2, 5));
        assert_eq!(
            (told.tally.segments_skipped, told.tally.playlists_older),
            (0, 0)
        );
    }

    #[test]
    fn where_nothing_is_new_it_asks_again_after_half_the_time() {
        let mut told = Told::new();
        let next = told.answer(0, &playlist(10..20));
        assert!(told.follow(0, next).is_ok());
        told.visit.asks_playlist(4 * S);
        assert_eq!(told.answer(4 * S, &playlist(10..20)), Ok(Next::Wait(6 * S)));
    }

    #[test]
    fn a_segment_that_is_listed_no_more_and_an_older_list_are_counted() {
        let mut told = Told::new();
        let next = told.answer(0, &playlist(10..12));
        assert!(told.follow(0, next).is_ok());
        told.visit.asks_playlist(4 * S);
        let next = told.answer(4 * S, &playlist(15..17));
        assert!(told.follow(4 * S, next).is_ok());
        assert_eq!(told.heard(), "init 10.m4s 11.m4s 15.m4s 16.m4s ");
        assert_eq!(
            (told.tally.segments_skipped, told.tally.playlists_older),
            (3, 0)
        );
        told.visit.asks_playlist(8 * S);
        assert_eq!(
            told.answer(8 * S, &playlist(14..16)),
            Ok(Next::Wait(10 * S))
        );
        assert_eq!(told.tally.playlists_older, 1);
    }

    #[test]
    fn what_is_refused_or_leads_elsewhere_or_ends_is_the_end() {
        let mut told = Told::new();
        let gone = told.visit.receive(
            0,
            b"HTTP/1.1 404 Not Found\r\n\r\n",
            &mut told.tally,
            |_, _| Ok(()),
        );
        assert_eq!(gone, Err("the playlist refused with status 404".to_owned()));
        let elsewhere = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nhttp://x/1\n";
        assert!(Told::new().answer(0, elsewhere).is_err());
        let mut told = Told::new();
        let next = told.answer(0, &(playlist(1..2) + "#EXT-X-ENDLIST\n"));
        assert_eq!(
            told.follow(0, next),
            Err("the server ended the stream".to_owned())
        );
        assert_eq!(told.heard(), "init 1.m4s ");
    }

    #[test]
    fn an_endless_playlist_and_bytes_nobody_asked_for_are_told() {
        let mut told = Told::new();
        let endless = format!("#EXTM3U\n{}", "#\n".repeat(PLAYLIST_BYTES_MAX));
        assert!(
            told.answer(0, &endless)
                .expect_err("it is too long")
                .contains("more than")
        );
        let mut told = Told::new();
        let next = told.answer(0, &playlist(1..1));
        assert_eq!(next, Ok(Next::Ask(Box::from("/e/x/48/init"))));
        told.visit.asked = Asked::Nothing;
        assert!(
            told.answer(0, "more")
                .expect_err("nobody asked")
                .contains("nobody asked")
        );
    }
}
