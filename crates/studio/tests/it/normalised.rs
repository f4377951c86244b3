//! Offers that the RFCs allow and nobody's parser likes: each is answered, section by section.

use stentor_core::stage::SessionKind;
use stentor_studio::SdpFault;
use stentor_studio::sdp::{Offer, answer_to};

use crate::offers::{SESSION, TRANSPORT, answer, audio, ffmpeg, video};

/// The lines of each section of an answer.
fn sections(answer: &str) -> Vec<Vec<&str>> {
    let mut sections: Vec<Vec<&str>> = Vec::new();
    for line in answer.lines() {
        if line.starts_with("m=") {
            sections.push(Vec::new());
        }
        if let Some(section) = sections.last_mut() {
            section.push(line);
        }
    }
    sections
}

/// The one section of an offer of sound, answered.
fn sound(offer: &str) -> Vec<String> {
    let answer = answer(offer).unwrap_or_else(|fault| panic!("{fault}: {offer}"));
    let sections = sections(&answer);
    assert_eq!(sections.len(), 1, "{answer}");
    sections[0].iter().map(|line| (*line).to_owned()).collect()
}

#[test]
fn every_profile_that_means_ours_is_ours_and_is_answered_as_it_was_offered() {
    for profile in [
        "UDP/TLS/RTP/SAVPF",
        "UDP/TLS/RTP/SAVP",
        "RTP/SAVPF",
        "RTP/SAVP",
        "RTP/AVPF",
        "RTP/AVP",
        "TCP/DTLS/RTP/SAVPF",
        "TCP/DTLS/RTP/SAVP",
        "TCP/TLS/RTP/SAVPF",
        "udp/tls/rtp/savpf",
    ] {
        let offer = ffmpeg().replace("UDP/TLS/RTP/SAVPF", profile);
        assert_eq!(sound(&offer)[0], format!("m=audio 9 {profile} 111"));
    }
    for other in [
        "UDP/DTLS/SCTP",
        "RTP/SAVPFX",
        "TCP/MSRP",
        "UDP/RTP/SAVPF",
        "udptl",
    ] {
        let offer = ffmpeg().replace("UDP/TLS/RTP/SAVPF", other);
        assert_eq!(
            answer(&offer),
            Err(SdpFault::Media {
                expected: "sound as UDP/TLS/RTP/SAVPF",
                got: other.to_owned()
            })
        );
    }
}

#[test]
fn lines_that_may_repeat_or_are_of_no_use_change_nothing() {
    let plain = ffmpeg();
    let expected = sound(&plain).len();
    let in_session = |lines: &str| plain.replacen("t=0 0\r\n", &format!("{lines}t=0 0\r\n"), 1);
    let in_section = |lines: &str| plain.replacen("a=mid:0\r\n", &format!("{lines}a=mid:0\r\n"), 1);
    for offer in [
        in_section("b=AS:64\r\nb=TIAS:64000\r\n"),
        in_section("b=AS:64\r\nb=RS:600\r\nb=RR:1800\r\n"),
        in_section("b=X-YZ:128\r\n"),
        in_session("b=CT:1000\r\nb=AS:500\r\n"),
        in_section("i=a microphone\r\ni=another word\r\n"),
        in_session(
            "i=a talk\r\nu=http://example.org\r\ne=a@example.org\r\np=+44 1\r\nc=IN IP6 ::1\r\n",
        ),
        plain.replace(
            "t=0 0",
            "t=3724394400 3724398000\r\nr=604800 3600 0 90000\r\nt=0 0",
        ),
        plain.replace("t=0 0\r\n", ""),
        plain.replace("s=-", "s= "),
        plain.replace(
            "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
            "o=alice 18446744073709551615999 1 IN IP6 ::1",
        ),
        plain.replace("\r\n", "\n"),
        plain.replace("\r\n", "\n\n"),
        plain.replace("\r\n", "  \r\n"),
        format!("\u{feff}{plain}"),
        format!("\r\n\r\n{plain}\r\n\r\n"),
        in_section("a=ssrc:1 cname:x\r\na=ssrc:1\r\na=ssrc:nonsense\r\na=ssrc-group:FID 1 2\r\n"),
        in_section(
            "a=extmap:nonsense\r\na=extmap:99 urn:x\r\na=extmap:3/recvonly urn:y {\"a\":1}\r\n",
        ),
        in_section(
            "a=rtcp-fb:* nack\r\na=rtcp-fb:200 nack\r\na=fmtp:300 x\r\na=rtpmap:300 x/1\r\n",
        ),
        in_section("a=rid:q send\r\na=simulcast:send q;;h\r\na=msid:- -\r\na=msid:\r\n"),
        in_section("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\na=x-unheard-of\r\na=\r\n"),
        in_section("a=setup:actpass\r\n"),
        in_section("a=mid:other\r\n").replacen(
            "a=mid:other\r\na=mid:0",
            "a=mid:0\r\na=mid:other",
            1,
        ),
    ] {
        assert_eq!(sound(&offer).len(), expected, "{offer}");
    }
}

#[test]
fn a_direction_may_be_missing_or_stand_for_the_whole_session() {
    let plain = ffmpeg();
    let without = plain.replace("a=sendonly\r\n", "");
    let for_all =
        |direction: &str| without.replacen("t=0 0\r\n", &format!("t=0 0\r\na={direction}\r\n"), 1);
    for (offer, sends, receives, answered) in [
        (without.clone(), true, true, "a=sendrecv"),
        (for_all("sendonly"), true, false, "a=recvonly"),
        (for_all("recvonly"), false, true, "a=sendonly"),
        (for_all("sendrecv"), true, true, "a=sendrecv"),
        (
            plain.replace("sendonly", "SendRecv"),
            true,
            true,
            "a=sendrecv",
        ),
        // What the section says of itself counts.
        (
            plain.replacen("t=0 0\r\n", "t=0 0\r\na=inactive\r\n", 1),
            true,
            false,
            "a=recvonly",
        ),
    ] {
        let read = Offer::parse(&offer).unwrap();
        assert_eq!((read.sends, read.receives), (sends, receives), "{offer}");
        assert!(sound(&offer).iter().any(|line| line == answered), "{offer}");
    }
    for inactive in [for_all("inactive"), plain.replace("sendonly", "inactive")] {
        assert!(matches!(
            answer(&inactive),
            Err(SdpFault::Direction {
                got: "inactive",
                ..
            })
        ));
    }
}

#[test]
fn one_section_needs_no_bundle_and_no_name() {
    let plain = ffmpeg();
    let no_group = plain.replace("a=group:BUNDLE 0\r\n", "");
    let no_mid = plain.replace("a=mid:0\r\n", "");
    let nothing = no_group.replace("a=mid:0\r\n", "");
    let long = "7c5f1a52-8b1e-4a6e-9d9b-3f3f7a1c0d2e";
    let named = |name: &str| {
        plain
            .replace("a=mid:0", &format!("a=mid:{name}"))
            .replace("BUNDLE 0", &format!("BUNDLE {name}"))
    };
    for (offer, group, mid) in [
        (plain.clone(), Some("a=group:BUNDLE 0"), Some("a=mid:0")),
        (no_group, None, Some("a=mid:0")),
        (no_mid, None, None),
        (nothing, None, None),
        (
            named("sdparta-0"),
            Some("a=group:BUNDLE sdparta-0"),
            Some("a=mid:sdparta-0"),
        ),
        (
            named("{a.b}"),
            Some("a=group:BUNDLE {a.b}"),
            Some("a=mid:{a.b}"),
        ),
        (
            named(long),
            Some("a=group:BUNDLE 7c5f1a52-8b1e-4a6e-9d9b-3f3f7a1c0d2e"),
            Some("a=mid:7c5f1a52-8b1e-4a6e-9d9b-3f3f7a1c0d2e"),
        ),
        // A group that names sections which are not there, and one of another kind.
        (
            plain.replace("BUNDLE 0", "BUNDLE 7 0 9\r\na=group:LS 0"),
            Some("a=group:BUNDLE 0"),
            Some("a=mid:0"),
        ),
    ] {
        let answer = answer(&offer).unwrap();
        let line = |name: &str| answer.lines().find(|line| line.starts_with(name));
        assert_eq!((line("a=group:"), line("a=mid:")), (group, mid), "{offer}");
    }
}

#[test]
fn sound_that_is_bundle_only_is_taken_at_port_0() {
    let bundle_only =
        |section: &str| section.replacen("m=audio 9", "m=audio 0", 1) + "a=bundle-only\r\n";
    let plain = ffmpeg();
    let alone = bundle_only(&plain);
    assert!(sound(&alone)[0].starts_with("m=audio 9 "));
    // As Firefox offers it under max-bundle: only the first section has a transport.
    let bare = bundle_only(&audio(1, "sendonly").replace(TRANSPORT, "c=IN IP4 0.0.0.0\r\n"));
    for first in [
        video(0),
        video(0).replace("m=video 9", "m=video 54321"),
        video(0).replace("a=sendonly", "a=sendrecv"),
    ] {
        let answer = answer(&format!("{SESSION}{first}{bare}")).unwrap();
        let sections = sections(&answer);
        assert!(sections[0][0].starts_with("m=video 9 "), "{answer}");
        assert!(sections[1][0].starts_with("m=audio 9 "), "{answer}");
        assert!(answer.contains("a=group:BUNDLE 0 1\r\n"), "{answer}");
    }
    // Port 0 without it is a section that the peer itself has refused.
    let refused = plain.replacen("m=audio 9", "m=audio 0", 1);
    assert_eq!(
        answer(&refused),
        Err(SdpFault::Missing("an m=audio section"))
    );
}

#[test]
fn what_is_not_wanted_is_refused_section_by_section() {
    let rtp = |media: &str, rest: &str| {
        format!(
            "m={media} 9 UDP/TLS/RTP/SAVPF 98\r\n{TRANSPORT}a=mid:1\r\n{rest}a=rtpmap:98 t140/1000\r\n"
        )
    };
    let channel = |media: &str| format!("m={media}\r\n{TRANSPORT}a=mid:1\r\n");
    for (other, refused) in [
        (
            channel("application 9 UDP/DTLS/SCTP webrtc-datachannel"),
            "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
        ),
        (
            channel("application 9 DTLS/SCTP 5000") + "a=sctpmap:5000 webrtc-datachannel 1024\r\n",
            "m=application 0 DTLS/SCTP 5000",
        ),
        (
            channel("application 50000 TCP/DTLS/SCTP webrtc-datachannel") + "a=sctp-port:5000\r\n",
            "m=application 0 TCP/DTLS/SCTP webrtc-datachannel",
        ),
        (
            rtp("text", "a=sendrecv\r\n"),
            "m=text 0 UDP/TLS/RTP/SAVPF 98",
        ),
        (
            channel("message 9 TCP/TLS/MSRP *"),
            "m=message 0 TCP/TLS/MSRP *",
        ),
        (channel("image 9 udptl t38"), "m=image 0 udptl t38"),
        (audio(1, "inactive"), "m=audio 0 UDP/TLS/RTP/SAVPF 63"),
        (audio(1, "sendrecv"), "m=audio 0 UDP/TLS/RTP/SAVPF 63"),
        (video(1), "m=video 0 UDP/TLS/RTP/SAVPF 96"),
        (
            video(1).replace("m=video 9", "m=video 0"),
            "m=video 0 UDP/TLS/RTP/SAVPF 96",
        ),
    ] {
        for direction in ["sendonly", "sendrecv", "recvonly"] {
            let offer = format!("{SESSION}{}{other}", audio(0, direction));
            let answer = answer(&offer).unwrap_or_else(|fault| panic!("{fault}: {offer}"));
            let sections = sections(&answer);
            assert_eq!(sections.len(), 2, "{answer}");
            assert!(sections[0][0].starts_with("m=audio 9 "), "{answer}");
            assert_eq!(sections[1][0], refused);
            assert!(sections[1].contains(&"a=mid:1"), "{answer}");
            assert!(
                !sections[1]
                    .iter()
                    .any(|line| line.starts_with("a=candidate"))
            );
            assert!(answer.contains("a=group:BUNDLE 0\r\n"), "{answer}");
            assert_eq!(Offer::parse(&offer).unwrap().refused_sections, 1);
        }
    }
}

/// Under `max-bundle` browsers have no transport but that of the first section, and cannot move.
#[test]
fn the_section_that_carries_the_bundle_stays_and_is_inactive() {
    for (first, kept) in [
        (video(0), "m=video 9 UDP/TLS/RTP/SAVPF 96"),
        (
            video(0).replace("UDP/TLS/RTP/SAVPF 96", "RTP/SAVPF 96 97"),
            "m=video 9 RTP/SAVPF 96",
        ),
        (audio(0, "inactive"), "m=audio 9 UDP/TLS/RTP/SAVPF 63"),
        (
            audio(0, "sendrecv").replace("opus/48000/2", "opus/48000/1"),
            "m=audio 9 UDP/TLS/RTP/SAVPF 63",
        ),
    ] {
        let answer = answer(&format!("{SESSION}{first}{}", audio(1, "sendrecv"))).unwrap();
        let sections = sections(&answer);
        assert_eq!(sections[0][0], kept);
        for needed in ["a=inactive", "a=mid:0", "a=rtcp-mux", "a=setup:passive"] {
            assert!(sections[0].contains(&needed), "{needed}: {answer}");
        }
        let of = |section: usize, name: &str| -> Vec<&str> {
            let lines = sections[section].iter().copied();
            lines.filter(|line| line.starts_with(name)).collect()
        };
        // One transport: the same in both, and its candidates where it is carried.
        for name in ["a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:", "a=setup:"] {
            assert_eq!(of(0, name), of(1, name), "{answer}");
            assert_eq!(of(0, name).len(), 1, "{answer}");
        }
        assert_eq!(
            (of(0, "a=candidate:").len(), of(1, "a=candidate:").len()),
            (2, 0)
        );
        assert!(sections[1].contains(&"a=sendrecv"), "{answer}");
        assert!(answer.contains("a=group:BUNDLE 0 1\r\n"), "{answer}");
    }
    // A data channel carries no RTP: it is refused wherever it stands, and the sound has the transport.
    let channel =
        format!("m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n{TRANSPORT}a=mid:0\r\n");
    let answer = answer(&format!("{SESSION}{channel}{}", audio(1, "sendrecv"))).unwrap();
    let sections = sections(&answer);
    assert!(sections[0][0].starts_with("m=application 0 "), "{answer}");
    assert!(
        sections[1]
            .iter()
            .any(|line| line.starts_with("a=candidate:"))
    );
    assert!(answer.contains("a=group:BUNDLE 1\r\n"), "{answer}");
}

#[test]
fn credentials_are_taken_from_where_they_stand() {
    let bare = ffmpeg().replace(TRANSPORT, "").replace(
        &TRANSPORT.replace("a=setup:actpass", "a=setup:passive"),
        "c=IN IP4 0.0.0.0\r\n",
    );
    assert!(!bare.contains("ice-ufrag"));
    let for_all = bare.replacen(
        "t=0 0\r\n",
        &format!("t=0 0\r\n{}", TRANSPORT.replace("c=IN IP4 0.0.0.0\r\n", "")),
        1,
    );
    assert_eq!(Offer::parse(&for_all).unwrap().ice_ufrag, "F7gI");
    assert!(sound(&for_all)[0].starts_with("m=audio 9"));
    // Two sections that are not bundled have two transports, and the sound's is meant.
    let own = audio(1, "sendonly").replace("F7gI", "Own1");
    let apart = format!("{SESSION}{}{own}", video(0)).replace("a=group:BUNDLE 0 1\r\n", "");
    assert_eq!(Offer::parse(&apart).unwrap().ice_ufrag, "Own1");
    let answered = answer(&apart).unwrap();
    assert!(sections(&answered)[0][0].starts_with("m=video 0 "));
    assert!(!answered.contains("a=group"));
    // The fingerprint that can be compared, whichever stands first.
    let sha_512 = format!("a=fingerprint:sha-512 {}\r\n", vec!["AB"; 64].join(":"));
    let several = ffmpeg().replacen("a=fingerprint", &format!("{sha_512}a=fingerprint"), 1);
    assert!(
        Offer::parse(&several)
            .unwrap()
            .text()
            .contains("a=fingerprint:sha-256 D2:")
    );
    for hash in ["SHA-256", "Sha-256"] {
        let offer = ffmpeg().replace("sha-256", hash);
        assert!(
            Offer::parse(&offer)
                .unwrap()
                .text()
                .contains("a=fingerprint:sha-256 D2:")
        );
    }
}

#[test]
fn opus_has_two_channels_or_there_is_no_opus() {
    for encoding in [
        "opus/48000",
        "opus/48000/1",
        "opus/24000/2",
        "PCMU/8000",
        "opus",
    ] {
        let offer = ffmpeg().replace("opus/48000/2", encoding);
        assert_eq!(
            answer(&offer),
            Err(SdpFault::Missing("opus/48000/2 in the audio section")),
            "{encoding}"
        );
    }
    // Named in the section, and not on its line.
    let unlisted = ffmpeg().replace("SAVPF 111", "SAVPF 0");
    assert!(matches!(answer(&unlisted), Err(SdpFault::Missing(_))));
    for (offer, format) in [
        (ffmpeg().replace("opus/48000/2", "OPUS/48000/2"), "111"),
        (ffmpeg().replace("111", "96"), "96"),
        (ffmpeg().replace("SAVPF 111", "SAVPF 0 8 111 13"), "111"),
        (
            ffmpeg().replace("SAVPF 111", "SAVPF 109 111") + "a=rtpmap:109 opus/48000/2\r\n",
            "109",
        ),
    ] {
        assert_eq!(
            sound(&offer)[0],
            format!("m=audio 9 UDP/TLS/RTP/SAVPF {format}")
        );
    }
}

#[test]
fn senders_are_asked_for_the_rate_their_sound_deserves() {
    let offer = |direction: &str| {
        let text = format!("{SESSION}{}", audio(0, direction)).replace("BUNDLE 0 1", "BUNDLE 0");
        Offer::parse(&text).unwrap()
    };
    let parameters = |kind, direction: &str| {
        let offer = offer(direction).for_kind(kind);
        let webrtc = crate::world::webrtc();
        let (_, answer) = webrtc.answer(std::time::Instant::now(), &offer).unwrap();
        let line = answer.lines().find(|line| line.starts_with("a=fmtp:111 "));
        line.unwrap().to_owned()
    };
    for direction in ["sendonly", "sendrecv"] {
        let voice = parameters(SessionKind::Browser, direction);
        assert!(
            voice.ends_with(";useinbandfec=1;maxaveragebitrate=48000"),
            "{voice}"
        );
        let line = parameters(SessionKind::LineIn, direction);
        assert!(
            line.ends_with(";maxaveragebitrate=96000;stereo=1"),
            "{line}"
        );
    }
    // Who only hears is asked for nothing.
    let monitor = parameters(SessionKind::Monitor, "recvonly");
    assert!(!monitor.contains("maxaveragebitrate"), "{monitor}");
}

#[test]
fn a_line_is_sent_nothing_and_a_monitor_sends_nothing() {
    for (kind, offered, answered) in [
        (SessionKind::LineIn, "sendrecv", "a=recvonly"),
        (SessionKind::LineIn, "sendonly", "a=recvonly"),
        (SessionKind::Monitor, "sendrecv", "a=sendonly"),
        (SessionKind::Monitor, "recvonly", "a=sendonly"),
        (SessionKind::Browser, "sendrecv", "a=sendrecv"),
        (SessionKind::Browser, "sendonly", "a=recvonly"),
    ] {
        let text = format!("{SESSION}{}", audio(0, offered)).replace("BUNDLE 0 1", "BUNDLE 0");
        let offer = Offer::parse(&text).unwrap().for_kind(kind);
        let webrtc = crate::world::webrtc();
        let (_, answer) = webrtc.answer(std::time::Instant::now(), &offer).unwrap();
        assert!(
            answer.lines().any(|line| line == answered),
            "{kind:?} {offered}: {answer}"
        );
    }
}

/// Whatever is cut, doubled or broken: an answer, or a sentence of ours.
#[test]
fn no_error_speaks_of_the_library_or_of_memory() {
    let good = format!("{SESSION}{}{}", audio(0, "sendrecv"), video(1));
    let lines: Vec<&str> = good.lines().collect();
    let join = |lines: &[&str]| {
        lines
            .iter()
            .flat_map(|line| [*line, "\r\n"])
            .collect::<String>()
    };
    let mut tried = 0;
    let mut faults = 0;
    for at in 0..lines.len() {
        let mut without = lines.clone();
        without.remove(at);
        let mut doubled = lines.clone();
        doubled.insert(at, lines[at]);
        let mut empty = lines.clone();
        empty[at] = lines[at].split(':').next().unwrap();
        let mut odd = lines.clone();
        let broken = format!("{} \u{fffd}:;,/=", lines[at]);
        odd[at] = &broken;
        for offer in [&without, &doubled, &empty, &odd] {
            tried += 1;
            if let Err(fault) = answer(&join(offer)) {
                faults += 1;
                let said = fault.to_string();
                assert!(
                    said.starts_with("expected ") || said.starts_with("line "),
                    "{said}"
                );
                assert_ne!(fault, SdpFault::Refused, "{}", join(offer));
                for word in [
                    "0x",
                    "Parse",
                    "Pointer",
                    "Offset",
                    "RemoteSdp",
                    "Unexpected",
                ] {
                    assert!(!said.contains(word), "{said}");
                }
            }
        }
    }
    assert!(faults > 3 && faults < tried / 4, "{faults} of {tried}");
}

#[test]
fn an_answer_is_put_together_whatever_the_library_says() {
    let offer = Offer::parse(&format!("{SESSION}{}{}", audio(0, "sendrecv"), video(1))).unwrap();
    for library in [
        "",
        "v=0",
        "m=audio",
        "m=\r\na=mid:\r\na=fmtp:\r\na=fmtp:1\r\na=group:\r\n",
    ] {
        assert!(answer_to(&offer, library).contains("m=video 0 "));
    }
}
