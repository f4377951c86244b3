//! What an SDP offer asks for, judged before any library sees it.
//!
//! The WebRTC library parses SDP itself; this pass exists so that a broken offer gets one clear sentence that says what
//! was expected and what came, and so that bounds are kept before anything is allocated. What has passed is an [`Offer`],
//! which nobody reads again. It also makes the two texts that
//! the library cannot: the offer as it would read after an ICE restart (RFC 8840 §4.2 sends only the new credentials), and
//! an answer whose candidates stand in a section that was accepted.
//!
//! It is not an SDP parser: unknown lines pass.

use crate::error::SdpFault;
use crate::limits::{CANDIDATES_MAX, MEDIA_SECTIONS_MAX, SDP_BYTES_MAX, SDP_LINE_BYTES_MAX};
use crate::sdpfrag::SdpFrag;

/// An offer that can be answered, and what it wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// As the WebRTC library wants it.
    text: String,
    /// The peer will send sound.
    pub sends: bool,
    /// The peer wants to hear sound.
    pub receives: bool,
    /// Media sections that will be refused, for example video.
    pub refused_sections: usize,
    /// The peer's ICE user name fragment.
    pub ice_ufrag: String,
}

impl Offer {
    /// Reads an offer.
    ///
    /// Offer and answer are the same grammar (RFC 3264). What tells them apart is `a=setup`, which an offer leaves open
    /// (`actpass`) and an answer decides; but RFC 9725 lets a client that has only one DTLS role offer that one, and ffmpeg
    /// offers `passive` or `active`. So an answer is recognised when it says so in JSON, or when it has decided and comes from
    /// somebody who must not in an offer: a server like us, or a full WebRTC agent as browsers are (RFC 8829 §5.2.1: its offers
    /// say `actpass`, and it says of itself that it trickles).
    ///
    /// # Errors
    ///
    /// Says the first thing that makes it unanswerable.
    pub fn parse(sdp: &str) -> Result<Self, SdpFault> {
        let sections = sections(sdp)?;
        let (session, media) = sections.split_first().ok_or(SdpFault::Missing("v=0"))?;
        let lite = sections.iter().any(|s| s.lite);
        let leaves_open = sections.iter().any(|s| s.setup == Some("actpass"));
        let has_decided = !leaves_open && sections.iter().any(|s| s.setup.is_some());
        if (lite && !leaves_open) || (has_decided && sections.iter().any(|s| s.trickle)) {
            return Err(SdpFault::Answer);
        }
        if lite {
            return Err(SdpFault::BothLite);
        }
        let audio = the_audio_section(media)?;
        let ufrag = audio.ufrag.or(session.ufrag);
        let ufrag = ufrag.or_else(|| media.iter().find_map(|m| m.ufrag));
        let ufrag = ufrag.ok_or(SdpFault::Missing("a=ice-ufrag"))?;
        if !sections.iter().any(|s| s.pwd.is_some()) {
            return Err(SdpFault::Missing("a=ice-pwd"));
        }
        if !sections.iter().any(|s| s.fingerprint) {
            return Err(SdpFault::Missing("a=fingerprint"));
        }
        if !audio.has_opus {
            return Err(SdpFault::Missing("opus/48000 in the audio section"));
        }
        // RFC 8866 §6.7: sendrecv is what a section without a direction means.
        let (sends, receives) = audio
            .direction
            .or(session.direction)
            .unwrap_or((true, true));
        if !sends && !receives {
            return Err(SdpFault::Direction {
                expected: "sendrecv, sendonly or recvonly",
                got: "inactive",
            });
        }
        Ok(Self {
            text: with_line_ends(sdp),
            sends,
            receives,
            refused_sections: media.len() - 1,
            ice_ufrag: ufrag.to_owned(),
        })
    }

    /// Its text, with the line ends of RFC 8866 §5.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// One `m=` section, or the part before the first.
#[derive(Default)]
struct Section<'a> {
    media: &'a str,
    port_zero: bool,
    direction: Option<(bool, bool)>,
    has_opus: bool,
    ufrag: Option<&'a str>,
    pwd: Option<&'a str>,
    fingerprint: bool,
    lite: bool,
    /// The DTLS role it offers or has chosen.
    setup: Option<&'a str>,
    trickle: bool,
}

fn the_audio_section<'a, 'b>(media: &'b [Section<'a>]) -> Result<&'b Section<'a>, SdpFault> {
    for section in media {
        if section.media != "audio" && section.media != "video" {
            return Err(SdpFault::Media {
                expected: "audio (video is refused politely)",
                got: section.media.to_owned(),
            });
        }
    }
    let mut audio = media.iter().filter(|m| m.media == "audio" && !m.port_zero);
    let first = audio
        .next()
        .ok_or(SdpFault::Missing("an m=audio section"))?;
    match audio.count() {
        0 => Ok(first),
        more => Err(SdpFault::TooMany {
            what: "m=audio sections",
            max: 1,
            got: more + 1,
        }),
    }
}

fn sections(sdp: &str) -> Result<Vec<Section<'_>>, SdpFault> {
    if sdp.len() > SDP_BYTES_MAX {
        return Err(SdpFault::TooLong {
            bytes_max: SDP_BYTES_MAX,
            got: sdp.len(),
        });
    }
    let mut sections = vec![Section::default()];
    let mut candidates = 0;
    for (index, line) in sdp.trim_end().lines().enumerate() {
        let number = index + 1;
        let (kind, value) = split_line(number, line)?;
        if number == 1 && (kind, value) != ('v', "0") {
            return Err(syntax(number, "v=0", line));
        }
        if kind == 'm' {
            sections.push(media_section(number, line, value)?);
        } else if kind == 'a' {
            let section = sections.last_mut().ok_or(SdpFault::Missing("v=0"))?;
            attribute(section, value, &mut candidates)?;
        }
        if sections.len() > MEDIA_SECTIONS_MAX + 1 {
            return Err(SdpFault::TooMany {
                what: "m= sections",
                max: MEDIA_SECTIONS_MAX,
                got: sdp.lines().filter(|l| l.starts_with("m=")).count(),
            });
        }
    }
    if candidates > CANDIDATES_MAX {
        return Err(SdpFault::TooMany {
            what: "candidates",
            max: CANDIDATES_MAX,
            got: candidates,
        });
    }
    if sdp.trim_end().is_empty() {
        return Err(SdpFault::Missing("v=0"));
    }
    Ok(sections)
}

fn split_line(number: usize, line: &str) -> Result<(char, &str), SdpFault> {
    if line.len() > SDP_LINE_BYTES_MAX {
        return Err(SdpFault::TooLong {
            bytes_max: SDP_LINE_BYTES_MAX,
            got: line.len(),
        });
    }
    if number == 1 && line.trim_start().starts_with('{') {
        let answer = line.replace(' ', "").contains("\"type\":\"answer\"");
        let fault = syntax(number, "v=0 (plain SDP, not JSON)", line);
        return Err(if answer { SdpFault::Answer } else { fault });
    }
    let mut chars = line.chars();
    match (chars.next(), chars.next()) {
        (Some(kind), Some('=')) if kind.is_ascii_lowercase() => Ok((kind, chars.as_str())),
        _ => Err(syntax(number, "a letter and '='", line)),
    }
}

fn media_section<'a>(number: usize, line: &str, value: &'a str) -> Result<Section<'a>, SdpFault> {
    let mut words = value.split(' ');
    let media = words.next().unwrap_or_default();
    let port = words.next().and_then(|p| p.split('/').next());
    let port = port.and_then(|p| p.parse::<u16>().ok());
    let (Some(port), Some(_protocol), Some(_format)) = (port, words.next(), words.next()) else {
        return Err(syntax(
            number,
            "m=<media> <port> <protocol> <formats>",
            line,
        ));
    };
    Ok(Section {
        media,
        port_zero: port == 0,
        ..Section::default()
    })
}

fn attribute<'a>(
    section: &mut Section<'a>,
    value: &'a str,
    candidates: &mut usize,
) -> Result<(), SdpFault> {
    let (name, rest) = value.split_once(':').unwrap_or((value, ""));
    match name {
        "ice-ufrag" => section.ufrag = Some(rest),
        "ice-pwd" => section.pwd = Some(rest),
        "fingerprint" => section.fingerprint = true,
        "ice-lite" => section.lite = true,
        "setup" => section.setup = Some(rest),
        // A list with spaces (RFC 8839 §5.6); libdatachannel writes commas.
        "ice-options" => section.trickle |= rest.split([' ', ',']).any(|tag| tag == "trickle"),
        "sendrecv" => section.direction = Some((true, true)),
        "sendonly" => section.direction = Some((true, false)),
        "recvonly" => section.direction = Some((false, true)),
        "inactive" => section.direction = Some((false, false)),
        "candidate" => *candidates += 1,
        "rtpmap" => section.has_opus |= is_opus(rest),
        _ => {}
    }
    Ok(())
}

fn is_opus(rtpmap: &str) -> bool {
    rtpmap
        .split_once(' ')
        .is_some_and(|(_, encoding)| encoding.to_ascii_lowercase().starts_with("opus/48000"))
}

fn syntax(line: usize, expected: &'static str, got: &str) -> SdpFault {
    SdpFault::Syntax {
        line,
        expected,
        got: got.chars().take(40).collect(),
    }
}

/// The same with the line ends of RFC 8866 §5 and no empty lines at the end: hand-made clients have neither right.
fn with_line_ends(sdp: &str) -> String {
    sdp.trim_end()
        .lines()
        .flat_map(|line| [line, "\r\n"])
        .collect()
}

/// The offer as it would read with the credentials and candidates of `fragment` (RFC 8839 §4.4.1.1.1: new credentials
/// are what an ICE restart is).
#[must_use]
pub fn with_fragment(offer: &str, fragment: &SdpFrag) -> String {
    let mut text = String::with_capacity(offer.len() + 512);
    let credentials = [
        ("a=ice-ufrag:", fragment.ice_ufrag.as_deref()),
        ("a=ice-pwd:", fragment.ice_pwd.as_deref()),
    ];
    for line in offer.lines() {
        if line.starts_with("a=candidate:") || line == "a=end-of-candidates" {
            continue;
        }
        let replaced = credentials
            .iter()
            .find_map(|(name, value)| line.starts_with(name).then_some((name, (*value)?)));
        match replaced {
            Some((name, value)) => {
                text.push_str(name);
                text.push_str(value);
            }
            None => text.push_str(line),
        }
        text.push_str("\r\n");
    }
    // The sections share one transport (RFC 8843), so it does not matter in which of them candidates stand.
    for candidate in &fragment.candidates {
        text.push_str("a=");
        text.push_str(candidate);
        text.push_str("\r\n");
    }
    text
}

/// Moves the candidates of an answer into the first section that was accepted.
///
/// A refused section (port 0) is outside the bundle, and clients skip what stands in it (RFC 8843 §7.3.3).
#[must_use]
pub fn with_candidates_in_accepted_section(answer: &str) -> String {
    let is_candidate =
        |line: &&str| line.starts_with("a=candidate:") || *line == "a=end-of-candidates";
    let candidates: Vec<&str> = answer.lines().filter(is_candidate).collect();
    let mut text = String::with_capacity(answer.len());
    let mut placed = false;
    let mut here = false;
    for line in answer.lines().filter(|line| !is_candidate(line)) {
        text.push_str(line);
        text.push_str("\r\n");
        if line.starts_with("m=") {
            here = !placed && line.split(' ').nth(1) != Some("0");
        } else if here && line.starts_with("c=") {
            // RFC 8866 §5: attributes come after the connection line of their section.
            for candidate in &candidates {
                text.push_str(candidate);
                text.push_str("\r\n");
            }
            (placed, here) = (true, false);
        }
    }
    text
}
