//! The picture of an event, as hosts send it and listeners get it.

use std::convert::Infallible;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::Method;
use http_body::Frame;
use image::{DynamicImage, ImageFormat, RgbImage};
use serde_json::Value;
use stentor_core::SeatId;
use stentor_core::conversation::FIRST_HOST;
use stentor_event::picture::PICTURE_BYTES_MAX;

use crate::scene::{Answer, Scene};

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = DynamicImage::from(RgbImage::new(width, height));
    picture
        .write_to(&mut bytes, ImageFormat::Png)
        .expect("a picture");
    bytes.into_inner()
}

/// Files of pictures below a folder.
fn kept(folder: &Path) -> usize {
    let inside = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path());
    let count = |path: PathBuf| match path.is_dir() {
        true => kept(&path),
        false => usize::from(path.extension().is_some_and(|ending| ending == "jpg")),
    };
    inside.map(count).sum()
}

async fn put(scene: &Scene, seat: SeatId, bytes: impl Into<Body>) -> Answer {
    send(scene, Method::PUT, seat, bytes).await
}

async fn send(scene: &Scene, method: Method, seat: SeatId, bytes: impl Into<Body>) -> Answer {
    let bearer = format!("Bearer {}", scene.server.token(seat));
    let headers = [("authorization", &*bearer), ("content-type", "image/png")];
    let path = scene.endpoint("picture");
    scene.ask(method, &path, &headers, bytes).await
}

/// The path of the picture on the event's page, and the page.
fn shown(scene: &Scene) -> (Option<String>, String) {
    let page = scene.server.public("/e/talk").expect("there is a page");
    let page = String::from_utf8(page.to_vec()).expect("a page");
    let tag = page.split_once("<img id=\"picture\" src=\"");
    let path = tag.and_then(|(_, rest)| rest.split_once('"'));
    (path.map(|(path, _)| path.to_owned()), page.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_on_the_page_until_another_takes_its_place_or_none() {
    let scene = Scene::new().await;
    let answer = put(&scene, FIRST_HOST, png(320, 240)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let told: Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(told["schedule"]["picture"], true);
    scene.server.event().settle().await;
    let (path, page) = shown(&scene);
    let first = path.expect("it is on the page");
    assert!(first.starts_with("/e/talk/picture-") && first.ends_with(".jpg"));
    assert!(page.contains("width=\"320\" height=\"240\" alt=\"A talk\" loading=\"lazy\""));
    assert!(
        page.contains(&format!("http://here{first}")),
        "JSON-LD tells of it"
    );
    assert!(scene.server.public(&first).is_some());

    let scene = scene.restarted().await;
    assert_eq!(shown(&scene).0.as_ref(), Some(&first));
    assert!(scene.server.public(&first).is_some());

    assert_eq!(put(&scene, FIRST_HOST, png(300, 300)).await.status, 200);
    scene.server.event().settle().await;
    let second = shown(&scene).0.expect("another");
    assert_ne!(first, second);
    assert!(scene.server.public(&first).is_none(), "the first is gone");

    let gone = send(&scene, Method::DELETE, FIRST_HOST, "").await;
    assert_eq!(gone.status, 200, "{gone:?}");
    scene.server.event().settle().await;
    assert_eq!(shown(&scene).0, None);
    assert!(scene.server.public(&second).is_none());
    assert_eq!(kept(scene.folder()), 0, "nothing is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_picture_for_an_event_is_refused_with_the_reason() {
    let scene = Scene::new().await;
    let svg = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    for (bytes, status, word) in [
        (png(1, 1), 422, "at least 200 pixels, got 1 × 1"),
        (svg.into(), 415, "JPEG, PNG or WebP"),
        (vec![0; PICTURE_BYTES_MAX + 1], 413, "8388608 bytes"),
    ] {
        let answer = put(&scene, FIRST_HOST, bytes).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(answer.body.contains(word), "{answer:?}");
    }
    assert_eq!(shown(&scene).0, None);
}

/// A body that nobody is to read.
struct Unread;

impl HttpBody for Unread {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        panic!("it is read");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_read_of_somebody_who_may_not() {
    let scene = Scene::new().await;
    let unread = || Body::new(Unread);
    let guest = SeatId(FIRST_HOST.0 + 1);
    assert_eq!(put(&scene, guest, unread()).await.status, 403);
    let path = scene.endpoint("picture");
    let stranger = scene.ask(Method::PUT, &path, &[], unread()).await;
    assert_eq!(stranger.status, 401);
}
