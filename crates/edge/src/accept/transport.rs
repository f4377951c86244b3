//! A connection as its protocol sees it: plain or TLS.

use rustls::ServerConnection;
use tokio::net::TcpStream;

use super::counted::CountedTcp;
use super::tls_stream::TlsStream;
use crate::gate::{Outcome, Permit};

/// See the module.
pub(super) enum Transport {
    Plain(CountedTcp),
    Tls(Box<TlsStream>),
}

impl Transport {
    pub(super) fn new(counted: CountedTcp, tls: Option<Box<ServerConnection>>) -> Self {
        match tls {
            None => Self::Plain(counted),
            Some(session) => Self::Tls(Box::new(TlsStream::new(counted, session))),
        }
    }

    /// To be called before the connection is served here.
    ///
    /// # Errors
    /// The outcome, where there is no room for that.
    pub(super) fn admit_to_serve(&mut self) -> Result<(), Outcome> {
        match self {
            Self::Plain(counted) => counted.admit_to_serve(false),
            Self::Tls(tls) => tls.counted_mut().admit_to_serve(true),
        }
    }

    pub(super) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(counted) => counted.tcp(),
            Self::Tls(tls) => tls.counted().tcp(),
        }
    }

    /// What a shard needs: the socket (whose drop closes this descriptor only), its permit, and its TLS session.
    pub(super) fn into_parts(self) -> (CountedTcp, Option<Permit>, Option<Box<ServerConnection>>) {
        let (mut counted, tls) = match self {
            Self::Plain(counted) => (counted, None),
            Self::Tls(tls) => {
                let (counted, session) = tls.into_inner();
                (counted, Some(session))
            }
        };
        let permit = counted.take_permit();
        (counted, permit, tls)
    }
}
