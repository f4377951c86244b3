//! Descriptor tables: how one process holds more sockets than its limit of open files, and how a socket gets from one table to
//! another.
//!
//! The limit counts per table, and a thread may have a table of its own (`unshare(CLONE_FILES)`, Linux). A descriptor is then a number
//! in *that* table only, and sockets get from one table to another as `SCM_RIGHTS` messages.
//!
//! # I/O safety
//!
//! Rust's I/O safety (`OwnedFd`, RFC 3128) assumes one table for all threads. With several, it holds only together with this invariant:
//! **nothing that owns a descriptor is used or dropped by a thread of another descriptor table.** There its number may be another
//! file, which would be read, written or closed in its place.
//!
//! - There are two kinds of threads: those of the process' table (the runtime's, those that start shards and wait for what shards
//!   return), and each shard's thread with a table of its own. A shard starts no thread.
//! - What crosses between them in a queue owns no descriptor: [`Handoff`](super::handoff::Handoff) on the way to a shard and
//!   [`ReturnState`](super::returns::ReturnState) on the way back. The socket of each is sent with [`send`] and becomes a new
//!   descriptor where it is received; the sender drops its own.
//! - What owns a descriptor of a shard is bound to its table with [`TableBound`](super::table_bound::TableBound), which asserts the invariant in debug
//!   builds: the sockets of clients and listeners, the shard's ends of both socket channels, its open recordings and its poller. On
//!   the accept side the pool's ends of the channels and [`Returned`](super::returns::Returned) are bound in the same way.
//! - The one exception is made when a table is copied: the shard's ends of both channels are made in the process' table and exist in
//!   both after the copy. The shard's thread keeps owning them; the numbers that are left over in the process' table are closed with
//!   [`close`], and so are, in the shard's, all numbers that are not its own.
//!
//! Where the system allows no table of its own, there is one table, and the invariant holds by itself.

use std::cell::Cell;
use std::fs;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};

use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::{Resource, getrlimit};
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// Standard input, output and error stay in every table.
const STANDARD: RawFd = 3;

thread_local! {
    static CURRENT: Cell<FdTableId> = const { Cell::new(FdTableId(0)) };
}

/// Which table a thread has: 0 is the process' own, and each that was made since has its own number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FdTableId(u64);

impl FdTableId {
    /// The calling thread's.
    pub(super) fn current() -> Self {
        CURRENT.get()
    }

    fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// Gives this thread a table of its own, with nothing in it but the standard descriptors and `keep`. False where the system
/// does not allow it: then the table stays shared. The thread must start no other, which would share its table.
pub(super) fn leave_shared(keep: &[RawFd]) -> bool {
    if unshare(CloneFlags::CLONE_FILES).is_err() {
        return false;
    }
    CURRENT.set(FdTableId::next());
    let not_ours = |fd: &RawFd| *fd >= STANDARD && !keep.contains(fd);
    match open_here() {
        Ok(open) => open.into_iter().filter(not_ours).for_each(close),
        // Listing a table takes a descriptor, and there is none if the table was full when it was copied; or there is no /proc.
        Err(_) => (0..numbers_max()).filter(not_ours).for_each(close),
    }
    true
}

/// Closes a descriptor that is in this table only because the table, or the one it was copied from, was copied.
pub(super) fn close(fd: RawFd) {
    // It fails for the descriptor of the listing, which is closed by then, and for numbers that are not in use.
    let _ = nix::unistd::close(fd);
}

fn open_here() -> io::Result<Vec<RawFd>> {
    let entries = fs::read_dir("/proc/thread-self/fd")?;
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    Ok(numbers.collect())
}

/// Above every number in a table.
fn numbers_max() -> RawFd {
    let limit = getrlimit(Resource::RLIMIT_NOFILE).map_or(u64::MAX, |(now, _)| now);
    RawFd::try_from(limit).unwrap_or(RawFd::MAX)
}

/// Sends a descriptor; the caller's own stays open. `WouldBlock` while the other side is behind, or all others together.
pub(super) fn send(through: impl AsFd, fd: impl AsFd) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut rights = SendAncillaryBuffer::new(&mut space);
    let fds = [fd.as_fd()];
    rights.push(SendAncillaryMessage::ScmRights(&fds));
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    match sendmsg(through, &[IoSlice::new(b"!")], &mut rights, flags) {
        Ok(_) => Ok(()),
        Err(Errno::TOOMANYREFS) => Err(io::ErrorKind::WouldBlock.into()),
        Err(error) => Err(error.into()),
    }
}

/// The next descriptor sent; `None` in the place of one that found this table full.
///
/// # Errors
/// `WouldBlock` when none waits; `UnexpectedEof` when the other side is gone.
pub(super) fn receive(through: impl AsFd) -> io::Result<Option<OwnedFd>> {
    receive_with(through, RecvFlags::DONTWAIT)
}

/// As [`receive`], and waits for it.
pub(super) fn wait_for(through: impl AsFd) -> io::Result<Option<OwnedFd>> {
    loop {
        match receive_with(&through, RecvFlags::empty()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            received => return received,
        }
    }
}

fn receive_with(through: impl AsFd, how: RecvFlags) -> io::Result<Option<OwnedFd>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut rights = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let message = recvmsg(
        through,
        &mut [IoSliceMut::new(&mut byte)],
        &mut rights,
        how | RecvFlags::CMSG_CLOEXEC,
    )?;
    if message.bytes == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let fd = rights.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
        _ => None,
    });
    Ok(fd)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::testing::support::not_run;

    #[test]
    fn a_table_that_was_full_when_it_was_copied_is_emptied_all_the_same() {
        let limit = crate::gate::descriptors::limit().unwrap_or(usize::MAX);
        let filled = std::thread::spawn(move || {
            // Filling the table of the process would disturb other tests: a copy is filled, and copied once more.
            if limit > 100_000 || !leave_shared(&[]) {
                return None;
            }
            let (keep, other) = UnixStream::pair().unwrap();
            let (number, mut full) = (keep.as_raw_fd(), Vec::new());
            let failed = loop {
                match other.try_clone() {
                    Ok(one) => full.push(one),
                    Err(error) => break error,
                }
            };
            assert_eq!(failed.raw_os_error(), Some(Errno::MFILE.raw_os_error()));
            let left = std::thread::spawn(move || {
                assert!(leave_shared(&[number]));
                let left = open_here().unwrap();
                left.into_iter().filter(|fd| *fd >= STANDARD).collect()
            });
            let left: Vec<RawFd> = left.join().unwrap();
            // The number of the listing itself comes with it.
            Some((left.len(), left.contains(&number)))
        });
        match filled.join().unwrap() {
            Some(left) => assert_eq!(left, (2, true)),
            None => not_run("no table of its own, or one too large to fill"),
        }
    }

    #[test]
    fn a_socket_changes_over_to_another_table_and_the_old_number_means_nothing_there() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (mut client, server) = UnixStream::pair().unwrap();
        let number = server.as_raw_fd();
        let thread = std::thread::spawn(move || {
            let own = leave_shared(&[theirs.as_raw_fd()]);
            if own {
                let open = open_here().unwrap();
                assert!(!open.contains(&number), "{open:?}");
            }
            let fd = loop {
                match receive(&theirs) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        std::thread::yield_now();
                    }
                    received => break received.unwrap().unwrap(),
                }
            };
            UnixStream::from(fd).write_all(b"from there").unwrap();
            let end = loop {
                match receive(&theirs) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        std::thread::yield_now();
                    }
                    end => break end,
                }
            };
            assert_eq!(end.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        });
        send(&ours, &server).unwrap();
        drop(server);
        let mut heard = [0; 10];
        client.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"from there");
        drop(ours);
        thread.join().unwrap();
    }
}
