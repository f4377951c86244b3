//! The little of STUN (RFC 8489) that is needed to find whose a message is.
//!
//! It does not authenticate: that costs a MAC and is the peer's own business. It reads untrusted bytes.

/// RFC 8489 §5: the fixed value in bytes 4 to 8.
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
/// RFC 8489 §5: length of the header in bytes.
const HEADER_BYTES: usize = 20;
/// RFC 8489 §18.2: method Binding, class request.
const BINDING_REQUEST: [u8; 2] = [0x00, 0x01];
/// RFC 8489 §18.3.1.
const USERNAME: u16 = 0x0006;
/// Attributes looked at before giving up. A binding request of ICE has about eight.
const ATTRIBUTES_MAX: usize = 32;

/// Whether the first byte says STUN rather than DTLS or SRTP (RFC 7983 §7).
#[must_use]
pub fn is_stun(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|&byte| byte < 4)
}

/// The first half of the user name of a binding request: the receiver's user name fragment (RFC 8445 §7.2.2).
///
/// `None` for anything else: answers and indications need no reaction of a lite agent, which asks nothing.
#[must_use]
pub fn requested_ufrag(datagram: &[u8]) -> Option<&str> {
    let header = datagram.get(..HEADER_BYTES)?;
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    let whole = length.is_multiple_of(4) && datagram.len() == HEADER_BYTES + length;
    if header[..2] != BINDING_REQUEST || header[4..8] != MAGIC_COOKIE || !whole {
        return None;
    }
    let mut rest = &datagram[HEADER_BYTES..];
    for _ in 0..ATTRIBUTES_MAX {
        let (head, body) = rest.split_at_checked(4)?;
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        if u16::from_be_bytes([head[0], head[1]]) == USERNAME {
            let name = std::str::from_utf8(body.get(..length)?).ok()?;
            return name.split_once(':').map(|(ours, _)| ours);
        }
        // RFC 8489 §14: values are padded to four bytes.
        rest = body.get(length.next_multiple_of(4)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (kind, value) in attributes {
            body.extend(kind.to_be_bytes());
            body.extend((value.len() as u16).to_be_bytes());
            body.extend(*value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        let mut message = BINDING_REQUEST.to_vec();
        message.extend((body.len() as u16).to_be_bytes());
        message.extend(MAGIC_COOKIE);
        message.extend([7; 12]);
        message.extend(body);
        message
    }

    #[test]
    fn the_first_half_of_the_user_name_is_ours() {
        let message = request(&[(0x8022, b"abc"), (USERNAME, b"ours:theirs")]);
        assert_eq!(requested_ufrag(&message), Some("ours"));
    }

    #[test]
    fn anything_else_has_no_user_name() {
        let good = request(&[(USERNAME, b"ours:theirs")]);
        for length in 0..good.len() {
            assert_eq!(requested_ufrag(&good[..length]), None, "cut at {length}");
        }
        let mut response = good.clone();
        response[0] = 0x01;
        assert_eq!(requested_ufrag(&response), None);
        let mut no_cookie = good.clone();
        no_cookie[5] ^= 1;
        assert_eq!(requested_ufrag(&no_cookie), None);
        assert_eq!(requested_ufrag(&request(&[(USERNAME, b"no colon")])), None);
        assert_eq!(
            requested_ufrag(&request(&[(USERNAME, &[0xff, b':'])])),
            None
        );
    }

    #[test]
    fn attributes_are_bounded() {
        let mut attributes: Vec<(u16, &[u8])> = vec![(0x8022, b""); ATTRIBUTES_MAX];
        attributes.push((USERNAME, b"ours:theirs"));
        assert_eq!(requested_ufrag(&request(&attributes)), None);
    }
}
