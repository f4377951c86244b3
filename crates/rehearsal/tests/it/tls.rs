//! A herd that comes over TLS.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::processes::herd;
use crate::server::{Behaviour, accept, serve, serve_tls};

#[test]
fn listeners_over_tls_hear_and_verify_everything_after_a_full_handshake_each() {
    let said = herd(serve_tls(Behaviour::Good), &["--tls"]);
    assert_eq!(said.code, Some(0), "{}", said.complaint);
    assert_eq!(said.number("/held_at_end"), 10, "{:#}", said.report);
    assert_eq!(said.number("/tls/handshake/count"), 10);
    assert_eq!(said.number("/tls/resumed"), 0);
    assert!(said.ms("/tls/handshake/min_ms") > 0.0);
    assert!(said.ms("/tls/handshake/max_ms") < said.ms("/first_audio/max_ms"));
    // The manifests come over TLS as well.
    assert_eq!(said.number("/hashes/uncompared"), 0);
    assert!(said.number("/hashes/confirmed") >= 10 * 8);
}

#[test]
fn who_may_resume_goes_on_with_the_session_of_one_before() {
    let said = herd(serve_tls(Behaviour::Good), &["--tls", "--tls-resume"]);
    assert_eq!(said.number("/held_at_end"), 10, "{:#}", said.report);
    let resumed = said.number("/tls/resumed");
    assert!((1..10).contains(&resumed), "{resumed}");
}

#[test]
fn plain_listeners_have_no_handshakes_to_report() {
    let said = herd(serve(Behaviour::Good), &["--seconds", "1"]);
    assert!(said.report["tls"].is_null());
}

#[test]
fn a_fault_is_found_through_tls_too() {
    let altered = herd(serve_tls(Behaviour::Altered), &["--tls"]);
    assert!(altered.number("/hashes/altered") >= 10);
    let cut = herd(serve_tls(Behaviour::Cut), &["--tls"]);
    cut.reasons("/cut", &[("the server closed the connection", 10)]);
}

#[test]
fn a_server_without_tls_is_told_by_what_it_does() {
    let silent = herd(
        serve(Behaviour::Mute),
        &["--tls", "--patience", "0.5", "--seconds", "1.5"],
    );
    silent.reasons("/never_got_in", &[("no TLS handshake in time", 10)]);
    let plain = accept(|mut stream: TcpStream| {
        let _ = stream.read(&mut [0; 1_024]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        // Closing at once could reset the connection before the answer is read.
        let _ = stream.read(&mut [0; 1_024]);
    });
    let said = herd(plain, &["--tls", "--seconds", "1"]);
    let reasons = said.report["never_got_in"].as_object();
    let reasons: Vec<_> = reasons.expect("there are reasons").keys().collect();
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    assert!(reasons[0].starts_with("TLS: "), "{reasons:?}");
}

#[test]
fn resuming_without_tls_is_a_wrong_argument() {
    let said = herd(serve(Behaviour::Good), &["--tls-resume", "--seconds", "1"]);
    assert_eq!(said.code, Some(2), "{}", said.complaint);
    assert!(said.complaint.contains("--tls"), "{}", said.complaint);
}
