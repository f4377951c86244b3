//! A socket as a shard holds it, plain or TLS.

use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use mio::net::TcpStream;
use rustls::ServerConnection;
use socket2::SockRef;

use super::listener::{CloseCause, NonblockingWrite};

/// Encrypted in one go, bytes: one TLS record (RFC 8446 §5.1), of which what a socket does not take is kept. Less than a record
/// may be, so that a session at rest (some 8 KiB) and what is kept are 16 KiB together.
pub(super) const RECORD_BYTES_MAX: usize = 7 * 1024;

/// What a listener may still send us, bytes; it is thrown away. Beyond it is not read any more.
const JUNK_BYTES_MAX: u32 = 16 * 1024;

/// Reads of ciphertext in a row that bring nothing. Beyond: the peer is gone.
const EMPTY_READS_MAX: usize = 64;

/// See the module.
pub(super) struct Socket {
    pub(super) tcp: TcpStream,
    pub(super) tls: Option<Box<ServerConnection>>,
    junk: u32,
}

impl Socket {
    pub(super) fn new(tcp: TcpStream, tls: Option<Box<ServerConnection>>) -> Self {
        Self { tcp, tls, junk: 0 }
    }

    /// The socket, with the bytes the kernel takes added to `taken`.
    pub(super) fn counted<'a>(&'a mut self, taken: &'a mut u64) -> Counted<'a> {
        Counted {
            socket: self,
            taken,
        }
    }

    /// Throws away what came. Says why the listener is gone, if it is.
    pub(super) fn drain_input(&mut self, read: &mut u64) -> Option<CloseCause> {
        let mut space = [0; 4096];
        while self.junk < JUNK_BYTES_MAX {
            let before = *read;
            let got = self.read(&mut space, read);
            self.junk = self.junk.saturating_add((*read - before) as u32);
            match got {
                Ok(0) => return Some(CloseCause::Disconnected),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The kernel has the same patience as we and may be the first to lose it (`TCP_USER_TIMEOUT`).
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    return Some(CloseCause::Stalled);
                }
                Err(_) => return Some(CloseCause::Disconnected),
            }
        }
        None
    }

    /// As [`Read::read`], deciphered; the bytes taken from the kernel are added to `came`.
    pub(super) fn read(&mut self, space: &mut [u8], came: &mut u64) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else {
            let count = self.tcp.read(space)?;
            *came += count as u64;
            return Ok(count);
        };
        for _ in 0..EMPTY_READS_MAX {
            match tls.reader().read(space) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
            *came += tls.read_tls(&mut self.tcp)? as u64;
            if let Err(error) = tls.process_new_packets() {
                // The alert says why; a socket that does not take it is let go without.
                let _ = tls.write_tls(&mut self.tcp);
                return Err(io::Error::other(error));
            }
        }
        Err(io::Error::other("nothing but empty records"))
    }

    /// After everything was given.
    pub(super) fn finish(mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            let _ = tls.write_tls(&mut self.tcp);
        }
        let _ = self.tcp.shutdown(Shutdown::Write);
    }

    /// So that the kernel keeps nothing of it.
    pub(super) fn reset(self) {
        let _ = SockRef::from(&self.tcp).set_linger(Some(Duration::ZERO));
    }
}

/// See [`Socket::counted`].
pub(super) struct Counted<'a> {
    socket: &'a mut Socket,
    taken: &'a mut u64,
}

impl Counted<'_> {
    fn push_ciphertext(&mut self) -> io::Result<()> {
        let Some(tls) = &mut self.socket.tls else {
            return Ok(());
        };
        while tls.wants_write() {
            *self.taken += tls.write_tls(&mut self.socket.tcp)? as u64;
        }
        Ok(())
    }
}

impl NonblockingWrite for Counted<'_> {
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.socket.tls.is_none() {
            let taken = self.socket.tcp.write_vectored(slices)?;
            *self.taken += taken as u64;
            return match taken {
                0 => Err(io::ErrorKind::WriteZero.into()),
                taken => Ok(taken),
            };
        }
        // Nothing is encrypted ahead of what the socket takes: what waits is at most one record.
        self.push_ciphertext()?;
        let Some(tls) = &mut self.socket.tls else {
            return Ok(0);
        };
        let mut encrypted = 0;
        for slice in slices {
            let part = slice.len().min(RECORD_BYTES_MAX - encrypted);
            encrypted += tls.writer().write(&slice[..part])?;
            if part < slice.len() {
                break;
            }
        }
        match self.push_ciphertext() {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            // What is encrypted counts as given: the rest of the record goes first next time.
            _ => Ok(encrypted),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.push_ciphertext()
    }
}
