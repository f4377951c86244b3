//! Where the listening port's certificate comes from: files, or one made on the spot for trying things out.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use stentor_edge::Tls;
use stentor_edge::accept::tls::TlsError;

use crate::certificate::{Certificate, holds_key};
use crate::config::Config;

/// The TLS side of the listening port; `None` where it speaks plain HTTP.
///
/// # Errors
/// The operator's: a file that is missing, is not PEM, or a key that does not belong to the certificate.
pub(crate) fn of(config: &Config) -> Result<Option<Tls>, CertificateError> {
    let Some(pem) = Pem::of(config)? else {
        return Ok(None);
    };
    Tls::from_pem(&pem.chain, &pem.key)
        .map(Some)
        .map_err(|source| pem.fault(source))
}

/// Reads the certificate again, for new connections; those that are open keep theirs.
///
/// # Errors
/// As [`of`]; the certificate in use stays.
pub(crate) fn renew(config: &Config, tls: &Tls) -> Result<(), CertificateError> {
    match Pem::of(config)? {
        Some(pem) => tls
            .reload(&pem.chain, &pem.key)
            .map_err(|source| pem.fault(source)),
        None => Ok(()),
    }
}

/// Whether browsers take the certificate files by their dates.
///
/// # Errors
/// The operator's: it has ended, or does not hold yet.
pub(crate) fn must_be_current(config: &Config, now_unix_ms: i64) -> Result<(), CertificateError> {
    let (Some(file), Some(found)) = (&config.tls_cert, certificate(config)) else {
        return Ok(());
    };
    let now_s = now_unix_ms / 1000;
    let why = match (found.ends_unix_s <= now_s, found.begins_unix_s > now_s) {
        (true, _) => "has ended",
        (_, true) => "does not hold yet",
        _ => return Ok(()),
    };
    let file = file.clone();
    Err(CertificateError::OutOfDate { file, why })
}

/// What the certificate file says of itself; `None` without one, and where it cannot be read, which [`of`] tells.
pub(crate) fn certificate(config: &Config) -> Option<Certificate> {
    let chain = fs::read(config.tls_cert.as_ref()?).ok()?;
    Certificate::read(&chain)
}

/// What is to be said about the certificate files beside whether they can be served.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CertificateWarning {
    /// Browsers refuse it now.
    pub(crate) refused: bool,
    /// One sentence.
    pub(crate) said: String,
}

/// What browsers will not take of a certificate that can be served, or soon not.
pub(crate) fn warnings(config: &Config, now_unix_ms: i64) -> Vec<CertificateWarning> {
    let (Some(file), Some(certificate)) = (&config.tls_cert, certificate(config)) else {
        return Vec::new();
    };
    let (file, now_s) = (file.display(), now_unix_ms / 1000);
    let mut warnings = Vec::new();
    let mut warn = |refused, said| warnings.push(CertificateWarning { refused, said });
    if !certificate.is_for(&config.link_host()) {
        let (names, url) = (certificate.names(), config.base_url());
        let mend = match &config.public_url {
            Some(_) => "",
            None => "; public_url says what they begin with",
        };
        warn(
            true,
            format!(
                "the certificate {file} is for {names}, and links begin with {url}: browsers will refuse it{mend}"
            ),
        );
    }
    let days = (certificate.ends_unix_s - now_s).div_euclid(DAY_S);
    if certificate.ends_unix_s <= now_s {
        warn(
            true,
            format!(
                "the certificate {file} ended {} days ago: browsers refuse it",
                -days
            ),
        );
    } else if days < ENDS_SOON_DAYS {
        warn(
            false,
            format!("the certificate {file} ends in {days} days: renew it, then send SIGHUP"),
        );
    }
    if certificate.begins_unix_s > now_s {
        warn(
            true,
            format!("the certificate {file} does not hold yet: is this machine's clock right?"),
        );
    }
    warnings
}

/// Seconds of a day.
pub(crate) const DAY_S: i64 = 86_400;
/// A certificate that ends sooner is renewed late: those of Let's Encrypt are renewed 30 days before.
const ENDS_SOON_DAYS: i64 = 14;

/// A certificate chain and its key.
struct Pem {
    chain: Vec<u8>,
    key: Vec<u8>,
    /// Where they were read; `None` for what was made on the spot.
    files: Option<(PathBuf, PathBuf)>,
}

impl Pem {
    fn of(config: &Config) -> Result<Option<Self>, CertificateError> {
        match (&config.tls_cert, &config.tls_key) {
            (Some(cert), Some(key)) => Ok(Some(Self {
                chain: read("tls_cert", cert)?,
                key: read("tls_key", key)?,
                files: Some((cert.clone(), key.clone())),
            })),
            _ if config.dev_tls => self_signed(&config.reachable_ips()).map(Some),
            _ => Ok(None),
        }
    }

    /// What the TLS library says, with the names of both files and what may have happened to them.
    fn fault(&self, source: TlsError) -> CertificateError {
        let Some((cert, key)) = &self.files else {
            return CertificateError::Tls(source);
        };
        let exchanged = holds_key(&self.chain) && Certificate::read(&self.key).is_some();
        let why = match &source {
            _ if exchanged => {
                "the first holds a key and the second a certificate: exchange them".to_owned()
            }
            TlsError::Certificate { source: None } => {
                "the first holds no PEM certificate".to_owned()
            }
            TlsError::Certificate {
                source: Some(source),
            } => format!("the first cannot be read as PEM: {source}"),
            TlsError::Key { .. } if is_encrypted(&self.key) => {
                "the second is encrypted: take its password away with `openssl pkey`".to_owned()
            }
            TlsError::Key { .. } => "the second holds no PEM private key".to_owned(),
            TlsError::Unusable { source } if source.to_string().contains("KeyMismatch") => {
                "the key is of another certificate".to_owned()
            }
            TlsError::Unusable { source } => source.to_string(),
        };
        CertificateError::Pair {
            cert: cert.clone(),
            key: key.clone(),
            why,
        }
    }
}

fn is_encrypted(key: &[u8]) -> bool {
    let text = String::from_utf8_lossy(key);
    text.contains("ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED")
}

/// Bytes of a certificate chain or a key: whoever names a disk or a recording has mistyped.
const PEM_BYTES_MAX: u64 = 1024 * 1024;

fn read(key: &'static str, path: &Path) -> Result<Vec<u8>, CertificateError> {
    let fault = |why: String| CertificateError::File {
        key,
        path: path.to_owned(),
        why,
    };
    let about = fs::metadata(path).map_err(|error| fault(error.to_string()))?;
    if !about.is_file() {
        return Err(fault("it is no file".to_owned()));
    }
    if about.len() > PEM_BYTES_MAX {
        return Err(fault(format!("it has more than {PEM_BYTES_MAX} bytes")));
    }
    fs::read(path).map_err(|error| fault(error.to_string()))
}

fn self_signed(ips: &[IpAddr]) -> Result<Pem, CertificateError> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    names.extend(
        ips.iter()
            .filter(|ip| !ip.is_loopback())
            .map(IpAddr::to_string),
    );
    let made = rcgen::generate_simple_self_signed(names).map_err(CertificateError::SelfSigned)?;
    Ok(Pem {
        chain: made.cert.pem().into_bytes(),
        key: made.signing_key.serialize_pem().into_bytes(),
        files: None,
    })
}

/// What the operator has to mend about certificates.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateError {
    #[error("the certificate {} {why}", file.display())]
    OutOfDate { file: PathBuf, why: &'static str },
    /// A file cannot be read.
    #[error("{key} {} cannot be read: {why}", path.display())]
    File {
        /// The key it is named by.
        key: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The files are no certificate and key that belong together.
    #[error("tls_cert {} and tls_key {} cannot be used together: {why}", cert.display(), key.display())]
    Pair {
        /// The certificate chain.
        cert: PathBuf,
        /// The private key.
        key: PathBuf,
        /// What is wrong with them.
        why: String,
    },
    /// What was made on the spot cannot be used.
    #[error(transparent)]
    Tls(TlsError),
    /// The certificate for `dev_tls` could not be made.
    #[error("the certificate for dev_tls could not be made: {0}")]
    SelfSigned(rcgen::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn write(&self, name: &str, text: &str) -> PathBuf {
            let path = self.0.path().join(name);
            fs::write(&path, text).unwrap();
            path
        }

        fn says(&self, cert: &Path, key: &Path) -> String {
            let config = Config {
                tls_cert: Some(cert.to_owned()),
                tls_key: Some(key.to_owned()),
                ..Config::default()
            };
            let said = of(&config)
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default();
            said.replace(self.0.path().to_str().unwrap(), "")
        }
    }

    #[test]
    fn a_certificate_for_another_name_or_another_time_is_told() {
        let folder = Folder(tempfile::tempdir().unwrap());
        let mut wanted =
            rcgen::CertificateParams::new(vec!["live.example.org".to_owned()]).unwrap();
        wanted.not_before = rcgen::date_time_ymd(2026, 1, 1);
        wanted.not_after = rcgen::date_time_ymd(2026, 4, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        let cert = folder.write("cert.pem", &wanted.self_signed(&key).unwrap().pem());
        let says_of = |settings: &str, days: i64| {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("stentor.toml");
            let text = format!(
                "{settings}\ntls_cert = \"{}\"\ntls_key = \"k\"",
                cert.display()
            );
            fs::write(&file, text).unwrap();
            let config = Config::load(Some(&file), [], Vec::new()).unwrap();
            // 1 January 2026 is day 20454 since 1970.
            let warnings = warnings(&config, (20_454 + days) * DAY_S * 1000);
            warnings
                .into_iter()
                .map(|warning| warning.said)
                .collect::<Vec<_>>()
                .join("; ")
        };
        let says = |url: &str, days| says_of(&format!("public_url = \"{url}\""), days);
        let right = "https://live.example.org";
        assert_eq!(says(right, 10), "");
        for url in [
            "https://example.org",
            "https://radio.live.example.org",
            "https://192.0.2.7:8443",
            "https://[2001:db8::7]",
        ] {
            let said = says(url, 10);
            assert!(
                said.contains("is for live.example.org") && said.contains(url),
                "{said}"
            );
        }
        // Without public_url links begin with an address.
        let said = says_of("listen = \"192.0.2.7:8443\"", 10);
        assert!(
            said.contains("https://192.0.2.7:8443") && said.contains("public_url"),
            "{said}"
        );
        assert!(
            says(right, 80).contains("ends in 10 days"),
            "{}",
            says(right, 80)
        );
        assert!(
            says(right, 93).contains("ended 3 days ago"),
            "{}",
            says(right, 93)
        );
        assert!(
            says(right, -2).contains("does not hold yet"),
            "{}",
            says(right, -2)
        );
    }

    #[test]
    fn both_files_are_named_with_what_is_wrong_with_which() {
        let folder = Folder(tempfile::tempdir().unwrap());
        let made = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap();
        let cert = folder.write("cert.pem", &made.cert.pem());
        let key = folder.write("key.pem", &made.signing_key.serialize_pem());
        let foreign = folder.write("foreign.pem", &other.signing_key.serialize_pem());
        let garbage = folder.write("garbage.pem", "nothing");
        let empty = folder.write("empty.pem", "");
        let locked = folder.write(
            "locked.pem",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
        );
        assert_eq!(folder.says(&cert, &key), "");
        let together = |cert: &str, key: &str, why: &str| {
            format!("tls_cert /{cert} and tls_key /{key} cannot be used together: {why}")
        };
        for (cert, key, said) in [
            (
                &cert,
                &foreign,
                together(
                    "cert.pem",
                    "foreign.pem",
                    "the key is of another certificate",
                ),
            ),
            (
                &key,
                &cert,
                together(
                    "key.pem",
                    "cert.pem",
                    "the first holds a key and the second a certificate: exchange them",
                ),
            ),
            (
                &garbage,
                &key,
                together(
                    "garbage.pem",
                    "key.pem",
                    "the first holds no PEM certificate",
                ),
            ),
            (
                &empty,
                &key,
                together("empty.pem", "key.pem", "the first holds no PEM certificate"),
            ),
            (
                &cert,
                &garbage,
                together(
                    "cert.pem",
                    "garbage.pem",
                    "the second holds no PEM private key",
                ),
            ),
            (
                &cert,
                &locked,
                together(
                    "cert.pem",
                    "locked.pem",
                    "the second is encrypted: take its password away with `openssl pkey`",
                ),
            ),
        ] {
            assert_eq!(folder.says(cert, key), said);
        }
        let gone = folder.0.path().join("gone.pem");
        assert!(
            folder
                .says(&gone, &key)
                .starts_with("tls_cert /gone.pem cannot be read: ")
        );
        assert!(
            folder
                .says(&cert, &gone)
                .starts_with("tls_key /gone.pem cannot be read: ")
        );
        assert_eq!(
            folder.says(folder.0.path(), &key),
            "tls_cert  cannot be read: it is no file"
        );
        let large = folder.write("large.pem", &"x".repeat(PEM_BYTES_MAX as usize + 1));
        assert!(folder.says(&cert, &large).contains("more than"));
    }
}
