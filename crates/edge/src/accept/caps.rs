//! How many connections may be open: in all, and of one /24 or /64.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;

use crate::counters::{Refusal, add};
use crate::edge::Edge;
use crate::limits::AcceptLimits;

/// Counts open connections. The table of prefixes is bounded by the connections, since an entry lives as long as one of
/// its connections.
pub(super) struct Caps {
    open: Mutex<Open>,
    connections_max: usize,
    /// Connections that no shard has.
    here_max: usize,
    prefix_max: usize,
    proxies: Vec<IpNet>,
}

#[derive(Default)]
struct Open {
    connections: usize,
    /// Of these, how many a shard has; the others' descriptors are in the table of this process.
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

impl Caps {
    /// `here_max` of the connections may be in the table of this process at once.
    pub(super) fn new(limits: &AcceptLimits, here_max: usize) -> Self {
        Self {
            open: Mutex::default(),
            connections_max: limits.connections_max,
            here_max,
            prefix_max: limits.prefix_connections_max,
            proxies: limits.proxies.clone(),
        }
    }

    /// Room for one more connection from there, or which cap is reached.
    pub(super) fn admit(self: &Arc<Self>, ip: IpAddr) -> Result<Permit, Refusal> {
        let address = ip.to_canonical();
        let is_proxy = self.proxies.iter().any(|net| net.contains(&address));
        let mut open = self.lock();
        if open.connections >= self.connections_max
            || open.connections - open.moved >= self.here_max
        {
            return Err(Refusal::ConnectionsFull);
        }
        let prefix = (!is_proxy).then(|| Prefix::from(address));
        if let Some(prefix) = prefix {
            let of_prefix = open.by_prefix.get(&prefix).copied().unwrap_or(0);
            if of_prefix >= self.prefix_max {
                return Err(Refusal::PrefixFull);
            }
            open.by_prefix.insert(prefix, of_prefix + 1);
        }
        open.connections += 1;
        Ok(Permit {
            caps: self.clone(),
            prefix,
            edge: None,
            moved: false,
        })
    }

    /// Connections that are open now.
    pub(super) fn open(&self) -> usize {
        self.lock().connections
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One counted connection; gives its room back when dropped, wherever the socket ends up.
pub(crate) struct Permit {
    caps: Arc<Caps>,
    prefix: Option<Prefix>,
    edge: Option<Edge>,
    moved: bool,
}

impl Permit {
    /// The connection goes to a shard and frees a descriptor here.
    pub(super) fn moved(mut self) -> Self {
        if !self.moved {
            self.moved = true;
            self.caps.lock().moved += 1;
        }
        self
    }

    /// The connection stays after all.
    pub(super) fn stays(mut self) -> Self {
        if self.moved {
            self.moved = false;
            self.caps.lock().moved -= 1;
        }
        self
    }

    /// The connection is to come back from a shard.
    ///
    /// # Errors
    /// When there is no descriptor for it here.
    pub(crate) fn come_back(&mut self) -> Result<(), Refusal> {
        if !self.moved {
            return Ok(());
        }
        let mut open = self.caps.lock();
        if open.connections - open.moved >= self.caps.here_max {
            return Err(Refusal::ConnectionsFull);
        }
        open.moved -= 1;
        self.moved = false;
        Ok(())
    }

    /// Also counts the end of the connection in the figures of that edge.
    pub(super) fn counted(mut self, edge: Edge) -> Self {
        self.edge = Some(edge);
        self
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.caps.lock();
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
    /// A permit of nobody's, for tests of other modules.
    pub(crate) fn for_test() -> Self {
        let caps = Arc::new(Caps::new(&AcceptLimits::default(), usize::MAX));
        caps.admit(IpAddr::from([127, 0, 0, 1]))
            .unwrap_or_else(|why| unreachable!("{why:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caps(connections_max: usize, prefix_connections_max: usize) -> Arc<Caps> {
        let limits = AcceptLimits {
            prefix_connections_max,
            ..AcceptLimits::default()
        };
        Arc::new(Caps::new(&limits, connections_max))
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_prefix_is_capped_and_others_are_not() {
        let caps = caps(100, 2);
        let first = caps.admit(ip("198.51.100.1")).ok().unwrap();
        let _second = caps.admit(ip("198.51.100.2")).ok().unwrap();
        let refused = |address| caps.admit(ip(address)).err();
        assert_eq!(refused("198.51.100.3"), Some(Refusal::PrefixFull));
        assert_eq!(refused("::ffff:198.51.100.3"), Some(Refusal::PrefixFull));
        assert_eq!(refused("198.51.101.3"), None);
        drop(first);
        assert_eq!(refused("198.51.100.3"), None);
    }

    #[test]
    fn an_ipv6_network_is_a_64() {
        let caps = caps(100, 1);
        let _held = caps.admit(ip("2001:db8:1:2::1")).ok().unwrap();
        assert_eq!(
            caps.admit(ip("2001:db8:1:2:ffff::9")).err(),
            Some(Refusal::PrefixFull)
        );
        assert!(caps.admit(ip("2001:db8:1:3::1")).is_ok());
    }

    #[test]
    fn the_total_is_capped_and_the_table_empties() {
        let caps = caps(2, 100);
        let held = [caps.admit(ip("192.0.2.1")), caps.admit(ip("203.0.113.1"))];
        assert_eq!(
            caps.admit(ip("192.0.2.1")).err(),
            Some(Refusal::ConnectionsFull)
        );
        drop(held);
        let open = caps.lock();
        assert_eq!((open.connections, open.by_prefix.len()), (0, 0));
    }

    #[test]
    fn one_comes_back_from_a_shard_only_while_there_is_room_here() {
        let limits = AcceptLimits::default();
        let caps = Arc::new(Caps::new(&limits, 1));
        let mut gone = caps.admit(ip("192.0.2.1")).ok().unwrap().moved();
        let here = caps.admit(ip("192.0.2.2")).ok().unwrap();
        assert_eq!(gone.come_back(), Err(Refusal::ConnectionsFull));
        drop(here);
        assert_eq!(gone.come_back(), Ok(()));
        assert_eq!(gone.come_back(), Ok(()), "it is here");
        assert_eq!(
            caps.admit(ip("192.0.2.3")).err(),
            Some(Refusal::ConnectionsFull)
        );
    }

    #[test]
    fn a_proxy_is_not_one_crowd_from_one_network() {
        let limits = AcceptLimits {
            prefix_connections_max: 0,
            ..AcceptLimits::default()
        };
        let here = Arc::new(Caps::new(&limits, 10));
        for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert!(here.admit(ip(address)).is_ok(), "{address}");
        }
        let refused = |caps: &Arc<Caps>, address| caps.admit(ip(address)).err();
        assert_eq!(refused(&here, "192.0.2.7"), Some(Refusal::PrefixFull));
        let elsewhere = AcceptLimits {
            proxies: vec!["192.0.2.0/24".parse().unwrap()],
            ..limits
        };
        let elsewhere = Arc::new(Caps::new(&elsewhere, 10));
        assert_eq!(refused(&elsewhere, "192.0.2.7"), None);
        assert_eq!(refused(&elsewhere, "127.0.0.1"), Some(Refusal::PrefixFull));
    }
}
