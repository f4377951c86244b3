//! A non-blocking socket of a shard, plain or TLS.
//!
//! It counts what the kernel takes and gives, so that ciphertext counts and not what is in it. Of ciphertext that the kernel does not
//! take at most one record is kept.

use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use mio::net::TcpStream;
use rustls::ServerConnection;
use socket2::SockRef;

use super::nonblocking_write::{CloseCause, NonblockingWrite};
use super::table_bound::TableBound;
use crate::gate::{Ask, Attempt, ResourceUsage, judge};
use crate::limits::TALK_BYTES_MAX;

/// Encrypted at once, bytes: one TLS record (RFC 8446 section 5.1), of which is kept what the socket does not take. Smaller than a record
/// may be, so that a session at rest (some 8 KiB) and what is kept have 16 KiB together.
pub(super) const RECORD_BYTES_MAX: usize = 7 * 1024;

/// Records in a row that bring no data. Beyond: the connection is closed.
const EMPTY_READS_MAX: usize = 64;

/// See the module.
pub(super) struct Socket {
    pub(super) tcp: TableBound<TcpStream>,
    pub(super) tls: Option<Box<ServerConnection>>,
    /// What was read of a listener and thrown away, bytes.
    ignored: u32,
}

impl Socket {
    pub(super) fn new(tcp: TcpStream, tls: Option<Box<ServerConnection>>) -> Self {
        Self {
            tcp: TableBound::new(tcp),
            tls,
            ignored: 0,
        }
    }

    /// The socket to write to; the bytes that the kernel takes are added to `taken`.
    pub(super) fn counted<'a>(&'a mut self, taken: &'a mut u64) -> CountingWriter<'a> {
        CountingWriter {
            socket: self,
            taken,
        }
    }

    /// Throws away what was received, and adds its bytes to `received`. Says why the connection is over, if it is.
    pub(super) fn drain_input(&mut self, received: &mut u64) -> Option<CloseCause> {
        let mut space = [0; 4096];
        loop {
            let bytes = ResourceUsage {
                used: self.ignored.into(),
                max: TALK_BYTES_MAX,
            };
            if let Err(outcome) = judge(&Attempt::new(Ask::Talk { bytes })).allowed() {
                return Some(CloseCause::Refused(outcome));
            }
            let before = *received;
            let got = self.read(&mut space, received);
            self.ignored = self.ignored.saturating_add((*received - before) as u32);
            match got {
                Ok(0) => return Some(CloseCause::Disconnected),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The kernel has the same limit as the shard and may be the first to reach it (`TCP_USER_TIMEOUT`).
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    return Some(CloseCause::stalled());
                }
                Err(_) => return Some(CloseCause::Disconnected),
            }
        }
    }

    /// As [`Read::read`], decrypted; the bytes taken from the kernel are added to `received`.
    pub(super) fn read(&mut self, space: &mut [u8], received: &mut u64) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else {
            let count = self.tcp.read(space)?;
            *received += count as u64;
            return Ok(count);
        };
        for _ in 0..EMPTY_READS_MAX {
            match tls.reader().read(space) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
            *received += tls.read_tls(&mut *self.tcp)? as u64;
            if let Err(error) = tls.process_new_packets() {
                // The alert tells the peer why; a socket that does not take it is closed without.
                let _ = tls.write_tls(&mut *self.tcp);
                return Err(io::Error::other(error));
            }
        }
        Err(io::Error::other("the peer sends records without data"))
    }

    /// Says that nothing more is sent, after everything was.
    pub(super) fn say_end(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            let _ = tls.write_tls(&mut *self.tcp);
        }
        let _ = self.tcp.shutdown(Shutdown::Write);
    }

    /// Closes after everything was sent.
    pub(super) fn finish(mut self) {
        self.say_end();
    }

    /// Closes with a reset, so that the kernel keeps nothing that is still to be sent.
    pub(super) fn reset(self) {
        let _ = SockRef::from(&*self.tcp).set_linger(Some(Duration::ZERO));
    }
}

/// See [`Socket::counted`].
pub(super) struct CountingWriter<'a> {
    socket: &'a mut Socket,
    taken: &'a mut u64,
}

impl CountingWriter<'_> {
    fn write_ciphertext(&mut self) -> io::Result<()> {
        let Some(tls) = &mut self.socket.tls else {
            return Ok(());
        };
        while tls.wants_write() {
            *self.taken += tls.write_tls(&mut *self.socket.tcp)? as u64;
        }
        Ok(())
    }
}

impl NonblockingWrite for CountingWriter<'_> {
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.socket.tls.is_none() {
            let taken = self.socket.tcp.write_vectored(slices)?;
            *self.taken += taken as u64;
            return match taken {
                0 => Err(io::ErrorKind::WriteZero.into()),
                taken => Ok(taken),
            };
        }
        // Nothing is encrypted before the last record was taken: at most one waits.
        self.write_ciphertext()?;
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
        match self.write_ciphertext() {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            // What is encrypted counts as sent: the rest of the record goes first next time.
            _ => Ok(encrypted),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_ciphertext()
    }
}
