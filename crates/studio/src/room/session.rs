//! What a room keeps of one session.

use std::collections::{BTreeMap, VecDeque};

use stentor_core::stage::{AppliedMute, SeatLevel, SessionKind};
use stentor_core::{SeatId, SessionId};
use stentor_media::mix::{StripId, StripOut, StripPlace, StripStats};
use stentor_media::opus::OpusEncoder;
use stentor_media::rendition::TICK_SAMPLES;

use super::state::SessionStatus;
use crate::error::StudioFault;
use crate::limits::{INTERRUPTED_TIME, LOOPBACK_TICKS, SESSIONS_MAX, SESSIONS_STAFF};
use crate::peer::ExpectedSession;

/// When nothing has arrived for [`INTERRUPTED_TIME`], sound was flowing before if some came within so many ticks: half a second more.
const SOUND_FLOWED_TICKS: u64 = INTERRUPTED_TIME.as_millis() as u64 / 20 + 25;

/// 20 ms of sound.
pub(super) type TickPcm = [f32; TICK_SAMPLES];

/// One session: a peer that was answered, or an in-process voice.
pub(super) struct Session {
    pub(super) seat: SeatId,
    pub(super) kind: SessionKind,
    /// It speaks; then it gets a strip when it is connected.
    pub(super) sends: bool,
    /// It wants to hear.
    pub(super) hears: bool,
    /// A host's or co-host's.
    pub(super) is_staff: bool,
    /// Its sound is left as it comes.
    pub(super) original_sound: bool,
    /// It is connected, as the n-th session of the room. `None` before.
    pub(super) connected: Option<u64>,
    /// Nothing arrives from it, and something should.
    pub(super) interrupted: bool,
    /// The tick in which sound came from it last.
    pub(super) sound_at: Option<u64>,
    pub(super) strip: Option<Strip>,
    pub(super) voice: Option<LoopingRecording>,
    pub(super) encoder: Option<OpusEncoder>,
    pub(super) loopback: Option<LoopbackDelay>,
    /// Whom in the green room it hears.
    pub(super) pre_listens: Option<SeatId>,
}

/// Whether one more session has a place. Guests never take the last, so that a host can come whatever guests do.
pub(super) fn check_place(
    sessions: &BTreeMap<SessionId, Session>,
    is_staff: bool,
) -> Result<(), StudioFault> {
    let guests = || sessions.values().filter(|known| !known.is_staff).count();
    let guests_max = SESSIONS_MAX - SESSIONS_STAFF;
    if sessions.len() >= SESSIONS_MAX {
        Err(StudioFault::Full { max: SESSIONS_MAX })
    } else if !is_staff && guests() >= guests_max {
        Err(StudioFault::Full { max: guests_max })
    } else {
        Ok(())
    }
}

/// A speaking session's strip in the mixer.
pub(super) struct Strip {
    pub(super) id: StripId,
    pub(super) place: StripPlace,
    /// What the last order wants; before the first, muted and version 0.
    pub(super) desired: AppliedMute,
    /// What the mixer does; `None` before the first tick.
    pub(super) applied: Option<AppliedMute>,
    pub(super) level: LevelWindow,
    /// A voice comes from it that cannot be brought to the others' level.
    pub(super) out_of_reach: bool,
    pub(super) stats: StripStats,
}

impl Session {
    pub(super) const fn new(expected: ExpectedSession) -> Self {
        let ExpectedSession {
            seat,
            kind,
            sends,
            hears,
            is_staff,
            original_sound,
        } = expected;
        Self {
            seat,
            kind,
            sends,
            hears,
            is_staff,
            original_sound,
            connected: None,
            interrupted: false,
            sound_at: None,
            strip: None,
            voice: None,
            encoder: None,
            loopback: None,
            pre_listens: None,
        }
    }

    /// An in-process voice's.
    pub(super) fn of_voice(seat: SeatId, voice: LoopingRecording) -> Self {
        let expected = ExpectedSession {
            seat,
            kind: SessionKind::LineIn,
            sends: true,
            hears: false,
            // It is the server's own.
            is_staff: true,
            original_sound: false,
        };
        Self {
            voice: Some(voice),
            ..Self::new(expected)
        }
    }

    /// What is so of it.
    pub(super) fn state(&self) -> SessionStatus {
        SessionStatus {
            seat: self.seat,
            kind: self.kind,
            connected: self.connected,
            interrupted: self.interrupted,
            mute: self.strip.as_ref().and_then(|strip| strip.applied),
            out_of_reach: self.strip.as_ref().is_some_and(|strip| strip.out_of_reach),
        }
    }

    /// Takes whether anything arrives from it. Whether that changes what is said of it: a page always has something to send; a line that
    /// pauses its sound may have nothing but its consent checks, which some send more rarely, and is there. One whose sound was flowing to
    /// the last is not.
    pub(super) fn set_interrupted(&mut self, on: bool, ticks: u64) -> bool {
        let flowed = |at: u64| ticks.saturating_sub(at) <= SOUND_FLOWED_TICKS;
        let on = on && (self.kind == SessionKind::Browser || self.sound_at.is_some_and(flowed));
        std::mem::replace(&mut self.interrupted, on) != on
    }

    pub(super) fn on_air(&self) -> bool {
        self.strip
            .as_ref()
            .is_some_and(|strip| strip.place == StripPlace::OnAir)
    }

    pub(super) fn on_stage(&self) -> bool {
        self.strip
            .as_ref()
            .is_some_and(|strip| strip.place != StripPlace::GreenRoom)
    }
}

impl Strip {
    /// Muted until an order says otherwise: a reconnecting speaker is not heard before the server has said so
    /// (`docs/design.md` §2, rule 8).
    pub(super) fn new(id: StripId, place: StripPlace) -> Self {
        Self {
            id,
            place,
            desired: AppliedMute {
                muted: true,
                version: 0,
            },
            applied: None,
            level: LevelWindow::default(),
            out_of_reach: false,
            stats: StripStats::default(),
        }
    }

    /// Takes what the mixer measured of it.
    pub(super) fn measure(&mut self, out: &StripOut) {
        self.level.add(out);
        self.stats = out.stats;
    }

    /// Takes whether its voice can be brought to the others' level. Whether that has changed.
    pub(super) const fn note_reach(&mut self, out: &StripOut) -> bool {
        let changed = self.out_of_reach != out.out_of_reach;
        self.out_of_reach = out.out_of_reach;
        changed
    }

    /// Takes which mute the mixer has applied. Whether it does now what was desired and did not before.
    pub(super) fn confirm_mute(&mut self, out: &StripOut) -> bool {
        let confirmed =
            out.mute_applied == self.desired.muted && self.applied != Some(self.desired);
        if confirmed {
            self.applied = Some(self.desired);
        }
        confirmed
    }
}

/// Levels of one strip since the last measurement.
#[derive(Default)]
pub(super) struct LevelWindow {
    power: f32,
    ticks: u32,
    voice_ticks: u32,
    silent_ticks: u32,
    sounded: bool,
}

impl LevelWindow {
    fn add(&mut self, out: &StripOut) {
        self.power += 10f32.powf(out.dbfs / 10.0);
        self.ticks += 1;
        self.voice_ticks += u32::from(out.voice);
        self.silent_ticks += u32::from(out.digital_silence);
        self.sounded |= out.sound;
    }

    /// The level of the window, and a new window.
    pub(super) fn take(&mut self, seat: SeatId) -> SeatLevel {
        let window = std::mem::take(self);
        let power = window.power / window.ticks.max(1) as f32;
        // -120 dBFS stands for nothing at all.
        let dbfs = 10.0 * power.max(1e-12).log10();
        SeatLevel {
            seat,
            dbfs_tenths: (dbfs * 10.0).round() as i16,
            // A click is one tick of voice; a syllable is several.
            voice: window.voice_ticks >= 2,
            digital_silence: window.ticks > 0 && window.silent_ticks == window.ticks,
            sound: window.sounded,
        }
    }
}

/// A recorded voice that begins again when it is over.
pub(super) struct LoopingRecording {
    pcm: Vec<f32>,
    at: usize,
}

impl LoopingRecording {
    /// `None` for no sound at all.
    pub(super) fn new(pcm: Vec<f32>) -> Option<Self> {
        (!pcm.is_empty()).then_some(Self { pcm, at: 0 })
    }

    pub(super) fn next(&mut self) -> TickPcm {
        let mut tick = [0.0; TICK_SAMPLES];
        for sample in &mut tick {
            *sample = self.pcm[self.at];
            self.at = (self.at + 1) % self.pcm.len();
        }
        tick
    }
}

/// Gives back what it was given [`LOOPBACK_TICKS`] before, and silence until then.
#[derive(Default)]
pub(super) struct LoopbackDelay {
    ticks: VecDeque<TickPcm>,
}

impl LoopbackDelay {
    pub(super) fn push(&mut self, tick: &TickPcm) -> TickPcm {
        self.ticks.push_back(*tick);
        if self.ticks.len() > LOOPBACK_TICKS {
            self.ticks.pop_front().unwrap_or([0.0; TICK_SAMPLES])
        } else {
            [0.0; TICK_SAMPLES]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_looped_voice_begins_again_without_a_hole() {
        let mut voice = LoopingRecording::new((0..1000).map(|n| n as f32).collect()).unwrap();
        let _ = voice.next();
        let second = voice.next();
        assert_eq!((second[39], second[40]), (999.0, 0.0));
        assert!(LoopingRecording::new(Vec::new()).is_none());
    }

    #[test]
    fn loopback_comes_back_a_second_later() {
        let mut delay = LoopbackDelay::default();
        for n in 0..200 {
            let out = delay.push(&[n as f32; TICK_SAMPLES]);
            let expected = if n < LOOPBACK_TICKS {
                0.0
            } else {
                (n - LOOPBACK_TICKS) as f32
            };
            assert_eq!(out[0], expected);
            assert!(delay.ticks.len() <= LOOPBACK_TICKS);
        }
    }

    #[test]
    fn a_window_gives_the_mean_power_and_needs_more_than_a_click() {
        let mut window = LevelWindow::default();
        for (dbfs, voice) in [
            (-20.0, true),
            (-120.0, false),
            (-120.0, false),
            (-120.0, false),
        ] {
            window.add(&StripOut {
                dbfs,
                voice,
                ..StripOut::default()
            });
        }
        let level = window.take(SeatId(7));
        assert_eq!(
            (level.dbfs_tenths, level.voice, level.digital_silence),
            (-260, false, false)
        );
        assert_eq!(window.take(SeatId(7)).dbfs_tenths, -1200);
    }
}
