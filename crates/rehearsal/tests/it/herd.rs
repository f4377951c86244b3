//! What the herd finds.

use std::net::TcpListener;
use std::process::Command;

use crate::processes::{herd, said};
use crate::server::{Behaviour, serve};

/// Players that hold as much as a busy machine may take away from them, and time to gather it.
const PATIENT: [&str; 4] = ["--seconds", "6", "--buffer-ms", "3000"];

#[test]
fn a_good_stream_is_heard_and_confirmed_by_everyone() {
    let said = herd(serve(Behaviour::Good), &PATIENT);
    assert_eq!(said.code, Some(0), "{}", said.complaint);
    for (what, count) in [
        ("/scheduled", 10),
        ("/connected", 10),
        ("/joined", 10),
        ("/held_at_end", 10),
        ("/first_audio/count", 10),
        ("/playing/count", 10),
        ("/gaps", 0),
        ("/stalls", 0),
        ("/repeated", 0),
        ("/misnumbered", 0),
        ("/hashes/altered", 0),
        ("/sound/listeners", 1),
        ("/sound/silent_listeners", 0),
    ] {
        assert_eq!(said.number(what), count, "{what}");
    }
    // Whoever plays has had three seconds: fifteen chunks.
    assert!(said.number("/chunks") >= 150, "{}", said.number("/chunks"));
    let compared = said.number("/hashes/confirmed");
    assert_eq!(compared, said.number("/chunks"), "all of them were hashed");
    // What lay there before the listener asked is not late.
    let late = said.number("/lateness/count");
    assert!(late > 0 && said.number("/chunks") - late >= 20, "{late}");
}

#[test]
fn a_missing_chunk_is_a_gap_of_its_length_for_each_listener() {
    let said = herd(serve(Behaviour::Gap), &[]);
    assert_eq!(said.code, Some(4), "{}", said.complaint);
    assert_eq!(said.number("/gaps"), 10);
    assert_eq!(said.ms("/missing_s"), 2.0);
    assert_eq!(said.number("/repeated"), 0);
}

#[test]
fn a_chunk_that_comes_again_is_no_gap() {
    let said = herd(serve(Behaviour::Twice), &[]);
    assert_eq!((said.number("/repeated"), said.number("/gaps")), (10, 0));
}

#[test]
fn a_number_that_does_not_follow_is_told_though_the_time_does() {
    let said = herd(serve(Behaviour::Misnumbered), &[]);
    // The wrong one, and the right one behind it.
    assert_eq!((said.number("/misnumbered"), said.number("/gaps")), (20, 0));
}

#[test]
fn one_bit_that_was_not_published_is_found() {
    let said = herd(serve(Behaviour::Altered), &["--hash-every", "4"]);
    assert_eq!(said.number("/hashes/confirmed"), 0);
    let altered = said.number("/hashes/altered");
    let chunks = said.number("/chunks");
    // Each listener's first, and every fourth.
    assert!(
        (chunks / 4..=chunks / 4 + 10).contains(&altered),
        "{altered} of {chunks}"
    );
}

#[test]
fn without_a_manifest_nothing_counts_as_confirmed() {
    let said = herd(serve(Behaviour::Good), &["--manifest", "/none"]);
    assert_eq!(said.number("/hashes/confirmed"), 0);
    assert_eq!(said.number("/hashes/uncompared"), said.number("/chunks"));
    assert_eq!(said.code, Some(4));
    let failure = said.report["hashes"]["last_failure"].to_string();
    assert!(failure.contains("status 404"), "{failure}");
}

#[test]
fn boxes_out_of_order_end_a_listener_with_the_reason() {
    let said = herd(serve(Behaviour::Disorder), &[]);
    assert_eq!(said.number("/held_at_end"), 0);
    let reason = "a box 'moof' stands where the beginning of a chunk should";
    said.reasons("/cut", &[(reason, 10)]);
}

#[test]
fn silence_in_perfect_chunks_is_heard_by_those_who_listen() {
    let said = herd(serve(Behaviour::Silence), &["--listen-every", "2"]);
    assert_eq!(said.number("/sound/listeners"), 5);
    assert_eq!(said.number("/sound/silent_listeners"), 5);
    assert_eq!(said.number("/gaps"), 0);
    assert!(said.complaint.contains("5 heard nothing but silence"));
}

#[test]
fn a_pause_longer_than_the_buffer_is_a_stall() {
    let said = herd(serve(Behaviour::Pause), &["--seconds", "3"]);
    assert!(said.number("/stalls") >= 10, "{}", said.number("/stalls"));
    assert_eq!(said.number("/gaps"), 0);
    // How long it lasts is the player's arithmetic, which is told the time; here it is known that there is one.
    assert!(said.ms("/stall/p50_ms") > 0.0);
    assert_eq!(said.ms("/lowest_buffer/max_ms"), 0.0);
    // What was captured when the pause began came when it was over, and says so (`prft`).
    assert!(said.ms("/lateness/max_ms") > 1_000.0);
}

#[test]
fn a_player_that_holds_more_survives_the_same_pause() {
    let said = herd(serve(Behaviour::Pause), &PATIENT);
    assert_eq!(said.number("/stalls"), 0, "{}", said.complaint);
    assert!(said.ms("/playing/min_ms") > said.ms("/first_audio/max_ms"));
}

#[test]
fn a_stream_that_breaks_off_is_told() {
    let said = herd(serve(Behaviour::Cut), &[]);
    assert_eq!(
        (said.number("/joined"), said.number("/held_at_end")),
        (10, 0)
    );
    said.reasons("/cut", &[("the server closed the connection", 10)]);
}

#[test]
fn a_refusal_is_told_with_its_status_and_counts_as_waiting_to_the_end() {
    let said = herd(serve(Behaviour::Refuse), &[]);
    assert_eq!((said.code, said.number("/joined")), (Some(4), 0));
    said.reasons("/never_got_in", &[("refused with status 503", 10)]);
    assert_eq!(said.number("/first_audio/count"), 10);
    assert!(said.ms("/first_audio/min_ms") > 1_700.0);
}

#[test]
fn who_gets_no_answer_gives_up_and_says_what_was_missing() {
    for (manner, reason) in [
        (Behaviour::Mute, "no answer in time"),
        (Behaviour::HalfHead, "only a part of a head in time"),
    ] {
        let said = herd(serve(manner), &["--patience", "0.5", "--seconds", "1.5"]);
        said.reasons("/never_got_in", &[(reason, 10)]);
    }
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    drop(listener);
    let said = herd(address, &["--seconds", "1"]);
    assert_eq!((said.code, said.number("/connected")), (Some(4), 0));
    said.reasons("/never_got_in", &[("connect: connection refused", 10)]);
}

#[test]
fn a_body_without_chunks_is_read_too() {
    let said = herd(serve(Behaviour::Unframed), &[]);
    assert_eq!(said.code, Some(0), "{}", said.complaint);
    assert_eq!(said.number("/held_at_end"), 10);
}

#[test]
fn bytes_alone_show_when_they_began_and_when_they_paused() {
    let flags = ["--raw", "--gap-ms", "900", "--seconds", "3"];
    let said = herd(serve(Behaviour::Pause), &flags);
    assert_eq!(said.number("/joined"), 10);
    assert!(said.number("/delivery_gap/count") >= 10);
    assert_eq!((said.number("/chunks"), said.number("/stalls")), (0, 0));
    assert!(said.number("/bytes") > 10 * 10 * 1_200);
    let good = herd(
        serve(Behaviour::Good),
        &["--raw", "--gap-ms", "2900", "--seconds", "3"],
    );
    assert_eq!(good.number("/delivery_gap/count"), 0);
}

#[test]
fn a_notice_that_is_waited_for_counts_once_for_each_listener_and_another_does_not() {
    let wait_for = |words: &str| herd(serve(Behaviour::Notices), &["--notice", words]);
    let said = wait_for("ten minutes");
    assert_eq!(said.number("/noticed/count"), 10);
    assert!(said.number("/notices") > 10);
    assert!(said.ms("/noticed/max_ms") > 0.0);
    assert_eq!(wait_for("an hour").number("/noticed/count"), 0);
}

#[test]
fn a_herd_that_lags_calls_its_run_invalid() {
    let said = herd(
        serve(Behaviour::Good),
        &["--lag-limit-ms", "0", "--seconds", "1"],
    );
    assert_eq!(said.code, Some(3));
    assert_eq!(said.report["valid"], false);
    let why = said.report["invalid_because"].to_string();
    assert!(why.contains("loop lag"), "{why}");
}

#[test]
fn more_listeners_than_one_table_holds_get_several() {
    let server = serve(Behaviour::Good).to_string();
    let herd = env!("CARGO_BIN_EXE_herd");
    let run = format!(
        "ulimit -n 128; exec {herd} --connect {server} --path /e/x/48/live.mp4 --listeners 150 --rate 300/s \
         --seconds 3 --sources 127.1.0.0/28 --lag-limit-ms 60000 --json - --quiet"
    );
    let output = Command::new("sh").args(["-c", &run]).output();
    let said = said(&output.expect("the herd runs"));
    assert_eq!(said.code, Some(0), "{}", said.complaint);
    assert_eq!(said.number("/held_at_end"), 150, "{:#}", said.report);
    assert_eq!(said.number("/generator/workers"), 3);
}

#[test]
fn what_cannot_be_done_is_said_in_one_sentence_before_anybody_comes() {
    let here = serve(Behaviour::Good);
    let refused = |flags: &[&str], words: &str| {
        let said = herd(here, flags);
        assert_eq!(said.code, Some(1), "{}", said.complaint);
        assert!(said.complaint.contains(words), "{}", said.complaint);
        assert_eq!(said.complaint.trim().lines().count(), 1);
    };
    refused(&["--listeners", "100000"], "source addresses");
    refused(&["--cpus", "999"], "processors");
    refused(&["--path", "live.mp4"], "begins with a slash");
    let elsewhere = herd("192.0.2.1:80".parse().expect("an address"), &[]);
    assert_eq!(elsewhere.code, Some(1));
    assert!(elsewhere.complaint.contains("not on this machine"));
}
