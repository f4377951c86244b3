//! A connection to the server, protected as it must be.
//!
//! TLS is done here and not by the library that speaks SMTP, because replies are made readable above TLS and below that.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use lettre::transport::smtp::client::AsyncTokioStream;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::reply_lines::{REPLY_LINE_BYTES_MAX, ReplyLines, text};
use super::server::{Security, SmtpServer};
use crate::mail::error::MailSetupError;

/// Lines of one reply; a server that says more says nothing.
const REPLY_LINES_MAX: usize = 100;

/// Whom a connection over TLS trusts.
pub type TlsTrust = Arc<ClientConfig>;

/// How servers are known: by the certificate authorities that this machine trusts. It reads files: not for an event loop.
///
/// # Errors
/// The operator's: the machine knows none.
pub fn system_tls() -> Result<TlsTrust, MailSetupError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    let none = |why: String| MailSetupError::NoAuthorities { why };
    if added == 0 {
        let why = found.errors.first().map(ToString::to_string);
        return Err(none(why.unwrap_or_else(|| "none were found".to_owned())));
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(|error| none(error.to_string()))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| none(error.to_string()))?
        .with_webpki_verifier(verifier)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Why there is no connection, in words.
pub(super) type Why = String;

/// Connects, and gives a stream on which the server's greeting comes first.
pub(super) async fn dial(
    server: &SmtpServer,
    tls: Option<&Arc<ClientConfig>>,
    hello: &str,
) -> Result<Box<dyn AsyncTokioStream>, Why> {
    let connected = timeout(server.timeouts.connect, connect(server)).await;
    let (mut tcp, peer) =
        connected.map_err(|_| late(server, "to be connected", server.timeouts.connect))??;
    let (connector, heard) = match (server.security, tls) {
        (Security::None, _) => return Ok(Box::new(ReplyLines::new(tcp, peer, Vec::new()))),
        (Security::Tls, Some(tls)) => (TlsConnector::from(Arc::clone(tls)), Vec::new()),
        (Security::StartTls, Some(tls)) => {
            let greeting = start_tls(server, &mut tcp, hello).await?;
            (TlsConnector::from(Arc::clone(tls)), greeting)
        }
        (_, None) => {
            return Err("it is to be protected, and nothing is known of whom to trust".to_owned());
        }
    };
    let name = ServerName::try_from(server.host.clone()).map_err(|error| error.to_string())?;
    let shaken = timeout(server.timeouts.connect, connector.connect(name, tcp)).await;
    let stream = shaken
        .map_err(|_| late(server, "for TLS", server.timeouts.connect))?
        .map_err(|error| format!("no TLS with {}: {error}", server.host))?;
    Ok(Box::new(ReplyLines::new(stream, peer, heard)))
}

async fn connect(server: &SmtpServer) -> Result<(TcpStream, SocketAddr), Why> {
    let SmtpServer { host, port, .. } = server;
    let told = |error: std::io::Error| format!("no connection to {host} port {port}: {error}");
    let tcp = TcpStream::connect((host.as_str(), *port))
        .await
        .map_err(told)?;
    let peer = tcp.peer_addr().map_err(told)?;
    Ok((tcp, peer))
}

fn late(server: &SmtpServer, what: &str, within: std::time::Duration) -> Why {
    format!(
        "{} port {} took longer than {} s {what}",
        server.host,
        server.port,
        within.as_secs_f32()
    )
}

/// Speaks until TLS may begin (RFC 3207); the greeting, for who goes on.
async fn start_tls(server: &SmtpServer, tcp: &mut TcpStream, hello: &str) -> Result<Vec<u8>, Why> {
    let mut plain = Plain { server, tcp };
    let greeting = plain.reply().await?;
    greeting.expect("220", "greets")?;
    plain.say(&format!("EHLO {hello}\r\n")).await?;
    let offers = plain.reply().await?;
    offers.expect("250", "answers EHLO")?;
    let is_offered = |line: &String| {
        let word = line.get(4..).unwrap_or_default().trim();
        word.eq_ignore_ascii_case("STARTTLS")
    };
    if !offers.lines.iter().any(is_offered) {
        return Err(format!(
            "{} port {} offers no STARTTLS, and nothing is sent unprotected: write smtps:// where it speaks TLS from the first byte",
            server.host, server.port
        ));
    }
    plain.say("STARTTLS\r\n").await?;
    plain.reply().await?.expect("220", "answers STARTTLS")?;
    Ok(format!("{greeting}\r\n").into_bytes())
}

/// The part of a dialog that nothing protects.
struct Plain<'a> {
    server: &'a SmtpServer,
    tcp: &'a mut TcpStream,
}

impl Plain<'_> {
    async fn say(&mut self, command: &str) -> Result<(), Why> {
        let said = self.tcp.write_all(command.as_bytes()).await;
        said.map_err(|error| format!("the connection to {} broke: {error}", self.server.host))
    }

    async fn reply(&mut self) -> Result<Reply, Why> {
        let within = self.server.timeouts.reply;
        let reply = timeout(within, self.lines()).await;
        reply.map_err(|_| late(self.server, "to reply", within))?
    }

    async fn lines(&mut self) -> Result<Reply, Why> {
        let mut lines = Vec::new();
        while lines.len() < REPLY_LINES_MAX {
            let line = self.line().await?;
            let is_last = line.as_bytes().get(3) != Some(&b'-');
            lines.push(line);
            if is_last {
                return Ok(Reply { lines });
            }
        }
        Err(format!(
            "a reply of {} has more than {REPLY_LINES_MAX} lines",
            self.server.host
        ))
    }

    /// Byte by byte: what comes behind the line belongs to TLS, and must not be read here. (Nor may somebody on the way put anything between
    /// the two: RFC 3207 section 5.)
    async fn line(&mut self) -> Result<String, Why> {
        let mut line = Vec::new();
        while line.len() <= REPLY_LINE_BYTES_MAX {
            let byte = self.tcp.read_u8().await;
            let byte = byte.map_err(|error| {
                format!("the connection to {} broke: {error}", self.server.host)
            })?;
            if byte == b'\n' {
                return Ok(text(&line).trim_end().to_owned());
            }
            line.push(byte);
        }
        Err(format!(
            "a line of a reply has more than {REPLY_LINE_BYTES_MAX} bytes"
        ))
    }
}

/// What the server said.
struct Reply {
    lines: Vec<String>,
}

impl Reply {
    fn expect(&self, code: &str, what: &str) -> Result<(), Why> {
        let is_so = self.lines.iter().all(|line| line.starts_with(code));
        is_so
            .then_some(())
            .ok_or_else(|| format!("the server {what} with \"{self}\""))
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines.join("\r\n"))
    }
}
