//! The protocol of a connection, from its first bytes, which stay unread.
//!
//! One TCP port carries three things: TLS (a handshake record begins with 0x16), HTTP (a method, so a letter), and ICE-TCP
//! of the stage: RFC 4571 frames, of which the first holds a STUN message (RFC 6544 §4.1, RFC 5389 §6).

use std::io;

use rustix::net::{RecvFlags, recv};
use tokio::io::Interest;
use tokio::net::TcpStream;

/// Bytes needed to know a STUN message in an RFC 4571 frame: length (2), type (2), length (2), magic cookie (4).
const STUN_LOOK_BYTES: usize = 10;

/// RFC 5389 §6.
const STUN_COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];

/// The protocol of the first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sniffed {
    Tls,
    Http,
    IceTcp,
    /// No protocol spoken here.
    Unknown,
    /// Closed before it said enough.
    Gone,
}

/// Waits until the protocol is clear. Never returns for a peer that sends nothing: the caller sets the time limit.
pub(super) async fn sniff(stream: &TcpStream) -> Sniffed {
    peek_until::<_, STUN_LOOK_BYTES>(stream, classify)
        .await
        .unwrap_or(Sniffed::Gone)
}

/// Waits until the first bytes, of which it looks at so many at most, say what is asked of them; `None` for a peer that closed its side
/// before. They stay unread: what has come waits in the kernel, and nothing is kept here.
pub(super) async fn peek_until<T, const BYTES: usize>(
    stream: &TcpStream,
    ask: impl Fn(&[u8]) -> Option<T>,
) -> Option<T> {
    loop {
        let ready = stream.ready(Interest::READABLE).await.ok()?;
        // Too few bytes count as none: then the next look waits until more have come.
        let looked = stream.try_io(Interest::READABLE, || {
            let mut first = [0; BYTES];
            let (count, _) = recv(stream, &mut first, RecvFlags::PEEK)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            ask(&first[..count]).ok_or_else(|| io::ErrorKind::WouldBlock.into())
        });
        match looked {
            Ok(said) => return Some(said),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && !ready.is_read_closed() => {}
            Err(_) => return None,
        }
    }
}

/// The protocol of these bytes; `None` while they may be the beginning of more than one.
fn classify(first: &[u8]) -> Option<Sniffed> {
    Some(match first {
        [] => return None,
        [0x16, ..] => Sniffed::Tls,
        // The high byte of a frame's length: a STUN request is shorter than 512 bytes.
        [0x00 | 0x01, ..] if first.len() < STUN_LOOK_BYTES => return None,
        // The two top bits of a STUN message are zero (RFC 5389 §6).
        [0x00 | 0x01, _, kind, _, _, _, cookie @ ..]
            if kind & 0xC0 == 0 && cookie.starts_with(&STUN_COOKIE) =>
        {
            Sniffed::IceTcp
        }
        // A letter of a method; or an empty line, which RFC 9112 §2.2 lets a client send before a request.
        [b'A'..=b'Z' | b'a'..=b'z' | b'\r' | b'\n', ..] => Sniffed::Http,
        _ => Sniffed::Unknown,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_tell_the_protocol() {
        let stun = [0, 100, 0, 1, 0, 80, 0x21, 0x12, 0xA4, 0x42];
        assert_eq!(classify(&stun), Some(Sniffed::IceTcp));
        for n in 1..stun.len() {
            assert_eq!(classify(&stun[..n]), None);
        }
        let mut no_cookie = stun;
        no_cookie[9] = 0;
        assert_eq!(classify(&no_cookie), Some(Sniffed::Unknown));
        let mut not_stun = stun;
        not_stun[2] = 0x80;
        assert_eq!(classify(&not_stun), Some(Sniffed::Unknown));
        assert_eq!(classify(&[0x16, 3, 1]), Some(Sniffed::Tls));
        assert_eq!(classify(b"GET / HTTP/1.1"), Some(Sniffed::Http));
        assert_eq!(classify(b"\r\nGET /"), Some(Sniffed::Http));
        assert_eq!(classify(&[0xFF; 10]), Some(Sniffed::Unknown));
        assert_eq!(classify(&[0x80, 0x2E, 1]), Some(Sniffed::Unknown));
    }
}
