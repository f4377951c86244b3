//! What one listener requests next. No socket here, only bytes and times.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use super::playlist::Playlist;
use crate::herd::tally::Tally;
use crate::http::{BodyDecoder, ResponseHead};

/// Largest playlist, in bytes. Beyond: the listener is over.
pub const PLAYLIST_BYTES_MAX: usize = 64 * 1024;

/// How far from the end of a playlist a listener begins, in target durations (RFC 8216 §6.3.3).
const BEHIND_TARGETS: u64 = 3;

/// One listener's requests and answers.
pub(crate) struct HlsSession {
    playlist: Arc<str>,
    asked: Requested,
    /// Beginning of a head that is not whole.
    head: Vec<u8>,
    body: Option<BodyDecoder>,
    /// A playlist that is not whole.
    text: Vec<u8>,
    /// When the last playlist was asked for.
    asked_us: u64,
    /// When the next is.
    reload_us: u64,
    /// Media sequence number of the segment that comes next in the stream.
    next: Option<u64>,
    /// What is to be asked for, in order: the head of the stream, segments.
    queue: VecDeque<(Requested, Box<str>)>,
    ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Requested {
    Nothing,
    Playlist,
    StreamHead,
    Segment,
}

/// What is to be done now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NextStep {
    /// The answer is not whole.
    Listen,
    /// Ask for this path.
    Ask(Box<str>),
    /// Ask for the playlist at this time, in microseconds.
    Wait(u64),
}

impl HlsSession {
    pub(crate) fn new(playlist: &Arc<str>) -> Self {
        Self {
            playlist: Arc::clone(playlist),
            asked: Requested::Nothing,
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
    pub(crate) fn requests_playlist(&mut self, now_us: u64) {
        self.asked = Requested::Playlist;
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
    ) -> Result<NextStep, String> {
        tally.bytes += bytes.len() as u64;
        if self.asked == Requested::Nothing {
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
                let Some(head) = ResponseHead::parse(input).map_err(|error| error.to_string())?
                else {
                    self.head = input.to_vec();
                    return Ok(NextStep::Listen);
                };
                if head.status != 200 {
                    let what = self.asked.name();
                    return Err(format!("{what} refused with status {}", head.status));
                }
                input = &input[head.head_bytes..];
                BodyDecoder::new(head.framing)
            }
        };
        while let Some(piece) = body.next(&mut input).map_err(|error| error.to_string())? {
            if self.asked != Requested::Playlist {
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
            return Ok(NextStep::Listen);
        }
        if !input.is_empty() {
            return Err("the server sent what nobody asked for".to_owned());
        }
        match mem::replace(&mut self.asked, Requested::Nothing) {
            Requested::Playlist => {
                tally.playlists += 1;
                let text = mem::take(&mut self.text);
                let text = str::from_utf8(&text).map_err(|_| "the playlist is no text")?;
                let playlist = Playlist::parse(text).map_err(|error| error.to_string())?;
                self.take_playlist(&playlist, tally)?;
            }
            Requested::Segment => tally.segments += 1,
            Requested::StreamHead | Requested::Nothing => {}
        }
        self.next_step(now_us)
    }

    fn next_step(&mut self, now_us: u64) -> Result<NextStep, String> {
        if let Some((asked, path)) = self.queue.pop_front() {
            if self.queue.is_empty() {
                // Between two playlists a listener holds nothing.
                self.queue = VecDeque::new();
            }
            self.asked = asked;
            return Ok(NextStep::Ask(path));
        }
        if self.ended {
            return Err("the server ended the stream".to_owned());
        }
        if self.reload_us > now_us {
            return Ok(NextStep::Wait(self.reload_us));
        }
        self.requests_playlist(now_us);
        Ok(NextStep::Ask(Box::from(&*self.playlist)))
    }

    fn take_playlist(&mut self, playlist: &Playlist<'_>, tally: &mut Tally) -> Result<(), String> {
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
                    self.enqueue(Requested::StreamHead, head)?;
                }
                playlist.first + begin(playlist)
            }
        };
        let skipped = usize::try_from(from - playlist.first).unwrap_or(usize::MAX);
        for &(uri, _) in playlist.segments.iter().skip(skipped) {
            self.enqueue(Requested::Segment, uri)?;
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

    fn enqueue(&mut self, asked: Requested, uri: &str) -> Result<(), String> {
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

/// How many of a playlist's segments a new listener leaves out.
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

impl Requested {
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

    struct SessionUnderTest {
        session: HlsSession,
        tally: Tally,
        stream: Vec<u8>,
    }

    impl SessionUnderTest {
        fn new() -> Self {
            let mut session = HlsSession::new(&Arc::from("/e/x/48/index.m3u8"));
            session.requests_playlist(0);
            Self {
                session,
                tally: Tally::default(),
                stream: Vec::new(),
            }
        }

        fn answer(&mut self, now_us: u64, body: &str) -> Result<NextStep, String> {
            let length = body.len();
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
            let mut next = Ok(NextStep::Listen);
            // In pieces, since an answer may come so.
            for piece in answer.as_bytes().chunks(7) {
                if next.is_err() {
                    break;
                }
                assert_eq!(next, Ok(NextStep::Listen));
                next = self
                    .session
                    .receive(now_us, piece, &mut self.tally, |_, bytes| {
                        self.stream.extend_from_slice(bytes);
                        Ok(())
                    });
            }
            next
        }

        /// Answers each segment with its path, and gives the first thing that is none.
        fn follow(
            &mut self,
            now_us: u64,
            mut next: Result<NextStep, String>,
        ) -> Result<NextStep, String> {
            while let Ok(NextStep::Ask(path)) = &next {
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
        let mut session = SessionUnderTest::new();
        let next = session.answer(0, &playlist(10..20));
        let next = session.follow(S / 10, next);
        assert_eq!(session.heard(), "init 16.m4s 17.m4s 18.m4s 19.m4s ");
        assert_eq!(next, Ok(NextStep::Wait(4 * S)));
        session.stream.clear();
        session.session.requests_playlist(4 * S);
        let next = session.answer(4 * S, &playlist(11..21));
        assert_eq!(session.follow(4 * S, next), Ok(NextStep::Wait(8 * S)));
        assert_eq!(session.heard(), "20.m4s ");
        assert_eq!((session.tally.playlists, session.tally.segments), (2, 5));
        assert_eq!(
            (
                session.tally.segments_skipped,
                session.tally.playlists_older
            ),
            (0, 0)
        );
    }

    #[test]
    fn where_nothing_is_new_it_asks_again_after_half_the_time() {
        let mut session = SessionUnderTest::new();
        let next = session.answer(0, &playlist(10..20));
        assert!(session.follow(0, next).is_ok());
        session.session.requests_playlist(4 * S);
        assert_eq!(
            session.answer(4 * S, &playlist(10..20)),
            Ok(NextStep::Wait(6 * S))
        );
    }

    #[test]
    fn a_segment_that_is_listed_no_more_and_an_older_list_are_counted() {
        let mut session = SessionUnderTest::new();
        let next = session.answer(0, &playlist(10..12));
        assert!(session.follow(0, next).is_ok());
        session.session.requests_playlist(4 * S);
        let next = session.answer(4 * S, &playlist(15..17));
        assert!(session.follow(4 * S, next).is_ok());
        assert_eq!(session.heard(), "init 10.m4s 11.m4s 15.m4s 16.m4s ");
        assert_eq!(
            (
                session.tally.segments_skipped,
                session.tally.playlists_older
            ),
            (3, 0)
        );
        session.session.requests_playlist(8 * S);
        assert_eq!(
            session.answer(8 * S, &playlist(14..16)),
            Ok(NextStep::Wait(10 * S))
        );
        assert_eq!(session.tally.playlists_older, 1);
    }

    #[test]
    fn what_is_refused_or_leads_elsewhere_or_ends_is_the_end() {
        let mut session = SessionUnderTest::new();
        let gone = session.session.receive(
            0,
            b"HTTP/1.1 404 Not Found\r\n\r\n",
            &mut session.tally,
            |_, _| Ok(()),
        );
        assert_eq!(gone, Err("the playlist refused with status 404".to_owned()));
        let elsewhere = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nhttp://x/1\n";
        assert!(SessionUnderTest::new().answer(0, elsewhere).is_err());
        let mut session = SessionUnderTest::new();
        let next = session.answer(0, &(playlist(1..2) + "#EXT-X-ENDLIST\n"));
        assert_eq!(
            session.follow(0, next),
            Err("the server ended the stream".to_owned())
        );
        assert_eq!(session.heard(), "init 1.m4s ");
    }

    #[test]
    fn an_endless_playlist_and_bytes_nobody_asked_for_are_told() {
        let mut session = SessionUnderTest::new();
        let endless = format!("#EXTM3U\n{}", "#\n".repeat(PLAYLIST_BYTES_MAX));
        assert!(
            session
                .answer(0, &endless)
                .expect_err("it is too long")
                .contains("more than")
        );
        let mut session = SessionUnderTest::new();
        let next = session.answer(0, &playlist(1..1));
        assert_eq!(next, Ok(NextStep::Ask(Box::from("/e/x/48/init"))));
        session.session.asked = Requested::Nothing;
        assert!(
            session
                .answer(0, "more")
                .expect_err("nobody asked")
                .contains("nobody asked")
        );
    }
}
