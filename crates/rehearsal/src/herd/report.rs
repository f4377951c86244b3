//! What a run has shown, as data and as a table for people.

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use serde::Serialize;

use super::hashes::HashTotals;
use super::poller::PollTotals;
use super::run::{Face, RunConfig, Transport};
use super::sound_meter::SoundTotals;
use super::tally::{Tally, TimeHistogram};

/// Everything about one run. All its listeners were *held*: real sockets, every byte read.
#[derive(Debug, Clone, Serialize)]
pub struct RunReport {
    /// Version of this format: 1.
    pub v: u32,
    /// Whether the herd kept up. If not, nothing else here says anything of the server.
    pub valid: bool,
    /// Why it is not valid.
    pub invalid_because: Vec<String>,
    /// What was asked for.
    pub path: String,
    /// When the first listener was due, in milliseconds since 1970.
    pub began_unix_ms: u64,
    /// How long the run lasted.
    pub duration_s: f64,
    /// Arrivals within that time.
    pub scheduled: u64,
    /// Connections made, TLS handshakes included.
    pub connected: u64,
    /// Listeners that heard something.
    pub joined: u64,
    /// Listeners that heard to the end.
    pub held_at_end: u64,
    /// Those who heard nothing, by reason.
    pub never_got_in: BTreeMap<String, u64>,
    /// Those who heard something and then no more, by reason.
    pub cut: BTreeMap<String, u64>,
    /// TLS, where listeners come that way.
    pub tls: Option<TlsReport>,
    /// From the scheduled arrival to the first whole chunk (or byte, in raw mode). Who never got in counts with the time up
    /// to the end of the run.
    pub first_audio: Distribution,
    /// From the scheduled arrival to the moment when the player has enough to play.
    pub playing: Distribution,
    /// From the end of a chunk's sound at the microphones to its arrival.
    pub lateness: Distribution,
    /// Bytes received, heads and framing counted, TLS not.
    pub bytes: u64,
    /// Of these, sound: the rest is head, boxes, notices and framing.
    pub sound_bytes: u64,
    /// Chunks received.
    pub chunks: u64,
    /// Notices received.
    pub notices: u64,
    /// From the beginning of the run to the first notice with the words that were asked for, one value a listener.
    pub noticed: Option<Distribution>,
    /// Words about the cadence received: how often listeners were told that they will be served otherwise.
    pub cadences: u64,
    /// By HLS: what was asked for.
    pub hls: Option<HlsCounters>,
    /// Places where the timeline jumped forward.
    pub gaps: u64,
    /// Sound that was jumped over, in seconds, all listeners together.
    pub missing_s: f64,
    /// Chunks that came again or too late.
    pub repeated: u64,
    /// Chunks whose number does not follow though their time does.
    pub misnumbered: u64,
    /// Stalls of the player model: its buffer ran dry.
    pub stalls: u64,
    /// Listeners with at least one.
    pub stalled_listeners: u64,
    /// How long they lasted.
    pub stall: Distribution,
    /// Listeners that got chunks and never enough to play.
    pub never_played: u64,
    /// The least a listener's buffer held while playing, one value a listener.
    pub lowest_buffer: Distribution,
    /// Raw mode: times without bytes above the limit.
    pub delivery_gap: Distribution,
    /// Hashes against the manifests.
    pub hashes: HashReport,
    /// What those who decode have heard.
    pub sound: SoundReport,
    /// The herd about itself.
    pub generator: GeneratorReport,
}

/// Chunks compared with the manifest.
#[derive(Debug, Clone, Serialize)]
pub struct HashReport {
    /// The same.
    pub confirmed: u64,
    /// Not the same.
    pub altered: u64,
    /// Not in any manifest that was fetched.
    pub uncompared: u64,
    /// Manifests fetched.
    pub manifests: u64,
    /// Manifests that could not be had.
    pub manifests_failed: u64,
    /// Why the last of them could not.
    pub last_failure: Option<String>,
}

/// What listeners by HLS have found.
#[derive(Debug, Clone, Serialize)]
pub struct HlsCounters {
    /// Playlists read.
    pub playlists: u64,
    /// Of these, those that ended before one read earlier did.
    pub older: u64,
    /// Segments read.
    pub segments: u64,
    /// Segments that were listed no more when their turn came.
    pub skipped: u64,
}

/// What TLS has taken.
#[derive(Debug, Clone, Serialize)]
pub struct TlsReport {
    /// From the beginning of connecting to the end of the handshake, of those that came to it.
    pub handshake: Distribution,
    /// Handshakes that went on with an earlier session.
    pub resumed: u64,
}

/// What decoding has shown.
#[derive(Debug, Clone, Serialize)]
pub struct SoundReport {
    /// Listeners that decoded.
    pub listeners: u64,
    /// Of these, those who heard nothing but silence.
    pub silent_listeners: u64,
    /// Sound decoded, in seconds.
    pub decoded_s: f64,
    /// Of that, silent.
    pub silent_s: f64,
    /// The longest silence in one piece, in seconds.
    pub longest_silence_s: f64,
    /// Packets or chunks that could not be decoded.
    pub undecodable: u64,
}

/// The herd about itself.
#[derive(Debug, Clone, Serialize)]
pub struct GeneratorReport {
    /// Its threads, each with a descriptor table.
    pub workers: usize,
    /// Processors it stayed on; none is all.
    pub cpus: Vec<usize>,
    /// The seed of its schedule.
    pub seed: u64,
    /// From when a listener was due to when it was started.
    pub schedule_lag: Distribution,
    /// From when sockets were to be looked at to when all had been.
    pub loop_lag: Distribution,
    /// The limit for the 99th percentile of both.
    pub lag_limit_ms: f64,
    /// Processor time of its threads, in seconds.
    pub cpu_s: f64,
    /// Share of one processor from two seconds after the last arrival to the end.
    pub hold_cores: Option<f64>,
    /// What failed on this side.
    pub own_errors: BTreeMap<String, u64>,
}

/// Times, in milliseconds.
#[derive(Debug, Clone, Serialize)]
pub struct Distribution {
    /// How many.
    pub count: u64,
    /// The mean.
    pub mean_ms: f64,
    /// The least.
    pub min_ms: f64,
    /// Half are below.
    pub p50_ms: f64,
    /// Nine in ten are below.
    pub p90_ms: f64,
    /// 99 in a hundred are below.
    pub p99_ms: f64,
    /// 999 in a thousand are below.
    pub p999_ms: f64,
    /// The largest.
    pub max_ms: f64,
    /// For plots: shares of all and the time in ms they are below, from an HdrHistogram with three digits.
    pub curve: Vec<(f64, f64)>,
}

impl RunReport {
    /// What a listener would complain about, one sentence each; empty if every one who came heard everything in time.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let never_in: u64 = self.never_got_in.values().sum();
        let cut: u64 = self.cut.values().sum();
        let hls = self.hls.as_ref();
        let (older, skipped) = hls.map_or((0, 0), |hls| (hls.older, hls.skipped));
        let complaints = [
            (never_in, "never got in"),
            (cut, "were cut off"),
            (self.gaps, "gaps in the timeline"),
            (older, "playlists were older than one before"),
            (skipped, "segments were listed no more"),
            (self.repeated, "chunks came again"),
            (self.misnumbered, "chunks had a wrong number"),
            (self.stalls, "times a buffer ran dry"),
            (self.delivery_gap.count, "times nothing came for too long"),
            (self.hashes.altered, "chunks were not what was published"),
            (
                self.hashes.uncompared,
                "chunks could not be compared with what was published",
            ),
            (self.sound.silent_listeners, "heard nothing but silence"),
            (self.sound.undecodable, "packets were no sound"),
        ];
        let complaints = complaints.into_iter().filter(|&(count, _)| count > 0);
        complaints
            .map(|(count, what)| format!("{count} {what}"))
            .collect()
    }

    /// The report as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self)
            .expect("a structure of strings and finite numbers is always JSON")
    }
}

impl From<&TimeHistogram> for Distribution {
    fn from(times: &TimeHistogram) -> Self {
        let histogram = times.histogram();
        let ms = |us: u64| us as f64 / 1_000.0;
        let at = |quantile| ms(histogram.value_at_quantile(quantile));
        let steps = histogram.iter_quantiles(2);
        let mut curve: Vec<_> = steps
            .map(|step| (step.quantile(), ms(step.value_iterated_to())))
            .collect();
        curve.dedup();
        Self {
            count: histogram.len(),
            mean_ms: if histogram.is_empty() {
                0.0
            } else {
                histogram.mean() / 1_000.0
            },
            min_ms: ms(histogram.min()),
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: ms(histogram.max()),
            curve,
        }
    }
}

pub(crate) fn report(
    config: &RunConfig,
    workers: usize,
    scheduled: usize,
    began: SystemTime,
    tally: Tally,
    hashes: HashTotals,
    polled: PollTotals,
) -> RunReport {
    let seconds = |us: u64| us as f64 / 1e6;
    let duration_us = config.duration.as_micros() as u64;
    let generator = generator(config, workers, &tally);
    let invalid_because = invalid(config, scheduled as u64, &tally);
    let SoundTotals {
        decoded_us,
        silent_us,
        longest_silence_us,
        undecodable,
    } = tally.heard;
    RunReport {
        v: 1,
        valid: invalid_because.is_empty(),
        invalid_because,
        path: config.path.clone(),
        began_unix_ms: began
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| since.as_millis() as u64),
        duration_s: seconds(duration_us),
        scheduled: scheduled as u64,
        connected: tally.connected,
        joined: tally.joined,
        held_at_end: tally.held_at_end,
        never_got_in: tally.never_in.into_map(),
        cut: tally.cut.into_map(),
        tls: matches!(config.transport, Transport::Tls { .. }).then(|| TlsReport {
            handshake: (&tally.handshake).into(),
            resumed: tally.handshakes_resumed,
        }),
        first_audio: (&tally.first_audio).into(),
        playing: (&tally.playing).into(),
        lateness: (&tally.lateness).into(),
        bytes: tally.bytes,
        sound_bytes: tally.sound_bytes,
        chunks: tally.chunks,
        notices: tally.notices,
        noticed: config.notice.is_some().then(|| (&tally.noticed).into()),
        cadences: tally.cadences,
        hls: (config.face == Face::Hls).then_some(HlsCounters {
            playlists: tally.playlists,
            older: tally.playlists_older,
            segments: tally.segments,
            skipped: tally.segments_skipped,
        }),
        gaps: tally.gaps,
        missing_s: seconds(tally.missing_us),
        repeated: tally.repeated,
        misnumbered: tally.misnumbered,
        stalls: tally.stalls,
        stalled_listeners: tally.stalled_listeners,
        stall: (&tally.stall).into(),
        never_played: tally.never_played,
        lowest_buffer: (&tally.lowest_buffer).into(),
        delivery_gap: (&tally.delivery_gap).into(),
        hashes: HashReport {
            confirmed: hashes.confirmed,
            altered: hashes.altered,
            uncompared: hashes.uncompared,
            manifests: polled.fetched,
            manifests_failed: polled.failed,
            last_failure: polled.last_failure,
        },
        sound: SoundReport {
            listeners: tally.meters,
            silent_listeners: tally.silent_meters,
            decoded_s: seconds(decoded_us),
            silent_s: seconds(silent_us),
            longest_silence_s: seconds(longest_silence_us),
            undecodable,
        },
        generator,
    }
}

fn generator(config: &RunConfig, workers: usize, tally: &Tally) -> GeneratorReport {
    GeneratorReport {
        workers,
        cpus: config.cpus.clone(),
        seed: config.seed,
        schedule_lag: (&tally.schedule_lag).into(),
        loop_lag: (&tally.loop_lag).into(),
        lag_limit_ms: config.lag_limit.as_secs_f64() * 1e3,
        cpu_s: tally.cpu_us as f64 / 1e6,
        hold_cores: (tally.hold_wall_us > 0)
            .then(|| tally.hold_cpu_us as f64 / tally.hold_wall_us as f64),
        own_errors: tally.own_errors.clone().into_map(),
    }
}

fn invalid(config: &RunConfig, scheduled: u64, tally: &Tally) -> Vec<String> {
    let mut reasons = Vec::new();
    let limit_us = config.lag_limit.as_micros() as u64;
    for (name, lag) in [
        ("schedule lag", &tally.schedule_lag),
        ("loop lag", &tally.loop_lag),
    ] {
        let p99_us = lag.histogram().value_at_quantile(0.99);
        if p99_us > limit_us {
            reasons.push(format!(
                "the herd's {name} was {} ms at the 99th percentile and the limit is {} ms",
                p99_us / 1_000,
                limit_us / 1_000
            ));
        }
    }
    if tally.own_errors.total() > 0 {
        reasons.push(format!(
            "{} things failed on the herd's side",
            tally.own_errors.total()
        ));
    }
    if tally.started < scheduled {
        reasons.push(format!(
            "only {} of {scheduled} arrivals were made",
            tally.started
        ));
    }
    reasons
}

impl fmt::Display for RunReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let never_in: u64 = self.never_got_in.values().sum();
        let cut: u64 = self.cut.values().sum();
        writeln!(
            f,
            "{} for {:.0} s: {} came, {} connected, {} heard, {} to the end, {never_in} never got in, {cut} cut",
            self.path,
            self.duration_s,
            self.scheduled,
            self.connected,
            self.joined,
            self.held_at_end
        )?;
        for (what, reasons) in [
            ("never got in", &self.never_got_in),
            ("cut", &self.cut),
            ("own error", &self.generator.own_errors),
        ] {
            for (reason, count) in reasons {
                writeln!(f, "  {what}: {count} × {reason}")?;
            }
        }
        writeln!(
            f,
            "\n{:<22}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}",
            "milliseconds", "count", "p50", "p90", "p99", "p99.9", "max"
        )?;
        let handshake = self.tls.as_ref();
        let handshake = handshake.map(|tls| ("TLS handshake", &tls.handshake));
        let noticed = self.noticed.as_ref().map(|times| ("notice had", times));
        for (name, times) in handshake.into_iter().chain(noticed).chain([
            ("first audio", &self.first_audio),
            ("player starts", &self.playing),
            ("lateness", &self.lateness),
            ("lowest buffer", &self.lowest_buffer),
            ("stall", &self.stall),
            ("delivery gap", &self.delivery_gap),
            ("herd: schedule lag", &self.generator.schedule_lag),
            ("herd: loop lag", &self.generator.loop_lag),
        ]) {
            if times.count > 0 {
                writeln!(
                    f,
                    "{name:<22}{:>10}{:>10.1}{:>10.1}{:>10.1}{:>10.1}{:>10.1}",
                    times.count,
                    times.p50_ms,
                    times.p90_ms,
                    times.p99_ms,
                    times.p999_ms,
                    times.max_ms
                )?;
            }
        }
        writeln!(
            f,
            "\nreceived {:.1} MB, {} chunks, {} notices; {} gaps ({:.1} s), {} stalls of {} listeners, {} repeated, {} misnumbered",
            self.bytes as f64 / 1e6,
            self.chunks,
            self.notices,
            self.gaps,
            self.missing_s,
            self.stalls,
            self.stalled_listeners,
            self.repeated,
            self.misnumbered
        )?;
        if let Some(hls) = &self.hls {
            writeln!(
                f,
                "HLS: {} playlists, {} of them older than one before; {} segments, {} listed no more",
                hls.playlists, hls.older, hls.segments, hls.skipped
            )?;
        }
        writeln!(
            f,
            "hashes: {} confirmed, {} altered, {} uncompared; {} manifests, {} could not be had{}",
            self.hashes.confirmed,
            self.hashes.altered,
            self.hashes.uncompared,
            self.hashes.manifests,
            self.hashes.manifests_failed,
            self.hashes
                .last_failure
                .as_deref()
                .map_or(String::new(), |failure| format!(" ({failure})"))
        )?;
        writeln!(
            f,
            "sound: {} listeners decoded {:.1} s, {:.1} s of it silent, {} undecodable",
            self.sound.listeners, self.sound.decoded_s, self.sound.silent_s, self.sound.undecodable
        )?;
        write!(
            f,
            "herd: {} workers, {:.1} s of processor time",
            self.generator.workers, self.generator.cpu_s
        )?;
        if let Some(cores) = self.generator.hold_cores {
            write!(f, ", {cores:.2} cores while holding")?;
        }
        if self.valid {
            return writeln!(f, "\nVALID: the herd kept up");
        }
        writeln!(f, "\nINVALID: {}", self.invalid_because.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Why a run of ten arrivals is invalid whose tally was changed like this.
    fn reasons(change: impl FnOnce(&mut Tally)) -> Vec<String> {
        let config = RunConfig::new("127.0.0.1:1".parse().expect("an address"), "/");
        let mut tally = Tally {
            started: 10,
            ..Tally::default()
        };
        tally.schedule_lag.record(1_000);
        tally.loop_lag.record(1_000);
        change(&mut tally);
        invalid(&config, 10, &tally)
    }

    #[test]
    fn each_failure_of_the_herd_itself_makes_the_run_invalid_by_its_name() {
        assert_eq!(reasons(|_| ()), Vec::<String>::new());
        let one = |change: fn(&mut Tally), words: &str| {
            let reasons = reasons(change);
            assert_eq!(reasons.len(), 1, "{reasons:?}");
            assert!(reasons[0].contains(words), "{reasons:?}");
        };
        one(|tally| tally.schedule_lag.record(200_000), "schedule lag");
        one(|tally| tally.loop_lag.record(200_000), "loop lag");
        one(|tally| tally.own_errors.count("bind", 1), "herd's side");
        one(|tally| tally.started = 9, "only 9 of 10");
    }
}
