//! Reminders as people and their mailboxes ask for them.

use std::time::{Duration, Instant};

use axum::http::Method;

use crate::scene::{Answer, Scene};

const JSON: (&str, &str) = ("content-type", "application/json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const HTML: (&str, &str) = ("accept", "text/html");

async fn ask(scene: &Scene, headers: &[(&str, &str)], body: &str) -> Answer {
    let path = scene.endpoint("reminders");
    scene
        .ask(Method::POST, &path, headers, body.to_owned())
        .await
}

/// What the mail says that was sent last, once there are so many.
async fn link(scene: &Scene, mails: usize) -> String {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let sent = scene.server.mails();
        if sent.len() >= mails {
            let stop = &sent[mails - 1].unsubscribe;
            let path = stop.strip_prefix("http://here").expect("it is ours");
            return path.strip_suffix("/stop").expect("it stops").to_owned();
        }
        assert!(Instant::now() < deadline, "a mail is sent");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_shows_a_button_and_only_the_button_does_something() {
    let scene = Scene::with_mail().await;
    let asked = ask(
        &scene,
        &[JSON],
        r#"{"address":"ada@example.org","lang":"de"}"#,
    )
    .await;
    assert_eq!(asked.status, 202);
    assert!(asked.body.contains("Wenn an diese Adresse"), "{asked:?}");
    let link = link(&scene, 1).await;
    let (confirm, stop) = (format!("{link}/confirm"), format!("{link}/stop"));
    for path in [&confirm, &stop] {
        for _ in 0..3 {
            let page = scene.ask(Method::GET, path, &[HTML], "").await;
            assert_eq!(page.status, 200);
            assert!(page.body.contains("<form method=\"post\">"), "{page:?}");
            assert!(page.body.contains("lang=\"de\"") && page.body.contains("A talk"));
            assert_eq!(page.header("cache-control"), "no-store");
            assert_eq!(page.header("referrer-policy"), "no-referrer");
            assert_eq!(page.header("x-robots-tag"), "noindex");
            let policy = page.header("content-security-policy");
            assert!(policy.contains("form-action 'self'") && policy.contains("script-src 'none'"));
        }
    }
    let confirmed = scene.ask(Method::POST, &confirm, &[], "").await;
    assert_eq!(confirmed.status, 200);
    assert!(
        confirmed.body.contains("Sie werden erinnert"),
        "{confirmed:?}"
    );
    assert!(confirmed.body.contains("href=\"http://here/e/talk\""));
    let again = scene.ask(Method::GET, &confirm, &[HTML], "").await;
    assert!(
        !again.body.contains("<form"),
        "there is nothing more to press"
    );

    let one_click = scene
        .ask(Method::POST, &stop, &[FORM], "List-Unsubscribe=One-Click")
        .await;
    assert_eq!(one_click.status, 200);
    assert!(one_click.header("set-cookie").is_empty());
    let again = scene.ask(Method::POST, &stop, &[], "").await;
    assert_eq!(again.status, 200);
    assert_eq!(scene.ask(Method::GET, &stop, &[HTML], "").await.status, 200);
    assert_eq!(scene.ask(Method::POST, &confirm, &[], "").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_says_nothing_of_whether_an_address_is_known() {
    let scene = Scene::with_mail().await;
    let body = r#"{"address":"ada@example.org","lang":"en"}"#;
    let first = ask(&scene, &[JSON], body).await;
    link(&scene, 1).await;
    let second = ask(&scene, &[JSON], body).await;
    assert_eq!((first.status, first.body), (second.status, second.body));
    assert_eq!(first.headers, second.headers);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_as_good_and_answered_with_a_page() {
    let scene = Scene::with_mail().await;
    let french = ("accept-language", "es, fr-CA;q=0.8, en;q=0.5");
    let asked = ask(&scene, &[FORM, HTML, french], "address=+ada%40example.org+").await;
    assert_eq!(asked.status, 202);
    assert!(
        asked.body.contains("<h1>Regardez votre messagerie</h1>"),
        "{asked:?}"
    );
    link(&scene, 1).await;
    assert_eq!(scene.server.mails()[0].to, "ada@example.org");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_with_the_reason() {
    let scene = Scene::with_mail().await;
    let long = format!(r#"{{"address":"{}@example.org"}}"#, "a".repeat(1_024));
    for (headers, body, status, word) in [
        (
            &[JSON][..],
            r#"{"address":"ada"}"#,
            400,
            "Expected an e-mail address",
        ),
        (&[JSON], r#"{"address":7}"#, 400, ""),
        (&[JSON], "{", 400, ""),
        (&[FORM], "lang=en", 400, ""),
        (&[], "address=ada@example.org", 415, "application/json"),
        (&[JSON], &long, 413, "1024 bytes"),
    ] {
        let answer = ask(&scene, headers, body).await;
        let status_got = answer.status.as_u16();
        // What a library calls unprocessable is a bad request of its.
        assert!(
            status_got == status || (status == 400 && status_got == 422),
            "{answer:?}"
        );
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert!(answer.body.contains(word), "{answer:?}");
    }
    let path = "/api/v1/events/nobody/reminders";
    let nobody = scene
        .ask(
            Method::POST,
            path,
            &[JSON],
            r#"{"address":"ada@example.org"}"#,
        )
        .await;
    assert_eq!(nobody.status, 404);
    assert!(scene.server.mails().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_not_ours_opens_nothing_and_says_so_on_a_page() {
    let scene = Scene::with_mail().await;
    for path in [
        format!("/r/{}/confirm", "0".repeat(64)),
        format!("/r/{}/stop", "f".repeat(64)),
        "/r/x/stop".to_owned(),
        "/r/%00/confirm".to_owned(),
    ] {
        for method in [Method::GET, Method::POST] {
            let answer = scene.ask(method, &path, &[HTML], "").await;
            assert_eq!(answer.status, 404, "{path}");
            assert!(answer.body.contains("about nothing any more"), "{answer:?}");
        }
    }
    let other = scene.ask(Method::GET, "/r/x/y", &[], "").await;
    assert_eq!(other.status, 404);
}

#[tokio::test]
async fn where_no_mail_is_sent_nothing_is_promised() {
    let scene = Scene::new().await;
    let asked = ask(&scene, &[JSON], r#"{"address":"ada@example.org"}"#).await;
    assert_eq!(asked.status, 404);
    assert!(
        asked.body.contains("This server sends no mail."),
        "{asked:?}"
    );
    assert_eq!(
        scene.ask(Method::GET, "/r/x/stop", &[], "").await.status,
        404
    );
}
