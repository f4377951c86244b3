//! Certificates: read from PEM, replaced while running. New connections get the new one; open ones keep theirs.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::server::NoServerSessionStorage;

/// Why a certificate cannot be used. The operator's fault.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate file is not PEM, or holds no certificate.
    #[error("the certificate file {}", certificate_fault(source.as_ref()))]
    Certificate {
        /// What the reader says; `None` when it read well and there was no certificate.
        source: Option<pem::Error>,
    },
    /// The key file is not PEM, or holds no private key.
    #[error("the key file holds no usable PEM private key: {source}")]
    Key {
        /// What the reader says.
        source: pem::Error,
    },
    /// Certificate and key do not belong together, or are of a kind that is not supported.
    #[error("the certificate and the key cannot be used together: {source}")]
    Unusable {
        /// What the TLS library says.
        source: rustls::Error,
    },
}

fn certificate_fault(source: Option<&pem::Error>) -> String {
    match source {
        Some(error) => format!("cannot be read as PEM: {error}"),
        None => "holds no PEM certificate".to_owned(),
    }
}

/// The TLS side of a port. A cheap handle: clones share the certificate.
#[derive(Clone, Debug)]
pub struct Tls {
    current: Arc<RwLock<Arc<ServerConfig>>>,
}

impl Tls {
    /// From a certificate chain and a private key, both in PEM.
    ///
    /// # Errors
    /// When either cannot be read or they do not belong together.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        Ok(Self::from_config(Arc::new(config(chain, key)?)))
    }

    /// From a configuration made elsewhere; it should offer `http/1.1` by ALPN.
    #[must_use]
    pub fn from_config(config: Arc<ServerConfig>) -> Self {
        Self {
            current: Arc::new(RwLock::new(config)),
        }
    }

    /// Uses another certificate for connections from now on.
    ///
    /// # Errors
    /// As [`Self::from_pem`]; the one in use stays.
    pub fn reload(&self, chain: &[u8], key: &[u8]) -> Result<(), TlsError> {
        let config = Arc::new(config(chain, key)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    pub(super) fn current(&self) -> Arc<ServerConfig> {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn config(chain: &[u8], key: &[u8]) -> Result<ServerConfig, TlsError> {
    let chain = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| TlsError::Certificate { source: Some(e) })?;
    if chain.is_empty() {
        return Err(TlsError::Certificate { source: None });
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|source| TlsError::Key { source })?;
    let unusable = |source| TlsError::Unusable { source };
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(unusable)?;
    // In the order in which we prefer them (RFC 7301 section 3.2).
    config.alpn_protocols = vec![b"http/1.1".to_vec(), b"http/1.0".to_vec()];
    // A crowd that reconnects resumes its sessions by tickets: no full handshake, and nothing kept here.
    config.ticketer = aws_lc_rs::Ticketer::new().map_err(unusable)?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    #[test]
    fn a_wrong_file_is_named_and_the_certificate_in_use_stays() {
        let (chain, key) = pair();
        let (_, other_key) = pair();
        let tls = Tls::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
        let before = tls.current();
        let says = |chain: &str, key: &str| {
            tls.reload(chain.as_bytes(), key.as_bytes())
                .err()
                .unwrap()
                .to_string()
        };
        assert!(says("", &key).contains("certificate file"));
        assert!(says(&chain, "nothing").contains("key file"));
        assert!(says(&chain, &other_key).contains("together"));
        assert!(Arc::ptr_eq(&before, &tls.current()));
        tls.reload(chain.as_bytes(), key.as_bytes()).unwrap();
        assert!(!Arc::ptr_eq(&before, &tls.current()));
    }
}
