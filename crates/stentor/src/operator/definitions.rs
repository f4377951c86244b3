//! Every metric there is, in one table: its name, kind, unit, labels and what it means.
//!
//! From a row come the constant by which a value is given, the lines `# HELP` and `# TYPE`, and the row in `docs/metrics.md`; what has
//! no row cannot be given. Names follow Prometheus' conventions (<https://prometheus.io/docs/practices/naming/>). A label
//! has as many values as there are events, streams, seats or reasons, never as many as there are listeners (`docs/design.md` §2,
//! rule 3).
//!
//! It counts nothing: whoever does the work counts it, and a scrape reads what they have counted.

use metrics::Unit as ExportedUnit;

/// What a value does over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It only grows, until whatever it counts for begins anew.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// What a value is measured in; a name ends with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Things.
    One,
    Bytes,
    Seconds,
    /// A part of a whole, which is 1.
    Ratio,
}

/// One row of the table.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) kind: Kind,
    pub(super) unit: Unit,
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    /// For the document, which a test keeps.
    #[cfg(test)]
    pub(super) labels: &'static [&'static str],
    /// Where in the document.
    #[cfg(test)]
    pub(super) section: &'static str,
}

/// A counter of the table; its values are given with so many labels.
#[derive(Clone, Copy)]
pub(super) struct Counter<const LABELS: usize> {
    pub(super) name: &'static str,
    pub(super) labels: [&'static str; LABELS],
}

/// A gauge of the table; its values are given with so many labels.
#[derive(Clone, Copy)]
pub(super) struct Gauge<const LABELS: usize> {
    pub(super) name: &'static str,
    pub(super) labels: [&'static str; LABELS],
}

impl Unit {
    pub(super) const fn exported(self) -> Option<ExportedUnit> {
        match self {
            // The exporter knows a ratio by another name only.
            Self::One | Self::Ratio => None,
            Self::Bytes => Some(ExportedUnit::Bytes),
            Self::Seconds => Some(ExportedUnit::Seconds),
        }
    }
}

macro_rules! table {
    ($($title:literal {
        $($id:ident: $kind:ident, $unit:ident, $name:literal, [$($label:literal),*], $help:literal;)*
    })*) => {
        $($(
            pub(super) const $id: $kind<{ <[&str]>::len(&[$($label),*]) }> = $kind {
                name: $name,
                labels: [$($label),*],
            };
        )*)*

        /// All of them.
        pub(super) const TABLE: &[Definition] = &[$($(Definition {
            kind: Kind::$kind,
            unit: Unit::$unit,
            name: $name,
            help: $help,
            #[cfg(test)]
            labels: &[$($label),*],
            #[cfg(test)]
            section: $title,
        },)*)*];
    };
}

table! {
    "The process" {
        BUILD_INFO: Gauge, One, "stentor_build_info", ["version", "commit"],
            "Always 1; the labels say which version runs, and the commit it was built from.";
        READY: Gauge, One, "stentor_ready", [],
            "Whether new people should be sent here: what /healthz/ready answers.";
        LOG_LINES_DROPPED: Counter, One, "stentor_log_lines_dropped_total", [],
            "Lines of the log that found its queue full.";
        DISK_FREE: Gauge, Bytes, "stentor_disk_free_bytes", [],
            "Room on the disk of the data folder, as of the last five seconds; /healthz/ready says when it is full.";
        DISK_SIZE: Gauge, Bytes, "stentor_disk_size_bytes", [],
            "How much that disk holds in all.";
        CERTIFICATE_END: Gauge, Seconds, "stentor_certificate_end_timestamp_seconds", [],
            "When the certificate ends that is served, in seconds since 1970; not there without one from a file.";
        PROCESS_CPU: Counter, Seconds, "process_cpu_seconds_total", [],
            "Processor time of all threads, whole seconds.";
        PROCESS_RESIDENT: Gauge, Bytes, "process_resident_memory_bytes", [],
            "Memory that is in use.";
        PROCESS_VIRTUAL: Gauge, Bytes, "process_virtual_memory_bytes", [],
            "Address space that is reserved.";
        PROCESS_THREADS: Gauge, One, "process_threads", [],
            "Threads that run.";
        PROCESS_START: Gauge, Seconds, "process_start_time_seconds", [],
            "When the process was started, in seconds since 1970.";
        PROCESS_OPEN_FDS: Gauge, One, "process_open_fds", [],
            "Descriptors that are open, those of shards not counted: each shard has a table of its own.";
        PROCESS_MAX_FDS: Gauge, One, "process_max_fds", [],
            "Descriptors that a table may have.";
    }
    "The ladder" {
        RUNG: Gauge, One, "stentor_rung", [],
            "Rung of the ladder at which newcomers join, 0 to 4.";
        SERVED_RUNG: Gauge, One, "stentor_served_rung", [],
            "Rung at which current listeners are served, or to which they are being brought, 0 to 3.";
        RUNG_PINNED: Gauge, One, "stentor_rung_pinned", [],
            "Whether the operator holds the rung.";
        LOAD: Gauge, Ratio, "stentor_load_ratio", ["measure"],
            "Load by measure, 1 being all there is; `flushing` is the part of `processor` that sending takes.";
        LADDER_STEPS: Counter, One, "stentor_ladder_steps_total", ["reason"],
            "Steps of the ladder, by reason.";
    }
    "Connections" {
        CONNECTIONS_ACCEPTED: Counter, One, "stentor_connections_accepted_total", ["port"],
            "Connections taken from the kernel, at the public port and at the operator's.";
        CONNECTIONS_CLOSED: Counter, One, "stentor_connections_closed_total", ["port"],
            "Of these, how many are gone; the others are open.";
        CONNECTIONS_HANDED_OVER: Counter, One, "stentor_connections_handed_over_total", ["port"],
            "Of those that are gone, ICE-TCP connections that speakers now have with the studio.";
        REQUESTS: Counter, One, "stentor_requests_total", ["port"],
            "Requests whose head was read.";
        SENT: Counter, Bytes, "stentor_sent_bytes_total", ["port"],
            "Bytes given to the kernel, TLS included.";
        RECEIVED: Counter, Bytes, "stentor_received_bytes_total", ["port"],
            "Bytes taken from the kernel, TLS included.";
        REFUSED: Counter, One, "stentor_refused_total", ["port", "reason"],
            "Connections and requests refused or cut, by reason.";
    }
    "The edge" {
        CONNECTIONS_MAX: Gauge, One, "stentor_connections_max", [],
            "Connections that may be open at once, as descriptors and configuration allow.";
        SHARDS: Gauge, One, "stentor_shards", [],
            "Shards that run: threads that send to listeners, each with a descriptor table of its own.";
        SHARD_SOCKETS: Gauge, One, "stentor_shard_sockets", [],
            "Connections that shards have, or that are on their way to one.";
        SHARD_START_FAILURES: Counter, One, "stentor_shard_start_failures_total", [],
            "Shards that could not be started.";
        FILE_READERS: Gauge, One, "stentor_file_readers", [],
            "Clients in the middle of a recording.";
        DOCUMENTS: Gauge, One, "stentor_documents", [],
            "Pages, playlists and other documents that are served.";
        DOCUMENTS_BYTES: Gauge, Bytes, "stentor_documents_bytes", [],
            "Memory they take, every encoding counted.";
    }
    "Listeners" {
        FLUSH_SLOTS: Counter, One, "stentor_flush_slots_total", [],
            "Slots of the timing wheel whose turn came: each holds listeners that are sent to together.";
        FLUSH_SLOTS_LATE: Counter, One, "stentor_flush_slots_late_total", [],
            "Of these, how many came more than 20 ms late: the processor does not keep up.";
        FLUSHES: Counter, One, "stentor_flushes_total", [],
            "Times a listener was to be sent what is new.";
        FLUSHES_BLOCKED: Counter, One, "stentor_flushes_blocked_total", [],
            "Of these, how many found a socket that did not take everything: its network does not keep up.";
        LISTENERS: Gauge, One, "stentor_listeners", ["stream"],
            "Listeners of a stream now: joined minus left.";
        LISTENERS_JOINED: Counter, One, "stentor_listeners_joined_total", ["stream"],
            "Listeners a stream has let in; one that moves between renditions counts in each.";
        LISTENERS_LEFT: Counter, One, "stentor_listeners_left_total", ["stream"],
            "Of these, how many have left, for whatever reason.";
        LISTENERS_REFUSED: Counter, One, "stentor_listeners_refused_total", ["stream"],
            "Listeners refused because as many as the stream may have were there.";
        LISTENERS_OVERTAKEN: Counter, One, "stentor_listeners_overtaken_total", ["stream"],
            "Times a listener was so far behind that it was put back to live.";
        CHUNKS_SKIPPED: Counter, One, "stentor_chunks_skipped_total", ["stream"],
            "Chunks that listeners who were put back to live never get.";
        LISTENERS_DROPPED_SLOW: Counter, One, "stentor_listeners_dropped_slow_total", ["stream"],
            "Listeners disconnected because that happened again and again.";
        CHUNKS_PUBLISHED: Counter, One, "stentor_chunks_published_total", ["stream"],
            "Chunks or HLS segments that a stream was given.";
    }
    "The studio" {
        PEERS: Gauge, One, "stentor_peers", [],
            "WebRTC peers, speakers and monitors, connected or connecting.";
        STUDIO_FIGURES_AGE: Gauge, Seconds, "stentor_studio_figures_age_seconds", [],
            "How old the figures of this section are: above 5 the network thread does not run.";
        DATAGRAMS_RECEIVED: Counter, One, "stentor_datagrams_received_total", [],
            "Datagrams of speakers and strangers, over UDP and ICE-TCP together.";
        DATAGRAMS_REFUSED: Counter, One, "stentor_datagrams_refused_total", ["reason"],
            "Of these, how many were nobody's: `unknown` (no STUN, from nowhere known), `unknown_stun` (asks for nobody here), `spoofed_stun` (does not prove itself), `over_budget` (not looked at, too many of the kind before), `too_many_addresses` (asks for one session from ever new addresses).";
        DATAGRAMS_NOT_SENT: Counter, One, "stentor_datagrams_not_sent_total", [],
            "Datagrams that the UDP socket did not take.";
        RED_PACKETS_MALFORMED: Counter, One, "stentor_red_packets_malformed_total", [],
            "RED packets (RFC 2198) of connected speakers that could not be read.";
        PEER_PANICS: Counter, One, "stentor_peer_panics_total", [],
            "Peers removed because their code panicked: a defect.";
        ICE_TCP_CONNECTIONS: Gauge, One, "stentor_ice_tcp_connections", ["state"],
            "ICE-TCP connections held: `proven` (of a speaker), `unproven` (have not shown yet whose they are).";
        ICE_TCP_CONNECTIONS_REFUSED: Counter, One, "stentor_ice_tcp_connections_refused_total", ["reason"],
            "ICE-TCP connections closed: `full` (as many as can be were held), `gave_way` (unproven, for a newer one), `unidentified` (did not show in time whose they are).";
        ICE_TCP_FRAMES_DROPPED: Counter, One, "stentor_ice_tcp_frames_dropped_total", [],
            "Frames that a slow ICE-TCP connection did not take.";
    }
    "Events" {
        EVENTS: Gauge, One, "stentor_events", ["state"],
            "Events of the store: `with_room`, `ended`, `waiting` (as many have a room as can be), `refused` (could not be opened; the log says why).";
        PHASE: Gauge, One, "stentor_event_phase", ["event", "phase"],
            "Where each event is in its life, also one that waits for a place or is over: 1 for one of `scheduled`, `on_air` and `ended`, 0 for the others.";
        ON_AIR: Gauge, One, "stentor_event_on_air", ["event"],
            "Whether the programme carries the stage, and is recorded.";
        SUSPENDED: Gauge, One, "stentor_event_suspended", ["event"],
            "Whether nothing is mixed, because it is not on air and nobody is there; the figures of its room then stand still.";
        ALARM: Gauge, One, "stentor_alarm", ["event", "alarm"],
            "Whether an alarm is on: `mixer_late` (the mixer misses its deadlines), `output_silent` (there is speech in the mix and none in what is published), `recorder` (a recording cannot be written), `store` (a restart would lose the newest changes), `replay` (a replay could not be made, or deleted, as it is wanted).";
        SESSIONS: Gauge, One, "stentor_sessions", ["event", "kind"],
            "Media sessions that are connected: `browser`, `line_in` (WHIP), `monitor` (WHEP).";
        SESSIONS_ENDED: Counter, One, "stentor_sessions_ended_total", ["event", "reason"],
            "Media sessions that are over, by reason.";
        MIXER_TICKS: Counter, One, "stentor_mixer_ticks_total", ["event"],
            "Times 20 ms of the programme were made: 50 a second while the mixer runs.";
        MIXER_TICKS_LATE: Counter, One, "stentor_mixer_ticks_late_total", ["event"],
            "Of these, how many began more than 20 ms late; five in a second raise the alarm `mixer_late`.";
        MIXER_LATENESS_MAX: Gauge, Seconds, "stentor_mixer_lateness_max_seconds", ["event"],
            "How late the latest tick of the last second began.";
        MIXER_WORK_MAX: Gauge, Seconds, "stentor_mixer_work_max_seconds", ["event"],
            "How long the longest tick of the last second took, of the 0.02 it has.";
        MIXER_CLOCK_RESETS: Counter, One, "stentor_mixer_clock_resets_total", ["event"],
            "Times the machine had stopped the mixer for more than a second: the programme has a gap.";
        MIXER_RESTARTS: Counter, One, "stentor_mixer_restarts_total", ["event"],
            "Times the mixer panicked and was made anew, with 20 ms of silence: a defect.";
        ROOM_PACKETS_DROPPED: Counter, One, "stentor_room_packets_dropped_total", ["event"],
            "Packets of speakers that found the room's queue full.";
        NOTICES_DROPPED: Counter, One, "stentor_notices_dropped_total", ["event"],
            "Notices to listeners given up for newer ones before the next chunk left, all renditions summed.";
        PROGRAMME_POSITION: Gauge, Seconds, "stentor_programme_position_seconds", ["event"],
            "Where the programme is on the event's timeline, since its epoch.";
        RECORDER_CHUNKS_WRITTEN: Counter, One, "stentor_recorder_chunks_written_total", ["event"],
            "Chunks appended to recordings, of the programme and of speakers.";
        RECORDER_WRITTEN: Counter, Bytes, "stentor_recorder_written_bytes_total", ["event"],
            "Their bytes.";
        RECORDER_CHUNKS_LOST: Counter, One, "stentor_recorder_chunks_lost_total", ["event", "reason"],
            "Chunks that are in no recording: `queue_full` (the disk is too slow), `write_failed`.";
        SNAPSHOTS_WRITTEN: Counter, One, "stentor_snapshots_written_total", ["event"],
            "States written to the store, from which a restart goes on.";
        SNAPSHOT_FAILURES: Counter, One, "stentor_snapshot_failures_total", ["event"],
            "Attempts to write one that failed; each is tried again a second later.";
        PUBLISH_FAILURES: Counter, One, "stentor_publish_failures_total", ["event", "what"],
            "What listeners were not given because the edge did not take it: `chunk` or `document`.";
        TRANSCODERS_LOST: Counter, One, "stentor_transcoders_lost_total", ["event"],
            "Children that made AAC and MP3 of it and died, or stood still and were killed; another one follows each.";
        TRANSCODER_CHUNKS_LOST: Counter, One, "stentor_transcoder_chunks_lost_total", ["event"],
            "Chunks that AAC and MP3 lack because what makes them was behind.";
        DIRECTOR_OUTPUTS_DROPPED: Counter, One, "stentor_director_outputs_dropped_total", ["event"],
            "What the conversation wanted done and found no room for: a defect.";
    }
    "Speakers" {
        SPEAKER_PACKETS_RECEIVED: Counter, One, "stentor_speaker_packets_received_total", ["event", "seat"],
            "Packets of a seat's newest session, copies not counted. All counters of this section begin anew with the next session.";
        SPEAKER_PACKETS_LOST: Counter, One, "stentor_speaker_packets_lost_total", ["event", "seat"],
            "Packets that were not there when they were due, in no copy.";
        SPEAKER_PACKETS_RECOVERED: Counter, One, "stentor_speaker_packets_recovered_total", ["event", "seat", "by"],
            "Packets played from a copy: `red` (a redundant packet), `fec` (inside the next one; these count as lost, too).";
        SPEAKER_PACKETS_LATE: Counter, One, "stentor_speaker_packets_late_total", ["event", "seat"],
            "Packets that came after their moment.";
        SPEAKER_PACKETS_DUPLICATE: Counter, One, "stentor_speaker_packets_duplicate_total", ["event", "seat"],
            "Packets that came more than once.";
        SPEAKER_PACKETS_SKIPPED: Counter, One, "stentor_speaker_packets_skipped_total", ["event", "seat"],
            "Packets given up to keep the delay below its maximum.";
        SPEAKER_PACKETS_REFUSED: Counter, One, "stentor_speaker_packets_refused_total", ["event", "seat"],
            "Packets that are empty, too large, or do not fit the stream.";
        SPEAKER_PACKETS_UNDECODABLE: Counter, One, "stentor_speaker_packets_undecodable_total", ["event", "seat"],
            "Packets that are not Opus; concealed.";
        SPEAKER_CONCEALMENTS: Counter, One, "stentor_speaker_concealments_total", ["event", "seat"],
            "Times a stretch, 20 ms mostly, was made up for want of a packet.";
        SPEAKER_SPLICES: Counter, One, "stentor_speaker_splices_total", ["event", "seat"],
            "Times a stretch was cut or repeated to bring the delay to its target.";
        SPEAKER_JUMPS: Counter, One, "stentor_speaker_jumps_total", ["event", "seat"],
            "Times the stream was taken up anew after a jump in its numbers.";
        SPEAKER_DELAY: Gauge, Seconds, "stentor_speaker_delay_seconds", ["event", "seat"],
            "How long the speaker's sound waits in the jitter buffer.";
        SPEAKER_LOSS: Gauge, Ratio, "stentor_speaker_loss_ratio", ["event", "seat"],
            "Part of the packets of the session that were not there when they were due, in no copy; `rate()` of the counters shows the last minutes.";
        SPEAKER_JITTER: Gauge, Seconds, "stentor_speaker_jitter_seconds", ["event", "seat"],
            "How much later than the earliest all but one in fifty packets of the last seconds came.";
        SPEAKER_CLOCK_DRIFT: Gauge, Ratio, "stentor_speaker_clock_drift_ratio", ["event", "seat"],
            "By how much the speaker's clock is faster than ours; 0.0001 is 100 ppm.";
    }
}
