//! What the system tells the process: to leave, or to read its configuration again.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Why the server is to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShutdownReason {
    /// SIGTERM: listeners are given time to go elsewhere.
    Terminate,
    /// SIGINT, Ctrl-C: at once.
    Interrupt,
}

impl ShutdownReason {
    /// The signal's name.
    pub(crate) const fn signal(self) -> &'static str {
        match self {
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
        }
    }
}

/// One signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProcessSignal {
    /// The server is to leave.
    Shutdown(ShutdownReason),
    /// SIGHUP: the configuration is to be read again.
    Reload,
    /// One that means something to other servers, and would end this one if nobody listened for it; its name.
    Unknown(&'static str),
}

/// The signals this process listens for; one the system does not give never comes.
pub(crate) struct Signals {
    terminate: Option<Signal>,
    interrupt: Option<Signal>,
    hangup: Option<Signal>,
    user: [Option<Signal>; 2],
}

impl Signals {
    /// From now on these signals no longer end the process by themselves.
    pub(crate) fn listen() -> Self {
        Self {
            terminate: signal(SignalKind::terminate()).ok(),
            interrupt: signal(SignalKind::interrupt()).ok(),
            hangup: signal(SignalKind::hangup()).ok(),
            user: [SignalKind::user_defined1(), SignalKind::user_defined2()]
                .map(|kind| signal(kind).ok()),
        }
    }

    /// The next one. Cancelling loses none.
    pub(crate) async fn next(&mut self) -> ProcessSignal {
        let [user1, user2] = &mut self.user;
        tokio::select! {
            () = received(user1) => ProcessSignal::Unknown("SIGUSR1"),
            () = received(user2) => ProcessSignal::Unknown("SIGUSR2"),
            () = received(&mut self.interrupt) => ProcessSignal::Shutdown(ShutdownReason::Interrupt),
            () = received(&mut self.terminate) => ProcessSignal::Shutdown(ShutdownReason::Terminate),
            () = received(&mut self.hangup) => ProcessSignal::Reload,
        }
    }

    /// The next one that tells the server to leave.
    pub(crate) async fn shutdown(&mut self) -> ShutdownReason {
        loop {
            if let ProcessSignal::Shutdown(reason) = self.next().await {
                return reason;
            }
        }
    }
}

async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}
