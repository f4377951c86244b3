//! The baseline: the least program that sends the same bytes to the same sockets.
//!
//! It accepts, reads until an empty line, answers a fixed head and from then on writes the same buffer to every socket at each
//! flush. One thread per descriptor table, nothing queued for anybody, no request looked at, no clock asked per listener.
//! What a server needs beyond this is what the server itself costs; a figure given as a ratio to the baseline means the same on
//! another machine.
//!
//! It is not a server: it checks nothing that it is sent, and a slow listener loses bytes in the middle of its stream.

mod config;
mod error;
mod flush;
mod relay;
mod worker;

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

pub use config::{BaselineConfig, BaselineCounters, PayloadSource};
pub use error::{BaselineError, TABLES_MAX};
pub use relay::{Upstream, UpstreamError};

use crate::machine;
use worker::SendingWorker;

/// Flushes that wait for a table which is behind; more are lost for its listeners.
pub const FLUSHES_WAITING_MAX: usize = 64;

/// Sends until `stop`. Once a second `watch` is told what was done.
///
/// To be called while the process has no sockets open: each table begins as a copy of the caller's.
///
/// # Errors
/// [`BaselineError`] if it could not begin.
pub fn run(
    config: &BaselineConfig,
    stop: &AtomicBool,
    mut watch: impl FnMut(&BaselineCounters),
) -> Result<(), BaselineError> {
    if !(1..=TABLES_MAX).contains(&config.tables) {
        return Err(BaselineError::Tables { got: config.tables });
    }
    let _ = machine::sockets_per_table();
    let counts = BaselineCounters::default();
    let ready = Barrier::new(config.tables + 1);
    let failed = AtomicBool::new(false);
    thread::scope(|scope| {
        let (counts, ready, failed) = (&counts, &ready, &failed);
        let mut senders = Vec::new();
        let tables: Vec<_> = (0..config.tables)
            .map(|number| {
                let (sender, flushes) = mpsc::sync_channel(FLUSHES_WAITING_MAX);
                senders.push(sender);
                scope.spawn(move || {
                    let made = machine::own_table()
                        .and_then(|()| machine::pin(&config.cpus))
                        .map_err(BaselineError::Machine)
                        .and_then(|()| SendingWorker::new(config, counts, number));
                    failed.fetch_or(made.is_err(), Ordering::SeqCst);
                    ready.wait();
                    // None serves without the others: the kernel would go on giving the missing one its share of the connections.
                    if failed.load(Ordering::SeqCst) {
                        return made.map(|_| ());
                    }
                    made?.run(&flushes, stop);
                    Ok(())
                })
            })
            .collect();
        ready.wait();
        let mut relayed = Ok(());
        if !failed.load(Ordering::SeqCst) {
            if let PayloadSource::From(source) = &config.payload {
                let relay = scope.spawn(move || relay::relay(source, config.flush, &senders, stop));
                watch_until(stop, || relay.is_finished(), || watch(counts));
                // Without a stream there is nothing to send.
                stop.store(true, Ordering::Relaxed);
                relayed = relay.join().unwrap_or(Ok(()));
            } else {
                watch_until(stop, || false, || watch(counts));
            }
        }
        for table in tables {
            table.join().unwrap_or(Err(BaselineError::Panicked))?;
        }
        relayed.map_err(BaselineError::Upstream)
    })
}

fn watch_until(stop: &AtomicBool, ended: impl Fn() -> bool, mut watch: impl FnMut()) {
    let mut next = Instant::now() + Duration::from_secs(1);
    while !stop.load(Ordering::Relaxed) && !ended() {
        thread::sleep(Duration::from_millis(20));
        if Instant::now() >= next {
            watch();
            next += Duration::from_secs(1);
        }
    }
}
