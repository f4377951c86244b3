//! The layers of the configuration, and what contradicts itself in them.

use std::path::Path;

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::Serialize;
use stentor_core::admission::Rung;

use super::error::ConfigError;
use super::keys::Config;

impl Config {
    /// Reads file, environment and flags, later layers over earlier ones.
    ///
    /// # Errors
    /// The operator's: an unreadable file, an unknown key, a value of the wrong kind, settings that contradict.
    pub(crate) fn load(file: Option<&Path>, flags: &impl Serialize) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            if file.is_dir() {
                return Err(ConfigError::NotAFile(file.to_owned()));
            }
            if !file.exists() {
                return Err(ConfigError::NoFile(file.to_owned()));
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        figment
            // STENTOR_MUST_RUN speaks to tests, not to the server.
            .merge(Env::prefixed("STENTOR_").ignore(&["must_run"]))
            .merge(Serialized::defaults(flags))
            .extract::<Self>()
            .map_err(|error| ConfigError::Value(Box::new(error)))?
            .checked()
    }

    fn checked(self) -> Result<Self, ConfigError> {
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            return Err(ConfigError::HalfTls);
        }
        if self.dev_tls && self.tls_cert.is_some() {
            return Err(ConfigError::TwoTls);
        }
        if let Some(number) = self.rung.filter(|number| Rung::new(*number).is_none()) {
            return Err(ConfigError::Rung(number));
        }
        for (key, zero) in [
            ("link_mbit_s", self.link_mbit_s == Some(0)),
            ("connections_max", self.connections_max == 0),
        ] {
            if zero {
                return Err(ConfigError::Zero(key));
            }
        }
        self.proxy_nets()?;
        if let Some(url) = &self.public_url
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            return Err(ConfigError::PublicUrl(url.clone()));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::keys::ThreadPriorities;
    use super::super::proxies::PROXIES_MAX;
    use super::*;
    use serde_json::json;
    use std::net::IpAddr;

    fn with_file(text: &str) -> Result<Config, ConfigError> {
        let file = std::env::temp_dir().join(format!(
            "stentor-config-{}-{}",
            std::process::id(),
            text.len()
        ));
        std::fs::write(&file, text).expect("temporary file");
        let result = Config::load(Some(&file), &json!({}));
        std::fs::remove_file(&file).expect("temporary file");
        result
    }

    #[test]
    fn an_unknown_key_is_named_in_the_error() {
        let error = with_file("lisen = \"127.0.0.1:1\"")
            .expect_err("misspelt")
            .to_string();
        assert!(
            error.contains("lisen") && error.contains("listen"),
            "{error}"
        );
    }

    #[test]
    fn a_flag_wins_over_the_file_and_an_absent_flag_leaves_it() {
        let file = std::env::temp_dir().join(format!("stentor-layers-{}", std::process::id()));
        std::fs::write(&file, "listen = \"127.0.0.1:1\"\ndev_tls = true").expect("temporary file");
        let config = Config::load(Some(&file), &json!({"listen": "127.0.0.1:2"})).expect("valid");
        std::fs::remove_file(&file).expect("temporary file");
        assert_eq!(config.listen.port(), 2);
        assert!(config.dev_tls);
        assert_eq!(config.base_url(), "https://127.0.0.1:2");
    }

    #[test]
    fn a_certificate_without_its_key_is_refused() {
        let error = with_file("tls_cert = \"a.pem\"").expect_err("half");
        assert!(matches!(error, ConfigError::HalfTls));
    }

    #[test]
    fn a_rung_that_is_not_there_is_refused() {
        let error = with_file("rung = 5").expect_err("too high").to_string();
        assert_eq!(error, "rung must be 0 to 4, got 5");
        let config = with_file("rung = 4").expect("the last one");
        assert_eq!(config.pinned(), Some(Rung::CLOSED));
    }

    #[test]
    fn threads_are_given_priorities_or_are_not() {
        let config = with_file("thread_priority = \"off\"").expect("valid");
        assert_eq!(config.thread_priority, ThreadPriorities::Off);
        assert_eq!(Config::default().thread_priority, ThreadPriorities::Auto);
        let error = with_file("thread_priority = \"on\"").expect_err("neither");
        let error = error.to_string();
        assert!(error.contains("`auto` or `off`"), "{error}");
    }

    #[test]
    fn bounds_within_which_nobody_could_be_served_are_refused() {
        for key in ["link_mbit_s", "connections_max"] {
            let error = with_file(&format!("{key} = 0"))
                .expect_err("zero")
                .to_string();
            assert_eq!(error, format!("{key} is a number above zero, not 0"));
        }
    }

    #[test]
    fn a_proxy_is_a_network_or_an_address_and_anything_else_is_refused() {
        let config = with_file("proxies = [\"192.0.2.0/24\", \"2001:db8::7\"]").expect("both");
        let nets = config.proxy_nets().expect("both");
        assert!(nets[0].contains(&IpAddr::from([192, 0, 2, 9])));
        assert_eq!(nets[1].to_string(), "2001:db8::7/128");
        let config = with_file("proxies = [\"::ffff:192.0.2.0/120\"]").expect("mapped");
        assert_eq!(
            config.proxy_nets().expect("mapped")[0].to_string(),
            "192.0.2.0/24"
        );
        let many = vec!["\"192.0.2.1\""; PROXIES_MAX + 1].join(",");
        let error = with_file(&format!("proxies = [{many}]")).expect_err("too many");
        assert_eq!(error.to_string(), "proxies takes at most 64, got 65");
        let error = with_file("proxies = [\"cdn.example\"]").expect_err("a name");
        assert_eq!(
            error.to_string(),
            "proxies takes networks as 192.0.2.0/24, and addresses, got \"cdn.example\""
        );
    }

    #[test]
    fn a_missing_file_is_named() {
        let error =
            Config::load(Some(Path::new("/nowhere.toml")), &json!({})).expect_err("missing");
        assert_eq!(
            error.to_string(),
            "configuration file /nowhere.toml does not exist"
        );
    }
}
