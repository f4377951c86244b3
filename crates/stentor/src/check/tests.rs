//! What is bad, what is a warning, and what is well, each with what to do.

use std::net::{TcpListener, UdpSocket};
use std::path::Path;

use super::*;
use crate::config::Found;

fn config(data: &Path, more: &[(&str, &str, &str)]) -> Config {
    let mut flags = vec![Found::flag("--data", "data_dir", data.to_str().unwrap())];
    flags.extend(
        more.iter()
            .map(|(flag, key, text)| Found::flag(flag, key, text)),
    );
    Config::load(None, [], flags).unwrap()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

fn said(report: &Report, verdict: Verdict, check: &str) -> String {
    let of_verdict = report
        .findings
        .iter()
        .filter(|finding| finding.verdict == verdict && finding.check == check);
    of_verdict
        .map(|finding| finding.said.as_str())
        .collect::<Vec<_>>()
        .join("; ")
}

#[test]
fn a_server_for_this_machine_can_start() {
    let data = tempfile::tempdir().unwrap();
    let listen = format!("127.0.0.1:{}", free_port());
    let report = Report::of(Ok(config(data.path(), &[("--listen", "listen", &listen)])));
    assert_eq!(said(&report, Verdict::Bad, "port"), "");
    assert!(said(&report, Verdict::Ok, "port").contains(&listen));
    assert!(
        report.told().lines().last().unwrap().starts_with("yes: "),
        "{}",
        report.told()
    );
    assert!(report.ok);
}

#[test]
fn a_wrong_configuration_is_the_one_thing_to_mend() {
    for (flag, key, text) in [
        ("--listen", "listen", ":1"),
        ("--log", "log", "loud"),
        ("--public-url", "public_url", "x"),
    ] {
        let wrong = Config::load(None, [], vec![Found::flag(flag, key, text)]);
        let report = Report::of(wrong);
        assert!(!report.ok);
        assert!(said(&report, Verdict::Bad, "configuration").starts_with(flag));
        assert!(
            report.told().ends_with("no: 1 thing to mend\n"),
            "{}",
            report.told()
        );
    }
}

#[test]
fn ports_that_cannot_be_had_are_told_by_their_flag() {
    let data = tempfile::tempdir().unwrap();
    let (tcp, udp) = (
        TcpListener::bind("127.0.0.1:0").unwrap(),
        UdpSocket::bind("127.0.0.1:0").unwrap(),
    );
    let (tcp, udp) = (
        tcp.local_addr().map(|addr| (addr, tcp)).unwrap(),
        udp.local_addr().map(|addr| (addr, udp)).unwrap(),
    );
    let listen = format!("127.0.0.1:{}", free_port());
    for (flag, key, addr) in [
        ("--listen", "listen", tcp.0),
        ("--udp", "udp", udp.0),
        ("--metrics", "metrics", tcp.0),
    ] {
        let addr = addr.to_string();
        let mut flags = vec![("--listen", "listen", listen.as_str())];
        flags.push((flag, key, &addr));
        let report = Report::of(Ok(config(data.path(), &flags)));
        let said = said(&report, Verdict::Bad, "port");
        assert!(
            said.contains("taken by another program") && said.contains(flag),
            "{flag}: {said}"
        );
    }
    let report = Report::of(Ok(config(
        data.path(),
        &[("--listen", "listen", "203.0.113.7:18080")],
    )));
    assert!(
        said(&report, Verdict::Bad, "port").contains("no address 203.0.113.7"),
        "{}",
        report.told()
    );
}

#[test]
fn the_ports_of_the_server_that_runs_are_its_own() {
    let data = tempfile::tempdir().unwrap();
    let _running = data_dir::lock(data.path()).unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let report = Report::of(Ok(config(data.path(), &[("--listen", "listen", &listen)])));
    assert!(
        said(&report, Verdict::Ok, "port").contains("the server that runs"),
        "{}",
        report.told()
    );
}

#[test]
fn a_folder_that_is_not_there_or_is_a_file_is_told() {
    let data = tempfile::tempdir().unwrap();
    let report = Report::of(Ok(config(&data.path().join("new"), &[])));
    assert!(said(&report, Verdict::Warn, "data folder").contains("not there yet"));
    assert!(!data.path().join("new").exists(), "nothing is made");
    let file = data.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let report = Report::of(Ok(config(&file, &[])));
    assert!(said(&report, Verdict::Bad, "data folder").contains("is a file"));
    let report = Report::of(Ok(config(&data.path().join("no/such/place"), &[])));
    assert!(said(&report, Verdict::Bad, "data folder").contains("cannot be made"));
}

#[test]
fn a_name_that_leads_nowhere_is_told() {
    let data = tempfile::tempdir().unwrap();
    // RFC 6761 §6.4: resolvers answer that there is no such name.
    for host in ["stentor.invalid", "live.stentor.invalid", "x.invalid"] {
        let url = format!("https://{host}");
        let report = Report::of(Ok(config(
            data.path(),
            &[("--public-url", "public_url", &url)],
        )));
        assert!(
            said(&report, Verdict::Bad, "name").contains("has no address"),
            "{}",
            report.told()
        );
    }
    let report = Report::of(Ok(config(
        data.path(),
        &[("--public-url", "public_url", "http://127.0.0.1:8080")],
    )));
    assert!(said(&report, Verdict::Ok, "name").contains("127.0.0.1"));
}

#[test]
fn a_clock_behind_the_files_is_told() {
    let data = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(data.path().join("x")).unwrap();
    file.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(86_400))
        .unwrap();
    let report = Report::of(Ok(config(data.path(), &[])));
    assert!(said(&report, Verdict::Bad, "clock").contains("the clock is behind"));
}
