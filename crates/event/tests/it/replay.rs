//! The replay of an event, as its host leads it: cut and whole again, with chapters, offered at once, later and not at all, deleted; and as a kill leaves it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use http::Response;
use stentor_core::schedule::{Act, ReplayCut, ReplayOffer};
use stentor_edge::faces::Reply;
use stentor_event::announcement::{Announcer, Card, PublicDocument};
use stentor_event::clock::unix_ms_now;
use stentor_event::listing::Listing;
use stentor_event::testing::{SLUG, TestServer};
use stentor_event::{Ffmpeg, FfmpegSource, HostSpan};
use tempfile::TempDir;

use crate::evening::eventually;
use crate::registry::{asks, status};

/// Bytes of a second of the best rendition, about.
const SECOND_BYTES: u64 = 6_000;

/// Keeps how the event is listed.
#[derive(Default)]
struct Listings(Mutex<Option<Listing>>);

impl Listings {
    fn newest(&self) -> Listing {
        self.0.lock().unwrap().clone().expect("it is listed")
    }
}

impl Announcer for Listings {
    fn documents(&self, listing: &Listing, _: i64) -> Vec<PublicDocument> {
        *self.0.lock().unwrap() = Some(listing.clone());
        Vec::new()
    }

    fn server_documents(&self, _: &[Listing], _: i64) -> Vec<PublicDocument> {
        Vec::new()
    }

    fn card(&self, slug: &str, _: &Card) -> PublicDocument {
        unreachable!("nobody draws {slug}")
    }

    fn front_page(&self) -> Option<&str> {
        None
    }
}

/// An evening: on air for two seconds, held for one, on air for two more, and over.
struct Evening {
    server: TestServer,
    folder: TempDir,
    listings: Arc<Listings>,
    /// The parts of the evening that were recorded: before the pause, and after it.
    spans: Vec<HostSpan>,
}

impl Evening {
    async fn held(before: &[Act], ffmpeg: Option<Arc<Ffmpeg>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listings = Arc::new(Listings::default());
        let announcer = Arc::clone(&listings) as Arc<dyn Announcer>;
        let server = TestServer::start_announcing(folder.path(), announcer, ffmpeg).await;
        for act in before {
            server.act(act.clone()).await;
        }
        server.act(Act::GoOnAir).await;
        recorded(folder.path(), 2).await;
        let until_unix_ms = None;
        server.act(Act::Hold { until_unix_ms }).await;
        let held = unix_ms_now();
        eventually("a pause", || (unix_ms_now() - held > 1_000).then_some(())).await;
        server.act(Act::Resume).await;
        recorded(folder.path(), 4).await;
        server.end().await;
        let event = server.event();
        let replay = eventually("the replay is made", || event.recordings().replay()).await;
        Self {
            server,
            folder,
            listings,
            spans: replay.spans,
        }
    }

    /// With a replay that everybody can hear.
    async fn with_replay() -> Self {
        let evening = Self::held(&[], None).await;
        eventually("the replay", || offered(&evening.server)).await;
        evening
    }

    async fn restarted(self) -> Self {
        Self {
            server: self.server.restarted().await,
            ..self
        }
    }

    async fn offer(&self, offer: ReplayOffer) {
        self.server.act(Act::OfferReplay(offer)).await;
    }

    /// When its recording began, in milliseconds since 1970.
    fn begun(&self) -> i64 {
        self.spans[0].from_unix_ms
    }

    /// Keeps so many milliseconds of it from one on after its recording began.
    async fn cut(&self, from_ms: i64, length_ms: i64) {
        let from = self.begun() + from_ms;
        let cut = ReplayCut {
            from_unix_ms: Some(from),
            to_unix_ms: Some(from + length_ms),
        };
        self.server.act(Act::CutReplay(cut)).await;
    }

    fn file(&self, name: &str) -> PathBuf {
        file(self.folder.path(), name)
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.file(name)).unwrap()
    }

    /// How long the replay is that is listed, in milliseconds.
    fn duration(&self) -> Option<u64> {
        Some(self.listings.newest().replay?.duration_ms)
    }

    /// Where its chapters are, in milliseconds.
    fn chapters(&self) -> Vec<(u64, String)> {
        let chapters = self.listings.newest().chapters.into_iter();
        chapters
            .map(|chapter| (chapter.at_ms, chapter.title))
            .collect()
    }
}

fn file(folder: &Path, name: &str) -> PathBuf {
    folder.join("recordings").join(SLUG).join(name)
}

/// Waits until so many seconds of the programme are recorded.
async fn recorded(folder: &Path, seconds: u64) {
    let programme = file(folder, "programme.mp4");
    eventually("the recording", || {
        let bytes = std::fs::metadata(&programme).ok()?.len();
        (bytes > seconds * SECOND_BYTES).then_some(())
    })
    .await;
}

fn is_served(server: &TestServer, below: &str) -> bool {
    matches!(asks(server, &format!("/e/{SLUG}{below}")), Reply::File(_))
}

fn offered(server: &TestServer) -> Option<()> {
    let is_told = status(server, SLUG)?["replay"] == true;
    (is_served(server, "/replay.mp4") && is_told).then_some(())
}

fn withheld(server: &TestServer) -> Option<()> {
    let is_told = status(server, SLUG)?["replay"] == true;
    let is_served = ["/replay.mp4", "/replay.mp3"]
        .iter()
        .any(|below| is_served(server, below));
    (!is_served && !is_told).then_some(())
}

fn is_near(got: u64, expected: u64) -> bool {
    got.abs_diff(expected) <= 50
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_is_cut_with_chapters_that_stand_where_they_were_marked_and_is_whole_again() {
    let evening = Evening::with_replay().await;
    let server = &evening.server;
    let chapter = |at: i64, title: &str| Act::Chapter {
        at_unix_ms: Some(at),
        title: Some(title.to_owned()),
    };
    let whole_ms = evening.duration().unwrap();
    let resumed = *evening.spans.last().unwrap();
    let paused = resumed.from_unix_ms - evening.begun();
    assert!(
        resumed.at_ms + 900 < paused.unsigned_abs(),
        "{:?}",
        evening.spans
    );
    server.act(chapter(evening.begun() + 500, "One")).await;
    server.act(chapter(resumed.from_unix_ms + 500, "Two")).await;
    let found = eventually("both chapters", || {
        Some(evening.chapters()).filter(|chapters| chapters.len() == 2)
    })
    .await;
    assert!(is_near(found[0].0, 500), "{found:?}");
    assert!(is_near(found[1].0, resumed.at_ms + 500), "{found:?}");

    evening.cut(200, 1_000).await;
    eventually("a second of it", || {
        is_near(evening.duration()?, 1_000).then_some(())
    })
    .await;
    assert!(offered(server).is_some());
    let found = evening.chapters();
    assert!(found.len() == 1 && is_near(found[0].0, 300), "{found:?}");
    assert!(evening.bytes("replay.mp4").len() < 12_000);

    server.act(Act::CutReplay(ReplayCut::default())).await;
    eventually("all of it", || {
        (evening.duration()? == whole_ms).then_some(())
    })
    .await;
    assert_eq!(evening.chapters().len(), 2);
    let renamed = |title: Option<&str>| Act::Chapter {
        at_unix_ms: Some(evening.begun() + 500),
        title: title.map(str::to_owned),
    };
    server.act(renamed(Some("The first"))).await;
    eventually("another name", || {
        (evening.chapters()[0].1 == "The first").then_some(())
    })
    .await;
    server.act(renamed(None)).await;
    eventually("one chapter", || {
        (evening.chapters().len() == 1).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_that_a_kill_has_broken_off_is_carried_out_before_anybody_hears_what_was_cut_away() {
    let evening = Evening::with_replay().await;
    let (whole, made) = (
        evening.bytes("replay.mp4"),
        evening.bytes("replay.made.json"),
    );
    evening.cut(200, 1_000).await;
    eventually("a second of it", || {
        is_near(evening.duration()?, 1_000).then_some(())
    })
    .await;
    let cut = evening.bytes("replay.mp4");
    // As a kill leaves it: what is wanted is in the history, and a part of the new file is written.
    std::fs::write(evening.file("replay.mp4"), &whole).unwrap();
    std::fs::write(evening.file("replay.made.json"), made).unwrap();
    std::fs::write(evening.file("replay.mp4.part"), &cut[..cut.len() / 2]).unwrap();
    let evening = evening.restarted().await;
    eventually("the replay", || {
        // Until it is cut nobody hears it.
        offered(&evening.server).inspect(|()| assert!(evening.bytes("replay.mp4") == cut))
    })
    .await;
    assert!(!evening.file("replay.mp4.part").exists());
    let evening = evening.restarted().await;
    assert!(offered(&evening.server).is_some(), "as soon as it is open");
    assert!(evening.bytes("replay.mp4") == cut);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_is_withheld_published_later_and_deleted_for_good() {
    let evening = Evening::held(&[Act::OfferReplay(ReplayOffer::Withheld)], None).await;
    let server = &evening.server;
    eventually("it is made", || {
        evening.file("replay.made.json").exists().then_some(())
    })
    .await;
    server.event().settle().await;
    assert!(withheld(server).is_some() && evening.duration().is_none());
    // A cut of what is withheld is not heard either.
    evening.cut(200, 1_000).await;
    evening.offer(ReplayOffer::AtOnce).await;
    eventually("it is published", || offered(server)).await;
    let published = evening.listings.newest().replay.unwrap().published_unix_ms;
    assert!(published > evening.begun(), "not when the event was made");
    let hour = unix_ms_now() + 3_600_000;
    evening.offer(ReplayOffer::From(hour)).await;
    assert!(withheld(server).is_some(), "at once");
    assert_eq!(
        status(server, SLUG).unwrap()["replay"],
        false,
        "it will be there"
    );
    let soon = unix_ms_now() + 1_500;
    evening.offer(ReplayOffer::From(soon)).await;
    eventually("its time comes by itself", || offered(server)).await;
    assert_eq!(
        evening.listings.newest().replay.unwrap().published_unix_ms,
        soon
    );

    server.act(Act::DeleteReplay).await;
    assert!(
        withheld(server).is_some() && evening.duration().is_none(),
        "at once"
    );
    let is_gone = |evening: &Evening| {
        let left = std::fs::read_dir(evening.file("")).map_or(0, Iterator::count);
        (left == 0).then_some(())
    };
    eventually("everything is gone", || is_gone(&evening)).await;
    // What a kill has left is taken away by the next run.
    std::fs::create_dir_all(evening.file("")).unwrap();
    std::fs::write(evening.file("stem-1-Ada.mp4"), "sound").unwrap();
    let evening = evening.restarted().await;
    eventually("what was left is gone, too", || is_gone(&evening)).await;
    assert!(status(&evening.server, SLUG).unwrap()["replay"].is_null());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_there_is_ffmpeg_the_replay_is_served_as_mp3_too_cut_and_withheld_with_it() {
    let ffmpeg = Ffmpeg::find(&FfmpegSource::Path).await;
    let ffmpeg = ffmpeg.expect("ffmpeg is installed: `make test` does it");
    let evening = Evening::held(&[], Some(Arc::new(ffmpeg))).await;
    let server = &evening.server;
    let mp3 = || {
        let mp3 = evening.listings.newest().replay?.mp3?;
        is_served(server, "/replay.mp3").then_some(mp3)
    };
    let listing = evening.listings.newest();
    assert!(listing.has_mp3 && listing.has_aac);
    let whole = eventually("MP3", mp3).await;
    assert_eq!(whole.path, "/e/talk/replay.mp3");
    assert_eq!(whole.bytes, evening.bytes("replay.mp3").len() as u64);
    evening.cut(200, 1_000).await;
    let cut = eventually("MP3 of what is left", || {
        mp3().filter(|mp3| mp3.bytes < whole.bytes / 2)
    })
    .await;
    assert_eq!(cut.bytes, evening.bytes("replay.mp3").len() as u64);
    evening.offer(ReplayOffer::Withheld).await;
    assert!(withheld(server).is_some(), "at once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_host_takes_every_file_along_also_of_what_is_withheld_until_it_is_deleted() {
    let evening = Evening::with_replay().await;
    let (server, event) = (&evening.server, evening.server.event());
    evening.offer(ReplayOffer::Withheld).await;
    let files = event.recordings().files().await.unwrap();
    let served = |href: &str| match asks(server, href) {
        Reply::File(request) => Some(request.file().to_owned()),
        _ => None,
    };
    let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
    for name in ["programme.mp4", "replay.mp4"] {
        assert!(names.contains(&name), "{names:?}");
    }
    for file in &files {
        assert_eq!(served(&file.href), Some(evening.file(&file.name)));
        assert_eq!(file.bytes, evening.bytes(&file.name).len() as u64);
    }
    server.act(Act::DeleteReplay).await;
    assert!(
        files.iter().all(|file| served(&file.href).is_none()),
        "at once"
    );
}

/// The text of a document that is there.
fn text(server: &TestServer, path: &str) -> Option<(Response<()>, String)> {
    match asks(server, path) {
        Reply::Whole(response) if response.status() == 200 => {
            let (parts, body) = response.into_parts();
            let text = String::from_utf8(body.to_vec()).unwrap();
            Some((Response::from_parts(parts, ()), text))
        }
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_back_is_told_what_there_is_while_it_is_live_and_nothing_after_it_was_cut() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let (response, index) = text(&server, "/e/talk/past/index.json").unwrap();
    assert_eq!(response.headers()["cache-control"], "public, max-age=5");
    let index: serde_json::Value = serde_json::from_str(&index).unwrap();
    assert_eq!(
        (&index["recorded"], &index["spans"]),
        (&true.into(), &serde_json::json!([]))
    );
    drop(server);
    let evening = Evening::with_replay().await;
    let server = &evening.server;
    let (_, index) = eventually("the end is told", || {
        text(server, "/e/talk/past/index.json").filter(|(_, said)| said.contains("\"ended\":true"))
    })
    .await;
    assert!(index.contains("\"spans\":[["), "{index}");
    evening.cut(200, 1_000).await;
    eventually("nothing of it", || {
        text(server, "/e/talk/past/index.json")
            .is_none()
            .then_some(())
    })
    .await;
    let evening = evening.restarted().await;
    let Reply::Whole(gone) = asks(&evening.server, "/e/talk/past/index.json") else {
        panic!("it is said that it is over");
    };
    assert_eq!(gone.status(), 410);
}
