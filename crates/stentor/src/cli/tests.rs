//! The command line against what it says of itself: help, manual, completions, tips.

use clap_complete::Shell;

use super::*;
use crate::config::documented;

#[test]
fn the_command_line_is_consistent() {
    command().debug_assert();
}

#[test]
fn the_help_of_an_events_command_shows_what_matters_to_it() {
    let mut command = command();
    for name in ["create", "list", "show", "edit", "end", "delete", "links"] {
        let event = command.find_subcommand_mut("event").unwrap();
        let help = event
            .find_subcommand_mut(name)
            .unwrap()
            .render_long_help()
            .to_string();
        for flag in ["--config", "--data", "--public-url"] {
            assert!(help.contains(flag), "{name}: {flag}");
        }
        for flag in [
            "--udp",
            "--metrics",
            "--tls-key",
            "--public-ip",
            "--log",
            "--listen",
        ] {
            assert!(!help.contains(&format!("{flag} ")), "{name}: {flag}");
        }
    }
    let typed = ["stentor", "event", "list", "--listen", "127.0.0.1:1"];
    assert!(
        super::command().try_get_matches_from(typed).is_ok(),
        "taken all the same"
    );
}

#[test]
fn a_key_that_is_no_flag_is_told_as_what_it_is() {
    for (flag, told) in [
        ("--rung", Some("STENTOR_RUNG")),
        ("--drain-s", Some("STENTOR_DRAIN_S")),
        ("--connections_max", Some("STENTOR_CONNECTIONS_MAX")),
        ("--proxies", Some("STENTOR_PROXIES")),
        ("--colour", None),
    ] {
        let error = command()
            .try_get_matches_from(["stentor", "serve", flag, "1"])
            .unwrap_err();
        let tip = tip(&error);
        assert_eq!(tip.is_some(), told.is_some(), "{flag}");
        assert!(
            tip.unwrap_or_default().contains(told.unwrap_or_default()),
            "{flag}"
        );
    }
}

#[test]
fn the_manual_has_every_flag_that_help_shows_and_every_key() {
    let page = String::from_utf8(manual::page(&command()).unwrap()).unwrap();
    let plain = page
        .replace("\\-", "-")
        .replace("\\fB", "")
        .replace("\\fR", "");
    fn flags(command: &clap::Command, found: &mut Vec<String>) {
        let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
        found.extend(
            shown
                .filter_map(|arg| arg.get_long())
                .map(|long| format!("--{long}")),
        );
        command.get_subcommands().for_each(|one| flags(one, found));
    }
    let mut all = Vec::new();
    let mut built = command();
    built.build();
    flags(&built, &mut all);
    assert!(all.len() > 20, "{all:?}");
    for flag in all {
        assert!(plain.contains(&flag), "{flag}");
    }
    for [name, ..] in documented() {
        assert!(plain.contains(&format!(".TP\n{name}\n")), "{name}");
    }
    for line in page.lines().filter(|line| line.starts_with(['.', '\''])) {
        let macro_name: String = line
            .chars()
            .skip(1)
            .take_while(|char| char.is_alphabetic())
            .collect();
        assert!(
            [
                "TH", "SH", "IP", "SS", "TP", "ie", "el", "br", "RS", "RE", "PP", "sp"
            ]
            .contains(&macro_name.as_str()),
            "{line}"
        );
    }
}

#[test]
fn shells_complete_commands_and_flags() {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let script = String::from_utf8(manual::completions(&mut command(), shell)).unwrap();
        for word in ["serve", "check", "public-url", "opens-at"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}
