//! What operators type, and the one sentence each mistake gets.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::Path;

use stentor_core::admission::Rung;

use super::error::ConfigError;
use super::found::{Found, Origin};
use super::keys::{Config, LogFormat, ThreadPriorities};
use super::proxies::PROXIES_MAX;
use super::table;

fn with_file(text: impl AsRef<[u8]>) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("stentor.toml");
    std::fs::write(&file, text).expect("a file");
    Config::load(Some(&file), [], Vec::new())
}

/// The sentence that a file gets, without the folder.
fn refusal(text: impl AsRef<[u8]>) -> String {
    let shown = String::from_utf8_lossy(text.as_ref()).into_owned();
    let said = with_file(text).expect_err(&shown).to_string();
    assert!(!said.contains('\n'), "{said}");
    let (_, said) = said.split_once("stentor.toml ").expect("the file is named");
    said.to_owned()
}

fn with_variables(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let variables = variables
        .iter()
        .map(|(name, text)| (OsString::from(name), OsString::from(text)));
    Config::load(None, variables, Vec::new())
}

#[test]
fn a_wrong_value_is_one_sentence_with_its_line_what_came_and_what_is_expected() {
    for (text, said) in [
        (
            "listen = \"localhost:18500\"",
            "line 1: listen must be an IP address and a port, for example \"127.0.0.1:8080\", got \"localhost:18500\": a name is no address: write 127.0.0.1:18500",
        ),
        (
            "# here\n\nlisten = 18500",
            "line 3: listen must be an IP address and a port, for example \"127.0.0.1:8080\", got 18500: a port alone says nothing of the address: for every address of this machine write [::]:18500, for this machine alone 127.0.0.1:18500",
        ),
        (
            "rung = -1",
            "line 1: rung must be 0 to 4, for example 2, got -1",
        ),
        (
            "rung = 7",
            "line 1: rung must be 0 to 4, for example 2, got 7",
        ),
        (
            "rung = 1.5",
            "line 1: rung must be 0 to 4, for example 2, got 1.5",
        ),
        (
            "rung = \"2\"",
            "line 1: rung must be 0 to 4, for example 2, got \"2\": it stands without quotation marks",
        ),
        (
            "proxies = \"10.0.0.0/8\"",
            "line 1: proxies must be the addresses or networks of reverse proxies, for example [\"192.0.2.0/24\"], got \"10.0.0.0/8\": it is a list: write [\"10.0.0.0/8\"]",
        ),
        (
            "public_ips = [\"live.example.org\"]",
            "line 1: public_ips must be the IP address under which speakers reach this machine, for example [\"203.0.113.7\"], got [\"live.example.org\"]: a name is no address: `getent ahosts live.example.org` prints those it has",
        ),
        (
            "dev_tls = \"yes\"",
            "line 1: dev_tls must be true or false, for example true, got \"yes\": write true or false, without quotation marks",
        ),
        (
            "drain_s = \"30s\"",
            "line 1: drain_s must be a number of seconds from 0 to 86400, for example 30, got \"30s\": it is a plain number, without a unit",
        ),
        (
            "log = \"loud\"",
            "line 1: log must be a level, or parts with levels, for example \"info,stentor_studio=debug\", got \"loud\": \"loud\" is no level: there are error, warn, info, debug, trace, off",
        ),
        (
            "ffmpeg = \"ffmpeg\"",
            "line 1: ffmpeg must be auto, off or the whole path of an ffmpeg, for example \"/usr/bin/ffmpeg\", got \"ffmpeg\"",
        ),
        (
            "thread_priority = \"on\"",
            "line 1: thread_priority must be auto or off, for example \"off\", got \"on\"",
        ),
    ] {
        assert_eq!(refusal(text), said);
    }
    let said = refusal("thread_priority = \"of\"");
    assert!(said.ends_with("did you mean off?"), "{said}");
}

#[test]
fn numbers_that_nobody_can_mean_are_refused_and_the_last_that_one_can_is_taken() {
    for (key, least, most) in [
        ("invitation_days", 1, 3_660_i128),
        ("end_abandoned_h", 0, 8_760),
        ("rung", 0, 4),
        ("link_mbit_s", 1, 1_000_000),
        ("connections_max", 1, 10_000_000),
        ("drain_s", 0, 86_400),
    ] {
        for fits in [least, most] {
            assert!(
                with_file(format!("{key} = {fits}")).is_ok(),
                "{key} = {fits}"
            );
        }
        for wrong in [least - 1, most + 1, 100_000_000_000_000_000_000_000] {
            let said = refusal(format!("{key} = {wrong}"));
            assert!(
                said.contains(&format!("got {wrong}")) && said.contains(key),
                "{said}"
            );
        }
        let said = refusal(format!("{key} = 340282366920938463463374607431768211456"));
        assert!(said.contains(key) && said.contains("got 34"), "{said}");
    }
}

#[test]
fn a_name_that_is_none_is_told_with_what_was_meant() {
    for (text, said) in [
        (
            "listn = \"127.0.0.1:1\"",
            "line 1: listn is no setting: did you mean listen?",
        ),
        (
            "log = \"info\"\npublic_ip = \"1.2.3.4\"",
            "line 2: public_ip is no setting: did you mean public_ips?",
        ),
        (
            "data = \"x\"",
            "line 1: data is no setting: did you mean data_dir?",
        ),
        (
            "public-url = \"x\"",
            "line 1: public-url is no setting: did you mean public_url?",
        ),
        (
            "tls-cert = \"x\"",
            "line 1: tls-cert is no setting: did you mean tls_cert?",
        ),
        (
            "Listen = \"x\"",
            "line 1: Listen is no setting: did you mean listen?",
        ),
        (
            "max_connections = 5",
            "line 1: max_connections is no setting: did you mean connections_max?",
        ),
        (
            "log_level = \"debug\"",
            "line 1: log_level is no setting: did you mean log?",
        ),
        (
            "config = \"x\"",
            "line 1: config is no setting: it is only a flag, --config FILE, since it names this file",
        ),
        (
            "demo = true",
            "line 1: demo is no setting: it is only a flag, --demo",
        ),
    ] {
        assert_eq!(refusal(text), said);
    }
    let said = refusal("colour = \"red\"");
    assert!(said.contains("there are listen, udp, public_ips"), "{said}");
    for section in [
        "[server]\nlisten = \"127.0.0.1:1\"",
        "[stentor]",
        "log = \"info\"\n[network]\nudp = 1",
    ] {
        assert!(
            refusal(section).contains("in no section"),
            "{}",
            refusal(section)
        );
    }
}

#[test]
fn what_is_not_toml_is_told_with_line_and_column() {
    for (text, place) in [
        ("listen = ", "line 1 column "),
        ("log = \"info\"\nlisten = 127.0.0.1:1", "line 2 column "),
        ("\n\n[[", "line 3 column "),
        ("log = \"info\"\nlog = \"warn\"", "line 2 column "),
        ("listen: 127.0.0.1:1", "line 1 column "),
    ] {
        let said = refusal(text);
        assert!(
            said.starts_with(place) && said.contains("is not TOML: "),
            "{said}"
        );
    }
    assert!(refusal(b"log = \"info\"\n# caf\xe9\n").contains("line 2 is not UTF-8"));
    assert!(refusal(vec![b' '; 256 * 1024 + 1]).contains("more than 262144 bytes"));
    assert!(with_file(vec![b' '; 256 * 1024]).is_ok());
    let marked =
        with_file("\u{feff}listen = \"127.0.0.1:1\"").expect("a byte order mark is no fault");
    assert_eq!(marked.listen.port(), 1);
}

#[test]
fn a_variable_is_told_by_its_own_name_and_a_list_needs_no_brackets() {
    let config = with_variables(&[
        ("STENTOR_PUBLIC_IPS", "127.0.0.1, 2001:db8::7"),
        ("STENTOR_PROXIES", "[\"192.0.2.0/24\"]"),
        ("STENTOR_DEV_TLS", "true"),
        ("STENTOR_RUNG", "3"),
        ("STENTOR_LOG_FORMAT", "json"),
        ("STENTOR_MUST_RUN", "1"),
        ("PATH", "x"),
    ])
    .expect("valid");
    assert_eq!(config.public_ips.len(), 2);
    assert_eq!(config.proxies[0].to_string(), "192.0.2.0/24");
    assert!(config.dev_tls);
    assert_eq!((config.rung, config.log_format), (Some(3), LogFormat::Json));
    for (name, text, said) in [
        (
            "STENTOR_LISTEN",
            ":18500",
            "STENTOR_LISTEN must be an IP address and a port, for example 127.0.0.1:8080, got \":18500\": a port alone",
        ),
        (
            "STENTOR_PUBLIC_IPS",
            "live.example.org",
            "STENTOR_PUBLIC_IPS must be the IP address under which speakers reach this machine, for example 203.0.113.7, got \"live.example.org\": a name is no address",
        ),
        (
            "STENTOR_DEV_TLS",
            "1",
            "STENTOR_DEV_TLS must be true or false, for example true, got \"1\"",
        ),
        (
            "STENTOR_DRAIN_S",
            "30s",
            "STENTOR_DRAIN_S must be a number of seconds from 0 to 86400, for example 30, got \"30s\"",
        ),
        (
            "STENTOR_LISTEN",
            "",
            "STENTOR_LISTEN must be an IP address and a port, for example 127.0.0.1:8080, got \"\": leave it out",
        ),
        (
            "STENTOR_DATA",
            "x",
            "STENTOR_DATA is no setting: did you mean STENTOR_DATA_DIR?",
        ),
        (
            "STENTOR_PUBLIC_IP",
            "x",
            "STENTOR_PUBLIC_IP is no setting: did you mean STENTOR_PUBLIC_IPS?",
        ),
        (
            "STENTOR_LISEN",
            "x",
            "STENTOR_LISEN is no setting: did you mean STENTOR_LISTEN?",
        ),
        (
            "STENTOR_CONFIG",
            "x",
            "STENTOR_CONFIG is no setting: it is only a flag",
        ),
    ] {
        let found = with_variables(&[(name, text)]).expect_err(text).to_string();
        assert!(found.starts_with(said), "{found}");
    }
}

#[test]
fn a_flag_is_told_by_its_own_name() {
    for (flag, key, text, said) in [
        (
            "--listen",
            "listen",
            ":18500",
            "--listen must be an IP address and a port, for example 127.0.0.1:8080, got \":18500\": ",
        ),
        (
            "--log",
            "log",
            "inof",
            "--log must be a level, or parts with levels, for example info,stentor_studio=debug, got \"inof\": \"inof\" is no level: did you mean info?",
        ),
        (
            "--public-url",
            "public_url",
            "https://radio.example.org/?a=b",
            "--public-url must be http:// or https:// and a host, for example https://live.example.org, got ",
        ),
        (
            "--data",
            "data_dir",
            "~/data",
            "--data must be a folder, for example /var/lib/stentor, got \"~/data\": neither ~",
        ),
    ] {
        let found = Config::load(None, [], vec![Found::flag(flag, key, text)]).expect_err(text);
        assert!(found.to_string().starts_with(said), "{found}");
    }
    let twice = ["203.0.113.7".to_owned(), "0.0.0.0".to_owned()];
    let found = Config::load(
        None,
        [],
        vec![Found::flags("--public-ip", "public_ips", &twice)],
    );
    let said = found.expect_err("for everybody").to_string();
    assert!(
        said.contains("\"0.0.0.0\": 0.0.0.0 stands for every address"),
        "{said}"
    );
}

#[test]
fn a_flag_wins_over_a_variable_that_wins_over_the_file_and_an_absent_one_leaves_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("layers.toml");
    std::fs::write(&file, "listen = \"127.0.0.1:1\"\ndev_tls = true\nrung = 1").expect("a file");
    let variables = [("STENTOR_RUNG", "2"), ("STENTOR_LISTEN", "127.0.0.1:3")];
    let variables = variables.map(|(name, text)| (OsString::from(name), OsString::from(text)));
    let flags = vec![Found::flag("--listen", "listen", "127.0.0.1:2")];
    let config = Config::load(Some(&file), variables, flags).expect("valid");
    assert_eq!((config.listen.port(), config.rung), (2, Some(2)));
    assert_eq!(config.base_url(), "https://127.0.0.1:2");
}

#[test]
fn settings_that_cannot_be_together_are_told_with_the_line_of_one() {
    for (text, said) in [
        (
            "tls_cert = \"a.pem\"",
            "line 1: tls_cert stands alone: tls_cert and tls_key belong together",
        ),
        ("\ntls_key = \"a.pem\"", "line 2: tls_key stands alone"),
        (
            "tls_cert = \"a\"\ntls_key = \"b\"\ndev_tls = true",
            "line 3: dev_tls makes a certificate of its own",
        ),
        (
            "dev_tls = true\npublic_url = \"http://live.example.org\"",
            "line 2: public_url begins with http:, and this server speaks TLS by dev_tls, got \"http://live.example.org\": write https://live.example.org",
        ),
        (
            "tls_cert = \"a\"\ntls_key = \"b\"\npublic_url = \"http://a.example:8080\"",
            "line 3: public_url begins with http:, and this server speaks TLS by tls_cert",
        ),
        (
            "public_url = \"https://127.0.0.1:8080\"",
            "line 1: public_url begins with https:, and at that address this server speaks plain HTTP",
        ),
        (
            "listen = \"[::1]:443\"\npublic_url = \"https://[::1]\"",
            "line 2: public_url begins with https:, and at that address",
        ),
        (
            "public_url = \"https://localhost:8080\"",
            "line 1: public_url begins with https:, and at that address",
        ),
        (
            "metrics = \"127.0.0.1:8080\"",
            "line 1: metrics must be another port",
        ),
        (
            "listen = \"0.0.0.0:80\"\nmetrics = \"10.0.0.1:80\"",
            "line 2: metrics must be another port",
        ),
    ] {
        let found = refusal(text);
        assert!(found.starts_with(said), "{found}");
    }
    for text in [
        "public_url = \"https://live.example.org\"",
        "public_url = \"http://live.example.org\"",
        "dev_tls = true\npublic_url = \"https://live.example.org\"",
        "metrics = \"127.0.0.2:8080\"",
    ] {
        assert!(with_file(text).is_ok(), "{text}");
    }
}

#[test]
fn a_proxy_is_a_network_or_an_address_and_anything_else_is_refused() {
    let config =
        with_file("proxies = [\"192.0.2.0/24\", \"2001:db8::7\", \"::ffff:192.0.2.0/120\"]");
    let nets = config.expect("all three").proxies;
    assert!(nets[0].contains(&IpAddr::from([192, 0, 2, 9])));
    assert_eq!(nets[1].to_string(), "2001:db8::7/128");
    assert_eq!(nets[2].to_string(), "192.0.2.0/24");
    let many = |count: usize| format!("proxies = [{}]", vec!["\"192.0.2.1\""; count].join(","));
    assert!(refusal(many(PROXIES_MAX + 1)).contains("at most 64 are taken, these are 65"));
    assert!(with_file(many(PROXIES_MAX)).is_ok());
    for (net, hint) in [
        ("nginx.local", "a name is no address"),
        ("10.0.0.0/33", "got"),
        ("10.0.0", "got"),
        ("", "got"),
    ] {
        let found = refusal(format!("proxies = [\"{net}\"]"));
        assert!(found.contains(hint) && found.contains(net), "{found}");
    }
}

#[test]
fn what_is_right_is_taken() {
    let config =
        with_file("thread_priority = \"off\"\nrung = 4\nlog_format = \"json\"").expect("valid");
    assert_eq!(config.thread_priority, ThreadPriorities::Off);
    assert_eq!(config.pinned(), Some(Rung::CLOSED));
    assert_eq!(with_file("").expect("empty"), Config::default());
}

#[test]
fn a_file_that_is_not_there_or_no_file_is_named() {
    let load = |path: &str| {
        Config::load(Some(Path::new(path)), [], Vec::new())
            .expect_err(path)
            .to_string()
    };
    assert_eq!(
        load("/nowhere.toml"),
        "configuration file /nowhere.toml does not exist"
    );
    assert_eq!(
        load("/"),
        "configuration file / is a folder: name the file in it"
    );
    assert!(
        load("/dev/zero")
            .starts_with("configuration file /dev/zero cannot be read: it has more than")
    );
}

#[test]
fn browsers_are_asked_to_come_by_tls_alone_where_a_certificate_is_served_that_they_may_trust() {
    let told = |variables: &[(&str, &str)]| {
        let variables = variables.iter().map(|(name, value)| {
            let name = format!("STENTOR_{name}");
            (name.into(), (*value).into())
        });
        let config = Config::load(None, variables, Vec::new()).expect("a configuration");
        config.strict_transport().map(|kept| kept.as_secs())
    };
    let tls = [("TLS_CERT", "chain.pem"), ("TLS_KEY", "key.pem")];
    let with = |days| told(&[tls[0], tls[1], ("HSTS_DAYS", days)]);
    assert_eq!(told(&tls), Some(365 * 86_400));
    assert_eq!(with("1"), Some(86_400));
    assert_eq!(with("0"), None);
    assert_eq!(told(&[]), None);
    assert_eq!(told(&[("DEV_TLS", "true"), ("HSTS_DAYS", "1")]), None);
}

#[test]
fn every_key_stands_in_the_table_once_and_its_example_is_taken() {
    let names: std::collections::BTreeSet<_> = table::KEYS.iter().map(|key| key.name).collect();
    assert_eq!(names.len(), table::KEYS.len());
    for (key, example) in table::KEYS.iter().map(|key| (key.name, key.example)) {
        let value = table::variable(key, example);
        let found = Found {
            name: key.to_owned(),
            origin: Origin::Variable(key.to_owned()),
            value,
        };
        let taken = table::apply(&mut Config::default(), &found);
        assert!(
            taken.is_ok(),
            "{key}: {}",
            taken
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default()
        );
    }
}

#[test]
fn what_is_not_read_again_while_the_server_runs_is_named() {
    let running = Config::default();
    for (text, named) in [
        ("listen = \"127.0.0.1:1\"", "listen"),
        ("drain_s = 5\nlog = \"warn\"", "drain_s, log"),
        (
            "metrics = \"127.0.0.1:9\"\nproxies = [\"10.0.0.0/8\"]",
            "metrics, proxies",
        ),
        ("tls_cert = \"a\"\ntls_key = \"b\"", "tls_cert"),
        ("rung = 2", ""),
        ("", ""),
    ] {
        let read = with_file(text).expect(text);
        assert_eq!(running.needing_restart(&read).join(", "), named, "{text}");
    }
    // Every key is either read again or named.
    let read_again = ["rung", "tls_key"];
    let source = include_str!("keys.rs");
    for key in table::KEYS
        .iter()
        .map(|key| key.name)
        .filter(|key| !read_again.contains(key))
    {
        let (_, body) = source
            .split_once("fn needing_restart")
            .expect("it is there");
        let (body, _) = body
            .split_once("/// Whether the listening port")
            .expect("it ends");
        assert!(body.contains(key), "{key}");
    }
}
