//! The connections in use: in all, on the accept side, and of one /24 or /64. It counts; whether there is room is [`judge`]'s to say.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;

use super::attempt::{Ask, Attempt, ResourceUsage};
use super::judge::judge;
use super::outcome::Outcome;
use crate::counters::add;
use crate::edge::Edge;
use crate::limits::AcceptLimits;

/// Counts the open connections of one port. The table of prefixes is bounded by the connections, since an entry lives as long as one of
/// its connections.
pub(crate) struct ConnectionLimiter {
    open: Mutex<OpenConnections>,
    connections_max: usize,
    /// Connections that may have their descriptor in the table of the accept side.
    accept_side_max: usize,
    prefix_max: usize,
    proxies: Vec<IpNet>,
}

#[derive(Default)]
struct OpenConnections {
    connections: usize,
    /// Of these, how many a shard has; the descriptors of the others are in the table of the accept side.
    moved: usize,
    by_prefix: HashMap<Prefix, usize>,
}

/// The network that shares one fate: an IPv4 /24 or an IPv6 /64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Prefix {
    V4([u8; 3]),
    V6([u8; 8]),
}

impl From<IpAddr> for Prefix {
    fn from(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                Self::V4([a, b, c])
            }
            IpAddr::V6(v6) => {
                let [a, b, c, d, e, f, g, h, ..] = v6.octets();
                Self::V6([a, b, c, d, e, f, g, h])
            }
        }
    }
}

impl ConnectionLimiter {
    /// `accept_side_max` of the connections may have their descriptor in the table of the accept side at once.
    pub(crate) fn new(limits: &AcceptLimits, accept_side_max: usize) -> Self {
        Self {
            open: Mutex::default(),
            connections_max: limits.connections_max,
            accept_side_max,
            prefix_max: limits.prefix_connections_max,
            proxies: limits.proxies.clone(),
        }
    }

    /// Counts one more connection from there, or says how it is to be refused; `tls` when the port speaks TLS.
    ///
    /// # Errors
    /// The outcome of the attempt.
    pub(crate) fn admit(self: &Arc<Self>, ip: IpAddr, tls: bool) -> Result<Permit, Outcome> {
        let address = ip.to_canonical();
        let is_proxy = self.proxies.iter().any(|net| net.contains(&address));
        let prefix = (!is_proxy).then(|| Prefix::from(address));
        let mut open = self.lock();
        let of_prefix = prefix.map(|prefix| open.by_prefix.get(&prefix).copied().unwrap_or(0));
        let ask = Ask::Accept {
            connections: ResourceUsage::of(open.connections, self.connections_max),
            accept_side: ResourceUsage::of(open.connections - open.moved, self.accept_side_max),
            prefix: of_prefix.map(|used| ResourceUsage::of(used, self.prefix_max)),
            tls,
        };
        judge(&Attempt::new(ask).by(address)).allowed()?;
        if let Some((prefix, used)) = prefix.zip(of_prefix) {
            open.by_prefix.insert(prefix, used + 1);
        }
        open.connections += 1;
        Ok(Permit {
            limiter: self.clone(),
            prefix,
            edge: None,
            moved: false,
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

/// One counted connection: it is counted until this is dropped, wherever the socket ends up.
pub(crate) struct Permit {
    limiter: Arc<ConnectionLimiter>,
    prefix: Option<Prefix>,
    edge: Option<Edge>,
    moved: bool,
}

impl Permit {
    /// The connection goes to a shard and frees a descriptor of the accept side.
    pub(crate) fn moved_to_shard(mut self) -> Self {
        if !self.moved {
            self.moved = true;
            self.limiter.lock().moved += 1;
        }
        self
    }

    /// The connection stays on the accept side after all.
    pub(crate) fn kept_here(mut self) -> Self {
        if self.moved {
            self.moved = false;
            self.limiter.lock().moved -= 1;
        }
        self
    }

    /// The connection is to be returned by its shard, for a handler; `tls` when it speaks TLS.
    ///
    /// # Errors
    /// The outcome of the attempt.
    pub(crate) fn return_to_accept_side(&mut self, tls: bool) -> Result<(), Outcome> {
        if !self.moved {
            return Ok(());
        }
        let mut open = self.limiter.lock();
        let accept_side =
            ResourceUsage::of(open.connections - open.moved, self.limiter.accept_side_max);
        judge(&Attempt::new(Ask::Handler { accept_side, tls })).allowed()?;
        open.moved -= 1;
        self.moved = false;
        Ok(())
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
        open.connections -= 1;
        if self.moved {
            open.moved -= 1;
        }
        if let Some(prefix) = self.prefix
            && let Entry::Occupied(mut entry) = open.by_prefix.entry(prefix)
        {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
        if let Some(edge) = &self.edge {
            add(&edge.count().closed, 1);
        }
    }
}

#[cfg(test)]
impl Permit {
    /// A permit that no port has given, for tests of other modules.
    pub(crate) fn for_test() -> Self {
        let limiter = Arc::new(ConnectionLimiter::new(&AcceptLimits::default(), usize::MAX));
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
        Arc::new(ConnectionLimiter::new(&limits, connections_max))
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
        let limiter = Arc::new(ConnectionLimiter::new(&limits, 1));
        let mut gone = limiter
            .admit(ip("192.0.2.1"), false)
            .ok()
            .unwrap()
            .moved_to_shard();
        let here = limiter.admit(ip("192.0.2.2"), false).ok().unwrap();
        assert_eq!(
            gone.return_to_accept_side(false)
                .err()
                .and_then(Outcome::reason),
            Some(RefusalReason::ConnectionsFull)
        );
        drop(here);
        assert_eq!(gone.return_to_accept_side(false), Ok(()));
        assert_eq!(gone.return_to_accept_side(false), Ok(()), "it is here");
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
        let here = Arc::new(ConnectionLimiter::new(&limits, 10));
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
        let elsewhere = Arc::new(ConnectionLimiter::new(&elsewhere, 10));
        assert_eq!(refused(&elsewhere, "192.0.2.7"), None);
        assert_eq!(
            refused(&elsewhere, "127.0.0.1"),
            Some(RefusalReason::PrefixFull)
        );
    }
}
