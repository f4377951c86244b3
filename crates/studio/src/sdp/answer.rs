//! The answer to what was really offered, around the library's answer to the sound of it.

use super::offer::{Offer, OfferedSection, SectionFate};

/// The lines of the library's answer that are the transport's, and stand in every section that has it (RFC 9143 §7.1.3).
const TRANSPORT: [&str; 5] = [
    "a=ice-ufrag:",
    "a=ice-pwd:",
    "a=ice-options:",
    "a=fingerprint:",
    "a=setup:",
];

/// Those that name what we send.
const STREAM: [&str; 3] = ["a=ssrc:", "a=ssrc-group:", "a=msid:"];

/// RFC 8866 §6.7.
const DIRECTIONS: [&str; 4] = ["a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive"];

/// Puts the library's answer to [`Offer::text`] into the answer to an offer: each section in its place, with its own protocol and mid,
/// refused where it is not the sound.
#[must_use]
pub fn answer_to(offer: &Offer, library: &str) -> String {
    let (session, sound) = split(library);
    let carrier = offer
        .sections
        .iter()
        .any(|section| section.fate == SectionFate::Carrier);
    let mut text = String::with_capacity(library.len() + 128 * offer.sections.len());
    for line in session {
        if line.starts_with("a=group:") {
            if !offer.bundle.is_empty() {
                push(&mut text, &["a=group:BUNDLE ", &offer.bundle.join(" ")]);
            }
        } else {
            push(&mut text, &[line]);
        }
    }
    for section in &offer.sections {
        match section.fate {
            SectionFate::Sound => push_sound(&mut text, offer, section, &sound, !carrier),
            SectionFate::Carrier => push_carrier(&mut text, section, &sound),
            SectionFate::Refused => push_refused(&mut text, section),
        }
    }
    text
}

/// The lines before the first section, and those of the first.
fn split(library: &str) -> (Vec<&str>, Vec<&str>) {
    let mut session: Vec<&str> = library.lines().collect();
    let at = session
        .iter()
        .position(|line| line.starts_with("m="))
        .unwrap_or(session.len());
    let sound = session.split_off(at);
    (session, sound)
}

fn is_candidate(line: &str) -> bool {
    line.starts_with("a=candidate:") || line == "a=end-of-candidates"
}

/// Every candidate stands in the section that carries the transport: clients skip them elsewhere.
fn push_sound(
    text: &mut String,
    offer: &Offer,
    section: &OfferedSection,
    sound: &[&str],
    carries: bool,
) {
    // Who multiplexes no RTCP is not told that we do (RFC 5761 §5.1.1); nothing else of it can reach us. And who hears nothing is told
    // of no stream.
    let wanted = |line: &&&str| {
        (offer.rtcp_mux || **line != "a=rtcp-mux")
            && (offer.receives || !STREAM.iter().any(|name| line.starts_with(name)))
    };
    for line in sound.iter().filter(wanted) {
        if let Some(media) = line.strip_prefix("m=") {
            let formats = media.split(' ').skip(3).collect::<Vec<_>>().join(" ");
            push(
                text,
                &[
                    "m=",
                    &section.media,
                    " 9 ",
                    &section.protocol,
                    " ",
                    &formats,
                ],
            );
        } else if line.starts_with("a=mid:") {
            push_mid(text, section);
        } else if DIRECTIONS.contains(line) {
            push(text, &[offer.answered_direction()]);
        } else if let Some(parameters) = offer.parameters(line) {
            push(text, &[&parameters]);
        } else if carries || !is_candidate(line) {
            push(text, &[line]);
        }
    }
}

fn push_carrier(text: &mut String, section: &OfferedSection, sound: &[&str]) {
    push_media(text, section, "9");
    let of_transport =
        |line: &&&str| is_candidate(line) || TRANSPORT.iter().any(|name| line.starts_with(name));
    for line in sound.iter().filter(of_transport) {
        push(text, &[line]);
    }
    push_mid(text, section);
    push(text, &["a=inactive"]);
    push(text, &["a=rtcp-mux"]);
    if let Some(rtpmap) = &section.rtpmap {
        push(text, &["a=rtpmap:", &section.format, " ", rtpmap]);
    }
}

fn push_refused(text: &mut String, section: &OfferedSection) {
    push_media(text, section, "0");
    push_mid(text, section);
    // A data channel has no direction.
    if !section.media.eq_ignore_ascii_case("application") {
        push(text, &["a=inactive"]);
    }
    if let Some(rtpmap) = &section.rtpmap {
        push(text, &["a=rtpmap:", &section.format, " ", rtpmap]);
    }
}

fn push_media(text: &mut String, section: &OfferedSection, port: &str) {
    let OfferedSection {
        media,
        protocol,
        format,
        ..
    } = section;
    push(text, &["m=", media, " ", port, " ", protocol, " ", format]);
    push(text, &["c=IN IP4 0.0.0.0"]);
}

/// A section that was offered without a mid is answered without one (RFC 5888 §8.1).
fn push_mid(text: &mut String, section: &OfferedSection) {
    if let Some(mid) = &section.mid {
        push(text, &["a=mid:", mid]);
    }
}

impl Offer {
    /// The line of Opus' parameters with what we ask for in it; `None` for any other line.
    fn parameters(&self, line: &str) -> Option<String> {
        let parameters = line.strip_prefix("a=fmtp:")?;
        let (payload_type, rest) = parameters.split_once(' ')?;
        // RED's name payload types, and nobody is asked for what they do not send.
        if !self.sends || !rest.contains('=') {
            return None;
        }
        let bits = self.asked.bits_per_second_max;
        let stereo = if self.asked.stereo { ";stereo=1" } else { "" };
        Some(format!(
            "a=fmtp:{payload_type} {rest};maxaveragebitrate={bits}{stereo}"
        ))
    }
}

fn push(text: &mut String, parts: &[&str]) {
    for part in parts {
        text.push_str(part);
    }
    text.push_str("\r\n");
}
