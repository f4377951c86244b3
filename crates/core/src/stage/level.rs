//! What the mixer measures on a microphone.

use crate::id::SeatId;

/// What the mixer measured on one seat's microphone in the last 100 ms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SeatLevel {
    /// Whose strip.
    pub seat: SeatId,
    /// Level in tenths of a decibel below full scale: -183 is -18.3 dBFS.
    pub dbfs_tenths: i16,
    /// Whether it sounded like a voice.
    pub voice: bool,
    /// Whether every sample was zero, or nothing but what a muted device sends.
    pub digital_silence: bool,
    /// Whether any of it was sound that came from the microphone: false for zeros, for what stands in for packets that did not come, and
    /// while nothing has come yet.
    pub sound: bool,
}
