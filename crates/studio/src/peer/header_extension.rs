//! RTP header extensions of a form that the library does not know.
//!
//! RFC 3550 §5.3.1: an extension that is not understood is skipped. str0m understands the two forms of RFC 8285 and drops every packet with
//! another (`rtp/header.rs`, `RtpHeader::parse`). Nor can the extension be taken out before: SRTP authenticates it (RFC 3711 §3.1). So the
//! library is given a packet in which an empty extension of a form it knows stands in the place of the other, of the same length, and the
//! ciphers below it, which are ours to give, are given the header that was sent.

use std::cell::RefCell;
use std::sync::OnceLock;

use str0m::config::CryptoProvider;
use str0m::crypto::{
    AeadAes128GcmCipher, AeadAes256GcmCipher, CryptoError, Sha1HmacProvider, SrtpProvider,
    SupportedAeadAes128Gcm, SupportedAeadAes256Gcm, SupportedAes128CmSha1_80,
};

/// Bytes of an RTP header before its contributing sources.
const FIXED_BYTES: usize = 12;
/// RFC 8285 §4.2 and §4.3: elements of a one-byte, and of a two-byte header. The last four bits of the latter are free.
const ONE_BYTE: u16 = 0xbede;
const TWO_BYTES: u16 = 0x1000;
const TWO_BYTES_MASK: u16 = 0xfff0;

/// A packet whose header has been changed for the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Disguised {
    /// As the library takes it.
    pub(super) packet: Vec<u8>,
    /// The header as it was sent, and its extension.
    sent: Vec<u8>,
}

/// Changes a packet that has an extension of an unknown form; `None` for any other.
pub(super) fn disguised(packet: &[u8]) -> Option<Disguised> {
    let (&first, has_extension) = packet.first().map(|first| (first, first & 0x10 != 0))?;
    let at = FIXED_BYTES + 4 * usize::from(first & 0x0f);
    let [form, words] = packet.get(at..at + 4)?.as_chunks::<2>().0 else {
        return None;
    };
    let form = u16::from_be_bytes(*form);
    if !has_extension || form == ONE_BYTE || form & TWO_BYTES_MASK == TWO_BYTES {
        return None;
    }
    let end = at + 4 + 4 * usize::from(u16::from_be_bytes(*words));
    let sent = packet.get(..end)?.to_vec();
    let mut packet = packet.to_vec();
    packet[at..at + 2].copy_from_slice(&ONE_BYTE.to_be_bytes());
    // Zeros are padding.
    packet[at + 4..end].fill(0);
    Some(Disguised { packet, sent })
}

thread_local! {
    /// The packet that the library is being given, on this thread.
    static CURRENT: RefCell<Option<Disguised>> = const { RefCell::new(None) };
}

impl Disguised {
    /// Gives the packet to the library by `give`.
    pub(super) fn with<R>(self, give: impl FnOnce(&[u8]) -> R) -> R {
        /// Also after a panic: the next peer's packets are none of this one's business.
        struct Clear;
        impl Drop for Clear {
            fn drop(&mut self) {
                CURRENT.with_borrow_mut(|current| *current = None);
            }
        }
        let packet = self.packet.clone();
        CURRENT.with_borrow_mut(|current| *current = Some(self));
        let _clear = Clear;
        give(&packet)
    }
}

/// Calls with what was sent in the place of a text that begins with the header that the library was given.
fn as_sent<R>(text: &[u8], call: impl FnOnce(&[u8], &[u8]) -> R) -> R {
    CURRENT.with_borrow(|current| {
        let changed = current.as_ref().and_then(|current| {
            let length = current.sent.len();
            let rest = text.strip_prefix(&current.packet[..length])?;
            Some((&current.sent[..], rest))
        });
        let (header, rest) = changed.unwrap_or((text, &[]));
        call(header, rest)
    })
}

/// The library's own provider, with ciphers that are given what was sent.
pub(super) fn crypto_provider() -> CryptoProvider {
    CryptoProvider {
        srtp_provider: &Srtp,
        sha1_hmac_provider: &Sha1Hmac,
        ..inner().clone()
    }
}

fn inner() -> &'static CryptoProvider {
    static INNER: OnceLock<CryptoProvider> = OnceLock::new();
    INNER.get_or_init(str0m::crypto::from_feature_flags)
}

#[derive(Debug)]
struct Srtp;

impl SrtpProvider for Srtp {
    fn aes_128_cm_sha1_80(&self) -> &'static dyn SupportedAes128CmSha1_80 {
        inner().srtp_provider.aes_128_cm_sha1_80()
    }

    fn aead_aes_128_gcm(&self) -> &'static dyn SupportedAeadAes128Gcm {
        &Gcm
    }

    fn aead_aes_256_gcm(&self) -> &'static dyn SupportedAeadAes256Gcm {
        &Gcm
    }

    fn srtp_aes_128_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        let srtp = inner().srtp_provider;
        srtp.srtp_aes_128_ecb_round(key, input, output);
    }

    fn srtp_aes_256_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        let srtp = inner().srtp_provider;
        srtp.srtp_aes_256_ecb_round(key, input, output);
    }
}

/// Both ciphers of RFC 7714, which authenticate the header beside the text.
#[derive(Debug)]
struct Gcm;

impl SupportedAeadAes128Gcm for Gcm {
    fn create_cipher(&self, key: [u8; 16], encrypt: bool) -> Box<dyn AeadAes128GcmCipher> {
        let suite = inner().srtp_provider.aead_aes_128_gcm();
        Box::new(Gcm128(suite.create_cipher(key, encrypt)))
    }
}

impl SupportedAeadAes256Gcm for Gcm {
    fn create_cipher(&self, key: [u8; 32], encrypt: bool) -> Box<dyn AeadAes256GcmCipher> {
        let suite = inner().srtp_provider.aead_aes_256_gcm();
        Box::new(Gcm256(suite.create_cipher(key, encrypt)))
    }
}

/// A cipher of RFC 7714 that is given the header as it was sent. The library has a trait of its own for each length of key.
macro_rules! gcm {
    ($cipher:ident, $trait:ident) => {
        #[derive(Debug)]
        struct $cipher(Box<dyn $trait>);

        impl $trait for $cipher {
            fn encrypt(
                &mut self,
                iv: &[u8; 12],
                aad: &[u8],
                input: &[u8],
                output: &mut [u8],
            ) -> Result<(), CryptoError> {
                self.0.encrypt(iv, aad, input, output)
            }

            fn decrypt(
                &mut self,
                iv: &[u8; 12],
                aads: &[&[u8]],
                input: &[u8],
                output: &mut [u8],
            ) -> Result<usize, CryptoError> {
                match aads {
                    [aad] => as_sent(aad, |header, rest| {
                        self.0.decrypt(iv, &[header, rest], input, output)
                    }),
                    _ => self.0.decrypt(iv, aads, input, output),
                }
            }
        }
    };
}

gcm!(Gcm128, AeadAes128GcmCipher);
gcm!(Gcm256, AeadAes256GcmCipher);

/// What authenticates packets that are encrypted by AES in counter mode (RFC 3711 §4.2), and STUN.
#[derive(Debug)]
struct Sha1Hmac;

impl Sha1HmacProvider for Sha1Hmac {
    fn sha1_hmac(&self, key: &[u8], payloads: &[&[u8]]) -> [u8; 20] {
        let hmac = inner().sha1_hmac_provider;
        match payloads {
            [packet, counter] => as_sent(packet, |header, rest| {
                hmac.sha1_hmac(key, &[header, rest, counter])
            }),
            _ => hmac.sha1_hmac(key, payloads),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A packet with so many contributing sources, an extension of a form, and a payload.
    fn packet(sources: u8, form: u16, extension: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x90 | sources, 111, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
        packet.extend(vec![7; 4 * usize::from(sources)]);
        packet.extend(form.to_be_bytes());
        packet.extend((extension.len() as u16 / 4).to_be_bytes());
        packet.extend(extension);
        packet.extend(b"payload");
        packet
    }

    #[test]
    fn forms_that_are_known_are_left_alone_and_others_emptied() {
        for known in [ONE_BYTE, TWO_BYTES, 0x1003, 0x100f] {
            assert_eq!(disguised(&packet(0, known, &[1; 8])), None, "{known:#x}");
        }
        for (sources, unknown) in [(0, 0xabac), (0, 0), (2, 0xffff), (15, 0x2000), (1, 0xbedf)] {
            let sent = packet(sources, unknown, &[0x51; 8]);
            let changed = disguised(&sent).unwrap();
            let at = 12 + 4 * usize::from(sources);
            let mut expected = sent.clone();
            expected[at..at + 2].copy_from_slice(&ONE_BYTE.to_be_bytes());
            expected[at + 4..at + 12].fill(0);
            assert_eq!(changed.packet, expected);
            assert_eq!(changed.sent, sent[..at + 12]);
            // No extension, no change, whatever stands there.
            let mut without = sent;
            without[0] &= !0x10;
            assert_eq!(disguised(&without), None);
        }
    }

    #[test]
    fn a_packet_that_is_cut_anywhere_is_no_matter() {
        let whole = packet(3, 0xabac, &[9; 12]);
        for length in 0..whole.len() {
            if let Some(changed) = disguised(&whole[..length]) {
                assert_eq!(changed.packet.len(), length);
            }
        }
    }

    #[test]
    fn ciphers_are_given_what_was_sent_and_only_while_that_packet_is_read() {
        let sent = packet(0, 0xabac, &[0x51; 4]);
        let changed = disguised(&sent).unwrap();
        let heard = |text: &[u8]| as_sent(text, |header, rest| [header, rest].concat());
        let given = changed.packet.clone();
        let seen = changed.with(|packet| {
            assert_eq!(packet, given);
            let other = heard(b"something else, a check for example");
            assert_eq!(other, b"something else, a check for example");
            (heard(packet), heard(&packet[..20]))
        });
        assert_eq!(seen, (sent.clone(), sent[..20].to_vec()));
        assert_eq!(heard(&given), given);
    }
}
