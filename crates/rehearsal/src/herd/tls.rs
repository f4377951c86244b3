//! A listener over TLS: handshakes that wait for no one, and the stream read through them.
//!
//! Any certificate and any signature is taken: a herd tests a server, it tells it no secret and trusts nothing it says. A
//! server under test mostly has a certificate of its own making, and what is not verified costs the crowd's processor
//! nothing. Unless it is asked to resume, each listener makes a full handshake, as people do who have never been there.

use std::io::{self, ErrorKind, Read, Write};
use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, HandshakeKind, SignatureScheme,
};

use super::run::RunConfigError;

/// Reads that a handshake may take. Beyond: it has failed. A server's flight of 4 kB takes two.
pub const HANDSHAKE_READS_MAX: u32 = 64;

/// Bytes a session holds that the socket has not taken, beyond its handshake: a request is a tenth of it.
pub const UNSENT_BYTES_MAX: usize = 4 * 1024;

/// Sessions kept for those who come after, with resumption. More push out the oldest.
pub const SESSIONS_KEPT_MAX: usize = 1_024;

/// What all listeners of a run have in common.
pub(crate) struct TlsClient {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl TlsClient {
    /// For the server that requests call `host`, with or without a port.
    pub(crate) fn new(host: &str, resume: bool) -> Result<Self, RunConfigError> {
        let unusable = || RunConfigError::ServerName {
            got: host.to_owned(),
        };
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("the provider is made for the default versions")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(
                provider
                    .signature_verification_algorithms
                    .supported_schemes(),
            )))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.resumption = if resume {
            Resumption::in_memory_sessions(SESSIONS_KEPT_MAX)
        } else {
            Resumption::disabled()
        };
        Ok(Self {
            config: Arc::new(config),
            name: ServerName::try_from(without_port(host).to_owned()).map_err(|_| unusable())?,
        })
    }

    /// A new connection that has sent nothing yet.
    pub(crate) fn connection(&self) -> Result<ClientConnection, rustls::Error> {
        let mut connection = ClientConnection::new(Arc::clone(&self.config), self.name.clone())?;
        connection.set_buffer_limit(Some(UNSENT_BYTES_MAX));
        Ok(connection)
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // An IPv6 address without a port has colons of its own.
        Some((name, _)) if host.parse::<IpAddr>().is_err() => {
            name.trim_start_matches('[').trim_end_matches(']')
        }
        _ => host,
    }
}

/// How far a handshake is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handshake {
    /// There is no connection to make it on yet.
    Unconnected,
    /// It is the server's turn.
    Begun,
    Done {
        resumed: bool,
    },
}

/// One listener's TLS. It holds the rest of a record that is not whole, at most 16 KiB, and 4 KiB to read into.
pub(crate) struct TlsSession {
    tls: ClientConnection,
    begun_handshake: bool,
    reads: u32,
}

impl TlsSession {
    pub(crate) const fn new(connection: ClientConnection) -> Self {
        Self {
            tls: connection,
            begun_handshake: false,
            reads: 0,
        }
    }

    /// Goes on with the handshake as far as the socket lets it.
    pub(crate) fn handshake(&mut self, socket: &mut (impl Read + Write)) -> io::Result<Handshake> {
        while self.tls.is_handshaking() {
            match self.handshake_once(socket) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if waits(&error) && self.begun_handshake => return Ok(Handshake::Begun),
                Err(error) if waits(&error) => return Ok(Handshake::Unconnected),
                Err(error) => return Err(error),
            }
        }
        let resumed = self.tls.handshake_kind() == Some(HandshakeKind::Resumed);
        Ok(Handshake::Done { resumed })
    }

    fn handshake_once(&mut self, socket: &mut (impl Read + Write)) -> io::Result<()> {
        if self.tls.wants_write() {
            self.tls.write_tls(socket)?;
            self.begun_handshake = true;
            return Ok(());
        }
        if self.reads >= HANDSHAKE_READS_MAX {
            let words = format!("the handshake took more than {HANDSHAKE_READS_MAX} reads");
            return Err(io::Error::other(words));
        }
        self.reads += 1;
        if self.tls.read_tls(socket)? == 0 {
            return Err(io::Error::other("the server closed the connection"));
        }
        if let Err(error) = self.tls.process_new_packets() {
            // An alert says why; if it does not fit into the socket, the end of the connection says it too.
            let _ = self.tls.write_tls(socket);
            return Err(io::Error::other(error));
        }
        Ok(())
    }

    /// Whether the ClientHello is out: what fails from here on is the handshake, not the connection.
    pub(crate) const fn has_begun_handshake(&self) -> bool {
        self.begun_handshake
    }

    /// Encrypts and sends. What the socket does not take at once is an error: a request fits into any empty one.
    pub(crate) fn send(&mut self, socket: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
        self.tls.writer().write_all(bytes)?;
        while self.tls.wants_write() {
            self.tls.write_tls(socket)?;
        }
        Ok(())
    }

    /// Reads into `buffer`, which must be larger than a record. Gives the bytes, none at the end of the stream, and whether
    /// nothing is left to read.
    pub(crate) fn read(
        &mut self,
        socket: &mut (impl Read + Write),
        buffer: &mut [u8],
    ) -> io::Result<(usize, bool)> {
        // What came along with the end of the handshake.
        let mut emptied = false;
        loop {
            match self.tls.reader().read(buffer) {
                Ok(bytes) => return Ok((bytes, emptied)),
                Err(error) if error.kind() == ErrorKind::WouldBlock && !emptied => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok((0, true)),
                Err(error) => return Err(error),
            }
            let mut tap = ShortReads {
                socket: &mut *socket,
                short: false,
            };
            let read = self.tls.read_tls(&mut tap)?;
            emptied = tap.short && read > 0;
            self.tls.process_new_packets().map_err(io::Error::other)?;
            if self.tls.wants_write() {
                // An answer to new keys, of a few bytes; what does not fit goes with the next request.
                let _ = self.tls.write_tls(socket);
            }
        }
    }
}

fn waits(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::NotConnected
    )
}

/// Notes whether a read has emptied the socket (epoll(7)), which saves asking it once more.
struct ShortReads<'a, S> {
    socket: &'a mut S,
    short: bool,
}

impl<S: Read> Read for ShortReads<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.socket.read(buffer)?;
        self.short = read < buffer.len();
        Ok(read)
    }
}

/// Takes any certificate; why is in the module's head.
#[derive(Debug)]
struct AnyCertificate(Vec<SignatureScheme>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_beside_its_port_and_without_one() {
        for (host, name) in [
            ("localhost:8443", "localhost"),
            ("example.org", "example.org"),
            ("127.0.0.1:1", "127.0.0.1"),
            ("[::1]:8443", "::1"),
            ("::1", "::1"),
        ] {
            assert_eq!(without_port(host), name);
            assert!(TlsClient::new(host, false).is_ok(), "{host}");
        }
        let refused = TlsClient::new("two words:1", false);
        assert!(matches!(refused, Err(RunConfigError::ServerName { .. })));
    }
}
