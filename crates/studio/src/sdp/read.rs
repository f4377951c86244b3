//! An SDP's lines, sorted by section.
//!
//! Reading is kind where the RFCs are, and where clients are not exact: blank lines, ends of lines, capitals, repeated
//! lines. It is strict about bounds. What a section means is decided by whoever asks for it.

use crate::error::SdpFault;
use crate::limits::{MEDIA_SECTIONS_MAX, SDP_BYTES_MAX, SDP_LINE_BYTES_MAX};

/// One `m=` section, or the part before the first. Of lines that may stand once, the first counts.
#[derive(Debug, Default)]
pub(super) struct Section<'a> {
    pub(super) media: &'a str,
    pub(super) port: u16,
    pub(super) protocol: &'a str,
    pub(super) formats: Vec<&'a str>,
    pub(super) mid: Option<&'a str>,
    pub(super) bundle_only: bool,
    /// Sends, receives.
    pub(super) direction: Option<(bool, bool)>,
    pub(super) ufrag: Option<&'a str>,
    pub(super) pwd: Option<&'a str>,
    pub(super) fingerprints: Vec<&'a str>,
    pub(super) lite: bool,
    /// The DTLS role it offers or has chosen, in small letters.
    pub(super) setup: Option<String>,
    pub(super) rtcp_mux: bool,
    /// Payload type, and what it is.
    pub(super) rtpmaps: Vec<(u8, &'a str)>,
    /// Payload type, and its parameters.
    pub(super) fmtps: Vec<(u8, &'a str)>,
    /// Payload type, and the feedback it takes.
    pub(super) feedback: Vec<(&'a str, &'a str)>,
    pub(super) extmaps: Vec<&'a str>,
    /// The mids of each `BUNDLE` group; they stand before the first section.
    pub(super) bundles: Vec<Vec<&'a str>>,
}

impl Section<'_> {
    pub(super) fn is(&self, media: &str) -> bool {
        self.media.eq_ignore_ascii_case(media)
    }

    /// RTP in any of the profiles that RFC 9429 §5.1.2 has us take for the one we speak.
    pub(super) fn is_rtp(&self) -> bool {
        let protocol = self.protocol.to_ascii_uppercase();
        let profile = ["UDP/TLS/", "TCP/DTLS/", "TCP/TLS/"]
            .iter()
            .find_map(|transport| protocol.strip_prefix(transport))
            .unwrap_or(&protocol);
        matches!(profile, "RTP/AVP" | "RTP/AVPF" | "RTP/SAVP" | "RTP/SAVPF")
    }

    /// What a format of its `m=` line is, if that is said.
    pub(super) fn rtpmap(&self, format: &str) -> Option<&str> {
        let payload_type = payload_type(format)?;
        let mut known = self.rtpmaps.iter();
        known.find(|(n, _)| *n == payload_type).map(|(_, is)| *is)
    }
}

/// RFC 3551 §6: seven bits.
pub(super) fn payload_type(format: &str) -> Option<u8> {
    format.parse().ok().filter(|n| *n < 128)
}

/// The part before the first section, and the sections.
pub(super) fn sections(sdp: &str) -> Result<(Section<'_>, Vec<Section<'_>>), SdpFault> {
    let mut session = Section::default();
    let mut media: Vec<Section<'_>> = Vec::new();
    let mut begun = false;
    let mut bytes = sdp.len();
    for (index, line) in sdp.trim_start_matches('\u{feff}').lines().enumerate() {
        let (number, line) = (index + 1, line.trim_end());
        // A lite agent learns addresses from checks (RFC 8445 §7.3.1.3): however many there are, none is kept.
        if is_candidate(line) {
            bytes -= line.len();
            continue;
        }
        if line.is_empty() {
            continue;
        }
        let (kind, value) = split_line(number, line)?;
        if !begun && (kind, value) != ('v', "0") {
            return Err(syntax(number, "v=0", line));
        }
        begun = true;
        match kind {
            'm' => media.push(media_section(number, line, value)?),
            'a' => attribute(media.last_mut().unwrap_or(&mut session), value),
            _ => {}
        }
    }
    if bytes > SDP_BYTES_MAX {
        return Err(SdpFault::TooLong {
            bytes_max: SDP_BYTES_MAX,
            got: bytes,
        });
    }
    if media.len() > MEDIA_SECTIONS_MAX {
        return Err(SdpFault::TooMany {
            what: "m= sections",
            max: MEDIA_SECTIONS_MAX,
            got: media.len(),
        });
    }
    if !begun {
        return Err(SdpFault::Missing("v=0"));
    }
    Ok((session, media))
}

fn is_candidate(line: &str) -> bool {
    let candidate = "a=candidate:";
    line.get(..candidate.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(candidate))
}

fn split_line(number: usize, line: &str) -> Result<(char, &str), SdpFault> {
    if line.len() > SDP_LINE_BYTES_MAX {
        return Err(SdpFault::TooLong {
            bytes_max: SDP_LINE_BYTES_MAX,
            got: line.len(),
        });
    }
    if line.starts_with('{') {
        let answer = line.replace(' ', "").contains("\"type\":\"answer\"");
        let fault = syntax(number, "v=0 (plain SDP, not JSON)", line);
        return Err(if answer { SdpFault::Answer } else { fault });
    }
    let mut chars = line.chars();
    match (chars.next(), chars.next()) {
        (Some(kind), Some('=')) if kind.is_ascii_alphabetic() => {
            Ok((kind.to_ascii_lowercase(), chars.as_str()))
        }
        _ => Err(syntax(number, "a letter and '='", line)),
    }
}

fn media_section<'a>(number: usize, line: &str, value: &'a str) -> Result<Section<'a>, SdpFault> {
    let mut words = value.split_whitespace();
    let media = words.next();
    let port = words.next().and_then(|port| port.split('/').next());
    let port = port.and_then(|port| port.parse::<u16>().ok());
    let protocol = words.next();
    let formats: Vec<&str> = words.collect();
    match (media, port, protocol) {
        (Some(media), Some(port), Some(protocol)) if !formats.is_empty() => Ok(Section {
            media,
            port,
            protocol,
            formats,
            ..Section::default()
        }),
        _ => Err(syntax(
            number,
            "m=<media> <port> <protocol> <formats>",
            line,
        )),
    }
}

fn attribute<'a>(section: &mut Section<'a>, value: &'a str) {
    let (name, rest) = value.split_once(':').unwrap_or((value, ""));
    let rest = rest.trim();
    let said = Some(rest).filter(|rest| !rest.is_empty());
    match name.trim().to_ascii_lowercase().as_str() {
        "mid" => section.mid = section.mid.or(said),
        "ice-ufrag" => section.ufrag = section.ufrag.or(said),
        "ice-pwd" => section.pwd = section.pwd.or(said),
        "fingerprint" => section.fingerprints.extend(said),
        "setup" if section.setup.is_none() => section.setup = said.map(str::to_ascii_lowercase),
        "ice-lite" => section.lite = true,
        "bundle-only" => section.bundle_only = true,
        "rtcp-mux" => section.rtcp_mux = true,
        "sendrecv" => section.direct(true, true),
        "sendonly" => section.direct(true, false),
        "recvonly" => section.direct(false, true),
        "inactive" => section.direct(false, false),
        "rtpmap" => section.rtpmaps.extend(of_payload_type(rest)),
        "fmtp" => section.fmtps.extend(of_payload_type(rest)),
        "rtcp-fb" => section.feedback.extend(rest.split_once(' ')),
        "extmap" => section.extmaps.extend(said),
        "group" => section.bundles.extend(bundle(rest)),
        _ => {}
    }
}

impl Section<'_> {
    fn direct(&mut self, sends: bool, receives: bool) {
        self.direction = self.direction.or(Some((sends, receives)));
    }
}

/// `<payload type> <what is said of it>`.
fn of_payload_type(value: &str) -> Option<(u8, &str)> {
    let (number, rest) = value.split_once(' ')?;
    Some((payload_type(number)?, rest.trim()))
}

fn bundle(group: &str) -> Option<Vec<&str>> {
    let mut words = group.split_whitespace();
    let semantics = words.next()?;
    semantics
        .eq_ignore_ascii_case("BUNDLE")
        .then(|| words.collect())
}

fn syntax(line: usize, expected: &'static str, got: &str) -> SdpFault {
    SdpFault::Syntax {
        line,
        expected,
        got: got.chars().take(40).collect(),
    }
}
