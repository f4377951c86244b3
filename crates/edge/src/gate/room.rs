//! How many connections there is room for: what the descriptors of this process allow, and its memory.
//!
//! A connection costs by its state, and each state has its price; what they cost is measured by tests (`memory` among those of this
//! crate). Of a control group's memory the kernel's part counts too, so a socket is never free.
//!
//! Of the memory, a half is for connections and what the kernel keeps of what they have not taken, a quarter for those that are served on the
//! accept side, an eighth for bodies, and a sixteenth each for handshakes and for heads that are not whole.

use std::thread;

use super::descriptors;
use crate::limits::{AcceptLimits, SHARDS_MAX};
use crate::memory;

/// A connection that is asked for nothing just now, bytes: its socket in the kernel, and what a shard or the accept side keeps.
const CONNECTION_BYTES: u64 = 4 * 1024;

/// What a TLS session adds to it at most, from its handshake on, bytes; half of it while the peer takes what it is sent.
const TLS_SESSION_BYTES: u64 = 16 * 1024;

/// What the kernel may hold at least of what a connection has not taken, bytes: less would cost a healthy listener more sends.
const UNSENT_BYTES_MIN: u64 = 4 * 1024;

/// A connection that is served on the accept side, bytes: an HTTP library with its buffers, and a request's body or a WebSocket.
const SERVED_BYTES: u64 = 32 * 1024;

/// A TLS handshake that is being computed, bytes.
const HANDSHAKE_BYTES: u64 = 32 * 1024;

/// Handshakes computed at once, however much memory there is: what waits behind them costs next to nothing.
const HANDSHAKES_MAX: usize = 1_024;

/// Heads that a shard can keep at least while they are not whole, however little memory there is.
const PARTIAL_HEADS_MIN: usize = 4;

/// What this process may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resources {
    /// Descriptors of one table; `None` where the system does not say.
    pub(crate) descriptors: Option<usize>,
    /// Memory, bytes; `None` where the system does not say.
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) processors: usize,
}

impl Resources {
    pub(crate) fn of_this_process() -> Self {
        Self {
            descriptors: descriptors::limit(),
            memory_bytes: memory::max_bytes(),
            processors: thread::available_parallelism().map_or(1, usize::from),
        }
    }

    fn by_memory(self, part: u64, price: u64) -> usize {
        self.memory_bytes.map_or(usize::MAX, |bytes| {
            usize::try_from(bytes / part / price).unwrap_or(usize::MAX)
        })
    }
}

/// What keeps connections from being more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    Configuration,
    Memory,
    Descriptors,
}

impl Bound {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Memory => "memory",
            Self::Descriptors => "descriptors",
        }
    }

    /// What an operator raises to have more.
    pub(crate) const fn raise(self) -> &'static str {
        match self {
            Self::Configuration => "`connections_max`",
            Self::Memory => "the memory of the machine or of the control group",
            Self::Descriptors => "`ulimit -Hn`",
        }
    }
}

/// So many of each at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// Connections in all.
    pub(crate) connections: usize,
    /// Connections whose descriptors are in the table of the accept side.
    pub(crate) accept_side: usize,
    /// Of these, connections that are served there.
    pub(crate) served: usize,
    /// Of these, connections whose TLS handshake is being computed.
    pub(crate) handshakes: usize,
    /// Bytes of the bodies of requests that are being read.
    pub(crate) body_bytes: usize,
    /// Bytes of request heads that are not whole, of each shard.
    pub(crate) partial_heads_bytes: usize,
    /// Bytes that the kernel may hold of what a connection has not taken.
    pub(crate) unsent_bytes: u32,
    /// What keeps the connections from being more.
    pub(crate) bound: Bound,
}

impl Room {
    /// What these limits and resources allow on a port, which speaks TLS or does not.
    pub(crate) fn of(limits: &AcceptLimits, resources: Resources, tls: bool) -> Self {
        let price = connection_bytes(tls);
        let capacity = descriptors::shard_capacity(resources.descriptors);
        let bounds = [
            (limits.connections_max, Bound::Configuration),
            (
                resources.by_memory(2, price + UNSENT_BYTES_MIN),
                Bound::Memory,
            ),
            (capacity.saturating_mul(SHARDS_MAX), Bound::Descriptors),
        ];
        let (connections, bound) = bounds
            .into_iter()
            .min_by_key(|(most, _)| *most)
            .unwrap_or((0, Bound::Configuration));
        let by_descriptors = descriptors::connections_allowed(limits, resources.descriptors);
        let accept_side = by_descriptors.min(connections);
        // As many as the connections fill, and one for each processor.
        let shards = connections.div_ceil(capacity.max(1));
        let shards = shards.max(resources.processors).clamp(1, SHARDS_MAX);
        Self {
            connections,
            accept_side,
            served: resources.by_memory(4, SERVED_BYTES).min(accept_side).max(1),
            handshakes: resources
                .by_memory(16, HANDSHAKE_BYTES)
                .clamp(1, HANDSHAKES_MAX),
            body_bytes: resources
                .by_memory(8, 1)
                .min(limits.request_bodies_bytes_max),
            partial_heads_bytes: resources
                .by_memory(16, shards as u64)
                .max(PARTIAL_HEADS_MIN * limits.header_bytes_max)
                .min(limits.partial_heads_bytes_max),
            unsent_bytes: unsent_bytes(limits, resources, connections, price),
            bound,
        }
    }

    /// The limits, lowered to this room.
    pub(crate) fn bounds(&self, limits: AcceptLimits) -> AcceptLimits {
        AcceptLimits {
            partial_heads_bytes_max: self.partial_heads_bytes,
            unsent_bytes_max: self.unsent_bytes,
            ..limits
        }
    }
}

const fn connection_bytes(tls: bool) -> u64 {
    CONNECTION_BYTES + if tls { TLS_SESSION_BYTES } else { 0 }
}

/// What is left for each of so many of a price in the half of the memory that is theirs.
fn unsent_bytes(
    limits: &AcceptLimits,
    resources: Resources,
    connections: usize,
    price: u64,
) -> u32 {
    let each = resources.by_memory(2, (connections as u64).max(1)) as u64;
    let left = each.saturating_sub(price).max(UNSENT_BYTES_MIN);
    u32::try_from(left).map_or(limits.unsent_bytes_max, |left| {
        left.min(limits.unsent_bytes_max)
    })
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
        partial_heads_bytes: usize::MAX,
        unsent_bytes: u32::MAX,
        bound: Bound::Configuration,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;
    const MIB: u64 = 1 << 20;

    fn limits(connections_max: usize) -> AcceptLimits {
        AcceptLimits {
            connections_max,
            ..AcceptLimits::default()
        }
    }

    fn resources(descriptors: Option<usize>, memory_bytes: Option<u64>) -> Resources {
        Resources {
            descriptors,
            memory_bytes,
            processors: 2,
        }
    }

    #[test]
    fn every_shard_has_the_descriptors_of_a_process_and_what_bounds_the_listeners_is_named() {
        let limits = limits(2_000_000);
        let of = |descriptors| {
            let room = Room::of(&limits, resources(descriptors, Some(1_000 * GIB)), false);
            (room.connections, room.bound)
        };
        let few = Bound::Descriptors;
        assert_eq!(of(Some(1_024)), (SHARDS_MAX * (1_024 - 48), few));
        assert_eq!(of(Some(20_000)), (SHARDS_MAX * (20_000 - 48), few));
        assert_eq!(of(Some(1_048_576)), (2_000_000, Bound::Configuration));
        assert_eq!(of(None), (2_000_000, Bound::Configuration));
    }

    #[test]
    fn a_small_machine_has_room_for_what_its_memory_holds() {
        let room = |memory| {
            let resources = resources(Some(1_048_576), Some(memory));
            Room::of(&limits(1_000_000), resources, false)
        };
        let small = room(GIB / 2);
        assert_eq!((small.connections, small.bound), (32_768, Bound::Memory));
        assert_eq!((small.accept_side, small.served), (32_768, 4_096));
        assert_eq!((small.handshakes, small.body_bytes), (1_024, 64 << 20));
        assert_eq!(room(GIB / 8).handshakes, 256);
        assert_eq!(room(0).served, 1, "somebody is served");
    }

    #[test]
    fn what_is_allowed_costs_no_more_than_there_is_over_tls_too_and_by_however_many_shards() {
        for mib in [64, 128, 512, 1_024, 4_096, 24 * 1_024] {
            for (tls, descriptors) in [
                (false, 1_048_576),
                (true, 1_048_576),
                (false, 1_024),
                (true, 20_000),
            ] {
                for connections_max in [1_000, 100_000, 5_000_000] {
                    let memory = mib * MIB;
                    let resources = resources(Some(descriptors), Some(memory));
                    let limits = limits(connections_max);
                    let room = Room::of(&limits, resources, tls);
                    // Of the tests that measure it: a plain one has its socket in the kernel, and one over TLS 16 KiB here, too.
                    let measured = if tls { 20 * 1024 } else { 4 * 1024 };
                    let each = measured + u64::from(room.unsent_bytes);
                    let capacity = descriptors::shard_capacity(Some(descriptors));
                    let shards = room.connections.div_ceil(capacity).max(2);
                    let held = room.connections as u64 * each
                        + room.served as u64 * SERVED_BYTES
                        + room.handshakes as u64 * HANDSHAKE_BYTES
                        + room.body_bytes as u64
                        + (shards * room.partial_heads_bytes) as u64;
                    assert!(held <= memory, "{room:?} of {mib} MiB");
                    let unsent = u64::from(room.unsent_bytes);
                    assert!((UNSENT_BYTES_MIN..=16 * 1024).contains(&unsent), "{room:?}");
                }
            }
        }
    }

    #[test]
    fn what_a_connection_has_not_taken_is_less_where_many_share_little_memory() {
        let bounds = |memory, connections_max| {
            let limits = limits(connections_max);
            let resources = resources(Some(1_048_576), Some(memory));
            let lowered = Room::of(&limits, resources, false).bounds(limits);
            (lowered.unsent_bytes_max, lowered.partial_heads_bytes_max)
        };
        assert_eq!(bounds(24 * GIB, 100_000), (16 * 1024, 4 << 20));
        assert_eq!(bounds(GIB, 100_000), (4 * 1024, 4 << 20));
        assert_eq!(
            bounds(GIB, 40_000),
            (GIB as u32 / 2 / 40_000 - 4_096, 4 << 20)
        );
        assert_eq!(bounds(GIB / 16, 1_000), (16 * 1024, 2 << 20));
    }

    #[test]
    fn descriptors_bound_what_memory_does_not() {
        let of =
            |descriptors, memory| Room::of(&limits(100_000), resources(descriptors, memory), false);
        let room = of(Some(20_000), Some(24 * GIB));
        assert_eq!((room.accept_side, room.served), (19_744, 19_744));
        let unknown = of(None, None);
        assert_eq!((unknown.connections, unknown.served), (100_000, 100_000));
        assert_eq!(unknown.unsent_bytes, 16 * 1024);
    }
}
