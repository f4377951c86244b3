//! `stentor check`: whether a server can start with a configuration, and reach people, told before it is needed.
//!
//! It changes nothing and starts nothing: ports are taken for a moment and given back, files are read. What it cannot know from here
//! (whether a firewall lets speakers through) it does not claim.

mod finding;
mod machine;
mod mail;
mod network;
mod program;

use std::fmt::Write as _;

use serde::Serialize;
use stentor_event::clock::unix_ms_now;

use finding::{Finding, Verdict, bad, ok, warn};

use crate::config::{Config, ConfigError};
use crate::{data_dir, tls};

/// All findings.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Whether nothing is bad.
    pub(crate) ok: bool,
    findings: Vec<Finding>,
}

impl Report {
    /// Looks at everything that a server with this configuration needs.
    pub(crate) fn of(config: Result<Config, ConfigError>) -> Self {
        let config = match config {
            Ok(config) => config,
            Err(error) => return Self::new(vec![bad("configuration", error.to_string())]),
        };
        let mut findings = configuration(&config);
        findings.extend(certificate(&config));
        let is_running = data_dir::is_locked(&config.data_dir);
        findings.extend(network::ports(&config, is_running));
        findings.push(network::name(&config));
        findings.push(mail::server(&config));
        findings.extend(machine::folder(&config, is_running));
        findings.push(machine::disk(&config));
        findings.push(machine::descriptors(&config));
        findings.push(machine::memory());
        findings.extend(machine::clock(&config));
        findings.push(program::ffmpeg(&config));
        Self::new(findings)
    }

    fn new(findings: Vec<Finding>) -> Self {
        Self {
            ok: findings
                .iter()
                .all(|finding| finding.verdict < Verdict::Bad),
            findings,
        }
    }

    /// For people.
    pub(crate) fn told(&self) -> String {
        let mut text = String::new();
        for Finding {
            check,
            verdict,
            said,
        } in &self.findings
        {
            let verdict = match verdict {
                Verdict::Ok => "ok  ",
                Verdict::Warn => "warn",
                Verdict::Bad => "BAD ",
            };
            let _ = writeln!(text, "{verdict}  {check}: {said}");
        }
        let count = |verdict| {
            self.findings
                .iter()
                .filter(|finding| finding.verdict == verdict)
                .count()
        };
        let _ = match (count(Verdict::Bad), count(Verdict::Warn)) {
            (0, 0) => writeln!(text, "yes: the server can start"),
            (0, warned) => writeln!(
                text,
                "yes: the server can start, with {}",
                counted(warned, "warning")
            ),
            (bad, _) => writeln!(text, "no: {} to mend", counted(bad, "thing")),
        };
        text
    }
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn configuration(config: &Config) -> Vec<Finding> {
    let mut findings = vec![ok(
        "configuration",
        format!(
            "every setting is one; links begin with {}",
            config.base_url()
        ),
    )];
    let warnings = config.warnings().into_iter();
    findings.extend(warnings.map(|warning| warn("configuration", warning)));
    findings
}

fn certificate(config: &Config) -> Vec<Finding> {
    const CHECK: &str = "certificate";
    if !config.tls() {
        let said = match &config.public_url {
            Some(url) if url.https => "none here: a reverse proxy in front has it",
            _ => "none: plain HTTP, with which browsers give a microphone on this machine alone",
        };
        return vec![ok(CHECK, said)];
    }
    if let Err(error) = tls::of(config) {
        return vec![bad(CHECK, error.to_string())];
    }
    let warnings = tls::warnings(config, unix_ms_now());
    if !warnings.is_empty() {
        let finding = |warning: tls::CertificateWarning| match warning.refused {
            true => bad(CHECK, warning.said),
            false => warn(CHECK, warning.said),
        };
        return warnings.into_iter().map(finding).collect();
    }
    let said = match tls::certificate(config) {
        Some(certificate) => format!(
            "for {}, {} days more",
            certificate.names(),
            (certificate.ends_unix_s - unix_ms_now() / 1000) / tls::DAY_S
        ),
        None => "made at each start: browsers warn of it".to_owned(),
    };
    vec![ok(CHECK, said)]
}

#[cfg(test)]
mod tests;
