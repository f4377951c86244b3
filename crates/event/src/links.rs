//! Links as capabilities: who holds a stage link has that place on the stage.
//!
//! A token is `seat.g<generation>.mac`, the MAC being HMAC-SHA-256 under a key that only this data folder knows. Nothing
//! is stored per token, so a link can be printed again after a restart and is the same; it is checked in constant
//! time. Taking one place away is the stage's business (a removed seat has no rights), not the token's; all links of an event die together when
//! its generation grows, and some time after its end. What versions before printed has a date in the place of the generation, and lives until
//! then, or until the links are renewed for the first time.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use stentor_core::SeatId;
use stentor_core::event::Phase;
use subtle::ConstantTimeEq;

/// Name of the key file in the data folder.
pub const KEY_FILE: &str = "secret.key";
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
        let path = data_dir.join(KEY_FILE);
        if path.exists() {
            return Self::read(path);
        }
        let mut key = [0; KEY_BYTES];
        fill_random(&mut key);
        // Written whole under another name first: a machine that stops in between must not leave half a key.
        let unfinished = data_dir.join(format!("{KEY_FILE}.{}", std::process::id()));
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

    /// The token of one place of one event, of one generation of its links.
    pub fn token(&self, event: &str, seat: SeatId, generation: u32) -> String {
        let mac = hex(&self.mac(event, seat, Lives::Generation(generation)));
        format!("{}.g{generation}.{mac}", seat.0)
    }

    /// Which place a token opens, while the links of its event are of this generation.
    ///
    /// # Errors
    /// Theirs: not one of our tokens for this event, or past its time.
    pub fn check(
        &self,
        event: &str,
        token: &str,
        generation: u32,
        now_unix_s: i64,
    ) -> Result<SeatId, TokenError> {
        if token.len() > TOKEN_CHARS_MAX {
            return Err(TokenError::Wrong);
        }
        let mut parts = token.split('.');
        let (Some(seat), Some(lives), Some(mac), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenError::Wrong);
        };
        let seat = SeatId(seat.parse().map_err(|_| TokenError::Wrong)?);
        let lives = Lives::parse(lives).ok_or(TokenError::Wrong)?;
        let expected = hex(&self.mac(event, seat, lives));
        if !bool::from(expected.as_bytes().ct_eq(mac.as_bytes())) {
            return Err(TokenError::Wrong);
        }
        match lives {
            Lives::Until(expires) if now_unix_s >= expires => Err(TokenError::Expired),
            Lives::Until(_) if generation > 0 => Err(TokenError::Renewed),
            Lives::Generation(of) if of != generation => Err(TokenError::Renewed),
            Lives::Until(_) | Lives::Generation(_) => Ok(seat),
        }
    }

    /// A MAC of something that is no link to a stage: `of` begins with a zero byte, as no event's address does.
    pub(crate) fn mac_of(&self, of: &[u8], bytes: &[u8]) -> [u8; MAC_BYTES] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(of);
        mac.update(bytes);
        let full = mac.finalize().into_bytes();
        let mut short = [0; MAC_BYTES];
        short.copy_from_slice(&full[..MAC_BYTES]);
        short
    }

    fn mac(&self, event: &str, seat: SeatId, lives: Lives) -> [u8; MAC_BYTES] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(event.as_bytes());
        // A slug has no zero byte, so the fields cannot run into one another.
        mac.update(&[0]);
        mac.update(&seat.0.to_be_bytes());
        // The two forms have different lengths: none can be taken for the other.
        match lives {
            Lives::Until(expires_unix_s) => mac.update(&expires_unix_s.to_be_bytes()),
            Lives::Generation(generation) => mac.update(&generation.to_be_bytes()),
        }
        let full = mac.finalize().into_bytes();
        let mut short = [0; MAC_BYTES];
        short.copy_from_slice(&full[..MAC_BYTES]);
        short
    }
}

/// How long a token lives by itself.
#[derive(Clone, Copy)]
enum Lives {
    /// Until a time, in seconds since 1970: as versions before printed it.
    Until(i64),
    /// While the links of its event are of this generation.
    Generation(u32),
}

impl Lives {
    fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix('g') {
            Some(generation) => generation.parse().ok().map(Self::Generation),
            None => i64::from_str_radix(text, 16).ok().map(Self::Until),
        }
    }
}

/// Seconds of a day.
const DAY_S: i64 = 86_400;

/// The links of one event, as they are now: shared by whoever checks them and whoever shows them.
#[derive(Debug)]
pub(crate) struct LiveLinks {
    key: LinkKey,
    base_url: String,
    slug: String,
    generation: AtomicU32,
    /// When they are dead, in seconds since 1970; `i64::MAX` while the event is not over.
    end_unix_s: AtomicI64,
    /// Days they live after the end of the event.
    days_after_end: u32,
}

impl LiveLinks {
    pub(crate) const fn new(
        key: LinkKey,
        base_url: String,
        slug: String,
        generation: u32,
        days_after_end: u32,
    ) -> Self {
        Self {
            key,
            base_url,
            slug,
            generation: AtomicU32::new(generation),
            end_unix_s: AtomicI64::new(i64::MAX),
            days_after_end,
        }
    }

    /// Every link made before is dead.
    pub(crate) fn renew(&self, generation: u32) {
        self.generation.store(generation, Ordering::Relaxed);
    }

    /// The event is where it is in its life, since then.
    pub(crate) fn follow(&self, phase: Phase, since_unix_ms: i64) {
        let end = links_end_unix_s(phase, since_unix_ms, self.days_after_end);
        self.end_unix_s
            .store(end.unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// Which seat a token opens now.
    pub(crate) fn seat_of(&self, token: &str, now_unix_s: i64) -> Result<SeatId, TokenError> {
        let generation = self.generation.load(Ordering::Relaxed);
        let seat = self.key.check(&self.slug, token, generation, now_unix_s)?;
        if now_unix_s >= self.end_unix_s.load(Ordering::Relaxed) {
            return Err(TokenError::Expired);
        }
        Ok(seat)
    }

    /// What links begin with.
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The link of a seat.
    pub(crate) fn stage_link(&self, seat: SeatId) -> String {
        let generation = self.generation.load(Ordering::Relaxed);
        stage_link(&self.key, &self.base_url, &self.slug, seat, generation)
    }
}

/// When the links of an event are dead, in seconds since 1970: so many days after its end. `None` while it is not over.
#[must_use]
pub fn links_end_unix_s(phase: Phase, since_unix_ms: i64, days_after_end: u32) -> Option<i64> {
    let end = since_unix_ms / 1_000 + i64::from(days_after_end) * DAY_S;
    phase.is_over().then_some(end)
}

/// A place on the stage. The token is in the fragment: browsers do not send it, so no log has it.
pub(crate) fn stage_link(
    key: &LinkKey,
    base_url: &str,
    slug: &str,
    seat: SeatId,
    generation: u32,
) -> String {
    let token = key.token(slug, seat, generation);
    format!("{base_url}/s/{slug}#t={token}")
}

/// A few digits that another text has not, most likely: no secret.
pub(crate) fn fingerprint(text: &str) -> String {
    hex(&Sha256::digest(text)[..3])
}

/// A fresh name nobody can guess: 128 random bits in hexadecimal.
pub fn unguessable() -> String {
    let mut bytes = [0; 16];
    fill_random(&mut bytes);
    hex(&bytes)
}

/// 128 bits nobody can guess.
pub(crate) fn random_128() -> u128 {
    let mut bytes = [0; 16];
    fill_random(&mut bytes);
    u128::from_be_bytes(bytes)
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
    /// It was one, until the links of the event were made anew.
    #[error("this link was replaced by a new one: ask the host for it")]
    Renewed,
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

    /// A token as versions before printed it.
    fn dated(event: &str, seat: SeatId, expires_unix_s: i64) -> String {
        let mac = hex(&KEY.mac(event, seat, Lives::Until(expires_unix_s)));
        format!("{}.{expires_unix_s:x}.{mac}", seat.0)
    }

    #[test]
    fn a_token_opens_its_own_seat_and_no_other_event() {
        for token in [
            KEY.token("demo", SeatId(3), 0),
            dated("demo", SeatId(3), 1000),
        ] {
            assert_eq!(KEY.check("demo", &token, 0, 999), Ok(SeatId(3)));
            assert_eq!(KEY.check("other", &token, 0, 999), Err(TokenError::Wrong));
            let forged = token.replacen('3', "1", 1);
            assert_eq!(KEY.check("demo", &forged, 0, 999), Err(TokenError::Wrong));
        }
        // Nor another generation than its MAC was made for.
        let forged = KEY.token("demo", SeatId(3), 1).replacen("g1", "g2", 1);
        assert_eq!(KEY.check("demo", &forged, 2, 0), Err(TokenError::Wrong));
    }

    #[test]
    fn a_dated_token_ends_at_its_time_and_when_the_links_are_renewed() {
        let token = dated("demo", SeatId(3), 1000);
        assert_eq!(KEY.check("demo", &token, 0, 1000), Err(TokenError::Expired));
        assert_eq!(KEY.check("demo", &token, 1, 999), Err(TokenError::Renewed));
    }

    #[test]
    fn only_links_of_the_newest_generation_live_and_until_days_after_the_end() {
        let links = LiveLinks::new(KEY, "http://here".into(), "demo".into(), 1, 2);
        let token = |links: &LiveLinks| {
            links
                .stage_link(SeatId(3))
                .split_once("#t=")
                .unwrap()
                .1
                .to_owned()
        };
        let (first, far) = (token(&links), i64::MAX - 1);
        assert_eq!(
            links.seat_of(&first, far),
            Ok(SeatId(3)),
            "whatever the date"
        );
        links.renew(2);
        assert_eq!(links.seat_of(&first, 0), Err(TokenError::Renewed));
        let second = token(&links);
        assert_eq!(links.seat_of(&second, far), Ok(SeatId(3)));
        links.follow(Phase::OnAir, 5_000);
        assert_eq!(links.seat_of(&second, far), Ok(SeatId(3)));
        links.follow(Phase::Ended, 5_000);
        let end = 5 + 2 * DAY_S;
        assert_eq!(links.seat_of(&second, end - 1), Ok(SeatId(3)));
        assert_eq!(links.seat_of(&second, end), Err(TokenError::Expired));
    }

    #[test]
    fn nonsense_is_wrong_and_never_panics() {
        for token in [
            "",
            ".",
            "..",
            "1.2",
            "1.zz.00",
            "1.g.00",
            "1.g-1.00",
            "1.g99999999999.00",
            "99999999999.1.1",
            "1.2.3.4",
            &"a".repeat(1 << 20),
        ] {
            assert_eq!(
                KEY.check("demo", token, 0, 0),
                Err(TokenError::Wrong),
                "{}",
                token.len()
            );
        }
    }
}
