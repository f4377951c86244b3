//! How many connections there is room for: what the descriptors of this process allow, and its memory.
//!
//! A connection costs by its state, and each state has its price; what they cost is measured by tests (`memory` among those of this
//! crate). Of a control group's memory the kernel's part counts too, so a socket is never free.

use super::descriptors;
use crate::limits::{AcceptLimits, SHARDS_MAX};

/// A connection that is asked for nothing just now, bytes: its socket in the kernel, and what a shard or the accept side keeps.
pub(crate) const CONNECTION_BYTES: u64 = 4 * 1024;

/// A connection that is served on the accept side, bytes: an HTTP library with its buffers, and a request's body or a WebSocket.
pub(crate) const SERVED_BYTES: u64 = 32 * 1024;

/// A connection in its TLS handshake, bytes.
pub(crate) const HANDSHAKE_BYTES: u64 = 32 * 1024;

/// Handshakes under way at once, however much memory there is: what waits behind them costs next to nothing.
const HANDSHAKES_MAX: usize = 1_024;

/// So many of each at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// Connections in all.
    pub(crate) connections: usize,
    /// Connections whose descriptors are in the table of the accept side.
    pub(crate) accept_side: usize,
    /// Of these, connections that are served there.
    pub(crate) served: usize,
    /// Of these, connections in their TLS handshake.
    pub(crate) handshakes: usize,
    /// Bytes of the bodies of requests that are being read.
    pub(crate) body_bytes: usize,
    /// What keeps the connections from being more.
    pub(crate) bound_by: &'static str,
}

impl Room {
    /// What these limits, so many descriptors and so much memory allow; `None` where the system does not say.
    pub(crate) fn of(
        limits: &AcceptLimits,
        descriptors: Option<usize>,
        memory_bytes: Option<u64>,
    ) -> Self {
        let by_memory = |part: u64, price: u64| {
            memory_bytes.map_or(usize::MAX, |bytes| {
                usize::try_from(bytes / part / price).unwrap_or(usize::MAX)
            })
        };
        let capacity = descriptors::shard_capacity(descriptors);
        let bounds = [
            (limits.connections_max, "`connections_max`"),
            (by_memory(2, CONNECTION_BYTES), "memory"),
            (
                capacity.saturating_mul(SHARDS_MAX),
                "descriptors: raise `ulimit -Hn`",
            ),
        ];
        let (connections, bound_by) = bounds
            .into_iter()
            .min_by_key(|(most, _)| *most)
            .unwrap_or((0, ""));
        let accept_side = descriptors::connections_allowed(limits, descriptors).min(connections);
        Self {
            connections,
            accept_side,
            served: by_memory(4, SERVED_BYTES).min(accept_side).max(1),
            handshakes: by_memory(16, HANDSHAKE_BYTES).clamp(1, HANDSHAKES_MAX),
            body_bytes: by_memory(8, 1).min(limits.request_bodies_bytes_max),
            bound_by,
        }
    }
}

#[cfg(test)]
impl Room {
    /// Room that never ends.
    pub(crate) const ENDLESS: Self = Self {
        connections: usize::MAX,
        accept_side: usize::MAX,
        served: usize::MAX,
        handshakes: usize::MAX,
        body_bytes: usize::MAX,
        bound_by: "nothing",
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    fn limits(connections_max: usize) -> AcceptLimits {
        AcceptLimits {
            connections_max,
            ..AcceptLimits::default()
        }
    }

    #[test]
    fn every_shard_has_the_descriptors_of_a_process_and_what_bounds_the_listeners_is_named() {
        let limits = limits(2_000_000);
        let of = |descriptors| {
            let room = Room::of(&limits, descriptors, Some(1_000 * GIB));
            (room.connections, room.bound_by)
        };
        let few = "descriptors: raise `ulimit -Hn`";
        assert_eq!(of(Some(1_024)), (SHARDS_MAX * (1_024 - 48), few));
        assert_eq!(of(Some(20_000)), (SHARDS_MAX * (20_000 - 48), few));
        assert_eq!(of(Some(1_048_576)), (2_000_000, "`connections_max`"));
        assert_eq!(of(None), (2_000_000, "`connections_max`"));
    }

    #[test]
    fn a_small_machine_has_room_for_what_its_memory_holds() {
        let room = |memory| Room::of(&limits(1_000_000), Some(1_048_576), Some(memory));
        let small = room(GIB / 2);
        assert_eq!((small.connections, small.bound_by), (65_536, "memory"));
        assert_eq!((small.accept_side, small.served), (65_536, 4_096));
        assert_eq!((small.handshakes, small.body_bytes), (1_024, 64 << 20));
        assert_eq!(room(GIB / 8).handshakes, 256);
        for mib in [64, 128, 512, 4_096] {
            let memory = mib * 1024 * 1024;
            let room = room(memory);
            let held = room.connections as u64 * CONNECTION_BYTES
                + room.served as u64 * SERVED_BYTES
                + room.handshakes as u64 * HANDSHAKE_BYTES
                + room.body_bytes as u64;
            assert!(held <= memory / 16 * 15, "{room:?} of {mib} MiB");
        }
        assert_eq!(room(0).served, 1, "somebody is served");
    }

    #[test]
    fn descriptors_bound_what_memory_does_not() {
        let room = Room::of(&limits(100_000), Some(20_000), Some(24 * GIB));
        assert_eq!((room.accept_side, room.served), (19_744, 19_744));
        let unknown = Room::of(&limits(100_000), None, None);
        assert_eq!((unknown.connections, unknown.served), (100_000, 100_000));
    }
}
