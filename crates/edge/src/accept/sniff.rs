//! The protocol of a connection, from its first bytes, which stay unread.
//!
//! One TCP port carries three things: TLS (a handshake record begins with 0x16), HTTP (a method, so a letter), and ICE-TCP
//! of the stage: RFC 4571 frames, of which the first holds a STUN message (RFC 6544 §4.1, RFC 5389 §6).

use std::time::Duration;

use tokio::net::TcpStream;

/// Bytes needed to know a STUN message in an RFC 4571 frame: length (2), type (2), length (2), magic cookie (4).
const STUN_LOOK_BYTES: usize = 10;

/// RFC 5389 §6.
const STUN_COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];

/// Pause before the next look at a connection whose first bytes come in pieces, ms. Its socket stays readable meanwhile, so there is
/// no event to wait for.
const LOOK_AGAIN_MS: u64 = 10;

/// The protocol of the first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sniffed {
    Tls,
    Http,
    IceTcp,
    /// No protocol spoken here.
    Unknown,
    /// Closed before it said anything.
    Gone,
    /// Not enough said yet.
    More,
}

/// Waits until the protocol is clear. Never returns for a peer that sends nothing: the caller sets the time limit.
pub(super) async fn sniff(stream: &TcpStream) -> Sniffed {
    loop {
        let mut first = [0; STUN_LOOK_BYTES];
        match stream.peek(&mut first).await {
            Ok(0) | Err(_) => return Sniffed::Gone,
            Ok(n) => match classify(&first[..n]) {
                Sniffed::More => tokio::time::sleep(Duration::from_millis(LOOK_AGAIN_MS)).await,
                known => return known,
            },
        }
    }
}

fn classify(first: &[u8]) -> Sniffed {
    match first {
        [] => Sniffed::More,
        [0x16, ..] => Sniffed::Tls,
        // The high byte of a frame's length: a STUN request is shorter than 512 bytes.
        [0x00 | 0x01, ..] if first.len() < STUN_LOOK_BYTES => Sniffed::More,
        // The two top bits of a STUN message are zero (RFC 5389 §6).
        [0x00 | 0x01, _, kind, _, _, _, cookie @ ..]
            if kind & 0xC0 == 0 && cookie.starts_with(&STUN_COOKIE) =>
        {
            Sniffed::IceTcp
        }
        // A letter of a method; or an empty line, which RFC 9112 §2.2 lets a client send before a request.
        [b'A'..=b'Z' | b'a'..=b'z' | b'\r' | b'\n', ..] => Sniffed::Http,
        _ => Sniffed::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_tell_the_protocol() {
        let stun = [0, 100, 0, 1, 0, 80, 0x21, 0x12, 0xA4, 0x42];
        assert_eq!(classify(&stun), Sniffed::IceTcp);
        for n in 1..stun.len() {
            assert_eq!(classify(&stun[..n]), Sniffed::More);
        }
        let mut no_cookie = stun;
        no_cookie[9] = 0;
        assert_eq!(classify(&no_cookie), Sniffed::Unknown);
        let mut not_stun = stun;
        not_stun[2] = 0x80;
        assert_eq!(classify(&not_stun), Sniffed::Unknown);
        assert_eq!(classify(&[0x16, 3, 1]), Sniffed::Tls);
        assert_eq!(classify(b"GET / HTTP/1.1"), Sniffed::Http);
        assert_eq!(classify(b"\r\nGET /"), Sniffed::Http);
        assert_eq!(classify(&[0xFF; 10]), Sniffed::Unknown);
        assert_eq!(classify(&[0x80, 0x2E, 1]), Sniffed::Unknown);
    }
}
