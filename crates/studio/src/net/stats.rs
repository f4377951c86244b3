//! How the network side of a studio is doing, in numbers. Counters run since the studio was started.

use crate::latest::Report;

/// What was received, and what became of it. Every datagram is counted once in `received` and at most once elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DatagramCounters {
    /// Datagrams given to us.
    pub received: u64,
    /// Not STUN, from a five-tuple that belongs to nobody.
    pub unknown: u64,
    /// STUN that is no binding request to any user name fragment of ours.
    pub unknown_stun: u64,
    /// STUN that named a fragment of ours and did not prove itself.
    pub spoofed_stun: u64,
    /// The same, from a source that had failed too often in this second: not even looked at.
    pub over_budget: u64,
    /// STUN that named a fragment of ours from one more new address than its peer may have: not even looked at.
    pub too_many_addresses: u64,
    /// Peers removed because they panicked.
    pub panics: u64,
    /// RED packets (RFC 2198) of connected peers that could not be read.
    pub malformed_red: u64,
}

/// How a studio is doing, all rooms together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StudioStats {
    /// Peers connected or connecting.
    pub peers: usize,
    /// What was received, over UDP and ICE-TCP together.
    pub net: DatagramCounters,
    /// Datagrams that the UDP socket did not take.
    pub udp_not_sent: u64,
    /// ICE-TCP connections held, proven or not.
    pub tcp_connections: usize,
    /// Of these, those that have not proved yet that they belong to a peer.
    pub tcp_unproven: usize,
    /// ICE-TCP connections closed because [`TCP_CONNECTIONS_MAX`](crate::limits::TCP_CONNECTIONS_MAX) were held.
    pub tcp_refused: u64,
    /// Unproven ICE-TCP connections closed to make place for newer ones.
    pub tcp_gave_way: u64,
    /// ICE-TCP connections closed because they belonged to no peer for
    /// [`TCP_IDENTIFY_TIME`](crate::limits::TCP_IDENTIFY_TIME).
    pub tcp_unidentified: u64,
    /// Frames that a slow ICE-TCP connection did not take.
    pub tcp_frames_dropped: u64,
}

/// All of it runs since the beginning, or is of now.
impl Report for StudioStats {}
