//! A subscription at rest: a record of its own, with its address, so that it can be deleted alone.

use serde::{Deserialize, Serialize};
use stentor_cluster::key::{Key, Kind};
use stentor_core::reminders::{AddressHash, Status, Subscription, SubscriptionId, Told};

/// Somebody who wants to be reminded of an event: [`Stored`] by the event's address and the subscription's number.
pub(super) const REMINDER: Kind = Kind::new("reminder");

/// Version of the stored form; a newer one is left alone rather than misread.
const VERSION: u32 = 1;

/// See the module. Times are milliseconds since 1970.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stored {
    v: u32,
    /// Where mail goes.
    pub(super) address: String,
    /// The language it is written in.
    pub(super) lang: String,
    confirmed: bool,
    asked: i64,
    told: StoredTold,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoredTold {
    asked: bool,
    starts: Option<i64>,
    soon: Option<i64>,
    begun: bool,
    cancelled: bool,
    moves: u8,
}

impl Stored {
    pub(super) fn new(address: String, lang: String, subscription: &Subscription) -> Self {
        let mut stored = Self {
            v: VERSION,
            address,
            lang,
            confirmed: false,
            asked: 0,
            told: StoredTold {
                asked: false,
                starts: None,
                soon: None,
                begun: false,
                cancelled: false,
                moves: 0,
            },
        };
        stored.follow(subscription);
        stored
    }

    /// As it is now; the address stays.
    pub(super) fn follow(&mut self, subscription: &Subscription) {
        let told = subscription.told;
        self.confirmed = subscription.status == Status::Confirmed;
        self.asked = subscription.asked_unix_ms;
        self.told = StoredTold {
            asked: told.asked,
            starts: told.starts_unix_ms,
            soon: told.soon_unix_ms,
            begun: told.begun,
            cancelled: told.cancelled,
            moves: told.moves,
        };
    }

    pub(super) fn subscription(&self, address: AddressHash) -> Subscription {
        let told = &self.told;
        Subscription {
            address,
            status: if self.confirmed {
                Status::Confirmed
            } else {
                Status::Asked
            },
            asked_unix_ms: self.asked,
            told: Told {
                asked: told.asked,
                starts_unix_ms: told.starts,
                soon_unix_ms: told.soon,
                begun: told.begun,
                cancelled: told.cancelled,
                moves: told.moves,
            },
        }
    }

    /// `None` for what this version did not write; nothing of it is said, since an address may be in it.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes)
            .ok()
            .filter(|stored: &Self| stored.v == VERSION)
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("it is always JSON")
    }
}

/// Under which key it is kept.
pub(super) fn key_of(slug: &str, id: SubscriptionId) -> Option<Key> {
    Key::new(&format!("{slug}/{:032x}", id.0)).ok()
}

/// Which subscription of which event a key is of.
pub(super) fn read_key(key: &Key) -> Option<(&str, SubscriptionId)> {
    let (slug, id) = key.as_str().split_once('/')?;
    let id = u128::from_str_radix(id, 16).ok()?;
    Some((slug, SubscriptionId(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_again() {
        let subscription = Subscription {
            address: AddressHash(7),
            status: Status::Confirmed,
            asked_unix_ms: 5,
            told: Told {
                asked: true,
                starts_unix_ms: Some(9),
                soon_unix_ms: Some(8),
                begun: true,
                cancelled: true,
                moves: 3,
            },
        };
        let stored = Stored::new("ada@example.org".to_owned(), "fr".to_owned(), &subscription);
        let read = Stored::decode(&stored.encode()).unwrap();
        assert_eq!(read.subscription(AddressHash(7)), subscription);
        assert_eq!((&*read.address, &*read.lang), ("ada@example.org", "fr"));
        let key = key_of("a-talk", SubscriptionId(u128::MAX)).unwrap();
        assert_eq!(read_key(&key), Some(("a-talk", SubscriptionId(u128::MAX))));
    }

    #[test]
    fn bytes_as_the_first_version_wrote_them_are_read_and_others_left_alone() {
        let bytes = br#"{"v":1,"address":"ada@example.org","lang":"en","confirmed":false,"asked":5,
            "told":{"asked":true,"starts":null,"soon":null,"begun":false,"cancelled":false,"moves":0}}"#;
        let stored = Stored::decode(bytes).unwrap();
        assert_eq!(stored.subscription(AddressHash(1)).status, Status::Asked);
        let newer = String::from_utf8(bytes.to_vec())
            .unwrap()
            .replace("\"v\":1", "\"v\":2");
        for bytes in [newer.as_bytes(), b"", b"{}", b"\xff"] {
            assert!(Stored::decode(bytes).is_none());
        }
    }
}
