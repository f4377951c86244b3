//! Which bytes of a connection the HTTP library may read: one head that was read here first, then its body, and nothing behind it.
//!
//! So there is one opinion on where a request ends, and it is that of the shards: the library never sees a head that they would refuse, nor
//! two in a row. What comes behind a request goes to a shard with its connection. Of a body in chunks only the library knows the end;
//! behind such a one the connection is closed.

use bytes::{Buf, Bytes, BytesMut};

use crate::faces::{BodyFraming, as_known_version, read_head};
use crate::gate::HeadFault;
use crate::limits::AcceptLimits;

/// See the module. It holds what was read and not given yet, and no socket.
pub(super) struct RequestReader {
    held: BytesMut,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A head is to be read.
    Head,
    /// So many bytes of a head are to be given, then what follows.
    Given(usize, Behind),
    Following(Behind),
}

/// What follows a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behind {
    /// So many bytes more.
    Length(u64),
    /// Chunks.
    Chunks,
    /// Something else than HTTP, perhaps.
    Upgrade,
}

/// What the library may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MayRead {
    /// So many bytes of what is held.
    Held(usize),
    /// So many bytes of the socket, at most.
    Socket(usize),
    /// Nothing until this request was answered.
    Nothing,
}

impl RequestReader {
    /// Begins with bytes that were read already.
    pub(super) fn new(held: Bytes) -> Self {
        Self {
            held: held.into(),
            state: State::Head,
        }
    }

    /// What is read and not given.
    pub(super) fn into_held(self) -> Bytes {
        self.held.freeze()
    }

    /// Whether a head is to be read: then what comes is for [`Self::hold`].
    pub(super) fn wants_head(&self) -> bool {
        self.state == State::Head
    }

    /// Takes what came of a head.
    pub(super) fn hold(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// Looks for a head in what is held; true when there is one and it may be given. With it, whether a body follows.
    ///
    /// # Errors
    /// What is wrong with the head.
    pub(super) fn look(&mut self, limits: &AcceptLimits) -> Result<bool, HeadFault> {
        let Some(head) = read_head(&self.held, limits)? else {
            return Ok(false);
        };
        as_known_version(&mut self.held[..head.bytes]);
        let behind = match head.body {
            _ if head.upgrades => Behind::Upgrade,
            BodyFraming::Length(bytes) => Behind::Length(bytes),
            BodyFraming::Chunked => Behind::Chunks,
        };
        self.state = State::Given(head.bytes, behind);
        Ok(true)
    }

    /// What the library may read now.
    pub(super) fn may_read(&self) -> MayRead {
        let most = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        match self.state {
            State::Head | State::Following(Behind::Length(0)) => MayRead::Nothing,
            State::Given(bytes, _) => MayRead::Held(bytes),
            State::Following(Behind::Length(bytes)) if self.held.is_empty() => {
                MayRead::Socket(most(bytes))
            }
            State::Following(Behind::Length(bytes)) => {
                MayRead::Held(most(bytes).min(self.held.len()))
            }
            State::Following(_) if self.held.is_empty() => MayRead::Socket(usize::MAX),
            State::Following(_) => MayRead::Held(self.held.len()),
        }
    }

    /// Gives so many bytes of what is held, at most as many as [`Self::may_read`] says.
    pub(super) fn give(&mut self, bytes: usize) -> Bytes {
        let given = self.held.split_to(bytes).freeze();
        self.note_read(bytes);
        given
    }

    /// So many bytes were read, of what was held or of the socket.
    pub(super) fn note_read(&mut self, bytes: usize) {
        self.state = match self.state {
            State::Head => State::Head,
            State::Given(left, behind) if bytes >= left => State::Following(behind),
            State::Given(left, behind) => State::Given(left - bytes, behind),
            State::Following(Behind::Length(left)) => {
                State::Following(Behind::Length(left.saturating_sub(bytes as u64)))
            }
            other => other,
        };
    }

    /// Whether more of a request may come that was begun.
    pub(super) fn is_open(&self) -> bool {
        !matches!(
            self.state,
            State::Head | State::Following(Behind::Length(0))
        )
    }

    /// Whether it may become something else than HTTP.
    pub(super) fn is_upgrade(&self) -> bool {
        matches!(
            self.state,
            State::Given(_, Behind::Upgrade) | State::Following(Behind::Upgrade)
        )
    }

    /// Whether anything is held of a head that is not whole.
    pub(super) fn is_begun(&self) -> bool {
        self.wants_head() && self.held.has_remaining()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(text: &str) -> RequestReader {
        RequestReader::new(Bytes::copy_from_slice(text.as_bytes()))
    }

    /// What the library is given of what is held.
    fn given(reader: &mut RequestReader) -> String {
        let mut all = Vec::new();
        while let MayRead::Held(bytes) = reader.may_read() {
            // A few at a time, as a library with a small buffer would.
            all.extend_from_slice(&reader.give(bytes.min(7)));
        }
        String::from_utf8(all).unwrap()
    }

    #[test]
    fn a_head_is_given_when_it_is_whole_and_what_is_behind_it_stays() {
        let limits = AcceptLimits::default();
        let head = "GET /x HTTP/1.1\r\nHost: x\r\n\r\n";
        let mut reader = reader(&head[..9]);
        assert_eq!(reader.look(&limits), Ok(false));
        assert!(reader.is_begun() && reader.may_read() == MayRead::Nothing);
        reader.hold(format!("{}{head}", &head[9..]).as_bytes());
        assert_eq!(reader.look(&limits), Ok(true));
        assert_eq!(given(&mut reader), head);
        assert!(!reader.is_open() && reader.may_read() == MayRead::Nothing);
        assert_eq!(reader.into_held(), head);
    }

    #[test]
    fn a_body_is_given_to_its_last_byte_and_the_socket_is_read_no_further() {
        let limits = AcceptLimits::default();
        let head = "POST /x HTTP/1.4\r\nHost: x\r\nContent-Length: 9\r\n\r\n";
        let mut reader = reader(&format!("{head}body"));
        assert_eq!(reader.look(&limits), Ok(true));
        let known = head.replace("1.4", "1.1");
        assert_eq!(given(&mut reader), format!("{known}body"));
        assert_eq!(reader.may_read(), MayRead::Socket(5));
        assert!(reader.is_open());
        reader.note_read(3);
        assert_eq!(reader.may_read(), MayRead::Socket(2));
        reader.note_read(2);
        assert!(!reader.is_open() && reader.may_read() == MayRead::Nothing);
    }

    #[test]
    fn of_chunks_and_of_another_protocol_everything_is_given() {
        let limits = AcceptLimits::default();
        for (fields, upgrade) in [
            ("Transfer-Encoding: chunked", false),
            ("Connection: Upgrade\r\nUpgrade: websocket", true),
        ] {
            let all = format!("POST /x HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n0\r\n\r\nmore");
            let mut reader = reader(&all);
            assert_eq!(reader.look(&limits), Ok(true));
            assert_eq!(given(&mut reader), all);
            assert_eq!(reader.may_read(), MayRead::Socket(usize::MAX));
            assert_eq!((reader.is_open(), reader.is_upgrade()), (true, upgrade));
        }
    }

    #[test]
    fn a_head_that_shards_refuse_is_refused_here() {
        let limits = AcceptLimits::default();
        for (head, fault) in [
            ("GET / HTTP/1.1\nHost: x\n\n", HeadFault::LineEnd),
            ("GET /#a HTTP/1.1\r\nHost: x\r\n\r\n", HeadFault::Target),
            ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", HeadFault::HostName),
        ] {
            assert_eq!(reader(head).look(&limits), Err(fault));
        }
    }
}
