//! Whether a ClientHello has come whole (RFC 8446 sections 4 and 5.1), from the first bytes of a connection.
//!
//! Nothing of it is understood here: whatever cannot be one counts as whole, so that the TLS library says what is wrong with it.

use crate::limits::CLIENT_HELLO_BYTES_MAX;

/// The content type of a record that carries a handshake.
const HANDSHAKE: u8 = 22;

/// The type of the message.
const CLIENT_HELLO: u8 = 1;

/// Type and length of a handshake message, bytes.
const MESSAGE_HEAD_BYTES: usize = 4;

/// What there is of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientHello {
    /// All of it, or enough to see that it is none.
    Whole,
    /// It has more than [`CLIENT_HELLO_BYTES_MAX`].
    TooLarge,
}

/// What these bytes are; `None` while more must come. It may lie in several records, cut anywhere.
pub(super) fn classify(first: &[u8]) -> Option<ClientHello> {
    let mut message_head = [0; MESSAGE_HEAD_BYTES];
    let mut message_bytes = 0;
    let mut rest = first;
    while let [kind, major, _, high, low, body @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        if (*kind, *major) != (HANDSHAKE, 3) || length == 0 {
            return Some(ClientHello::Whole);
        }
        let fragment = &body[..length.min(body.len())];
        let missing = message_head.iter_mut().skip(message_bytes);
        missing.zip(fragment).for_each(|(to, from)| *to = *from);
        message_bytes += fragment.len();
        if let Some(length) = message_length(message_head, message_bytes) {
            if message_bytes >= length {
                return Some(ClientHello::Whole);
            }
            if length > CLIENT_HELLO_BYTES_MAX {
                return Some(ClientHello::TooLarge);
            }
        }
        rest = body.get(length..).unwrap_or_default();
    }
    (first.len() >= CLIENT_HELLO_BYTES_MAX).then_some(ClientHello::TooLarge)
}

/// Of a message of which so many bytes have come, head and all: nothing, where it is another one.
fn message_length(head: [u8; MESSAGE_HEAD_BYTES], bytes: usize) -> Option<usize> {
    let [kind, length @ ..] = head;
    if bytes > 0 && kind != CLIENT_HELLO {
        return Some(0);
    }
    let [high, middle, low] = length.map(usize::from);
    let length = MESSAGE_HEAD_BYTES + (high << 16 | middle << 8 | low);
    (bytes >= MESSAGE_HEAD_BYTES).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message of so many bytes behind its head, in records of that length.
    fn hello(bytes: usize, record: usize) -> Vec<u8> {
        let [_, length @ ..] = u32::try_from(bytes).unwrap().to_be_bytes();
        let message = [&[CLIENT_HELLO], &length[..], &vec![7; bytes]].concat();
        let records = message.chunks(record).map(|fragment| {
            let length = u16::try_from(fragment.len()).unwrap().to_be_bytes();
            [&[HANDSHAKE, 3, 1], &length[..], fragment].concat()
        });
        records.collect::<Vec<_>>().concat()
    }

    #[test]
    fn it_is_whole_with_its_last_byte_however_it_is_cut() {
        for record in [1, 3, 4, 5, 100, 512, 600] {
            let whole = hello(512, record);
            for came in 0..whole.len() {
                assert_eq!(classify(&whole[..came]), None, "{came} of {record}");
            }
            assert_eq!(classify(&whole), Some(ClientHello::Whole), "{record}");
        }
    }

    #[test]
    fn what_is_none_is_left_to_the_tls_library_at_once() {
        let other_version = [HANDSHAKE, 22, 22, 22, 22];
        let empty_record = [HANDSHAKE, 3, 1, 0, 0];
        let alert = [21, 3, 1, 0, 2];
        let other_message = [HANDSHAKE, 3, 1, 0, 9, 2];
        for none in [&other_version[..], &empty_record, &alert, &other_message] {
            assert_eq!(classify(none), Some(ClientHello::Whole), "{none:?}");
        }
    }

    #[test]
    fn it_has_a_limit_which_records_of_a_byte_each_cannot_evade() {
        let most = CLIENT_HELLO_BYTES_MAX - MESSAGE_HEAD_BYTES - 5;
        let largest = hello(most, 16 * 1024);
        assert_eq!(classify(&largest), Some(ClientHello::Whole));
        let larger = hello(most + 6, 16 * 1024);
        assert_eq!(classify(&larger[..9]), Some(ClientHello::TooLarge));
        let scattered = hello(most, 1);
        let seen = &scattered[..CLIENT_HELLO_BYTES_MAX];
        assert_eq!(classify(seen), Some(ClientHello::TooLarge));
        assert_eq!(classify(&seen[..CLIENT_HELLO_BYTES_MAX - 1]), None);
    }
}
