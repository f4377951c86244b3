//! `application/trickle-ice-sdpfrag` (RFC 8840): what a WHIP client sends and gets by PATCH.
//!
//! Candidates alone are trickled; new credentials ask for an ICE restart (RFC 9725 §4.3.2 and §4.3.3).
//! Parsing is strict about bounds and lax about everything else: unknown attributes pass.
//!
//! A peer's candidates are counted and thrown away, however many there are: as an ICE-lite agent we check nothing, and learn a peer's
//! addresses from its checks (RFC 8445 §7.3.1.3).

use std::fmt;

use crate::error::SdpFault;
use crate::limits::{SDP_BYTES_MAX, SDP_LINE_BYTES_MAX};

/// A fragment: credentials, candidates, and whether more will come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SdpFrag {
    /// `a=ice-ufrag`.
    pub ice_ufrag: Option<String>,
    /// `a=ice-pwd`.
    pub ice_pwd: Option<String>,
    /// The `a=mid` the candidates belong to; of a bundle there is one.
    pub mid: Option<String>,
    /// Our candidates, each as `candidate:…`; none in what was read.
    pub candidates: Vec<String>,
    /// How many candidates were in what was read.
    pub trickled: usize,
    /// `a=end-of-candidates` was there.
    pub end_of_candidates: bool,
}

impl SdpFrag {
    /// Reads a fragment.
    ///
    /// # Errors
    ///
    /// Says what is wrong with it: too long, a line that is not SDP, one credential without the other, or nothing in it at all.
    pub fn parse(text: &str) -> Result<Self, SdpFault> {
        let mut fragment = Self::default();
        let mut bytes = text.len();
        for (index, line) in text.lines().enumerate() {
            if line.starts_with("a=candidate:") {
                fragment.trickled += 1;
                bytes -= line.len();
                continue;
            }
            fragment.read(index + 1, line.trim_end())?;
        }
        if bytes > SDP_BYTES_MAX {
            return Err(SdpFault::TooLong {
                bytes_max: SDP_BYTES_MAX,
                got: bytes,
            });
        }
        fragment.check()
    }

    fn read(&mut self, number: usize, line: &str) -> Result<(), SdpFault> {
        if line.len() > SDP_LINE_BYTES_MAX {
            return Err(SdpFault::TooLong {
                bytes_max: SDP_LINE_BYTES_MAX,
                got: line.len(),
            });
        }
        // RFC 8840 §9: a fragment is made of a= lines and of pseudo m= lines.
        let Some(attribute) = line.strip_prefix("a=") else {
            return if line.is_empty() || line.starts_with("m=") {
                Ok(())
            } else {
                Err(SdpFault::Syntax {
                    line: number,
                    expected: "a= or m=",
                    got: line.chars().take(40).collect(),
                })
            };
        };
        let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
        match name {
            "ice-ufrag" => self.ice_ufrag = Some(ice_chars(number, value)?),
            "ice-pwd" => self.ice_pwd = Some(ice_chars(number, value)?),
            "mid" => self.mid = Some(value.to_owned()),
            "end-of-candidates" => self.end_of_candidates = true,
            _ => {}
        }
        Ok(())
    }

    fn check(self) -> Result<Self, SdpFault> {
        match (&self.ice_ufrag, &self.ice_pwd) {
            (Some(_), None) => Err(SdpFault::Missing("a=ice-pwd beside a=ice-ufrag")),
            (None, Some(_)) => Err(SdpFault::Missing("a=ice-ufrag beside a=ice-pwd")),
            (None, None) if self.trickled == 0 && !self.end_of_candidates => {
                Err(SdpFault::Missing("candidates or ICE credentials"))
            }
            _ => Ok(self),
        }
    }
}

/// RFC 8839 §5.4: `ice-char = ALPHA / DIGIT / "+" / "/"`, at most 256 of them.
fn ice_chars(line: usize, value: &str) -> Result<String, SdpFault> {
    let fits = (4..=256).contains(&value.len());
    let fits = fits
        && value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+/-_=".contains(&b));
    if fits {
        Ok(value.to_owned())
    } else {
        Err(SdpFault::Syntax {
            line,
            expected: "4 to 256 ICE characters",
            got: value.chars().take(40).collect(),
        })
    }
}

impl fmt::Display for SdpFrag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(ufrag) = &self.ice_ufrag {
            write!(f, "a=ice-ufrag:{ufrag}\r\n")?;
        }
        if let Some(pwd) = &self.ice_pwd {
            write!(f, "a=ice-pwd:{pwd}\r\n")?;
        }
        if !self.candidates.is_empty() || self.end_of_candidates {
            // RFC 8840 §4.4: candidates stand under a pseudo m= line and the mid they belong to.
            write!(f, "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n")?;
            write!(f, "a=mid:{}\r\n", self.mid.as_deref().unwrap_or("0"))?;
        }
        for candidate in &self.candidates {
            write!(f, "a={candidate}\r\n")?;
        }
        if self.end_of_candidates {
            write!(f, "a=end-of-candidates\r\n")?;
        }
        Ok(())
    }
}
