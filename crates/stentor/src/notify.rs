//! What systemd is told (sd_notify(3)): that the server is ready, that it reads its configuration again, that it leaves, and that it lives.
//!
//! The protocol is a datagram of `NAME=value` lines to the socket that the environment names. Nobody is told where there is none.
//! A watchdog that is told of life by a thread of its own proves nothing: this is called by whoever looks after the server.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// How often life is told where no watchdog asks for it: nobody looks.
const NEVER: Duration = Duration::from_secs(3_600);

/// Who is told, if anybody.
pub(crate) struct Notifier {
    to: Option<(UnixDatagram, SocketAddr)>,
    /// How often it is to be told that the server lives.
    pub(crate) alive_every: Duration,
}

impl Notifier {
    /// As the environment says.
    pub(crate) fn of_environment() -> Self {
        let variable = |name: &str| std::env::var_os(name);
        let own_pid = std::process::id();
        Self::new(&variable, own_pid)
    }

    fn new(variable: &dyn Fn(&str) -> Option<OsString>, own_pid: u32) -> Self {
        let to = variable("NOTIFY_SOCKET").and_then(|name| match socket(&name) {
            Ok(to) => Some(to),
            Err(error) => {
                tracing::warn!(%error, "systemd cannot be told that the server is ready: NOTIFY_SOCKET names no socket");
                None
            }
        });
        let number = |name: &str| variable(name)?.to_str()?.parse::<u64>().ok();
        let is_ours = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(own_pid));
        let watchdog = number("WATCHDOG_USEC").filter(|us| *us > 0 && is_ours && to.is_some());
        Self {
            to,
            // Half of it, as sd_watchdog_enabled(3) advises.
            alive_every: watchdog.map_or(NEVER, |us| {
                Duration::from_micros(us / 2).max(Duration::from_millis(10))
            }),
        }
    }

    /// Everything is served.
    pub(crate) fn ready(&self, status: &str) {
        self.tell(&format!(
            "READY=1\nSTATUS={status}\nMAINPID={}\n",
            std::process::id()
        ));
    }

    /// The configuration is read again; [`Self::ready`] ends it.
    pub(crate) fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let us = now.tv_sec * 1_000_000 + now.tv_nsec / 1_000;
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={us}\n"));
    }

    /// The server leaves, and may take so long for it.
    pub(crate) fn stopping(&self, within: Duration) {
        self.tell(&format!(
            "STOPPING=1\nEXTEND_TIMEOUT_USEC={}\n",
            within.as_micros()
        ));
    }

    /// It lives.
    pub(crate) fn alive(&self) {
        self.tell("WATCHDOG=1\n");
    }

    fn tell(&self, lines: &str) {
        if let Some((socket, to)) = &self.to
            && let Err(error) = socket.send_to_addr(lines.as_bytes(), to)
        {
            tracing::debug!(%error, "systemd was not told");
        }
    }
}

/// A path, or a name of the abstract namespace behind an `@`.
fn socket(name: &OsStr) -> io::Result<(UnixDatagram, SocketAddr)> {
    let to = match name.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        [b'/', ..] => SocketAddr::from_pathname(name)?,
        _ => return Err(io::Error::other("neither a path nor a name behind an @")),
    };
    let socket = UnixDatagram::unbound()?;
    // A manager that does not read must not hold up the server.
    socket.set_nonblocking(true)?;
    Ok((socket, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notifier(variables: &[(&str, &str)]) -> Notifier {
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let find = move |name: &str| {
            let found = variables.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        Notifier::new(&find, 7)
    }

    fn told(manager: &UnixDatagram) -> String {
        let mut bytes = [0; 512];
        let read = manager.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..read].to_vec()).unwrap()
    }

    #[test]
    fn the_manager_is_told_in_its_protocol() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let notifier = notifier(&[("NOTIFY_SOCKET", path.to_str().unwrap())]);
        notifier.ready("2 events");
        assert_eq!(
            told(&manager),
            format!("READY=1\nSTATUS=2 events\nMAINPID={}\n", std::process::id())
        );
        notifier.reloading();
        assert!(told(&manager).starts_with("RELOADING=1\nMONOTONIC_USEC="));
        notifier.alive();
        assert_eq!(told(&manager), "WATCHDOG=1\n");
        notifier.stopping(Duration::from_secs(40));
        assert_eq!(told(&manager), "STOPPING=1\nEXTEND_TIMEOUT_USEC=40000000\n");
    }

    #[test]
    fn a_name_of_the_abstract_namespace_is_taken() {
        let name = format!("stentor-test-{}", std::process::id());
        let manager =
            UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        notifier(&[("NOTIFY_SOCKET", &format!("@{name}"))]).alive();
        assert_eq!(told(&manager), "WATCHDOG=1\n");
    }

    #[test]
    fn life_is_told_twice_in_the_time_of_the_watchdog_if_it_is_ours() {
        let at = |variables: &[(&str, &str)]| {
            let with_socket = [&[("NOTIFY_SOCKET", "@x")], variables].concat();
            notifier(&with_socket).alive_every
        };
        assert_eq!(
            at(&[("WATCHDOG_USEC", "30000000")]),
            Duration::from_secs(15)
        );
        assert_eq!(
            at(&[("WATCHDOG_USEC", "30000000"), ("WATCHDOG_PID", "7")]),
            Duration::from_secs(15)
        );
        for other in [
            &[("WATCHDOG_USEC", "30000000"), ("WATCHDOG_PID", "8")][..],
            &[("WATCHDOG_USEC", "0")],
            &[("WATCHDOG_USEC", "soon")],
            &[],
        ] {
            assert_eq!(at(other), NEVER);
        }
        assert_eq!(
            notifier(&[("WATCHDOG_USEC", "30000000")]).alive_every,
            NEVER
        );
    }

    #[test]
    fn without_a_manager_nobody_is_told() {
        for name in ["", "x", "relative/path"] {
            let notifier = notifier(&[("NOTIFY_SOCKET", name)]);
            assert!(notifier.to.is_none(), "{name}");
            notifier.ready("");
        }
    }
}
