//! Acts over HTTP: who may, what is no act, and what becomes of two who act at once.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use stentor_core::SeatId;
use stentor_core::conversation::FIRST_HOST;
use stentor_event::clock::unix_ms_now;

use crate::scene::{Answer, Scene};

const ACTS: &str = "/api/v1/events/talk/acts";
const SCHEDULE: &str = "/api/v1/events/talk/schedule";

async fn posts(scene: &Scene, token: &str, body: impl Into<String>) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", &*bearer),
        ("content-type", "application/json"),
    ];
    scene.ask(Method::POST, ACTS, &headers, body.into()).await
}

async fn stands(scene: &Scene, token: &str) -> Value {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", &*bearer)];
    let answer = scene.ask(Method::GET, SCHEDULE, &headers, "").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["cache-control"], "no-store");
    json(&answer)
}

fn json(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).expect("JSON")
}

#[tokio::test]
async fn an_act_is_answered_with_what_is_so_now() {
    let scene = Scene::new().await;
    let token = scene.server.token(FIRST_HOST);
    let version = &stands(&scene, &token).await["version"];
    let act = json!({ "act": "go_on_air", "version": version });
    let answer = posts(&scene, &token, act.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(json(&answer)["phase"], "on_air");
    assert_eq!(json(&answer), stands(&scene, &token).await);
}

#[tokio::test]
async fn of_two_who_act_at_once_the_second_is_told_what_the_first_did() {
    let scene = Scene::new().await;
    let token = scene.server.token(FIRST_HOST);
    let seen = stands(&scene, &token).await["version"].clone();
    let first = json!({ "act": "correct", "title": "Of bees", "version": seen });
    assert_eq!(
        posts(&scene, &token, first.to_string()).await.status,
        StatusCode::OK
    );
    let second = json!({ "act": "cancel", "version": seen, "why": { "en": "no bees" } });
    let answer = posts(&scene, &token, second.to_string()).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    let told = json(&answer);
    assert_eq!(
        (&told["now"]["phase"], &told["now"]["schedule"]["title"]),
        (&json!("doors"), &json!("Of bees"))
    );
    assert_eq!(told["now"], stands(&scene, &token).await);
    // What is so already is done, whoever did it.
    let same = json!({ "act": "correct", "title": "Of bees", "version": seen });
    assert_eq!(
        posts(&scene, &token, same.to_string()).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn whoever_leads_nothing_is_refused_and_nothing_has_happened() {
    let scene = Scene::new().await;
    let host = scene.server.token(FIRST_HOST);
    let before = stands(&scene, &host).await;
    let act = json!({ "act": "end", "version": before["version"] }).to_string();
    for token in ["", "1.nonsense", "no token at all"] {
        let answer = posts(&scene, token, act.clone()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{token:?}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
    // The link of a seat that nobody has been given yet.
    let nobody = posts(&scene, &scene.server.token(SeatId(7)), act.clone()).await;
    assert!(nobody.status.is_client_error(), "{}", nobody.body);
    let unknown = ACTS.replace("talk", "other");
    let answer = scene.ask(Method::POST, &unknown, &[], act).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(stands(&scene, &host).await, before);
}

#[tokio::test]
async fn what_is_no_act_is_one_sentence_that_says_what_was_expected() {
    let scene = Scene::new().await;
    let token = scene.server.token(FIRST_HOST);
    let before = stands(&scene, &token).await;
    let long = "x".repeat(1_000_000);
    let yesterday = unix_ms_now() - 2 * 86_400_000;
    let cases = [
        ("{".to_owned(), StatusCode::BAD_REQUEST, "JSON"),
        ("[]".to_owned(), StatusCode::BAD_REQUEST, "one of announce"),
        (
            json!({ "act": "dance" }).to_string(),
            StatusCode::BAD_REQUEST,
            "dance",
        ),
        (
            json!({ "act": "postpone", "start": { "at": yesterday } }).to_string(),
            StatusCode::BAD_REQUEST,
            "passed already",
        ),
        (
            json!({ "act": "postpone", "start": { "at": i64::MAX } }).to_string(),
            StatusCode::BAD_REQUEST,
            "days",
        ),
        (
            json!({ "act": "postpone", "start": { "at": yesterday, "zone": "Mars/Olympus" } })
                .to_string(),
            StatusCode::BAD_REQUEST,
            "zone",
        ),
        (
            json!({ "act": "correct", "title": "a\u{0}b" }).to_string(),
            StatusCode::BAD_REQUEST,
            "control",
        ),
        (
            json!({ "act": "correct", "title": "x".repeat(5_000) }).to_string(),
            StatusCode::BAD_REQUEST,
            "200 are allowed",
        ),
        (
            json!({ "act": "hold", "why": { "x y": "no language" } }).to_string(),
            StatusCode::BAD_REQUEST,
            "language tag",
        ),
        (
            json!({ "act": "correct", "title": long }).to_string(),
            StatusCode::PAYLOAD_TOO_LARGE,
            "",
        ),
    ];
    for (body, status, word) in cases {
        let mut body = body;
        if let Ok(Value::Object(mut act)) = serde_json::from_str(&body) {
            act.insert("version".to_owned(), before["version"].clone());
            body = Value::Object(act).to_string();
        }
        let answer = posts(&scene, &token, body.clone()).await;
        let shown: String = body.chars().take(80).collect();
        assert_eq!(answer.status, status, "{shown}: {}", answer.body);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        let detail = json(&answer)["detail"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(
            detail.contains(word) && detail.len() < 500,
            "{shown}: {}",
            answer.body
        );
    }
    assert_eq!(stands(&scene, &token).await, before);
}
