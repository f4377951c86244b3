//! The links in mails: who has one reads the mail at an address, and may say what becomes of it.
//!
//! A token is the number of a subscription (128 random bits) and a MAC of it, so that nobody learns by trying which numbers there are, and the
//! store alone, in a copy of it, opens nothing. It is checked in constant time.

use stentor_core::reminders::{AddressHash, SubscriptionId};
use subtle::ConstantTimeEq;

use crate::links::{LinkKey, random_128};

/// Characters of a token: two times 128 bits in hexadecimal.
pub const TOKEN_CHARS: usize = 64;

/// What the MACs of links are of; no event has such an address.
const LINK: &[u8] = b"\0reminder\0";
/// And those of addresses.
const ADDRESS: &[u8] = b"\0reminder address\0";

/// A number nobody has.
pub(super) fn new_id() -> SubscriptionId {
    SubscriptionId(random_128())
}

/// The token of a subscription.
pub(super) fn token(key: &LinkKey, id: SubscriptionId) -> String {
    format!("{:032x}{:032x}", id.0, mac(key, id))
}

/// Whose token it is, if it is one of ours.
pub(super) fn id_of(key: &LinkKey, token: &str) -> Option<SubscriptionId> {
    let is_hex = token.len() == TOKEN_CHARS && token.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (id, tag) = is_hex.then(|| token.split_at(TOKEN_CHARS / 2))?;
    let id = SubscriptionId(u128::from_str_radix(id, 16).ok()?);
    let tag = u128::from_str_radix(tag, 16).ok()?;
    let is_ours = bool::from(mac(key, id).to_be_bytes().ct_eq(&tag.to_be_bytes()));
    is_ours.then_some(id)
}

fn mac(key: &LinkKey, id: SubscriptionId) -> u128 {
    u128::from_be_bytes(key.mac_of(LINK, &id.0.to_be_bytes()))
}

/// The number of an address, the same however it is spelled in capitals.
pub(super) fn address_hash(key: &LinkKey, address: &str) -> AddressHash {
    let spelled = address.to_ascii_lowercase();
    AddressHash(u128::from_be_bytes(key.mac_of(ADDRESS, spelled.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_its_subscription_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let key = LinkKey::load_or_create(folder.path()).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let other = LinkKey::load_or_create(elsewhere.path()).unwrap();
        let id = new_id();
        let ours = token(&key, id);
        assert_eq!(ours.len(), TOKEN_CHARS);
        assert_eq!(id_of(&key, &ours), Some(id));
        assert_eq!(id_of(&other, &ours), None);
        for at in 0..TOKEN_CHARS {
            let mut wrong = ours.clone().into_bytes();
            wrong[at] = if wrong[at] == b'0' { b'1' } else { b'0' };
            let wrong = String::from_utf8(wrong).unwrap();
            assert_eq!(id_of(&key, &wrong), None, "{at}");
        }
        for wrong in [
            "",
            "é",
            &ours[1..],
            &format!("{ours}0"),
            &"+".repeat(TOKEN_CHARS),
        ] {
            assert_eq!(id_of(&key, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_address_is_one_however_it_is_spelled() {
        let folder = tempfile::tempdir().unwrap();
        let key = LinkKey::load_or_create(folder.path()).unwrap();
        let hash = |text| address_hash(&key, text);
        assert_eq!(hash("Ada@Example.org"), hash("ada@example.org"));
        assert_ne!(hash("ada@example.org"), hash("bob@example.org"));
    }
}
