//! `POST` with an offer (RFC 9725 section 4.2): what is answered, and what is refused and how.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use axum::http::Method;
use stentor_core::SeatId;
use stentor_core::conversation::FIRST_HOST;
use stentor_event::catalog::{Amendment, ask};
use stentor_event::testing::SLUG;

use crate::scene::{Answer, SDP, Scene, offer};

/// An offer of the host with another token, or none.
async fn with_authorization(scene: &Scene, authorization: Option<&str>) -> Answer {
    let mut headers = vec![("content-type", SDP)];
    headers.extend(authorization.map(|value| ("authorization", value)));
    let path = scene.endpoint("whip");
    scene
        .ask(Method::POST, &path, &headers, offer("sendrecv"))
        .await
}

#[tokio::test]
async fn an_offer_is_answered_with_the_url_and_the_tag_of_its_session() {
    let scene = Scene::new().await;
    let token = scene.server.token(FIRST_HOST);
    for (endpoint, sends, answers) in [
        ("whip", "sendrecv", "a=sendrecv"),
        ("whip", "sendonly", "a=recvonly"),
        ("whep", "recvonly", "a=sendonly"),
    ] {
        let answer = scene.offers(endpoint, &token, offer(sends)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(answer.header("content-type"), SDP);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(
            answer.header("access-control-expose-headers"),
            "Location, ETag, Link"
        );
        assert!(answer.body.contains("m=audio "), "{answer:?}");
        assert!(answer.body.contains(answers), "{endpoint}: {answer:?}");
        assert!(answer.body.contains("a=candidate:"), "{answer:?}");
        let secret = answer.header("location").strip_prefix("/api/v1/sessions/");
        assert_eq!(secret.map(str::len), Some(32), "128 bits in hexadecimal");
        // RFC 9110 section 8.8.3: strong, and in quotes.
        let tag = answer.header("etag");
        assert!(
            tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"'),
            "{tag}"
        );
    }
}

#[tokio::test]
async fn whoever_has_no_token_of_this_event_is_told_to_bring_one() {
    let scene = Scene::new().await;
    let expected = "Expected Authorization: Bearer with the token of an invitation.";
    let wrong = "This link does not open a place at this event: ask the host for a new one.";
    let elsewhere = scene.server.token_of("another-event", FIRST_HOST, 1);
    let renewed = scene.server.token_of(SLUG, FIRST_HOST, 0);
    for (authorization, sentence) in [
        (None, expected),
        (Some("Basic aG9zdDpob3N0".to_owned()), expected),
        (Some("Bearer".to_owned()), expected),
        (Some("Bearer nonsense".to_owned()), wrong),
        (Some(format!("Bearer {elsewhere}")), wrong),
        (
            Some(format!("Bearer {renewed}")),
            "This link was replaced by a new one: ask the host for it.",
        ),
    ] {
        let answer = with_authorization(&scene, authorization.as_deref()).await;
        answer.is_problem(401, sentence);
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
}

#[tokio::test]
async fn a_token_is_taken_whatever_the_case_of_its_scheme() {
    let scene = Scene::new().await;
    let bearer = format!("bEaReR {}", scene.server.token(FIRST_HOST));
    let answer = with_authorization(&scene, Some(&bearer)).await;
    assert_eq!(answer.status, 201, "{answer:?}");
}

#[tokio::test]
async fn an_event_that_is_not_here_is_named() {
    let scene = Scene::new().await;
    let headers = [("content-type", SDP)];
    let answer = scene
        .ask(Method::POST, "/api/v1/events/nowhere/whip", &headers, "")
        .await;
    answer.is_problem(404, "There is no event \"nowhere\" here.");
}

#[tokio::test]
async fn a_seat_that_nobody_has_may_not_connect() {
    let scene = Scene::new().await;
    let token = scene.server.token(SeatId(77));
    let answer = scene.offers("whip", &token, offer("sendrecv")).await;
    answer.is_problem(403, "Your seat is no longer part of this event.");
}

#[tokio::test]
async fn what_is_no_offer_is_refused_with_what_was_expected_and_what_came() {
    let scene = Scene::new().await;
    let bearer = format!("Bearer {}", scene.server.token(FIRST_HOST));
    let path = scene.endpoint("whip");
    let posts = async |content_type: Option<&str>, body: Vec<u8>| {
        let mut headers = vec![("authorization", &*bearer)];
        headers.extend(content_type.map(|value| ("content-type", value)));
        scene.ask(Method::POST, &path, &headers, body).await
    };
    let good = offer("sendrecv").into_bytes();
    posts(Some("text/plain"), good.clone())
        .await
        .is_problem(415, "Expected application/sdp, got text/plain.");
    posts(None, good.clone())
        .await
        .is_problem(415, "Expected application/sdp, got nothing.");
    posts(Some(SDP), vec![0xff, 0xfe])
        .await
        .is_problem(400, "Expected UTF-8 text.");
    // Content types have parameters, and no case (RFC 9110 section 8.3.1).
    let answer = posts(Some("Application/SDP; charset=utf-8"), good).await;
    assert_eq!(answer.status, 201, "{answer:?}");
}

#[tokio::test]
async fn what_an_address_says_beside_its_path_is_taken_or_refused_in_one_sentence() {
    let scene = Scene::new().await;
    let bearer = format!("Bearer {}", scene.server.token(FIRST_HOST));
    let path = scene.endpoint("whip");
    let headers = [("authorization", &*bearer), ("content-type", SDP)];
    let asks = async |query: &str| {
        let path = format!("{path}?{query}");
        let offer = offer("sendonly").into_bytes();
        scene.ask(Method::POST, &path, &headers, offer).await
    };
    let key = "0123456789abcdef0123456789abcdef";
    let of_page = format!("page=7&key={key}");
    for query in [
        "sound=original",
        "sound=voice&page=7",
        "",
        "other=1",
        &of_page,
    ] {
        let answer = asks(query).await;
        assert_eq!(answer.status, 201, "{query}: {answer:?}");
    }
    for (query, sentence) in [
        (
            "sound=music",
            r#"Expected voice or original as sound, got "music"."#,
        ),
        ("sound=", r#"Expected voice or original as sound, got ""."#),
        (
            "page=seven",
            r#"Expected the number of a stage page as page, got "seven"."#,
        ),
        (
            "page=7&key=1",
            r#"Expected 128 bits in hexadecimal as key, got "1"."#,
        ),
        (
            "page=-1",
            r#"Expected the number of a stage page as page, got "-1"."#,
        ),
    ] {
        asks(query).await.is_problem(400, sentence);
    }
}

#[tokio::test]
async fn an_offer_has_a_limit_and_a_body_another() {
    let scene = Scene::new().await;
    let token = scene.server.token(FIRST_HOST);
    let filled = |bytes: usize| {
        let mut text = offer("sendrecv");
        let line = format!("a=x-filler:{}\r\n", "x".repeat(100));
        while text.len() + line.len() <= bytes {
            text.push_str(&line);
        }
        let left = bytes - text.len();
        text.push_str(&"\n".repeat(left));
        text
    };
    let answer = scene.offers("whip", &token, filled(64 * 1024 + 1)).await;
    answer.is_problem(400, "Expected at most 65536 bytes of SDP, got 65537.");
    let answer = scene.offers("whip", &token, filled(128 * 1024 + 1)).await;
    answer.is_problem(
        413,
        "Expected at most 131072 bytes of application/sdp, got more.",
    );
}

#[tokio::test]
async fn sound_that_goes_the_wrong_way_for_an_endpoint_is_refused() {
    let scene = Scene::new().await;
    let token = scene.server.token(FIRST_HOST);
    scene
        .offers("whip", &token, offer("recvonly"))
        .await
        .is_problem(400, "Expected an offer that sends (sendonly or sendrecv).");
    scene
        .offers("whep", &token, offer("sendonly"))
        .await
        .is_problem(400, "Expected an offer that receives (recvonly).");
}

#[tokio::test]
async fn an_event_that_is_over_takes_no_offer_before_or_after_a_restart() {
    let scene = Scene::new().await;
    let token = scene.server.token(FIRST_HOST);
    scene.server.end().await;
    let over = "The event is over.";
    scene
        .offers("whip", &token, offer("sendrecv"))
        .await
        .is_problem(403, over);
    let scene = scene.restarted().await;
    scene
        .offers("whip", &token, offer("sendrecv"))
        .await
        .is_problem(403, over);
}

#[tokio::test]
async fn the_endpoints_say_what_they_take_and_refuse_the_rest() {
    let scene = Scene::new().await;
    for name in ["whip", "whep"] {
        let path = scene.endpoint(name);
        let answer = scene.ask(Method::OPTIONS, &path, &[], "").await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("allow"), "POST, OPTIONS");
        assert_eq!(answer.header("accept-post"), SDP);
        assert_eq!(
            answer.header("access-control-allow-methods"),
            "POST, OPTIONS"
        );
        assert_eq!(
            answer.header("access-control-allow-headers"),
            "Authorization, Content-Type, If-Match"
        );
        for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE] {
            let answer = scene.ask(method, &path, &[], "").await;
            answer.is_problem(405, "This address takes POST with an SDP offer (RFC 9725).");
            assert_eq!(answer.header("allow"), "POST, OPTIONS");
        }
    }
}

/// A body that notes whether anybody reads it.
fn watched(text: String) -> (Body, Arc<AtomicBool>) {
    let read = Arc::new(AtomicBool::new(false));
    let notes = Arc::clone(&read);
    let piece = futures_util::stream::once(async move {
        notes.store(true, Ordering::Relaxed);
        Ok::<_, std::io::Error>(text)
    });
    (Body::from_stream(piece), read)
}

#[tokio::test]
async fn what_a_stranger_sends_is_not_read() {
    let scene = Scene::new().await;
    let good = format!("Bearer {}", scene.server.token(FIRST_HOST));
    let renewed = format!("Bearer {}", scene.server.token_of(SLUG, FIRST_HOST, 0));
    for name in ["whip", "whep"] {
        let path = scene.endpoint(name);
        for (authorization, reads) in [
            (None, false),
            (Some("Bearer nonsense"), false),
            (Some("Basic aG9zdDpob3N0"), false),
            (Some(&*renewed), false),
            (Some(&*good), true),
        ] {
            let (body, read) = watched(offer("sendrecv"));
            let mut headers = vec![("content-type", SDP)];
            headers.extend(authorization.map(|value| ("authorization", value)));
            let answer = scene.ask(Method::POST, &path, &headers, body).await;
            assert_eq!(answer.status == 401, !reads, "{answer:?}");
            assert_eq!(
                read.load(Ordering::Relaxed),
                reads,
                "{name} {authorization:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_link_that_is_renewed_while_its_offer_comes_opens_nothing() {
    let scene = Scene::new().await;
    let bearer = format!("Bearer {}", scene.server.token(FIRST_HOST));
    let headers = [("authorization", &*bearer), ("content-type", SDP)];
    let (events, records) = (
        Arc::clone(&scene.server.events),
        Arc::clone(&scene.server.records),
    );
    let body = futures_util::stream::once(async move {
        let renewal = Amendment {
            renew_links: true,
            ..Amendment::default()
        };
        ask(&*records, SLUG, &renewal).await.expect("it is asked");
        events.open_new().await.expect("memory is read");
        Ok::<_, Infallible>(offer("sendrecv"))
    });
    let path = scene.endpoint("whip");
    let answer = scene
        .ask(Method::POST, &path, &headers, Body::from_stream(body))
        .await;
    assert_eq!(answer.status, 401, "{answer:?}");
}

#[tokio::test]
async fn offers_without_end_are_refused_for_a_while() {
    let scene = Scene::new().await;
    let token = scene.server.token(FIRST_HOST);
    let mut refused = None;
    for _ in 0..40 {
        let answer = scene.offers("whip", &token, offer("sendrecv")).await;
        if answer.status != 201 {
            refused = Some(answer);
            break;
        }
    }
    let answer = refused.expect("some are too many");
    answer.is_problem(
        429,
        "This link opens connections too fast; please wait a few seconds.",
    );
    assert_eq!(answer.header("retry-after"), "2");
}
