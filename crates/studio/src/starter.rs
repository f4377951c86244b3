//! Starts the threads that have deadlines, from one thread that was started with the studio.
//!
//! A thread begins with the priority of the one that starts it, and may go above that only with a right. Rooms are opened by whoever
//! answers a request, which may run below everything that has a deadline; a room must not have to begin there. It is not a pool:
//! nothing else is done on it.

use std::io;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::limits::THREADS_WAITING_MAX;

/// A thread to be started.
struct Start {
    name: String,
    run: Box<dyn FnOnce() + Send>,
    reply: Sender<io::Result<()>>,
}

/// Ends when it is dropped, after what waits; the threads it started do not.
pub(crate) struct ThreadStarter {
    starts: Sender<Start>,
}

impl ThreadStarter {
    /// `on_start` runs first on each thread.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(crate) fn new(on_start: Option<fn()>) -> io::Result<Self> {
        let (starts, waiting) = bounded(THREADS_WAITING_MAX);
        thread::Builder::new()
            .name("studio-starter".to_owned())
            .spawn(move || start_all(&waiting, on_start))?;
        Ok(Self { starts })
    }

    /// Starts a thread, and waits until it is.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(crate) fn start(
        &self,
        name: String,
        run: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        let (reply, started) = bounded(1);
        let run = Box::new(run);
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        let start = Start { name, run, reply };
        self.starts.send(start).map_err(|_| gone())?;
        started.recv().map_err(|_| gone())?
    }
}

fn start_all(starts: &Receiver<Start>, on_start: Option<fn()>) {
    for Start { name, run, reply } in starts {
        let started = thread::Builder::new().name(name).spawn(move || {
            if let Some(on_start) = on_start {
                on_start();
            }
            run();
        });
        // Whoever asked waits for it.
        let _ = reply.send(started.map(drop));
    }
}
