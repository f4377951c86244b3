//! The address of the stage's socket, before there is one.

use axum::http::Method;
use stentor_core::conversation::FIRST_HOST;
use stentor_event::testing::SLUG;

use crate::scene::Scene;

const UPGRADE: [(&str, &str); 4] = [
    ("connection", "keep-alive, Upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

#[tokio::test]
async fn a_wrong_token_is_refused_before_there_is_a_socket() {
    let scene = Scene::new().await;
    let path = scene.endpoint("stage");
    let renewed = scene.server.token_of(SLUG, FIRST_HOST, 0);
    let elsewhere = scene.server.token_of("other", FIRST_HOST, 1);
    for token in ["nonsense", "", "1.g1.00", &renewed, &elsewhere] {
        let protocols = format!("stentor.stage, stentor.token.{token}");
        let mut headers = UPGRADE.to_vec();
        headers.push(("sec-websocket-protocol", &protocols));
        let answer = scene.ask(Method::GET, &path, &headers, "").await;
        assert_eq!(answer.status, 401, "{answer:?}");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
}

#[tokio::test]
async fn a_page_asks_whether_it_is_let_in_before_it_opens_a_socket() {
    let scene = Scene::new().await;
    let path = scene.endpoint("stage");
    let good = format!("Bearer {}", scene.server.token(FIRST_HOST));
    let renewed = format!("Bearer {}", scene.server.token_of(SLUG, FIRST_HOST, 0));
    for (authorization, status) in [(&*good, 204), (&*renewed, 401), ("Bearer x", 401)] {
        let headers = [("authorization", authorization)];
        let answer = scene.ask(Method::GET, &path, &headers, "").await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    let answer = scene
        .ask(Method::GET, "/api/v1/events/nowhere/stage", &[], "")
        .await;
    assert_eq!(answer.status, 404);
}

#[tokio::test]
async fn what_asks_for_no_socket_of_this_version_is_told_what_would() {
    let scene = Scene::new().await;
    let path = scene.endpoint("stage");
    for (method, left_out) in [
        (Method::POST, None),
        (Method::GET, Some("upgrade")),
        (Method::GET, Some("sec-websocket-key")),
        (Method::GET, Some("sec-websocket-version")),
    ] {
        let headers: Vec<_> = UPGRADE
            .into_iter()
            .filter(|(name, _)| Some(*name) != left_out)
            .collect();
        let answer = scene.ask(method, &path, &headers, "").await;
        assert_eq!(answer.status, 426, "{answer:?}");
        assert_eq!(answer.header("upgrade"), "websocket");
        assert_eq!(answer.header("sec-websocket-version"), "13");
    }
}
