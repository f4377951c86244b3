//! The little of DTLS (RFC 6347) that is needed to know why a peer leaves. It reads untrusted bytes.

/// RFC 6347 §4.1: type, version, epoch, sequence number and length of a record.
const HEADER_BYTES: usize = 13;
/// RFC 5246 §6.2.1 and §7.2.
const ALERT: u8 = 21;
const FATAL: u8 = 2;

/// Whether it is an alert that ends a handshake, before anything is encrypted (epoch 0): its sender has refused what it was offered.
#[must_use]
pub fn refuses_handshake(datagram: &[u8]) -> bool {
    datagram.first() == Some(&ALERT)
        && datagram.get(3..5) == Some(&[0, 0])
        && datagram.get(HEADER_BYTES) == Some(&FATAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record of one epoch with an alert of one level, `handshake_failure`.
    fn record(content: u8, epoch: u8, level: u8) -> Vec<u8> {
        let mut record = vec![content, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 1, 0, 2];
        record.extend([level, 40]);
        record
    }

    #[test]
    fn only_a_fatal_alert_in_the_open_refuses_a_handshake() {
        assert!(refuses_handshake(&record(ALERT, 0, FATAL)));
        for other in [
            record(ALERT, 0, 1),
            record(ALERT, 1, FATAL),
            record(22, 0, FATAL),
        ] {
            assert!(!refuses_handshake(&other), "{other:?}");
        }
        let whole = record(ALERT, 0, FATAL);
        for length in 0..=HEADER_BYTES {
            assert!(!refuses_handshake(&whole[..length]), "{length} bytes");
        }
    }
}
