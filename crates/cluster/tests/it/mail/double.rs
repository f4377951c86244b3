//! A mail server that says and does what a test wants.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use stentor_cluster::mail::{
    BackOff, Login, Security, Sender, SmtpMailer, SmtpServer, SmtpTimeouts,
};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What it does at a command.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Does {
    /// Says this, which may be no text.
    Says(&'static [u8]),
    /// Says this, and closes the connection.
    SaysAndCloses(&'static [u8]),
    /// Says nothing, and keeps the connection.
    Hangs,
    /// Closes the connection.
    Closes,
    /// Says one line that never ends.
    Drivels,
}

/// Rules: at a command that begins so (`220` is the greeting, `.` the end of a message) it does that; the first that fits counts.
pub(crate) type Rules = &'static [(&'static str, Does)];

/// What it has seen.
#[derive(Clone, Default, Debug)]
pub(crate) struct Seen {
    pub(crate) connections: usize,
    pub(crate) commands: Vec<String>,
    pub(crate) messages: Vec<String>,
}

/// The server.
pub(crate) struct Double {
    pub(crate) addr: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    rules: Arc<Mutex<Rules>>,
}

#[derive(Clone)]
struct Scene {
    seen: Arc<Mutex<Seen>>,
    rules: Arc<Mutex<Rules>>,
    tls: Option<Arc<ServerConfig>>,
    from_first_byte: bool,
}

impl Double {
    pub(crate) async fn start(rules: Rules) -> Self {
        Self::start_with(rules, None, false).await
    }

    /// With TLS, from the first byte or after `STARTTLS`.
    pub(crate) async fn start_with(
        rules: Rules,
        tls: Option<Arc<ServerConfig>>,
        from_first_byte: bool,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let addr = listener.local_addr().expect("it is bound");
        Self::serve(listener, addr, rules, tls, from_first_byte)
    }

    /// At an address that was free a moment ago.
    pub(crate) async fn start_at(addr: SocketAddr, rules: Rules) -> Self {
        let listener = TcpListener::bind(addr).await.expect("the port is free");
        Self::serve(listener, addr, rules, None, false)
    }

    fn serve(
        listener: TcpListener,
        addr: SocketAddr,
        rules: Rules,
        tls: Option<Arc<ServerConfig>>,
        from_first_byte: bool,
    ) -> Self {
        let scene = Scene {
            seen: Arc::default(),
            rules: Arc::new(Mutex::new(rules)),
            tls,
            from_first_byte,
        };
        let (seen, rules) = (Arc::clone(&scene.seen), Arc::clone(&scene.rules));
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                scene.seen.lock().unwrap().connections += 1;
                // Whatever breaks is the other side's to notice.
                tokio::spawn(scene.clone().connection(tcp));
            }
        });
        Self { addr, seen, rules }
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn follow(&self, rules: Rules) {
        *self.rules.lock().unwrap() = rules;
    }

    /// A way to send to it that does not wait long.
    pub(crate) fn mailer(&self) -> SmtpMailer {
        mailer(settings(self.addr))
    }
}

/// How it is reached, by someone who does not wait long.
pub(crate) fn settings(addr: SocketAddr) -> SmtpServer {
    let short = Duration::from_millis(300);
    SmtpServer {
        host: addr.ip().to_string(),
        port: addr.port(),
        security: Security::None,
        login: None,
        timeouts: SmtpTimeouts {
            connect: short,
            reply: short,
            take: short,
            idle: Duration::from_secs(10),
        },
        back_off: BackOff {
            first: Duration::from_secs(60),
            longest: Duration::from_secs(60),
        },
    }
}

pub(crate) fn login() -> Login {
    Login {
        user: "stentor".to_owned(),
        password: "troy-horse".to_owned(),
    }
}

pub(crate) fn sender() -> Sender {
    Sender::parse("Talks <noreply@example.org>").expect("an address")
}

pub(crate) fn mailer(server: SmtpServer) -> SmtpMailer {
    SmtpMailer::start(server, None, sender()).expect("it starts")
}

impl Scene {
    async fn connection(self, tcp: TcpStream) -> std::io::Result<()> {
        match &self.tls {
            Some(tls) if self.from_first_byte => {
                let stream = TlsAcceptor::from(Arc::clone(tls)).accept(tcp).await?;
                self.talk(&mut BufReader::new(stream), true, false)
                    .await
                    .map(drop)
            }
            Some(tls) => {
                let mut plain = BufReader::new(tcp);
                if self.talk(&mut plain, true, true).await? {
                    let stream = TlsAcceptor::from(Arc::clone(tls))
                        .accept(plain.into_inner())
                        .await?;
                    self.talk(&mut BufReader::new(stream), false, false).await?;
                }
                Ok(())
            }
            None => self
                .talk(&mut BufReader::new(tcp), true, false)
                .await
                .map(drop),
        }
    }

    /// Whether TLS is to begin.
    async fn talk<S>(
        &self,
        stream: &mut BufReader<S>,
        greets: bool,
        offers_tls: bool,
    ) -> std::io::Result<bool>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if greets && !self.act(stream, "220", b"220 double\r\n").await? {
            return Ok(false);
        }
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(false);
            }
            let line = line.trim_end().to_owned();
            let verb = line
                .split([' ', ':'])
                .next()
                .unwrap_or_default()
                .to_uppercase();
            self.seen.lock().unwrap().commands.push(line);
            let answer: &[u8] = match verb.as_str() {
                "EHLO" if offers_tls => b"250-double\r\n250-STARTTLS\r\n250 8BITMIME\r\n",
                "EHLO" => b"250-double\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n",
                "STARTTLS" => b"220 go ahead\r\n",
                "AUTH" => b"235 welcome\r\n",
                "DATA" => b"354 go ahead\r\n",
                "QUIT" => b"221 bye\r\n",
                _ => b"250 ok\r\n",
            };
            if !self.act(stream, &verb, answer).await? {
                return Ok(false);
            }
            match verb.as_str() {
                "STARTTLS" => return Ok(true),
                "QUIT" => return Ok(false),
                "DATA" if self.rule("DATA").is_none() => {
                    self.take(stream).await?;
                    if !self.act(stream, ".", b"250 taken\r\n").await? {
                        return Ok(false);
                    }
                }
                _ => {}
            }
        }
    }

    /// Reads a message up to its dot, and takes off the dots that were put before others.
    async fn take<S: AsyncRead + Unpin>(&self, stream: &mut BufReader<S>) -> std::io::Result<()> {
        let mut message = String::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 || line == ".\r\n" {
                break;
            }
            message.push_str(line.strip_prefix('.').unwrap_or(&line));
        }
        self.seen.lock().unwrap().messages.push(message);
        Ok(())
    }

    fn rule(&self, verb: &str) -> Option<Does> {
        let rules = *self.rules.lock().unwrap();
        rules
            .iter()
            .find(|(at, _)| *at == verb)
            .map(|(_, does)| *does)
    }

    /// Whether the connection goes on.
    async fn act<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
        verb: &str,
        answer: &[u8],
    ) -> std::io::Result<bool> {
        match self.rule(verb) {
            None => stream.write_all(answer).await?,
            Some(Does::Says(said)) => stream.write_all(said).await?,
            Some(Does::Closes) => return Ok(false),
            Some(Does::SaysAndCloses(said)) => {
                stream.write_all(said).await?;
                stream.flush().await?;
                return Ok(false);
            }
            Some(Does::Hangs) => {
                let mut rest = Vec::new();
                stream.read_to_end(&mut rest).await?;
                return Ok(false);
            }
            Some(Does::Drivels) => loop {
                stream.write_all(&[b'2'; 512]).await?;
            },
        }
        stream.flush().await?;
        Ok(true)
    }
}
