//! Offers that browsers, OBS and ffmpeg make, and offers that nobody should.

use std::time::Instant;

use stentor_core::stage::SessionKind;
use stentor_core::{SeatId, SessionId};
use stentor_studio::OfferRequest;
use stentor_studio::clock::Clock;
use stentor_studio::error::SdpFault;
use stentor_studio::limits::{MEDIA_SECTIONS_MAX, SDP_BYTES_MAX, SDP_LINE_BYTES_MAX};
use stentor_studio::peer::Peer as _;
use stentor_studio::peer::webrtc::WebRtc;
use stentor_studio::sdp::Offer;
use stentor_studio::sdpfrag::SdpFrag;

use crate::world::{SERVER, addr};

pub(crate) const SESSION: &str =
    "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n";
pub(crate) const TRANSPORT: &str = "c=IN IP4 0.0.0.0\r\na=ice-ufrag:F7gI\r\na=ice-pwd:x9cml/YzichV2+XlhiMu8g\r\n\
    a=fingerprint:sha-256 D2:FA:0E:C3:22:59:5E:14:95:69:92:3D:13:B4:84:24:2C:C2:A2:C0:3E:FD:34:8E:5E:EA:6F:AF:52:CE:E6:0F\r\n\
    a=setup:actpass\r\na=rtcp-mux\r\n";

pub(crate) fn audio(mid: u8, direction: &str) -> String {
    format!(
        "m=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\n{TRANSPORT}a=mid:{mid}\r\na={direction}\r\n\
         a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n\
         a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\na=ssrc:1001 cname:x\r\n"
    )
}

pub(crate) fn video(mid: u8) -> String {
    format!(
        "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n{TRANSPORT}a=mid:{mid}\r\na=sendonly\r\n\
         a=rtpmap:96 H264/90000\r\na=fmtp:96 profile-level-id=42e01f;packetization-mode=1\r\n"
    )
}

/// ffmpeg's: no candidates, no extensions, DTLS passive.
pub(crate) fn ffmpeg() -> String {
    format!("{SESSION}{}", audio(0, "sendonly"))
        .replace("a=setup:actpass", "a=setup:passive")
        .replace("a=group:BUNDLE 0 1", "a=group:BUNDLE 0")
        .replace("63 111", "111")
        .replace("a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n", "")
}

pub(crate) fn answer(offer: &str) -> Result<String, SdpFault> {
    let webrtc = WebRtc::new(
        Clock::new(Instant::now()),
        vec![addr(SERVER)],
        vec![addr("192.0.2.1:443")],
    )
    .unwrap();
    let offer = Offer::parse(offer)?;
    webrtc
        .answer(Instant::now(), &offer)
        .map(|(_, answer)| answer)
}

#[test]
fn whoever_asks_for_their_sound_as_it_comes_has_it_so_be_it_a_line_or_a_page() {
    for kind in [SessionKind::LineIn, SessionKind::Browser] {
        for original_sound in [true, false] {
            let request = OfferRequest {
                seat: SeatId(1),
                session: SessionId(1),
                kind,
                is_staff: false,
                original_sound,
                offer: Offer::parse(&ffmpeg()).unwrap(),
            };
            let expected = request.expected();
            assert_eq!(
                (expected.kind, expected.original_sound),
                (kind, original_sound)
            );
            assert!(expected.sends && !expected.hears);
        }
    }
}

fn fault(offer: &str) -> String {
    answer(offer).unwrap_err().to_string()
}

#[test]
fn video_is_refused_politely_wherever_it_stands() {
    for offer in [
        format!("{SESSION}{}{}", audio(0, "sendonly"), video(1)),
        // With a transport of its own, it may be the first, too.
        format!(
            "{SESSION}{}{}",
            video(0).replace("F7gI", "Vid0"),
            audio(1, "sendonly")
        ),
    ] {
        let answer = answer(&offer).unwrap();
        let sections: Vec<&str> = answer.split("m=").skip(1).collect();
        assert_eq!(sections.len(), 2, "{answer}");
        for section in sections {
            if section.starts_with("video") {
                assert!(section.starts_with("video 0 "), "{answer}");
                assert!(!section.contains("a=candidate"), "{answer}");
            } else {
                assert!(section.starts_with("audio 9 "), "{answer}");
                assert!(
                    section.contains("a=recvonly") && section.contains(" typ host"),
                    "{answer}"
                );
            }
        }
        assert_eq!(Offer::parse(&offer).unwrap().refused_sections, 1);
    }
}

#[test]
fn the_answer_is_lite_and_names_every_address_and_takes_redundancy() {
    let answer =
        answer(&format!("{SESSION}{}", audio(0, "sendrecv")).replace("BUNDLE 0 1", "BUNDLE 0"))
            .unwrap();
    for wanted in [
        "a=ice-lite",
        "udp",
        "192.0.2.1 3478",
        "192.0.2.1 443",
        "tcptype passive",
        "63 111",
        "useinbandfec=1",
    ] {
        assert!(answer.contains(wanted), "{wanted} is missing in {answer}");
    }
}

#[test]
fn who_is_passive_in_dtls_gets_an_active_partner() {
    // ffmpeg offers `passive`, and `active` with its flag `dtls_active`.
    let offer = ffmpeg();
    assert!(answer(&offer).unwrap().contains("a=setup:active"));
    assert!(
        answer(&offer.replace("setup:passive", "setup:active"))
            .unwrap()
            .contains("a=setup:passive")
    );
    assert!(
        answer(&offer.replace("setup:passive", "setup:actpass"))
            .unwrap()
            .contains("a=setup:passive")
    );
}

#[test]
fn each_broken_offer_gets_its_own_sentence() {
    let good = ffmpeg();
    let without = |what: &str| {
        good.lines()
            .filter(|l| !l.contains(what))
            .map(|l| format!("{l}\r\n"))
            .collect::<String>()
    };
    let cases = [
        (String::new(), "expected v=0, found none"),
        (
            "hello".to_owned(),
            "line 1: expected a letter and '=', got \"hello\"",
        ),
        (
            "{\"type\":\"offer\"}".to_owned(),
            "line 1: expected v=0 (plain SDP, not JSON), got \"{\\\"type\\\":\\\"offer\\\"}\"",
        ),
        (
            "{\"type\": \"answer\", \"sdp\": \"\"}".to_owned(),
            "expected an SDP offer, got an answer",
        ),
        ("v=1\r\n".to_owned(), "line 1: expected v=0, got \"v=1\""),
        (
            SESSION.to_owned(),
            "expected an m=audio section, found none",
        ),
        (
            format!("{SESSION}{}", video(0)),
            "expected an m=audio section, found none",
        ),
        (
            good.replace("m=audio 9", "m=audio nine"),
            "line 6: expected m=<media> <port> <protocol> <formats>, got \"m=audio nine UDP/TLS/RTP/SAVPF 111\"",
        ),
        (
            good.replace("m=audio", "m=application"),
            "expected an m=audio section, found none",
        ),
        (
            good.replace("UDP/TLS/RTP/SAVPF", "UDP/UDPTL"),
            "expected sound as UDP/TLS/RTP/SAVPF, got \"UDP/UDPTL\"",
        ),
        (
            good.replace("sha-256", "sha-512"),
            "expected a=fingerprint by sha-256 (or sha-1), got \"sha-512 D2:FA:0E:C3:22:59:5E:14:95:69:92\"",
        ),
        (without("a=ice-ufrag"), "expected a=ice-ufrag, found none"),
        (without("a=ice-pwd"), "expected a=ice-pwd, found none"),
        (
            without("a=fingerprint"),
            "expected a=fingerprint, found none",
        ),
        (
            without("opus"),
            "expected opus/48000/2 in the audio section, found none",
        ),
        (
            good.replace("sendonly", "inactive"),
            "expected sendrecv, sendonly or recvonly, got inactive",
        ),
        (
            good.replace("setup:passive", "setup:actpass") + "a=ice-lite\r\n",
            "expected a full ICE agent, got a=ice-lite, which we are ourselves",
        ),
        (
            good.clone() + "a=ice-lite\r\n",
            "expected an SDP offer, got an answer",
        ),
    ];
    for (offer, expected) in cases {
        assert_eq!(fault(&offer), expected, "{offer}");
    }
}

#[test]
fn our_own_answer_sent_back_is_recognised() {
    let ours = answer(&ffmpeg()).unwrap();
    assert_eq!(answer(&ours), Err(SdpFault::Answer));
}

/// What Chromium answers to an offer of sound, its other codecs left out.
const CHROMIUM_ANSWER: &str = "v=0\r\no=- 5921471618558205720 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
    a=group:BUNDLE 0\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n\
    a=ice-ufrag:Zehy\r\na=ice-pwd:RHdA3FIV/i4W0d600ICw+aKu\r\na=ice-options:trickle\r\n\
    a=fingerprint:sha-256 2B:7A:B1:42:A8:CF:90:A5:8D:35:2C:43:02:16:D8:0A:72:C9:17:8D:DE:02:E6:C4:C4:A4:FF:C2:F1:B3:7B:E2\r\n\
    a=setup:active\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n";

/// What libdatachannel answers: its options and its fingerprint stand before the first section.
const LIBDATACHANNEL_ANSWER: &str = "v=0\r\no=rtc 2884823844 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
    a=group:BUNDLE audio\r\na=group:LS audio\r\na=msid-semantic:WMS *\r\na=ice-options:ice2,trickle\r\n\
    a=fingerprint:sha-256 39:A8:CA:5D:73:B8:2D:3C:F5:93:21:27:64:AF:6A:2B:BE:74:CF:6A:56:9D:98:42:18:85:BB:9D:8F:0C:F3:62\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:audio\r\na=sendrecv\r\na=rtcp-mux\r\n\
    a=rtpmap:111 opus/48000/2\r\na=setup:active\r\na=ice-ufrag:n1AN\r\na=ice-pwd:1zWbyooeTMB84v0J2+EWac\r\n";

/// An answer of Chromium's or libdatachannel's that nobody asked for reads as an offer whose DTLS role is fixed, which RFC 9725 §4.4
/// allows; it is answered with the other role.
#[test]
fn a_role_that_is_fixed_is_an_offer_whoever_trickles() {
    for theirs in [CHROMIUM_ANSWER, LIBDATACHANNEL_ANSWER] {
        for (offered, answered) in [
            ("active", "passive"),
            ("passive", "active"),
            ("ACTIVE", "passive"),
            ("actpass", "passive"),
            ("holdconn", "passive"),
        ] {
            let offer = theirs.replace("setup:active", &format!("setup:{offered}"));
            let answer = answer(&offer).unwrap();
            assert!(
                answer.contains(&format!("a=setup:{answered}\r\n")),
                "{offered}: {answer}"
            );
        }
    }
}

#[test]
fn bounds_are_kept_before_anything_is_built() {
    let huge = format!("{}{}", ffmpeg(), "a=x:y\r\n".repeat(150_000));
    assert_eq!(
        Offer::parse(&huge),
        Err(SdpFault::TooLong {
            bytes_max: SDP_BYTES_MAX,
            got: huge.len()
        })
    );
    let long = format!("{}a={}\r\n", ffmpeg(), "x".repeat(SDP_LINE_BYTES_MAX));
    assert!(matches!(Offer::parse(&long), Err(SdpFault::TooLong { .. })));
    let sections = format!("{}{}", ffmpeg(), video(1).repeat(MEDIA_SECTIONS_MAX));
    assert!(matches!(
        Offer::parse(&sections),
        Err(SdpFault::TooMany {
            what: "m= sections",
            ..
        })
    ));
}

#[test]
fn every_cut_and_every_flipped_byte_is_an_answer_or_an_error() {
    let good = ffmpeg();
    let webrtc = WebRtc::new(Clock::new(Instant::now()), vec![addr(SERVER)], vec![]).unwrap();
    let now = Instant::now();
    let answer = |text: &str| Offer::parse(text).and_then(|offer| webrtc.answer(now, &offer));
    for cut in (0..good.len()).step_by(7) {
        let _ = answer(&good[..cut]);
    }
    for at in (0..good.len()).step_by(5) {
        let mut bytes = good.clone().into_bytes();
        bytes[at] ^= 0x15;
        let _ = answer(&String::from_utf8(bytes).unwrap());
    }
}

#[test]
fn candidates_of_an_offer_are_none_of_our_business_however_many_there_are() {
    let plain = ffmpeg();
    let text = Offer::parse(&plain).unwrap().text();
    let candidate = "a=candidate:1387637174 1 udp 2122260223 2001:db8:1234:5678:9abc:def0:1234:5678 61764 typ srflx raddr 192.0.2.1 \
                     rport 61764 generation 0 ufrag F7gI network-id 1 network-cost 10\r\n";
    for count in [1, 32, 33, 50, 500, 5_000] {
        let offer = Offer::parse(&format!("{plain}{}", candidate.repeat(count))).unwrap();
        assert_eq!(offer.text(), text);
    }
    // Nor are those that nobody can read.
    for odd in [
        "a=candidate:x\r\n",
        "a=candidate:\r\n",
        "A=Candidate:1 1 UDP\r\n",
    ] {
        let offer = Offer::parse(&format!("{plain}{odd}")).unwrap();
        assert_eq!(offer.text(), text);
    }
}

#[test]
fn an_offer_is_read_once_and_keeps_what_was_read() {
    let offer = Offer::parse(&ffmpeg().replace("\r\n", "\n")).unwrap();
    assert_eq!(
        (offer.sends, offer.receives, offer.refused_sections),
        (true, false, 0)
    );
    assert_eq!(Offer::parse(&ffmpeg()), Ok(offer.clone()));
    // What the library is offered is an offer that reads the same.
    let again = Offer::parse(&offer.text()).unwrap();
    assert_eq!(again.text(), offer.text());
}

#[test]
fn fragments_are_read_and_written() {
    let text = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n\
                a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1\r\n\
                a=end-of-candidates\r\n";
    let fragment = SdpFrag::parse(text).unwrap();
    assert_eq!(fragment.ice_ufrag.as_deref(), Some("EsAw"));
    // Theirs are counted; ours are written.
    let seen = (
        &fragment.candidates[..],
        fragment.trickled,
        fragment.end_of_candidates,
    );
    assert_eq!(seen, (&[][..], 1, true));
    let ours = SdpFrag {
        candidates: vec![
            "candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1".to_owned(),
        ],
        ..fragment
    };
    assert_eq!(ours.to_string(), text);
    for (bad, expected) in [
        ("", "expected candidates or ICE credentials, found none"),
        (
            "a=ice-ufrag:abcd",
            "expected a=ice-pwd beside a=ice-ufrag, found none",
        ),
        (
            "a=ice-pwd:abcd",
            "expected a=ice-ufrag beside a=ice-pwd, found none",
        ),
        (
            "a=ice-ufrag:a b",
            "line 1: expected 4 to 256 ICE characters, got \"a b\"",
        ),
        ("v=0", "line 1: expected a= or m=, got \"v=0\""),
    ] {
        assert_eq!(SdpFrag::parse(bad).unwrap_err().to_string(), expected);
    }
    for count in [33, 50, 500, 5_000] {
        let many = "a=candidate:1 1 udp 1 192.0.2.1 1 typ host\n".repeat(count);
        let fragment = SdpFrag::parse(&many).unwrap();
        assert_eq!((fragment.trickled, fragment.candidates.len()), (count, 0));
    }
    let long = format!("a=x:{}", "y".repeat(SDP_LINE_BYTES_MAX));
    assert!(matches!(
        SdpFrag::parse(&long),
        Err(SdpFault::TooLong { .. })
    ));
    let huge = "a=x:y\n".repeat(SDP_BYTES_MAX);
    assert!(matches!(
        SdpFrag::parse(&huge),
        Err(SdpFault::TooLong { .. })
    ));
}

#[test]
fn a_restart_offer_carries_the_new_credentials_and_nothing_else_of_a_fragment() {
    let text = ffmpeg() + "a=candidate:1 1 UDP 1 192.0.2.9 9 typ host\r\n";
    let offer = Offer::parse(&text).unwrap();
    let fragment = SdpFrag::parse(
        "a=ice-ufrag:newu\na=ice-pwd:newp\na=candidate:2 1 udp 2 192.0.2.8 8 typ host",
    )
    .unwrap();
    let restart = offer.with_credentials("newu", "newp").text();
    assert!(
        restart.contains("a=ice-ufrag:newu\r\na=ice-pwd:newp\r\n"),
        "{restart}"
    );
    assert!(!restart.contains("candidate"), "{restart}");
    let webrtc = WebRtc::new(Clock::new(Instant::now()), vec![addr(SERVER)], vec![]).unwrap();
    let now = Instant::now();
    let (mut peer, _) = webrtc.answer(now, &offer).unwrap();
    assert!(peer.restart_ice(now, &fragment).is_ok());
}
