//! What an offer asks for.

use std::fmt::Write as _;

use stentor_core::stage::SessionKind;

use super::read::{Section, payload_type, sections};
use crate::error::SdpFault;
use crate::limits::{EXTENSIONS_MAX, LINE_BITS_PER_SECOND_MAX, VOICE_BITS_PER_SECOND_MAX};

/// Longest `a=mid` that the library carries unchanged, in bytes; it has no other characters than these, either.
const LIBRARY_MID_BYTES_MAX: usize = 16;

/// The mid that the library is given where the offer has none, or one that it cannot carry.
const LIBRARY_MID: &str = "0";

/// An offer that can be answered, and what it wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The peer will send sound.
    pub sends: bool,
    /// The peer wants to hear sound.
    pub receives: bool,
    /// Media sections without sound for us, for example video.
    pub refused_sections: usize,
    /// The peer's ICE user name fragment.
    pub ice_ufrag: String,
    ice_pwd: String,
    fingerprint: String,
    setup: &'static str,
    opus: u8,
    red: Option<u8>,
    transport_feedback: bool,
    extensions: Vec<String>,
    /// In their order.
    pub(super) sections: Vec<OfferedSection>,
    /// The mids of the bundle that the sound is in, as far as we take them, the one that carries the transport first.
    pub(super) bundle: Vec<String>,
    pub(super) rtcp_mux: bool,
    pub(super) asked: Asked,
}

/// What we ask the sender of sound for (RFC 7587 §6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    /// `maxaveragebitrate`.
    pub(super) bits_per_second_max: u32,
    /// `stereo=1`: the sum is made here.
    pub(super) stereo: bool,
}

/// One `m=` section, as far as its answer needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OfferedSection {
    pub(super) media: String,
    pub(super) protocol: String,
    /// The format it is refused or kept with, and what that is.
    pub(super) format: String,
    pub(super) rtpmap: Option<String>,
    pub(super) mid: Option<String>,
    pub(super) fate: SectionFate,
}

/// What becomes of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SectionFate {
    /// It is the sound.
    Sound,
    /// It carries the transport of the bundle that the sound is in (RFC 9143 §7.1), and nothing else: `a=inactive`.
    ///
    /// It might be refused and the next section carry the bundle (§7.3), but browsers whose policy is `max-bundle` have no other
    /// transport to move to and take no such answer.
    Carrier,
    /// Refused: port 0 (RFC 3264 §6).
    Refused,
}

impl Offer {
    /// Reads an offer.
    ///
    /// Offer and answer are the same grammar (RFC 3264), and RFC 9725 §4.4 lets a client whose DTLS role is fixed offer that role. So
    /// an answer is known only where it says so itself in JSON, or comes from somebody who has decided and must not offer: an
    /// ICE-lite agent like us.
    ///
    /// # Errors
    ///
    /// Says the first thing that makes it unanswerable.
    pub fn parse(sdp: &str) -> Result<Self, SdpFault> {
        let (session, media) = sections(sdp)?;
        check_agent(&session, &media)?;
        let sound = sound_section(&session, &media)?;
        let audio = &media[sound];
        let bundle = session
            .bundles
            .iter()
            .find(|mids| audio.mid.is_some_and(|mid| mids.contains(&mid)));
        let tagged = bundle
            .and_then(|mids| mids.first())
            .and_then(|tag| media.iter().position(|section| section.mid == Some(*tag)));
        // Whose transport it is: its own, the session's, that of the section it is bundled with, or whatever there is.
        let places: Vec<&Section<'_>> = [Some(audio), Some(&session), tagged.map(|at| &media[at])]
            .into_iter()
            .flatten()
            .chain(&media)
            .collect();
        let ufrag = places.iter().find_map(|place| place.ufrag);
        let ufrag = ufrag.ok_or(SdpFault::Missing("a=ice-ufrag"))?;
        let pwd = places.iter().find_map(|place| place.pwd);
        let carrier =
            tagged.filter(|&at| at != sound && carries(&media[at], &session, audio, ufrag));
        let (sends, receives) = direction(audio, &session);
        let (opus, red) = codecs(audio);
        let opus = opus.ok_or(NO_OPUS)?;
        Ok(Self {
            sends,
            receives,
            refused_sections: media.len() - 1,
            ice_ufrag: ufrag.to_owned(),
            ice_pwd: pwd.ok_or(SdpFault::Missing("a=ice-pwd"))?.to_owned(),
            fingerprint: fingerprint(&places)?,
            setup: setup(&places),
            opus,
            red,
            transport_feedback: has_transport_feedback(audio, opus),
            extensions: extensions(&session, audio),
            sections: offered(&media, sound, carrier),
            bundle: bundled(carrier.map(|at| &media[at]), bundle.map(|_| audio)),
            rtcp_mux: audio.rtcp_mux || session.rtcp_mux,
            asked: Asked {
                bits_per_second_max: VOICE_BITS_PER_SECOND_MAX,
                stereo: false,
            },
        })
    }

    /// The same as it is taken for a session of a kind: a line is not sent anything, and a monitor sends nothing, whatever
    /// direction was offered (RFC 9725 §4.2).
    #[must_use]
    pub fn for_kind(mut self, kind: SessionKind) -> Self {
        match kind {
            SessionKind::Browser => {}
            SessionKind::LineIn => {
                self.receives = false;
                self.asked = Asked {
                    bits_per_second_max: LINE_BITS_PER_SECOND_MAX,
                    stereo: true,
                };
            }
            SessionKind::Monitor => self.sends = false,
        }
        self
    }

    /// The same as it would read after an ICE restart: new credentials are what that is (RFC 8839 §4.4.1.1.1).
    #[must_use]
    pub fn with_credentials(&self, ice_ufrag: &str, ice_pwd: &str) -> Self {
        Self {
            ice_ufrag: ice_ufrag.to_owned(),
            ice_pwd: ice_pwd.to_owned(),
            ..self.clone()
        }
    }

    /// The sound as the WebRTC library is offered it.
    #[must_use]
    pub fn text(&self) -> String {
        // Whoever only sends is answered by the library with payload types of its own choice (`update_params`), which RFC 3264 §6.1
        // advises against, and which senders exist that do not read.
        let direction = if self.sends { "sendrecv" } else { "recvonly" };
        let (opus, mid) = (self.opus, self.library_mid());
        let formats = match self.red {
            Some(red) => format!("{red} {opus}"),
            None => opus.to_string(),
        };
        let mut text = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {mid}\r\n\
             m=audio 9 UDP/TLS/RTP/SAVPF {formats}\r\nc=IN IP4 0.0.0.0\r\n\
             a=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=fingerprint:{}\r\na=setup:{}\r\na=mid:{mid}\r\n",
            self.ice_ufrag, self.ice_pwd, self.fingerprint, self.setup
        );
        for extension in &self.extensions {
            push_line(&mut text, "a=extmap:", extension);
        }
        let _ = write!(
            text,
            "a={direction}\r\na=rtcp-mux\r\na=rtpmap:{opus} opus/48000/2\r\n"
        );
        if self.transport_feedback {
            let _ = write!(text, "a=rtcp-fb:{opus} transport-cc\r\n");
        }
        if let Some(red) = self.red {
            let _ = write!(
                text,
                "a=rtpmap:{red} red/48000/2\r\na=fmtp:{red} {opus}/{opus}\r\n"
            );
        }
        text
    }

    /// What we do with the sound, as an answer says it.
    pub(super) const fn answered_direction(&self) -> &'static str {
        match (self.sends, self.receives) {
            (true, true) => "a=sendrecv",
            (true, false) => "a=recvonly",
            (false, true) => "a=sendonly",
            (false, false) => "a=inactive",
        }
    }

    /// The mid of the section of sound, as the peer names it.
    #[must_use]
    pub fn mid(&self) -> Option<&str> {
        self.sections
            .iter()
            .find(|section| section.fate == SectionFate::Sound)
            .and_then(|section| section.mid.as_deref())
    }

    /// The mid of the section of sound, as the library knows it.
    #[must_use]
    pub fn library_mid(&self) -> &str {
        let fits = |mid: &&str| {
            mid.len() <= LIBRARY_MID_BYTES_MAX && mid.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        self.mid().filter(fits).unwrap_or(LIBRARY_MID)
    }

    /// The payload types that its sound comes as.
    #[must_use]
    pub fn is_sound(&self, payload_type: u8) -> bool {
        payload_type == self.opus || Some(payload_type) == self.red
    }
}

const NO_OPUS: SdpFault = SdpFault::Missing("opus/48000/2 in the audio section");

fn check_agent(session: &Section<'_>, media: &[Section<'_>]) -> Result<(), SdpFault> {
    let all = || std::iter::once(session).chain(media);
    if !all().any(|section| section.lite) {
        return Ok(());
    }
    let leaves_open = all().any(|section| section.setup.as_deref() == Some("actpass"));
    Err(if leaves_open {
        SdpFault::BothLite
    } else {
        SdpFault::Answer
    })
}

/// Which section the sound is: the first that can be.
fn sound_section(session: &Section<'_>, media: &[Section<'_>]) -> Result<usize, SdpFault> {
    let is_open = |section: &Section<'_>| section.port != 0 || section.bundle_only;
    let audio = || {
        let of_sound = |(_, section): &(usize, &Section<'_>)| section.is("audio");
        media.iter().enumerate().filter(of_sound)
    };
    let open = || audio().filter(|(_, section)| is_open(section));
    let (_, first) = open()
        .next()
        .ok_or(SdpFault::Missing("an m=audio section"))?;
    let spoken = || open().filter(|(_, section)| section.is_rtp());
    if spoken().next().is_none() {
        return Err(SdpFault::Media {
            expected: "sound as UDP/TLS/RTP/SAVPF",
            got: first.protocol.chars().take(40).collect(),
        });
    }
    let opus = || spoken().filter(|(_, section)| codecs(section).0.is_some());
    if opus().next().is_none() {
        return Err(NO_OPUS);
    }
    let active =
        |(_, section): &(usize, &Section<'_>)| direction(section, session) != (false, false);
    let active = opus().find(active);
    active.map(|(at, _)| at).ok_or(SdpFault::Direction {
        expected: "sendrecv, sendonly or recvonly",
        got: "inactive",
    })
}

/// Its own, or the session's. RFC 8866 §6.7: `sendrecv` is what none means.
fn direction(section: &Section<'_>, session: &Section<'_>) -> (bool, bool) {
    section
        .direction
        .or(session.direction)
        .unwrap_or((true, true))
}

/// The payload types of Opus, and of RED around it.
fn codecs(section: &Section<'_>) -> (Option<u8>, Option<u8>) {
    let named = |encoding: &'static str| {
        let of = move |format: &&&str| {
            section
                .rtpmap(format)
                .is_some_and(|is| is.eq_ignore_ascii_case(encoding))
        };
        section
            .formats
            .iter()
            .filter(of)
            .filter_map(|format| payload_type(format))
    };
    // RFC 7587 §7: two channels, whatever is sent in them.
    let opus = named("opus/48000/2").next();
    let around = |red: &u8| {
        section.fmtps.iter().any(|(of, inner)| {
            of == red
                && inner
                    .split('/')
                    .all(|one| opus.is_some() && payload_type(one.trim()) == opus)
        })
    };
    (opus, named("red/48000/2").find(around))
}

/// Whether a section carries the transport that the sound shares.
fn carries(tagged: &Section<'_>, session: &Section<'_>, audio: &Section<'_>, ufrag: &str) -> bool {
    let shares = audio.bundle_only || tagged.ufrag.or(session.ufrag) == Some(ufrag);
    let format = tagged
        .formats
        .first()
        .and_then(|format| payload_type(format));
    shares && tagged.port != 0 && tagged.is_rtp() && format.is_some()
}

/// The first fingerprint that can be compared: SHA-256 where there are several (RFC 8122 §5), as in the library.
fn fingerprint(places: &[&Section<'_>]) -> Result<String, SdpFault> {
    let all: Vec<&str> = places
        .iter()
        .flat_map(|place| place.fingerprints.iter().copied())
        .collect();
    let first = all.first().ok_or(SdpFault::Missing("a=fingerprint"))?;
    [("sha-256", 32), ("sha-1", 20)]
        .into_iter()
        .find_map(|(hash, bytes)| all.iter().find_map(|one| hashed(one, hash, bytes)))
        .ok_or_else(|| SdpFault::Media {
            expected: "a=fingerprint by sha-256 (or sha-1)",
            got: first.chars().take(40).collect(),
        })
}

fn hashed(fingerprint: &str, hash: &str, bytes: usize) -> Option<String> {
    let (name, value) = fingerprint.split_once(' ')?;
    let value = value.trim();
    let is_byte = |two: &str| two.len() == 2 && two.bytes().all(|b| b.is_ascii_hexdigit());
    let fits = name.eq_ignore_ascii_case(hash)
        && value.split(':').count() == bytes
        && value.split(':').all(is_byte);
    fits.then(|| format!("{hash} {}", value.to_ascii_uppercase()))
}

/// The DTLS role that is offered. Who offers none, or one of TCP's, leaves it open.
fn setup(places: &[&Section<'_>]) -> &'static str {
    let offered = places.iter().find_map(|place| place.setup.as_deref());
    match offered {
        Some("active") => "active",
        Some("passive") => "passive",
        _ => "actpass",
    }
}

fn has_transport_feedback(audio: &Section<'_>, opus: u8) -> bool {
    audio.feedback.iter().any(|(of, what)| {
        (*of == "*" || payload_type(of) == Some(opus)) && what.trim() == "transport-cc"
    })
}

/// The header extensions of the sound that one byte can number (RFC 8285 §4.2), each as `<number> <URI>`.
fn extensions(session: &Section<'_>, audio: &Section<'_>) -> Vec<String> {
    let read = |extmap: &&str| {
        let mut words = extmap.split_whitespace();
        let number = words.next()?.split('/').next()?.parse::<u8>().ok()?;
        let uri = words.next()?;
        (1..=14)
            .contains(&number)
            .then(|| format!("{number} {uri}"))
    };
    let all = session.extmaps.iter().chain(&audio.extmaps);
    all.filter_map(read).take(EXTENSIONS_MAX).collect()
}

fn offered(media: &[Section<'_>], sound: usize, carrier: Option<usize>) -> Vec<OfferedSection> {
    let section = |(at, section): (usize, &Section<'_>)| {
        let format = section.formats.first().copied().unwrap_or("0");
        OfferedSection {
            media: section.media.to_owned(),
            protocol: section.protocol.to_owned(),
            format: format.to_owned(),
            rtpmap: section.rtpmap(format).map(str::to_owned),
            mid: section.mid.map(str::to_owned),
            fate: match at {
                _ if at == sound => SectionFate::Sound,
                _ if Some(at) == carrier => SectionFate::Carrier,
                _ => SectionFate::Refused,
            },
        }
    };
    media.iter().enumerate().map(section).collect()
}

fn bundled(carrier: Option<&Section<'_>>, audio: Option<&Section<'_>>) -> Vec<String> {
    [carrier, audio]
        .into_iter()
        .flatten()
        .filter_map(|section| section.mid)
        .map(str::to_owned)
        .collect()
}

fn push_line(text: &mut String, name: &str, value: &str) {
    for part in [name, value, "\r\n"] {
        text.push_str(part);
    }
}
