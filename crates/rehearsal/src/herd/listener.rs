//! One listener: from its connection to the last chunk it received. No socket here, only bytes and times.

use super::chunk_scanner::{ChunkScanner, ChunkSummary, HashSampling, Scanned};
use super::hashes::HashClaims;
use super::page::PageModel;
use super::player::{Player, PlayerEvent};
use super::run::{Format, RunConfig};
use super::sound_meter::SoundMeter;
use super::tally::Tally;
use crate::http::{BodyDecoder, Framing, ResponseHead};

/// What a listener holds between two chunks, in bytes, without its socket.
pub const LISTENER_BYTES_MAX: usize = 1_024;

const _: () = assert!(size_of::<Listener>() <= LISTENER_BYTES_MAX);

/// A moment, on both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    /// Since the beginning of the run.
    pub(crate) us: u64,
    /// Since 1970.
    pub(crate) unix_us: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListenerState {
    /// Its time has not come.
    Due,
    Connecting,
    /// It is connected and makes its TLS handshake.
    Handshaking,
    /// It has asked and has no whole head yet.
    Asking,
    /// It has a head and no sound yet.
    Answered,
    Hearing,
    Over,
}

pub(crate) struct Listener {
    pub(crate) state: ListenerState,
    scheduled_us: u64,
    asked_unix_us: i64,
    /// Beginning of a head that is not whole.
    head: Vec<u8>,
    body: BodyDecoder,
    scanner: ChunkScanner,
    sampling: HashSampling,
    player: Player,
    page: PageModel,
    /// Where the next chunk must begin.
    next_position: Option<u64>,
    last: (u32, u64),
    last_bytes_us: u64,
    meter: Option<Box<SoundMeter>>,
    /// It has had the notice that the run waits for.
    noticed: bool,
}

impl Listener {
    pub(crate) fn new(config: &RunConfig, number: usize, scheduled_us: u64, meter: bool) -> Self {
        Self {
            state: ListenerState::Due,
            scheduled_us,
            asked_unix_us: 0,
            head: Vec::new(),
            body: BodyDecoder::new(Framing::Close),
            scanner: ChunkScanner::default(),
            sampling: HashSampling {
                every: config.hash_every,
                offset: number as u32,
            },
            player: Player::new(config.thresholds),
            page: PageModel::default(),
            next_position: None,
            last: (0, 0),
            last_bytes_us: 0,
            meter: if meter {
                SoundMeter::new().map(Box::new)
            } else {
                None
            },
            noticed: false,
        }
    }

    pub(crate) const fn scheduled_us(&self) -> u64 {
        self.scheduled_us
    }

    pub(crate) fn asked(&mut self, now: Now) {
        self.state = ListenerState::Asking;
        self.asked_unix_us = now.unix_us;
    }

    /// Takes bytes of the answer. An error says why nothing after it can be used.
    pub(crate) fn receive(
        &mut self,
        config: &RunConfig,
        now: Now,
        bytes: &[u8],
        tally: &mut Tally,
        claims: &mut HashClaims,
    ) -> Result<(), String> {
        tally.bytes += bytes.len() as u64;
        if self.state != ListenerState::Asking {
            return self.body(config, now, bytes, tally, claims);
        }
        let carried;
        let bytes = if self.head.is_empty() {
            bytes
        } else {
            self.head.extend_from_slice(bytes);
            carried = std::mem::take(&mut self.head);
            &carried
        };
        let Some(head) = ResponseHead::parse(bytes).map_err(|error| error.to_string())? else {
            self.head = bytes.to_vec();
            return Ok(());
        };
        if head.status != 200 {
            return Err(format!("refused with status {}", head.status));
        }
        self.body = BodyDecoder::new(head.framing);
        self.state = ListenerState::Answered;
        self.body(config, now, &bytes[head.head_bytes..], tally, claims)
    }

    fn body(
        &mut self,
        config: &RunConfig,
        now: Now,
        mut input: &[u8],
        tally: &mut Tally,
        claims: &mut HashClaims,
    ) -> Result<(), String> {
        while let Some(piece) = self
            .body
            .next(&mut input)
            .map_err(|error| error.to_string())?
        {
            self.stream(config, now, piece, tally, claims)?;
        }
        if self.body.ended() {
            return Err("the server ended the stream".to_owned());
        }
        Ok(())
    }

    /// Takes a piece of the stream itself, with HTTP taken off.
    pub(crate) fn stream(
        &mut self,
        config: &RunConfig,
        now: Now,
        piece: &[u8],
        tally: &mut Tally,
        claims: &mut HashClaims,
    ) -> Result<(), String> {
        if self.state == ListenerState::Asking {
            self.state = ListenerState::Answered;
        }
        match config.format {
            Format::Raw => self.raw(config, now, tally),
            Format::Mp4 => self.mp4(config, now, piece, tally, claims)?,
        }
        Ok(())
    }

    fn raw(&mut self, config: &RunConfig, now: Now, tally: &mut Tally) {
        if self.state == ListenerState::Answered {
            self.hears(now, tally);
        } else {
            self.delivery_gap(config, now, tally);
        }
        self.last_bytes_us = now.us;
    }

    fn delivery_gap(&self, config: &RunConfig, now: Now, tally: &mut Tally) {
        let gap_us = now.us.saturating_sub(self.last_bytes_us);
        if gap_us > config.delivery_gap.as_micros() as u64 {
            tally.delivery_gap.record(gap_us);
        }
    }

    fn mp4(
        &mut self,
        config: &RunConfig,
        now: Now,
        piece: &[u8],
        tally: &mut Tally,
        claims: &mut HashClaims,
    ) -> Result<(), String> {
        if let Some(meter) = &mut self.meter {
            meter.listen(piece);
        }
        let mut scanner = std::mem::take(&mut self.scanner);
        let mut understood = true;
        let read = scanner.read(self.sampling, piece, |scanned| match scanned {
            Scanned::Head => {}
            Scanned::Notice { payload, .. } => {
                tally.notices += 1;
                self.notice(config, now, payload, tally);
            }
            Scanned::Cadence { payload } => {
                tally.cadences += 1;
                understood &= self.page.announce(payload);
            }
            Scanned::Chunk(chunk) => self.chunk(now, &chunk, tally, claims),
        });
        self.scanner = scanner;
        read.map_err(|error| error.to_string())?;
        if understood {
            Ok(())
        } else {
            Err("a word about the cadence without hold_ms".to_owned())
        }
    }

    fn notice(&mut self, config: &RunConfig, now: Now, payload: &[u8], tally: &mut Tally) {
        let Some(words) = config.notice.as_deref().filter(|_| !self.noticed) else {
            return;
        };
        if String::from_utf8_lossy(payload).contains(words) {
            self.noticed = true;
            tally.noticed.record(now.us);
        }
    }

    fn chunk(
        &mut self,
        now: Now,
        chunk: &ChunkSummary,
        tally: &mut Tally,
        claims: &mut HashClaims,
    ) {
        let us = |samples: u64| samples * 1_000 / 48;
        tally.chunks += 1;
        tally.sound_bytes += u64::from(chunk.sound_bytes);
        if let Some(sha256) = chunk.sha256 {
            claims.claim((chunk.position, chunk.samples), sha256);
        }
        let expected = self.next_position.unwrap_or(chunk.position);
        if chunk.position < expected {
            tally.repeated += 1;
            return;
        }
        if chunk.position > expected {
            tally.gaps += 1;
            tally.missing_us += us(chunk.position - expected);
        } else if self.last.1 == chunk.samples && self.last.0.wrapping_add(1) != chunk.sequence {
            tally.misnumbered += 1;
        }
        self.next_position = Some(chunk.position.saturating_add(chunk.samples));
        self.last = (chunk.sequence, chunk.samples);
        if self.state == ListenerState::Answered {
            self.hears(now, tally);
        }
        let sounded_unix_us = chunk
            .capture_unix_us
            .saturating_add(us(chunk.samples) as i64);
        // Chunks of the burst were published before the listener asked, so their lateness is no fault of the server.
        if sounded_unix_us >= self.asked_unix_us {
            let late_us = now.unix_us.saturating_sub(sounded_unix_us);
            tally.lateness.record(late_us.max(0) as u64);
        }
        match self.player.receive(now.us, us(chunk.samples)) {
            Some(PlayerEvent::Started) => tally
                .playing
                .record(now.us.saturating_sub(self.scheduled_us)),
            Some(PlayerEvent::Resumed { silent_us }) => tally.stall.record(silent_us),
            None => {}
        }
        self.page.chunk_received(&mut self.player, now.us);
    }

    fn hears(&mut self, now: Now, tally: &mut Tally) {
        self.state = ListenerState::Hearing;
        tally.joined += 1;
        tally
            .first_audio
            .record(now.us.saturating_sub(self.scheduled_us));
    }

    /// What it was waiting for when it gave up.
    pub(crate) fn waits_for(&self) -> &'static str {
        match self.state {
            ListenerState::Due | ListenerState::Connecting => "no connection in time",
            ListenerState::Handshaking => "no TLS handshake in time",
            ListenerState::Asking if self.head.is_empty() => "no answer in time",
            ListenerState::Asking => "only a part of a head in time",
            ListenerState::Answered | ListenerState::Hearing | ListenerState::Over => {
                "no sound in time"
            }
        }
    }

    /// Ends the listener: a stall that is going on is counted up to now.
    pub(crate) fn finish(&mut self, config: &RunConfig, now: Now, tally: &mut Tally) {
        let heard = self.state == ListenerState::Hearing;
        self.state = ListenerState::Over;
        if let Some(meter) = self.meter.take()
            && heard
        {
            tally.hear(meter.heard());
        }
        // Nothing of it is needed any more.
        self.head = Vec::new();
        self.scanner = ChunkScanner::default();
        if !heard {
            return;
        }
        match config.format {
            Format::Raw => self.delivery_gap(config, now, tally),
            Format::Mp4 => {
                if let Some(silent_us) = self.player.finish(now.us) {
                    tally.stall.record(silent_us);
                }
                tally.stalls += u64::from(self.player.stalls());
                tally.stalled_us += self.player.stalled_us();
                tally.stalled_listeners += u64::from(self.player.stalls() > 0);
                match self.player.lowest_us() {
                    Some(lowest_us) => tally.lowest_buffer.record(lowest_us),
                    None => tally.never_played += u64::from(!self.player.has_started()),
                }
            }
        }
    }
}
