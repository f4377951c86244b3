//! What a host does with the recording of an evening, over HTTP: offers, cuts and deletes it, and takes its files along.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use stentor_core::SeatId;
use stentor_core::conversation::FIRST_HOST;
use stentor_core::schedule::Act;

use crate::scene::{Answer, Scene};

/// How long anything may take that is waited for, and how often it is looked.
const WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What a seat asks with the token of its link.
async fn ask(scene: &Scene, seat: SeatId, method: Method, below: &str, body: Value) -> Answer {
    let bearer = format!("Bearer {}", scene.server.token(seat));
    let headers = [
        ("authorization", &*bearer),
        ("content-type", "application/json"),
    ];
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    scene
        .ask(method, &scene.endpoint(below), &headers, body)
        .await
}

async fn recordings(scene: &Scene) -> Value {
    let answer = ask(scene, FIRST_HOST, Method::GET, "recordings", Value::Null).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
    serde_json::from_str(&answer.body).expect("JSON")
}

/// Acts as of now; what is answered.
async fn act(scene: &Scene, mut form: Value) -> Answer {
    let now = ask(scene, FIRST_HOST, Method::GET, "schedule", Value::Null).await;
    let now: Value = serde_json::from_str(&now.body).expect("JSON");
    form["version"] = now["version"].clone();
    ask(scene, FIRST_HOST, Method::POST, "acts", form).await
}

/// It was refused, with one sentence that says why.
#[track_caller]
fn refused(answer: &Answer, status: u16, why: &str) {
    assert_eq!(answer.status.as_u16(), status, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert!(answer.body.contains(why), "{answer:?}");
}

/// Acts, which must be done; how the replay stands then.
async fn acted(scene: &Scene, form: Value) -> Value {
    let answer = act(scene, form).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let now: Value = serde_json::from_str(&answer.body).expect("JSON");
    now["schedule"]["replay"].clone()
}

/// Waits for what is so of the recordings.
async fn until(scene: &Scene, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let looked = tokio::time::timeout(WITHIN, async {
        loop {
            let found = recordings(scene).await;
            if is_so(&found) {
                return found;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    });
    looked.await.unwrap_or_else(|_| panic!("never: {what}"))
}

fn bytes_of(found: &Value, name: &str) -> Option<u64> {
    let mut files = found["files"].as_array()?.iter();
    files.find(|file| file["name"] == name)?["bytes"].as_u64()
}

/// An event that was on air for two seconds.
async fn over() -> Scene {
    let scene = Scene::new().await;
    scene.server.act(Act::GoOnAir).await;
    until(&scene, "two seconds of it", |found| {
        bytes_of(found, "programme.mp4").is_some_and(|bytes| bytes > 12_000)
    })
    .await;
    scene.server.end().await;
    until(&scene, "the replay", |found| !found["replay"].is_null()).await;
    scene
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_offers_cuts_and_deletes_a_replay_and_is_told_what_cannot_be() {
    let scene = over().await;
    let untouched =
        json!({"on": true, "from": null, "cut_from": null, "cut_to": null, "deleted": false});
    let now = acted(&scene, json!({"act": "offer_replay", "on": true})).await;
    assert_eq!(now, untouched);
    let later = json!({"act": "offer_replay", "on": true, "from": 4_000_000_000_000_i64});
    refused(&act(&scene, later).await, 400, "more than 3660 days away");
    let now = acted(&scene, json!({"act": "offer_replay", "on": false})).await;
    assert_eq!(now["on"], false);

    let found = recordings(&scene).await;
    let (whole, span) = (
        found["replay"]["duration"].as_u64(),
        &found["replay"]["spans"][0],
    );
    let from = span["from"].as_i64().expect("a time") + 200;
    let cut = json!({"act": "cut_replay", "from": from, "to": from + 1_200});
    let now = acted(&scene, cut).await;
    assert_eq!(
        (&now["cut_from"], &now["cut_to"]),
        (&json!(from), &json!(from + 1_200))
    );
    let found = until(&scene, "a shorter one", |found| {
        found["replay"]["duration"].as_u64() < whole
    })
    .await;
    let duration = found["replay"]["duration"].as_u64().expect("it is there");
    assert!((1_100..=1_200).contains(&duration), "{found}");
    let backwards = json!({"act": "cut_replay", "from": from + 1_200, "to": from});
    refused(
        &act(&scene, backwards).await,
        400,
        "leaves at least 1000 ms",
    );

    let now = acted(&scene, json!({"act": "delete_replay"})).await;
    assert_eq!(now["deleted"], true);
    let found = until(&scene, "nothing", |found| found["files"] == json!([])).await;
    assert_eq!(found["replay"], Value::Null);
    let late = json!({"act": "offer_replay", "on": true});
    refused(&act(&scene, late).await, 409, "was deleted, for good");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_who_leads_an_event_is_told_of_its_files_each_by_a_link_that_nobody_can_guess() {
    let scene = over().await;
    let found = until(&scene, "each file", |found| {
        bytes_of(found, "stem-1-Ada.mp4").is_some() || bytes_of(found, "replay.mp4").is_some()
    })
    .await;
    let files = found["files"].as_array().expect("files");
    assert!(bytes_of(&found, "programme.mp4") > Some(12_000), "{found}");
    for file in files {
        let href = file["href"].as_str().expect("an address");
        let secret = href.strip_prefix("/files/").expect("a place of their own");
        assert!(secret.len() >= 32, "{href}");
    }
    let again = recordings(&scene).await;
    assert_eq!(again["files"][0]["href"], files[0]["href"]);

    let path = scene.endpoint("recordings");
    let stranger = scene.ask(Method::GET, &path, &[], "").await;
    assert_eq!(stranger.status, 401, "{stranger:?}");
    // The guest of every event.
    let guest = ask(&scene, SeatId(2), Method::GET, "recordings", Value::Null).await;
    refused(&guest, 403, "Only the host and co-hosts");
}
