//! Tests that need a process to themselves, and crowds that live in another one: what they hold and what they lower is
//! then nobody else's.
//!
//! Both are this very binary, started again for one test by its name.

use std::ffi::OsStr;
use std::future::Future;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::str::FromStr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use socket2::{Domain, Socket, Type};

use crate::tls::client_config;

/// Set in the process that runs one test alone.
const ALONE: &str = "STENTOR_EDGE_TEST_ALONE";

/// Set in the process of a crowd: address, size, what it does.
const CROWD: &str = "STENTOR_EDGE_TEST_CROWD";

/// Descriptors of a crowd's process that are none of its sockets.
const CROWD_RESERVE: u64 = 64;

/// Threads of a crowd that only connects: a SYN that finds the backlog full is sent again after a second, which then holds
/// up one of them.
const CROWD_THREADS: usize = 16;

/// Runs `body` in a process of its own. `name` is the whole name of the test that calls this.
pub(crate) fn alone(name: &str, body: impl Future<Output = ()>) {
    alone_through(&[], name, body);
}

/// The same, started by a command that is given the program and its arguments.
pub(crate) fn alone_through(command: &[&str], name: &str, body: impl Future<Output = ()>) {
    if std::env::var_os(ALONE).is_some() {
        return tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(body);
    }
    let this = std::env::current_exe().unwrap();
    let mut line = command.iter().map(OsStr::new).chain([this.as_os_str()]);
    let alone = Command::new(line.next().unwrap())
        .args(line)
        .args(["--exact", name])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&alone.stdout);
    assert!(
        alone.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&alone.stderr)
    );
}

/// Memory of this process that is its own and in use, bytes (Linux).
pub(crate) fn resident_bytes() -> u64 {
    status_bytes("RssAnon:")
}

/// A line of `/proc/self/status` that is given in kB, as bytes.
pub(crate) fn status_bytes(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with(name)).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1024
}

/// What everybody of a crowd does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Does {
    /// Connects from one of ten networks, says nothing, and reads until it is let go.
    Connect,
    /// Connects, says nothing, and reads nothing.
    Hush,
    /// Sends one byte of a head and no more.
    Byte,
    /// Sends most of a head and no more.
    Dawdle,
    /// Sends the head of a request for a handler, and one byte of its body.
    Body,
    /// Sends the first flight of a TLS handshake, and reads nothing.
    Hello,
    /// Sends a TLS handshake's first byte and no more.
    HelloByte,
    /// Listens until the first chunk was heard, then reads nothing more.
    Listen,
    /// The same over TLS.
    ListenTls,
    /// Asks for the document `/text`, reads it, and keeps the connection.
    Ask,
}

impl FromStr for Does {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [
            Self::Connect,
            Self::Hush,
            Self::Byte,
            Self::Dawdle,
            Self::Body,
            Self::Hello,
            Self::HelloByte,
            Self::Listen,
            Self::ListenTls,
            Self::Ask,
        ];
        all.into_iter()
            .find(|does| format!("{does:?}") == text)
            .ok_or(())
    }
}

/// Connections of another process; they end with it.
pub(crate) struct Crowd {
    child: Child,
    stdin: Option<ChildStdin>,
    said: BufReader<ChildStdout>,
}

impl Crowd {
    /// So many as one process may hold; several where that is not enough.
    pub(crate) fn of(addr: SocketAddr, size: usize, does: Does) -> Vec<Self> {
        let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        let most = most.saturating_sub(CROWD_RESERVE) as usize;
        let each = size.div_ceil(size.div_ceil(most));
        (0..size)
            .step_by(each)
            .map(|from| Self::start(addr, each.min(size - from), does))
            .collect()
    }

    pub(crate) fn start(addr: SocketAddr, size: usize, does: Does) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "alone::a_crowd", "--nocapture"])
            .env(CROWD, format!("{addr} {size} {does:?}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            stdin: child.stdin.take(),
            said: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    /// What it says next, after `crowd: `.
    fn says(&mut self) -> String {
        let mut line = String::new();
        while self.said.read_line(&mut line).unwrap() > 0 {
            if let Some(at) = line.find("crowd: ") {
                return line[at..].trim_start_matches("crowd: ").trim().to_owned();
            }
            line.clear();
        }
        panic!("the crowd is gone without a word");
    }

    /// Waits until everybody has done what it does. Blocks.
    pub(crate) fn is_in(&mut self) {
        assert_eq!(self.says(), "in");
    }

    /// Of those that only connect, how many were told why they were let go and how many were not. Blocks until all were.
    pub(crate) fn let_go(&mut self) -> (usize, usize) {
        let said = self.says();
        let (told, silently) = said.split_once(' ').unwrap();
        (told.parse().unwrap(), silently.parse().unwrap())
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The other end of [`Crowd`]; in the run of all tests there is nothing for it to do.
#[test]
fn a_crowd() {
    let Ok(ask) = std::env::var(CROWD) else {
        return;
    };
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
    let mut words = ask.split(' ');
    let addr: SocketAddr = words.next().unwrap().parse().unwrap();
    let size: usize = words.next().unwrap().parse().unwrap();
    let say = |what: &str| {
        let mut out = std::io::stdout();
        out.write_all(format!("\ncrowd: {what}\n").as_bytes())
            .and_then(|()| out.flush())
            .unwrap();
    };
    match words.next().unwrap().parse().unwrap() {
        Does::Connect => {
            let held = connect_many(addr, size);
            say("in");
            let (told, silently) = read_to_the_end(held);
            say(&format!("{told} {silently}"));
        }
        does => {
            let held: Vec<_> = (0..size).map(|_| act(addr, does)).collect();
            say("in");
            // Until nobody wants it any more.
            let _ = std::io::stdin().read(&mut [0]);
            drop(held);
        }
    }
}

fn connect_many(addr: SocketAddr, size: usize) -> Vec<Socket> {
    let connecting = |from: usize| {
        thread::spawn(move || -> Vec<Socket> {
            (from..size)
                .step_by(CROWD_THREADS)
                .map(|n| {
                    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
                    let from = Ipv4Addr::new(127, 1, (n % 10) as u8, 1);
                    socket.bind(&SocketAddr::from((from, 0)).into()).unwrap();
                    socket.connect(&addr.into()).unwrap();
                    socket
                })
                .collect()
        })
    };
    let threads: Vec<_> = (0..CROWD_THREADS).map(connecting).collect();
    threads
        .into_iter()
        .flat_map(|thread| thread.join().unwrap())
        .collect()
}

fn read_to_the_end(held: Vec<Socket>) -> (usize, usize) {
    let (mut told, mut silently) = (0, 0);
    for socket in held {
        let mut said = Vec::new();
        let _ = TcpStream::from(socket).read_to_end(&mut said);
        if said.is_empty() {
            silently += 1;
        } else {
            assert!(said.starts_with(b"HTTP/1.1 503 "), "{said:?}");
            told += 1;
        }
    }
    (told, silently)
}

trait Held: Read + Write {}
impl<T: Read + Write> Held for T {}

fn act(addr: SocketAddr, does: Does) -> Box<dyn Held> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    // Small, so that the kernel cannot take for long what nobody reads.
    socket.set_recv_buffer_size(8 * 1024).unwrap();
    socket.connect(&addr.into()).unwrap();
    let mut tcp = TcpStream::from(socket);
    tcp.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let said = match does {
        Does::Hush => Some(String::new()),
        Does::Byte => Some("G".to_owned()),
        Does::HelloByte => Some("\u{16}".to_owned()),
        Does::Dawdle => {
            let field = "v".repeat(15_000);
            Some(format!("GET /x HTTP/1.1\r\nHost: x\r\nA: {field}"))
        }
        Does::Body => {
            let head = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n";
            Some(format!("{head}v"))
        }
        Does::Hello => {
            let name = ServerName::try_from("edge.test").unwrap();
            let mut session = ClientConnection::new(Arc::new(client_config(&[])), name).unwrap();
            session.write_tls(&mut tcp).unwrap();
            Some(String::new())
        }
        _ => None,
    };
    if let Some(said) = said {
        tcp.write_all(said.as_bytes()).unwrap();
        return Box::new(tcp);
    }
    let mut io: Box<dyn Held> = if does == Does::ListenTls {
        let name = ServerName::try_from("edge.test").unwrap();
        let session = ClientConnection::new(Arc::new(client_config(&[])), name).unwrap();
        Box::new(StreamOwned::new(session, tcp))
    } else {
        Box::new(tcp)
    };
    let (path, until) = if does == Does::Ask {
        ("/text", "text")
    } else {
        ("/e/demo/48/live.mp4", "<0>\r\n")
    };
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    io.write_all(request.as_bytes()).unwrap();
    let mut heard = Vec::new();
    // Behind the head, which may say the same word.
    while !(heard.ends_with(until.as_bytes()) && heard.windows(4).any(|w| w == b"\r\n\r\n")) {
        let mut space = [0; 4096];
        let n = io.read(&mut space).unwrap();
        assert!(n > 0, "cut after {:?}", String::from_utf8_lossy(&heard));
        heard.extend_from_slice(&space[..n]);
        assert!(heard.starts_with(b"HTTP/1.1 200 "), "{heard:?}");
    }
    io
}
