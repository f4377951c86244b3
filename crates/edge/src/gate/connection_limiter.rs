//! The connections in use: in all, on the accept side, and of one /24 or /64. It counts; whether there is room is [`judge`]'s to say.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;

use super::attempt::{Ask, Attempt, ResourceUsage};
use super::judge::judge;
use super::outcome::Outcome;
use super::room::Room;
use crate::counters::add;
use crate::edge::Edge;
use crate::limits::AcceptLimits;
use crate::prefix::Prefix;

/// One network may have one in so many of the places where connections are served on the accept side.
const PREFIX_SERVED_PART: usize = 4;

/// Counts the open connections of one port. The table of prefixes is bounded by the connections, since an entry lives as long as one of
/// its connections.
pub(crate) struct ConnectionLimiter {
    open: Mutex<OpenConnections>,
    connections_max: usize,
    /// Connections that may have their descriptor in the table of the accept side.
    accept_side_max: usize,
    /// Of these, connections that may be served there, with the buffers of an HTTP library or a WebSocket each.
    served_max: usize,
    prefix_max: usize,
    /// Of those that are served there, how many may be of one network.
    prefix_served_max: usize,
    proxies: Vec<IpNet>,
}

#[derive(Default)]
struct OpenConnections {
    connections: usize,
    /// Of these, how many a shard has; the descriptors of the others are in the table of the accept side.
    moved: usize,
    /// Of the others, how many are served there.
    served: usize,
    by_prefix: HashMap<Prefix, OfPrefix>,
}

/// The connections of one network.
#[derive(Clone, Copy, Default)]
struct OfPrefix {
    connections: usize,
    served: usize,
}

impl ConnectionLimiter {
    /// Bounded by that room, and by the limits where they allow less.
    pub(crate) fn new(limits: &AcceptLimits, room: Room) -> Self {
        Self {
            open: Mutex::default(),
            connections_max: limits.connections_max.min(room.connections),
            accept_side_max: room.accept_side,
            served_max: room.served,
            prefix_max: limits.prefix_connections_max,
            prefix_served_max: room.served.div_ceil(PREFIX_SERVED_PART),
            proxies: limits.proxies.clone(),
        }
    }

    /// Counts one more connection from there, or says how it is to be refused; `tls` when the port speaks TLS.
    ///
    /// # Errors
    /// The outcome of the attempt.
    pub(crate) fn admit(self: &Arc<Self>, ip: IpAddr, tls: bool) -> Result<Permit, Outcome> {
        let prefix = Prefix::of(ip, &self.proxies);
        let mut open = self.lock();
        let of_prefix = prefix.map(|prefix| open.of(prefix).connections);
        let ask = Ask::Accept {
            connections: ResourceUsage::of(open.connections, self.connections_max),
            accept_side: ResourceUsage::of(open.connections - open.moved, self.accept_side_max),
            prefix: of_prefix.map(|used| ResourceUsage::of(used, self.prefix_max)),
            tls,
        };
        judge(&Attempt::new(ask).by(ip)).allowed()?;
        if let Some(prefix) = prefix {
            open.by_prefix.entry(prefix).or_default().connections += 1;
        }
        open.connections += 1;
        Ok(Permit {
            limiter: self.clone(),
            prefix,
            edge: None,
            place: Place::Door,
        })
    }

    /// Connections that are open now.
    pub(crate) fn open(&self) -> usize {
        self.lock().connections
    }

    fn lock(&self) -> MutexGuard<'_, OpenConnections> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenConnections {
    fn of(&self, prefix: Prefix) -> OfPrefix {
        self.by_prefix.get(&prefix).copied().unwrap_or_default()
    }

    /// A connection changes its place.
    fn change(&mut self, prefix: Option<Prefix>, from: Place, to: Place) {
        match from {
            Place::Door => {}
            Place::Served => self.served -= 1,
            Place::Shard => self.moved -= 1,
        }
        match to {
            Place::Door => {}
            Place::Served => self.served += 1,
            Place::Shard => self.moved += 1,
        }
        if let Some(Entry::Occupied(mut entry)) = prefix.map(|prefix| self.by_prefix.entry(prefix))
        {
            entry.get_mut().served -= usize::from(from == Place::Served);
            entry.get_mut().served += usize::from(to == Place::Served);
        }
    }
}

/// Where a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// On the accept side, where nothing is held for it but its socket: what it says is not known yet.
    Door,
    /// On the accept side, served.
    Served,
    /// With a shard.
    Shard,
}

/// One counted connection: it is counted until this is dropped, wherever the socket ends up.
pub(crate) struct Permit {
    limiter: Arc<ConnectionLimiter>,
    prefix: Option<Prefix>,
    edge: Option<Edge>,
    place: Place,
}

impl Permit {
    /// The network the connection comes from; none where all who come have one address.
    pub(crate) fn prefix(&self) -> Option<Prefix> {
        self.prefix
    }

    /// The connection goes to a shard and frees a descriptor of the accept side.
    pub(crate) fn moved_to_shard(mut self) -> Self {
        self.set_place(Place::Shard);
        self
    }

    /// The connection waits on the accept side after all.
    pub(crate) fn kept_here(mut self) -> Self {
        self.set_place(Place::Door);
        self
    }

    /// The connection is to be served on the accept side: returned by its shard for a handler, or because no shard takes it; `tls` when it
    /// speaks TLS.
    ///
    /// # Errors
    /// The outcome of the attempt.
    pub(crate) fn serve_on_accept_side(&mut self, tls: bool) -> Result<(), Outcome> {
        if self.place == Place::Served {
            return Ok(());
        }
        let limiter = &self.limiter;
        let mut open = limiter.lock();
        // One that waits on the accept side already needs no other descriptor.
        let others = open.connections - open.moved - usize::from(self.place == Place::Door);
        let of_prefix = self.prefix.map(|prefix| open.of(prefix).served);
        judge(&Attempt::new(Ask::Handler {
            accept_side: ResourceUsage::of(others, limiter.accept_side_max),
            served: ResourceUsage::of(open.served, limiter.served_max),
            prefix: of_prefix.map(|used| ResourceUsage::of(used, limiter.prefix_served_max)),
            tls,
        }))
        .allowed()?;
        open.change(self.prefix, self.place, Place::Served);
        drop(open);
        self.place = Place::Served;
        Ok(())
    }

    fn set_place(&mut self, place: Place) {
        if self.place != place {
            self.limiter.lock().change(self.prefix, self.place, place);
            self.place = place;
        }
    }

    /// Also counts the end of the connection in the counters of that edge.
    pub(crate) fn counted_for(mut self, edge: Edge) -> Self {
        self.edge = Some(edge);
        self
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.limiter.lock();
        open.change(self.prefix, self.place, Place::Door);
        open.connections -= 1;
        if let Some(prefix) = self.prefix
            && let Entry::Occupied(mut entry) = open.by_prefix.entry(prefix)
        {
            entry.get_mut().connections -= 1;
            if entry.get().connections == 0 {
                entry.remove();
            }
        }
        drop(open);
        if let Some(edge) = &self.edge {
            add(&edge.count().closed, 1);
        }
    }
}

#[cfg(test)]
impl Permit {
    /// A permit that no port has given, for tests of other modules.
    pub(crate) fn for_test() -> Self {
        let limiter = Arc::new(ConnectionLimiter::new(
            &AcceptLimits::default(),
            Room::ENDLESS,
        ));
        limiter
            .admit(IpAddr::from([127, 0, 0, 1]), false)
            .unwrap_or_else(|why| unreachable!("{why:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counters::RefusalReason;

    fn limiter(connections_max: usize, prefix_connections_max: usize) -> Arc<ConnectionLimiter> {
        let limits = AcceptLimits {
            prefix_connections_max,
            ..AcceptLimits::default()
        };
        Arc::new(ConnectionLimiter::new(&limits, at_most(connections_max)))
    }

    fn at_most(accept_side: usize) -> Room {
        Room {
            accept_side,
            ..Room::ENDLESS
        }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_prefix_is_capped_and_others_are_not() {
        let limiter = limiter(100, 2);
        let first = limiter.admit(ip("198.51.100.1"), false).ok().unwrap();
        let _second = limiter.admit(ip("198.51.100.2"), false).ok().unwrap();
        let refused = |address| {
            limiter
                .admit(ip(address), false)
                .err()
                .and_then(Outcome::reason)
        };
        assert_eq!(refused("198.51.100.3"), Some(RefusalReason::PrefixFull));
        assert_eq!(
            refused("::ffff:198.51.100.3"),
            Some(RefusalReason::PrefixFull)
        );
        assert_eq!(refused("198.51.101.3"), None);
        drop(first);
        assert_eq!(refused("198.51.100.3"), None);
    }

    #[test]
    fn an_ipv6_network_is_a_64() {
        let limiter = limiter(100, 1);
        let _held = limiter.admit(ip("2001:db8:1:2::1"), false).ok().unwrap();
        assert_eq!(
            limiter
                .admit(ip("2001:db8:1:2:ffff::9"), false)
                .err()
                .and_then(Outcome::reason),
            Some(RefusalReason::PrefixFull)
        );
        assert!(limiter.admit(ip("2001:db8:1:3::1"), false).is_ok());
    }

    #[test]
    fn the_total_is_capped_and_the_table_empties() {
        let limiter = limiter(2, 100);
        let held = [
            limiter.admit(ip("192.0.2.1"), false),
            limiter.admit(ip("203.0.113.1"), false),
        ];
        assert_eq!(
            limiter
                .admit(ip("192.0.2.1"), false)
                .err()
                .and_then(Outcome::reason),
            Some(RefusalReason::ConnectionsFull)
        );
        drop(held);
        let open = limiter.lock();
        assert_eq!((open.connections, open.by_prefix.len()), (0, 0));
    }

    #[test]
    fn one_comes_back_from_a_shard_only_while_there_is_room_here() {
        let limits = AcceptLimits::default();
        let limiter = Arc::new(ConnectionLimiter::new(&limits, at_most(1)));
        let mut gone = limiter
            .admit(ip("192.0.2.1"), false)
            .ok()
            .unwrap()
            .moved_to_shard();
        let here = limiter.admit(ip("192.0.2.2"), false).ok().unwrap();
        assert_eq!(
            gone.serve_on_accept_side(false)
                .err()
                .and_then(Outcome::reason),
            Some(RefusalReason::ConnectionsFull)
        );
        drop(here);
        assert_eq!(gone.serve_on_accept_side(false), Ok(()));
        assert_eq!(gone.serve_on_accept_side(false), Ok(()), "it is here");
        assert_eq!(
            limiter
                .admit(ip("192.0.2.3"), false)
                .err()
                .and_then(Outcome::reason),
            Some(RefusalReason::ConnectionsFull)
        );
    }

    #[test]
    fn a_proxy_is_not_one_crowd_from_one_network() {
        let limits = AcceptLimits {
            prefix_connections_max: 0,
            ..AcceptLimits::default()
        };
        let here = Arc::new(ConnectionLimiter::new(&limits, at_most(10)));
        for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert!(here.admit(ip(address), false).is_ok(), "{address}");
        }
        let refused = |limiter: &Arc<ConnectionLimiter>, address| {
            limiter
                .admit(ip(address), false)
                .err()
                .and_then(Outcome::reason)
        };
        assert_eq!(refused(&here, "192.0.2.7"), Some(RefusalReason::PrefixFull));
        let elsewhere = AcceptLimits {
            proxies: vec!["192.0.2.0/24".parse().unwrap()],
            ..limits
        };
        let elsewhere = Arc::new(ConnectionLimiter::new(&elsewhere, at_most(10)));
        assert_eq!(refused(&elsewhere, "192.0.2.7"), None);
        assert_eq!(
            refused(&elsewhere, "127.0.0.1"),
            Some(RefusalReason::PrefixFull)
        );
    }
}
