//! The layers of the configuration, and what contradicts itself in them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::IpAddr;
use std::path::Path;

use super::error::ConfigError;
use super::found::{Found, Origin};
use super::keys::Config;
use super::url::PublicUrl;
use super::{environment, file, table};

/// Where each setting was found last.
type Origins = BTreeMap<&'static str, Origin>;

impl Config {
    /// Reads file, environment and flags, later layers over earlier ones. What a later layer overrides must be right, too.
    ///
    /// # Errors
    /// The operator's: an unreadable file, an unknown key, a value of the wrong kind, settings that contradict.
    pub(crate) fn load(
        path: Option<&Path>,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        flags: Vec<Found>,
    ) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        let mut origins = Origins::new();
        let in_file = path.map_or_else(|| Ok(Vec::new()), file::read)?;
        for found in in_file
            .iter()
            .chain(&environment::read(variables)?)
            .chain(&flags)
        {
            let key = table::apply(&mut config, found)?;
            origins.insert(key.name, found.origin.clone());
        }
        config.contradiction(&origins).map_or(Ok(config), Err)
    }

    /// The first of the settings that cannot be together.
    fn contradiction(&self, origins: &Origins) -> Option<ConfigError> {
        let fault = |key: &str, what: String| {
            let origin = origins.get(key)?.clone();
            let what = if origin.is_file() {
                format!("{key} {what}")
            } else {
                what
            };
            Some(ConfigError::Setting { origin, what })
        };
        let half = match (&self.tls_cert, &self.tls_key) {
            (Some(_), None) => Some("tls_cert"),
            (None, Some(_)) => Some("tls_key"),
            _ => None,
        };
        if let Some(key) = half {
            let why = "stands alone: tls_cert and tls_key belong together, one was given without the other";
            return fault(key, why.to_owned());
        }
        if self.dev_tls && self.tls_cert.is_some() {
            return fault(
                "dev_tls",
                "makes a certificate of its own: leave it out where tls_cert is given".to_owned(),
            );
        }
        if let Some(url) = self
            .public_url
            .as_ref()
            .filter(|url| self.tls() && !url.https)
        {
            let https = format!("https{}", url.to_string().trim_start_matches("http"));
            let tls = if self.dev_tls { "dev_tls" } else { "tls_cert" };
            return fault(
                "public_url",
                format!(
                    "begins with http:, and this server speaks TLS by {tls}, got \"{url}\": write {https}, or leave out {tls}"
                ),
            );
        }
        if let Some(url) = self
            .public_url
            .as_ref()
            .filter(|url| self.is_plain_port(url))
        {
            return fault(
                "public_url",
                format!(
                    "begins with https:, and at that address this server speaks plain HTTP, got \"{url}\": give tls_cert and tls_key, or dev_tls; \
                     a proxy in front has an address of its own"
                ),
            );
        }
        if let Some((key, what)) = self.mail_contradiction() {
            return fault(key, what.to_owned());
        }
        if let Some(metrics) = self
            .metrics
            .filter(|metrics| self.is_taken_by_listen(*metrics))
        {
            return fault(
                "metrics",
                format!(
                    "must be another port than that of the pages, {}, got \"{metrics}\"",
                    self.listen
                ),
            );
        }
        None
    }

    /// What keeps the settings of mail from being together.
    fn mail_contradiction(&self) -> Option<(&'static str, &'static str)> {
        let user = self.smtp.as_ref().and_then(|url| url.user.as_ref());
        let password = self.smtp.as_ref().and_then(|url| url.password.as_ref());
        let file = self.smtp_password_file.as_ref();
        match (&self.smtp, &self.mail_from) {
            (Some(_), None) => Some((
                "smtp",
                "stands alone: mail is from somebody, name an address with mail_from",
            )),
            (None, Some(_)) => Some((
                "mail_from",
                "stands alone: mail is handed to a server, name it with smtp",
            )),
            _ if file.is_some() && user.is_none() => Some((
                "smtp_password_file",
                "is nobody's password: smtp names no user, write smtps://USER@HOST",
            )),
            _ if file.is_some() && password.is_some() => Some((
                "smtp_password_file",
                "is a second password: there is one in smtp already",
            )),
            _ if user.is_some() && password.is_none() && file.is_none() => Some((
                "smtp",
                "names a user without a password: name a file that has it with smtp_password_file",
            )),
            _ => None,
        }
    }

    /// Whether browsers that follow this address by TLS come to this port, which has none.
    fn is_plain_port(&self, url: &PublicUrl) -> bool {
        let host = url.host.trim_matches(['[', ']']);
        let is_here = host
            .parse()
            .map_or(host == "localhost", |ip: IpAddr| ip == self.listen.ip());
        url.https && !self.tls() && is_here && url.port.unwrap_or(443) == self.listen.port()
    }

    fn is_taken_by_listen(&self, other: std::net::SocketAddr) -> bool {
        let (listen, other_ip) = (self.listen.ip(), other.ip());
        other.port() == self.listen.port()
            && (listen == other_ip || listen.is_unspecified() || other_ip.is_unspecified())
    }
}
