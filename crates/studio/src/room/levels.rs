//! What a room measures: worth something while it is new, and nothing when the next measurement is there.

use stentor_core::stage::SeatLevel;

/// The levels of the last 100 ms.
#[derive(Debug, Clone, PartialEq)]
pub struct RoomLevels {
    /// What each microphone gave: one for each seat that has one.
    pub seats: Vec<SeatLevel>,
    /// Short-term loudness of the programme (3 s, EBU R 128), in LUFS.
    pub lufs: f32,
    /// Highest true peak of the programme since the last report, in dBTP.
    pub true_peak: f32,
}
