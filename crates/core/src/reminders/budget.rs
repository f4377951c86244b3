//! How often anybody may ask for reminders, so that nobody makes of this server a cannon that fires mail at strangers.
//!
//! What is refused does not depend on the address: who asks is refused by their own network, or with everybody. What an address has had
//! enough of is not sent, and nobody is told.

use alloc::collections::{BTreeMap, VecDeque};

use super::limits::{
    ADDRESS_BURST, ADDRESS_EACH_MS, ADDRESSES_MAX, EVERYBODY_BURST, EVERYBODY_EACH_MS,
    NETWORK_BURST, NETWORK_EACH_MS, NETWORKS_MAX,
};
use super::subscription::AddressHash;
use crate::bucket::{Rate, TokenBucket};
use crate::now::Now;

const NETWORK: Rate = Rate {
    burst: NETWORK_BURST,
    each_ms: NETWORK_EACH_MS,
};
const ADDRESS: Rate = Rate {
    burst: ADDRESS_BURST,
    each_ms: ADDRESS_EACH_MS,
};
const EVERYBODY: Rate = Rate {
    burst: EVERYBODY_BURST,
    each_ms: EVERYBODY_EACH_MS,
};

/// The network somebody comes from, as a number that the caller makes of an address's first bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Network(pub u64);

/// Why nobody is asked anything now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spent {
    /// Too many requests came from this network.
    Network,
    /// Too many requests came.
    Everybody,
}

/// What is left of everybody's requests. It is lost with the process: everybody begins anew then.
#[derive(Clone, Debug)]
pub struct Budget {
    everybody: TokenBucket,
    networks: BTreeMap<Network, TokenBucket>,
    addresses: BTreeMap<AddressHash, TokenBucket>,
    /// In the order they were asked for first.
    oldest: VecDeque<AddressHash>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            everybody: TokenBucket::full(EVERYBODY),
            networks: BTreeMap::new(),
            addresses: BTreeMap::new(),
            oldest: VecDeque::new(),
        }
    }
}

impl Budget {
    /// Whether somebody may ask; `None` where the network says nothing of who asks, behind a proxy.
    ///
    /// # Errors
    /// What is spent.
    pub fn take(&mut self, now: Now, network: Option<Network>) -> Result<(), Spent> {
        let known = network.and_then(|network| self.networks.get_mut(&network));
        let is_known = known.is_some();
        // A network that is refused takes nothing from everybody.
        if known.is_some_and(|bucket| !bucket.take(now, NETWORK)) {
            return Err(Spent::Network);
        }
        if !self.everybody.take(now, EVERYBODY) {
            return Err(Spent::Everybody);
        }
        if let Some(network) = network.filter(|_| !is_known) {
            if self.networks.len() >= NETWORKS_MAX {
                // One that may ask for a burst again need not be remembered.
                self.networks
                    .retain(|_, bucket| !bucket.is_full(now, NETWORK));
            }
            let mut bucket = TokenBucket::full(NETWORK);
            bucket.take(now, NETWORK);
            self.networks.insert(network, bucket);
        }
        Ok(())
    }

    /// Whether an address may be written to once more because somebody asks.
    pub fn take_address(&mut self, now: Now, address: AddressHash) -> bool {
        if let Some(bucket) = self.addresses.get_mut(&address) {
            return bucket.take(now, ADDRESS);
        }
        if self.oldest.len() >= ADDRESSES_MAX
            && let Some(oldest) = self.oldest.pop_front()
        {
            self.addresses.remove(&oldest);
        }
        let mut bucket = TokenBucket::full(ADDRESS);
        let allowed = bucket.take(now, ADDRESS);
        self.addresses.insert(address, bucket);
        self.oldest.push_back(address);
        allowed
    }

    /// Networks that are remembered.
    #[must_use]
    pub fn networks(&self) -> usize {
        self.networks.len()
    }

    /// Addresses that are remembered.
    #[must_use]
    pub fn addresses(&self) -> usize {
        self.addresses.len()
    }
}
