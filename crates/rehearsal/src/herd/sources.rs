//! Where listeners come from: a network whose addresses they take in turn.
//!
//! Between one source address and one server port there are at most 64,512 connections, 28,232 with Linux's default
//! range of ports, and a server may limit what one address holds. On loopback all of 127.0.0.0/8 can be taken without
//! any setting.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

/// Addresses to come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sources {
    first: IpAddr,
    count: u32,
}

impl Sources {
    /// How many addresses there are.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.count
    }

    /// The address of the `index`th listener; they take turns.
    #[must_use]
    pub fn address(self, index: usize) -> IpAddr {
        match self.first {
            IpAddr::V4(first) => {
                let offset = (index % self.count as usize) as u32;
                IpAddr::V4(Ipv4Addr::from(u32::from(first) + offset))
            }
            // One address: IPv6 has only one on loopback.
            IpAddr::V6(first) => IpAddr::V6(first),
        }
    }
}

impl FromStr for Sources {
    type Err = SourcesError;

    /// `127.1.0.0/24`, or a single address.
    fn from_str(text: &str) -> Result<Self, SourcesError> {
        let wrong = || SourcesError {
            got: text.to_owned(),
        };
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        match (address.parse().map_err(|_| wrong())?, bits) {
            (IpAddr::V4(address), bits) => {
                let bits = bits.unwrap_or(32);
                if !(8..=32).contains(&bits) {
                    return Err(wrong());
                }
                let count = 1_u32 << (32 - bits);
                let first = Ipv4Addr::from(u32::from(address) & !(count - 1));
                Ok(Self {
                    first: IpAddr::V4(first),
                    count,
                })
            }
            (first @ IpAddr::V6(_), None | Some(128)) => Ok(Self { first, count: 1 }),
            (IpAddr::V6(_), Some(_)) => Err(wrong()),
        }
    }
}

impl fmt::Display for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.first {
            IpAddr::V4(first) => write!(f, "{first}/{}", 32 - self.count.trailing_zeros()),
            IpAddr::V6(first) => first.fmt(f),
        }
    }
}

/// A text that names no source addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "source addresses are an IPv4 network of at most 2^24 addresses, such as 127.1.0.0/24, or one address, not {got:?}"
)]
pub struct SourcesError {
    got: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_take_the_addresses_of_a_network_in_turn() {
        let sources: Sources = "127.1.0.9/30".parse().expect("it is a network");
        assert_eq!(sources.count(), 4);
        let addresses: Vec<_> = (0..5).map(|i| sources.address(i).to_string()).collect();
        assert_eq!(
            addresses,
            [
                "127.1.0.8",
                "127.1.0.9",
                "127.1.0.10",
                "127.1.0.11",
                "127.1.0.8"
            ]
        );
        assert_eq!(sources.to_string(), "127.1.0.8/30");
        let one: Sources = "::1".parse().expect("it is an address");
        assert_eq!(one.address(77).to_string(), "::1");
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "127.0.0.0/7",
            "127.0.0.0/33",
            "127.0.0.0/x",
            "::1/64",
            "here",
        ] {
            assert!(text.parse::<Sources>().is_err(), "{text}");
        }
    }
}
