//! Where the listening port's certificate comes from: files, or one made on the spot for trying things out.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use stentor_edge::Tls;
use stentor_edge::accept::tls::TlsError;

use crate::config::Config;

/// The TLS side of the listening port; `None` where it speaks plain HTTP.
///
/// # Errors
/// The operator's: a file that is missing, is not PEM, or a key that does not belong to the certificate.
pub(crate) fn of(config: &Config) -> Result<Option<Tls>, CertificateError> {
    let Some((chain, key)) = pem(config)? else {
        return Ok(None);
    };
    Tls::from_pem(&chain, &key)
        .map(Some)
        .map_err(CertificateError::Tls)
}

/// Reads the certificate again, for new connections; those that are open keep theirs.
///
/// # Errors
/// As [`of`]; the certificate in use stays.
pub(crate) fn renew(config: &Config, tls: &Tls) -> Result<(), CertificateError> {
    match pem(config)? {
        Some((chain, key)) => tls.reload(&chain, &key).map_err(CertificateError::Tls),
        None => Ok(()),
    }
}

/// A certificate chain and its key, as PEM.
type Pem = (Vec<u8>, Vec<u8>);

fn pem(config: &Config) -> Result<Option<Pem>, CertificateError> {
    match (&config.tls_cert, &config.tls_key) {
        (Some(cert), Some(key)) => Ok(Some((read(cert)?, read(key)?))),
        _ if config.dev_tls => self_signed(&config.reachable_ips()).map(Some),
        _ => Ok(None),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CertificateError> {
    fs::read(path).map_err(|source| CertificateError::File {
        path: path.to_owned(),
        source,
    })
}

fn self_signed(ips: &[IpAddr]) -> Result<Pem, CertificateError> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    names.extend(
        ips.iter()
            .filter(|ip| !ip.is_loopback())
            .map(IpAddr::to_string),
    );
    let made = rcgen::generate_simple_self_signed(names).map_err(CertificateError::SelfSigned)?;
    Ok((
        made.cert.pem().into_bytes(),
        made.signing_key.serialize_pem().into_bytes(),
    ))
}

/// What the operator has to mend about certificates.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateError {
    /// A file cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The files are no certificate and key that belong together.
    #[error(transparent)]
    Tls(TlsError),
    /// The certificate for `dev_tls` could not be made.
    #[error("the certificate for dev_tls could not be made: {0}")]
    SelfSigned(rcgen::Error),
}
