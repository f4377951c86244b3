//! A session's URL (RFC 9725 sections 4.2 and 4.3): candidates that come later, ICE restarts, and the end.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use stentor_core::SeatId;
use stentor_core::conversation::{FIRST_HOST, SeatWarning, View};
use stentor_event::testing::SLUG;
use stentor_event::{EncodeOnce, PAGE_MESSAGES_MAX};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::scene::{FRAGMENT, Scene, offer};

/// How long anything may take before a test fails, also on a busy machine.
const WITHIN: Duration = Duration::from_secs(60);
/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A candidate of the ICE session that the offer began (RFC 8840 section 9).
const CANDIDATE: &str = "a=ice-ufrag:F7gI\r\na=ice-pwd:x9cml/YzichV2+XlhiMu8g\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n\
    a=candidate:1 1 udp 2130706431 192.0.2.9 40000 typ host\r\n";

/// New credentials: an ICE restart.
const RESTART: &str = "a=ice-ufrag:nEw1\r\na=ice-pwd:0123456789012345678901\r\n";

const GONE: &str = "This session is gone: send a new offer.";

/// Opens a session of the host: its path and its tag.
async fn session(scene: &Scene) -> (String, String) {
    let token = scene.server.token(FIRST_HOST);
    let answer = scene.offers("whip", &token, offer("sendrecv")).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let header = |name| answer.header(name).to_owned();
    (header("location"), header("etag"))
}

#[tokio::test]
async fn candidates_are_taken_for_the_ice_session_that_their_tag_names() {
    let scene = Scene::new().await;
    let (path, tag) = session(&scene).await;
    let answer = scene.patches(&path, &tag, CANDIDATE).await;
    assert_eq!(
        (answer.status.as_u16(), &*answer.body),
        (204, ""),
        "{answer:?}"
    );
    assert_eq!(answer.header("access-control-allow-origin"), "*");

    let none = [("content-type", FRAGMENT)];
    scene
        .ask(Method::PATCH, &path, &none, CANDIDATE)
        .await
        .is_problem(428, &format!("Expected If-Match: {tag}, got none."));
    scene
        .patches(&path, "\"another\"", CANDIDATE)
        .await
        .is_problem(412, &format!("Expected If-Match: {tag}, got \"another\"."));
    // A weak tag never matches (RFC 9110 section 13.1.1).
    let weak = format!("W/{tag}");
    let answer = scene.patches(&path, &weak, CANDIDATE).await;
    assert_eq!(answer.status, 412, "{answer:?}");
    assert_eq!(scene.patches(&path, "*", CANDIDATE).await.status, 204);
}

#[tokio::test]
async fn what_is_no_fragment_is_refused_with_what_was_expected_and_what_came() {
    let scene = Scene::new().await;
    let (path, tag) = session(&scene).await;
    let headers = [("content-type", "application/sdp"), ("if-match", &*tag)];
    let answer = scene.ask(Method::PATCH, &path, &headers, CANDIDATE).await;
    let expected = "Expected application/trickle-ice-sdpfrag, got application/sdp.";
    answer.is_problem(415, expected);
    let answer = scene.patches(&path, &tag, "v=0\r\n").await;
    answer.is_problem(400, "Line 1: expected a= or m=, got \"v=0\".");
    let half = "a=ice-ufrag:nEw1\r\n";
    assert_eq!(scene.patches(&path, &tag, half).await.status, 400);
    // Nothing of it has changed the session.
    assert_eq!(scene.patches(&path, &tag, CANDIDATE).await.status, 204);
}

#[tokio::test]
async fn an_ice_restart_gives_new_credentials_and_a_new_tag_and_the_old_one_is_over() {
    let scene = Scene::new().await;
    let (path, tag) = session(&scene).await;
    scene
        .patches(&path, "\"another\"", RESTART)
        .await
        .is_problem(412, &format!("Expected If-Match: {tag}, got \"another\"."));
    let answer = scene.patches(&path, &tag, RESTART).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), FRAGMENT);
    assert!(answer.body.contains("a=ice-ufrag:"), "{answer:?}");
    assert!(answer.body.contains("a=ice-pwd:"), "{answer:?}");
    let renewed = answer.header("etag").to_owned();
    assert!(renewed.starts_with('"') && renewed != tag, "{renewed}");

    let candidate = CANDIDATE
        .replace("F7gI", "nEw1")
        .replace("x9cml/YzichV2+XlhiMu8g", "0123456789012345678901");
    scene
        .patches(&path, &tag, &candidate)
        .await
        .is_problem(412, &format!("Expected If-Match: {renewed}, got {tag}."));
    let answer = scene.patches(&path, &renewed, &candidate).await;
    assert_eq!(answer.status, 204, "{answer:?}");
}

#[tokio::test]
async fn a_session_is_ended_by_whoever_has_its_url_and_ending_it_again_is_no_fault() {
    let scene = Scene::new().await;
    let (path, tag) = session(&scene).await;
    for _ in 0..2 {
        let answer = scene.ask(Method::DELETE, &path, &[], "").await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let answer = scene.patches(&path, &tag, CANDIDATE).await;
    answer.is_problem(404, GONE);
    let answer = scene
        .ask(Method::DELETE, "/api/v1/sessions/nobody-knows", &[], "")
        .await;
    answer.is_problem(404, GONE);
}

#[tokio::test]
async fn a_seat_has_several_sessions_on_their_way_and_the_oldest_gives_way() {
    let scene = Scene::new().await;
    let max = stentor_core::limits::SEAT_RESERVATIONS_MAX;
    let mut sessions = Vec::new();
    for _ in 0..max {
        sessions.push(session(&scene).await);
    }
    for (path, tag) in &sessions {
        let answer = scene.patches(path, tag, CANDIDATE).await;
        assert_eq!(answer.status, 204, "{answer:?}");
    }
    sessions.push(session(&scene).await);
    let (path, tag) = sessions.remove(0);
    let answer = scene.patches(&path, &tag, CANDIDATE).await;
    answer.is_problem(404, GONE);
    for (path, tag) in &sessions {
        let answer = scene.patches(path, tag, CANDIDATE).await;
        assert_eq!(answer.status, 204, "{answer:?}");
    }
}

/// Candidates, restarts, or both: a session is given leave for a few at once, and is told when there is one again.
#[tokio::test]
async fn whoever_patches_too_often_is_told_to_come_again_and_hosts_are_told_who_it_is() {
    let scene = Scene::new().await;
    let (sender, _messages) = mpsc::channel(PAGE_MESSAGES_MAX);
    let joined = scene.server.event().join(FIRST_HOST, None, sender).await;
    let mut watching = joined.unwrap().unwrap();
    let is_flooding = |state: &Arc<EncodeOnce<View>>| {
        let host = state.value().seat(FIRST_HOST);
        host.is_some_and(|host| host.warning == Some(SeatWarning::Flooding))
    };
    assert!(!is_flooding(&watching.state.borrow()));
    for kind in ["candidates", "restarts", "both"] {
        let (path, _) = session(&scene).await;
        let flood = async {
            for n in 0_u32.. {
                let restart = RESTART.replace("nEw1", &format!("nEw{n:05}"));
                let is_restart = kind == "restarts" || (kind == "both" && n % 2 == 0);
                let fragment = if is_restart { &restart } else { CANDIDATE };
                let answer = scene.patches(&path, "*", fragment).await;
                if answer.status == 429 {
                    return (n, answer);
                }
                assert!(answer.status.is_success(), "{answer:?}");
            }
            unreachable!("the numbers do not end")
        };
        let (taken, answer) = timeout(WITHIN, flood).await.expect("it is too often");
        assert!(taken >= 5, "{kind}: {taken} were taken");
        assert_eq!(answer.header("retry-after"), "1");
        answer.is_problem(
            429,
            "Expected at most one fragment a second for this session; try again in 1 s.",
        );
        let told = timeout(WITHIN, watching.state.wait_for(is_flooding)).await;
        told.expect("hosts are told").expect("the event is there");
        // Another session of the seat is none of its business.
        let (path, _) = session(&scene).await;
        assert_eq!(scene.patches(&path, "*", CANDIDATE).await.status, 204);
    }
}

#[tokio::test]
async fn the_end_of_the_event_is_the_end_of_its_sessions() {
    let scene = Scene::new().await;
    let (path, tag) = session(&scene).await;
    scene.server.end().await;
    let gone = async {
        loop {
            let answer = scene.patches(&path, &tag, CANDIDATE).await;
            if answer.status == 404 {
                return answer;
            }
            sleep(LOOK_EVERY).await;
        }
    };
    let answer = timeout(WITHIN, gone).await.expect("the session ends");
    answer.is_problem(404, GONE);
}

#[tokio::test]
async fn a_session_says_what_it_takes_and_refuses_the_rest() {
    let scene = Scene::new().await;
    let (path, _) = session(&scene).await;
    let answer = scene.ask(Method::OPTIONS, &path, &[], "").await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("allow"), "PATCH, DELETE, OPTIONS");
    assert_eq!(answer.header("accept-patch"), FRAGMENT);
    for method in [Method::GET, Method::PUT, Method::POST] {
        let answer = scene.ask(method, &path, &[], "").await;
        answer.is_problem(405, "A session takes PATCH and DELETE (RFC 9725).");
        assert_eq!(answer.header("allow"), "PATCH, DELETE, OPTIONS");
    }
}

#[tokio::test]
async fn a_token_that_comes_with_a_session_must_be_its_seats() {
    let scene = Scene::new().await;
    let (path, tag) = session(&scene).await;
    let token =
        |seat, generation| format!("Bearer {}", scene.server.token_of(SLUG, seat, generation));
    let live = scene.server.links_generation();
    for (authorization, status) in [
        (token(FIRST_HOST, 0), 401),
        ("Bearer nonsense".to_owned(), 401),
        (token(SeatId(2), live), 403),
    ] {
        let headers = [
            ("authorization", &*authorization),
            ("content-type", FRAGMENT),
            ("if-match", &*tag),
        ];
        for method in [Method::PATCH, Method::DELETE] {
            let answer = scene.ask(method, &path, &headers, CANDIDATE).await;
            assert_eq!(answer.status, status, "{answer:?}");
        }
    }
    let own = token(FIRST_HOST, live);
    let answer = scene
        .ask(Method::DELETE, &path, &[("authorization", &own)], "")
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn the_tag_of_a_session_may_be_one_of_a_list() {
    let scene = Scene::new().await;
    let (path, tag) = session(&scene).await;
    for list in [
        format!("\"another\", {tag}"),
        format!("{tag},\"x\""),
        format!("W/\"a,b\", \"\" , {tag}"),
    ] {
        let answer = scene.patches(&path, &list, CANDIDATE).await;
        assert_eq!(answer.status, 204, "{list}: {answer:?}");
    }
}
