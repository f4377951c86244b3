//! Links as capabilities: who holds a stage link has that place on the stage.
//!
//! A token is `seat.expiry.mac`, the MAC being HMAC-SHA-256 under a key that only this data folder knows. Nothing
//! is stored per token, so a link can be printed again after a restart and is the same; it is checked in constant
//! time. Taking a place away is the stage's business (a removed seat has no rights), not the token's.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use stentor_core::SeatId;
use subtle::ConstantTimeEq;

/// Length of the key file, in bytes: one SHA-256 block output, as RFC 2104 section 3 recommends.
const KEY_BYTES: usize = 32;
/// Bytes of the MAC that go into a link: 128 bits (RFC 2104 section 5 allows half the output).
const MAC_BYTES: usize = 16;
/// A longer token is refused unread.
const TOKEN_CHARS_MAX: usize = 96;

/// The key all links of this server are made with.
#[derive(Clone)]
pub struct LinkKey([u8; KEY_BYTES]);

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkKey(hidden)")
    }
}

impl LinkKey {
    /// Reads `secret.key` of the data folder, or makes it (readable by the owner only). It waits for the disk: not for an event loop.
    ///
    /// # Errors
    /// The operator's: the folder cannot be written, or the file is not a key.
    pub fn load_or_create(data_dir: &Path) -> Result<Self, LinkKeyError> {
        let path = data_dir.join("secret.key");
        if path.exists() {
            return Self::read(path);
        }
        let mut key = [0; KEY_BYTES];
        fill_random(&mut key);
        // Written whole under another name first: a machine that stops in between must not leave half a key.
        let unfinished = data_dir.join(format!("secret.key.{}", std::process::id()));
        let written = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&unfinished)
            .and_then(|mut file| file.write_all(&key).and_then(|()| file.sync_all()))
            // A link, unlike a rename, never replaces a key that another process has just made.
            .and_then(|()| fs::hard_link(&unfinished, &path));
        let _ = fs::remove_file(&unfinished);
        match written {
            Ok(()) => Ok(Self(key)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Self::read(path),
            Err(source) => Err(LinkKeyError::Io { path, source }),
        }
    }

    fn read(path: PathBuf) -> Result<Self, LinkKeyError> {
        let mut bytes = Vec::new();
        let read = File::open(&path)
            .and_then(|file| file.take(KEY_BYTES as u64 + 1).read_to_end(&mut bytes));
        match read {
            Ok(_) => bytes
                .try_into()
                .map(Self)
                .map_err(|bytes: Vec<u8>| LinkKeyError::Length {
                    path,
                    got: bytes.len(),
                }),
            Err(source) => Err(LinkKeyError::Io { path, source }),
        }
    }

    /// The token of one place of one event, valid until `expires_unix_s`.
    pub fn token(&self, event: &str, seat: SeatId, expires_unix_s: i64) -> String {
        format!(
            "{}.{expires_unix_s:x}.{}",
            seat.0,
            hex(&self.mac(event, seat, expires_unix_s))
        )
    }

    /// Which place a token opens.
    ///
    /// # Errors
    /// Theirs: not one of our tokens for this event, or past its time.
    pub fn check(&self, event: &str, token: &str, now_unix_s: i64) -> Result<SeatId, TokenError> {
        if token.len() > TOKEN_CHARS_MAX {
            return Err(TokenError::Wrong);
        }
        let mut parts = token.split('.');
        let (Some(seat), Some(expiry), Some(mac), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenError::Wrong);
        };
        let seat = SeatId(seat.parse().map_err(|_| TokenError::Wrong)?);
        let expires = i64::from_str_radix(expiry, 16).map_err(|_| TokenError::Wrong)?;
        let expected = hex(&self.mac(event, seat, expires));
        if !bool::from(expected.as_bytes().ct_eq(mac.as_bytes())) {
            return Err(TokenError::Wrong);
        }
        if now_unix_s >= expires {
            return Err(TokenError::Expired);
        }
        Ok(seat)
    }

    fn mac(&self, event: &str, seat: SeatId, expires_unix_s: i64) -> [u8; MAC_BYTES] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(event.as_bytes());
        // A slug has no zero byte, so the fields cannot run into one another.
        mac.update(&[0]);
        mac.update(&seat.0.to_be_bytes());
        mac.update(&expires_unix_s.to_be_bytes());
        let full = mac.finalize().into_bytes();
        let mut short = [0; MAC_BYTES];
        short.copy_from_slice(&full[..MAC_BYTES]);
        short
    }
}

/// A fresh name nobody can guess: 128 random bits in hexadecimal.
pub fn unguessable() -> String {
    let mut bytes = [0; 16];
    fill_random(&mut bytes);
    hex(&bytes)
}

fn fill_random(bytes: &mut [u8]) {
    // Without the kernel's random source no secret can be made: going on would hand out guessable links.
    getrandom::fill(bytes).expect("the kernel's random source answers");
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            write!(text, "{byte:02x}").expect("writing to a String cannot fail");
            text
        })
}

/// Why a token opens nothing. Theirs: whoever holds the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a token of this event.
    #[error("this link does not open a place at this event: ask the host for a new one")]
    Wrong,
    /// It was one.
    #[error("this link is past its time: ask the host for a new one")]
    Expired,
}

/// Why the server's key is not to be had. The operator's.
#[derive(Debug, thiserror::Error)]
pub enum LinkKeyError {
    /// The file cannot be read or made.
    #[error("the server's key {} cannot be used: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not a key.
    #[error("the server's key {} must have {KEY_BYTES} bytes, it has {got}", path.display())]
    Length {
        /// Which file.
        path: PathBuf,
        /// Bytes found.
        got: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: LinkKey = LinkKey([7; KEY_BYTES]);

    #[test]
    fn a_token_opens_its_own_seat_and_no_other_event() {
        let token = KEY.token("demo", SeatId(3), 1000);
        assert_eq!(KEY.check("demo", &token, 999), Ok(SeatId(3)));
        assert_eq!(KEY.check("other", &token, 999), Err(TokenError::Wrong));
        let forged = token.replacen('3', "1", 1);
        assert_eq!(KEY.check("demo", &forged, 999), Err(TokenError::Wrong));
    }

    #[test]
    fn a_token_ends_at_its_time() {
        let token = KEY.token("demo", SeatId(3), 1000);
        assert_eq!(KEY.check("demo", &token, 1000), Err(TokenError::Expired));
    }

    #[test]
    fn nonsense_is_wrong_and_never_panics() {
        for token in [
            "",
            ".",
            "..",
            "1.2",
            "1.zz.00",
            "99999999999.1.1",
            "1.2.3.4",
            &"a".repeat(1 << 20),
        ] {
            assert_eq!(
                KEY.check("demo", token, 0),
                Err(TokenError::Wrong),
                "{}",
                token.len()
            );
        }
    }
}
