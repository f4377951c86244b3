//! The way mail goes out, as the configuration has it.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stentor_cluster::mail::{
    BackOff, Login, MailSetupError, Mailer, Security, Sender, SmtpMailer, SmtpServer, SmtpTimeouts,
    TlsTrust, system_tls,
};

use crate::config::Config;

/// Bytes of a file with a password.
const PASSWORD_BYTES_MAX: u64 = 1_024;

/// All that a mailer is started with.
pub(crate) struct MailSetup {
    server: SmtpServer,
    tls: Option<TlsTrust>,
    sender: Sender,
}

impl MailSetup {
    /// What the configuration says, `None` where no mail is to be sent. It reads files: not for an event loop.
    ///
    /// # Errors
    /// The operator's.
    pub(crate) fn of(config: &Config) -> Result<Option<Self>, MailFault> {
        let (Some(url), Some(sender)) = (&config.smtp, &config.mail_from) else {
            return Ok(None);
        };
        let password = match &config.smtp_password_file {
            Some(path) => Some(read_password(path)?),
            None => url.password.clone(),
        };
        let login = match (&url.user, password) {
            (Some(user), Some(password)) => Some(Login {
                user: user.clone(),
                password,
            }),
            _ => None,
        };
        let tls = match url.security {
            Security::None => None,
            Security::Tls | Security::StartTls => Some(system_tls()?),
        };
        Ok(Some(Self {
            server: SmtpServer {
                host: url.host.clone(),
                port: url.port,
                security: url.security,
                login,
                timeouts: SmtpTimeouts::default(),
                back_off: BackOff::default(),
            },
            tls,
            sender: sender.clone(),
        }))
    }

    /// Starts it.
    ///
    /// # Errors
    /// The operator's.
    pub(crate) fn start(self) -> Result<Arc<dyn Mailer>, MailFault> {
        Ok(Arc::new(SmtpMailer::start(
            self.server,
            self.tls,
            self.sender,
        )?))
    }

    /// Connects once, and says who we are.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(crate) async fn check(&self) -> Result<(), String> {
        SmtpMailer::check(&self.server, self.tls.as_ref(), &self.sender).await
    }
}

fn read_password(path: &Path) -> Result<String, MailFault> {
    let fault = |why: String| MailFault::Password {
        path: path.to_owned(),
        why,
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(PASSWORD_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|error| fault(error.to_string()))?;
    if bytes.len() as u64 > PASSWORD_BYTES_MAX {
        return Err(fault(format!(
            "it has more than {PASSWORD_BYTES_MAX} bytes"
        )));
    }
    let text = String::from_utf8(bytes).map_err(|_| fault("it is not UTF-8".to_owned()))?;
    // Editors end a file with a line.
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(fault("it is empty".to_owned()));
    }
    Ok(password.to_owned())
}

/// Why no mail can be sent. The operator's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MailFault {
    #[error("the password of the mail server cannot be read from {}: {why}", path.display())]
    Password { path: PathBuf, why: String },
    #[error(transparent)]
    Setup(#[from] MailSetupError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_line_of_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        for (written, read) in [
            ("troy horse\n", Some("troy horse")),
            ("troy\r\n", Some("troy")),
            ("", None),
            ("\n", None),
        ] {
            std::fs::write(&path, written).unwrap();
            assert_eq!(read_password(&path).ok().as_deref(), read, "{written:?}");
        }
        for bytes in [vec![b'x'; PASSWORD_BYTES_MAX as usize + 1], vec![0xff]] {
            std::fs::write(&path, bytes).unwrap();
            let error = read_password(&path).unwrap_err().to_string();
            assert!(error.contains("password: it "), "{error}");
        }
        assert!(read_password(&folder.path().join("nothing")).is_err());
    }
}
