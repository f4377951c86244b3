//! A herd that comes by HLS.

use crate::processes::{HerdOutput, herd};
use crate::server::{Behaviour, serve, serve_hls};

fn by_hls(manner: Behaviour) -> HerdOutput {
    herd(
        serve_hls(manner),
        &["--hls", "--path", "/e/x/48/index.m3u8"],
    )
}

#[test]
fn listeners_by_hls_hear_and_verify_each_segment_once() {
    let said = by_hls(Behaviour::Good);
    assert_eq!(said.code, Some(0), "{}", said.complaint);
    assert_eq!(said.number("/held_at_end"), 10, "{:#}", said.report);
    assert_eq!((said.number("/gaps"), said.number("/repeated")), (0, 0));
    // Two seconds are two playlists of a target duration of one, and the eight segments of the first hold 3.2 s.
    assert!(said.number("/hls/playlists") >= 10 * 2);
    assert_eq!(said.number("/chunks"), 2 * said.number("/hls/segments"));
    assert!(said.number("/hls/segments") >= 10 * (8 + 2));
    assert_eq!(said.number("/hashes/uncompared"), 0);
    assert!(said.number("/hashes/confirmed") >= 10 * 8);
    assert_eq!(said.number("/sound/listeners"), 1);
}

#[test]
fn a_segment_that_was_altered_is_found() {
    let said = by_hls(Behaviour::Altered);
    assert!(said.number("/hashes/altered") >= 10, "{:#}", said.report);
}

#[test]
fn segments_that_leave_the_playlist_too_early_are_missed_and_told() {
    let said = by_hls(Behaviour::Gap);
    assert_eq!(said.code, Some(4));
    assert!(said.number("/hls/skipped") >= 10, "{:#}", said.report);
    assert!(said.number("/gaps") >= 10);
    assert!(
        said.complaint.contains("listed no more"),
        "{}",
        said.complaint
    );
}

#[test]
fn what_is_refused_is_told_by_what_was_asked_for() {
    let said = by_hls(Behaviour::Refuse);
    said.reasons(
        "/never_got_in",
        &[("the playlist refused with status 503", 10)],
    );
    let said = by_hls(Behaviour::Cut);
    said.reasons(
        "/never_got_in",
        &[("a segment refused with status 503", 10)],
    );
}

#[test]
fn a_path_that_is_no_playlist_is_told() {
    let said = herd(
        serve(Behaviour::Good),
        &["--hls", "--path", "/e/x/48/init.mp4"],
    );
    said.reasons("/never_got_in", &[("the playlist is no text", 10)]);
}
