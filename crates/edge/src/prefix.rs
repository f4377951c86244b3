//! The networks that connections come from, and how many of something each of them has. It counts; whether there is room is the gate's
//! to say.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;

/// The network that shares one fate: an IPv4 /24 or an IPv6 /64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Prefix {
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

impl Prefix {
    /// The network of an address; `None` for a proxy, from whose address all come that are behind it.
    pub(crate) fn of(ip: IpAddr, proxies: &[IpNet]) -> Option<Self> {
        let address = ip.to_canonical();
        let is_proxy = proxies.iter().any(|net| net.contains(&address));
        (!is_proxy).then(|| Self::from(address))
    }
}

/// How many each network has of something that is bounded for each. The table is as small as there are shares.
#[derive(Debug, Default)]
pub(crate) struct PrefixShares {
    taken: Mutex<HashMap<Prefix, u64>>,
}

/// One of what a network has; it is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct PrefixShare {
    shares: Arc<PrefixShares>,
    prefix: Prefix,
}

impl PrefixShares {
    /// Takes one more for a network if `admits` says so of how many it has.
    ///
    /// # Errors
    /// What `admits` says instead.
    pub(crate) fn take<R>(
        self: &Arc<Self>,
        prefix: Prefix,
        admits: impl FnOnce(u64) -> Result<(), R>,
    ) -> Result<PrefixShare, R> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        admits(taken.get(&prefix).copied().unwrap_or(0))?;
        *taken.entry(prefix).or_default() += 1;
        Ok(PrefixShare {
            shares: self.clone(),
            prefix,
        })
    }
}

impl Drop for PrefixShare {
    fn drop(&mut self) {
        let mut taken = self
            .shares
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut entry) = taken.entry(self.prefix) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> Prefix {
        Prefix::from(text.parse::<IpAddr>().unwrap())
    }

    #[test]
    fn a_network_is_a_24_or_a_64() {
        assert_eq!(prefix("192.0.2.1"), prefix("192.0.2.254"));
        assert_eq!(prefix("192.0.2.1"), prefix("::ffff:192.0.2.9"));
        assert_ne!(prefix("192.0.2.1"), prefix("192.0.3.1"));
        assert_eq!(prefix("2001:db8:1:2::1"), prefix("2001:db8:1:2:ffff::9"));
        assert_ne!(prefix("2001:db8:1:2::1"), prefix("2001:db8:1:3::1"));
    }

    #[test]
    fn each_network_has_its_share_and_the_table_empties() {
        let shares = Arc::new(PrefixShares::default());
        let take = |text| shares.take(prefix(text), |has| if has < 2 { Ok(()) } else { Err(has) });
        let one = take("192.0.2.1").unwrap();
        let two = take("192.0.2.2").unwrap();
        assert_eq!(take("192.0.2.3").unwrap_err(), 2);
        let other = take("192.0.3.1").unwrap();
        drop(one);
        let again = take("192.0.2.3").unwrap();
        drop((two, other, again));
        assert!(shares.taken.lock().unwrap().is_empty());
    }
}
