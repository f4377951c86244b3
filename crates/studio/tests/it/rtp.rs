//! RTP as senders send it that announce nothing: it finds its way by its payload type, and what stands beside it is skipped.

use std::cell::Cell;
use std::sync::{Arc, OnceLock};

use stentor_core::SessionId;
use str0m::config::CryptoProvider;
use str0m::crypto::{
    AeadAes128GcmCipher, AeadAes256GcmCipher, CryptoError, Sha1HmacProvider, SrtpProvider,
    SupportedAeadAes128Gcm, SupportedAeadAes256Gcm, SupportedAes128CmSha1_80,
};
use str0m::media::Direction;

use crate::netem::LinkConfig;
use crate::sound::{Voice, likeness};
use crate::world::World;

/// A speaker whose offer is changed on its way, and somebody who listens; both connected and heard from now on.
fn speaker(
    seed: u64,
    red: bool,
    change: impl FnOnce(&str) -> String + 'static,
    crypto: Option<Arc<CryptoProvider>>,
) -> World {
    let mut world = World::new(seed, LinkConfig::CLEAN);
    if let Some(crypto) = crypto {
        world.crypto = crypto;
    }
    let voice = Some(Voice::new(11, 170.0));
    let both = Direction::SendRecv;
    world.changes_offer = Some(Box::new(change));
    world.join(1, 1, "198.51.100.1:50001", both, voice, red);
    world.join(2, 2, "198.51.100.2:50002", both, None, false);
    world.connect(&[1, 2]);
    world.order(1, true, false, 1);
    world
}

/// Without the lines that begin so.
fn without(offer: &str, names: &[&str]) -> String {
    let keep = |line: &&str| !names.iter().any(|name| line.starts_with(name));
    offer
        .lines()
        .filter(keep)
        .flat_map(|line| [line, "\r\n"])
        .collect()
}

/// Runs for some seconds; how alike what was said and heard was in the last three.
fn heard(world: &mut World, seconds: u64) -> f32 {
    world.run_ms(seconds * 1_000);
    let sent = &world.clients[&SessionId(1)].sent;
    let heard = &world.clients[&SessionId(2)].heard;
    let tail = 144_000;
    likeness(
        &sent[sent.len() - tail..],
        &heard[heard.len() - tail..],
        400,
    )
    .0
}

#[test]
fn a_stream_that_nothing_announces_is_heard() {
    for (red, names) in [
        (false, &["a=ssrc", "a=extmap"][..]),
        (true, &["a=ssrc", "a=extmap"][..]),
        (false, &["a=ssrc"][..]),
        (false, &["a=ssrc", "a=extmap", "a=msid", "a=rtcp-fb"][..]),
    ] {
        let mut world = speaker(81, red, move |offer| without(offer, names), None);
        let like = heard(&mut world, 5);
        assert!(like > 0.85, "{names:?}, RED {red}: {like}");
    }
    // Announced, and another one is sent.
    let other = |offer: &str| {
        let own = offer.lines().find_map(|line| line.strip_prefix("a=ssrc:"));
        let own = own.unwrap().split(' ').next().unwrap().to_owned();
        without(&offer.replace(&own, "4711"), &["a=extmap"])
    };
    let mut world = speaker(82, false, other, None);
    assert!(heard(&mut world, 5) > 0.85);
}

#[test]
fn a_stream_that_changes_its_source_is_heard_on() {
    for extensions in [false, true] {
        let names: &[&str] = if extensions {
            &["a=ssrc"]
        } else {
            &["a=ssrc", "a=extmap"]
        };
        let mut world = speaker(83, extensions, move |offer| without(offer, names), None);
        assert!(heard(&mut world, 4) > 0.85);
        // More often than streams are remembered, and back to one that was before.
        for ssrc in [0x1234, 0xffff_ffff, 5, 6, 7, 8, 9, 10, 11, 12, 0x1234] {
            world.client(1).change_ssrc(ssrc);
            world.run_ms(500);
        }
        let like = heard(&mut world, 5);
        assert!(like > 0.85, "extensions {extensions}: {like}");
    }
}

#[test]
fn strangers_streams_on_a_known_address_neither_come_through_nor_push_out() {
    let mut world = speaker(
        84,
        false,
        |offer| without(offer, &["a=ssrc", "a=extmap"]),
        None,
    );
    assert!(heard(&mut world, 4) > 0.85);
    for n in 0..4_000_u32 {
        let mut packet = vec![0x80, 111, 0, 1, 0, 0, 0, 1];
        packet.extend((n * 7_919).to_be_bytes());
        packet.extend([0x5a; 60]);
        world.give("198.51.100.1:50001", &packet);
        world.run_ms(1);
    }
    let like = heard(&mut world, 1);
    assert!(like > 0.85, "{like}");
}

thread_local! {
    /// The form of header extension that the client of this test sends.
    static FORM: Cell<[u8; 2]> = const { Cell::new([0xbe, 0xde]) };
}

/// Where the form of a packet's header extension stands, if it has one.
fn form_at(packet: &[u8]) -> Option<usize> {
    let first = *packet.first()?;
    let at = 12 + 4 * usize::from(first & 0xf);
    (first & 0xd0 == 0x90 && packet.len() >= at + 4).then_some(at)
}

fn with_form(packet: &[u8]) -> Vec<u8> {
    let mut packet = packet.to_vec();
    if let Some(at) = form_at(&packet) {
        packet[at..at + 2].copy_from_slice(&FORM.get());
    }
    packet
}

/// Encrypts as if another form of extension stood in the header, so that a packet is valid once it is written there.
#[derive(Debug)]
struct Other;

fn inner() -> &'static CryptoProvider {
    static INNER: OnceLock<CryptoProvider> = OnceLock::new();
    INNER.get_or_init(str0m::crypto::from_feature_flags)
}

impl SrtpProvider for Other {
    fn aes_128_cm_sha1_80(&self) -> &'static dyn SupportedAes128CmSha1_80 {
        inner().srtp_provider.aes_128_cm_sha1_80()
    }
    fn aead_aes_128_gcm(&self) -> &'static dyn SupportedAeadAes128Gcm {
        &Self
    }
    fn aead_aes_256_gcm(&self) -> &'static dyn SupportedAeadAes256Gcm {
        &Self
    }
    fn srtp_aes_128_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        inner()
            .srtp_provider
            .srtp_aes_128_ecb_round(key, input, output);
    }
    fn srtp_aes_256_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        inner()
            .srtp_provider
            .srtp_aes_256_ecb_round(key, input, output);
    }
}

impl SupportedAeadAes128Gcm for Other {
    fn create_cipher(&self, key: [u8; 16], encrypt: bool) -> Box<dyn AeadAes128GcmCipher> {
        let suite = inner().srtp_provider.aead_aes_128_gcm();
        Box::new(OtherCipher(suite.create_cipher(key, encrypt)))
    }
}

impl SupportedAeadAes256Gcm for Other {
    fn create_cipher(&self, key: [u8; 32], encrypt: bool) -> Box<dyn AeadAes256GcmCipher> {
        let suite = inner().srtp_provider.aead_aes_256_gcm();
        Box::new(OtherCipher(suite.create_cipher(key, encrypt)))
    }
}

impl Sha1HmacProvider for Other {
    fn sha1_hmac(&self, key: &[u8], payloads: &[&[u8]]) -> [u8; 20] {
        let changed: Vec<Vec<u8>> = match payloads {
            [packet, counter] => vec![with_form(packet), counter.to_vec()],
            _ => payloads.iter().map(|part| part.to_vec()).collect(),
        };
        let parts: Vec<&[u8]> = changed.iter().map(Vec::as_slice).collect();
        inner().sha1_hmac_provider.sha1_hmac(key, &parts)
    }
}

#[derive(Debug)]
struct OtherCipher<T: ?Sized>(Box<T>);

impl AeadAes128GcmCipher for OtherCipher<dyn AeadAes128GcmCipher> {
    fn encrypt(
        &mut self,
        iv: &[u8; 12],
        aad: &[u8],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<(), CryptoError> {
        self.0.encrypt(iv, &with_form(aad), input, output)
    }
    fn decrypt(
        &mut self,
        iv: &[u8; 12],
        aads: &[&[u8]],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<usize, CryptoError> {
        self.0.decrypt(iv, aads, input, output)
    }
}

impl AeadAes256GcmCipher for OtherCipher<dyn AeadAes256GcmCipher> {
    fn encrypt(
        &mut self,
        iv: &[u8; 12],
        aad: &[u8],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<(), CryptoError> {
        self.0.encrypt(iv, &with_form(aad), input, output)
    }
    fn decrypt(
        &mut self,
        iv: &[u8; 12],
        aads: &[&[u8]],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<usize, CryptoError> {
        self.0.decrypt(iv, aads, input, output)
    }
}

/// RFC 3550 §5.3.1: an extension that is not understood is skipped.
#[test]
fn a_header_extension_of_any_form_is_skipped() {
    for form in [[0xab, 0xac], [0, 0], [0xff, 0xff], [0xbe, 0xdf], [0x20, 0]] {
        FORM.set(form);
        let crypto = CryptoProvider {
            srtp_provider: &Other,
            sha1_hmac_provider: &Other,
            ..inner().clone()
        };
        // The client's own extensions are written in another form, and nothing announces its stream.
        let change = |offer: &str| without(offer, &["a=ssrc"]);
        let mut world = speaker(85, false, change, Some(Arc::new(crypto)));
        let extended = |bytes: &mut Vec<u8>| {
            let at = form_at(bytes).expect("the client sends an extension with each packet");
            bytes[at..at + 2].copy_from_slice(&FORM.get());
        };
        world.changes_rtp = Some(extended);
        let like = heard(&mut world, 5);
        FORM.set([0xbe, 0xde]);
        assert!(like > 0.85, "{form:02x?}: {like}");
    }
}
