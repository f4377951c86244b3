//! Counters of the edge: what came in, what was refused and why.
//!
//! Written with relaxed atomics beside the request path, and read as a snapshot for metrics and evidence.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why a connection or a request was refused or cut. One count each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalReason {
    /// `connections_max` connections are open.
    ConnectionsFull,
    /// `prefix_connections_max` connections of that /24 or /64 are open.
    PrefixFull,
    /// No descriptor is left: a new connection waits in the backlog; one that is between two descriptor tables is lost.
    NoDescriptor,
    /// No complete request head within `header_ms`.
    HeaderTimeout,
    /// No complete TLS handshake within `handshake_ms`.
    HandshakeTimeout,
    /// The TLS handshake failed.
    HandshakeFailed,
    /// Plain HTTP on a port that speaks TLS.
    PlainOnTls,
    /// TLS on a port that speaks plain HTTP.
    TlsOnPlain,
    /// The first bytes are of no protocol that is served here.
    UnknownProtocol,
    /// An ICE-TCP connection that the studio does not take, or for which there is no studio.
    HandoverFull,
    /// An idle connection reached `idle_ms`. Not a fault.
    Idle,
    /// The peer took nothing for `write_stall_ms` or `live_stall_ms`.
    WriteStall,
    /// A request head that cannot be parsed, is too large or breaks a rule of RFC 9112.
    BadHead,
    /// A request body over `request_body_bytes_max` or `request_body_ms`.
    BadBody,
    /// A listener came to a stream that has `listeners_max`.
    StreamFull,
    /// Every shard has as many sockets as its descriptors allow, or is too far behind.
    ShardsFull,
    /// `file_answers_max` answers are being read from disk.
    FilesFull,
    /// A listener came while the ladder admits nobody new.
    DoorsClosed,
    /// The next bytes of a recording did not come from the disk in time, or cannot be read.
    FileUnread,
    /// A listener was overtaken by the ring more than `overtaken_max` times within its length.
    Overtaken,
    /// A request head that was begun gave way to others that were: together they may have so many bytes.
    HeadsFull,
    /// A listener sent more than `TALK_BYTES_MAX` bytes.
    Talks,
}

impl RefusalReason {
    /// All reasons, in the order of their declaration.
    pub const ALL: [Self; 22] = [
        Self::ConnectionsFull,
        Self::PrefixFull,
        Self::NoDescriptor,
        Self::HeaderTimeout,
        Self::HandshakeTimeout,
        Self::HandshakeFailed,
        Self::PlainOnTls,
        Self::TlsOnPlain,
        Self::UnknownProtocol,
        Self::HandoverFull,
        Self::Idle,
        Self::WriteStall,
        Self::BadHead,
        Self::BadBody,
        Self::StreamFull,
        Self::ShardsFull,
        Self::FilesFull,
        Self::DoorsClosed,
        Self::FileUnread,
        Self::Overtaken,
        Self::HeadsFull,
        Self::Talks,
    ];

    /// Its name in metrics and evidence.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ConnectionsFull => "connections_full",
            Self::PrefixFull => "prefix_full",
            Self::NoDescriptor => "no_descriptor",
            Self::HeaderTimeout => "header_timeout",
            Self::HandshakeTimeout => "handshake_timeout",
            Self::HandshakeFailed => "handshake_failed",
            Self::PlainOnTls => "plain_on_tls",
            Self::TlsOnPlain => "tls_on_plain",
            Self::UnknownProtocol => "unknown_protocol",
            Self::HandoverFull => "handover_full",
            Self::Idle => "idle",
            Self::WriteStall => "write_stall",
            Self::BadHead => "bad_head",
            Self::BadBody => "bad_body",
            Self::StreamFull => "stream_full",
            Self::ShardsFull => "shards_full",
            Self::FilesFull => "files_full",
            Self::DoorsClosed => "doors_closed",
            Self::FileUnread => "file_unread",
            Self::Overtaken => "overtaken",
            Self::HeadsFull => "heads_full",
            Self::Talks => "talks",
        }
    }
}

/// A snapshot of the counters since the edge was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EdgeStats {
    /// Connections taken from the kernel.
    pub accepted: u64,
    /// Of these, how many are gone; `accepted − closed` are open.
    pub closed: u64,
    /// Of the gone, ICE-TCP connections handed to the studio.
    pub handed_over: u64,
    /// Requests whose head was read.
    pub requests: u64,
    /// Bytes given to the kernel, TLS included.
    pub bytes_sent: u64,
    /// Bytes taken from the kernel, TLS included.
    pub bytes_received: u64,
    /// Wheel slots whose turn came: each holds listeners that are sent to together.
    pub turns: u64,
    /// Of these, how many came more than 20 ms late: the processor does not keep up.
    pub turns_late: u64,
    /// Turns of single listeners: each is one attempt to send.
    pub visits: u64,
    /// Of these, how many met a socket that did not take everything: its network does not keep up.
    pub blocked: u64,
    /// Shards that could not be started.
    pub shard_start_failures: u64,
    /// Every refusal with its count.
    pub refused: Vec<(RefusalReason, u64)>,
}

impl EdgeStats {
    /// How often that happened.
    #[must_use]
    pub fn refused(&self, why: RefusalReason) -> u64 {
        self.refused
            .iter()
            .find(|(r, _)| *r == why)
            .map_or(0, |(_, n)| *n)
    }
}

#[derive(Default)]
pub(crate) struct AtomicCounters {
    pub(crate) accepted: AtomicU64,
    pub(crate) closed: AtomicU64,
    pub(crate) handed_over: AtomicU64,
    pub(crate) requests: AtomicU64,
    pub(crate) bytes_sent: AtomicU64,
    pub(crate) bytes_received: AtomicU64,
    pub(crate) turns: AtomicU64,
    pub(crate) turns_late: AtomicU64,
    pub(crate) visits: AtomicU64,
    pub(crate) blocked: AtomicU64,
    pub(crate) shard_start_failures: AtomicU64,
    refused: [AtomicU64; RefusalReason::ALL.len()],
}

impl AtomicCounters {
    pub(crate) fn refuse(&self, why: RefusalReason) {
        add(&self.refused[why as usize], 1);
    }

    pub(crate) fn refuse_if(&self, why: Option<RefusalReason>) {
        if let Some(why) = why {
            self.refuse(why);
        }
    }

    pub(crate) fn snapshot(&self) -> EdgeStats {
        let read = |c: &AtomicU64| c.load(Ordering::Relaxed);
        // Field by field: what is counted is shown.
        let Self {
            accepted,
            closed,
            handed_over,
            requests,
            bytes_sent,
            bytes_received,
            turns,
            turns_late,
            visits,
            blocked,
            shard_start_failures,
            refused,
        } = self;
        // Read before `accepted`, so that no snapshot shows more closed than accepted.
        let closed = read(closed);
        EdgeStats {
            accepted: read(accepted),
            closed,
            handed_over: read(handed_over),
            requests: read(requests),
            bytes_sent: read(bytes_sent),
            bytes_received: read(bytes_received),
            turns: read(turns),
            turns_late: read(turns_late),
            // Before `visits`, so that no snapshot shows more blocked than visited.
            blocked: read(blocked),
            visits: read(visits),
            shard_start_failures: read(shard_start_failures),
            refused: RefusalReason::ALL
                .into_iter()
                .map(|r| (r, read(&refused[r as usize])))
                .collect(),
        }
    }
}

pub(crate) fn add(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_count_and_name() {
        let counters = AtomicCounters::default();
        for (i, why) in RefusalReason::ALL.into_iter().enumerate() {
            assert_eq!(why as usize, i);
            for _ in 0..=i {
                counters.refuse(why);
            }
        }
        let snapshot = counters.snapshot();
        for (i, why) in RefusalReason::ALL.into_iter().enumerate() {
            assert_eq!(snapshot.refused(why), i as u64 + 1);
        }
        let mut names: Vec<_> = RefusalReason::ALL.map(RefusalReason::name).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), RefusalReason::ALL.len());
    }
}
