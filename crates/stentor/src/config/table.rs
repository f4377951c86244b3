//! Every key in one table: what it takes, an example, and how it is set. What is found in a file, a variable or a flag goes
//! through here, so that a wrong value is the same sentence wherever it was typed.

use std::path::PathBuf;

use stentor_cluster::mail::Sender;

use super::address::{self, Hint};
use super::error::ConfigError;
use super::found::{Found, Origin, Value};
use super::keys::{Config, LogFormat, ThreadPriorities};
use super::smtp::{SmtpUrl, hidden};
use super::unknown::{nearest, normal};
use super::url::PublicUrl;
use super::values::{address_of_page, ffmpeg, language, one_of, path, set, set_some};
use super::{log_filter, proxies};

/// Addresses that speakers are told.
const PUBLIC_IPS_MAX: usize = 16;
/// Two years: what the lists of hosts that browsers carry ask for.
const HSTS_DAYS_MAX: u64 = 730;
/// Days that an invitation can outlast: as far ahead as an event can be.
const INVITATION_DAYS_MAX: u64 = 3_660;
/// A year.
const ABANDONED_H_MAX: u64 = 8_760;
/// A terabit a second: more than any machine has.
const LINK_MBIT_S_MAX: u64 = 1_000_000;
/// More than the descriptors of any machine.
const CONNECTIONS_MAX: u64 = 10_000_000;
/// A day.
const DRAIN_S_MAX: u64 = 86_400;

/// One key.
pub(super) struct Key {
    pub(super) name: &'static str,
    /// What it is for.
    about: &'static str,
    /// What it is called as a flag, and what others call it; as keys are written.
    also: &'static [&'static str],
    /// What it takes, in words.
    expected: &'static str,
    pub(super) example: &'static str,
    set: Set,
}

/// How a value becomes part of the configuration.
enum Set {
    Text(fn(&mut Config, &str) -> Result<(), Hint>),
    Number {
        max: u64,
        min: u64,
        set: fn(&mut Config, u64),
    },
    Switch(fn(&mut Config, bool)),
    /// What was there is forgotten first; then each is added.
    List {
        max: usize,
        clear: fn(&mut Config),
        add: fn(&mut Config, &str) -> Result<(), Hint>,
    },
}

/// All of them, in the order of [`Config`].
pub(super) const KEYS: [Key; 26] = [
    Key {
        name: "listen",
        about: "Address of the pages, the sound and ICE-TCP: one TCP port, and without `udp` the UDP port of the same number.",
        also: &["bind", "address", "addr", "port", "host", "http"],
        expected: "an IP address and a port",
        example: "127.0.0.1:8080",
        set: Set::Text(|config, text| set(&mut config.listen, address::listening(text))),
    },
    Key {
        name: "udp",
        about: "Address of the speakers' UDP, where it is another than `listen`.",
        also: &["udp_listen", "ice", "media"],
        expected: "an IP address and a port",
        example: "0.0.0.0:8080",
        set: Set::Text(|config, text| set_some(&mut config.udp, address::socket(text))),
    },
    Key {
        name: "public_ips",
        about: "Addresses under which speakers reach this machine, where it does not know them itself (behind NAT, in a container).",
        also: &["public_ip", "public_address", "external_ip", "nat_1_1_ip"],
        expected: "the IP address under which speakers reach this machine",
        example: "203.0.113.7",
        set: Set::List {
            max: PUBLIC_IPS_MAX,
            clear: |config| config.public_ips.clear(),
            add: |config, text| address::reachable(text).map(|ip| config.public_ips.push(ip)),
        },
    },
    Key {
        name: "public_url",
        about: "What every link begins with; made from `listen` where it is not given.",
        also: &["url", "base_url", "site", "origin", "domain", "hostname"],
        expected: "http:// or https:// and a host",
        example: "https://live.example.org",
        set: Set::Text(|config, text| set_some(&mut config.public_url, PublicUrl::parse(text))),
    },
    Key {
        name: "data_dir",
        about: "Folder of events, recordings and the server's secret.",
        also: &["data", "data_folder", "data_directory", "dir", "folder"],
        expected: "a folder",
        example: "/var/lib/stentor",
        set: Set::Text(|config, text| set(&mut config.data_dir, path(text))),
    },
    Key {
        name: "tls_cert",
        about: "TLS certificate chain; needs `tls_key`. Read again on SIGHUP.",
        also: &[
            "cert",
            "certificate",
            "tls_certificate",
            "ssl_certificate",
            "fullchain",
        ],
        expected: "a PEM file with the certificate chain",
        example: "fullchain.pem",
        set: Set::Text(|config, text| set_some(&mut config.tls_cert, path(text))),
    },
    Key {
        name: "tls_key",
        about: "TLS private key; needs `tls_cert`. Read again on SIGHUP.",
        also: &["key", "private_key", "ssl_certificate_key", "privkey"],
        expected: "a PEM file with the private key",
        example: "privkey.pem",
        set: Set::Text(|config, text| set_some(&mut config.tls_key, path(text))),
    },
    Key {
        name: "dev_tls",
        about: "Serve TLS with a certificate that is made at each start; browsers warn of it.",
        also: &["self_signed"],
        expected: "true or false",
        example: "true",
        set: Set::Switch(|config, on| config.dev_tls = on),
    },
    Key {
        name: "hsts_days",
        about: "Days that browsers which were here come to this host by TLS alone, on any port; needs `tls_cert`. 0: nothing is said of it.",
        also: &["hsts", "strict_transport_security", "hsts_max_age"],
        expected: "a number of days from 0 to 730",
        example: "365",
        set: Set::Number {
            min: 0,
            max: HSTS_DAYS_MAX,
            set: |config, days| config.hsts_days = days as u32,
        },
    },
    Key {
        name: "invitation_days",
        about: "Days that the stage links of an event live after its end.",
        also: &["link_days", "links_days", "expiry_days"],
        expected: "a number of days from 1 to 3660",
        example: "30",
        set: Set::Number {
            min: 1,
            max: INVITATION_DAYS_MAX,
            set: |config, days| config.invitation_days = days as u32,
        },
    },
    Key {
        name: "end_abandoned_h",
        about: "An event on air that everybody has left is ended after so many hours; 0: never.",
        also: &["abandoned_h", "end_abandoned", "abandoned_hours"],
        expected: "a number of hours from 0 to 8760",
        example: "6",
        set: Set::Number {
            min: 0,
            max: ABANDONED_H_MAX,
            set: |config, hours| config.end_abandoned_h = hours as u32,
        },
    },
    Key {
        name: "rung",
        about: "Rung of the ladder to stay on, whatever the load; without it the load decides. Read again on SIGHUP.",
        also: &["ladder"],
        expected: "0 to 4",
        example: "2",
        set: Set::Number {
            min: 0,
            max: 4,
            set: |config, rung| config.rung = Some(rung as u8),
        },
    },
    Key {
        name: "link_mbit_s",
        about: "What the network in front of this machine carries; without it the link is no reason to climb the ladder.",
        also: &["link", "bandwidth", "mbit_s", "link_mbps"],
        expected: "a number of Mbit/s from 1 to 1000000",
        example: "1000",
        set: Set::Number {
            min: 1,
            max: LINK_MBIT_S_MAX,
            set: |config, mbit_s| config.link_mbit_s = Some(mbit_s as u32),
        },
    },
    Key {
        name: "metrics",
        about: "Where an operator reads metrics, health and the steps of the ladder; without it nowhere.",
        also: &["metrics_listen", "prometheus", "admin", "operator"],
        expected: "an IP address and a port",
        example: "127.0.0.1:9100",
        set: Set::Text(|config, text| set_some(&mut config.metrics, address::listening(text))),
    },
    Key {
        name: "connections_max",
        about: "Connections in all, listeners among them, that the port takes.",
        also: &["connections", "max_clients", "listeners_max"],
        expected: "a number from 1 to 10000000",
        example: "100000",
        set: Set::Number {
            min: 1,
            max: CONNECTIONS_MAX,
            set: |config, max| config.connections_max = max as usize,
        },
    },
    Key {
        name: "proxies",
        about: "Reverse proxies: who comes through them does not count as one crowd from one network. This machine need not be named.",
        also: &["proxy", "trusted_proxies", "trusted_proxy"],
        expected: "the addresses or networks of reverse proxies",
        example: "192.0.2.0/24",
        set: Set::List {
            max: proxies::PROXIES_MAX,
            clear: |config| config.proxies.clear(),
            add: |config, text| proxies::net(text).map(|net| config.proxies.push(net)),
        },
    },
    Key {
        name: "drain_s",
        about: "How long listeners are given to find another server behind the same address when this one is told to leave (SIGTERM).",
        also: &["drain", "drain_seconds", "shutdown_s", "grace_s"],
        expected: "a number of seconds from 0 to 86400",
        example: "30",
        set: Set::Number {
            min: 0,
            max: DRAIN_S_MAX,
            set: |config, seconds| config.drain_s = seconds as u32,
        },
    },
    Key {
        name: "ffmpeg",
        about: "What makes AAC and MP3 for players without Opus: the ffmpeg of PATH, if it is there and does (auto), none (off), or a file.",
        also: &["transcoder", "avconv", "encoder", "mp3", "aac"],
        expected: "auto, off or the whole path of an ffmpeg",
        example: "/usr/bin/ffmpeg",
        set: Set::Text(|config, text| set(&mut config.ffmpeg, ffmpeg(text))),
    },
    Key {
        name: "smtp",
        about: "Mail server that reminders are handed to: smtps:// speaks TLS from the first byte, smtp:// after STARTTLS, or not at all on this machine; needs `mail_from`. Without it nobody is sent mail.",
        also: &[
            "mail",
            "mail_server",
            "smtp_url",
            "smtp_host",
            "email",
            "mailer",
        ],
        expected: "smtps:// or smtp://, a user and an @ where the server asks for one, and a host",
        example: "smtps://stentor@mail.example.org",
        set: Set::Text(|config, text| set_some(&mut config.smtp, SmtpUrl::parse(text))),
    },
    Key {
        name: "smtp_password_file",
        about: "File with the password of the user in `smtp`.",
        also: &[
            "smtp_password",
            "smtp_pass",
            "mail_password",
            "password_file",
        ],
        expected: "a file with a password",
        example: "/etc/stentor/smtp-password",
        set: Set::Text(|config, text| set_some(&mut config.smtp_password_file, path(text))),
    },
    Key {
        name: "mail_from",
        about: "Whom mail is from; needs `smtp`.",
        also: &["from", "sender", "smtp_from", "email_from"],
        expected: "an address, with or without a name before it",
        example: "Talks <noreply@example.org>",
        set: Set::Text(|config, text| {
            let sender = Sender::parse(text).map_err(|_| Hint::new());
            set_some(&mut config.mail_from, sender)
        }),
    },
    Key {
        name: "front_page",
        about: "Where the address of the server itself leads instead of its own front page.",
        also: &["home", "home_page", "index", "root", "redirect"],
        expected: "a whole address with https:// or http://",
        example: "https://www.example.org/talks",
        set: Set::Text(|config, text| set_some(&mut config.front_page, address_of_page(text))),
    },
    Key {
        name: "language",
        about: "Language of what belongs to no event: the front page, the server's calendar and feed.",
        also: &["lang", "locale"],
        expected: "a language of the pages: de, en, fr",
        example: "fr",
        set: Set::Text(|config, text| set(&mut config.language, language(text))),
    },
    Key {
        name: "thread_priority",
        about: "Whether the threads of the sound go before those that serve listeners.",
        also: &["priority", "nice", "realtime"],
        expected: "auto or off",
        example: "off",
        set: Set::Text(|config, text| {
            let word = one_of(
                text,
                &[
                    ("auto", ThreadPriorities::Auto),
                    ("off", ThreadPriorities::Off),
                ],
            );
            set(&mut config.thread_priority, word)
        }),
    },
    Key {
        name: "log",
        about: "What is logged: a level (error, warn, info, debug, trace, off), also by part, separated by commas.",
        also: &[
            "log_level",
            "loglevel",
            "log_filter",
            "rust_log",
            "verbosity",
        ],
        expected: "a level, or parts with levels",
        example: "info,stentor_studio=debug",
        set: Set::Text(|config, text| set(&mut config.log, log_filter::checked(text))),
    },
    Key {
        name: "log_format",
        about: "How a line of the log is written: for people, or as one JSON object a line.",
        also: &["log_style", "format"],
        expected: "text or json",
        example: "json",
        set: Set::Text(|config, text| {
            let word = one_of(
                text,
                &[("text", LogFormat::Text), ("json", LogFormat::Json)],
            );
            set(&mut config.log_format, word)
        }),
    },
];

/// What is a flag and no key.
const FLAGS_ALONE: [(&str, &str); 3] = [
    (
        "config",
        "it is only a flag, --config FILE, since it names this file",
    ),
    ("demo", "it is only a flag, --demo"),
    ("print_links", "it is only a flag, --print-links"),
];

/// Sets what was found.
///
/// # Errors
/// An unknown name, or a value that does not fit: as one sentence.
pub(super) fn apply(config: &mut Config, found: &Found) -> Result<&'static Key, ConfigError> {
    let fault = |what| ConfigError::Setting {
        origin: found.origin.clone(),
        what,
    };
    let key = KEYS
        .iter()
        .find(|key| key.name == found.name)
        .ok_or_else(|| fault(unknown(found)))?;
    key.set(config, &found.origin, &found.value)
        .map_err(|hint| fault(key.refusal(found, &hint)))?;
    Ok(key)
}

impl Key {
    fn set(&self, config: &mut Config, origin: &Origin, value: &Value) -> Result<(), Hint> {
        match (&self.set, value) {
            (_, Value::Text(text)) if text.is_empty() && !origin.is_file() => {
                Err("leave it out where nothing is to be set".to_owned())
            }
            (Set::Text(set), Value::Text(text)) => set(config, text),
            (Set::Number { min, max, set }, Value::Number(number)) => {
                let number = u64::try_from(*number).map_err(|_| Hint::new())?;
                if !(*min..=*max).contains(&number) {
                    return Err(Hint::new());
                }
                set(config, number);
                Ok(())
            }
            (Set::Switch(set), Value::Switch(on)) => {
                set(config, *on);
                Ok(())
            }
            (Set::List { max, clear, add }, Value::List(values)) => {
                if values.len() > *max {
                    return Err(format!(
                        "at most {max} are taken, these are {}",
                        values.len()
                    ));
                }
                clear(config);
                values.iter().try_for_each(|value| match value {
                    Value::Text(text) => add(config, text).map_err(|hint| match hint.as_str() {
                        _ if values.len() == 1 => hint,
                        "" => format!("{value} is none"),
                        _ => format!("{value}: {hint}"),
                    }),
                    value => Err(format!("{value} has no quotation marks")),
                })
            }
            (set, value) => Err(set.hint_of_kind(value, origin.is_file())),
        }
    }

    /// The sentence, without where.
    fn refusal(&self, found: &Found, hint: &str) -> String {
        let origin = &found.origin;
        // A flag and a variable are their own name; in a list of one, the one is what is wrong.
        let name = if origin.is_file() {
            format!("{} must be ", self.name)
        } else {
            "must be ".to_owned()
        };
        let got = match &found.value {
            // There may be a password in it.
            Value::Text(text) if self.name == "smtp" => Value::Text(hidden(text)).to_string(),
            Value::List(values) if values.len() == 1 && !origin.is_file() => values[0].to_string(),
            value => value.to_string(),
        };
        let colon = if hint.is_empty() { "" } else { ": " };
        format!(
            "{name}{}, for example {}, got {got}{colon}{hint}",
            self.expected,
            self.example_in(origin)
        )
    }

    fn example_in(&self, origin: &Origin) -> String {
        let example = self.example;
        match self.set {
            Set::Text(_) if origin.is_file() => format!("\"{example}\""),
            Set::List { .. } if origin.is_file() => format!("[\"{example}\"]"),
            _ => example.to_owned(),
        }
    }
}

/// Whether it is a number with something behind it: `30s`, `100 Mbit`.
fn has_unit(text: &str) -> bool {
    let unit =
        text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '_'));
    unit.len() < text.len() && !unit.is_empty()
}

impl Set {
    /// What is wrong with a value of another kind, in a file.
    fn hint_of_kind(&self, value: &Value, in_file: bool) -> Hint {
        match (self, value) {
            (Self::Text(_), Value::Number(number)) => address::socket(&number.to_string())
                .err()
                .unwrap_or_default(),
            (Self::Number { .. }, Value::Text(text)) if has_unit(text) => {
                "it is a plain number, without a unit".to_owned()
            }
            (Self::Switch(_), Value::Text(text)) if in_file && !text.is_empty() => {
                "write true or false, without quotation marks".to_owned()
            }
            (Self::Number { .. }, Value::Text(text)) if in_file && !text.is_empty() => {
                "it stands without quotation marks".to_owned()
            }
            (Self::List { .. }, Value::Text(text)) => format!("it is a list: write [\"{text}\"]"),
            (Self::Text(_), Value::List(_)) => "it is one value, without brackets".to_owned(),
            _ => Hint::new(),
        }
    }

    /// What stands in a variable, which is always a text.
    fn of_variable(&self, text: &str) -> Value {
        let text = || Value::Text(text.to_owned());
        match self {
            Self::Text(_) => text(),
            Self::Number { .. } => text_as(&text(), |text| text.parse().ok().map(Value::Number)),
            Self::Switch(_) => text_as(&text(), |text| text.parse().ok().map(Value::Switch)),
            Self::List { .. } => text_as(&text(), |text| {
                let text = text.trim();
                let inner = text
                    .strip_prefix('[')
                    .and_then(|text| text.strip_suffix(']'));
                let values = inner.unwrap_or(text).split(',').map(str::trim);
                let bare = |value: &str| value.trim_matches(['"', '\'']).to_owned();
                (!text.is_empty())
                    .then(|| Value::List(values.map(|value| Value::Text(bare(value))).collect()))
            }),
        }
    }
}

fn text_as(value: &Value, parse: impl Fn(&str) -> Option<Value>) -> Value {
    match value {
        Value::Text(text) => parse(text).unwrap_or_else(|| value.clone()),
        value => value.clone(),
    }
}

/// A variable's text as the key that it names takes it.
pub(super) fn variable(name: &str, text: &str) -> Value {
    match KEYS.iter().find(|key| key.name == name) {
        Some(key) => key.set.of_variable(text),
        None => Value::Text(text.to_owned()),
    }
}

/// Every key with what it is for, what it takes and an example as it stands in a file: for the manual.
pub(crate) fn documented() -> impl Iterator<Item = [String; 4]> {
    KEYS.iter().map(|key| {
        let in_file = Origin::File {
            path: PathBuf::new(),
            line: 1,
        };
        let example = key.example_in(&in_file);
        [
            key.name.to_owned(),
            key.about.to_owned(),
            key.expected.to_owned(),
            example,
        ]
    })
}

/// Whether there is a key of this name, however it is written.
pub(crate) fn is_key(name: &str) -> bool {
    let name = normal(name);
    KEYS.iter().any(|key| key.name == name)
}

/// The key that was most likely meant by a name that is none.
fn meant(name: &str) -> Option<&'static str> {
    let name = normal(name);
    let called = |key: &&Key| key.name == name || key.also.contains(&name.as_str());
    match KEYS.iter().find(called) {
        Some(key) => Some(key.name),
        None => nearest(&name, KEYS.iter().map(|key| key.name)),
    }
}

fn unknown(found: &Found) -> String {
    let written = |name: &str| match found.origin {
        Origin::Variable(_) => format!("STENTOR_{}", name.to_uppercase()),
        Origin::File { .. } | Origin::Flag(_) => name.to_owned(),
    };
    let subject = match &found.origin {
        Origin::File { .. } => format!("{} is no setting", super::found::shown(&found.name)),
        Origin::Variable(_) | Origin::Flag(_) => "is no setting".to_owned(),
    };
    if let Value::Other(text) = &found.value
        && text.starts_with('[')
    {
        return format!("{subject}: settings stand alone, in no section: leave out {text}");
    }
    let alone = FLAGS_ALONE
        .iter()
        .find(|(flag, _)| *flag == normal(&found.name));
    if let Some((_, why)) = alone {
        return format!("{subject}: {why}");
    }
    match meant(&found.name) {
        Some(name) => format!("{subject}: did you mean {}?", written(name)),
        None => {
            let names: Vec<_> = KEYS.iter().map(|key| written(key.name)).collect();
            format!("{subject}: there are {}", names.join(", "))
        }
    }
}
